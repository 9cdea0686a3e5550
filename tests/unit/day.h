#ifndef TESTS_UNIT_DAY_H
#define TESTS_UNIT_DAY_H

#include <stdbool.h>

#include "common/clock.h"
#include "supervisor/scheduler.h"

/* A day of cameras in virtual time: the modules that camrelayd links, against a model of Google
 * that counts its buckets where calls arrive and refuses what exceeds them. */

enum day_start {
	DAY_STAGGERED,    /* nothing lives, all want to start */
	DAY_SYNCHRONISED, /* all live, all end within 10 s of each other */
	DAY_RESTORED,     /* all live, their ends spread over one life */
};

enum day_fault_kind {
	DAY_NO_FAULT,
	DAY_OUTAGE,       /* every call fails */
	DAY_HANG,         /* every call is never answered */
	DAY_RATE_LIMITED, /* every call is answered with 429, retry_after_s */
	DAY_OFFLINE,      /* the first .cameras: FAILED_PRECONDITION */
	DAY_BROKEN,       /* the first .cameras: every call fails */
	DAY_SHORT_LIFE,   /* streams are granted with .life_s */
};

struct day_fault {
	enum day_fault_kind kind;
	double at_s;
	double for_s;
	int cameras;
	int life_s;
	int retry_after_s;
};

struct day {
	const char *name;
	double hours; /* 0: 24 */
	int cameras;
	int accounts; /* 0: 1; cameras are dealt out in turn */
	int life_s;   /* 0: 300 */
	double fail_ratio;
	double lost_ratio; /* counted, done, and never answered */
	enum day_start start;
	struct day_fault faults[3];
	ms_t minute_ms; /* 0: 60000. All of the above is in its seconds, 60 to a minute */
	ms_t rotate_ms;
	int guard_permille; /* 0: the default; -1: none */
};

/* Cameras that are offline or broken are not counted in deaths and downtime. */
struct day_result {
	int deaths;            /* streams that ended though they were wanted */
	int worst_burst;       /* most deaths within 10 s */
	double downtime_s;     /* of all cameras, since each was first running */
	int calls[CALL_LIST];  /* that left, by kind */
	int max_minute;        /* arrivals in any minute, of the worst account */
	int max_hour;          /* in any hour, of the worst camera */
	int refused;           /* 429 that Google's buckets answered */
	double worst_margin_s; /* of life left when an Extend arrived */
	double all_running_s;  /* when the last camera was first running; -1: never */
	double healed_s;       /* from the end of the last fault until all ran; -1: never */
	int uninterrupted;     /* cameras that started and never died */
	int unsavable;         /* by an outage: see day_count_unsavable */
	int events[SCHEDULER_API_BACK + 1];
};

struct day_result day_run(const struct day *day, unsigned seed);

#endif
