/* upstreams.c - all outputs of a worker.
 * Owns them. Loop thread. */
#include <glib.h>

#include "common/err.h"
#include "common/log.h"
#include "worker/upstreams.h"

struct upstreams {
	struct upstream_config each;
	struct upstream *one[MEDIA_OUTPUTS_MAX]; /* those wanted; the rest NULL */
};

struct upstreams *
upstreams_new(const struct upstream_config *each)
{
	struct upstreams *u = g_new0(struct upstreams, 1);

	u->each = *each;
	return u;
}

static struct upstream *
make(const struct upstreams *u, unsigned index, bool silence)
{
	struct upstream_config config = u->each;
	struct upstream *one = NULL;

	config.index = index;
	config.silence = silence;
	int err = upstream_new(&config, &one);
	if (err)
		log_error("session no output", LOG_CAM(config.camera), LOG_INT("output", index),
			LOG_STR("error", err_text(err)));
	return one;
}

static void
drop(struct upstreams *u, unsigned i)
{
	struct upstream *old = u->one[i];

	u->one[i] = NULL;
	upstream_free(old);
}

void
upstreams_free(struct upstreams *u)
{
	if (!u)
		return;
	upstreams_set(u, 0, 0);
	g_free(u);
}

void
upstreams_set(struct upstreams *u, unsigned count, uint64_t silence)
{
	for (unsigned i = 0; i < MEDIA_OUTPUTS_MAX; i++) {
		if (i >= count)
			drop(u, i);
		else if (!u->one[i])
			u->one[i] = make(u, i, silence >> i & 1);
	}
}

void
upstreams_pictures(struct upstreams *u, bool flow)
{
	for (size_t i = 0; i < MEDIA_OUTPUTS_MAX; i++) {
		if (u->one[i])
			upstream_pictures(u->one[i], flow);
	}
}

void
upstreams_renew(struct upstreams *u, const char *why)
{
	for (size_t i = 0; i < MEDIA_OUTPUTS_MAX; i++) {
		if (u->one[i])
			upstream_renew(u->one[i], why);
	}
}

struct upstream *
upstreams_get(struct upstreams *u, int64_t index)
{
	return index >= 0 && index < MEDIA_OUTPUTS_MAX ? u->one[index] : NULL;
}

const struct upstream *
upstreams_foremost(const struct upstreams *u)
{
	for (size_t i = 0; i < MEDIA_OUTPUTS_MAX; i++) {
		if (u->one[i] && upstream_is_sending(u->one[i]))
			return u->one[i];
	}
	return u->one[0];
}
