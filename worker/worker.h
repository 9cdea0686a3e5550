#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include <stdint.h>

/* The whole of one camera's process: made, run until it is told to stop, freed. */
struct worker;

struct worker_config {
	const char *camera; /* lent, as socket */
	int64_t gen;
	const char *socket; /* the supervisor's */
};

/* Returns 0, or an enum err with a sentence logged. */
int worker_new(const struct worker_config *config, struct worker **out);

/* Runs on this thread until a stop message, SIGTERM, or the end of the supervisor. Returns one of
 * proto/contract.h's exit codes. */
int worker_run(struct worker *w);

void worker_free(struct worker *w); /* NULL is fine */

#endif
