/* scheduler_plan.c - what the scheduler would do next if every call worked.
 * Owns a copy of the scheduler while it plays it forward with the very choice that is made for
 * real. A camera's own buckets are as full as they are now. Pure. Loop thread. */
#include <stdlib.h>

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

static struct scheduler *
copy_new(const struct scheduler *s)
{
	struct scheduler *copy = malloc(sizeof(*copy));
	size_t n = (size_t)s->count + 1;

	if (!copy)
		abort();
	*copy = *s;
	copy->entries = calloc(n, sizeof(struct entry *));
	copy->line = calloc(n, sizeof(struct lease *));
	struct entry *entries = calloc(n, sizeof(*entries));
	if (!copy->entries || !copy->line || !entries)
		abort();
	for (int i = 0; i < s->count; i++) {
		entries[i] = *s->entries[i];
		copy->entries[i] = &entries[i];
	}
	/* sort moves the pointers; this one is to be freed, and there may be no other. */
	copy->entries[s->count] = entries;
	return copy;
}

static void
copy_free(struct scheduler *copy)
{
	free(copy->entries[copy->count]);
	free(copy->entries);
	free(copy->line);
	free(copy);
}

static void
land(struct scheduler *s, ms_t now)
{
	for (int i = 0; i < s->count; i++) {
		struct entry *e = s->entries[i];

		if (e->call.kind)
			succeed(s, e, e->call.kind, now);
		e->call.kind = CALL_NONE;
		e->lease.busy = false;
	}
}

int
scheduler_plan(const struct scheduler *s, ms_t now, struct planned_call *out, int max)
{
	struct scheduler *copy = copy_new(s);
	ms_t at = quota_when(s->quota, NULL, CALL_EXTEND, now);
	int n = 0;

	if (s->held)
		at = MS_NEVER;
	land(copy, now);
	for (int looks = 0; n < max && looks < LOOKS_PER_CALL * max && at < MS_NEVER; looks++) {
		struct look look;
		enum call_kind kind;

		choice_look(copy, at, &look);
		struct entry *e = choice_make(copy, &look, &kind);
		if (!e) {
			at = look.again;
			continue;
		}
		out[n++] = (struct planned_call){ .kind = kind, .camera = e->camera, .at = at };
		succeed(copy, e, kind, at);
		copy->breaker.open = false;
		at += look.slots.pace_ms;
	}
	copy_free(copy);
	return n;
}
