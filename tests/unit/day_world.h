#ifndef TESTS_UNIT_DAY_WORLD_H
#define TESTS_UNIT_DAY_WORLD_H

#include "supervisor/camera.h"
#include "tests/unit/day.h"

/* The inside of a day: for day*.c alone. */

#define CAMERAS_MAX 128
#define ACCOUNTS_MAX 2
#define CALLS_MAX 100000
#define CALL_TIMEOUT_S 10
#define ARRIVAL_S 0.5 /* calls reach the API after 0 to that, and are answered after */
#define ANSWER_MIN_S 0.5
#define ANSWER_MAX_S 2.0
#define EXPIRING_WITHIN_S 10.0

/* One call on its way. */
struct flight {
	struct api_call call;
	ms_t left;
	ms_t arrives;  /* MS_NEVER once it has */
	ms_t answered; /* MS_NEVER: no call */
	struct call_answer answer;
};

struct unit {
	struct camera *machine;
	int account;
	ms_t expires_at; /* by Google's word; 0: no stream */
	ms_t running_at; /* first; -1: not yet */
	ms_t dead_since; /* -1: lives, or never lived */
	bool died;
	struct flight flight;
	ms_t *arrivals; /* owned */
	int arrival_count;
	ms_t command_arrivals[CALL_LIST][8]; /* ring of the last */
	int command_count[CALL_LIST];
};

struct world {
	const struct day *day;
	double second; /* in ms */
	unsigned long long seed;
	ms_t now;
	struct unit units[CAMERAS_MAX];
	struct scheduler *schedulers[ACCOUNTS_MAX];
	ms_t step_at[ACCOUNTS_MAX];
	ms_t *arrivals[ACCOUNTS_MAX]; /* owned */
	int arrival_count[ACCOUNTS_MAX];
	ms_t last_death;
	int burst;
	ms_t ends[CAMERAS_MAX]; /* when the outage began */
	int end_count;
	struct day_result result;
};

/* Any 32 bits; a number between two; seconds of this day in ms; value, or otherwise if 0. */
unsigned day_draw(struct world *w);
double day_uniform(struct world *w, double from, double to);
ms_t day_span(const struct world *w, double seconds);
int day_either(int value, int otherwise);
void day_most(int *most_so_far, int n);

/* The fault of that kind that is on now, or NULL; whether it is on for this camera. */
const struct day_fault *day_fault_now(const struct world *w, enum day_fault_kind kind);
bool day_hit(const struct world *w, enum day_fault_kind kind, const struct unit *u);

/* day_google.c: a call reaches Google, which counts and judges it. */
void day_arrive(struct world *w, struct unit *u);

/* day_count.c: what the result is made of. */
void day_count_life(struct world *w, struct unit *u);
void day_count_healed(struct world *w);
void day_remember_ends(struct world *w);
void day_count_unsavable(struct world *w, ms_t slot);
void day_count_end(struct world *w);

#endif
