#ifndef WORKER_DEPACKETIZER_H
#define WORKER_DEPACKETIZER_H

#include "worker/nal_unit.h"
#include "worker/video_codec.h"

/* NAL units out of a camera's RTP packets. H.264: RFC 6184, packetization modes 0 and 1 (single NAL
 * units, STAP-A, FU-A). H.265: RFC 7798 without DONL fields (single NAL units, AP, FU), which is
 * sprop-max-don-diff 0. Packets come in order, as TCP brings them.
 *
 * It finds where access units end: at RTP's marker bit, unless a camera's are seen to lie; at the
 * latest when the next one begins: another timestamp, the first slice of a picture, or what else
 * may stand before it only (H.264 7.4.1.2.3, H.265 7.4.2.4.4), unless a camera has that between
 * slices. So a picture is known to be whole when its last packet is there. */
struct depacketizer;

/* A NAL unit of more is dropped: an IDR picture of 4K at the level limits is about 2 MB. */
#define DEPACKETIZER_NAL_MAX (4 << 20)

/* Never NULL. */
struct depacketizer *depacketizer_new(const struct video_codec *codec);

/* Lends the next packet, of n bytes, until depacketizer_next has returned NULL; changes it. What is
 * no RTP, and types that the RFC does not allow here, count as missing; a packet without payload
 * does not. */
void depacketizer_feed(struct depacketizer *d, uint8_t *packet, size_t n, int64_t arrived_us);

/* The next whole NAL unit, lent until the next call; NULL: feed more. */
const struct nal_unit *depacketizer_next(struct depacketizer *d);

/* NULL is fine. */
void depacketizer_free(struct depacketizer *d);

#endif
