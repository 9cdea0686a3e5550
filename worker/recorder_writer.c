/* recorder_writer.c - from the recorder's queue to the disk.
 * Owns the segmenter, and what becomes of trouble with the disk: who decides to go on without it
 * says so, once. Recorder thread. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "proto/hour.h"
#include "worker/mp4.h"
#include "worker/recorder_writer.h"
#include "worker/segmenter.h"

/* After trouble with the disk it is looked at this often. */
#define RETRY_MS 2000

/* What is to be put in order before anything is written. */
enum repair {
	REPAIR_NOTHING,
	REPAIR_OURS, /* what was lost in trouble may have left files behind */
	REPAIR_ALL,  /* and so may an earlier process */
};

struct recorder_writer {
	const char *camera;
	void (*on_stats)(void *arg, const struct recorder_stats *stats);
	void *arg;
	struct segmenter *segmenter;  /* NULL: not wanted */
	struct recorder_stats before; /* of the segmenters that are gone; why: of the trouble */
	bool troubled;
	int64_t troubled_us;        /* since then, */
	uint64_t troubled_segments; /* when so many were whole */
	ms_t retry_at;              /* MS_NEVER: nothing to wait for */
	enum repair repair;
	uint8_t *sound; /* as in struct mp4_config */
	size_t sound_len;
	bool refused; /* sound that MP4 cannot hold came, and that was said */
};

struct recorder_writer *
recorder_writer_new(const char *camera,
	void (*on_stats)(void *arg, const struct recorder_stats *stats), void *arg)
{
	struct recorder_writer *w = xcalloc(1, sizeof(*w));

	w->camera = camera;
	w->on_stats = on_stats;
	w->arg = arg;
	w->retry_at = MS_NEVER;
	return w;
}

/* ---- what has come of it --------------------------------------------------------------------- */

static void
publish(struct recorder_writer *w, enum recorder_state state)
{
	struct recorder_stats stats = w->before;

	stats.state = state;
	if (w->segmenter) {
		const struct segmenter_stats s = segmenter_stats(w->segmenter);
		stats.bytes += s.bytes;
		stats.segments += s.segments;
		stats.gaps += s.gaps;
	}
	w->on_stats(w->arg, &stats);
}

static void
end_trouble(struct recorder_writer *w)
{
	w->troubled = false;
	w->before.why[0] = '\0';
	w->retry_at = MS_NEVER;
}

static void
publish_well(struct recorder_writer *w)
{
	if (!w->segmenter) {
		publish(w, RECORDER_OFF);
		return;
	}
	const struct segmenter_stats s = segmenter_stats(w->segmenter);
	if (w->troubled && s.segments == w->troubled_segments)
		return; /* for all we know it lasts */
	if (w->troubled)
		log_info("record goes on", LOG_CAM(w->camera));
	end_trouble(w);
	publish(w, s.writing ? RECORDER_RECORDING : RECORDER_WAITING);
}

static void
suffer(struct recorder_writer *w, int err)
{
	const bool full = err == -ENOSPC || err == -EDQUOT;

	snprintf(w->before.why, sizeof(w->before.why), "%s", segmenter_why(w->segmenter));
	if (!w->troubled) {
		log_warn("record stopped", LOG_CAM(w->camera), LOG_STR("why", w->before.why));
		w->troubled_us = clock_now_us();
	}
	w->troubled = true;
	w->troubled_segments = segmenter_stats(w->segmenter).segments;
	w->retry_at = clock_now() + RETRY_MS;
	if (w->repair == REPAIR_NOTHING)
		w->repair = REPAIR_OURS;
	publish(w, full ? RECORDER_FULL : RECORDER_FAILED);
}

/* ---- orders ---------------------------------------------------------------------------------- */

static int64_t
to_wall(void *arg, int64_t at_us)
{
	(void)arg;
	return at_us + clock_wall_us() - clock_now_us();
}

static void
end_recording(struct recorder_writer *w)
{
	if (!w->segmenter)
		return;
	if (segmenter_end(w->segmenter) != 0)
		log_warn("record end", LOG_CAM(w->camera),
			LOG_STR("why", segmenter_why(w->segmenter)));
	struct segmenter_stats s = segmenter_stats(w->segmenter);
	w->before.bytes += s.bytes;
	w->before.segments += s.segments;
	w->before.gaps += s.gaps;
	segmenter_free(w->segmenter);
	w->segmenter = NULL;
	end_trouble(w);
}

/* What was open when the trouble began, began in the hour before at the earliest. */
static int
prepare(struct recorder_writer *w)
{
	const bool all = w->repair == REPAIR_ALL;

	if (w->repair == REPAIR_NOTHING)
		return 0;
	int err = segmenter_repair(w->segmenter,
		all ? SEGMENTER_REPAIR_ALL : w->troubled_us - HOUR_US, clock_now_us());
	if (!err)
		w->repair = REPAIR_NOTHING;
	return err;
}

static void
begin_recording(struct recorder_writer *w, const char *dir, int min_free_percent)
{
	struct segmenter_config config = {
		.dir = dir, .min_free_percent = min_free_percent, .wall_us = to_wall
	};

	w->segmenter = segmenter_new(&config);
	w->repair = REPAIR_ALL;
	segmenter_sound_config(w->segmenter, w->sound, w->sound_len);
	int err = prepare(w);
	if (err)
		suffer(w, err);
	else
		publish_well(w);
}

/* What was given before it is on the disk by now. */
static void
carry_out(struct recorder_writer *w, const struct recorder_unit *order)
{
	end_recording(w);
	if (order->len > 0)
		begin_recording(w, (const char *)order->bytes, order->min_free_percent);
	else
		publish_well(w);
}

/* ---- pictures and sound ---------------------------------------------------------------------- */

/* True if the disk may be tried; what comes until then is nobody's. */
static bool
may_write(struct recorder_writer *w)
{
	if (w->retry_at == MS_NEVER)
		return true;
	if (clock_now() < w->retry_at)
		return false;
	int err = segmenter_check_space(w->segmenter);
	if (!err)
		err = prepare(w);
	if (err)
		suffer(w, err);
	else
		w->retry_at = MS_NEVER;
	return !err;
}

/* Pictures are recorded all the same. */
static void
refuse_sound(struct recorder_writer *w)
{
	if (!w->refused)
		log_warn("record no sound", LOG_CAM(w->camera),
			LOG_STR("why", "MP4 cannot say what this AAC is"));
	w->refused = true;
	w->sound_len = 0;
}

static void
keep_sound_config(struct recorder_writer *w, const struct recorder_unit *u)
{
	free(w->sound);
	w->sound = xmalloc(u->len + 1);
	if (u->len)
		memcpy(w->sound, u->bytes, u->len);
	w->sound_len = u->len;
	if (u->len && !mp4_takes_sound(w->sound, w->sound_len))
		refuse_sound(w);
	if (w->segmenter)
		segmenter_sound_config(w->segmenter, w->sound, w->sound_len);
}

static int
write_video(struct recorder_writer *w, const struct recorder_unit *u)
{
	struct segmenter_unit unit = { .codec = u->codec,
		.bytes = u->bytes,
		.len = u->len,
		.sets_len = u->sets_len,
		.at_us = u->at_us,
		.key = u->key,
		.b = u->b,
		.gap = u->gap };

	return segmenter_video(w->segmenter, &unit);
}

void
recorder_writer_take(struct recorder_writer *w, const struct recorder_unit *u)
{
	int err;

	if (u->type == RECORDER_SOUND_CONFIG) {
		keep_sound_config(w, u);
		return;
	}
	if (u->type == RECORDER_ORDER) {
		carry_out(w, u);
		return;
	}
	if (!w->segmenter || !may_write(w))
		return;
	if (u->type == RECORDER_VIDEO)
		err = write_video(w, u);
	else
		err = segmenter_sound(w->segmenter, u->bytes, u->len, u->at_us);
	if (err)
		suffer(w, err);
	else if (u->key)
		publish_well(w);
}

void
recorder_writer_idle(struct recorder_writer *w)
{
	if (!w->segmenter || w->retry_at != MS_NEVER)
		return;
	int err = segmenter_idle(w->segmenter);
	if (err)
		suffer(w, err);
	else
		publish_well(w);
}

void
recorder_writer_free(struct recorder_writer *w)
{
	end_recording(w);
	free(w->sound);
	free(w);
}
