#ifndef WORKER_UPSTREAMS_H
#define WORKER_UPSTREAMS_H

#include <stdint.h>

#include "worker/upstream.h"

/* All outputs of a worker. Loop thread. */
struct upstreams;

/* each: what is the same for all; its index and silence are not looked at. Never NULL. */
struct upstreams *upstreams_new(const struct upstream_config *each);
void upstreams_free(struct upstreams *u); /* NULL is fine */

/* As many as that from now on, at most MEDIA_OUTPUTS_MAX; bit i of silence: as upstream_config's of
 * output i. One that stays is not touched. */
void upstreams_set(struct upstreams *u, unsigned count, uint64_t silence);

/* To all: upstream_pictures and upstream_renew. */
void upstreams_pictures(struct upstreams *u, bool flow);
void upstreams_renew(struct upstreams *u, const char *why);

/* NULL if there is none of that index. */
struct upstream *upstreams_get(struct upstreams *u, int64_t index);

/* The one that stands for all where one must: the first that sends, else the first; NULL if there
 * is none. */
const struct upstream *upstreams_foremost(const struct upstreams *u);

#endif
