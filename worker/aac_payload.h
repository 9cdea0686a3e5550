#ifndef WORKER_AAC_PAYLOAD_H
#define WORKER_AAC_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/aac_format.h"

/* More is no access unit. ISO 14496-3 allows 6144 bits a channel: this is ten channels. */
#define AAC_UNIT_MAX 8192

struct aac_unit {
	const uint8_t *data;
	size_t len; /* 1 at least */
	uint32_t rtp_timestamp;
	bool gap; /* something was lost before it */
};

/* Access units of AAC out of a camera's RTP packets: several in a packet, or one in several.
 * Interleaved ones (RFC 3640 3.2.3.2) are refused, as errors. Those with ADTS headers where AU
 * headers should be are taken. */
struct aac_payload;

/* The format is copied. Never NULL: out of memory aborts. */
struct aac_payload *aac_payload_new(const struct aac_format *format);
void aac_payload_free(struct aac_payload *p);

/* Lends a whole RTP packet until aac_payload_next has returned NULL. One that comes behind its
 * successor is dropped. What is no RTP or does not follow the format is an error: nothing comes of
 * it, and the next access unit has the gap. */
void aac_payload_feed(struct aac_payload *p, const uint8_t *packet, size_t len);

/* The next whole access unit, lent until the next call; NULL: feed more. */
const struct aac_unit *aac_payload_next(struct aac_payload *p);

/* Packets that could not be read. Losses and late ones are not among them. */
uint32_t aac_payload_errors(const struct aac_payload *p);

#endif
