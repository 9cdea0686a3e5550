/* breaker.c - is it one camera that fails, or Google.
 * Owns the count and the pause between probes. Pure. Loop thread. */
#include "supervisor/breaker.h"

/* At one failing call in twenty, three in a row are seen twice a day; they cost nothing then, since
 * the probe is the call that was due anyway. */
#define FAILURES_OPEN 3

bool
breaker_failed(struct breaker *b, int camera, bool alone)
{
	if (b->failures == 0)
		b->camera = camera;
	else if (b->camera != camera)
		b->several = true;
	b->failures++;
	if (b->open || b->failures < FAILURES_OPEN || !(b->several || alone))
		return false;
	b->open = true;
	return true;
}

bool
breaker_answered(struct breaker *b)
{
	bool closed = b->open;

	*b = (struct breaker){ 0 };
	return closed;
}

void
breaker_probed(struct breaker *b, ms_t pace_ms, ms_t cap_ms, ms_t spare_ms, ms_t now)
{
	ms_t pause = pace_ms;

	for (int i = 0; i < b->probes && pause < cap_ms; i++)
		pause *= 2;
	if (pause > cap_ms)
		pause = cap_ms;
	if (pause > spare_ms / 2)
		pause = spare_ms / 2;
	b->probes++;
	b->probe_at = now + pause;
}
