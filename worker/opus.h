#ifndef WORKER_OPUS_H
#define WORKER_OPUS_H

#include <stddef.h>
#include <stdint.h>

/* What a packet of Opus says of itself (RFC 6716), and what files are told of Opus. Pure. */

/* Its clock, whatever the sound's bandwidth: RFC 7587 4.1, RFC 7845 4. */
#define OPUS_HZ 48000
/* RFC 6716 3.2.5: 120 ms at most. */
#define OPUS_SAMPLES_MAX (OPUS_HZ * 120 / 1000)

/* How many samples there are in it, by its first byte or two (RFC 6716 3.1, 3.2); 0 if it is no
 * packet of Opus. */
unsigned opus_samples(const uint8_t *packet, size_t len);

/* An identification header (RFC 7845 5.1) for any camera: two channels, which decoders make of one
 * too, and no samples to skip, since it is joined in the middle. */
#define OPUS_HEAD_BYTES 19
extern const uint8_t opus_head[OPUS_HEAD_BYTES];

#endif
