#ifndef WORKER_FIFO_H
#define WORKER_FIFO_H

#include <stddef.h>
#include <stdint.h>

/* Bytes on their way through: appended at the end, taken from the front, never more than size. */
struct fifo {
	uint8_t *bytes; /* owned */
	size_t start;   /* first byte that was not taken yet */
	size_t len;     /* how many there are from start on */
	size_t size;
};

/* Room for size bytes. Out of memory aborts. */
void fifo_init(struct fifo *f, size_t size);
void fifo_clear(struct fifo *f);

/* The bytes that are there: f->len of them. */
const uint8_t *fifo_front(const struct fifo *f);
/* The same from the i-th on, for writing. */
uint8_t *fifo_at(struct fifo *f, size_t i);
/* Takes n of them away. */
void fifo_take(struct fifo *f, size_t n);

/* Where the next fifo_room(f) bytes may be written; fifo_add says how many were. Moves what is
 * there, so earlier pointers are void. */
uint8_t *fifo_back(struct fifo *f);
void fifo_add(struct fifo *f, size_t n);
size_t fifo_room(const struct fifo *f);

/* Copies n bytes in; there must be room. */
void fifo_put(struct fifo *f, const void *bytes, size_t n);

#endif
