/* h264_stream.c - makes a camera's NAL units a stream that viewers can join at every IDR.
 * Owns the parameter sets of one stream and its access units' ends. Knows no RTP. Pure; media
 * thread. */
#include <stdlib.h>
#include <string.h>

#include "worker/h264_stream.h"
#include "common/xmalloc.h"

/* Larger sets are not kept. An SPS with every scaling list coded is under 700 bytes. */
#define SET_BYTES_MAX 1024

enum state {
	WAITING, /* for an IDR whose parameter sets are known */
	BETWEEN, /* nothing of the current access unit was emitted yet */
	INSIDE,  /* something was, and not its last */
};

/* What becomes of a NAL unit of each type; DROP is what is not listed: delimiters and filler, which
 * carry nothing, and extensions (13 and up), which a base profile's decoder must ignore. */
enum fate { DROP, KEEP_SET, START_IDR, PASS_SLICE, PASS };

static const enum fate fates[32] = {
	[H264_SLICE] = PASS_SLICE,
	[H264_PARTITION_A] = PASS_SLICE,
	[H264_PARTITION_A + 1] = PASS,
	[H264_PARTITION_C] = PASS,
	[H264_IDR] = START_IDR,
	[H264_SEI] = PASS,
	[H264_SPS] = KEEP_SET,
	[H264_PPS] = KEEP_SET,
	[H264_END_OF_SEQUENCE] = PASS,
	[H264_END_OF_STREAM] = PASS,
};

/* A parameter set as it came, or bytes NULL. */
struct set {
	uint8_t *bytes;
	size_t len;
	uint8_t sps_id;     /* its own, or the one that a PPS refers to */
	bool due;           /* came from the stream, leaves before the next NAL unit */
	uint64_t sent_unit; /* the access unit in which it was emitted last; 0: never */
};

struct h264_stream {
	void (*emit)(const struct h264_nal *, void *);
	void *arg;
	enum state state;
	int64_t pts_90k;   /* of the current access unit */
	uint64_t unit;     /* number of the current access unit, from 1 */
	uint64_t idr_unit; /* the last one whose first IDR slice was emitted */
	bool any_due;
	bool drop_b;
	uint64_t slice_unit;   /* the last one of which a slice was passed on */
	uint64_t dropped_unit; /* the last one of which a slice was left out */
	struct set sps[H264_SPS_COUNT];
	struct set pps[H264_PPS_COUNT];
	struct h264_sps parsed[H264_SPS_COUNT]; /* of sps, same index */
	int active;                             /* SPS of the last IDR, -1: none yet */
	struct h264_stats stats;
};

struct h264_stream *
h264_stream_new(void (*emit)(const struct h264_nal *nal, void *arg), void *arg)
{
	struct h264_stream *s = xcalloc(1, sizeof(*s));

	s->emit = emit;
	s->arg = arg;
	s->unit = 1;
	s->active = -1;
	return s;
}

void
h264_stream_free(struct h264_stream *s)
{
	if (!s)
		return;
	for (int i = 0; i < H264_SPS_COUNT; i++)
		free(s->sps[i].bytes);
	for (int i = 0; i < H264_PPS_COUNT; i++)
		free(s->pps[i].bytes);
	free(s);
}

static struct h264_bytes
unit_of(const struct h264_nal *nal)
{
	return (struct h264_bytes){ .bytes = nal->bytes, .len = nal->len };
}

/* Emits a NAL unit of the current access unit. The one place that enters INSIDE. */
static void
emit(struct h264_stream *s, struct h264_bytes nal, bool last)
{
	struct h264_nal out = {
		.bytes = nal.bytes,
		.len = nal.len,
		.pts_90k = s->pts_90k,
		.first = s->state != INSIDE,
		.last = last,
		.idr = h264_type(nal.bytes) == H264_IDR,
	};

	s->state = last ? BETWEEN : INSIDE;
	s->emit(&out, s->arg);
}

/* Emits the mark that the current access unit still owes. */
static void
end_picture(struct h264_stream *s)
{
	/* filler_data_rbsp without filler (7.3.2.7): decoders and WebRTC depacketizers skip it. */
	static const uint8_t filler[] = { H264_FILLER, 0x80 };

	if (s->state == INSIDE)
		emit(s, (struct h264_bytes){ .bytes = filler, .len = sizeof(filler) }, true);
}

void
h264_stream_end(struct h264_stream *s)
{
	end_picture(s);
	s->unit++;
}

void
h264_stream_restart(struct h264_stream *s)
{
	h264_stream_end(s);
	s->state = WAITING;
}

/* Parses an SPS into its place. Returns the place, or NULL. */
static struct set *
place_of_sps(struct h264_stream *s, struct h264_bytes nal)
{
	struct h264_sps sps;

	if (h264_parse_sps(nal.bytes, nal.len, &sps))
		return NULL;
	s->parsed[sps.id] = sps;
	s->sps[sps.id].sps_id = sps.id;
	return &s->sps[sps.id];
}

static struct set *
place_of_pps(struct h264_stream *s, struct h264_bytes nal)
{
	struct h264_pps pps;

	if (h264_parse_pps(nal.bytes, nal.len, &pps))
		return NULL;
	s->pps[pps.id].sps_id = pps.sps_id;
	return &s->pps[pps.id];
}

/* Keeps a parameter set. Returns its place, or NULL if it is broken or too long; *changed if it is
 * not what was there. */
static struct set *
keep_set(struct h264_stream *s, struct h264_bytes nal, bool *changed)
{
	if (nal.len > SET_BYTES_MAX)
		return NULL;
	bool is_sps = h264_type(nal.bytes) == H264_SPS;
	struct set *set = is_sps ? place_of_sps(s, nal) : place_of_pps(s, nal);
	if (!set)
		return NULL;
	*changed = set->len != nal.len || memcmp(set->bytes, nal.bytes, nal.len) != 0;
	if (!*changed)
		return set;
	if (set->bytes)
		s->stats.set_changes++;
	free(set->bytes);
	set->bytes = xmalloc(nal.len);
	memcpy(set->bytes, nal.bytes, nal.len);
	set->len = nal.len;
	return set;
}

/* forbidden_zero_bit says broken, and a decoder may refuse the whole picture for it. */
static bool
is_sound(struct h264_bytes nal)
{
	return nal.len > 0 && !(nal.bytes[0] & 0x80);
}

void
h264_stream_keep(struct h264_stream *s, struct h264_bytes nal)
{
	bool changed;

	if (is_sound(nal) && fates[h264_type(nal.bytes)] == KEEP_SET)
		keep_set(s, nal, &changed);
}

void
h264_stream_learn(struct h264_stream *s, struct h264_bytes extradata)
{
	struct h264_bytes nal;

	while (h264_next_nal(&extradata, &nal))
		h264_stream_keep(s, nal);
}

/* A parameter set of the stream: it leaves before the next NAL unit, once in an access unit. */
static bool
on_set(struct h264_stream *s, struct h264_bytes nal)
{
	bool changed;
	struct set *set = keep_set(s, nal, &changed);

	if (!set)
		return false;
	if (changed || set->sent_unit != s->unit)
		set->due = s->any_due = true;
	return true;
}

static void
send_set(struct h264_stream *s, struct set *set)
{
	emit(s, (struct h264_bytes){ .bytes = set->bytes, .len = set->len }, false);
	set->due = false;
	set->sent_unit = s->unit;
}

/* Sends the sets that are due, and those of an IDR (sps_id; -1: there is none) that its access unit
 * has not had yet: its SPS, then every PPS of it, since the pictures that follow may use any. */
static void
send_sets(struct h264_stream *s, int sps_id)
{
	bool renewed = false; /* a PPS that came before its SPS is unknown to who joins here */

	if (sps_id < 0 && !s->any_due)
		return;
	for (int i = 0; i < H264_SPS_COUNT; i++) {
		bool wanted = i == sps_id && s->sps[i].sent_unit != s->unit;
		if (!wanted && !s->sps[i].due)
			continue;
		renewed = renewed || i == sps_id;
		send_set(s, &s->sps[i]);
	}
	for (int i = 0; i < H264_PPS_COUNT; i++) {
		struct set *pps = &s->pps[i];
		bool wanted = pps->bytes && pps->sps_id == sps_id &&
			      (renewed || pps->sent_unit != s->unit);
		if (wanted || pps->due)
			send_set(s, pps);
	}
	s->any_due = false;
}

/* The first IDR slice of an access unit: viewers can join here if its sets are known. */
static bool
start_idr(struct h264_stream *s, uint8_t pps_id)
{
	const struct set *pps = &s->pps[pps_id];

	if (!pps->bytes || !s->sps[pps->sps_id].bytes) {
		h264_stream_restart(s);
		s->stats.idr_without_sets++;
		return false;
	}
	s->active = pps->sps_id;
	s->idr_unit = s->unit;
	send_sets(s, pps->sps_id);
	return true;
}

/* A NAL unit as it is, behind the sets that wait for it. */
static void
pass_on(struct h264_stream *s, const struct h264_nal *nal)
{
	send_sets(s, -1);
	emit(s, unit_of(nal), nal->last);
}

static bool
on_idr(struct h264_stream *s, const struct h264_nal *nal)
{
	struct h264_slice slice;

	if (h264_parse_slice(nal->bytes, nal->len, &slice))
		return false;
	if (s->state == WAITING && slice.first_mb != 0)
		return false;
	if (s->idr_unit != s->unit && !start_idr(s, slice.pps_id))
		return false;
	pass_on(s, nal);
	return true;
}

void
h264_stream_set_drop_b(struct h264_stream *s, bool drop)
{
	s->drop_b = drop;
}

/* Its first slice says what becomes of a picture: there may be B slices beside others. */
static bool
is_left_out(struct h264_stream *s, const struct h264_nal *nal, const struct h264_slice *slice)
{
	const bool refers_none = (nal->bytes[0] & 0x60) == 0; /* nal_ref_idc */

	if (!s->drop_b || s->slice_unit == s->unit)
		return false;
	if (s->dropped_unit == s->unit)
		return true;
	return slice->type == H264_B && refers_none;
}

/* A slice of a picture that is none for viewers to join at. False if it is left out. */
static bool
on_slice(struct h264_stream *s, const struct h264_nal *nal)
{
	struct h264_slice slice;

	if (h264_parse_slice(nal->bytes, nal->len, &slice))
		return false;
	s->stats.b_slices += slice.type == H264_B;
	if (is_left_out(s, nal, &slice)) {
		s->stats.b_dropped += slice.type == H264_B;
		s->dropped_unit = s->unit;
		return false;
	}
	s->slice_unit = s->unit;
	return true;
}

static bool
on_other(struct h264_stream *s, const struct h264_nal *nal, enum fate fate)
{
	if (s->state == WAITING)
		return false;
	if (s->drop_b && h264_type(nal->bytes) == H264_SEI)
		return false;
	if (fate == PASS_SLICE && !on_slice(s, nal))
		return false;
	pass_on(s, nal);
	return true;
}

/* False if the NAL unit was dropped. */
static bool
pass(struct h264_stream *s, const struct h264_nal *nal)
{
	if (!is_sound(unit_of(nal)))
		return false;
	enum fate fate = fates[h264_type(nal->bytes)];
	switch (fate) {
	case DROP:
		return false;
	case KEEP_SET:
		return on_set(s, unit_of(nal));
	case START_IDR:
		return on_idr(s, nal);
	case PASS_SLICE:
	case PASS:
		return on_other(s, nal, fate);
	}
	return false;
}

void
h264_stream_feed(struct h264_stream *s, const struct h264_nal *nal)
{
	if (nal->pts_90k != s->pts_90k)
		h264_stream_end(s);
	s->pts_90k = nal->pts_90k;
	if (!pass(s, nal))
		s->stats.dropped++;
	if (nal->last)
		h264_stream_end(s);
}

const struct h264_sps *
h264_stream_sps(const struct h264_stream *s)
{
	if (s->active >= 0)
		return &s->parsed[s->active];
	for (int i = 0; i < H264_SPS_COUNT; i++)
		if (s->sps[i].bytes)
			return &s->parsed[i];
	return NULL;
}

struct h264_stats
h264_stream_stats(const struct h264_stream *s)
{
	return s->stats;
}
