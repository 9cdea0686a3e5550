/* test_audio_line.c - worker/audio_line.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "worker/audio_line.h"

#define KEPT (20 * AUDIO_FRAME_SAMPLES)
#define FADE 240

struct tape {
	struct audio_line *line;
	unsigned channels;
	size_t frames;
	int64_t numbers[20];
	float samples[KEPT * 2];
};

static void
on_frame(const float *samples, int64_t first, void *arg)
{
	struct tape *t = arg;
	size_t n = AUDIO_FRAME_SAMPLES * (size_t)t->channels;

	assert_true(t->frames < 20);
	memcpy(t->samples + t->frames * n, samples, n * sizeof(float));
	t->numbers[t->frames++] = first;
}

static struct tape *
begin(unsigned channels)
{
	struct tape *t = calloc(1, sizeof(*t));

	t->channels = channels;
	t->line = audio_line_new(channels, on_frame, t);
	return t;
}

static void
end(struct tape *t)
{
	audio_line_free(t->line);
	free(t);
}

/* n samples of one value, of two channels the second of the opposite. */
static void
write(struct tape *t, size_t n, float value)
{
	const float pair[] = { value, -value };

	for (size_t i = 0; i < n; i++)
		audio_line_write(t->line, pair, 1);
}

static void
sound_is_cut_into_frames(void **state)
{
	struct tape *t = begin(2);

	(void)state;
	write(t, 959, 0.5f);
	assert_int_equal(t->frames, 0);
	assert_int_equal(audio_line_end(t->line), 959);
	write(t, 962, 0.5f);
	assert_int_equal(t->frames, 2);
	assert_int_equal(t->numbers[0], 0);
	assert_int_equal(t->numbers[1], 960);
	assert_int_equal(audio_line_end(t->line), 1921);
	assert_true(t->samples[2 * 959] == 0.5f && t->samples[2 * 959 + 1] == -0.5f);
	end(t);
}

/* From sample to sample no more than a fade's share of what lies between. */
static void
check_smooth(const struct tape *t, double height)
{
	size_t n = t->frames * AUDIO_FRAME_SAMPLES;

	for (size_t i = 1; i < n; i++)
		for (unsigned c = 0; c < t->channels; c++) {
			double step = t->samples[i * t->channels + c] -
				      t->samples[(i - 1) * t->channels + c];
			assert_true(fabs(step) <= 1.01 * height / FADE);
		}
}

static void
silence_fades_in_and_out(void **state)
{
	(void)state;
	for (unsigned channels = 1; channels <= 2; channels++) {
		struct tape *t = begin(channels);
		write(t, 1000, 0.5f);
		audio_line_silence(t->line, 700);
		audio_line_silence(t->line, 300);
		write(t, 920, -0.5f);
		assert_int_equal(t->frames, 3);
		check_smooth(t, 0.5);
		assert_true(t->samples[999 * channels] == 0.5f);
		assert_true(t->samples[(1000 + FADE) * channels] == 0);
		assert_true(t->samples[1999 * channels] == 0);
		assert_true(t->samples[(2000 + FADE) * channels] == -0.5f);
		end(t);
	}
}

static void
a_break_fades_one_sound_into_the_other(void **state)
{
	struct tape *t = begin(1);

	(void)state;
	write(t, 1100, 0.5f);
	audio_line_break(t->line);
	write(t, 100, -0.25f);
	audio_line_break(t->line); /* within a fade */
	write(t, 1680, 0.25f);
	check_smooth(t, 2 * 0.75); /* two fades at once */
	assert_true(t->samples[1200 + FADE] == 0.25f);
	end(t);
}

static void
a_break_right_behind_a_frame_knows_what_was_sent(void **state)
{
	struct tape *t = begin(2);

	(void)state;
	write(t, 960, 0.5f);
	audio_line_silence(t->line, 960);
	check_smooth(t, 0.5);
	assert_true(t->samples[2 * 970] > 0.4f);
	end(t);
}

static void
what_cannot_be_played_is_cut(void **state)
{
	const float bad[] = { NAN, INFINITY, -INFINITY, 3, -3, 0.5f };
	struct tape *t = begin(1);

	(void)state;
	write(t, 960 - FADE, 0);
	write(t, FADE, 0);
	audio_line_write(t->line, bad, 6);
	write(t, 954, 0);
	const float *got = t->samples + 960;
	assert_true(got[0] == 0 && got[1] == 1 && got[2] == -1 && got[3] == 1 && got[4] == -1);
	assert_true(got[5] == 0.5f);
	end(t);
}

static void
skipping_leaves_out_whole_frames(void **state)
{
	struct tape *t = begin(1);

	(void)state;
	write(t, 600, 0.5f);
	audio_line_skip(t->line, 10000);
	assert_int_equal(t->frames, 1); /* filled up */
	assert_int_equal(audio_line_end(t->line), 960 + 10 * 960);
	write(t, 960, 0.5f);
	assert_int_equal(t->numbers[1], 11 * 960);
	check_smooth(t, 2 * 0.5);
	audio_line_skip(t->line, 959);
	assert_int_equal(audio_line_end(t->line), 12 * 960);
	end(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound_is_cut_into_frames),
		cmocka_unit_test(silence_fades_in_and_out),
		cmocka_unit_test(a_break_fades_one_sound_into_the_other),
		cmocka_unit_test(a_break_right_behind_a_frame_knows_what_was_sent),
		cmocka_unit_test(what_cannot_be_played_is_cut),
		cmocka_unit_test(skipping_leaves_out_whole_frames),
	};

	return cmocka_run_group_tests_name("audio_line", tests, NULL, NULL);
}
