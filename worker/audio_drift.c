/* audio_drift.c - the loop that finds how fast a camera's sound clock runs. Pure. */
#include <math.h>

#include "worker/audio_drift.h"

/* Natural frequencies of the loop in rad/s. Quick: a drift of 1 % grows to about 6 ms before it is
 * found. Slow: jitter of 10 ms from one access unit to the next moves the pitch by some 300 ppm. */
#define QUICK 0.7
#define SLOW 0.1
/* From quick to slow in about this time. */
#define SETTLE_S 10.0
/* A smoothed error above this is no jitter. */
#define ERROR_S 0.006
/* How much quicker than the loop the error is smoothed. */
#define SMOOTHING 5.0

static double
within(double x, double max)
{
	return x > max ? max : x < -max ? -max : x;
}

double
audio_drift_step(struct audio_drift *d, double ahead_s, double passed_s)
{
	const double max = AUDIO_DRIFT_PPM_MAX / 1e6;
	double w = SLOW + (QUICK - SLOW) * exp(-d->settled_s / SETTLE_S);

	d->error_s += (ahead_s - d->error_s) * fmin(1, SMOOTHING * w * passed_s);
	d->settled_s = fabs(d->error_s) > ERROR_S ? 0 : d->settled_s + passed_s;
	d->drift = within(d->drift + w * w * d->error_s * passed_s, max);
	return 1e6 * within(d->drift + 2 * w * d->error_s, max);
}

void
audio_drift_joined(struct audio_drift *d)
{
	d->error_s = 0;
}
