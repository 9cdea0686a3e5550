#ifndef SUPERVISOR_SCHEDULER_STATE_H
#define SUPERVISOR_SCHEDULER_STATE_H

#include "supervisor/breaker.h"
#include "supervisor/line.h"
#include "supervisor/scheduler_view.h"

/* The inside of a scheduler: for scheduler*.c, choice.c and admission.c alone. */

enum stream_state {
	STREAM_NONE,
	STREAM_LIVING,
	STREAM_ENDING, /* a Stop is wanted */
};

/* One camera. */
struct entry {
	int camera;
	struct quota_device *device; /* owned */
	enum stream_state stream;
	struct lease lease; /* unless STREAM_NONE */
	bool wants_extend;  /* operator */
	bool wants_generate;
	enum generate_reason reason;
	ms_t from;            /* the Generate is wanted from then on */
	unsigned ticket;      /* first come, first served */
	struct api_call call; /* in flight, or CALL_NONE */
	ms_t left_at;         /* of the last call */
	unsigned announce;    /* events not yet taken, bits of enum scheduler_event_kind */
	unsigned told;        /* events announced for this stream or this wish */
	int expired_failures; /* of the SCHEDULER_EXPIRED to be taken */
};

struct scheduler {
	struct scheduler_settings settings;
	struct quota *quota;    /* owned */
	struct entry **entries; /* owned; by lease.expires_at since the last look */
	int count;
	struct lease **line; /* the living of entries, in their order */
	int living;
	struct breaker breaker;
	unsigned announce; /* SCHEDULER_API_DOWN, SCHEDULER_API_BACK */
	bool held;
	bool started;  /* start_at is set */
	ms_t start_at; /* when the last GENERATE_START left */
	unsigned tickets;
	unsigned calls;
	ms_t life_ms;      /* of the last stream that was granted for a time worth the name */
	double fail_ratio; /* of the last few hundred calls while the API was up */
	ms_t slow_ms;      /* what the slowest of the last answers took */
	int unanswered;    /* calls since the last answer that were waited for in vain */
	struct scheduler_stats stats;
};

/* One look at all of them. */
struct look {
	ms_t now;
	ms_t again; /* look again at the latest */
	ms_t spare; /* of the line */
	struct slots slots;
};

/* The camera of that number; NULL if there is none. */
struct entry *scheduler_entry(const struct scheduler *s, int camera);

/* A stream begins, is extended, ends. */
void scheduler_lease_begin(struct scheduler *s, struct entry *e, ms_t granted_at, ms_t expires_at);
void scheduler_lease_renew(struct scheduler *s, struct entry *e, ms_t granted_at, ms_t expires_at);
void scheduler_lease_end(struct entry *e);

#endif
