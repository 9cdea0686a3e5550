#ifndef SUPERVISOR_SAMPLES_H
#define SUPERVISOR_SAMPLES_H

#include <stddef.h>

#include "common/clock.h"

/* The last hour of every camera in equal steps: what a picture of it is drawn from. Pure. */
struct samples;

/* An hour of half minutes: as many points as a line of a finger's width shows. */
#define SAMPLES_STEP_MS 30000
#define SAMPLES_COUNT 120

/* The mean of a step. A negative one: nothing was known then. */
struct sample {
	double fps;
	double bitrate; /* bit/s, of what the camera sent */
};

struct samples *samples_new(void);    /* never NULL */
void samples_free(struct samples *s); /* NULL is fine */

/* What a camera's counters were at now, once in every step: how many pictures and bytes came from
 * it since camrelayd began. */
void samples_take(struct samples *s, const char *camera, int64_t frames, int64_t bytes, ms_t now);

/* Forgets the cameras that were not taken at now. */
void samples_forget(struct samples *s, ms_t now);

/* Its samples, oldest first; the last is of the step that ended last. Returns how many there are of
 * them, 0 for a camera that is not known. */
size_t samples_get(const struct samples *s, const char *camera, struct sample out[SAMPLES_COUNT]);

#endif
