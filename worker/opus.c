/* opus.c - packets of Opus from outside. Decodes nothing. Any thread. */
#include "worker/opus.h"

/* RFC 6716 table 2: what a frame lasts, by the configuration's lowest two bits. */
enum { SILK_CONFIGS = 12, HYBRID_CONFIGS = 16 };
static const unsigned silk_frame[] = { 480, 960, 1920, 2880 };
static const unsigned hybrid_frame[] = { 480, 960 };
static const unsigned celt_frame[] = { 120, 240, 480, 960 };

const uint8_t opus_head[OPUS_HEAD_BYTES] = { 'O', 'p', 'u', 's', 'H', 'e', 'a', 'd', /* magic */
	1,                                                                           /* version */
	2,                                                                           /* channels */
	0, 0,                                                                        /* pre-skip */
	OPUS_HZ & 0xff, OPUS_HZ >> 8 & 0xff, 0, 0, /* the source's rate, for people */
	0, 0,                                      /* gain */
	0 };                                       /* mapping family: one stream */

static unsigned
frame_samples(unsigned config)
{
	if (config < SILK_CONFIGS)
		return silk_frame[config & 3];
	if (config < HYBRID_CONFIGS)
		return hybrid_frame[config & 1];
	return celt_frame[config & 3];
}

/* 3.2: one, two of any size, or as many as the second byte says. 0: that byte is missing. */
static unsigned
frame_count(const uint8_t *packet, size_t len)
{
	switch (packet[0] & 3) {
	case 0:
		return 1;
	case 1:
	case 2:
		return 2;
	default:
		return len < 2 ? 0 : packet[1] & 63;
	}
}

unsigned
opus_samples(const uint8_t *packet, size_t len)
{
	unsigned samples;

	if (len == 0)
		return 0;
	samples = frame_count(packet, len) * frame_samples(packet[0] >> 3);
	return samples <= OPUS_SAMPLES_MAX ? samples : 0;
}
