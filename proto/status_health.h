#ifndef PROTO_STATUS_HEALTH_H
#define PROTO_STATUS_HEALTH_H

#include <stdint.h>

/* Rows of the snapshot (status.h): how the machine is, and what it is too much for. */

/* One check of the machine. */
struct status_check {
	char *name;   /* disk state, memory, cpu, network HOST:PORT, permissions, clock */
	char *status; /* ok, warn, error */
	char *text;
	double value;     /* percent, ms of the clock; of the others 0, 1, 2 as the status */
	int64_t since_ms; /* so long with this status */
	int64_t age_ms;   /* of the last reading */
};

/* What a camera does without by the resource guard, as of its last look. */
struct status_limit {
	char *camera;
	char *step; /* none, warn, recording off, substream, paused; the latter ones include the
		       others */
	char *own;  /* what of this is for the camera's own load */
	char *why;  /* what of it is over which limit; NULL: nothing */
	int64_t priority;
	int64_t memory_bytes; /* resident */
	double cpu_percent;   /* of one core */
	double fps;
	int64_t restarts; /* of its worker, for its memory */
};

#endif
