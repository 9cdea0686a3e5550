/* camera_table.c - the life of a camera's stream and of its worker: which event leads where.
 * Owns the tables, nothing else. Pure. Any thread. */
#include <stddef.h>

#include "supervisor/camera_table.h"

/* clang-format off */

/* The stream. A URL's is always there, so it runs when its worker does. */
static const struct camera_row rows[] = {
	{ .in = CAMERA_STOPPED, .on = CAMERA_EV_START, .kind = LEASED,
	  .to = CAMERA_STARTING, .next = TRY_FIRST },
	{ .in = CAMERA_STOPPED, .on = CAMERA_EV_START, .kind = URL,
	  .to = CAMERA_STARTING, .worker = WORKER_EV_WANTED },
	{ .in = CAMERA_STOPPED, .on = CAMERA_EV_STOP, .kind = ANY, .to = CAMERA_STOPPED },
	{ .in = CAMERA_STOPPED, .on = CAMERA_EV_REPLACED, .kind = ANY, .to = CAMERA_STOPPED },
	/* Answers to calls that were in flight when it was stopped. */
	{ .in = CAMERA_STOPPED, .on = CAMERA_EV_GENERATED, .kind = LEASED,
	  .to = CAMERA_STOPPED, .effects = CAMERA_DO_STOP_STREAM },
	{ .in = CAMERA_STOPPED, .on = CAMERA_EV_GENERATE_FAILED, .kind = LEASED, .to = CAMERA_STOPPED },
	{ .in = CAMERA_STOPPED, .on = CAMERA_EV_UNSUPPORTED, .kind = LEASED, .to = CAMERA_STOPPED },
	{ .in = CAMERA_STOPPED, .on = CAMERA_EV_EXTENDED, .kind = LEASED, .to = CAMERA_STOPPED },
	{ .in = CAMERA_STOPPED, .on = CAMERA_EV_REFUSED, .kind = ANY, .to = CAMERA_STOPPED },

	{ .in = CAMERA_STARTING, .on = CAMERA_EV_GENERATED, .kind = LEASED,
	  .to = CAMERA_RUNNING, .worker = WORKER_EV_WANTED, .effects = CAMERA_DO_SOURCE },
	{ .in = CAMERA_STARTING, .on = CAMERA_EV_RESTORED, .kind = LEASED,
	  .to = CAMERA_RUNNING, .worker = WORKER_EV_WANTED,
	  .effects = CAMERA_DO_CANCEL | CAMERA_DO_SOURCE },
	{ .in = CAMERA_STARTING, .on = CAMERA_EV_GENERATE_FAILED, .kind = LEASED,
	  .to = CAMERA_FAILED, .next = TRY_BACKOFF },
	{ .in = CAMERA_STARTING, .on = CAMERA_EV_WORKER_READY, .kind = URL, .to = CAMERA_RUNNING },
	/* Of the stream that was, here and below: its end is known, a Generate is wanted. */
	{ .in = CAMERA_STARTING, .on = CAMERA_EV_REFUSED, .kind = LEASED, .to = CAMERA_STARTING },
	{ .in = CAMERA_STARTING, .on = CAMERA_EV_REFUSED, .kind = URL,
	  .to = CAMERA_FAILED, .next = TRY_BACKOFF },
	{ .in = CAMERA_STARTING, .on = CAMERA_EV_FAILED_OFTEN, .kind = ANY,
	  .to = CAMERA_DEGRADED, .next = TRY_SLOWLY, .effects = CAMERA_DO_ALERT },
	{ .in = CAMERA_STARTING, .on = CAMERA_EV_UNSUPPORTED, .kind = LEASED,
	  .to = CAMERA_DEGRADED, .next = TRY_SLOWLY, .effects = CAMERA_DO_ALERT },
	{ .in = CAMERA_STARTING, .on = CAMERA_EV_REGENERATE, .kind = ANY,
	  .to = CAMERA_STARTING, .next = TRY_ASKED },
	{ .in = CAMERA_STARTING, .on = CAMERA_EV_RESTART, .kind = ANY,
	  .to = CAMERA_STARTING, .next = TRY_ASKED, .worker = WORKER_EV_RESTART },
	{ .in = CAMERA_STARTING, .on = CAMERA_EV_REPLACED, .kind = LEASED,
	  .to = CAMERA_STARTING, .next = TRY_ASKED },
	{ .in = CAMERA_STARTING, .on = CAMERA_EV_REPLACED, .kind = URL,
	  .to = CAMERA_STARTING, .next = TRY_ASKED, .worker = WORKER_EV_WANTED },
	{ .in = CAMERA_STARTING, .on = CAMERA_EV_STOP, .kind = ANY,
	  .to = CAMERA_STOPPED, .worker = WORKER_EV_UNWANTED, .effects = CAMERA_DO_CANCEL },

	{ .in = CAMERA_RUNNING, .on = CAMERA_EV_EXTENDED, .kind = LEASED,
	  .to = CAMERA_RUNNING, .effects = CAMERA_DO_TOKEN },
	{ .in = CAMERA_RUNNING, .on = CAMERA_EV_LOST, .kind = LEASED,
	  .to = CAMERA_FAILED, .next = TRY_BACKOFF, .effects = CAMERA_DO_DROP },
	{ .in = CAMERA_RUNNING, .on = CAMERA_EV_REFUSED, .kind = ANY,
	  .to = CAMERA_FAILED, .next = TRY_BACKOFF, .effects = CAMERA_DO_DROP },
	{ .in = CAMERA_RUNNING, .on = CAMERA_EV_FAILED_OFTEN, .kind = ANY,
	  .to = CAMERA_DEGRADED, .next = TRY_SLOWLY, .effects = CAMERA_DO_DROP | CAMERA_DO_ALERT },
	{ .in = CAMERA_RUNNING, .on = CAMERA_EV_REGENERATE, .kind = ANY,
	  .to = CAMERA_RUNNING, .next = TRY_ASKED },
	{ .in = CAMERA_RUNNING, .on = CAMERA_EV_GENERATED, .kind = LEASED,
	  .to = CAMERA_RUNNING, .worker = WORKER_EV_WANTED, .effects = CAMERA_DO_SOURCE },
	/* The operator's: the stream that was there still is. */
	{ .in = CAMERA_RUNNING, .on = CAMERA_EV_GENERATE_FAILED, .kind = LEASED, .to = CAMERA_RUNNING },
	{ .in = CAMERA_RUNNING, .on = CAMERA_EV_UNSUPPORTED, .kind = LEASED, .to = CAMERA_RUNNING },
	{ .in = CAMERA_RUNNING, .on = CAMERA_EV_RESTART, .kind = ANY,
	  .to = CAMERA_RUNNING, .worker = WORKER_EV_RESTART },
	{ .in = CAMERA_RUNNING, .on = CAMERA_EV_REPLACED, .kind = LEASED,
	  .to = CAMERA_STARTING, .next = TRY_ASKED },
	{ .in = CAMERA_RUNNING, .on = CAMERA_EV_REPLACED, .kind = URL,
	  .to = CAMERA_STARTING, .next = TRY_ASKED, .worker = WORKER_EV_WANTED },
	{ .in = CAMERA_RUNNING, .on = CAMERA_EV_STOP, .kind = ANY,
	  .to = CAMERA_STOPPED, .worker = WORKER_EV_UNWANTED,
	  .effects = CAMERA_DO_CANCEL | CAMERA_DO_STOP_STREAM },

	{ .in = CAMERA_FAILED, .on = CAMERA_EV_GENERATED, .kind = LEASED,
	  .to = CAMERA_RUNNING, .worker = WORKER_EV_WANTED, .effects = CAMERA_DO_SOURCE },
	{ .in = CAMERA_FAILED, .on = CAMERA_EV_GENERATE_FAILED, .kind = LEASED,
	  .to = CAMERA_FAILED, .next = TRY_BACKOFF },
	{ .in = CAMERA_FAILED, .on = CAMERA_EV_WORKER_READY, .kind = URL, .to = CAMERA_RUNNING },
	{ .in = CAMERA_FAILED, .on = CAMERA_EV_REFUSED, .kind = LEASED, .to = CAMERA_FAILED },
	{ .in = CAMERA_FAILED, .on = CAMERA_EV_REFUSED, .kind = URL,
	  .to = CAMERA_FAILED, .next = TRY_BACKOFF },
	{ .in = CAMERA_FAILED, .on = CAMERA_EV_TIMER, .kind = URL,
	  .to = CAMERA_FAILED, .effects = CAMERA_DO_SOURCE },
	{ .in = CAMERA_FAILED, .on = CAMERA_EV_FAILED_OFTEN, .kind = ANY,
	  .to = CAMERA_DEGRADED, .next = TRY_SLOWLY, .effects = CAMERA_DO_ALERT },
	{ .in = CAMERA_FAILED, .on = CAMERA_EV_UNSUPPORTED, .kind = LEASED,
	  .to = CAMERA_DEGRADED, .next = TRY_SLOWLY, .effects = CAMERA_DO_ALERT },
	{ .in = CAMERA_FAILED, .on = CAMERA_EV_START, .kind = ANY,
	  .to = CAMERA_FAILED, .next = TRY_ASKED },
	{ .in = CAMERA_FAILED, .on = CAMERA_EV_REGENERATE, .kind = ANY,
	  .to = CAMERA_FAILED, .next = TRY_ASKED },
	{ .in = CAMERA_FAILED, .on = CAMERA_EV_RESTART, .kind = ANY,
	  .to = CAMERA_FAILED, .next = TRY_ASKED, .worker = WORKER_EV_RESTART },
	{ .in = CAMERA_FAILED, .on = CAMERA_EV_REPLACED, .kind = LEASED,
	  .to = CAMERA_STARTING, .next = TRY_ASKED },
	{ .in = CAMERA_FAILED, .on = CAMERA_EV_REPLACED, .kind = URL,
	  .to = CAMERA_STARTING, .next = TRY_ASKED, .worker = WORKER_EV_WANTED },
	{ .in = CAMERA_FAILED, .on = CAMERA_EV_STOP, .kind = ANY,
	  .to = CAMERA_STOPPED, .worker = WORKER_EV_UNWANTED, .effects = CAMERA_DO_CANCEL },

	{ .in = CAMERA_DEGRADED, .on = CAMERA_EV_GENERATED, .kind = LEASED,
	  .to = CAMERA_RUNNING, .worker = WORKER_EV_WANTED, .effects = CAMERA_DO_SOURCE },
	{ .in = CAMERA_DEGRADED, .on = CAMERA_EV_FAILED_OFTEN, .kind = ANY,
	  .to = CAMERA_DEGRADED, .next = TRY_SLOWLY },
	/* After UNSUPPORTED it got here with fewer failures than that. */
	{ .in = CAMERA_DEGRADED, .on = CAMERA_EV_GENERATE_FAILED, .kind = LEASED,
	  .to = CAMERA_DEGRADED, .next = TRY_SLOWLY },
	{ .in = CAMERA_DEGRADED, .on = CAMERA_EV_UNSUPPORTED, .kind = LEASED,
	  .to = CAMERA_DEGRADED, .next = TRY_SLOWLY },
	{ .in = CAMERA_DEGRADED, .on = CAMERA_EV_REFUSED, .kind = LEASED, .to = CAMERA_DEGRADED },
	/* degraded_after may have been raised meanwhile. */
	{ .in = CAMERA_DEGRADED, .on = CAMERA_EV_REFUSED, .kind = URL,
	  .to = CAMERA_DEGRADED, .next = TRY_SLOWLY },
	{ .in = CAMERA_DEGRADED, .on = CAMERA_EV_WORKER_READY, .kind = URL, .to = CAMERA_RUNNING },
	{ .in = CAMERA_DEGRADED, .on = CAMERA_EV_TIMER, .kind = URL,
	  .to = CAMERA_DEGRADED, .effects = CAMERA_DO_SOURCE },
	{ .in = CAMERA_DEGRADED, .on = CAMERA_EV_START, .kind = ANY,
	  .to = CAMERA_DEGRADED, .next = TRY_ASKED },
	{ .in = CAMERA_DEGRADED, .on = CAMERA_EV_REGENERATE, .kind = ANY,
	  .to = CAMERA_DEGRADED, .next = TRY_ASKED },
	{ .in = CAMERA_DEGRADED, .on = CAMERA_EV_RESTART, .kind = ANY,
	  .to = CAMERA_DEGRADED, .next = TRY_ASKED, .worker = WORKER_EV_RESTART },
	{ .in = CAMERA_DEGRADED, .on = CAMERA_EV_REPLACED, .kind = LEASED,
	  .to = CAMERA_STARTING, .next = TRY_ASKED },
	{ .in = CAMERA_DEGRADED, .on = CAMERA_EV_REPLACED, .kind = URL,
	  .to = CAMERA_STARTING, .next = TRY_ASKED, .worker = WORKER_EV_WANTED },
	{ .in = CAMERA_DEGRADED, .on = CAMERA_EV_STOP, .kind = ANY,
	  .to = CAMERA_STOPPED, .worker = WORKER_EV_UNWANTED, .effects = CAMERA_DO_CANCEL },
};

/* The worker: died before it was ready, it waits; after, it is spawned at once. */
static const struct worker_row worker_rows[] = {
	{ .in = WORKER_NONE, .on = WORKER_EV_WANTED,
	  .to = WORKER_SPAWNED, .effects = CAMERA_DO_START_WORKER },

	{ .in = WORKER_SPAWNED, .on = WORKER_EV_READY, .to = WORKER_READY },
	{ .in = WORKER_SPAWNED, .on = WORKER_EV_DIED, .to = WORKER_PAUSED },
	{ .in = WORKER_SPAWNED, .on = WORKER_EV_GONE, .to = WORKER_NONE },
	{ .in = WORKER_SPAWNED, .on = WORKER_EV_UNWANTED,
	  .to = WORKER_ENDING, .effects = CAMERA_DO_STOP_WORKER },
	{ .in = WORKER_SPAWNED, .on = WORKER_EV_RESTART,
	  .to = WORKER_RESTARTING, .effects = CAMERA_DO_STOP_WORKER },

	{ .in = WORKER_READY, .on = WORKER_EV_DIED,
	  .to = WORKER_SPAWNED, .effects = CAMERA_DO_START_WORKER },
	{ .in = WORKER_READY, .on = WORKER_EV_GONE, .to = WORKER_NONE },
	{ .in = WORKER_READY, .on = WORKER_EV_UNWANTED,
	  .to = WORKER_ENDING, .effects = CAMERA_DO_STOP_WORKER },
	{ .in = WORKER_READY, .on = WORKER_EV_RESTART,
	  .to = WORKER_RESTARTING, .effects = CAMERA_DO_STOP_WORKER },

	{ .in = WORKER_PAUSED, .on = WORKER_EV_TIMER,
	  .to = WORKER_SPAWNED, .effects = CAMERA_DO_START_WORKER },
	{ .in = WORKER_PAUSED, .on = WORKER_EV_RESTART,
	  .to = WORKER_SPAWNED, .effects = CAMERA_DO_START_WORKER },
	{ .in = WORKER_PAUSED, .on = WORKER_EV_UNWANTED, .to = WORKER_NONE },

	{ .in = WORKER_ENDING, .on = WORKER_EV_DIED, .to = WORKER_NONE },
	{ .in = WORKER_ENDING, .on = WORKER_EV_GONE, .to = WORKER_NONE },
	{ .in = WORKER_ENDING, .on = WORKER_EV_WANTED, .to = WORKER_RESTARTING },

	{ .in = WORKER_RESTARTING, .on = WORKER_EV_DIED,
	  .to = WORKER_SPAWNED, .effects = CAMERA_DO_START_WORKER },
	{ .in = WORKER_RESTARTING, .on = WORKER_EV_GONE, .to = WORKER_NONE },
	{ .in = WORKER_RESTARTING, .on = WORKER_EV_UNWANTED, .to = WORKER_ENDING },
};

/* clang-format on */

const struct camera_row *
camera_table_stream(enum camera_state in, enum camera_event on, enum kind kind)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].in == in && rows[i].on == on && rows[i].kind & kind)
			return &rows[i];
	}
	return NULL;
}

const struct worker_row *
camera_table_worker(enum worker_state in, enum worker_event on)
{
	for (size_t i = 0; i < sizeof(worker_rows) / sizeof(worker_rows[0]); i++) {
		if (worker_rows[i].in == in && worker_rows[i].on == on)
			return &worker_rows[i];
	}
	return NULL;
}
