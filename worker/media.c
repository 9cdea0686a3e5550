/* media.c - from the camera to the receivers.
 * Owns the media thread, what the pictures pass through, and the outputs. One lock guards what the
 * loop thread looks at too: it is held for one NAL unit at a time, and never while the source
 * blocks. */
#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/log.h"
#include "worker/draw.h"
#include "worker/loop.h"
#include "worker/media.h"

/* What source_open takes at most: name, TCP, TLS and six answers, 10 s each, and as much again. */
#define OPEN_LIMIT_MS 180000
/* On a machine that is too busy a thread comes late. */
#define READ_SLACK_MS 5000

struct media {
	struct media_config config;
	pthread_t thread;
	bool running;          /* the thread is there; loop thread only */
	struct source *source; /* the running connection's */
	ms_t stall_ms;         /* and what source_read waits at most */
	char refusal[100];     /* why it is of no use; media thread only */
	/* When the media thread must have come back from the source; MS_NEVER: it is with us. */
	_Atomic ms_t back_by;
	_Atomic int64_t packets_in;
	GSource *pace;    /* on the loop: outputs that could not send all at once go on */
	GSource *silence; /* and sound that is missing is made up for; NULL: none is sent */

	pthread_mutex_t lock; /* all below */
	struct pictures *pictures;
	struct sound *sound;
	struct output *outputs[MEDIA_OUTPUTS_MAX]; /* NULL: free */
	struct output_stats gone;                  /* of those that were detached */
	enum media_replay replay;
	bool paced;          /* pace is set */
	bool sound_left_out; /* of this connection, and that was said */
};

/* ---- events to the loop ---------------------------------------------------------------------- */

enum notice_type { OPENED, PICTURES, ENDED };

struct notice {
	struct media *media;
	enum notice_type type;
	int64_t took_us;
	struct source_error error;
};

static void
end_connection(struct media *m, const struct source_error *error)
{
	pthread_join(m->thread, NULL);
	m->running = false;
	source_free(m->source);
	m->source = NULL;
	m->config.events.on_ended(m->config.events.arg, error);
}

static gboolean
deliver(gpointer data)
{
	struct notice *n = data;
	struct media_events *to = &n->media->config.events;

	switch (n->type) {
	case OPENED:
		to->on_opened(to->arg, n->took_us);
		break;
	case PICTURES:
		to->on_pictures(to->arg);
		break;
	case ENDED:
		end_connection(n->media, &n->error);
		break;
	}
	return G_SOURCE_REMOVE;
}

/* Posted, never called at once: g_main_context_invoke would run it on this thread if it could get
 * hold of the context. */
static void
post(struct media *m, enum notice_type type, int64_t took_us, const struct source_error *error)
{
	struct notice *n = g_new0(struct notice, 1);
	GSource *idle = g_idle_source_new();

	*n = (struct notice){ .media = m, .type = type, .took_us = took_us };
	if (error)
		n->error = *error;
	g_source_set_priority(idle, G_PRIORITY_DEFAULT);
	g_source_set_callback(idle, deliver, n, g_free);
	g_source_attach(idle, m->config.loop);
	g_source_unref(idle);
}

/* ---- the outputs, under the lock ------------------------------------------------------------- */

/* All outputs send what they may. What they may not yet, the loop has them send a little later. One
 * whose receiver took another codec, as the camera had before, is about to be detached. */
static void
run_outputs(struct media *m)
{
	const int64_t now_us = clock_now_us();
	bool behind = false;

	for (size_t i = 0; i < MEDIA_OUTPUTS_MAX; i++) {
		struct output *o = m->outputs[i];
		if (o && output_takes(o, pictures_codec(m->pictures)->name))
			behind |= output_run(o, now_us);
	}
	if (behind && !m->paced)
		g_source_set_ready_time(
			m->pace, g_get_monotonic_time() + OUTPUT_PACE_MS * INT64_C(1000));
	m->paced |= behind;
}

static gboolean
on_pace(gpointer arg)
{
	struct media *m = arg;

	pthread_mutex_lock(&m->lock);
	m->paced = false;
	run_outputs(m);
	pthread_mutex_unlock(&m->lock);
	return G_SOURCE_CONTINUE;
}

/* From within sound_feed and sound_advance. */
static void
on_sound(const char *codec, const uint8_t *payload, size_t len, uint32_t timestamp, void *arg)
{
	struct media *m = arg;
	const int64_t now_us = clock_now_us();

	for (size_t i = 0; i < MEDIA_OUTPUTS_MAX; i++) {
		if (m->outputs[i])
			output_sound(m->outputs[i], codec, payload, len, timestamp, now_us);
	}
}

static bool
any_output(const struct media *m, bool (*wants)(const struct output *))
{
	bool any = false;

	for (size_t i = 0; i < MEDIA_OUTPUTS_MAX; i++)
		any |= m->outputs[i] && wants(m->outputs[i]);
	return any;
}

static gboolean
on_silence(gpointer arg)
{
	struct media *m = arg;

	pthread_mutex_lock(&m->lock);
	sound_advance(m->sound, clock_now_us(), any_output(m, output_wants_opus));
	pthread_mutex_unlock(&m->lock);
	return G_SOURCE_CONTINUE;
}

static struct output_moment
moment(const struct media *m)
{
	const int64_t now_us = clock_now_us();

	return (struct output_moment){ .now_us = now_us,
		.wall_us = clock_wall_us(),
		.video_timestamp = pictures_timestamp(m->pictures, now_us),
		.opus_timestamp = sound_timestamp(m->sound, SOUND_OPUS_HZ, now_us),
		.g711_timestamp = sound_timestamp(m->sound, SOUND_G711_HZ, now_us) };
}

static bool
may_replay(const struct media *m)
{
	if (m->replay == MEDIA_REPLAY_AUTO)
		return pictures_gop_ms(m->pictures, clock_now_us()) > MEDIA_REPLAY_GOP_MS;
	return m->replay == MEDIA_REPLAY_ON;
}

/* ---- the media thread ------------------------------------------------------------------------ */

static bool
handle_nal(struct media *m, const struct nal_unit *nal)
{
	pthread_mutex_lock(&m->lock);
	const bool viewable = pictures_feed(m->pictures, nal);
	const bool refused =
		pictures_are_refused(m->pictures, m->stall_ms, m->refusal, sizeof(m->refusal));
	run_outputs(m);
	pthread_mutex_unlock(&m->lock);
	if (viewable)
		post(m, PICTURES, 0, NULL);
	return !refused;
}

static void
leave_out(struct media *m, const struct audio_unit *unit)
{
	if (!m->sound_left_out)
		log_warn("media sound too long", LOG_CAM(m->config.camera),
			LOG_INT("bytes", (int64_t)unit->len));
	m->sound_left_out = true;
}

static void
handle_sound(struct media *m, const struct audio_unit *unit)
{
	const struct tap *tap = &m->config.tap;

	pthread_mutex_lock(&m->lock);
	if (!sound_feed(m->sound, unit, any_output(m, output_wants_opus)))
		leave_out(m, unit);
	if (tap->on_sound)
		tap->on_sound(tap->arg, unit);
	pthread_mutex_unlock(&m->lock);
}

/* False if this connection is of no use. */
static bool
handle(struct media *m, const struct source_unit *unit)
{
	if (unit->kind == SOURCE_PICTURE)
		return handle_nal(m, &unit->nal);
	if (sound_comes(m->sound)) /* written by this thread only */
		handle_sound(m, &unit->sound);
	return true;
}

static void
begin_sound(struct media *m)
{
	const struct tap *tap = &m->config.tap;
	const char *why;
	const struct audio_format *format = source_sound(m->source, &why);
	char reason[100];

	snprintf(reason, sizeof(reason), "%s", why);
	sound_begin(m->sound, format, reason, sizeof(reason));
	m->sound_left_out = false;
	if (tap->on_sound_format)
		tap->on_sound_format(tap->arg, sound_comes(m->sound) ? format : NULL);
	if (reason[0])
		log_warn("media no sound", LOG_CAM(m->config.camera), LOG_STR("why", reason));
}

static void
begin_connection(struct media *m)
{
	struct nal_bytes sets;

	sets.bytes = source_parameter_sets(m->source, &sets.len);
	pthread_mutex_lock(&m->lock);
	begin_sound(m);
	pictures_begin(m->pictures, source_codec(m->source), sets);
	run_outputs(m);
	pthread_mutex_unlock(&m->lock);
}

static bool
read_source(struct media *m, struct source_unit *unit)
{
	atomic_store(&m->back_by, clock_now() + m->stall_ms + READ_SLACK_MS);
	if (source_read(m->source, unit) != 0)
		return false;
	atomic_fetch_add(&m->packets_in, unit->packets);
	return true;
}

static void *
run(void *arg)
{
	struct media *m = arg;
	struct source_error refusal = { .err = ERR_UNSUPPORTED };
	struct source_unit unit;
	bool useful = true;

	pthread_setname_np(pthread_self(), "media"); /* for top -H */
	atomic_store(&m->back_by, clock_now() + OPEN_LIMIT_MS);
	int err = source_open(m->source);
	if (!err) {
		const struct source_times *t = source_times(m->source);
		begin_connection(m);
		post(m, OPENED, t->playing_us - t->started_us, NULL);
		while (useful && read_source(m, &unit))
			useful = handle(m, &unit);
	}
	atomic_store(&m->back_by, MS_NEVER);
	memcpy(refusal.text, m->refusal, sizeof(m->refusal));
	post(m, ENDED, 0, useful ? source_error(m->source) : &refusal);
	return NULL;
}

/* ---- the loop thread ------------------------------------------------------------------------- */

struct media *
media_new(const struct media_config *config)
{
	struct media *m = g_new0(struct media, 1);

	m->config = *config;
	pthread_mutex_init(&m->lock, NULL);
	m->pictures = pictures_new();
	pictures_set_tap(m->pictures, &config->tap);
	m->pace = loop_alarm(config->loop, on_pace, m);
	m->gone.rtt_ms = -1;
	m->sound = sound_new(draw(), on_sound, m);
	atomic_init(&m->back_by, MS_NEVER);
	atomic_init(&m->packets_in, 0);
	return m;
}

void
media_open(struct media *m, const struct source_config *source)
{
	g_assert(!m->running);
	m->source = source_new(source);
	m->stall_ms = source->stall_ms ? source->stall_ms : SOURCE_STALL_MS;
	m->running = true;
	if (pthread_create(&m->thread, NULL, run, m) != 0)
		abort();
}

bool
media_hangs(struct media *m)
{
	return clock_now() > atomic_load(&m->back_by);
}

void
media_close(struct media *m)
{
	if (m->running)
		source_interrupt(m->source);
}

void
media_set_replay(struct media *m, enum media_replay replay)
{
	pthread_mutex_lock(&m->lock);
	m->replay = replay;
	pthread_mutex_unlock(&m->lock);
}

void
media_set_b(struct media *m, enum nal_stream_b policy)
{
	pthread_mutex_lock(&m->lock);
	pictures_set_b(m->pictures, policy);
	pthread_mutex_unlock(&m->lock);
}

struct sound_offer
media_sound_offer(struct media *m, bool silence)
{
	pthread_mutex_lock(&m->lock);
	const struct sound_offer offer = sound_offer(m->sound, silence);
	pthread_mutex_unlock(&m->lock);
	return offer;
}

/* While anybody takes sound its clock runs, whatever the camera does. */
static void
watch_sound(struct media *m)
{
	if (!any_output(m, output_wants_sound))
		loop_clear(&m->silence);
	else if (!m->silence)
		m->silence = loop_attach(
			m->config.loop, g_timeout_source_new(MEDIA_SILENCE_MS), on_silence, m);
}

void
media_attach(struct media *m, unsigned i, struct peer *peer)
{
	pthread_mutex_lock(&m->lock);
	g_assert(i < MEDIA_OUTPUTS_MAX && !m->outputs[i]);
	const struct output_config config = { .peer = peer,
		.history = pictures_history(m->pictures),
		.ids = m->config.ids,
		.first_seq = draw() & 0x7fff };
	m->outputs[i] = output_new(&config);
	watch_sound(m);
	run_outputs(m);
	pthread_mutex_unlock(&m->lock);
}

void
media_detach(struct media *m, unsigned i)
{
	pthread_mutex_lock(&m->lock);
	struct output *o = m->outputs[i];
	if (o) {
		const struct output_moment now = moment(m);
		struct output_stats stats;
		output_report(o, &now, true);
		output_stats(o, &stats);
		output_stats_add(&m->gone, &stats);
		output_free(o);
		m->outputs[i] = NULL;
		watch_sound(m);
	}
	pthread_mutex_unlock(&m->lock);
}

void
media_on_rtcp(struct media *m, unsigned i, const uint8_t *bytes, size_t len)
{
	pthread_mutex_lock(&m->lock);
	const struct output_moment now = moment(m);
	if (m->outputs[i]) {
		int skipped = output_on_rtcp(m->outputs[i], bytes, len, &now, may_replay(m));
		if (skipped != 0)
			log_debug("media rtcp malformed", LOG_CAM(m->config.camera),
				LOG_INT("bytes", len),
				LOG_STR("skipped", skipped < 0 ? "all" : "part"));
		run_outputs(m);
	}
	pthread_mutex_unlock(&m->lock);
}

void
media_send_reports(struct media *m)
{
	pthread_mutex_lock(&m->lock);
	const struct output_moment now = moment(m);
	for (size_t i = 0; i < MEDIA_OUTPUTS_MAX; i++) {
		if (m->outputs[i])
			output_report(m->outputs[i], &now, false);
	}
	pthread_mutex_unlock(&m->lock);
}

void
media_stats(struct media *m, struct media_stats *out)
{
	pthread_mutex_lock(&m->lock);
	pictures_stats(m->pictures, &out->pictures);
	out->packets_in = atomic_load(&m->packets_in);
	out->sent = m->gone;
	out->has_sound = sound_comes(m->sound);
	out->sound = sound_stats(m->sound);
	for (size_t i = 0; i < MEDIA_OUTPUTS_MAX; i++) {
		struct output_stats stats;
		if (!m->outputs[i])
			continue;
		output_stats(m->outputs[i], &stats);
		output_stats_add(&out->sent, &stats);
	}
	pthread_mutex_unlock(&m->lock);
}

const struct video_codec *
media_describe(struct media *m, char *fmtp, size_t size)
{
	pthread_mutex_lock(&m->lock);
	const struct video_codec *codec = pictures_codec(m->pictures);
	pictures_describe(m->pictures, fmtp, size);
	pthread_mutex_unlock(&m->lock);
	return codec;
}

void
media_free(struct media *m)
{
	if (!m)
		return;
	if (m->running) {
		source_interrupt(m->source);
		pthread_join(m->thread, NULL);
		source_free(m->source);
	}
	loop_clear(&m->pace);
	for (unsigned i = 0; i < MEDIA_OUTPUTS_MAX; i++)
		media_detach(m, i);
	pictures_free(m->pictures);
	sound_free(m->sound);
	pthread_mutex_destroy(&m->lock);
	g_free(m);
}
