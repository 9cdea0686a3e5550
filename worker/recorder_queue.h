#ifndef WORKER_RECORDER_QUEUE_H
#define WORKER_RECORDER_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct video_codec;

/* What waits for the disk: access units in their order, bounded, and between them what is to become
 * of those that follow. Pure; who uses it locks. */

enum recorder_unit_type {
	RECORDER_NOTHING,
	RECORDER_VIDEO,
	RECORDER_SOUND,
	RECORDER_SOUND_CONFIG,
	RECORDER_ORDER, /* bytes: the folder to record into, with its NUL; none: no longer */
};

/* All zero: nothing. */
struct recorder_unit {
	enum recorder_unit_type type;
	const struct video_codec *codec; /* of a picture */
	int64_t at_us;
	bool key;       /* a picture that recordings can begin with */
	bool b;         /* as in struct stream_nal */
	bool gap;       /* something is missing before it */
	uint8_t *bytes; /* owned. Of a picture: Annex B, its parameter sets first */
	size_t len;     /* with the sets */
	size_t sets_len;
	size_t size;
	int min_free_percent; /* of an order */
};

/* Appends bytes, copied. */
void recorder_unit_add(struct recorder_unit *u, const uint8_t *bytes, size_t len);
/* A NAL unit, with a start code before it; a parameter set goes before all that is none. */
void recorder_unit_nal(struct recorder_unit *u, const uint8_t *nal, size_t len, bool set);
/* Frees what it holds: it is nothing then. */
void recorder_unit_clear(struct recorder_unit *u);

struct recorder_queue;

/* Bytes that may wait: 6 s of 20 Mbit/s, a minute of what a Nest camera sends. */
#define RECORDER_QUEUE_BYTES (16u << 20)

struct recorder_queue *recorder_queue_new(void);
void recorder_queue_free(struct recorder_queue *q); /* NULL is fine */

/* Takes u, which is nothing then. If there is no room, all pictures and sound (nothing else) are
 * dropped until there is room for a key picture, which is marked as coming after a gap. */
void recorder_queue_put(struct recorder_queue *q, struct recorder_unit *u);

/* The oldest, yours to clear; false if there is none. */
bool recorder_queue_take(struct recorder_queue *q, struct recorder_unit *out);
bool recorder_queue_is_empty(const struct recorder_queue *q);

/* Pictures dropped so far. */
uint64_t recorder_queue_dropped(const struct recorder_queue *q);

#endif
