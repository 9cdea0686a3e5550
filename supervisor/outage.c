/* outage.c - whether a camera is away, in the eyes of people.
 * Owns when that began and whether it was told. Tells nobody itself. Pure; loop thread. */
#include <stdio.h>

#include "supervisor/outage.h"

enum outage_news
outage_gone(struct outage *o, ms_t since, bool certain, const char *why)
{
	if (o->state == OUTAGE_NONE) {
		o->state = OUTAGE_SHORT;
		o->since = since;
		o->why[0] = '\0';
	}
	o->back = MS_NEVER;
	if (why && *why)
		snprintf(o->why, sizeof(o->why), "%s", why);
	if (o->state == OUTAGE_TOLD || !certain)
		return OUTAGE_NO_NEWS;
	o->state = OUTAGE_TOLD;
	return OUTAGE_OFFLINE;
}

void
outage_back(struct outage *o, ms_t now)
{
	if (o->state != OUTAGE_NONE && o->back == MS_NEVER)
		o->back = now;
}

ms_t
outage_due(const struct outage *o, const struct outage_times *t)
{
	if (o->state != OUTAGE_NONE && o->back != MS_NEVER)
		return o->back + t->back_ms;
	return o->state == OUTAGE_SHORT ? o->since + t->after_ms : MS_NEVER;
}

enum outage_news
outage_step(struct outage *o, const struct outage_times *t, ms_t now, ms_t *lasted_ms)
{
	const bool told = o->state == OUTAGE_TOLD;

	if (now < outage_due(o, t))
		return OUTAGE_NO_NEWS;
	if (o->back == MS_NEVER) {
		o->state = OUTAGE_TOLD;
		return OUTAGE_OFFLINE;
	}
	*lasted_ms = o->back - o->since;
	outage_forget(o);
	return told ? OUTAGE_ONLINE : OUTAGE_NO_NEWS;
}

void
outage_forget(struct outage *o)
{
	*o = (struct outage){ .state = OUTAGE_NONE };
}

/* The largest unit that is not 0, and the next smaller one. */
char *
outage_span(ms_t ms, char *out, size_t size)
{
	long long s = ms / 1000;

	if (s < 60)
		snprintf(out, size, "%lld s", s);
	else if (s < 3600)
		snprintf(out, size, "%lld min %lld s", s / 60, s % 60);
	else if (s < 86400)
		snprintf(out, size, "%lld h %lld min", s / 3600, s / 60 % 60);
	else
		snprintf(out, size, "%lld d %lld h", s / 86400, s / 3600 % 24);
	return out;
}
