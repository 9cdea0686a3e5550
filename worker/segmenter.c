/* segmenter.c - one camera's recording: which picture begins a segment, an hour, a new track.
 * Owns the muxer, the open segment and the picture whose length is not known yet. Decides by what
 * it is given; the wall clock is asked of who made it. Recorder thread. */
#include <stdlib.h>
#include <string.h>

#include "common/xmalloc.h"
#include "worker/annexb.h"
#include "worker/hour_writer.h"
#include "worker/mp4.h"
#include "worker/reorder.h"
#include "worker/segmenter.h"
#include "worker/video_codec.h"

/* A picture of which nothing but its beginning is known lasts as long as the one before; the very
 * first, this. */
#define PICTURE_US 40000
/* Bytes that are kept. */
struct blob {
	uint8_t *bytes;
	size_t len;
	size_t size;
};

struct segmenter {
	struct segmenter_config config;
	struct blob sound; /* what comes is, as in struct mp4_config; len 0: none */

	/* One init segment and what refers to it. */
	struct mp4 *mp4; /* NULL: there is none yet */
	const struct video_codec *run_codec;
	struct blob run_sets;
	struct blob run_sound;
	/* The time 0 of its tracks: the beginning of the hour, so that times go on from one to the
	 * next in a playlist. */
	int64_t base_us;
	char map[HOUR_WRITER_NAME_BYTES];
	bool broken;  /* the next segment does not go on where the last ended, */
	bool missing; /* since something is missing */
	bool fresh;   /* its next picture is the first, or the first after a break */

	struct hour_writer *out; /* where the muxer's bytes go: init segment or segment */
	char name[HOUR_WRITER_NAME_BYTES];
	int64_t start_us; /* of the segment */
	int64_t start_wall_us;
	int64_t fragment_us; /* of the fragment */

	struct blob held;       /* the last picture; len 0: none */
	int64_t held_us;        /* when it is shown, */
	int64_t decoded_us;     /* and decoded */
	int64_t shown_us;       /* the latest of the segment */
	struct reorder reorder; /* since the last key picture after a break */
	int depth;              /* that was needed beyond what SPSs say */
	int64_t picture_us;     /* what the last one lasted */
	bool held_key;
	struct segmenter_stats stats;
};

static void
copy(struct blob *to, const uint8_t *bytes, size_t len)
{
	if (len > to->size) {
		free(to->bytes);
		to->bytes = xmalloc(len);
		to->size = len;
	}
	if (len)
		memcpy(to->bytes, bytes, len);
	to->len = len;
}

static int64_t
to_wall(const struct segmenter *s, int64_t at_us)
{
	return s->config.wall_us(s->config.arg, at_us);
}

static bool
is_same(const struct blob *b, const uint8_t *bytes, size_t len)
{
	return b->len == len && (len == 0 || memcmp(b->bytes, bytes, len) == 0);
}

struct segmenter *
segmenter_new(const struct segmenter_config *config)
{
	struct segmenter *s = xcalloc(1, sizeof(*s));

	s->config = *config;
	s->out = hour_writer_new(config->dir, config->min_free_percent);
	s->picture_us = PICTURE_US;
	s->broken = s->missing = true;
	return s;
}

static void
drop_run(struct segmenter *s)
{
	mp4_free(s->mp4);
	s->mp4 = NULL;
}

/* What is open is lost. */
static void
abandon(struct segmenter *s)
{
	hour_writer_drop(s->out);
	drop_run(s);
	s->held.len = 0;
	s->stats.writing = false;
	s->broken = s->missing = true;
}

static int
on_bytes(void *arg, const uint8_t *bytes, size_t len)
{
	struct segmenter *s = arg;

	s->stats.bytes += len;
	return hour_writer_write(s->out, bytes, len);
}

/* ---- segments -------------------------------------------------------------------------------- */

static int
open_segment(struct segmenter *s, int64_t at_us)
{
	int err = hour_writer_check_space(s->out);

	s->start_us = s->fragment_us = at_us;
	s->start_wall_us = to_wall(s, at_us);
	if (!err)
		err = hour_writer_open(s->out, s->start_wall_us, HOUR_SEGMENT, s->name);
	s->stats.writing = !err;
	return err;
}

/* Of the muxer: the disk's trouble, or its own. */
static int
muxed(struct segmenter *s, int err)
{
	return hour_writer_failed(s->out, err);
}

static int
add_to_playlist(struct segmenter *s, int64_t end_us)
{
	struct playlist_entry entry = { .uri = s->name,
		.map = s->map,
		.at_us = s->start_wall_us,
		.duration_us = end_us - s->start_us,
		.discontinuity = s->broken };

	int err = hour_writer_add(s->out, &entry, SEGMENT_TARGET_US / 1000000);
	if (err)
		return err;
	/* Before the very first nothing is missing: nobody was there to record. */
	s->stats.gaps += s->missing && (entry.discontinuity || s->stats.segments > 0);
	s->stats.segments++;
	s->stats.writing = false;
	s->broken = s->missing = false;
	return 0;
}

static int
finish_segment(struct segmenter *s, int64_t end_us)
{
	int err = muxed(s, mp4_flush(s->mp4));

	if (!err)
		err = hour_writer_commit(s->out);
	return err ? err : add_to_playlist(s, end_us);
}

/* The picture that is held, now that it is known how long it lasts. */
static int
put_held(struct segmenter *s, int64_t duration_us)
{
	if (s->held.len == 0)
		return 0;
	struct mp4_picture p = { .unit = s->held.bytes,
		.len = s->held.len,
		.decoded_us = s->decoded_us - s->base_us,
		.shown_us = s->held_us - s->base_us,
		.duration_us = duration_us,
		.key = s->held_key };
	int err = mp4_video(s->mp4, &p);
	s->held.len = 0;
	s->picture_us = duration_us;
	if (!err && s->decoded_us + duration_us - s->fragment_us >= SEGMENT_FRAGMENT_US) {
		err = mp4_flush(s->mp4);
		s->fragment_us = s->decoded_us + duration_us;
	}
	return muxed(s, err);
}

/* ---- runs ------------------------------------------------------------------------------------ */

/* What the SPS among these sets says; all zero if there is none. */
static struct nal_format
find_format(const struct video_codec *codec, const uint8_t *sets, size_t len)
{
	struct nal_bytes rest = { .bytes = sets, .len = len };
	struct nal_bytes nal;
	struct nal_format format = { 0 };

	while (annexb_next(&rest, &nal))
		if (codec->read_format(nal.bytes, nal.len, &format) == 0)
			break;
	return format;
}

static int
write_init(struct segmenter *s, int64_t wall_us)
{
	const struct nal_format format =
		find_format(s->run_codec, s->run_sets.bytes, s->run_sets.len);
	struct mp4_config config = { .codec = s->run_codec,
		.width = format.width,
		.height = format.height,
		.sets = s->run_sets.bytes,
		.sets_len = s->run_sets.len,
		.sound = s->run_sound.len ? s->run_sound.bytes : NULL,
		.sound_len = s->run_sound.len,
		.write = on_bytes,
		.arg = s };

	int err = hour_writer_open(s->out, wall_us, HOUR_INIT, s->map);
	if (!err)
		err = muxed(s, mp4_new(&config, &s->mp4));
	return err ? err : hour_writer_commit(s->out);
}

static int
begin_run(struct segmenter *s, const struct segmenter_unit *u)
{
	int64_t wall_us = to_wall(s, u->at_us);

	s->run_codec = u->codec;
	copy(&s->run_sets, u->bytes, u->sets_len);
	copy(&s->run_sound, s->sound.bytes, s->sound.len);
	s->base_us = u->at_us - wall_us % HOUR_US;
	s->broken = s->fresh = true;
	int err = hour_writer_check_space(s->out);
	if (!err)
		err = hour_writer_enter(s->out, wall_us);
	if (!err)
		err = write_init(s, wall_us);
	return err ? err : open_segment(s, u->at_us);
}

/* Ends the segment after the picture that is held. */
static int
break_off(struct segmenter *s)
{
	int64_t end = s->shown_us + s->picture_us;

	int err = put_held(s, s->picture_us);
	if (!err)
		err = finish_segment(s, end);
	s->broken = s->fresh = true;
	return err;
}

/* ---- what comes ------------------------------------------------------------------------------ */

/* Whether the picture needs another init segment than the last one did. */
static bool
is_other_run(struct segmenter *s, const struct segmenter_unit *u)
{
	return !s->mp4 || s->run_codec != u->codec ||
	       !is_same(&s->run_sets, u->bytes, u->sets_len) ||
	       !is_same(&s->run_sound, s->sound.bytes, s->sound.len) || s->depth > s->reorder.depth;
}

/* At a key picture: begins the segment that it is to begin, if it is. */
static int
cut(struct segmenter *s, const struct segmenter_unit *u)
{
	bool other = is_other_run(s, u);
	bool due = u->at_us - s->start_us >= SEGMENT_CUT_US;

	if (u->sets_len == 0)
		return 0;
	if (s->stats.writing && !due && !other)
		return 0;
	int err = s->stats.writing ? finish_segment(s, u->at_us) : 0;
	if (err)
		return err;
	if (!other && hour_writer_is_in(s->out, to_wall(s, u->at_us)))
		return open_segment(s, u->at_us);
	drop_run(s);
	return begin_run(s, u);
}

/* When the first picture after a break is decoded, given what its SPS says. */
static int64_t
begin_order(struct segmenter *s, const struct segmenter_unit *u)
{
	int depth = find_format(u->codec, u->bytes, u->sets_len).reorder_frames;

	s->fresh = false;
	s->shown_us = u->at_us;
	reorder_begin(&s->reorder, depth > s->depth ? depth : s->depth, u->at_us, s->picture_us);
	return reorder_next(&s->reorder, u->at_us);
}

/* A B picture that goes on must be shown after it is decoded: else the stream needs more than its
 * SPS says, from the next key picture on. Others step back when the camera's clock is seen to be
 * another one. */
static int64_t
go_on(struct segmenter *s, const struct segmenter_unit *u)
{
	int64_t decoded_us = reorder_next(&s->reorder, u->at_us);

	if (u->b && decoded_us > u->at_us && s->depth < REORDER_DEPTH_MAX)
		s->depth = s->reorder.depth + 1;
	return decoded_us;
}

static void
hold(struct segmenter *s, const struct segmenter_unit *u, int64_t decoded_us)
{
	copy(&s->held, u->bytes, u->len);
	s->held_us = u->at_us;
	s->decoded_us = decoded_us;
	if (u->at_us > s->shown_us)
		s->shown_us = u->at_us;
	s->held_key = u->key;
}

static int
take(struct segmenter *s, const struct segmenter_unit *u)
{
	int64_t step = u->at_us - s->held_us;
	bool gap = u->gap || step > SEGMENT_GAP_US || step < -SEGMENT_REORDER_US;
	int64_t decoded_us = 0;
	int err = 0;

	if (s->stats.writing && gap) {
		err = break_off(s);
		s->missing = true;
	} else if (s->stats.writing) {
		decoded_us = go_on(s, u);
		err = put_held(s, decoded_us - s->decoded_us);
	}
	if (!err && u->key)
		err = cut(s, u);
	if (err || !s->stats.writing)
		return err;
	if (s->fresh)
		decoded_us = begin_order(s, u);
	hold(s, u, decoded_us);
	return 0;
}

int
segmenter_video(struct segmenter *s, const struct segmenter_unit *u)
{
	int err = take(s, u);

	if (err)
		abandon(s);
	return err;
}

int
segmenter_sound(struct segmenter *s, const uint8_t *frame, size_t len, int64_t at_us)
{
	if (!s->stats.writing)
		return 0;
	int err = muxed(s, mp4_sound(s->mp4, frame, len, at_us - s->base_us));
	if (err)
		abandon(s);
	return err;
}

void
segmenter_sound_config(struct segmenter *s, const uint8_t *bytes, size_t len)
{
	copy(&s->sound, bytes, len);
}

int
segmenter_idle(struct segmenter *s)
{
	if (!s->stats.writing)
		return 0;
	int err = break_off(s);
	s->missing = true;
	if (err)
		abandon(s);
	return err;
}

int
segmenter_end(struct segmenter *s)
{
	int err = s->stats.writing ? break_off(s) : 0;

	if (!err)
		err = hour_writer_leave(s->out);
	abandon(s);
	return err;
}

int
segmenter_repair(struct segmenter *s, int64_t from_us, int64_t now_us)
{
	const int64_t from_wall_us =
		from_us == SEGMENTER_REPAIR_ALL ? HOUR_WRITER_REPAIR_ALL : to_wall(s, from_us);

	return hour_writer_repair(s->out, from_wall_us, to_wall(s, now_us));
}

int
segmenter_check_space(struct segmenter *s)
{
	return hour_writer_check_space(s->out);
}

const char *
segmenter_why(const struct segmenter *s)
{
	return hour_writer_why(s->out);
}

struct segmenter_stats
segmenter_stats(const struct segmenter *s)
{
	return s->stats;
}

void
segmenter_free(struct segmenter *s)
{
	if (!s)
		return;
	abandon(s);
	free(s->sound.bytes);
	free(s->run_sets.bytes);
	free(s->run_sound.bytes);
	free(s->held.bytes);
	hour_writer_free(s->out);
	free(s);
}
