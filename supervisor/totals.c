/* totals.c - a camera's counters over the lives of its workers. Owns the sums; the figures are the
 * workers'. Pure. Loop thread. */
#include "supervisor/totals.h"

/* Every member of status_totals is a number of the same type. */
#define TOTALS (sizeof(struct status_totals) / sizeof(int64_t))

static struct status_totals
add(const struct status_totals *a, const struct status_totals *b)
{
	struct status_totals sum = *a;
	int64_t *to = (int64_t *)&sum;
	const int64_t *from = (const int64_t *)b;

	_Static_assert(sizeof(sum) % sizeof(int64_t) == 0, "numbers only");
	for (size_t i = 0; i < TOTALS; i++)
		to[i] += from[i];
	return sum;
}

void
totals_on_stats(struct totals *t, const struct msg_stats *s, ms_t now)
{
	struct status_totals *n = &t->now;

	n->frames = s->frames;
	n->keyframes = s->keyframes;
	n->bytes_in = s->bytes_in;
	n->packets_in = s->packets_in;
	n->gaps = s->gaps;
	n->late = s->late;
	n->b_frames = s->b_frames;
	n->b_dropped = s->b_dropped;
	n->packets = s->packets;
	n->bytes = s->bytes;
	n->dropped = s->dropped;
	n->nacks = s->nacks;
	n->resent = s->resent;
	n->plis = s->plis;
	n->firs = s->firs;
	n->replays = s->replays;
	n->sound_packets = s->sound_packets;
	n->sound_silence_ms = s->sound_silence_ms;
	if (s->keyframes > 0 && s->keyframe_age_ms >= 0)
		t->keyframe_at = now - s->keyframe_age_ms;
}

void
totals_on_state(struct totals *t, const struct msg_state *s)
{
	t->now.reconnects = s->reconnects;
}

void
totals_on_recording(struct totals *t, const struct msg_recording *r)
{
	t->now.recorded_bytes = r->bytes;
	t->now.recorded_segments = r->segments;
	t->now.recording_gaps = r->gaps;
	t->now.recording_dropped = r->dropped;
}

void
totals_on_cpu(struct totals *t, int64_t cpu_ms)
{
	if (cpu_ms > t->now.cpu_ms)
		t->now.cpu_ms = cpu_ms;
}

void
totals_worker_gone(struct totals *t)
{
	t->past = add(&t->past, &t->now);
	t->now = (struct status_totals){ 0 };
}

struct status_totals
totals_sum(const struct totals *t)
{
	return add(&t->past, &t->now);
}
