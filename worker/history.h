#ifndef WORKER_HISTORY_H
#define WORKER_HISTORY_H

#include <stddef.h>
#include <stdint.h>

/* A packet is kept for this long, and longer while there is room, unless the bytes run out: NACKs
 * come within a few round trips, and viewers give a frame up after about as long. */
#define HISTORY_KEEP_MS 3000
/* 4 MB hold 3 s at 11 Mbit/s. Memory grows by slabs to what the bitrate asks for and shrinks again:
 * about 0.8 MB at 2 Mbit/s. */
#define HISTORY_BYTES_MAX (4 * 1024 * 1024)
/* A receiver asks ten times at most for a packet (libwebrtc, kMaxNackRetries). */
#define HISTORY_RESENDS_MAX 10

/* The packets sent last, not encrypted, by sequence number. One SSRC. No locks: the owner sees to
 * it that one thread at a time is inside. */
struct history;

struct history_packet {
	const uint8_t *bytes;
	size_t len;
};

/* Never NULL: out of memory aborts. */
struct history *history_new(void);
void history_free(struct history *h);

/* Room for packet seq of len bytes (1 to 2048), sent at now_us: to be filled before the next call.
 * Sequence numbers follow each other; a gap forgets all before it. Never NULL: out of memory
 * forgets the oldest. The bytes stay where they are until they are forgotten by a later add. */
uint8_t *history_add(struct history *h, uint16_t seq, size_t len, int64_t now_us);

/* The packet (lent until the next add) to be sent again, and counts that. rtt_us is the round trip,
 * 0 if not known. Returns 0, ERR_NOT_FOUND if it is not kept (any more), ERR_AGAIN if it was resent
 * less than a round trip ago, ERR_REFUSED if it was resent HISTORY_RESENDS_MAX times. */
int history_resend(struct history *h, uint16_t seq, int64_t now_us, int64_t rtt_us,
	struct history_packet *out);

/* Bytes allocated for packets, and packets kept. */
size_t history_bytes(const struct history *h);
size_t history_packets(const struct history *h);

#endif
