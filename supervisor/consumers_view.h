#ifndef SUPERVISOR_CONSUMERS_VIEW_H
#define SUPERVISOR_CONSUMERS_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"
#include "supervisor/consumer_report.h"
#include "supervisor/consumers_end.h"

struct config_consumers;

/* What is known of those who watch, and of those who did. Loop thread. */
struct consumers;

/* One of them, lent until the loop turns. */
struct consumer_row {
	const char *id;
	const char *camera;
	const char *owner; /* NULL: nobody in particular */
	bool whep;
	const char *state;
	enum consumers_end end;
	const char *why;     /* it is not live; "": nothing is wrong */
	const char *session; /* at the SFU, for its owner only; "": none */
	bool must_pull;
	int64_t pulls;
	int64_t since_us;      /* wall time */
	ms_t lasted_ms;        /* until now, or its end */
	ms_t heartbeat_age_ms; /* likewise */
	struct consumer_report report;
};

/* False: no such consumer, among those that ended neither. */
bool consumers_get(const struct consumers *t, const char *id, struct consumer_row *out);
/* Those that watch, the newest first; then those that ended, likewise. */
void consumers_each(const struct consumers *t,
	void (*on_row)(const struct consumer_row *row, void *arg), void *arg);
/* How many watch, camera NULL: in all. */
size_t consumers_count(const struct consumers *t, const char *camera);
/* How many have ended so since the start. */
int64_t consumers_ended(const struct consumers *t, enum consumers_end end);
/* Pulls that were begun since the start, each viewer's first among them. */
int64_t consumers_pulls(const struct consumers *t);
const struct config_consumers *consumers_limits(const struct consumers *t);

#endif
