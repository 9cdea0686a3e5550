/* test_timeline.c - worker/timeline.h: cameras of many faults, simulated. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "worker/arrival.h"
#include "worker/timeline.h"

#define US INT64_C(1000000)
#define VIDEO 0
#define SOUND 1
/* Lip sync that nobody sees to be off. */
#define SYNC_US 40000
#define NTP_EPOCH_US (INT64_C(3900000000) * US)

/* How a camera's track is. */
struct track {
	double fast; /* its clock: 0.01 is 1 % */
	uint32_t rate_hz;
	uint32_t first;    /* RTP timestamp at its start */
	int64_t step_us;   /* from unit to unit */
	int64_t delay_us;  /* of its path, at least */
	int64_t jitter_us; /* at most, beside that */
	/* What is wrong in its reports. */
	int64_t ntp_off_us;
	bool ntp_stands;
	bool ntp_zero;
	/* Of the simulation. */
	int64_t next_us; /* when the next unit is captured */
	int64_t arrived_us;
	int64_t last_at_us;
	int64_t last_captured_us;
	int64_t worst_step_us; /* times against truth, from unit to unit */
	uint32_t extra;        /* of a jump */
};

struct camera {
	struct timeline *t;
	struct track tracks[2];
	int64_t now_us;    /* true time */
	int64_t report_us; /* every; 0: never */
	int64_t next_report_us;
	uint64_t random;
};

static double
draw(struct camera *c)
{
	c->random ^= c->random << 13;
	c->random ^= c->random >> 7;
	c->random ^= c->random << 17;
	return (double)(c->random >> 11) / 9007199254740992.0;
}

/* 30 pictures a second, AAC of 16 kHz; reports every 5 s. */
static struct camera
begin(void)
{
	struct camera c = {
		.t = timeline_new(),
		.now_us = 777 * US,
		.report_us = 5 * US,
		.random = 88172645463325252,
		.tracks = {
			[VIDEO] = { .rate_hz = 90000, .first = 123456, .step_us = 33333,
				.delay_us = 20000, .jitter_us = 30000 },
			[SOUND] = { .rate_hz = 16000, .first = 4000000000, .step_us = 64000,
				.delay_us = 20000, .jitter_us = 30000 },
		},
	};

	c.next_report_us = c.now_us + US;
	for (int i = 0; i < 2; i++)
		c.tracks[i].next_us = c.now_us;
	timeline_set_track(c.t, VIDEO, 90000, 0);
	timeline_set_track(c.t, SOUND, 16000, 0);
	return c;
}

static uint32_t
timestamp_at(const struct track *k, int64_t true_us)
{
	double ticks = (double)(true_us - 777 * US) * (1 + k->fast) * k->rate_hz / 1e6;

	return k->first + k->extra + (uint32_t)(int64_t)ticks;
}

static void
send_unit(struct camera *c, unsigned i)
{
	struct track *k = &c->tracks[i];
	int64_t captured_us = k->next_us;
	double jitter = pow(draw(c), 3) * (double)k->jitter_us;
	int64_t arrived_us = captured_us + k->delay_us + (int64_t)jitter;

	if (arrived_us < k->arrived_us)
		arrived_us = k->arrived_us;
	k->arrived_us = arrived_us;
	int64_t at_us = timeline_at(c->t, i, timestamp_at(k, captured_us), arrived_us);
	int64_t step_us = llabs(at_us - k->last_at_us - (captured_us - k->last_captured_us));
	if (k->last_at_us && step_us > k->worst_step_us)
		k->worst_step_us = step_us;
	k->last_at_us = at_us;
	k->last_captured_us = captured_us;
	k->next_us += k->step_us;
}

static void
send_report(struct camera *c, unsigned i)
{
	struct track *k = &c->tracks[i];
	int64_t ntp_us = NTP_EPOCH_US + k->ntp_off_us + (k->ntp_stands ? 0 : c->now_us);
	uint64_t ntp = (uint64_t)(ntp_us / US) << 32 |
		       (uint64_t)((double)(ntp_us % US) / 1e6 * 4294967296.0);

	timeline_report(c->t, i, k->ntp_zero ? 0 : ntp, timestamp_at(k, c->now_us));
}

/* Units leave in the order of their capture. */
static void
pass(struct camera *c, int64_t us)
{
	int64_t until_us = c->now_us + us;

	while (c->now_us < until_us) {
		unsigned i = c->tracks[VIDEO].next_us <= c->tracks[SOUND].next_us ? VIDEO : SOUND;
		c->now_us = c->tracks[i].next_us;
		if (c->report_us && c->now_us >= c->next_report_us) {
			send_report(c, VIDEO);
			send_report(c, SOUND);
			c->next_report_us += c->report_us;
		}
		send_unit(c, i);
	}
}

/* How much later a unit of this track is said to be than it was captured. */
static int64_t
late_us(const struct camera *c, unsigned i)
{
	return c->tracks[i].last_at_us - c->tracks[i].last_captured_us;
}

static int64_t
off_us(const struct camera *c)
{
	return late_us(c, SOUND) - late_us(c, VIDEO);
}

/* Both tracks are in step with each other for a while, and with the earlier one's arrivals. */
static void
stays_right(struct camera *c, int64_t us)
{
	for (; us > 0; us -= US) {
		pass(c, US);
		int64_t least = c->tracks[VIDEO].delay_us < c->tracks[SOUND].delay_us
					? c->tracks[VIDEO].delay_us
					: c->tracks[SOUND].delay_us;
		assert_true(llabs(off_us(c)) < SYNC_US);
		assert_true(llabs(late_us(c, VIDEO) - least) < SYNC_US);
	}
}

static struct timeline_stats
end(struct camera *c)
{
	struct timeline_stats s = timeline_stats(c->t);

	timeline_free(c->t);
	return s;
}

static void
delayed_sound_is_put_back_by_reports(void **state)
{
	struct camera c = begin();

	(void)state;
	c.tracks[SOUND].delay_us += 300000;
	pass(&c, 7 * US); /* the second reports are there */
	stays_right(&c, 60 * US);
	struct timeline_stats s = end(&c);
	assert_true(s.reported);
	assert_true(llabs(s.skew_us - 300000) < 20000);
	assert_int_equal(s.nonsense, 0);
}

static void
delayed_pictures_are_put_back_too(void **state)
{
	struct camera c = begin();

	(void)state;
	c.tracks[VIDEO].delay_us += 300000;
	pass(&c, 15 * US);
	stays_right(&c, 60 * US);
	assert_true(llabs(end(&c).skew_us + 300000) < 20000);
}

/* Sound follows by resampling: 2.5 % and 5 ms a second of 64 ms are 2 ms. */
static void
times_do_not_step_once_they_are_known(void **state)
{
	struct camera c = begin();

	(void)state;
	c.tracks[SOUND].delay_us += 300000;
	pass(&c, 15 * US);
	c.tracks[SOUND].worst_step_us = c.tracks[VIDEO].worst_step_us = 0;
	pass(&c, 600 * US);
	assert_true(c.tracks[SOUND].worst_step_us < 2000);
	assert_true(c.tracks[VIDEO].worst_step_us < 2000);
	end(&c);
}

static void
small_corrections_are_slewed(void **state)
{
	struct camera c = begin();

	(void)state;
	c.tracks[SOUND].delay_us += 60000;
	pass(&c, 3 * US);
	c.tracks[SOUND].worst_step_us = 0;
	pass(&c, 30 * US);
	assert_true(c.tracks[SOUND].worst_step_us < 2000);
	stays_right(&c, 10 * US);
	assert_true(end(&c).skew_us > 40000);
}

static void
an_hour_of_drift_is_followed(void **state)
{
	static const double fast[] = { 0.01, -0.01, 0.0001 };

	(void)state;
	for (size_t i = 0; i < sizeof(fast) / sizeof(fast[0]); i++) {
		struct camera c = begin();
		c.tracks[VIDEO].fast = c.tracks[SOUND].fast = fast[i];
		c.tracks[SOUND].delay_us += 100000;
		pass(&c, 40 * US);
		c.tracks[SOUND].worst_step_us = 0;
		stays_right(&c, 3600 * US);
		assert_true(c.tracks[SOUND].worst_step_us < 2000);
		struct timeline_stats s = end(&c);
		assert_true(fabs(s.drift_ppm[SOUND] - 1e6 * fast[i]) < 1000);
		assert_int_equal(s.nonsense, 0);
	}
}

/* Two quartzes in one camera: only reports can tell. */
static void
clocks_that_drift_apart_are_followed(void **state)
{
	struct camera c = begin();

	(void)state;
	c.tracks[VIDEO].fast = 0.005;
	c.tracks[SOUND].fast = -0.005;
	c.tracks[SOUND].delay_us += 200000;
	pass(&c, 40 * US);
	stays_right(&c, 3600 * US);
	assert_true(end(&c).reported);
}

static void
timestamps_wrap(void **state)
{
	struct camera c = begin();

	(void)state;
	c.tracks[VIDEO].first = UINT32_MAX - 90000 * 30;
	c.tracks[SOUND].first = UINT32_MAX - 16000 * 40;
	c.tracks[SOUND].delay_us += 300000;
	pass(&c, 15 * US);
	c.tracks[SOUND].worst_step_us = 0;
	stays_right(&c, 60 * US);
	assert_true(c.tracks[SOUND].worst_step_us < 2000);
	assert_int_equal(end(&c).jumps, 0);
}

static void
a_camera_that_begins_anew_is_right_again(void **state)
{
	struct camera c = begin();

	(void)state;
	c.tracks[SOUND].delay_us += 300000;
	pass(&c, 15 * US);
	c.tracks[VIDEO].extra = 1u << 30;
	c.tracks[SOUND].extra = 3u << 30;
	c.tracks[VIDEO].ntp_off_us = c.tracks[SOUND].ntp_off_us = -5000 * US;
	pass(&c, 2 * US);
	stays_right(&c, 60 * US);
	struct timeline_stats s = end(&c);
	assert_int_equal(s.jumps, 2);
	assert_true(s.reported);
}

static void
a_stall_changes_nothing(void **state)
{
	struct camera c = begin();

	(void)state;
	pass(&c, 30 * US);
	c.tracks[VIDEO].arrived_us = c.tracks[SOUND].arrived_us = c.now_us + 1900000;
	stays_right(&c, 30 * US);
	assert_int_equal(end(&c).jumps, 0);
}

static void
a_path_that_gets_longer_is_followed(void **state)
{
	struct camera c = begin();

	(void)state;
	pass(&c, 30 * US);
	c.tracks[VIDEO].delay_us += 500000;
	c.tracks[SOUND].delay_us += 500000;
	pass(&c, 15 * US);
	stays_right(&c, 60 * US);
	end(&c);
}

static void
a_path_that_gets_shorter_is_followed_at_once(void **state)
{
	struct camera c = begin();

	(void)state;
	c.tracks[VIDEO].delay_us += 500000;
	c.tracks[SOUND].delay_us += 500000;
	pass(&c, 30 * US);
	c.tracks[VIDEO].delay_us -= 500000;
	c.tracks[SOUND].delay_us -= 500000;
	pass(&c, 2 * US);
	stays_right(&c, 60 * US);
	end(&c);
}

/* Cameras begin with what they had stored: it comes at once. */
static void
a_burst_at_the_start_is_no_delay(void **state)
{
	struct camera c = begin();

	(void)state;
	c.tracks[VIDEO].arrived_us = c.tracks[SOUND].arrived_us = c.now_us + 1500000;
	pass(&c, 3 * US);
	stays_right(&c, 30 * US);
	end(&c);
}

static void
without_reports_arrivals_count(void **state)
{
	struct camera c = begin();

	(void)state;
	c.report_us = 0;
	c.tracks[VIDEO].fast = c.tracks[SOUND].fast = 0.01;
	pass(&c, 20 * US);
	stays_right(&c, 600 * US);
	assert_false(end(&c).reported);
}

/* A unit of 64 ms of sound leaves 64 ms after its first sample. */
static void
without_reports_the_length_of_units_counts(void **state)
{
	struct camera c = begin();

	(void)state;
	c.report_us = 0;
	timeline_set_track(c.t, SOUND, 16000, 64000);
	c.tracks[SOUND].delay_us += 64000;
	pass(&c, 3 * US);
	stays_right(&c, 60 * US);
	end(&c);
}

static void
rtp_info_tells_the_skew_early(void **state)
{
	struct camera c = begin();

	(void)state;
	c.report_us = 0;
	c.tracks[SOUND].delay_us += 300000;
	timeline_start(c.t, VIDEO, c.tracks[VIDEO].first);
	timeline_start(c.t, SOUND, c.tracks[SOUND].first);
	pass(&c, 4 * US);
	stays_right(&c, 120 * US);
	struct timeline_stats s = end(&c);
	assert_false(s.reported);
	assert_true(llabs(s.skew_us - 300000) < 20000);
}

/* From the first unit of the later track on, but for its jitter. */
static void
rtp_info_tells_the_skew_of_the_first_units(void **state)
{
	for (unsigned late = 0; late < 2; late++) {
		struct camera c = begin();
		c.report_us = 0;
		c.tracks[late].delay_us += 300000;
		for (unsigned i = 0; i < 2; i++)
			timeline_start(c.t, i, timestamp_at(&c.tracks[i], c.now_us + 100000));
		for (int n = 0; n < 40; n++) {
			pass(&c, 50000);
			assert_true(llabs(off_us(&c)) < SYNC_US + c.tracks[late].jitter_us);
		}
		stays_right(&c, 60 * US);
		end(&c);
	}
	(void)state;
}

/* Both tracks begin with their first packets' timestamps, but the pictures are those since a key
 * picture of before. */
static void
rtp_info_of_first_packets_is_not_believed(void **state)
{
	static const int64_t ages_us[] = { 700000, 1200000, 3 * US };

	(void)state;
	for (size_t i = 0; i < sizeof(ages_us) / sizeof(ages_us[0]); i++) {
		struct camera c = begin();
		struct track *v = &c.tracks[VIDEO];
		c.report_us = 0;
		const uint32_t first = timestamp_at(v, c.now_us - ages_us[i]);
		timeline_start(c.t, VIDEO, first);
		timeline_start(c.t, SOUND, c.tracks[SOUND].first);
		for (int64_t at_us = c.now_us - ages_us[i]; at_us < c.now_us; at_us += v->step_us)
			timeline_at(c.t, VIDEO, timestamp_at(v, at_us), c.now_us);
		pass(&c, 4 * US);
		stays_right(&c, 60 * US);
		end(&c);
	}
}

static void
rtp_info_of_other_clocks_is_ignored(void **state)
{
	/* Before the first packets: any time; nearly alike, but of long ago. */
	static const int64_t before_ms[][2] = { { 1371, -250000000 }, { 100000, 100300 } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct camera c = begin();
		c.report_us = 0;
		for (unsigned k = 0; k < 2; k++) {
			int64_t ticks = before_ms[i][k] * c.tracks[k].rate_hz / 1000;
			timeline_start(c.t, k, c.tracks[k].first - (uint32_t)ticks);
		}
		pass(&c, 4 * US);
		stays_right(&c, 60 * US);
		assert_int_equal(end(&c).skew_us, 0);
	}
}

static void
reports_of_nonsense_are_ignored(void **state)
{
	static const struct track wrong[] = {
		{ .ntp_zero = true },
		{ .ntp_stands = true },
		{ .ntp_off_us = 7200 * US },
		{ .ntp_off_us = -2 * US },
		{ .ntp_stands = true, .ntp_off_us = -NTP_EPOCH_US },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct camera c = begin();
		c.tracks[SOUND].ntp_zero = wrong[i].ntp_zero;
		c.tracks[SOUND].ntp_stands = wrong[i].ntp_stands;
		c.tracks[SOUND].ntp_off_us = wrong[i].ntp_off_us;
		pass(&c, 4 * US);
		stays_right(&c, 120 * US);
		struct timeline_stats s = end(&c);
		assert_false(s.reported);
		assert_true(s.nonsense >= 20);
	}
}

/* The camera's wall clock is set between the reports of its tracks. */
static void
a_wall_clock_may_be_set(void **state)
{
	struct camera c = begin();

	(void)state;
	c.tracks[SOUND].delay_us += 300000;
	pass(&c, 20 * US);
	for (int i = 0; i < 5; i++) {
		c.tracks[SOUND].ntp_off_us += 400000;
		stays_right(&c, 5 * US); /* the other track's report was already made */
		c.tracks[VIDEO].ntp_off_us += 400000;
		stays_right(&c, 17 * US);
	}
	end(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delayed_sound_is_put_back_by_reports),
		cmocka_unit_test(delayed_pictures_are_put_back_too),
		cmocka_unit_test(times_do_not_step_once_they_are_known),
		cmocka_unit_test(small_corrections_are_slewed),
		cmocka_unit_test(an_hour_of_drift_is_followed),
		cmocka_unit_test(clocks_that_drift_apart_are_followed),
		cmocka_unit_test(timestamps_wrap),
		cmocka_unit_test(a_camera_that_begins_anew_is_right_again),
		cmocka_unit_test(a_stall_changes_nothing),
		cmocka_unit_test(a_path_that_gets_longer_is_followed),
		cmocka_unit_test(a_path_that_gets_shorter_is_followed_at_once),
		cmocka_unit_test(a_burst_at_the_start_is_no_delay),
		cmocka_unit_test(without_reports_arrivals_count),
		cmocka_unit_test(without_reports_the_length_of_units_counts),
		cmocka_unit_test(rtp_info_tells_the_skew_early),
		cmocka_unit_test(rtp_info_tells_the_skew_of_the_first_units),
		cmocka_unit_test(rtp_info_of_first_packets_is_not_believed),
		cmocka_unit_test(rtp_info_of_other_clocks_is_ignored),
		cmocka_unit_test(reports_of_nonsense_are_ignored),
		cmocka_unit_test(a_wall_clock_may_be_set),
	};

	return cmocka_run_group_tests_name("timeline", tests, NULL, NULL);
}
