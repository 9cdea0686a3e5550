#ifndef SUPERVISOR_TALLY_H
#define SUPERVISOR_TALLY_H

#include <stdint.h>

#include "supervisor/camera.h"

struct store;

/* How often things happened to a camera, ever: kept in the store over restarts of the supervisor,
 * and by a camera's name, so that one that was removed goes on counting when it comes back. Loop
 * thread. */
enum tally_kind {
	TALLY_GENERATED, /* streams granted */
	TALLY_EXTENDED,
	TALLY_LOST, /* streams that ended while they were wanted */
	TALLY_WORKERS,
	TALLY_KINDS
};

struct tally {
	struct store *store; /* lent; NULL: counted from the start of the process */
	const char *camera;  /* lent */
	int64_t counts[TALLY_KINDS];
};

/* Takes up what the store has. */
void tally_open(struct tally *t, struct store *store, const char *camera);

/* One more. What cannot be written is counted all the same. */
void tally_add(struct tally *t, enum tally_kind kind);

/* The same, where the event is one that counts. */
void tally_event(struct tally *t, enum camera_event ev);

#endif
