/* test_audio_place.c - worker/audio_place.h: pure tones of a camera whose clock is not ours, before
 * any codec blurs them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <libavutil/channel_layout.h>
#include <libavutil/frame.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "worker/audio_line.h"
#include "worker/audio_place.h"

#define BEGIN_US INT64_C(7000000000)
#define SECOND 48000
#define AMPLITUDE 0.25

struct camera {
	struct audio_place *place;
	AVFrame *frame;
	int rate_hz;
	double fast; /* its clock: 0.01 is 1 % */
	double tone_hz;
	int64_t sent; /* samples */
	double jitter_us;
	uint32_t random;
	/* What comes out: this second, and what was seen of all seconds. */
	float second[SECOND];
	double cosine[SECOND]; /* of the tone */
	double sine[SECOND];
	size_t filled;
	int64_t seconds;
	int64_t settle_s; /* seconds that are not judged */
	double steepest;  /* second difference */
	double last[2];
	double worst_late_us; /* of the tone's phase, of all seconds */
	double late_us;       /* in the last one */
	double least, most;   /* amplitude */
	double worst_rest;    /* what is not the tone, against it */
	int64_t blocks;
	int64_t next_number;
	bool may_skip;
};

/* The tone in a second, as cosine and sine: by least squares, which for whole periods is a Fourier
 * sum. */
static void
project(const struct camera *c, double *re, double *im)
{
	*re = *im = 0;
	for (size_t i = 0; i < SECOND; i++) {
		*re += 2.0 / SECOND * c->second[i] * c->cosine[i];
		*im += 2.0 / SECOND * c->second[i] * c->sine[i];
	}
}

/* What is left of a second without the tone, as a share of it. */
static double
rest_of(const struct camera *c, double re, double im)
{
	double sum = 0;

	for (size_t i = 0; i < SECOND; i++) {
		double off = c->second[i] - re * c->cosine[i] - im * c->sine[i];
		sum += off * off;
	}
	return sqrt(sum / SECOND) / (AMPLITUDE / sqrt(2));
}

/* A second starts at a whole period of the tone, so its phase there says how late the sound is. */
static void
judge_second(struct camera *c)
{
	double re, im, amplitude;

	c->filled = 0;
	project(c, &re, &im);
	amplitude = sqrt(re * re + im * im);
	c->late_us = -atan2(re, im) / (2 * M_PI * c->tone_hz) * 1e6;
	if (fabs(c->late_us) > c->worst_late_us && c->seconds > 0)
		c->worst_late_us = fabs(c->late_us);
	if (++c->seconds <= c->settle_s)
		return;
	c->least = fmin(c->least, amplitude);
	c->most = fmax(c->most, amplitude);
	c->worst_rest = fmax(c->worst_rest, rest_of(c, re, im));
}

static void
on_block(const struct audio_block *b, void *arg)
{
	struct camera *c = arg;

	if (!c->may_skip)
		assert_int_equal(b->number, c->next_number);
	else if (b->number != c->next_number)
		c->filled = (size_t)(b->number % SECOND);
	assert_int_equal(b->at_us, BEGIN_US + b->number / 48 * 1000);
	c->next_number = b->number + AUDIO_FRAME_SAMPLES;
	c->blocks++;
	for (size_t i = 0; i < AUDIO_FRAME_SAMPLES; i++) {
		double x = b->samples[i], bend = fabs(x - 2 * c->last[0] + c->last[1]);
		if (b->number + (int64_t)i > 1000)
			c->steepest = fmax(c->steepest, bend);
		c->last[1] = c->last[0];
		c->last[0] = x;
		c->second[c->filled++] = (float)x;
	}
	if (c->filled == SECOND)
		judge_second(c);
}

static struct camera *
begin(int rate_hz, double fast, double tone_hz)
{
	struct camera *c = calloc(1, sizeof(*c));

	c->place = audio_place_new(1, on_block, c);
	c->rate_hz = rate_hz;
	c->fast = fast;
	c->tone_hz = tone_hz;
	c->least = 1;
	c->random = 1;
	for (size_t i = 0; i < SECOND; i++) {
		c->cosine[i] = cos(2 * M_PI * tone_hz * (double)i / SECOND);
		c->sine[i] = sin(2 * M_PI * tone_hz * (double)i / SECOND);
	}
	c->frame = av_frame_alloc();
	c->frame->nb_samples = 1024;
	c->frame->format = AV_SAMPLE_FMT_FLTP;
	c->frame->sample_rate = rate_hz;
	av_channel_layout_default(&c->frame->ch_layout, 1);
	assert_int_equal(av_frame_get_buffer(c->frame, 0), 0);
	return c;
}

static struct audio_place_stats
end(struct camera *c)
{
	struct audio_place_stats s = audio_place_stats(c->place);

	audio_place_free(c->place);
	av_frame_free(&c->frame);
	free(c);
	return s;
}

/* True time of a sample of the camera, in seconds. */
static double
captured_s(const struct camera *c, int64_t sample)
{
	return (double)sample / (c->rate_hz * (1 + c->fast));
}

static int64_t
jitter_us(struct camera *c)
{
	c->random = c->random * 1664525 + 1013904223;
	return (int64_t)(c->jitter_us * ((c->random >> 16) / 32768.0 - 1));
}

/* The next access unit of the tone, as of at_us. */
static void
send_at(struct camera *c, int64_t at_us, bool gap)
{
	float *x = (float *)c->frame->data[0];
	double step = 2 * M_PI * c->tone_hz * captured_s(c, 1);
	double phase = 2 * M_PI * fmod(c->tone_hz * captured_s(c, c->sent), 1);
	double re = AMPLITUDE * cos(phase), im = AMPLITUDE * sin(phase);

	for (int i = 0; i < c->frame->nb_samples; i++) {
		double turned = re * cos(step) - im * sin(step);
		x[i] = (float)im;
		im = re * sin(step) + im * cos(step);
		re = turned;
	}
	c->sent += c->frame->nb_samples;
	assert_int_equal(audio_place_frame(c->place, c->frame, at_us, at_us + 100000, gap), 0);
}

static int64_t
due_us(const struct camera *c)
{
	return BEGIN_US + llrint(1e6 * captured_s(c, c->sent));
}

static void
play(struct camera *c, double seconds)
{
	int64_t until = c->sent + (int64_t)(seconds * c->rate_hz);

	while (c->sent < until)
		send_at(c, due_us(c) + (c->sent ? jitter_us(c) : 0), false);
}

/* As steep as a sine of this frequency ever is, and what float and resampler add. */
static double
steep(double hz)
{
	double w = 2 * M_PI * hz / SECOND;

	return 1.05 * AMPLITUDE * w * w + 2e-5;
}

static const int rates[] = { 8000, 16000, 44100, 48000 };
#define RATES (sizeof(rates) / sizeof(rates[0]))

static void
a_tone_stays_pure(void **state)
{
	(void)state;
	for (size_t i = 0; i < RATES; i++) {
		struct camera *c = begin(rates[i], 0, 1000);
		c->settle_s = 1;
		play(c, 20);
		assert_true(c->worst_rest < 1e-3);
		assert_true(c->least > 0.99 * AMPLITUDE && c->most < 1.01 * AMPLITUDE);
		assert_true(c->steepest < steep(1000));
		assert_true(fabs(c->late_us) < 30);
		struct audio_place_stats s = end(c);
		assert_int_equal(s.joins + s.silence_samples + s.cut_samples, 0);
	}
}

/* What was 1000 Hz in front of the camera is that again, and all that is beside it is 46 dB below.
 */
static void
a_tone_stays_pure_when_clocks_drift(void **state)
{
	static const double fast[] = { 0.01, -0.01, 0.001, -0.001 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct camera *c = begin(rates[i], fast[i], 1000);
		c->settle_s = 60;
		play(c, 180);
		assert_true(c->worst_rest < 5e-3);
		assert_true(c->least > 0.99 * AMPLITUDE && c->most < 1.01 * AMPLITUDE);
		assert_true(c->steepest < steep(1015));
		struct audio_place_stats s = end(c);
		assert_int_equal(s.joins + s.silence_samples + s.cut_samples, 0);
		assert_true(fabs(s.drift_ppm - 1e6 * fast[i]) < 100);
	}
}

/* 20 Hz: a phase that is unmistakable within 25 ms. */
static void
an_hour_of_drift_stays_within_ten_milliseconds(void **state)
{
	static const double fast[] = { 0.01, -0.01, 0.001 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct camera *c = begin(8000, fast[i], 20);
		play(c, i == 0 ? 3600 : 600);
		assert_true(c->worst_late_us < 10000);
		assert_true(fabs(c->late_us) < 500);
		struct audio_place_stats s = end(c);
		assert_int_equal(s.joins + s.silence_samples + s.cut_samples, 0);
	}
}

static void
times_that_jitter_do_not_make_it_click(void **state)
{
	struct camera *c = begin(16000, 0.001, 20);

	(void)state;
	c->jitter_us = 15000;
	play(c, 300);
	assert_true(c->worst_late_us < 10000);
	assert_true(c->steepest < steep(20.5));
	assert_int_equal(end(c).joins, 0);
}

static void
a_time_that_steps_a_little_is_caught_up_with(void **state)
{
	struct camera *c = begin(48000, 0, 20);

	(void)state;
	play(c, 30);
	for (int i = 0; i < 48000 * 60 / 1024; i++)
		send_at(c, due_us(c) + 20000, false);
	assert_true(fabs(c->late_us - 20000) < 1000);
	assert_true(c->steepest < steep(20.5));
	assert_int_equal(end(c).joins, 0);
}

static void
a_lost_unit_is_silence_of_its_length(void **state)
{
	struct camera *c = begin(48000, 0, 20);

	(void)state;
	play(c, 5);
	c->sent += 1024;
	send_at(c, due_us(c), true);
	play(c, 5);
	/* As steep as a fade of 5 ms in the middle of the tone, far from a click's 0.25. */
	assert_true(c->steepest < 2 * AMPLITUDE / 240 + steep(20));
	assert_true(fabs(c->late_us) < 100);
	struct audio_place_stats s = end(c);
	assert_int_equal(s.joins, 1);
	assert_true(llabs(s.silence_samples - 1024) < 20);
	assert_int_equal(s.cut_samples, 0);
}

static void
what_comes_twice_is_cut(void **state)
{
	struct camera *c = begin(16000, 0, 20);

	(void)state;
	play(c, 5);
	c->sent -= 3 * 1024;
	play(c, 5);
	assert_true(c->steepest < 2 * AMPLITUDE / 240 + steep(20));
	assert_true(fabs(c->late_us) < 100);
	struct audio_place_stats s = end(c);
	assert_int_equal(s.joins, 1);
	assert_true(llabs(s.cut_samples - 3 * 3072) < 100);
	assert_int_equal(s.silence_samples, 0);
}

/* Time goes on without sound, then the sound of that time comes. */
static void
overdue_sound_is_silence_and_then_too_late(void **state)
{
	struct camera *c = begin(16000, 0, 20);

	(void)state;
	play(c, 5);
	int64_t blocks = c->blocks, now_us = due_us(c);
	audio_place_advance(c->place, now_us + 150000, true);
	assert_int_equal(c->blocks, blocks); /* not overdue yet */
	for (int64_t us = 0; us <= 1000000; us += 20000)
		audio_place_advance(c->place, now_us + us, true);
	assert_true(c->blocks > blocks + 30);
	int64_t missed = (int64_t)c->next_number;
	play(c, 0.5); /* late: none of it is heard */
	assert_int_equal(c->next_number, missed);
	play(c, 4.5);
	assert_true(fabs(c->late_us) < 100);
	struct audio_place_stats s = end(c);
	assert_true(llabs(s.silence_samples - s.cut_samples) < 100);
	assert_int_equal(s.joins, 0); /* it goes on, unheard */
	assert_true(s.silence_samples > SECOND / 2);
}

static void
a_standstill_is_not_made_up_for(void **state)
{
	struct camera *c = begin(16000, 0, 20);

	(void)state;
	play(c, 1);
	int64_t blocks = c->blocks;
	c->may_skip = true;
	c->sent += 3600 * 16000;
	audio_place_advance(c->place, due_us(c), true);
	assert_true(c->blocks - blocks <= 1);
	play(c, 3);
	assert_true(c->blocks - blocks <= 3 * 50 + 15);
	assert_true(c->next_number >= 3603 * SECOND);
	assert_true(fabs(c->late_us) < 100);
	end(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tone_stays_pure),
		cmocka_unit_test(a_tone_stays_pure_when_clocks_drift),
		cmocka_unit_test(an_hour_of_drift_stays_within_ten_milliseconds),
		cmocka_unit_test(times_that_jitter_do_not_make_it_click),
		cmocka_unit_test(a_time_that_steps_a_little_is_caught_up_with),
		cmocka_unit_test(a_lost_unit_is_silence_of_its_length),
		cmocka_unit_test(what_comes_twice_is_cut),
		cmocka_unit_test(overdue_sound_is_silence_and_then_too_late),
		cmocka_unit_test(a_standstill_is_not_made_up_for),
	};

	return cmocka_run_group_tests_name("audio_place", tests, NULL, NULL);
}
