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

/* A picture as it is coded, and what of it is shown. */
struct rbsp_picture {
	uint64_t width, height; /* luma samples */
	uint32_t chroma_idc;    /* chroma_format_idc */
	unsigned lines;         /* 2 where fields are possible, else 1 */
	unsigned side_max;      /* the longest side that any level of the standard has */
};

/* Reads an SPS's window, its flag first, and leaves in p what is shown: 7.4.2.1.1 of
 * H.264, 7.4.3.2.1 of H.265. Returns 0, or ERR_RANGE if nothing is left or a side is longer than
 * side_max. */
int rbsp_crop(struct rbsp *b, struct rbsp_picture *p);

#endif
