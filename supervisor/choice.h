#ifndef SUPERVISOR_CHOICE_H
#define SUPERVISOR_CHOICE_H

#include "supervisor/scheduler_state.h"

/* Puts the entries in order, finds out who can be saved and what the line can spare. */
void choice_look(struct scheduler *s, ms_t now, struct look *look);

/* Whether every living stream would still be reached if one call more than the bucket is known to
 * take were tried now and refused. After choice_look. */
bool choice_bears_refusal(const struct scheduler *s, ms_t now);

/* The same if a 429 let the bucket rest for a window. After choice_look. */
bool choice_bears_rest(const struct scheduler *s, ms_t now);

/* Whom the slot that is free at look->now is given to: NULL if nobody, then look->again says when
 * that may change. */
struct entry *choice_make(struct scheduler *s, struct look *look, enum call_kind *kind);

/* To be told once by scheduler_event. */
void choice_announce(struct entry *e, enum scheduler_event_kind kind);

#endif
