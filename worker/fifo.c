/* fifo.c - a bounded queue of bytes. Pure; one thread. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "worker/fifo.h"
#include "common/xmalloc.h"

void
fifo_init(struct fifo *f, size_t size)
{
	*f = (struct fifo){ .bytes = xmalloc(size), .size = size };
}

void
fifo_clear(struct fifo *f)
{
	free(f->bytes);
	*f = (struct fifo){ 0 };
}

const uint8_t *
fifo_front(const struct fifo *f)
{
	return f->bytes + f->start;
}

uint8_t *
fifo_at(struct fifo *f, size_t i)
{
	return f->bytes + f->start + i;
}

void
fifo_take(struct fifo *f, size_t n)
{
	assert(n <= f->len);
	f->len -= n;
	f->start = f->len ? f->start + n : 0;
}

uint8_t *
fifo_back(struct fifo *f)
{
	if (f->start)
		memmove(f->bytes, f->bytes + f->start, f->len);
	f->start = 0;
	return f->bytes + f->len;
}

void
fifo_add(struct fifo *f, size_t n)
{
	assert(n <= f->size - f->start - f->len);
	f->len += n;
}

size_t
fifo_room(const struct fifo *f)
{
	return f->size - f->len;
}

void
fifo_put(struct fifo *f, const void *bytes, size_t n)
{
	assert(n <= fifo_room(f));
	memcpy(fifo_back(f), bytes, n);
	fifo_add(f, n);
}
