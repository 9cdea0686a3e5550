#ifndef TESTS_SIM_SCHEDULER_PARTS_H
#define TESTS_SIM_SCHEDULER_PARTS_H

#include "tests/sim/scheduler/world.h"

/* What the parts of a run ask of each other. */

/* events.c: what the scenario says happens. */
void events_begin(struct world *w);
void events_step(struct world *w);
ms_t events_next(const struct world *w);
const struct scenario_event *events_on(
	const struct world *w, enum scenario_event_kind kind, const struct unit *u);

/* google.c: a call reaches Google, which counts and judges it. */
void google_arrive(struct world *w, struct flight *f);

/* daemon.c: what camrelayd does. */
struct scheduler_settings daemon_settings(const struct scenario *sc);
void daemon_start(struct world *w, bool restart);
void daemon_stop(struct world *w);
void daemon_add(struct world *w, int camera);
void daemon_happen(struct world *w, struct unit *u, enum camera_event ev);
void daemon_restore(struct world *w, int camera);
void daemon_probe(struct world *w, struct unit *u);
void daemon_answer(struct world *w, const struct flight *f);
void daemon_step(struct world *w, int account);

/* count.c: what the result is made of. */
void count_life(struct world *w, struct unit *u);
void count_moment(struct world *w);
void count_stake(struct world *w, int account, ms_t until);
void count_slot(struct world *w, int account, ms_t slot);
void count_end(struct world *w);

#endif
