/* tally.c - a camera's counters. Owns their names in the store. Loop thread. */
#include "supervisor/store.h"
#include "supervisor/tally.h"

static const char *const names[TALLY_KINDS] = {
	[TALLY_GENERATED] = "generated",
	[TALLY_EXTENDED] = "extended",
	[TALLY_LOST] = "lost",
	[TALLY_WORKERS] = "workers",
};

void
tally_open(struct tally *t, struct store *store, const char *camera)
{
	*t = (struct tally){ .store = store, .camera = camera };
	for (int kind = 0; store && kind < TALLY_KINDS; kind++)
		store_get_counter(store, camera, names[kind], &t->counts[kind]);
}

void
tally_add(struct tally *t, enum tally_kind kind)
{
	t->counts[kind]++;
	if (t->store)
		store_set_counter(t->store, t->camera, names[kind], t->counts[kind]);
}

void
tally_event(struct tally *t, enum camera_event ev)
{
	if (ev == CAMERA_EV_GENERATED)
		tally_add(t, TALLY_GENERATED);
	else if (ev == CAMERA_EV_EXTENDED)
		tally_add(t, TALLY_EXTENDED);
	else if (ev == CAMERA_EV_LOST || ev == CAMERA_EV_REFUSED)
		tally_add(t, TALLY_LOST);
}
