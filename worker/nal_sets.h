#ifndef WORKER_NAL_SETS_H
#define WORKER_NAL_SETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/annexb.h"
#include "worker/video_codec.h"

/* The parameter sets of one stream, each as it came last, and which of them viewers still need. */
struct nal_sets;

/* Never NULL: out of memory aborts. */
struct nal_sets *nal_sets_new(const struct video_codec *codec);
void nal_sets_free(struct nal_sets *s); /* NULL is fine */

/* Keeps one, instead of what had its level and id. Returns false if it is broken or too long. */
bool nal_sets_keep(struct nal_sets *s, struct nal_bytes nal);

/* The same of one that came in the stream, in that access unit: it is due, but once in an access
 * unit. Access units are numbered from 1. */
bool nal_sets_take(struct nal_sets *s, struct nal_bytes nal, uint64_t unit);

/* What is known of one; NULL: it has not come. Lent until the next keep. */
const struct nal_set *nal_sets_get(const struct nal_sets *s, enum nal_level level, unsigned id);

/* Its bytes, lent likewise; len 0: it has not come. */
struct nal_bytes nal_sets_bytes(const struct nal_sets *s, enum nal_level level, unsigned id);

/* Some SPS, as nal_sets_bytes. */
struct nal_bytes nal_sets_any_sps(const struct nal_sets *s);

/* The SPS that pictures with this PPS refer to; -1: it, that PPS or their VPS has not come. */
int nal_sets_sps_of(const struct nal_sets *s, unsigned pps_id);

/* Emits those that are due. */
typedef void nal_sets_emit(void *arg, struct nal_bytes set);
void nal_sets_send_due(struct nal_sets *s, uint64_t unit, nal_sets_emit *emit, void *arg);

/* The same before a key picture of this SPS, with what its access unit has not had yet: VPS and
 * SPS, then every PPS of the SPS, since the pictures that follow may use any. */
void nal_sets_send_for_key(
	struct nal_sets *s, unsigned sps_id, uint64_t unit, nal_sets_emit *emit, void *arg);

/* How many were replaced by different ones. */
uint32_t nal_sets_changes(const struct nal_sets *s);

#endif
