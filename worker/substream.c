/* substream.c - the smaller stream's turns. Pure. */
#include "worker/substream.h"

/* A main stream that was carried for so long is sound: its next trouble is the first again. */
#define SOUND_STAYS 2

static void
leave_main(struct substream *s, ms_t now)
{
	const bool first = s->stay_ms == 0 || now - s->changed_at >= SOUND_STAYS * s->stay_ms;

	s->stay_ms = first ? SUBSTREAM_STAY_MS : 2 * s->stay_ms;
	if (s->stay_ms > SUBSTREAM_STAY_MAX_MS)
		s->stay_ms = SUBSTREAM_STAY_MAX_MS;
	s->active = true;
	s->changed_at = now;
}

bool
substream_step(struct substream *s, bool overloaded, ms_t now)
{
	if (!s->active && overloaded && now >= s->not_before) {
		leave_main(s, now);
		return true;
	}
	if (s->active && !overloaded && now - s->changed_at >= s->stay_ms) {
		s->active = false;
		s->changed_at = now;
		return true;
	}
	return false;
}

void
substream_on_failure(struct substream *s, ms_t now)
{
	s->active = false;
	s->changed_at = now;
	s->not_before = now + s->stay_ms;
}
