/* test_audio.c - worker/audio.h, with AAC and G.711 of libavcodec's encoders, heard through a
 * decoder of Opus. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "tests/unit/sound.h"
#include "worker/audio.h"

/* cmocka's compares floats, not doubles. */
#define assert_near(a, b, by) assert_true(fabs((a) - (b)) < (by))

/* The clock of the camera's first sample. */
#define BEGIN_US INT64_C(5000000000)
#define TICK_US 20000
#define SECOND 48000
#define TONE_HZ 1000.0
#define AMPLITUDE 0.25

/* A viewer, and a camera whose packets come after delay_us. */
struct play {
	struct audio *audio;
	struct sound_sink heard;
	int64_t delay_us;
	int64_t now_us;
	int64_t first_us; /* time of the first sample heard */
	uint32_t packets;
	uint32_t with_fec;
	size_t bytes;
};

/* RFC 6716 4.2.3, 4.2.4: behind the TOC byte of SILK and hybrid stand a bit for voice and one for
 * FEC, of each channel. */
static bool
has_fec(const uint8_t *data, size_t len)
{
	bool stereo = data[0] & 4;

	if (len < 2 || data[0] >> 3 >= 16) /* CELT */
		return false;
	return data[1] & 0x40 || (stereo && data[1] & 0x10);
}

/* Every packet is 20 ms of Opus behind the one before, in number and in time. */
static void
on_packet(const struct audio_packet *packet, void *arg)
{
	struct play *p = arg;

	if (p->packets == 0)
		p->first_us = packet->at_us;
	assert_int_equal(packet->timestamp, 960 * p->packets);
	assert_int_equal(packet->at_us, p->first_us + 20000 * (int64_t)p->packets);
	p->packets++;
	p->with_fec += has_fec(packet->data, packet->len);
	p->bytes += packet->len;
	sound_sink_feed(&p->heard, packet->data, packet->len);
}

static struct play *
begin(const struct sound_source *s, enum audio_codec codec)
{
	struct play *p = calloc(1, sizeof(*p));
	const struct audio_format format = {
		.codec = codec, .config = s ? s->config : NULL, .config_len = s ? s->config_len : 0
	};
	char why[80] = "";

	p->heard = sound_sink_new();
	p->now_us = BEGIN_US;
	assert_int_equal(audio_new(&p->audio, &format, on_packet, p, why, sizeof(why)), 0);
	assert_string_equal(why, "");
	return p;
}

static void
end(struct play *p)
{
	audio_free(p->audio);
	sound_sink_clear(&p->heard);
	free(p);
}

/* Time passes, and is told to it as the media thread does. */
static void
pass_until(struct play *p, int64_t now_us)
{
	for (; p->now_us + TICK_US <= now_us; p->now_us += TICK_US)
		audio_advance(p->audio, p->now_us);
}

static int64_t
time_of(const struct sound_source *s, size_t i)
{
	return BEGIN_US + s->units[i].sample * 1000000 / s->rate_hz;
}

static void
feed_at(struct play *p, const struct sound_source *s, size_t i, int64_t at_us, bool gap)
{
	struct audio_unit u = {
		.data = s->units[i].data,
		.len = s->units[i].len,
		.at_us = at_us,
		.now_us = at_us + (int64_t)s->samples * 1000000 / s->rate_hz + p->delay_us,
		.gap = gap,
	};

	pass_until(p, u.now_us);
	audio_feed(p->audio, &u);
}

static void
feed(struct play *p, const struct sound_source *s, size_t i, bool gap)
{
	feed_at(p, s, i, time_of(s, i), gap);
}

static void
feed_all(struct play *p, const struct sound_source *s)
{
	for (size_t i = 0; i < s->count; i++)
		feed(p, s, i, false);
}

static double
tone(double t, void *arg)
{
	(void)arg;
	return AMPLITUDE * sin(2 * M_PI * TONE_HZ * t);
}

/* 50 ms of the tone with each whole second, of 1 on. */
static double
beeps(double t, void *arg)
{
	double within = t - floor(t);

	return t >= 1 && within < 0.05 ? 2 * tone(t, arg) : 0;
}

/* ---- what comes out is what went in ---------------------------------------------------------- */

static const struct row {
	const char *encoder;
	enum audio_codec codec;
	int rate_hz;
	int channels;
} rows[] = {
	{ "aac", AUDIO_AAC, 8000, 1 },
	{ "aac", AUDIO_AAC, 16000, 1 },
	{ "aac", AUDIO_AAC, 16000, 2 },
	{ "aac", AUDIO_AAC, 44100, 1 },
	{ "aac", AUDIO_AAC, 44100, 2 },
	{ "aac", AUDIO_AAC, 48000, 1 },
	{ "aac", AUDIO_AAC, 48000, 2 },
	{ "pcm_mulaw", AUDIO_PCMU, 8000, 1 },
	{ "pcm_alaw", AUDIO_PCMA, 8000, 1 },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void
a_tone_keeps_its_frequency_and_energy(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *r = &rows[i];
		struct sound_source s =
			sound_encode(r->encoder, r->rate_hz, r->channels, 3, tone, NULL);
		struct play *p = begin(&s, r->codec);
		feed_all(p, &s);
		const float *left = p->heard.left + SECOND, *right = p->heard.right + SECOND;
		assert_true(p->heard.count >= 5 * SECOND / 2);
		assert_near(sound_amplitude(left, SECOND, TONE_HZ), AMPLITUDE, 0.02);
		/* All that is heard is the tone. */
		assert_near(sound_rms(left, SECOND), AMPLITUDE / sqrt(2), 0.02);
		assert_true(sound_amplitude(left, SECOND, 1500) < AMPLITUDE / 100);
		assert_int_equal(p->heard.channels, r->channels);
		/* The second channel is the first one upside down. */
		assert_near(left[77], r->channels == 2 ? -right[77] : right[77], 0.05);
		struct audio_stats stats = audio_stats(p->audio);
		assert_int_equal(stats.errors, 0);
		assert_int_equal(stats.joins, 0);
		assert_int_equal(stats.silence_ms, 0);
		assert_int_equal(stats.units, s.count);
		assert_int_equal(stats.packets, p->packets);
		assert_near(stats.level_dbfs, 20 * log10(AMPLITUDE / sqrt(2)), 1);
		end(p);
		sound_source_clear(&s);
	}
}

/* Where the sound gets loud, at or behind a sample. */
static size_t
onset(const struct play *p, size_t from)
{
	while (from + 48 < p->heard.count && sound_rms(p->heard.left + from, 48) < 0.1)
		from++;
	return from;
}

static void
a_beep_is_heard_at_its_time(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *r = &rows[i];
		struct sound_source s =
			sound_encode(r->encoder, r->rate_hz, r->channels, 4.5, beeps, NULL);
		struct play *p = begin(&s, r->codec);
		p->delay_us = 300000;
		feed_all(p, &s);
		for (int second = 1; second <= 4; second++) {
			int64_t due_us = BEGIN_US + second * 1000000;
			size_t from = (size_t)((due_us - 300000 - p->first_us) * 48 / 1000);
			int64_t at_us = p->first_us + (int64_t)onset(p, from) * 1000 / 48;
			assert_true(llabs(at_us - due_us) < 4000);
		}
		end(p);
		sound_source_clear(&s);
	}
}

/* What an encoder takes for speech: a voice of 150 Hz, four syllables a second. */
static double
voice(double t, void *arg)
{
	double loud = 0.5 - 0.5 * cos(2 * M_PI * 4 * t), sum = 0;

	(void)arg;
	for (int harmonic = 1; harmonic <= 20; harmonic++)
		sum += sin(2 * M_PI * 150 * harmonic * t) / harmonic;
	return 0.25 * loud * loud * sum;
}

/* Of a steady sound libopus makes no copies: a decoder goes on with it well enough. */
static void
packets_of_speech_carry_fec(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *r = &rows[i];
		struct sound_source s =
			sound_encode(r->encoder, r->rate_hz, r->channels, 5, voice, NULL);
		struct play *p = begin(&s, r->codec);
		feed_all(p, &s);
		assert_true(p->with_fec * 10 >= p->packets * 7);
		assert_true(p->bytes * 8 / 5 < 45000 * (size_t)r->channels);
		end(p);
		sound_source_clear(&s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tone_keeps_its_frequency_and_energy),
		cmocka_unit_test(a_beep_is_heard_at_its_time),
		cmocka_unit_test(packets_of_speech_carry_fec),
	};

	return cmocka_run_group_tests_name("audio", tests, NULL, NULL);
}
