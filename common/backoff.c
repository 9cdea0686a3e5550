/* backoff.c - how long to wait before the next try: doubling, cap, jitter. Pure. */
#include "common/backoff.h"

ms_t
backoff_next(struct backoff *b, uint32_t random)
{
	ms_t pause = b->first_ms;

	for (unsigned i = 0; i < b->tries && pause < b->cap_ms; i++)
		pause *= 2;
	if (pause > b->cap_ms)
		pause = b->cap_ms;
	b->tries++;

	/* Uniform in [-span, +span]; the cap bounds what jitter makes of it too. */
	ms_t span = pause * b->jitter_percent / 100;
	pause += (ms_t)((uint64_t)random * (uint64_t)(2 * span + 1) >> 32) - span;
	return pause > b->cap_ms ? b->cap_ms : pause;
}

ms_t
backoff_next_asked(struct backoff *b, uint32_t random, ms_t asked_ms)
{
	ms_t pause_ms = backoff_next(b, random);

	if (asked_ms > BACKOFF_ASKED_MAX_MS)
		asked_ms = BACKOFF_ASKED_MAX_MS;
	return asked_ms > pause_ms ? asked_ms : pause_ms;
}

void
backoff_reset(struct backoff *b)
{
	b->tries = 0;
}
