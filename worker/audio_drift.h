#ifndef WORKER_AUDIO_DRIFT_H
#define WORKER_AUDIO_DRIFT_H

/* The most that the resampler is asked for: cameras' clocks are off by 1 %, and an error must be
 * worked off beside it. A semitone is 6 %, and what changes slowly within 1.5 % nobody hears. */
#define AUDIO_DRIFT_PPM_MAX 15000

/* How much faster than ours a camera's sound clock runs, from how far its sound has got ahead: a
 * loop of second order, so that a constant drift leaves no error. It begins quick, to find the
 * drift before the error grows to 10 ms, and becomes slow, so that times which jitter do not make
 * the pitch waver; an error of many ms makes it quick again. `= {0}` is valid. */
struct audio_drift {
	double error_s;   /* smoothed */
	double drift;     /* 0.01: 1 % fast */
	double settled_s; /* since when the error has been small */
};

/* ahead_s: what was made of the sound so far is this much longer than its times say, seconds;
 * passed_s: since the last call. Returns what is to be left out (above 0) or added, in ppm. */
double audio_drift_step(struct audio_drift *d, double ahead_s, double passed_s);

/* The sound was joined anew: there is no error, and the drift is what it was. */
void audio_drift_joined(struct audio_drift *d);

#endif
