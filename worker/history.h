#ifndef WORKER_HISTORY_H
#define WORKER_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A packet is kept for this long, and longer while there is room, unless the bytes run out: NACKs
 * come within a few round trips, and viewers give a frame up after about as long. */
#define HISTORY_KEEP_MS 3000
/* Everything since the last key picture is kept too, for viewers that come in the middle of a GOP,
 * if that is no longer ago. Cameras that save bits go up to 10 s. */
#define HISTORY_GOP_MS 12000
/* 4 MB hold 3 s at 11 Mbit/s. Memory grows by slabs to what the bitrate asks for and shrinks again:
 * about 0.8 MB at 2 Mbit/s. */
#define HISTORY_BYTES_MAX (4 * 1024 * 1024)

/* The pictures' newest packets, once, whoever they are sent to: what waits to be sent, what may
 * have to be sent again, and the GOP that a late viewer needs. A packet has a position, which
 * counts from 0 and never wraps; what it was sent as is its outputs' knowledge. No locks: the owner
 * sees to it that one thread at a time is inside. */
struct history;

/* No position. */
#define HISTORY_NONE UINT64_MAX

struct history_packet {
	const uint8_t *payload; /* RTP's, lent until the next add */
	size_t len;             /* 1 to 2048 */
	uint32_t timestamp;     /* of its picture: another picture has another */
	bool marker;            /* it ends its picture */
};

/* Never NULL: out of memory aborts. */
struct history *history_new(void);
void history_free(struct history *h);

/* Room for the payload of the next packet, p->len bytes, to be filled before the next call;
 * p->payload is not looked at. Never NULL: out of memory forgets the oldest. */
uint8_t *history_add(struct history *h, const struct history_packet *p, int64_t now_us);

/* A picture that needs no other, with its parameter sets, begins at that position: the newest such
 * picture. The position may be the next one. */
void history_mark_key(struct history *h, uint64_t position, int64_t now_us);

/* Where that is; HISTORY_NONE if there was none or it is not kept (any more). */
uint64_t history_key(const struct history *h);

/* The oldest position kept, and the one that the next packet will have. Equal: nothing is kept. */
uint64_t history_oldest(const struct history *h);
uint64_t history_next(const struct history *h);

/* The packet at a position; false if it is not kept (any more). */
bool history_get(const struct history *h, uint64_t position, struct history_packet *out);

/* Bytes allocated for packets. */
size_t history_bytes(const struct history *h);

#endif
