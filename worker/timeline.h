#ifndef WORKER_TIMELINE_H
#define WORKER_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#define TIMELINE_TRACKS 2

/* A step of a track's RTP timestamps that differs by more than this from the time that passed is a
 * jump: the camera set its clock or began anew. RTP_CLOCK_JUMP_MS of worker/rtp.h. */
#define TIMELINE_JUMP_US 2000000
/* No camera and no network holds back one track by more against the other: what says so is wrong.
 */
#define TIMELINE_SKEW_MAX_US 1500000
/* Nor does RTP-Info that is right say so of a camera: half a second is more than its encoder holds
 * back. Some cameras give the timestamps of their first packets instead, whatever their moments;
 * these are apart by the age of the key picture that a connection begins with. */
#define TIMELINE_START_SKEW_MAX_US 500000
/* How fast the tracks are moved against each other, in us per second: sound follows it without
 * anyone hearing. */
#define TIMELINE_SLEW_US 5000

/* The media times of one connection to a camera, sound and pictures, on our monotonic clock.
 *
 * Each track has a line of arrivals (worker/arrival.h). The skew is how much later the second
 * track's line is for what happened at the same moment: a camera that encodes sound in large blocks
 * or a path that holds it back. The later track is put back by it, so that the earlier tells the
 * time of both.
 *
 * What is said about the skew, best first. Sender reports, if both tracks' are to be trusted: two
 * in a row that go on as the RTP timestamps do, and a skew that is possible and that was measured
 * twice alike. RTP-Info, the timestamps of PLAY, if they are near those that came and the skew is a
 * small one: from the first units of both tracks on for ten seconds, then what it gave is kept.
 * Nothing: both tracks are equally late. What is not to be trusted changes nothing: the skew stays.
 *
 * What callers see: from unit to unit of a track, times step as its RTP timestamps do, within 2.5 %
 * and TIMELINE_SLEW_US. More than ARRIVAL_STEP_US that is wrong is put right in one step: when the
 * first reports came, when units come earlier by so much than was thought (the end of a burst at
 * the start), when the path has become longer, and when the camera's clock jumps. Times of a step
 * are right; before it they were not. A time may be later than the arrival by up to
 * ARRIVAL_STEP_US. */
struct timeline;

/* What was believed and what was not. */
struct timeline_stats {
	int64_t skew_us;                   /* now applied: above 0, track 1 comes later */
	bool reported;                     /* by sender reports */
	double drift_ppm[TIMELINE_TRACKS]; /* the track's clock is so much faster than ours */
	uint32_t jumps;
	uint32_t nonsense; /* sender reports that were not believed */
};

/* Never NULL: out of memory aborts. */
struct timeline *timeline_new(void);
void timeline_free(struct timeline *t);

/* Tracks 0 and 1 (pictures and sound, in any order); before anything else of the track. unit_us:
 * how long the sound in a packet is; 0 of pictures. */
void timeline_set_track(
	struct timeline *t, unsigned track, uint32_t clock_rate_hz, int64_t unit_us);

/* RTP-Info of PLAY, before the track's first unit: both tracks' given timestamps are of one moment.
 */
void timeline_start(struct timeline *t, unsigned track, uint32_t rtp_timestamp);

/* A sender report of the camera, RFC 3550 6.4.1: ntp in units of 2^-32 s. */
void timeline_report(struct timeline *t, unsigned track, uint64_t ntp, uint32_t rtp_timestamp);

/* A unit arrived. Returns when it would have, had nothing delayed it. arrived_us does not run
 * backwards. */
int64_t timeline_at(struct timeline *t, unsigned track, uint32_t rtp_timestamp, int64_t arrived_us);

struct timeline_stats timeline_stats(const struct timeline *t);

#endif
