#ifndef TESTS_SIM_SCHEDULER_SCENARIO_H
#define TESTS_SIM_SCHEDULER_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>

/* What camrelay-sim plays: cameras, how Google behaves, and what happens when. Times are seconds of
 * virtual time. docs/scheduling.md lists the keys of the file. */

#define SCENARIO_EVENTS_MAX 64
#define SCENARIO_CAMERAS_MAX 1000
#define SCENARIO_ACCOUNTS_MAX 8

enum scenario_start {
	START_STAGGERED,    /* nothing lives, all want to start */
	START_SYNCHRONISED, /* all live, all end within 10 s of each other */
	START_RESTORED,     /* all live, their ends spread over one life at random */
	STARTS
};

enum scenario_event_kind {
	EVENT_OUTAGE,      /* every call fails; hang: none is answered */
	EVENT_HTTP,        /* every call is answered with .http: 429 or 5xx */
	EVENT_OFFLINE,     /* of .cameras: FAILED_PRECONDITION */
	EVENT_BROKEN,      /* of .cameras: every call fails, as if by Google's fault */
	EVENT_STOPPED,     /* the operator stops .cameras, and starts them again */
	EVENT_STREAM_LOST, /* of .cameras: the stream ends, and the worker says so */
	EVENT_RESTART,     /* of the supervisor, which is gone for .for_s; its store is not */
	EVENT_ADD,         /* .cameras new ones */
	EVENT_LIFE,        /* streams are granted with .life_s */
	EVENT_OTHER, /* another program makes .other_qpm calls for the same project and user */
	EVENT_KINDS
};

struct scenario_event {
	enum scenario_event_kind kind;
	double at_s;
	double at_latest_s; /* each seed draws a moment from at_s to this one */
	double for_s;
	int camera;  /* the first of .cameras */
	int cameras; /* how many the event is about */
	int account; /* -1: all */
	int http;
	double retry_after_s; /* 0: not said */
	double life_s;
	int other_qpm;
	bool hang;
};

struct scenario {
	char name[80];
	double hours;
	int cameras;
	int accounts; /* cameras are dealt out to them in turn */
	int qpm;
	double stream_life_s;
	double latency_s[2];    /* least and most until the answer */
	double fail_ratio;      /* of the calls: not done, 500 */
	double lost_call_ratio; /* of the calls: counted, done, and never answered */
	enum scenario_start start;
	double rotate_s;    /* scheduler_settings.rotate_ms; 0: nobody makes room */
	int guard_permille; /* quota_settings.guard_permille */
	int early_percent;  /* scheduler_settings.early_percent */
	int minute_ms;      /* less than 60000: time is compressed, all of the above with it */
	struct scenario_event events[SCENARIO_EVENTS_MAX];
	int event_count;
};

/* A day of 20 cameras at 10 calls a minute on which nothing happens. */
struct scenario scenario_default(void);

/* Reads the text of a file. 0, or -1 with a sentence that names the key, its value and the range.
 */
int scenario_parse(const char *text, size_t len, struct scenario *out, char *why, size_t why_size);

/* The same of the file; the sentence begins with its name. */
int scenario_load(const char *path, struct scenario *out, char *why, size_t why_size);

/* All that there will ever be. */
int scenario_cameras(const struct scenario *sc);

#endif
