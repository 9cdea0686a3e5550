#ifndef WORKER_JPEG_H
#define WORKER_JPEG_H

#include <stddef.h>
#include <stdint.h>

/* One picture as a JPEG, by libavcodec. */
struct jpeg {
	uint8_t *bytes; /* to free() */
	size_t len;
	int width;
	int height;
};

/* Decodes an access unit that needs no other, with its parameter sets, Annex B, by libavcodec's
 * decoder of that name, and encodes it. Returns 0 with *out
 * yours, or -1 with a sentence in why. Takes some 10 ms for 640x360, 60 ms for 4K. Any thread. */
int jpeg_from_picture(const char *decoder, const uint8_t *unit, size_t len, struct jpeg *out,
	char *why, size_t why_size);

#endif
