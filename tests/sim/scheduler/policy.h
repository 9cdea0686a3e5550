#ifndef TESTS_SIM_SCHEDULER_POLICY_H
#define TESTS_SIM_SCHEDULER_POLICY_H

#include "supervisor/scheduler.h"

/* Who decides which call leaves when: the scheduler of camrelayd, or the rule that it is compared
 * with. The verbs are those of supervisor/scheduler.h, on an object of the policy's own. */
struct policy {
	const char *name;
	void *(*new)(const struct scheduler_settings *settings);
	void (*free)(void *p);
	int (*add)(void *p, int camera);
	void (*want_generate)(void *p, int camera, enum generate_reason reason, ms_t from);
	void (*cancel)(void *p, int camera);
	void (*want_stop)(void *p, int camera);
	void (*called)(void *p, int camera, enum call_kind kind, ms_t at);
	void (*restored)(void *p, int camera, ms_t granted_at, ms_t expires_at);
	void (*lost)(void *p, int camera);
	enum call_verdict (*answered)(
		void *p, const struct api_call *call, const struct call_answer *answer, ms_t now);
	ms_t (*step)(void *p, ms_t now, struct api_call *out);
	bool (*event)(void *p, struct scheduler_event *out);
};

extern const struct policy policy_deadline; /* the scheduler itself */

/* The classic rule: a monitor asks every 30 s for an Extend of what has less than 60 s left;
 * Extends before Generates, first come first served, a call every 6 s. No guard, no deadlines. */
extern const struct policy policy_fixed60;

/* The same at the guarded pace: what is left of the difference is the policy's. */
extern const struct policy policy_fixed60_guarded;

/* By name; NULL if there is none of that name. */
const struct policy *policy_find(const char *name);

#endif
