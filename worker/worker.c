/* worker.c - one camera's process.
 * Owns the loop and all parts, turns what they say into the session's events and performs its
 * effects. Decides nothing: worker/session.c does. Loop thread. */
#include <glib-unix.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/log.h"
#include "proto/contract.h"
#include "worker/archive.h"
#include "worker/draw.h"
#include "worker/link.h"
#include "worker/loop.h"
#include "worker/media.h"
#include "worker/origin.h"
#include "worker/report.h"
#include "worker/session.h"
#include "worker/upstreams.h"
#include "worker/worker.h"

/* RFC 3550 6.2 allows a report every few seconds; viewers need the first one soon, to line up
 * sound and picture. */
#define REPORT_INTERVAL_MS 1000
#define REASON_MAX 240

struct worker {
	struct worker_config config;
	GMainContext *context;
	GMainLoop *loop;
	GSource *timer; /* session_due */
	GSource *tick;  /* statistics and sender reports */
	GSource *signals;
	struct link *link;
	struct session *session;
	struct archive *archive;
	struct media *media;
	struct upstreams *upstreams;
	struct origin *origin;
	struct output_ids ids;
	char cname[DRAW_ID_BYTES];
	int64_t rtsp_ms; /* how long the camera took to play */
	struct report *report;
	char reason[REASON_MAX]; /* why it does not run, "" while it does */
	struct media_stats stats;
	int exit_code;
};

static void step(struct worker *w, enum session_event ev);

/* Why it does not run: the camera's trouble before the receiver's. */
static const char *
reason(const struct worker *w)
{
	const struct upstream *u = upstreams_foremost(w->upstreams);

	return w->reason[0] || !u ? w->reason : upstream_why(u);
}

static struct report_view
view(const struct worker *w)
{
	return (struct report_view){ .session = w->session,
		.stats = &w->stats,
		.rtsp_ms = w->rtsp_ms,
		.url_number = origin_number(w->origin),
		.upstream = upstreams_foremost(w->upstreams),
		.reason = reason(w),
		.source_reason = w->reason };
}

/* Tells title, log and supervisor what changed, if anything did. */
static void
tell(struct worker *w)
{
	struct report_view v = view(w);

	report_state(w->report, w->link, &v);
}

static gboolean
on_tick(gpointer data)
{
	struct worker *w = data;

	if (media_hangs(w->media)) {
		log_error("media thread hangs", LOG_CAM(w->config.camera));
		abort(); /* the supervisor starts another */
	}
	media_stats(w->media, &w->stats);
	media_send_reports(w->media);
	report_stats(w->report, w->link, &w->stats);
	report_path(w->report, w->link, &w->stats.sent.path);
	archive_tick(w->archive);
	origin_tick(w->origin, w->stats.sent.path.overloaded);
	tell(w);
	return G_SOURCE_CONTINUE;
}

/* ---- the receivers --------------------------------------------------------------------------- */

static void
on_upstream_change(void *arg)
{
	tell(arg);
}

static void
on_first_packet(void *arg, unsigned index)
{
	struct worker *w = arg;

	report_start(w->report, upstreams_get(w->upstreams, index), w->rtsp_ms);
	tell(w);
}

/* ---- effects --------------------------------------------------------------------------------- */

static void
open_source(struct worker *w)
{
	const struct source_config config = origin_source(w->origin);

	media_open(w->media, &config);
}

static void
report_refused(struct worker *w, int rtsp_status)
{
	struct msg m = { .type = MSG_REFUSED,
		.u.refused = { .rtsp_status = rtsp_status, .reason = w->reason } };

	link_send(w->link, &m);
}

static gboolean
on_due(gpointer data)
{
	step(data, SESSION_TIMER);
	return G_SOURCE_REMOVE;
}

static void
arm(struct worker *w)
{
	ms_t due = session_due(w->session);

	if (due == MS_NEVER)
		loop_clear(&w->timer);
	else
		loop_timer(w->context, &w->timer, due - clock_now(), on_due, w);
}

static void
perform(struct worker *w, unsigned effects)
{
	if (effects & SESSION_DO_OPEN)
		open_source(w);
	if (effects & SESSION_DO_CLOSE)
		media_close(w->media);
}

static unsigned
step_only(struct worker *w, enum session_event ev)
{
	unsigned effects = session_step(w->session, ev, clock_now(), draw());

	perform(w, effects);
	if (!session_is_playing(w->session))
		upstreams_pictures(w->upstreams, false);
	arm(w);
	return effects;
}

static void
step(struct worker *w, enum session_event ev)
{
	step_only(w, ev);
	tell(w);
}

/* ---- the camera ------------------------------------------------------------------------------ */

static void
on_opened(void *arg, int64_t took_us)
{
	struct worker *w = arg;

	w->rtsp_ms = took_us / 1000;
	log_info("source playing", LOG_CAM(w->config.camera), LOG_INT("rtsp_ms", w->rtsp_ms));
	step(w, SESSION_OPENED);
}

static void
on_pictures(void *arg)
{
	struct worker *w = arg;

	w->reason[0] = '\0';
	origin_on_pictures(w->origin);
	step(w, SESSION_PICTURES);
	upstreams_pictures(w->upstreams, true);
}

static void
on_ended(void *arg, const struct source_error *error)
{
	struct worker *w = arg;

	if (error->err != ERR_CLOSED) {
		log_warn("source lost", LOG_CAM(w->config.camera),
			LOG_STR("error", err_text(error->err)),
			LOG_INT("rtsp_status", error->rtsp_status), LOG_STR("why", error->text));
		snprintf(w->reason, sizeof(w->reason), "%s", error->text);
	}
	const enum session_event ev = origin_on_ended(w->origin, error);
	if (step_only(w, ev) & SESSION_DO_REFUSED)
		report_refused(w, error->rtsp_status);
	tell(w);
}

/* ---- the supervisor's words ------------------------------------------------------------------ */

static void
stop(struct worker *w, int exit_code)
{
	w->exit_code = exit_code;
	g_main_loop_quit(w->loop);
}

/* AUTO if it is left out. */
static enum media_replay
replay_of(const char *word)
{
	if (word && strcmp(word, "on") == 0)
		return MEDIA_REPLAY_ON;
	return word && strcmp(word, "off") == 0 ? MEDIA_REPLAY_OFF : MEDIA_REPLAY_AUTO;
}

static void
on_source(struct worker *w, const struct msg *m)
{
	const struct msg_source *s = &m->u.source;
	const bool other_tracks = origin_set(w->origin, s);

	upstreams_set(w->upstreams, (unsigned)msg_source_outputs(s), (uint64_t)s->two_tracks);
	media_set_replay(w->media, replay_of(s->gop_replay));
	media_set_b(w->media, pictures_b_of(s->bframes));
	if (other_tracks)
		upstreams_renew(w->upstreams, "other tracks are wanted");
	step(w, SESSION_SOURCE);
}

static void
on_extended(struct worker *w, const struct msg *m)
{
	origin_extend(w->origin, m->u.extended.url);
}

static void
on_answer(struct worker *w, const struct msg *m)
{
	struct upstream *u = upstreams_get(w->upstreams, m->u.answer.output);

	if (u)
		upstream_answered(u, m->u.answer.offer, m->u.answer.sdp, m->u.answer.receiver);
}

static void
on_publish_failed(struct worker *w, const struct msg *m)
{
	struct upstream *u = upstreams_get(w->upstreams, m->u.publish_failed.output);

	if (u)
		upstream_refused(u, m->u.publish_failed.offer, m->u.publish_failed.reason);
}

static void
on_record(struct worker *w, const struct msg *m)
{
	archive_on_record(w->archive, &m->u.record);
}

static void
on_snapshot(struct worker *w, const struct msg *m)
{
	archive_on_snapshot(w->archive, &m->u.snapshot);
}

static void
on_watch(struct worker *w, const struct msg *m)
{
	const struct msg_watch *s = &m->u.watch;
	const struct health_watch watch = { .offline_after = s->offline_after,
		.low_fps_percent = s->low_fps_percent,
		.high_loss_percent = s->high_loss_percent,
		.frozen_ms = s->frozen_ms };

	report_set_watch(w->report, &watch);
	session_set_probe(w->session, s->offline_after, s->offline_retry_ms);
}

static void
on_stop(struct worker *w, const struct msg *m)
{
	(void)m;
	stop(w, CONTRACT_EXIT_OK);
}

/* clang-format off */
static void (*const handlers[MSG_TYPES])(struct worker *, const struct msg *) = {
	[MSG_SOURCE]         = on_source,
	[MSG_EXTENDED]       = on_extended,
	[MSG_ANSWER]         = on_answer,
	[MSG_PUBLISH_FAILED] = on_publish_failed,
	[MSG_RECORD]         = on_record,
	[MSG_SNAPSHOT]       = on_snapshot,
	[MSG_WATCH]          = on_watch,
	[MSG_STOP]           = on_stop,
};
/* clang-format on */

static void
on_message(void *arg, const struct msg *m)
{
	if (handlers[m->type])
		handlers[m->type](arg, m);
}

static void
on_orphan(void *arg)
{
	struct worker *w = arg;

	log_warn("session supervisor is gone", LOG_CAM(w->config.camera));
	stop(w, CONTRACT_EXIT_ORPHAN);
}

static gboolean
on_sigterm(gpointer data)
{
	stop(data, CONTRACT_EXIT_OK);
	return G_SOURCE_CONTINUE;
}

/* ---- making and ending ----------------------------------------------------------------------- */

/* Different SSRCs, none 0. */
static struct output_ids
draw_ids(const char *cname)
{
	const uint32_t first = draw() & ~UINT32_C(3);

	return (struct output_ids){ .video_ssrc = first | 1,
		.audio_ssrc = first | 2,
		.rtx_ssrc = first | 3,
		.cname = cname };
}

static void
on_return(void *arg)
{
	step(arg, SESSION_SOURCE);
}

static void
make_origin(struct worker *w)
{
	const struct origin_config config = { .loop = w->context,
		.camera = w->config.camera,
		.link = w->link,
		.on_other = on_return,
		.arg = w };

	w->origin = origin_new(&config);
}

static void
make_media(struct worker *w)
{
	struct media_config config = { .loop = w->context,
		.camera = w->config.camera,
		.ids = w->ids,
		.tap = archive_tap(w->archive),
		.events = { .on_opened = on_opened,
			.on_pictures = on_pictures,
			.on_ended = on_ended,
			.arg = w } };

	w->media = media_new(&config);
}

static void
make_upstreams(struct worker *w)
{
	const struct upstream_config each = { .loop = w->context,
		.camera = w->config.camera,
		.ids = w->ids,
		.media = w->media,
		.link = w->link,
		.events = { .on_change = on_upstream_change,
			.on_first_packet = on_first_packet,
			.arg = w } };

	w->upstreams = upstreams_new(&each);
}

static int
make_link(struct worker *w)
{
	struct link_config config = { .loop = w->context,
		.socket = w->config.socket,
		.camera = w->config.camera,
		.gen = w->config.gen,
		.on_message = on_message,
		.on_orphan = on_orphan,
		.arg = w };

	return link_open(&config, &w->link);
}

int
worker_new(const struct worker_config *config, struct worker **out)
{
	struct worker *w = g_new0(struct worker, 1);

	w->config = *config;
	w->context = g_main_context_new();
	w->loop = g_main_loop_new(w->context, FALSE);
	w->session = session_new();
	w->report = report_new(config->camera);
	draw_id(w->cname);
	w->ids = draw_ids(w->cname);
	int err = make_link(w);
	if (!err) {
		w->archive = archive_new(w->context, config->camera, w->link);
		make_origin(w);
		make_media(w);
	}
	if (err) {
		log_error("session cannot start", LOG_CAM(config->camera),
			LOG_STR("error", err_text(err)));
		worker_free(w);
		return err;
	}
	make_upstreams(w);
	w->tick = loop_attach(w->context, g_timeout_source_new(REPORT_INTERVAL_MS), on_tick, w);
	w->signals = loop_attach(w->context, g_unix_signal_source_new(SIGTERM), on_sigterm, w);
	tell(w);
	*out = w;
	return 0;
}

int
worker_run(struct worker *w)
{
	g_main_context_push_thread_default(w->context);
	g_main_loop_run(w->loop);
	g_main_context_pop_thread_default(w->context);
	return w->exit_code;
}

void
worker_free(struct worker *w)
{
	if (!w)
		return;
	loop_clear(&w->timer);
	loop_clear(&w->tick);
	loop_clear(&w->signals);
	upstreams_free(w->upstreams);
	media_free(w->media);
	origin_free(w->origin);
	archive_free(w->archive);
	link_close(w->link);
	session_free(w->session);
	report_free(w->report);
	g_main_loop_unref(w->loop);
	g_main_context_unref(w->context);
	g_free(w);
}
