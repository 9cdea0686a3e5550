#ifndef WORKER_WIRE_H
#define WORKER_WIRE_H

#include <stdint.h>

/* Numbers in network byte order, at any alignment. */

static inline void
wire_put16(uint8_t *out, uint32_t v)
{
	out[0] = (uint8_t)(v >> 8);
	out[1] = (uint8_t)v;
}

static inline void
wire_put32(uint8_t *out, uint32_t v)
{
	wire_put16(out, v >> 16);
	wire_put16(out + 2, v);
}

static inline uint16_t
wire_get16(const uint8_t *in)
{
	return (uint16_t)(in[0] << 8 | in[1]);
}

static inline uint32_t
wire_get32(const uint8_t *in)
{
	return (uint32_t)wire_get16(in) << 16 | wire_get16(in + 2);
}

#endif
