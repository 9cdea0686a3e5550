/* report.c - what a worker shows of itself.
 * Owns the title, health and what was last told. Decides nothing. Loop thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/proctitle.h"
#include "worker/report.h"
#include "common/xmalloc.h"

struct report {
	const char *camera;
	struct health *health; /* owned */
	bool overloaded;       /* the path, as was told */
	char title[64];        /* what is in brackets */
	char told[640];        /* what the last state message was about */
};

struct report *
report_new(const char *camera)
{
	struct report *r = xcalloc(1, sizeof(*r));

	r->camera = camera;
	r->health = health_new();
	return r;
}

void
report_free(struct report *r)
{
	if (!r)
		return;
	health_free(r->health);
	free(r);
}

/* The session's, but that it does not run before somebody receives it. */
static const char *
phase_of(const struct report_view *v)
{
	if (session_is_playing(v->session) && v->upstream && !upstream_is_sending(v->upstream))
		return "publishing";
	return session_phase(v->session);
}

static const char *
health(const struct report *r)
{
	return health_text(health_state(r->health));
}

/* Why it does not run, or else why it is not healthy; NULL: all is well. */
static const char *
reason(const struct report *r, const struct report_view *v)
{
	bool running = strcmp(phase_of(v), "running") == 0;
	const char *why = *v->reason && !running ? v->reason : health_why(r->health);

	return *why ? why : NULL;
}

/* 0 of what was not reached, or of no output. */
static int64_t
phase_ms(const struct upstream *u, enum peer_phase phase)
{
	const struct peer_times *times = u ? upstream_times(u) : NULL;
	int64_t at = times ? times->at_us[phase] : 0;
	int64_t before = times && phase > PEER_OFFERED ? times->at_us[phase - 1] : 0;

	return at > 0 ? (at - before) / 1000 : 0;
}

static bool
has_sent(const struct upstream *u)
{
	return u && upstream_times(u)->at_us[PEER_FIRST_PACKET] > 0;
}

static void
send_state(const struct report *r, struct link *link, const struct report_view *v)
{
	const char *phase = phase_of(v);
	bool running = strcmp(phase, "running") == 0;
	int64_t silence_ms = v->stats->pictures.quality.silence_ms;
	struct msg m = { .type = MSG_STATE,
		.u.state = { .phase = (char *)(uintptr_t)phase,
			.health = (char *)(uintptr_t)health(r),
			.reason = (char *)(uintptr_t)reason(r, v),
			.silence_ms = silence_ms > 0 ? silence_ms : 0,
			.output = v->upstream ? upstream_index(v->upstream) : 0,
			.offer = running && v->upstream ? upstream_offer_number(v->upstream) : 0,
			.url_number = v->url_number,
			.reconnects = session_reconnects(v->session),
			.rtsp_ms = v->rtsp_ms,
			.offer_ms = phase_ms(v->upstream, PEER_OFFERED),
			.answer_ms = phase_ms(v->upstream, PEER_ANSWERED),
			.ice_ms = phase_ms(v->upstream, PEER_ICE),
			.dtls_ms = phase_ms(v->upstream, PEER_DTLS),
			.first_packet_ms = phase_ms(v->upstream, PEER_FIRST_PACKET) } };

	link_send(link, &m);
}

static void
set_title(struct report *r, const struct report_view *v)
{
	const char *phase = phase_of(v);
	char title[sizeof(r->title)];

	if (strcmp(phase, "running") == 0 && v->stats->pictures.width > 0)
		snprintf(title, sizeof(title), "running %ux%u %.0ffps %.1fMbit/s",
			v->stats->pictures.width, v->stats->pictures.height,
			v->stats->pictures.quality.fps,
			(double)v->stats->pictures.quality.bitrate / 1e6);
	else if (session_tries(v->session) > 0)
		snprintf(title, sizeof(title), "%s %u", phase, session_tries(v->session));
	else
		snprintf(title, sizeof(title), "%s", phase);
	if (strcmp(title, r->title) == 0)
		return;
	snprintf(r->title, sizeof(r->title), "%s", title);
	proctitle_set("camrelay-worker: %s [%s]", r->camera, title);
}

void
report_state(struct report *r, struct link *link, const struct report_view *v)
{
	char now[sizeof(r->told)];

	health_connection(r->health, session_is_playing(v->session), session_tries(v->session),
		v->source_reason);
	const char *why = reason(r, v);
	set_title(r, v);
	snprintf(now, sizeof(now), "%s/%s/%u/%d/%d/%s", phase_of(v), health(r),
		session_tries(v->session), v->url_number, has_sent(v->upstream), why ? why : "");
	if (strcmp(now, r->told) == 0)
		return;
	snprintf(r->told, sizeof(r->told), "%s", now);
	log_info("session state", LOG_CAM(r->camera), LOG_STR("phase", phase_of(v)),
		LOG_STR("health", health(r)), LOG_STR("source", session_source_state(v->session)),
		LOG_STR("peer", v->upstream ? upstream_state(v->upstream) : "none"),
		LOG_INT("tries", session_tries(v->session)), LOG_STR("reason", why));
	send_state(r, link, v);
}

void
report_set_watch(struct report *r, const struct health_watch *watch)
{
	health_set_watch(r->health, watch);
}

static void
judge(struct report *r, const struct media_stats *s)
{
	const struct quality_snapshot *q = &s->pictures.quality;
	const struct health_sample sample = { .fps = q->fps,
		.loss_ratio = s->sent.loss_ratio,
		.silence_ms = q->silence_ms,
		.keyframe_age_ms = q->keyframe_age_ms,
		.gop_ms = q->gop_ms,
		.frozen_ms = s->pictures.frozen_ms,
		.wall_us = clock_wall_us(),
		.pictures = q->pictures,
		.gaps = q->gaps,
		.late = q->late };

	health_measure(r->health, &sample, clock_now());
}

void
report_stats(struct report *r, struct link *link, const struct media_stats *s)
{
	const struct quality_snapshot *q = &s->pictures.quality;
	struct msg m = { .type = MSG_STATS,
		.u.stats = { .width = s->pictures.width,
			.height = s->pictures.height,
			.fps = q->fps,
			.bitrate = q->bitrate,
			.gop_frames = q->gop_pictures,
			.gop_ms = q->gop_ms,
			.keyframe_age_ms = q->keyframe_age_ms,
			.jitter_ms = q->jitter_ms,
			.frames = (int64_t)q->pictures,
			.gaps = q->gaps,
			.late = q->late,
			.packets = (int64_t)s->sent.packets,
			.bytes = (int64_t)s->sent.bytes,
			.dropped = (int64_t)s->sent.dropped,
			.nacks = (int64_t)s->sent.nacks,
			.resent = (int64_t)s->sent.resent,
			.plis = s->sent.plis,
			.firs = s->sent.firs,
			.path_loss = s->sent.path.loss_ratio,
			.path_queue_ms = (double)s->sent.path.queue_us / 1000,
			.path_bitrate = s->sent.path.arrived_bps,
			.replays = s->sent.replays,
			.b_frames = s->pictures.b_slices,
			.b_dropped = s->pictures.b_dropped,
			.frozen_ms = s->pictures.frozen_ms,
			.sound_packets = (int64_t)s->sound.packets,
			.sound_level = s->has_sound ? s->sound.level_dbfs : 0,
			.sound_drift = s->sound.drift_ppm,
			.sound_silence_ms = s->sound.silence_ms,
			.keyframes = q->keyframes,
			.bytes_in = (int64_t)q->bytes,
			.packets_in = s->packets_in,
			.loss_ratio = s->sent.loss_ratio,
			.rtt_ms = s->sent.rtt_ms } };

	judge(r, s);
	link_send(link, &m);
}

void
report_path(struct report *r, struct link *link, const struct path_state *path)
{
	char text[160];
	struct msg m = { .type = MSG_EVENT, .u.event.text = text };

	if (path->overloaded == r->overloaded)
		return;
	r->overloaded = path->overloaded;
	if (path->overloaded)
		snprintf(text, sizeof(text),
			"the path to the receiver does not carry the stream: %.1f of %.1f Mbit/s "
			"arrive, %.0f %% are lost, packets wait %.0f ms",
			(double)path->arrived_bps / 1e6, (double)path->sent_bps / 1e6,
			path->loss_ratio * 100, (double)path->queue_us / 1000);
	else
		snprintf(text, sizeof(text), "the path to the receiver carries the stream again");
	m.u.event.event = path->overloaded ? "path-overloaded" : "path-good";
	log_warn("media path", LOG_CAM(r->camera), LOG_STR("what", text));
	link_send(link, &m);
}

void
report_start(const struct report *r, const struct upstream *u, int64_t rtsp_ms)
{
	log_info("session up", LOG_CAM(r->camera), LOG_INT("output", upstream_index(u)),
		LOG_INT("offer", upstream_offer_number(u)), LOG_INT("rtsp_ms", rtsp_ms),
		LOG_INT("offer_ms", phase_ms(u, PEER_OFFERED)),
		LOG_INT("answer_ms", phase_ms(u, PEER_ANSWERED)),
		LOG_INT("ice_ms", phase_ms(u, PEER_ICE)),
		LOG_INT("dtls_ms", phase_ms(u, PEER_DTLS)),
		LOG_INT("first_packet_ms", phase_ms(u, PEER_FIRST_PACKET)));
}
