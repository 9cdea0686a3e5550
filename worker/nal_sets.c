/* nal_sets.c - the parameter sets of one stream.
 * Owns their bytes. What they mean is the codec's. Pure; media thread. */
#include <stdlib.h>
#include <string.h>

#include "common/xmalloc.h"
#include "worker/nal_sets.h"

/* Larger sets are not kept. An SPS with every scaling list coded is under 700 bytes in H.264, under
 * 1800 in H.265; encoders code none. */
#define SET_BYTES_MAX 2048

struct set {
	uint8_t *bytes; /* owned; NULL: it has not come */
	size_t len;
	struct nal_set parsed;
	bool due;           /* came from the stream, leaves before the next NAL unit */
	uint64_t sent_unit; /* the access unit in which it was emitted last; 0: never */
};

struct nal_sets {
	const struct video_codec *codec;
	bool any_due;
	uint32_t changes;
	size_t first[NAL_LEVELS]; /* where in all a level begins */
	size_t count;
	struct set all[];
};

struct nal_sets *
nal_sets_new(const struct video_codec *codec)
{
	size_t first[NAL_LEVELS], count = 0;

	for (int level = 0; level < NAL_LEVELS; level++) {
		first[level] = count;
		count += codec->set_counts[level];
	}
	struct nal_sets *s = xcalloc(1, sizeof(*s) + count * sizeof(s->all[0]));
	s->codec = codec;
	s->count = count;
	memcpy(s->first, first, sizeof(first));
	return s;
}

void
nal_sets_free(struct nal_sets *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++)
		free(s->all[i].bytes);
	free(s);
}

/* Its place, whether it has come or not; NULL if no id goes so far. */
static const struct set *
find(const struct nal_sets *s, enum nal_level level, unsigned id)
{
	return id < s->codec->set_counts[level] ? &s->all[s->first[level] + id] : NULL;
}

/* Keeps a set. Returns its place, or NULL if it is broken or too long; *changed if it is not what
 * was there. */
static struct set *
keep(struct nal_sets *s, struct nal_bytes nal, bool *changed)
{
	struct nal_set parsed;

	if (nal.len > SET_BYTES_MAX || s->codec->read_set(nal.bytes, nal.len, &parsed))
		return NULL;
	struct set *set = &s->all[s->first[parsed.level] + parsed.id];
	set->parsed = parsed;
	*changed = set->len != nal.len || memcmp(set->bytes, nal.bytes, nal.len) != 0;
	if (!*changed)
		return set;
	if (set->bytes)
		s->changes++;
	free(set->bytes);
	set->bytes = xmalloc(nal.len);
	memcpy(set->bytes, nal.bytes, nal.len);
	set->len = nal.len;
	return set;
}

bool
nal_sets_keep(struct nal_sets *s, struct nal_bytes nal)
{
	bool changed;

	return keep(s, nal, &changed) != NULL;
}

bool
nal_sets_take(struct nal_sets *s, struct nal_bytes nal, uint64_t unit)
{
	bool changed;
	struct set *set = keep(s, nal, &changed);

	if (!set)
		return false;
	if (changed || set->sent_unit != unit)
		set->due = s->any_due = true;
	return true;
}

/* ---- what is known --------------------------------------------------------------------------- */

const struct nal_set *
nal_sets_get(const struct nal_sets *s, enum nal_level level, unsigned id)
{
	const struct set *set = find(s, level, id);

	return set && set->bytes ? &set->parsed : NULL;
}

struct nal_bytes
nal_sets_bytes(const struct nal_sets *s, enum nal_level level, unsigned id)
{
	const struct set *set = find(s, level, id);

	return set ? (struct nal_bytes){ .bytes = set->bytes, .len = set->len }
		   : (struct nal_bytes){ 0 };
}

struct nal_bytes
nal_sets_any_sps(const struct nal_sets *s)
{
	unsigned id = 0;

	while (id + 1 < s->codec->set_counts[NAL_SPS] && !nal_sets_get(s, NAL_SPS, id))
		id++;
	return nal_sets_bytes(s, NAL_SPS, id);
}

int
nal_sets_sps_of(const struct nal_sets *s, unsigned pps_id)
{
	const struct nal_set *pps = nal_sets_get(s, NAL_PPS, pps_id);
	const struct nal_set *sps = pps ? nal_sets_get(s, NAL_SPS, pps->above) : NULL;
	const bool whole =
		sps && (s->codec->set_counts[NAL_VPS] == 0 || nal_sets_get(s, NAL_VPS, sps->above));

	return whole ? (int)sps->id : -1;
}

uint32_t
nal_sets_changes(const struct nal_sets *s)
{
	return s->changes;
}

/* ---- what leaves ----------------------------------------------------------------------------- */

/* Whether a key picture of this SPS needs it. */
static bool
is_needed(const struct nal_sets *s, const struct nal_set *set, int sps_id)
{
	const struct nal_set *sps = sps_id < 0 ? NULL : nal_sets_get(s, NAL_SPS, (unsigned)sps_id);

	if (!sps)
		return false;
	if (set->level == NAL_VPS)
		return set->id == sps->above;
	return (set->level == NAL_SPS ? set->id : set->above) == sps->id;
}

/* sps_id is the key picture's; -1: there is none. */
static void
send_sets(struct nal_sets *s, int sps_id, uint64_t unit, nal_sets_emit *emit, void *arg)
{
	bool renewed =
		false; /* a set that came before the one it refers to is unknown to who joins */

	for (size_t i = 0; i < s->count; i++) {
		struct set *set = &s->all[i];
		const bool needed = set->bytes && is_needed(s, &set->parsed, sps_id);
		if (!set->due && !(needed && (renewed || set->sent_unit != unit)))
			continue;
		renewed |= needed && set->parsed.level != NAL_PPS;
		emit(arg, (struct nal_bytes){ .bytes = set->bytes, .len = set->len });
		set->due = false;
		set->sent_unit = unit;
	}
	s->any_due = false;
}

void
nal_sets_send_due(struct nal_sets *s, uint64_t unit, nal_sets_emit *emit, void *arg)
{
	if (s->any_due)
		send_sets(s, -1, unit, emit, arg);
}

void
nal_sets_send_for_key(
	struct nal_sets *s, unsigned sps_id, uint64_t unit, nal_sets_emit *emit, void *arg)
{
	send_sets(s, (int)sps_id, unit, emit, arg);
}
