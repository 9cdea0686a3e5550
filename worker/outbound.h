#ifndef WORKER_OUTBOUND_H
#define WORKER_OUTBOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct history_packet;
struct output_ids;
struct path_watch;
struct sdp_remote;

/* One RTP stream to a receiver. */
struct outbound_stream {
	bool wanted; /* the receiver took it; else the rest is not valid */
	uint32_t ssrc;
	uint8_t pt;
	uint8_t transport_cc_id; /* 0: its packets have no such extension */
	uint16_t seq;            /* of the next packet */
	uint32_t packets;        /* as a sender report counts them */
	uint32_t octets;
};

/* The RTP streams of one connection: what stands in their packets' headers. Pure. */
struct outbound {
	struct outbound_stream video;
	struct outbound_stream audio;
	char video_codec[32];       /* "H264" */
	char audio_codec[32];       /* "opus", "PCMU" */
	struct outbound_stream rtx; /* not wanted: what is resent is sent as it was */
	uint16_t transport_seq;     /* of the next packet of any stream */
	struct path_watch *path;    /* owned; NULL: no feedback was agreed */
};

/* What remote took of our offer. first_seq: of every stream. Never fails: out of memory aborts. */
struct outbound outbound_new(
	const struct sdp_remote *remote, const struct output_ids *ids, uint16_t first_seq);
void outbound_clear(struct outbound *o);

/* Writes the header of s's next packet, whose payload, timestamp and marker are p's and which
 * leaves now, to head, which has room for RTP_HEAD_MAX. Returns its length. The next two are of
 * pictures that are resent: */
size_t outbound_head(struct outbound *o, struct outbound_stream *s, const struct history_packet *p,
	int64_t now_us, uint8_t *head);

/* of packet seq on the RTX stream, */
size_t outbound_rtx_head(struct outbound *o, uint16_t seq, const struct history_packet *p,
	int64_t now_us, uint8_t *head);

/* or to the byte as it was: it is sealed by the same key stream again. */
size_t outbound_same_head(const struct outbound *o, uint16_t seq, const struct history_packet *p,
	uint16_t transport_seq, uint8_t *head);

#endif
