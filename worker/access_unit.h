#ifndef WORKER_ACCESS_UNIT_H
#define WORKER_ACCESS_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How the end of a picture gets past libavformat, which tells nobody RTP's marker bit.
 *
 * On its way in, behind the last NAL unit of an RTP packet with the marker bit, a NAL unit of one
 * byte is written (au_mark_end). libavformat copies payloads as they are, so the reader finds it,
 * and knows that the picture is complete when its last packet is there, not when the next one
 * begins. In the same way a missing RTP packet is said (au_write_gap), so that fragments of two NAL
 * units are never joined. The types 30 and 31 are unspecified in H.264 (table 7-1), and packet
 * types in RTP (RFC 6184 5.2), so no camera sends them. */
#define AU_NAL_GAP 30
#define AU_NAL_END 31

/* What au_mark_end adds at most. */
#define AU_MARK_BYTES 5
/* What au_write_gap writes. */
#define AU_GAP_BYTES 16

/* RTP header of an H.264 packet, as far as needed. */
struct au_rtp {
	uint16_t seq;
	bool marker;
	size_t payload; /* where it begins */
	size_t end;     /* where it ends: padding is behind it */
	uint8_t type;   /* of the NAL unit or packet: RFC 6184 5.2 */
};

/* Reads the header of an RTP packet of n bytes; false if it is none or has no payload. */
bool au_rtp_parse(const uint8_t *packet, size_t n, struct au_rtp *out);

/* In the second byte of a fragment: it is the last of its NAL unit. */
#define AU_FU_END 0x40

/* True if the packet is a fragment (FU-A) that holds anything. */
bool au_rtp_is_fragment(const struct au_rtp *rtp);

/* Writes the end mark into a packet that has the marker bit (padding makes room for it). The buffer
 * has AU_MARK_BYTES more than end. Returns the packet's new length. */
size_t au_mark_end(uint8_t *packet, struct au_rtp *rtp);

/* Writes an RTP packet that says "packets are missing before this one" into out. */
void au_write_gap(const uint8_t *packet, uint8_t out[AU_GAP_BYTES]);

/* A NAL unit of more is dropped: an IDR picture of 4K at the level limits is about 2 MB. */
#define AU_NAL_MAX (4 << 20)

/* One NAL unit, whole, in a buffer that is used again. */
struct au_nal {
	uint8_t *data; /* owned */
	size_t len;
	size_t size;
	int64_t timestamp;
	int64_t arrived_us;
	bool last;
	bool gap;
};

/* Makes NAL units out of payloads and finds where access units end: at the mark, unless a camera's
 * marks are seen to lie; at the latest when the next one begins (H.264 7.4.1.2.3, or another
 * timestamp). */
struct au_reader {
	struct au_nal open; /* being put together; len 0: none */
	struct au_nal out;  /* handed on last */
	const uint8_t *in;  /* what is left of the payload; lent by au_feed */
	size_t in_len;
	int64_t timestamp;
	int64_t arrived_us;
	bool gap;           /* to be told with the next NAL unit */
	bool in_picture;    /* the current access unit has a slice */
	bool ended_by_mark; /* the access unit before this NAL unit was ended by a mark */
	bool marks_lie;
};

void au_init(struct au_reader *r);
void au_clear(struct au_reader *r);

/* Lends the next payload (Annex B; what has no start code continues the NAL unit before) until
 * au_next has returned NULL. */
void au_feed(struct au_reader *r, const uint8_t *payload, size_t n, int64_t timestamp,
	int64_t arrived_us);

/* The next whole NAL unit, lent until the next call; NULL: feed more. */
const struct au_nal *au_next(struct au_reader *r);

#endif
