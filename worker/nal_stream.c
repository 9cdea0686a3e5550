/* nal_stream.c - makes a camera's NAL units a stream that viewers can join at every key picture.
 * Owns its access units' ends, and what becomes of B pictures. Knows no RTP. Pure; media thread. */
#include <stdlib.h>

#include "common/xmalloc.h"
#include "worker/nal_sets.h"
#include "worker/nal_stream.h"

enum state {
	WAITING, /* for a key picture whose parameter sets are known */
	BETWEEN, /* nothing of the current access unit was emitted yet */
	INSIDE,  /* something was, and not its last */
};

/* Of a connection, while B pictures are refused. */
enum proof { NO_KEY_YET, ONE_KEY, PROVEN, REFUTED };

struct nal_stream {
	void (*emit)(const struct stream_nal *, void *);
	void *arg;
	const struct video_codec *codec; /* NULL before the first begin, as sets */
	struct nal_sets *sets;           /* owned */
	enum state state;
	enum nal_stream_b policy;
	enum proof proof;
	int64_t pts_90k;   /* of the current access unit */
	uint64_t unit;     /* number of the current access unit, from 1 */
	uint64_t key_unit; /* the last one whose first slice of a key picture was emitted */
	bool began_here;   /* at the last key picture: what leads it cannot be decoded */
	struct nal_order order;
	uint64_t slice_unit;   /* the last one of which a slice was passed on */
	uint64_t dropped_unit; /* the last one of which a slice was left out */
	uint64_t b_unit;       /* the last one that had a B slice */
	int active;            /* SPS of the last key picture, -1: none yet */
	struct nal_stats stats;
	uint32_t changes_before; /* of parameter sets of other codecs */
};

struct nal_stream *
nal_stream_new(void (*emit)(const struct stream_nal *nal, void *arg), void *arg)
{
	struct nal_stream *s = xcalloc(1, sizeof(*s));

	s->emit = emit;
	s->arg = arg;
	s->unit = 1;
	s->active = -1;
	return s;
}

void
nal_stream_free(struct nal_stream *s)
{
	if (!s)
		return;
	nal_sets_free(s->sets);
	free(s);
}

/* ---- access units ---------------------------------------------------------------------------- */

/* Emits a NAL unit of the current access unit. The one place that enters INSIDE. */
static void
emit(struct nal_stream *s, struct nal_bytes nal, bool last)
{
	const struct stream_nal out = {
		.codec = s->codec,
		.bytes = nal.bytes,
		.len = nal.len,
		.kind = s->codec->kind(nal.bytes, nal.len),
		.pts_90k = s->pts_90k,
		.first = s->state != INSIDE,
		.last = last,
		.b = s->b_unit == s->unit,
	};

	s->state = last ? BETWEEN : INSIDE;
	s->emit(&out, s->arg);
}

static void
emit_set(void *arg, struct nal_bytes set)
{
	emit(arg, set, false);
}

/* Emits the mark that the current access unit still owes. */
static void
end_picture(struct nal_stream *s)
{
	/* Decoders and WebRTC depacketizers skip filler. */
	if (s->state == INSIDE)
		emit(s,
			(struct nal_bytes){
				.bytes = s->codec->filler, .len = s->codec->filler_bytes },
			true);
}

void
nal_stream_end(struct nal_stream *s)
{
	end_picture(s);
	s->unit++;
}

void
nal_stream_restart(struct nal_stream *s)
{
	nal_stream_end(s);
	s->state = WAITING;
	s->order = (struct nal_order){ 0 };
}

void
nal_stream_begin(struct nal_stream *s, const struct video_codec *codec)
{
	nal_stream_restart(s);
	s->proof = NO_KEY_YET;
	if (codec == s->codec)
		return;
	if (s->sets)
		s->changes_before += nal_sets_changes(s->sets);
	nal_sets_free(s->sets);
	s->sets = nal_sets_new(codec);
	s->codec = codec;
	s->active = -1;
}

void
nal_stream_learn(struct nal_stream *s, struct nal_bytes extradata)
{
	struct nal_bytes nal;

	while (annexb_next(&extradata, &nal))
		if (s->codec->kind(nal.bytes, nal.len) == NAL_SET)
			nal_sets_keep(s->sets, nal);
}

/* ---- pictures -------------------------------------------------------------------------------- */

void
nal_stream_set_b(struct nal_stream *s, enum nal_stream_b policy)
{
	s->policy = policy;
}

bool
nal_stream_is_refused(const struct nal_stream *s)
{
	return s->policy == NAL_STREAM_B_REFUSE && s->proof == REFUTED;
}

bool
nal_stream_is_proving(const struct nal_stream *s)
{
	return s->policy == NAL_STREAM_B_REFUSE && s->proof == ONE_KEY;
}

/* A NAL unit as it is, behind the sets that wait for it. */
static void
pass_on(struct nal_stream *s, struct nal_bytes nal, bool last)
{
	nal_sets_send_due(s->sets, s->unit, emit_set, s);
	emit(s, nal, last);
}

/* The first slice of a key picture: viewers can join here if its sets are known. */
static bool
start_key(struct nal_stream *s, unsigned pps_id)
{
	const int sps_id = nal_sets_sps_of(s->sets, pps_id);

	if (sps_id < 0) {
		nal_stream_restart(s);
		s->stats.key_without_sets++;
		return false;
	}
	s->began_here = s->state == WAITING;
	s->active = sps_id;
	s->key_unit = s->unit;
	nal_sets_send_for_key(s->sets, (unsigned)sps_id, s->unit, emit_set, s);
	return true;
}

static bool
on_key(struct nal_stream *s, struct nal_bytes nal, const struct nal_slice *slice, bool last)
{
	if (s->state == WAITING && !slice->first)
		return false;
	if (s->key_unit != s->unit && !start_key(s, slice->pps_id))
		return false;
	pass_on(s, nal, last);
	return true;
}

/* Its first slice says what becomes of a picture: there may be B slices beside others. */
static bool
is_left_out(struct nal_stream *s, const struct nal_slice *slice)
{
	if (slice->leading && s->began_here)
		return true;
	if (s->policy != NAL_STREAM_B_DROP || s->slice_unit == s->unit)
		return false;
	return s->dropped_unit == s->unit || (slice->b && slice->disposable);
}

/* A slice of a picture that is none for viewers to join at. */
static bool
on_slice(struct nal_stream *s, struct nal_bytes nal, const struct nal_slice *slice, bool last)
{
	if (s->state == WAITING)
		return false;
	s->stats.b_slices += slice->b;
	if (slice->b)
		s->b_unit = s->unit;
	if (is_left_out(s, slice)) {
		s->stats.b_dropped += slice->b;
		s->dropped_unit = s->unit;
		return false;
	}
	s->slice_unit = s->unit;
	pass_on(s, nal, last);
	return true;
}

static bool
on_other(struct nal_stream *s, struct nal_bytes nal, enum nal_kind kind, bool last)
{
	if (s->state == WAITING)
		return false;
	if (s->policy == NAL_STREAM_B_DROP && kind == NAL_SEI)
		return false;
	if (kind == NAL_PART && s->dropped_unit == s->unit)
		return false;
	pass_on(s, nal, last);
	return true;
}

/* A GOP without a B picture proves that the camera makes none. */
static void
prove(struct nal_stream *s, const struct nal_slice *slice, bool key)
{
	if (slice->b)
		s->proof = REFUTED;
	else if (key && slice->first && s->proof < PROVEN)
		s->proof = s->proof == NO_KEY_YET ? ONE_KEY : PROVEN;
}

/* True while B pictures are refused and there may be some: only parameter sets are of use. */
static bool
is_unproven(const struct nal_stream *s)
{
	return s->policy == NAL_STREAM_B_REFUSE && s->proof != PROVEN;
}

static bool
on_picture(struct nal_stream *s, struct nal_bytes nal, enum nal_kind kind, bool last)
{
	struct nal_slice slice;

	if (s->codec->read_slice(nal.bytes, nal.len, s->sets, &s->order, &slice))
		return false;
	prove(s, &slice, kind == NAL_KEY);
	if (is_unproven(s))
		return false;
	return kind == NAL_KEY ? on_key(s, nal, &slice, last) : on_slice(s, nal, &slice, last);
}

static bool
on_set(struct nal_stream *s, struct nal_bytes nal)
{
	return is_unproven(s) ? nal_sets_keep(s->sets, nal) : nal_sets_take(s->sets, nal, s->unit);
}

/* False if the NAL unit was dropped. */
static bool
pass(struct nal_stream *s, struct nal_bytes nal, bool last)
{
	const enum nal_kind kind = s->codec->kind(nal.bytes, nal.len);

	switch (kind) {
	case NAL_SET:
		return on_set(s, nal);
	case NAL_KEY:
	case NAL_SLICE:
		return on_picture(s, nal, kind, last);
	case NAL_PART:
	case NAL_SEI:
	case NAL_END:
		return !is_unproven(s) && on_other(s, nal, kind, last);
	case NAL_OTHER:
	case NAL_AUD:
	case NAL_FILLER:
		return false;
	}
	return false;
}

void
nal_stream_feed(struct nal_stream *s, struct nal_bytes nal, int64_t pts_90k, bool last)
{
	if (pts_90k != s->pts_90k)
		nal_stream_end(s);
	s->pts_90k = pts_90k;
	if (!pass(s, nal, last))
		s->stats.dropped++;
	if (last)
		nal_stream_end(s);
}

/* ---- what is known --------------------------------------------------------------------------- */

const struct video_codec *
nal_stream_codec(const struct nal_stream *s)
{
	return s->codec;
}

struct nal_bytes
nal_stream_sps(const struct nal_stream *s)
{
	if (!s->sets)
		return (struct nal_bytes){ 0 };
	return s->active >= 0 ? nal_sets_bytes(s->sets, NAL_SPS, (unsigned)s->active)
			      : nal_sets_any_sps(s->sets);
}

struct nal_stats
nal_stream_stats(const struct nal_stream *s)
{
	struct nal_stats out = s->stats;

	out.set_changes = s->changes_before + (s->sets ? nal_sets_changes(s->sets) : 0);
	return out;
}
