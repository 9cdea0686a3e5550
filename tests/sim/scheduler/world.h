#ifndef TESTS_SIM_SCHEDULER_WORLD_H
#define TESTS_SIM_SCHEDULER_WORLD_H

#include "supervisor/camera.h"
#include "tests/sim/scheduler/sim.h"

/* The inside of a run: for world, google, daemon, events and count. */

#define CALL_TIMEOUT_S 30
#define ARRIVAL_S 0.5 /* calls reach the API after 0 to that: docs/sources.md */
#define EXPIRING_WITHIN_S 10.0
/* offline_retry: a worker left without a stream tries the old one that often. */
#define PROBE_S 60

/* Moments in their order. */
struct moments {
	ms_t *at; /* owned */
	int count;
	int size;
};

/* One call on its way. */
struct flight {
	int camera;
	struct api_call call;
	ms_t left;
	ms_t arrives; /* MS_NEVER once it has */
	ms_t answered;
	bool orphan; /* the supervisor that made it is gone */
	struct call_answer answer;
};

struct unit {
	struct camera *machine; /* owned; NULL while the supervisor is gone */
	int account;
	bool wanted; /* by the operator */
	ms_t added_at;
	ms_t expires_at; /* by Google's word; 0: no stream */
	ms_t stored_granted_at;
	ms_t stored_expires_at; /* what the supervisor's store says; 0: no stream */
	bool busy;
	bool at_stake;      /* lived when the outage began: see count_slot */
	ms_t running_at;    /* first; -1: not yet */
	ms_t dead_since;    /* -1: lives, or never lived, or not to be counted */
	ms_t degraded_call; /* the last of its calls while degraded; -1 */
	ms_t refused_at;    /* its worker tries the lost stream again; MS_NEVER */
	bool died;
	struct moments arrivals;
	struct moments command_arrivals[CALL_LIST];
	struct sim_camera result;
};

struct call_log {
	int camera;
	enum call_kind kind;
	ms_t at;
};

struct account_world {
	void *policy; /* owned; NULL while the supervisor is gone */
	ms_t step_at;
	struct moments arrivals;
	bool stake; /* an outage began: the first slot after it is awaited */
	ms_t stake_until;
	ms_t other_at; /* the other program's next call; 0: there is none */
};

enum due_state { DUE_LATER, DUE_ON, DUE_OVER };

/* An event of the scenario with its moment drawn. */
struct due {
	const struct scenario_event *event;
	enum due_state state;
	ms_t at;
	ms_t until;
};

struct world {
	const struct scenario *sc;
	const struct policy *policy;
	const struct sim_watch *watch;
	double second; /* in ms */
	unsigned long long seed;
	ms_t now;
	struct unit *units; /* owned; all there will ever be, the first .count exist */
	int count;
	struct account_world accounts[SCENARIO_ACCOUNTS_MAX];
	struct flight *flights; /* owned */
	int flight_count;
	int flight_size;
	struct due due[SCENARIO_EVENTS_MAX];
	struct call_log *log; /* owned: the store's memory of calls */
	int log_count;
	int log_size;
	ms_t last_death;
	int burst;
	struct sim_result result;
};

/* world.c. Any 32 bits; a number between two; seconds of this scenario in ms. */
unsigned world_draw(struct world *w);
double world_uniform(struct world *w, double from, double to);
ms_t world_span(const struct world *w, double seconds);
double world_seconds(const struct world *w, ms_t span);
void world_grow(void **array, int count, int *size, size_t element);
void world_most(int *most_so_far, int n);

#endif
