/* consumers_keep.c - those who watch, to the store and back.
 * Owns nothing but the arithmetic between the two clocks. The store logs its own trouble, and what
 * it cannot keep is not kept: nobody waits for it. Loop thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/json.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "supervisor/consumers_state.h"
#include "supervisor/store_consumers.h"
#include "supervisor/unpublish.h"

#define KIND_API "api"
#define KIND_WHEP "whep"

/* ---- to the store ---------------------------------------------------------------------------- */

/* A moment of its life as wall time, which may have been set since. */
static int64_t
wall_us(const struct viewer *v, ms_t moment_ms)
{
	return v->since_us + (moment_ms - v->since_ms) * 1000;
}

static const char *
or_null(const char *text)
{
	return *text ? text : NULL;
}

void
consumers_keep(const struct viewer *v)
{
	struct store *store = v->table->config.store;
	bool ended = v->end != CONSUMERS_WATCHING;

	if (!store)
		return;
	struct json *report = consumer_report_json(&v->report);
	char *stats = json_text(report, false);
	const struct store_consumer row = { .id = v->id,
		.camera = v->camera,
		.owner = or_null(v->owner),
		.kind = v->whep ? KIND_WHEP : KIND_API,
		.session = or_null(consumer_session(v->consumer)),
		.pulls = consumer_pulls(v->consumer),
		.since_us = v->since_us,
		.heard_us = wall_us(v, v->heartbeat_ms),
		.ended_us = ended ? wall_us(v, v->ended_ms) : 0,
		.end = ended ? consumers_end_name(v->end) : NULL,
		.why = or_null(v->why),
		.stats = stats };
	store_put_consumer(store, &row);
	if (ended)
		store_prune_consumers(store, CONSUMERS_HISTORY);
	free(stats);
	json_free(report);
}

void
consumers_keep_tracks(const struct viewer *v)
{
	char mids[SFU_TRACKS_MAX * (SFU_ID_CHARS_MAX + 1) + 1] = "";
	size_t len = 0, count;
	const struct sfu_track *tracks = consumer_tracks(v->consumer, &count);

	if (!v->table->config.store)
		return;
	for (size_t i = 0; i < count; i++)
		len += (size_t)snprintf(
			mids + len, sizeof(mids) - len, i > 0 ? " %s" : "%s", tracks[i].mid);
	store_put_session(v->table->config.store, consumer_session(v->consumer), v->camera, mids);
}

/* ---- back ------------------------------------------------------------------------------------ */

struct restoring {
	struct consumers *table;
	int64_t started_us; /* when those of the last process that watched have ended */
};

/* How long before its end that was; a clock set back makes it no time at all. */
static ms_t
before_end_ms(const struct store_consumer *row, int64_t moment_us)
{
	return moment_us < row->ended_us ? (row->ended_us - moment_us) / 1000 : 0;
}

static struct viewer *
viewer_restore(struct consumers *t, const struct store_consumer *row, enum consumers_end end)
{
	struct viewer *v = xcalloc(1, sizeof(*v));
	char why[128];

	v->table = t;
	snprintf(v->id, sizeof(v->id), "%s", row->id);
	snprintf(v->camera, sizeof(v->camera), "%s", row->camera);
	snprintf(v->owner, sizeof(v->owner), "%s", row->owner ? row->owner : "");
	snprintf(v->why, sizeof(v->why), "%s", row->why ? row->why : "");
	v->whep = strcmp(row->kind, KIND_WHEP) == 0;
	v->end = end;
	v->pulls = row->pulls;
	v->since_us = row->since_us;
	v->ended_ms = clock_now();
	v->since_ms = v->ended_ms - before_end_ms(row, row->since_us);
	v->heartbeat_ms = v->ended_ms - before_end_ms(row, row->heard_us);
	v->report = consumer_report_none();
	struct json *stats =
		row->stats ? json_parse(row->stats, strlen(row->stats), why, sizeof(why)) : NULL;
	consumer_report_read(&v->report, stats, why, sizeof(why));
	json_free(stats);
	return v;
}

static void
on_consumer(void *arg, const struct store_consumer *row)
{
	const struct restoring *r = arg;
	struct consumers *t = r->table;
	enum consumers_end end = row->end ? consumers_end_parse(row->end) : CONSUMERS_ENDS;

	if (end == CONSUMERS_ENDS)
		return;
	if (end == CONSUMERS_INTERRUPTED && row->ended_us == r->started_us) {
		t->ends[end]++;
		log_info("consumer ended", LOG_CAM(row->camera), LOG_STR("id", row->id),
			LOG_STR("why", row->end));
	}
	if (t->ended_count == CONSUMERS_HISTORY)
		return;
	struct viewer *v = viewer_restore(t, row, end);
	TAILQ_INSERT_TAIL(&t->ended, v, link);
	t->ended_count++;
}

void
consumers_restore(struct consumers *t)
{
	struct restoring r = { .table = t, .started_us = clock_wall_us() };
	struct store *store = t->config.store;

	if (!store)
		return;
	store_end_consumers(store, r.started_us, consumers_end_name(CONSUMERS_INTERRUPTED));
	store_each_consumer(store, on_consumer, &r);
	store_prune_consumers(store, CONSUMERS_HISTORY);
}

static void
on_session(void *arg, const char *session, const char *camera, const char *mids)
{
	const struct consumers *t = arg;
	struct sfu_track tracks[SFU_TRACKS_MAX] = { 0 };
	size_t count = 0;

	while (*mids && count < SFU_TRACKS_MAX) {
		size_t n = strcspn(mids, " ");
		snprintf(tracks[count].mid, sizeof(tracks[count].mid), "%.*s", (int)n, mids);
		count++;
		mids += n;
		mids += strspn(mids, " ");
	}
	log_info("sfu session left behind", LOG_CAM(camera));
	unpublish_add(t->unpublish, camera, session, tracks, count);
}

static void
on_gone(const char *session, void *arg)
{
	const struct consumers *t = arg;

	store_drop_session(t->config.store, session);
}

void
consumers_restore_sessions(struct consumers *t)
{
	if (!t->config.store)
		return;
	unpublish_on_gone(t->unpublish, on_gone, t);
	store_each_session(t->config.store, on_session, t);
}
