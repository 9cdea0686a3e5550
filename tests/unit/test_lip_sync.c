/* test_lip_sync.c - worker/timeline.h and worker/audio_place.h together: a camera's sound and
 * pictures through a bad network, for an hour, as a viewer gets them. */
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

#include "worker/audio_line.h"
#include "worker/audio_place.h"
#include "worker/timeline.h"

#define US INT64_C(1000000)
#define SECOND 48000
#define VIDEO 0
#define SOUND 1
#define SYNC_US 40000
#define BEGIN_US (500 * US)
/* A whole second of the tone is one period: its phase tells the time within half a second. */
#define TONE_HZ 1
#define UNIT_SAMPLES 1024
#define UNIT_US 64000
#define PICTURE_US 33333

struct scene {
	struct timeline *timeline;
	struct audio_place *place;
	AVFrame *frame;
	double fast;       /* the camera's clock: 0.01 is 1 % */
	double sound_fast; /* that of its sound, beside it */
	int64_t sound_us;  /* its path is so much longer */
	int64_t pictures;  /* sent */
	int64_t units;
	int64_t reports;
	int64_t arrived_us[2];
	uint64_t random;
	double picture_late_us; /* the newest picture's time less its capture */
	/* What comes out. */
	double re, im;
	size_t filled;
	int64_t judge_from_us;
	double worst_us; /* sound against pictures */
	int64_t judged;
};

static double
draw(struct scene *s)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return (double)(s->random >> 11) / 9007199254740992.0;
}

/* A second of sound is whole: how late is it? */
static void
judge(struct scene *s, int64_t until_us)
{
	double late_us = -atan2(s->re, s->im) / (2 * M_PI * TONE_HZ) * 1e6;

	s->filled = 0;
	s->re = s->im = 0;
	if (until_us < s->judge_from_us)
		return;
	s->worst_us = fmax(s->worst_us, fabs(late_us - s->picture_late_us));
	s->judged++;
}

static void
on_block(const struct audio_block *b, void *arg)
{
	struct scene *s = arg;
	double step = 2 * M_PI * TONE_HZ / SECOND;
	double phase = 2 * M_PI * TONE_HZ * (double)((b->at_us - BEGIN_US) % US) / 1e6;
	double re = cos(phase), im = sin(phase), c = cos(step), i = sin(step);

	for (size_t n = 0; n < AUDIO_FRAME_SAMPLES; n++) {
		double turned = re * c - im * i;
		s->re += b->samples[n] * re;
		s->im += b->samples[n] * im;
		im = re * i + im * c;
		re = turned;
	}
	s->filled += AUDIO_FRAME_SAMPLES;
	if (s->filled == SECOND)
		judge(s, b->at_us);
}

static struct scene *
begin(void)
{
	struct scene *s = calloc(1, sizeof(*s));

	s->timeline = timeline_new();
	timeline_set_track(s->timeline, VIDEO, 90000, 0);
	timeline_set_track(s->timeline, SOUND, 16000, UNIT_US);
	s->place = audio_place_new(1, on_block, s);
	s->random = 88172645463325252;
	s->frame = av_frame_alloc();
	s->frame->nb_samples = UNIT_SAMPLES;
	s->frame->format = AV_SAMPLE_FMT_FLTP;
	s->frame->sample_rate = 16000;
	av_channel_layout_default(&s->frame->ch_layout, 1);
	assert_int_equal(av_frame_get_buffer(s->frame, 0), 0);
	return s;
}

static void
end(struct scene *s)
{
	timeline_free(s->timeline);
	audio_place_free(s->place);
	av_frame_free(&s->frame);
	free(s);
}

/* The network: 30 ms now and then, 200 ms once in a while, nothing out of order. */
static int64_t
arrive(struct scene *s, unsigned track, int64_t sent_us)
{
	double late = pow(draw(s), 4) * 30000 + (draw(s) < 0.005 ? 200000 : 0);
	int64_t arrived_us = sent_us + 20000 + (int64_t)late;

	if (arrived_us > s->arrived_us[track])
		s->arrived_us[track] = arrived_us;
	return s->arrived_us[track];
}

/* When a camera's clock, so much fast, has ticked for this long. */
static int64_t
true_us(double fast, int64_t us)
{
	return BEGIN_US + llrint((double)us / (1 + fast));
}

static double
sound_fast(const struct scene *s)
{
	return s->fast + s->sound_fast;
}

static void
send_picture(struct scene *s)
{
	int64_t captured_us = true_us(s->fast, s->pictures * PICTURE_US);
	uint32_t timestamp = (uint32_t)(s->pictures++ * 3000); /* 90 kHz of 33333 us */
	int64_t at_us = timeline_at(s->timeline, VIDEO, timestamp, arrive(s, VIDEO, captured_us));

	s->picture_late_us = (double)(at_us - captured_us);
}

static void
send_sound(struct scene *s)
{
	int64_t captured_us = true_us(sound_fast(s), s->units * UNIT_US);
	int64_t arrived_us = arrive(s, SOUND, captured_us + UNIT_US + s->sound_us);
	uint32_t timestamp = (uint32_t)(s->units * UNIT_SAMPLES);
	float *x = (float *)s->frame->data[0];

	for (int i = 0; i < UNIT_SAMPLES; i++) {
		double t = (double)(s->units * UNIT_SAMPLES + i) / (16000 * (1 + sound_fast(s)));
		x[i] = (float)(0.5 * sin(2 * M_PI * fmod(TONE_HZ * t, 1)));
	}
	s->units++;
	int64_t at_us = timeline_at(s->timeline, SOUND, timestamp, arrived_us);
	assert_int_equal(audio_place_frame(s->place, s->frame, at_us, arrived_us, false), 0);
}

static void
send_reports(struct scene *s, int64_t now_us)
{
	double passed_s = (double)(now_us - BEGIN_US) / 1e6;
	uint64_t ntp = (UINT64_C(3900000000) << 32) + (uint64_t)(passed_s * 4294967296.0);

	timeline_report(s->timeline, VIDEO, ntp,
		(uint32_t)(int64_t)(passed_s * (1 + s->fast) * 3000e6 / PICTURE_US));
	timeline_report(s->timeline, SOUND, ntp,
		(uint32_t)(int64_t)(passed_s * (1 + sound_fast(s)) * 16000));
	s->reports++;
}

/* All of it in the order in which it is sent. */
static void
run(struct scene *s, int64_t seconds, int64_t settle_s, bool reports)
{
	s->judge_from_us = BEGIN_US + settle_s * US;
	for (;;) {
		int64_t picture_us = true_us(s->fast, s->pictures * PICTURE_US);
		int64_t sound_us = true_us(sound_fast(s), (s->units + 1) * UNIT_US) + s->sound_us;
		int64_t now_us = picture_us < sound_us ? picture_us : sound_us;
		if (now_us > BEGIN_US + seconds * US)
			break;
		if (reports && now_us > BEGIN_US + US + s->reports * 5 * US)
			send_reports(s, now_us);
		if (picture_us < sound_us)
			send_picture(s);
		else
			send_sound(s);
		audio_place_advance(s->place, now_us, true);
	}
	assert_true(s->judged >= seconds - settle_s - 3);
}

static void
an_hour_in_step_though_the_clock_drifts(void **state)
{
	static const double fast[] = { 0.01, -0.01, 0.0001 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct scene *s = begin();
		s->fast = fast[i];
		s->sound_us = 300000;
		run(s, i == 0 ? 3600 : 600, 40, true);
		assert_true(s->worst_us < SYNC_US);
		/* After the start nothing was cut or put in. */
		assert_true(audio_place_stats(s->place).joins <= 2);
		end(s);
	}
}

static void
an_hour_in_step_though_sound_has_a_clock_of_its_own(void **state)
{
	struct scene *s = begin();

	(void)state;
	s->fast = 0.0002;
	s->sound_fast = -0.003;
	s->sound_us = 100000;
	run(s, 3600, 40, true);
	assert_true(s->worst_us < SYNC_US);
	assert_true(audio_place_stats(s->place).joins <= 2);
	end(s);
}

static void
without_reports_a_path_alike_is_enough(void **state)
{
	struct scene *s = begin();

	(void)state;
	s->fast = -0.01;
	run(s, 600, 40, false);
	assert_true(s->worst_us < SYNC_US);
	assert_int_equal(audio_place_stats(s->place).joins, 0);
	end(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_hour_in_step_though_the_clock_drifts),
		cmocka_unit_test(an_hour_in_step_though_sound_has_a_clock_of_its_own),
		cmocka_unit_test(without_reports_a_path_alike_is_enough),
	};

	return cmocka_run_group_tests_name("lip_sync", tests, NULL, NULL);
}
