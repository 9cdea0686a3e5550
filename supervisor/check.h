#ifndef SUPERVISOR_CHECK_H
#define SUPERVISOR_CHECK_H

#include <stdbool.h>

#include "common/clock.h"
#include "supervisor/config_health.h"

/* What a reading of the machine means: well, a warning, an error. Pure. */

enum check_kind {
	CHECK_DISK,        /* percent used */
	CHECK_MEMORY,      /* percent used */
	CHECK_CPU,         /* percent of all cores busy */
	CHECK_NETWORK,     /* 0: a service is reached, 2: not */
	CHECK_PERMISSIONS, /* 0: as they should be, 1: too wide, 2: something cannot be used */
	CHECK_CLOCK,       /* milliseconds that our clock is off, either way */
	CHECK_KINDS
};

enum check_status { CHECK_OK, CHECK_WARN, CHECK_ERROR };

/* "ok", "warn", "error". */
const char *check_status_text(enum check_status status);

#define CHECK_NAME_MAX 300
#define CHECK_TEXT_MAX 400

struct check_reading {
	enum check_kind kind;
	char name[CHECK_NAME_MAX]; /* "disk state", "network HOST:PORT", ... */
	double value;
	char text[CHECK_TEXT_MAX]; /* for people */
};

/* In place: {0} is a check that was never read. */
struct check {
	struct check_reading last;
	enum check_status status;
	bool known;             /* it was read */
	ms_t since;             /* when status became what it is */
	ms_t read_at;           /* the last reading */
	enum check_status next; /* what the last readings say, if it is another: */
	int streak;             /* so many of them in a row */
};

/* Takes a reading. Returns whether the status changed; the first is a change if it is not well.
 *
 * So that it does not flap: another status must be read twice in a row, and a better one by a
 * margin. What is worse by more than that, a disk that is full, is not far away in time then. */
bool check_judge(struct check *c, const struct config_health *limits, const struct check_reading *r,
	ms_t now);

/* The worst of both. */
enum check_status check_worse(enum check_status a, enum check_status b);

#endif
