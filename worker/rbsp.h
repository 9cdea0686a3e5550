#ifndef WORKER_RBSP_H
#define WORKER_RBSP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bits of a NAL unit's payload, its emulation prevention left out: 7.3.1 and 9.1 of ITU-T
 * H.264, 7.3.1 and 9.2 of H.265, which are the same. Pure. */
struct rbsp {
	const uint8_t *at;
	const uint8_t *end;
	unsigned zeros; /* 00 bytes just read */
	unsigned byte;
	unsigned left; /* bits of byte not read yet */
	bool broken;   /* read past the end, or a number too long; what was read since is 0 */
};

/* What follows a NAL unit's header of so many bytes. */
struct rbsp rbsp_of(const uint8_t *nal, size_t len, size_t header_bytes);

/* The next count bits, of which the last 32 count. */
uint32_t rbsp_u(struct rbsp *b, unsigned count);

/* Exp-Golomb codes. */
uint32_t rbsp_ue(struct rbsp *b);
int32_t rbsp_se(struct rbsp *b);

#endif
