#ifndef SUPERVISOR_ADMISSION_H
#define SUPERVISOR_ADMISSION_H

#include "supervisor/scheduler_state.h"

/* Whether e's Generate may be sent as far as the number of streams goes: those that live and one
 * more can be held for ever. If not, that is announced, and if so configured one that has lived for
 * long makes room. */
bool admission_room(struct scheduler *s, const struct look *look, struct entry *e);

/* What the line must be able to spare for it. */
ms_t admission_spare(const struct scheduler *s, const struct look *look, const struct entry *e);

#endif
