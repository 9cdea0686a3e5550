#ifndef TESTS_SIM_SCHEDULER_SIM_H
#define TESTS_SIM_SCHEDULER_SIM_H

#include "tests/sim/scheduler/policy.h"
#include "tests/sim/scheduler/scenario.h"

/* A scenario played once, in virtual time: the modules that camrelayd links, against a model of
 * Google that counts its buckets where calls arrive and refuses what exceeds them. */

/* What became of one camera. */
struct sim_camera {
	int account;
	int deaths;
	double downtime_s;
	int calls;
	int max_hour;       /* arrivals in any hour */
	double first_run_s; /* since it was added; -1: never */
	double margin_s;    /* least life left when an Extend arrived; 1e9: there was none */
};

/* Cameras that are offline, broken or stopped are not counted in deaths and downtime. */
struct sim_result {
	int deaths;            /* living streams that expired */
	int worst_burst;       /* most of them within 10 s */
	int most_dead;         /* most cameras without a stream at one time, once all had run */
	double downtime_s;     /* of all cameras, since each was first running */
	int calls[CALL_LIST];  /* that left, by kind */
	int max_minute;        /* arrivals in any 60 s, of the worst account */
	int max_hour;          /* arrivals in any hour, of the worst camera */
	int refused;           /* answers with 429, whatever for */
	int over_quota;        /* of these, for a bucket that was full */
	double margin_s;       /* as of sim_camera, of the worst */
	double all_running_s;  /* the longest a camera waited for its first stream; -1: for ever */
	double healed_s;       /* from the last event's end until all ran; -1: never */
	double heal_slots_s;   /* what the slots that this needs take; 0: no outage, no restart */
	int uninterrupted;     /* cameras that started and never died */
	int unsavable;         /* the bound of deaths: see count_slot */
	double degraded_gap_s; /* least time between two calls of a degraded camera; 1e9 */
	int events[SCHEDULER_API_BACK + 1];
	struct sim_camera *cameras; /* owned */
	int camera_count;
};

void sim_result_clear(struct sim_result *r);

/* A call that leaves, with what the supervisor knows at that moment. For tests. */
struct sim_stream {
	bool lives;
	bool busy;       /* a call for it is in flight */
	ms_t expires_at; /* as it was told */
};

struct sim_call {
	enum call_kind kind;
	int camera;
	ms_t now;
	int account;
	const struct sim_stream *streams; /* of all cameras; those of other accounts do not live */
	int count;
};

/* Both may be NULL. */
struct sim_watch {
	void (*on_call)(const struct sim_call *call, void *arg);
	/* After each moment: the least life left among the living streams, and how many live. */
	void (*on_moment)(double now_s, double margin_s, int living, void *arg);
	void *arg;
};

/* watch may be NULL. The same seed gives the same result. Free it with sim_result_clear. */
struct sim_result sim_run(const struct scenario *sc, const struct policy *policy, unsigned seed,
	const struct sim_watch *watch);

#endif
