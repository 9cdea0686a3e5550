/* archive.c - recording and snapshots of one camera, between media and supervisor.
 * Owns both, the sound's transcoder, and what was told. Decides nothing. Loop thread; the tap:
 * media thread. */
#include <glib.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "worker/archive.h"
#include "worker/audio_aac.h"
#include "worker/link.h"
#include "worker/opus.h"
#include "worker/recorder.h"
#include "worker/snapshot.h"

struct archive {
	const char *camera;
	struct link *link;
	struct recorder *recorder;
	struct snapshot *snapshot;
	/* Media thread only: sound is recorded as it comes, or as the transcoder makes it; NULL:
	 * there is none. */
	bool records_sound;
	struct audio_aac *transcoder;
	atomic_bool wanted; /* a recording: to transcode for nobody costs time */
	struct recorder_stats told;
	enum recorder_state announced; /* the last that was an event; never WAITING */
	char *dir;
};

/* ---- the media thread ------------------------------------------------------------------------ */

static void
on_nal(void *arg, const struct stream_nal *nal, int64_t at_us)
{
	struct archive *a = arg;

	recorder_video(a->recorder, nal, at_us);
	snapshot_video(a->snapshot, nal, at_us);
}

static void
on_gap(void *arg)
{
	struct archive *a = arg;

	recorder_gap(a->recorder);
}

static void
on_aac(const uint8_t *data, size_t len, int64_t at_us, void *arg)
{
	struct archive *a = arg;

	recorder_audio(a->recorder, data, len, at_us);
}

static bool
is_pcm(const struct audio_format *format)
{
	return format && audio_is_pcm(format->codec);
}

/* HLS has no PCM and no G.711 (HLS authoring specification, 2); AAC and Opus are recorded as they
 * come. */
static void
on_sound_format(void *arg, const struct audio_format *format)
{
	struct archive *a = arg;
	const uint8_t *config = NULL;
	size_t len = 0;

	audio_aac_free(a->transcoder);
	a->transcoder = is_pcm(format) ? audio_aac_new(format, on_aac, a) : NULL;
	a->records_sound = format && !is_pcm(format);
	if (a->transcoder) {
		config = audio_aac_config(a->transcoder, &len);
	} else if (a->records_sound && format->codec == AUDIO_OPUS) {
		config = opus_head;
		len = OPUS_HEAD_BYTES;
	} else if (a->records_sound) {
		config = format->config;
		len = format->config_len;
	}
	recorder_audio_config(a->recorder, config, len);
}

static void
on_sound(void *arg, const struct audio_unit *unit)
{
	struct archive *a = arg;

	if (a->records_sound)
		recorder_audio(a->recorder, unit->data, unit->len, unit->at_us);
	else if (a->transcoder && atomic_load(&a->wanted))
		audio_aac_feed(a->transcoder, unit);
}

struct tap
archive_tap(struct archive *a)
{
	return (struct tap){ .on_nal = on_nal,
		.on_gap = on_gap,
		.on_sound_format = on_sound_format,
		.on_sound = on_sound,
		.arg = a };
}

/* ---- what is told ---------------------------------------------------------------------------- */

static char *
lend(const char *s)
{
	return (char *)(uintptr_t)s;
}

static void
announce(struct archive *a, const char *event, const char *text)
{
	struct msg m = { .type = MSG_EVENT,
		.u.event = { .event = lend(event), .text = lend(text) } };

	log_info(event, LOG_CAM(a->camera), LOG_STR("text", text));
	link_send(a->link, &m);
}

static void
announce_state(struct archive *a, const struct recorder_stats *s)
{
	if (s->state == a->announced || s->state == RECORDER_WAITING)
		return;
	a->announced = s->state;
	if (s->state == RECORDER_RECORDING)
		announce(a, "recording started", a->dir);
	else if (s->state == RECORDER_OFF)
		announce(a, "recording stopped", "as it was told");
	else
		announce(a, s->state == RECORDER_FULL ? "disk full" : "recording failed", s->why);
}

static void
announce_gap(struct archive *a, const struct recorder_stats *s)
{
	char text[96];

	if (s->gaps == a->told.gaps)
		return;
	snprintf(text, sizeof(text), "%" PRIu64 " since the worker started", s->gaps);
	if (s->dropped > a->told.dropped)
		snprintf(text, sizeof(text), "the disk is too slow: %" PRIu64 " pictures dropped",
			s->dropped - a->told.dropped);
	announce(a, "recording gap", text);
}

static bool
is_news(const struct recorder_stats *a, const struct recorder_stats *b)
{
	return a->state != b->state || a->segments != b->segments || a->gaps != b->gaps ||
	       a->dropped != b->dropped || strcmp(a->why, b->why) != 0;
}

void
archive_tick(struct archive *a)
{
	struct recorder_stats s;

	recorder_stats(a->recorder, &s);
	if (!is_news(&s, &a->told))
		return;
	struct msg m = { .type = MSG_RECORDING,
		.u.recording = { .state = lend(recorder_state_text(s.state)),
			.why = *s.why ? s.why : NULL,
			.bytes = (int64_t)s.bytes,
			.segments = (int64_t)s.segments,
			.gaps = (int64_t)s.gaps,
			.dropped = (int64_t)s.dropped } };
	link_send(a->link, &m);
	announce_state(a, &s);
	announce_gap(a, &s);
	a->told = s;
}

static void
on_snapshot_done(void *arg, const struct snapshot_result *r)
{
	struct archive *a = arg;
	struct msg m = { .type = MSG_SNAPSHOT_DONE,
		.u.snapshot_done = { .id = r->id,
			.width = r->width,
			.height = r->height,
			.age_ms = r->age_us / 1000,
			.error = lend(r->error) } };

	link_send(a->link, &m);
}

/* ---- what is asked --------------------------------------------------------------------------- */

void
archive_on_record(struct archive *a, const struct msg_record *m)
{
	atomic_store(&a->wanted, m->dir != NULL);
	if (!m->dir) {
		recorder_stop(a->recorder);
		return;
	}
	g_free(a->dir);
	a->dir = g_strdup(m->dir);
	recorder_start(a->recorder, m->dir, (int)m->min_free_percent);
}

void
archive_on_snapshot(struct archive *a, const struct msg_snapshot *m)
{
	snapshot_take(a->snapshot, m->id, m->file);
}

struct archive *
archive_new(GMainContext *loop, const char *camera, struct link *link)
{
	struct archive *a = g_new0(struct archive, 1);
	struct snapshot_events events = { .on_done = on_snapshot_done, .arg = a };

	a->camera = camera;
	a->link = link;
	a->recorder = recorder_new(camera);
	a->snapshot = snapshot_new(loop, &events);
	return a;
}

void
archive_free(struct archive *a)
{
	if (!a)
		return;
	audio_aac_free(a->transcoder);
	recorder_free(a->recorder);
	snapshot_free(a->snapshot);
	g_free(a->dir);
	g_free(a);
}
