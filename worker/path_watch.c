/* path_watch.c - whether a path carries the stream.
 * Owns the times of the newest packets and a window of what became of them. Pure; whoever owns it
 * serialises. */
#include "worker/path_watch.h"
#include "common/xmalloc.h"

#include <stdlib.h>

/* Feedback comes ten times a second: this is half a second at 40 Mbit/s. */
#define SENT_MAX 2048
/* The window in parts, the oldest of which is forgotten at a time. */
#define PARTS 10
#define PART_US (PATH_WINDOW_US / PARTS)
/* The quickest packet of the last one to two of these is the measure: clocks drift, routes change.
 */
#define BASE_US 30000000

struct sent {
	int64_t at_us;
	uint16_t seq;
	uint16_t bytes;
	bool waits; /* nothing was said of it yet */
};

/* A tenth of the window. */
struct part {
	int64_t began_us;
	uint32_t arrived;
	uint32_t lost;
	uint64_t bytes; /* of both */
	uint64_t arrived_bytes;
	int64_t delay_us; /* the sum of those that arrived, above the quickest */
};

struct path_watch {
	struct sent sent[SENT_MAX];
	struct part parts[PARTS];
	size_t part; /* the newest */
	bool known;
	int64_t fed_us;  /* when feedback came last */
	int64_t base_us; /* the smallest delay of this stretch, and of the one before */
	int64_t base_before_us;
	int64_t base_began_us;
	bool overloaded;
	int64_t changing_us; /* since when the window says the contrary; 0: it does not */
};

struct path_watch *
path_watch_new(void)
{
	struct path_watch *w = xcalloc(1, sizeof(*w));

	w->base_us = w->base_before_us = INT64_MAX;
	return w;
}

void
path_watch_free(struct path_watch *w)
{
	free(w);
}

void
path_watch_sent(struct path_watch *w, uint16_t seq, size_t bytes, int64_t now_us)
{
	w->sent[seq % SENT_MAX] = (struct sent){
		.at_us = now_us, .seq = seq, .bytes = (uint16_t)bytes, .waits = true
	};
}

static int64_t
least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* How much longer than the quickest it was under way. The clocks' difference is in both. */
static int64_t
waited_us(struct path_watch *w, int64_t sent_us, int64_t at_us)
{
	const int64_t delay_us = at_us - sent_us;

	if (sent_us - w->base_began_us > BASE_US) {
		w->base_before_us = w->base_us;
		w->base_us = delay_us;
		w->base_began_us = sent_us;
	}
	w->base_us = least(w->base_us, delay_us);
	return delay_us - least(w->base_us, w->base_before_us);
}

void
path_watch_packet(struct path_watch *w, const struct transport_cc_packet *p)
{
	struct sent *s = &w->sent[p->seq % SENT_MAX];
	struct part *part = &w->parts[w->part];

	/* Of what is said twice, as of a lost one that came after all, the first counts. */
	if (!s->waits || s->seq != p->seq)
		return;
	s->waits = false;
	part->bytes += s->bytes;
	if (!p->arrived) {
		part->lost++;
		return;
	}
	part->arrived++;
	part->arrived_bytes += s->bytes;
	part->delay_us += waited_us(w, s->at_us, p->at_us);
}

static struct part
sum(const struct path_watch *w)
{
	struct part all = { .began_us = INT64_MAX };

	for (size_t i = 0; i < PARTS; i++) {
		const struct part *p = &w->parts[i];
		if (p->arrived + p->lost == 0)
			continue;
		all.began_us = least(all.began_us, p->began_us);
		all.arrived += p->arrived;
		all.lost += p->lost;
		all.bytes += p->bytes;
		all.arrived_bytes += p->arrived_bytes;
		all.delay_us += p->delay_us;
	}
	return all;
}

static double
loss_of(const struct part *all)
{
	const uint32_t count = all->arrived + all->lost;

	return count > 0 ? (double)all->lost / count : 0;
}

static int64_t
queue_of(const struct part *all)
{
	return all->arrived > 0 ? all->delay_us / all->arrived : 0;
}

static void
judge(struct path_watch *w, int64_t now_us)
{
	const struct part all = sum(w);
	const bool bad = loss_of(&all) > PATH_LOSS_MAX || queue_of(&all) > PATH_QUEUE_MAX_US;

	if (bad == w->overloaded) {
		w->changing_us = 0;
		return;
	}
	if (w->changing_us == 0)
		w->changing_us = now_us;
	if (now_us - w->changing_us < (bad ? PATH_BAD_US : PATH_GOOD_US))
		return;
	w->overloaded = bad;
	w->changing_us = 0;
}

/* A part begins with the feedback before what it counts. */
void
path_watch_feedback(struct path_watch *w, int64_t now_us)
{
	if (!w->known)
		w->parts[w->part].began_us = now_us - PART_US;
	w->known = true;
	w->fed_us = now_us;
	judge(w, now_us);
	if (now_us - w->parts[w->part].began_us < PART_US)
		return;
	w->part = (w->part + 1) % PARTS;
	w->parts[w->part] = (struct part){ .began_us = now_us };
}

static int64_t
rate(uint64_t bytes, int64_t span_us)
{
	return span_us > 0 ? (int64_t)bytes * 8000000 / span_us : 0;
}

struct path_state
path_watch_state(const struct path_watch *w)
{
	const struct part all = sum(w);
	const int64_t span_us = all.arrived + all.lost > 0 ? w->fed_us - all.began_us : 0;

	return (struct path_state){ .known = w->known,
		.loss_ratio = loss_of(&all),
		.queue_us = queue_of(&all),
		.sent_bps = rate(all.bytes, span_us),
		.arrived_bps = rate(all.arrived_bytes, span_us),
		.overloaded = w->overloaded };
}
