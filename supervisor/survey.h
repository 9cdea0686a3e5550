#ifndef SUPERVISOR_SURVEY_H
#define SUPERVISOR_SURVEY_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/* What operators ask of the recordings on the disk. One look through it at a time, on a thread of
 * libuv's pool: a week of twenty cameras is two million files, and others need the pool. Who asks
 * while somebody else's look goes on waits for the next, which is made once for all that ask the
 * same. Loop thread. */
struct survey;

/* What there is of one camera. */
struct survey_row {
	char *camera;
	int64_t items, kept; /* hours and segments; of these protected */
	int64_t bytes;
	int64_t oldest_us, newest_us; /* wall time; 0: there is nothing */
};

struct survey_result {
	struct survey_row *rows; /* of cameras that there was something of */
	size_t count;
	int64_t free_bytes, disk_bytes; /* -1: no disk */
	size_t deleted;
	int64_t deleted_bytes;
};

/* Lent until it returns. */
struct survey_question {
	const char *dir;    /* [recording] dir */
	const char *camera; /* that one's folder only; NULL: every one */
	int64_t cutoff_us;  /* what ended before is deleted unless it is protected; 0: nothing is */
	/* Once, from the loop. result is lent; NULL: the survey was freed. */
	void (*done)(const struct survey_result *result, void *arg);
	void *arg;
};

/* Nobody has asked. Never NULL. */
struct survey *survey_new(uv_loop_t *loop);

/* A question, whose done comes once: after the look under way, if there is one. */
void survey_ask(struct survey *s, const struct survey_question *question);

/* All who wait are answered NULL. The look under way ends by itself. NULL is fine. */
void survey_free(struct survey *s);

#endif
