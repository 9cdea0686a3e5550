/* samples.c - the last hour of every camera in equal steps. Owns one ring a camera. Pure. */
#include <stdlib.h>
#include <string.h>

#include "common/xmalloc.h"
#include "supervisor/samples.h"

struct ring {
	struct ring *next;
	char *camera;
	int64_t frames, bytes; /* the counters at the end of the last step */
	ms_t at;               /* when that was */
	size_t first, count;
	struct sample steps[SAMPLES_COUNT];
};

struct samples {
	struct ring *rings; /* owned */
};

struct samples *
samples_new(void)
{
	return xcalloc(1, sizeof(struct samples));
}

static void
ring_free(struct ring *r)
{
	free(r->camera);
	free(r);
}

void
samples_free(struct samples *s)
{
	if (!s)
		return;
	while (s->rings) {
		struct ring *r = s->rings;
		s->rings = r->next;
		ring_free(r);
	}
	free(s);
}

static struct ring *
find(const struct samples *s, const char *camera)
{
	struct ring *r = s->rings;

	while (r && strcmp(r->camera, camera) != 0)
		r = r->next;
	return r;
}

static void
push(struct ring *r, struct sample step)
{
	if (r->count < SAMPLES_COUNT) {
		r->steps[r->count++] = step;
		return;
	}
	r->steps[r->first] = step;
	r->first = (r->first + 1) % SAMPLES_COUNT;
}

/* Counters that run backwards are another camera's of the same name. */
static struct sample
mean(const struct ring *r, int64_t frames, int64_t bytes, ms_t now)
{
	double seconds = (double)(now - r->at) / 1000;

	if (seconds <= 0 || frames < r->frames || bytes < r->bytes)
		return (struct sample){ .fps = -1, .bitrate = -1 };
	return (struct sample){ .fps = (double)(frames - r->frames) / seconds,
		.bitrate = (double)(bytes - r->bytes) * 8 / seconds };
}

void
samples_take(struct samples *s, const char *camera, int64_t frames, int64_t bytes, ms_t now)
{
	struct ring *r = find(s, camera);

	if (!r) {
		r = xcalloc(1, sizeof(*r));
		r->camera = xstrdup(camera);
		r->next = s->rings;
		s->rings = r;
	} else {
		push(r, mean(r, frames, bytes, now));
	}
	r->frames = frames;
	r->bytes = bytes;
	r->at = now;
}

void
samples_forget(struct samples *s, ms_t now)
{
	for (struct ring **at = &s->rings; *at;) {
		struct ring *r = *at;
		if (r->at == now) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		ring_free(r);
	}
}

size_t
samples_get(const struct samples *s, const char *camera, struct sample out[SAMPLES_COUNT])
{
	const struct ring *r = find(s, camera);

	if (!r)
		return 0;
	for (size_t i = 0; i < r->count; i++)
		out[i] = r->steps[(r->first + i) % SAMPLES_COUNT];
	return r->count;
}
