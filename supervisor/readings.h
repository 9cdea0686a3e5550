#ifndef SUPERVISOR_READINGS_H
#define SUPERVISOR_READINGS_H

#include <stddef.h>
#include <stdint.h>

#include "supervisor/check.h"

struct config;

/* Reads what the checks judge: disks, memory, CPU, permissions, and whether services are reached.
 * Blocks: for a thread of the pool. */

/* What is to be read, of one configuration; its own copy. */
struct readings_plan;

/* Never NULL. */
struct readings_plan *readings_plan_new(const struct config *config);
void readings_plan_free(struct readings_plan *p); /* NULL is fine */

/* Whether it would read the check of that name. What it always reads, it has. */
bool readings_plan_has(const struct readings_plan *p, enum check_kind kind, const char *name);

/* Since boot, in the kernel's ticks; {0}: not read yet. */
struct readings_cpu {
	int64_t busy, total;
};

/* An array of what could be read, to be freed. cpu: as it was at the last reading, and is now; the
 * first tells nothing. */
struct check_reading *readings_of_machine(
	const struct readings_plan *p, struct readings_cpu *cpu, size_t *count);

/* The same of every service: its name is resolved and a connection made, nothing is said. */
struct check_reading *readings_of_network(const struct readings_plan *p, size_t *count);

#endif
