#ifndef WORKER_ANNEXB_H
#define WORKER_ANNEXB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* NAL units as a stream of bytes: annex B of ITU-T H.264 and of H.265, which are the same. Pure. */

/* Lent bytes. A NAL unit is without start code, its emulation prevention still in it. */
struct nal_bytes {
	const uint8_t *bytes;
	size_t len;
};

/* Takes the next NAL unit off Annex B bytes (start codes of 3 or 4 bytes; what stands before the
 * first is skipped, trailing zeros are cut). False when there is none left. */
bool annexb_next(struct nal_bytes *rest, struct nal_bytes *nal);

#endif
