/* snapshot.c - the newest key picture, kept and written as JPEG on demand.
 * Owns the access unit and the thread. One lock guards the access unit, held for a copy. Media
 * thread (giving), loop thread (asking), its own (working). */
#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "worker/jpeg.h"
#include "worker/nal_stream.h"
#include "worker/outfile.h"
#include "worker/recorder_queue.h"
#include "worker/snapshot.h"
#include "worker/video_codec.h"

struct snapshot {
	GMainContext *loop;
	struct snapshot_events events;
	GThreadPool *pool;
	struct recorder_unit unit; /* the access unit in hand; media thread only */
	pthread_mutex_t lock;      /* what follows */
	struct recorder_unit newest;
};

/* One picture on its way. */
struct job {
	struct snapshot *snapshot;
	int64_t id;
	char *file;
	struct recorder_unit unit;
	struct snapshot_result result;
	char why[256];
};

static void
free_job(gpointer data)
{
	struct job *j = data;

	recorder_unit_clear(&j->unit);
	g_free(j->file);
	g_free(j);
}

/* ---- its own thread -------------------------------------------------------------------------- */

static int
write_file(const char *path, const struct jpeg *jpeg)
{
	struct outfile *f;
	char *folder = g_path_get_dirname(path);
	char *name = g_path_get_basename(path);

	unlink(path);
	int err = outfile_open(folder, name, &f);
	g_free(folder);
	g_free(name);
	if (err)
		return err;
	err = outfile_write(f, jpeg->bytes, jpeg->len);
	if (err) {
		outfile_drop(f);
		return err;
	}
	return outfile_commit(f);
}

static void
make(struct job *j)
{
	struct jpeg jpeg;

	j->result.error = j->why;
	if (j->unit.len == 0) {
		snprintf(j->why, sizeof(j->why), "no picture has come yet");
		return;
	}
	if (jpeg_from_picture(j->unit.codec->libav, j->unit.bytes, j->unit.len, &jpeg, j->why,
		    sizeof(j->why)) < 0)
		return;
	int err = write_file(j->file, &jpeg);
	free(jpeg.bytes);
	if (err) {
		snprintf(j->why, sizeof(j->why), "cannot write %s: %s", j->file, strerror(-err));
		return;
	}
	j->result.width = jpeg.width;
	j->result.height = jpeg.height;
	j->result.error = NULL;
}

static gboolean
deliver(gpointer data)
{
	struct job *j = data;
	struct snapshot_events *to = &j->snapshot->events;

	to->on_done(to->arg, &j->result);
	return G_SOURCE_REMOVE;
}

static void
work(gpointer data, gpointer arg)
{
	struct job *j = data;
	GSource *idle = g_idle_source_new();

	(void)arg;
	make(j);
	g_source_set_priority(idle, G_PRIORITY_DEFAULT);
	g_source_set_callback(idle, deliver, j, free_job);
	g_source_attach(idle, j->snapshot->loop);
	g_source_unref(idle);
}

/* ---- the others ------------------------------------------------------------------------------ */

struct snapshot *
snapshot_new(GMainContext *loop, const struct snapshot_events *events)
{
	struct snapshot *s = g_new0(struct snapshot, 1);

	s->loop = loop;
	s->events = *events;
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

static void
keep(struct snapshot *s)
{
	pthread_mutex_lock(&s->lock);
	struct recorder_unit old = s->newest;
	s->newest = s->unit;
	pthread_mutex_unlock(&s->lock);
	s->unit = (struct recorder_unit){ 0 };
	recorder_unit_clear(&old);
}

void
snapshot_video(struct snapshot *s, const struct stream_nal *nal, int64_t at_us)
{
	const enum nal_kind kind = nal->kind;

	if (nal->first) {
		recorder_unit_clear(&s->unit);
		/* A key picture begins with its parameter sets, or with SEI before them. */
		if (kind == NAL_KEY || kind == NAL_SET || kind == NAL_SEI)
			s->unit = (struct recorder_unit){
				.type = RECORDER_VIDEO, .codec = nal->codec, .at_us = at_us
			};
	}
	if (kind == NAL_SLICE)
		recorder_unit_clear(&s->unit);
	if (s->unit.type != RECORDER_VIDEO)
		return;
	s->unit.key |= kind == NAL_KEY;
	recorder_unit_nal(&s->unit, nal->bytes, nal->len, kind == NAL_SET);
	if (nal->last && s->unit.key)
		keep(s);
}

void
snapshot_take(struct snapshot *s, int64_t id, const char *file)
{
	struct job *j = g_new0(struct job, 1);

	j->snapshot = s;
	j->result.id = id;
	j->file = g_strdup(file);
	pthread_mutex_lock(&s->lock);
	recorder_unit_add(&j->unit, s->newest.bytes, s->newest.len);
	j->unit.codec = s->newest.codec;
	int64_t at_us = s->newest.at_us;
	pthread_mutex_unlock(&s->lock);
	j->result.age_us = clock_now_us() - at_us;
	/* A worker of whom no picture is ever asked has no thread for it. */
	if (!s->pool)
		s->pool = g_thread_pool_new(work, NULL, 1, FALSE, NULL);
	g_thread_pool_push(s->pool, j, NULL);
}

void
snapshot_free(struct snapshot *s)
{
	if (!s)
		return;
	if (s->pool)
		g_thread_pool_free(s->pool, FALSE, TRUE);
	recorder_unit_clear(&s->unit);
	recorder_unit_clear(&s->newest);
	pthread_mutex_destroy(&s->lock);
	g_free(s);
}
