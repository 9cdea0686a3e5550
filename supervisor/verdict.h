#ifndef SUPERVISOR_VERDICT_H
#define SUPERVISOR_VERDICT_H

#include <stdbool.h>

#include "supervisor/scheduler.h"
#include "supervisor/sdm_answer.h"

/* What an answer of Google's means to the scheduler, and the words for both. Pure. */
struct call_answer verdict_of_answer(
	const struct sdm_answer *answer, enum call_kind kind, ms_t now);

/* It is no use to ask soon again: no such device, or one that does not stream by RTSP. */
bool verdict_is_hopeless(const struct sdm_answer *answer);

/* "extend", ...; "retried", "stream lost", ... */
const char *verdict_call_name(enum call_kind kind);
const char *verdict_name(enum call_verdict verdict);

#endif
