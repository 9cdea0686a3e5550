/* test_audio_aac.c - worker/audio_aac.h: what is in the AAC, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <libavutil/frame.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/sound.h"
#include "worker/audio_aac.h"
#include "worker/audio_decode.h"

#define US INT64_C(1000000)
#define RATE 8000
#define BEGIN (100 * US)
#define TONE_HZ 440
#define SAMPLES_MAX (8 * RATE)

/* What a player hears, by the times of the frames. */
struct player {
	struct audio_decode *decode;
	float samples[SAMPLES_MAX]; /* from BEGIN on */
	int64_t last_us;
	unsigned frames;
	unsigned jumps; /* frames that are not where the last one ended */
};

static double
tone(double t, void *arg)
{
	(void)arg;
	return 0.5 * sin(2 * M_PI * TONE_HZ * t);
}

static void
play(const uint8_t *data, size_t len, int64_t at_us, void *arg)
{
	struct player *p = arg;
	const AVFrame *frame;

	p->jumps += p->frames > 0 && llabs(at_us - p->last_us - 128000) > 1000;
	p->last_us = at_us;
	p->frames++;
	assert_int_equal(audio_decode_unit(p->decode, data, len, &frame), 0);
	assert_int_equal(frame->sample_rate, RATE);
	assert_int_equal(frame->nb_samples, 1024);
	for (int i = 0; i < frame->nb_samples; i++) {
		int64_t at = (at_us - BEGIN) * RATE / US + i;
		if (at >= 0 && at < SAMPLES_MAX)
			p->samples[at] = ((const float *)(const void *)frame->data[0])[i];
	}
}

static void
begin(struct player *p, struct audio_aac **a, enum audio_codec codec)
{
	const struct audio_format pcm = { .codec = codec };
	struct audio_format format = { .codec = AUDIO_AAC };
	char why[100];

	memset(p, 0, sizeof(*p));
	*a = audio_aac_new(&pcm, play, p);
	assert_non_null(*a);
	format.config = audio_aac_config(*a, &format.config_len);
	/* AAC-LC, 8 kHz, one channel: what worker/mp4.c reads. */
	assert_true(format.config_len >= 2);
	assert_int_equal(
		format.config[0] << 8 | (format.config[1] & 0xf8), 2 << 11 | 11 << 7 | 1 << 3);
	assert_int_equal(audio_decode_new(&p->decode, &format, why, sizeof(why)), 0);
}

static void
feed(struct audio_aac *a, const struct sound_unit *u, int64_t later_us)
{
	const struct audio_unit unit = {
		.data = u->data, .len = u->len, .at_us = BEGIN + u->sample * US / RATE + later_us
	};

	audio_aac_feed(a, &unit);
}

/* How far what is heard is from the wave, which was later_us late, over n samples. */
static double
error(const struct player *p, int from, int n, int64_t later_us)
{
	double sum = 0;

	for (int i = from; i < from + n; i++) {
		const double off =
			p->samples[i] - tone((double)i / RATE - (double)later_us / 1e6, NULL);
		sum += off * off;
	}
	return sqrt(sum / n);
}

static double
loudness(const struct player *p, int from, int n)
{
	double sum = 0;

	for (int i = from; i < from + n; i++)
		sum += p->samples[i] * p->samples[i];
	return sqrt(sum / n);
}

static void
sound_is_what_it_was_when_it_was(void **state)
{
	static const struct {
		const char *name;
		enum audio_codec codec;
	} codecs[] = { { "pcm_mulaw", AUDIO_PCMU }, { "pcm_alaw", AUDIO_PCMA } };
	static struct player p;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct sound_source s = sound_encode(codecs[i].name, RATE, 1, 4, tone, NULL);
		struct audio_aac *a;
		begin(&p, &a, codecs[i].codec);
		for (size_t u = 0; u < s.count; u++)
			feed(a, &s.units[u], 0);
		assert_true(p.frames >= 30);
		assert_int_equal(p.jumps, 0);
		assert_true(error(&p, RATE, 2 * RATE, 0) < 0.05);
		audio_aac_free(a);
		audio_decode_free(p.decode);
		sound_source_clear(&s);
	}
}

/* Half a second from the first on: silence. Two seconds: nothing, and what follows is in place. */
static void
what_is_missing_moves_nothing(void **state)
{
	static const int missing_units[] = { 25, 100 };
	static struct player p;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct sound_source s = sound_encode("pcm_mulaw", RATE, 1, 6, tone, NULL);
		struct audio_aac *a;
		begin(&p, &a, AUDIO_PCMU);
		for (size_t u = 0; u < s.count; u++)
			if (u < 50 || u >= 50u + (unsigned)missing_units[i])
				feed(a, &s.units[u], 0);
		assert_int_equal(p.jumps, i);
		assert_true(loudness(&p, RATE + RATE / 8, RATE / 4) < 0.01);
		assert_true(error(&p, 4 * RATE, RATE, 0) < 0.05);
		audio_aac_free(a);
		audio_decode_free(p.decode);
		sound_source_clear(&s);
	}
}

static void
sound_that_is_moved_is_heard_where_it_was_moved_to(void **state)
{
	static struct player p;
	struct sound_source s = sound_encode("pcm_alaw", RATE, 1, 6, tone, NULL);
	struct audio_aac *a;

	(void)state;
	begin(&p, &a, AUDIO_PCMA);
	for (size_t u = 0; u < s.count; u++)
		feed(a, &s.units[u], u < 100 ? 0 : -200000);
	assert_true(error(&p, RATE / 2, RATE, 0) < 0.05);
	assert_true(error(&p, 3 * RATE, 2 * RATE, -200000) < 0.05);
	audio_aac_free(a);
	audio_decode_free(p.decode);
	sound_source_clear(&s);
}

static void
count(const uint8_t *data, size_t len, int64_t at_us, void *arg)
{
	int64_t *last_us = arg;

	(void)data;
	assert_true(len > 0);
	assert_true(!*last_us || llabs(at_us - *last_us - 1024 * US / 16000) <= 1);
	*last_us = at_us;
}

static void
other_rates_stay_what_they_are(void **state)
{
	const struct audio_format pcm = { .codec = AUDIO_L16, .rate_hz = 16000, .channels = 2 };
	struct sound_source s = sound_encode("pcm_s16be", 16000, 2, 2, tone, NULL);
	int64_t last_us = 0;
	size_t len;
	struct audio_aac *a = audio_aac_new(&pcm, count, &last_us);

	(void)state;
	assert_non_null(a);
	const uint8_t *config = audio_aac_config(a, &len);
	/* AAC-LC, 16 kHz, one channel. */
	assert_int_equal(config[0] << 8 | (config[1] & 0xf8), 2 << 11 | 8 << 7 | 1 << 3);
	for (size_t u = 0; u < s.count; u++) {
		const struct audio_unit unit = { .data = s.units[u].data,
			.len = s.units[u].len,
			.at_us = BEGIN + s.units[u].sample * US / 16000 };
		audio_aac_feed(a, &unit);
	}
	assert_true(last_us > BEGIN + 3 * US / 2);
	audio_aac_free(a);
	sound_source_clear(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound_is_what_it_was_when_it_was),
		cmocka_unit_test(what_is_missing_moves_nothing),
		cmocka_unit_test(sound_that_is_moved_is_heard_where_it_was_moved_to),
		cmocka_unit_test(other_rates_stay_what_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
