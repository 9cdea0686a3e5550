#ifndef WORKER_RTP_H
#define WORKER_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct video_codec;

/* What FFmpeg, OBS and Cloudflare's own publisher send to its SFU: camera packets are often 1400
 * and more, and an SRTP tag, UDP, IP and a tunnel come on top. */
#define RTP_PACKET_MAX 1200
/* RFC 3550 5.1, without CSRCs and extension. */
#define RTP_HEADER_BYTES 12

struct rtp_header {
	bool marker;
	uint8_t pt;
	uint16_t seq;
	uint32_t timestamp;
	uint32_t ssrc;
	uint8_t transport_cc_id; /* of the header extension with the next; 0: none */
	uint16_t transport_seq;
};

/* Writes it to out, which has room for RTP_HEAD_MAX. Returns its length. */
size_t rtp_write_header(uint8_t *out, const struct rtp_header *h);

/* Parses a packet, but for its extensions; *payload (lent) and *payload_len are what is left
 * without CSRCs, extension and padding. Returns 0 or ERR_PARSE. */
int rtp_parse(const uint8_t *packet, size_t len, struct rtp_header *h, const uint8_t **payload,
	size_t *payload_len);

/* What a peer's own header takes of RTP_PACKET_MAX: RTP's, one extension (RFC 8285 4.2) of four
 * bytes, and the original sequence number in an RTX packet (RFC 4588 4). */
#define RTP_EXTENSION_BYTES 8
#define RTP_RTX_BYTES 2
#define RTP_HEAD_MAX (RTP_HEADER_BYTES + RTP_EXTENSION_BYTES + RTP_RTX_BYTES)
#define RTP_PAYLOAD_MAX (RTP_PACKET_MAX - RTP_HEAD_MAX)

/* A packet that is about to be made, but for what each receiver has of its own. */
struct rtp_slot {
	size_t len; /* of the payload */
	uint32_t timestamp;
	bool marker;
};

struct rtp_config {
	size_t payload_max; /* 64 at least */
	/* Room for the next packet's payload; the one before is filled. Never NULL. Payloads are
	 * written once, straight to where they are kept. */
	uint8_t *(*room)(struct rtp_slot slot, void *arg);
	void *arg;
};

/* NAL units to payloads: H.264 by RFC 6184, packetization-mode 1 (STAP-A, single NAL unit, FU-A),
 * H.265 by RFC 7798 without DONL fields (AP, single NAL unit, FU). The fragments of a NAL unit are
 * equal but for a shorter last, as UDP GSO wants them. */
struct rtp_packetizer;

/* The config is copied. Never NULL: out of memory aborts. */
struct rtp_packetizer *rtp_packetizer_new(const struct rtp_config *config);
void rtp_packetizer_free(struct rtp_packetizer *p);

/* What the NAL units are of from now on; before the first, and after one that was `last`. */
void rtp_packetizer_set_codec(struct rtp_packetizer *p, const struct video_codec *codec);

/* Sends a NAL unit (no shorter than its header; lent) of the picture with this timestamp. Parameter
 * sets and SEI that are not `last` are held until the next call, to share a packet; all else leaves
 * at once. `last` puts the marker on the last packet. */
void rtp_packetizer_nal(
	struct rtp_packetizer *p, const uint8_t *nal, size_t len, uint32_t timestamp, bool last);

/* A step of the source's timestamps that differs by more than this from the time that passed is a
 * jump: the clock was set, looped or restarted. Below, it is a stall of the network or a burst
 * after it, and the timestamps are right. */
#define RTP_CLOCK_JUMP_MS 2000
/* A step back by no more than this is a picture out of order (B-frames), not a jump: 16 frames, the
 * most that H.264 allows, at 30 fps. */
#define RTP_CLOCK_REORDER_MS 533
/* The source's timestamps to outgoing ones, which strictly increase from picture to picture. Steps
 * are the source's own (no jitter of arrival comes in, drift is followed), modulo 2^32 so that a
 * wrapped source is none; a jump is bridged by the time that passed between the arrivals. */
struct rtp_clock;

/* start: the first timestamp given out, random. Never NULL: out of memory aborts. */
struct rtp_clock *rtp_clock_new(uint32_t start);
void rtp_clock_free(struct rtp_clock *c);

/* The timestamp of the next picture: call it once for each, all its packets carry the result.
 * arrival_us is monotonic and does not run backwards. */
uint32_t rtp_clock_picture(struct rtp_clock *c, int64_t pts_90k, int64_t arrival_us);

/* Jumps bridged so far. */
uint32_t rtp_clock_jumps(const struct rtp_clock *c);

#endif
