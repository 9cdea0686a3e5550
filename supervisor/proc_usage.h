#ifndef SUPERVISOR_PROC_USAGE_H
#define SUPERVISOR_PROC_USAGE_H

#include <stdint.h>

#include "common/clock.h"

/* What a process takes of the machine, as of a look at it and the one before. */
struct proc_usage {
	/* As of the last look at it. */
	double cpu_percent; /* of one processor, over the time since the look before; 0 at first */
	int64_t memory_bytes; /* resident */
	/* The looks themselves. */
	int64_t pid;
	int64_t cpu_ms; /* that it has used in all */
	ms_t at;
};

/* Looks again, if the last look at that process is not younger than a second. Of a process that is
 * not there all is 0. u begins as zeros. */
void proc_usage_look(struct proc_usage *u, int64_t pid, ms_t now);

#endif
