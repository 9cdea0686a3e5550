/* scheduler_plan.c - what the scheduler would do next if every call worked.
 * Owns a copy of the scheduler while it plays it forward with the very choice that is made for
 * real. A camera's own buckets are as full as they are now. Pure. Loop thread. */
#include <stdlib.h>

#include "common/xmalloc.h"
#include "supervisor/choice.h"

/* Most looks that find nobody to call lead to one that does. */
#define LOOKS_PER_CALL 8

/* What a planned call comes to. */
static void
succeed(struct scheduler *s, struct entry *e, enum call_kind kind, ms_t at)
{
	ms_t life = s->life_ms;

	if (kind == CALL_GENERATE) {
		e->wants_generate = false;
		scheduler_lease_begin(s, e, at, at + life);
	} else if (kind == CALL_EXTEND) {
		scheduler_lease_renew(s, e, at, at + e->lease.expires_at - e->lease.granted_at);
	} else {
		scheduler_lease_end(e);
	}
	s->life_ms = life;
}

struct rehearsal {
	struct scheduler s;
	struct entry *entries; /* owned; s.entries point into it */
};

/* Calls in flight have worked. */
static void
rehearsal_init(struct rehearsal *r, const struct scheduler *s, ms_t now)
{
	size_t n = (size_t)s->count + 1;

	*r = (struct rehearsal){ .s = *s, .entries = xcalloc(n, sizeof(*r->entries)) };
	r->s.entries = xcalloc(n, sizeof(struct entry *));
	r->s.line = xcalloc(n, sizeof(struct lease *));
	for (int i = 0; i < s->count; i++) {
		struct entry *e = &r->entries[i];

		*e = *s->entries[i];
		r->s.entries[i] = e;
		if (e->call.kind)
			succeed(&r->s, e, e->call.kind, now);
		e->call.kind = CALL_NONE;
		e->lease.busy = false;
	}
}

static void
rehearsal_clear(struct rehearsal *r)
{
	free(r->entries);
	free(r->s.entries);
	free(r->s.line);
}

int
scheduler_plan(const struct scheduler *s, ms_t now, struct planned_call *out, int max)
{
	struct rehearsal r;
	ms_t at = s->held ? MS_NEVER : quota_when(s->quota, NULL, CALL_EXTEND, now);
	int n = 0;

	rehearsal_init(&r, s, now);
	for (int looks = 0; n < max && looks < LOOKS_PER_CALL * max && at < MS_NEVER; looks++) {
		struct look look;
		enum call_kind kind;

		choice_look(&r.s, at, &look);
		struct entry *e = choice_make(&r.s, &look, &kind);
		if (!e) {
			at = look.again;
			continue;
		}
		out[n++] = (struct planned_call){ .kind = kind, .camera = e->camera, .at = at };
		succeed(&r.s, e, kind, at);
		r.s.breaker.open = false;
		at += look.slots.pace_ms;
	}
	rehearsal_clear(&r);
	return n;
}
