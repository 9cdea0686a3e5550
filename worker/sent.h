#ifndef WORKER_SENT_H
#define WORKER_SENT_H

#include <stdint.h>

/* A receiver asks ten times at most for a packet (libwebrtc, kMaxNackRetries). */
#define SENT_RESENDS_MAX 10
/* A packet that was sent this long ago is of no use any more: its picture was given up. */
#define SENT_KEEP_MS 3000
/* The most that are remembered: SRTP does not seal what lies further back. */
#define SENT_MAX 4096

/* What the packets of one RTP stream to one receiver were sent as: from its sequence numbers to
 * where their payloads are kept. Pure. */
struct sent;

struct sent_packet {
	uint64_t position; /* in the history */
	uint32_t timestamp;
	uint16_t transport_seq; /* the number in its extension, if it had one */
	uint8_t resends;        /* of sent_again: how often it was sent again before */
};

/* Never NULL: out of memory aborts. */
struct sent *sent_new(void);
void sent_free(struct sent *s);

/* Packet seq, which follows the one added before, goes out as p at now_us. */
void sent_add(struct sent *s, uint16_t seq, const struct sent_packet *p, int64_t now_us);

/* What packet seq was, to be sent again, and counts that. rtt_us is the round trip, 0 if not known.
 * Returns 0; ERR_NOT_FOUND if it is not remembered or too old; ERR_AGAIN if it was resent less than
 * a round trip ago; ERR_REFUSED if that was done SENT_RESENDS_MAX times. */
int sent_again(
	struct sent *s, uint16_t seq, int64_t now_us, int64_t rtt_us, struct sent_packet *out);

#endif
