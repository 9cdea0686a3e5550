#ifndef SUPERVISOR_CAMERAS_STATE_H
#define SUPERVISOR_CAMERAS_STATE_H

#include "supervisor/unit.h"

/* What the camera table consists of. For cameras*.c. */

/* A list of units, which it does not own. All zero: empty. */
struct units {
	struct unit **units;
	size_t count;
};

void units_add(struct units *list, struct unit *u);                  /* at its end */
struct unit *units_find(const struct units *list, const char *name); /* NULL: none */
void units_take(struct units *list, struct unit *u);                 /* out of its list */
void units_clear(struct units *list);                                /* the list, not the units */

struct cameras {
	struct cameras_config config;
	struct units units;    /* owned, in the configuration's order */
	struct units leavers;  /* owned: no longer configured, not yet ended */
	struct units prepared; /* owned, between cameras_prepare and the next step */
	int numbers;           /* given out so far */
	struct {
		uv_timer_t timer;
		void (*done)(void *arg, bool clean); /* NULL: not shutting down */
		void *arg;
	} shutdown;
	int open_handles; /* the timer's and the units' */
};

/* The unit of that number, which there must be. */
struct unit *cameras_find_number(const struct cameras *t, int number);

/* A unit with its socket, in no list yet; NULL with a sentence in why. */
struct unit *cameras_make_unit(
	struct cameras *t, const struct config_camera *config, char *why, size_t why_size);

/* Out of whatever list before. */
void cameras_free_unit(struct cameras *t, struct unit *u);

#endif
