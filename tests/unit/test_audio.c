/* test_audio.c - worker/audio.h, with AAC and G.711 of libavcodec's encoders, heard through a
 * decoder of Opus. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dlfcn.h>
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
	const struct audio_format format = { .codec = codec,
		.config = s ? s->config : NULL,
		.config_len = s ? s->config_len : 0,
		.rate_hz = s && codec != AUDIO_AAC ? (unsigned)s->rate_hz : 0,
		.channels = s && codec != AUDIO_AAC ? (unsigned)s->channels : 0 };
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
	{ "pcm_alaw", AUDIO_PCMA_AT, 16000, 1 },
	{ "pcm_mulaw", AUDIO_PCMU_AT, 32000, 1 },
	{ "pcm_s16be", AUDIO_L16, 16000, 1 },
	{ "pcm_s16be", AUDIO_L16, 44100, 2 },
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

/* As some cameras send L16 by TCP. */
static void
a_packet_of_100_ms_of_l16_is_heard(void **state)
{
	static const uint8_t samples[100 * 48 * 2 * 2];
	const struct sound_source s = { .rate_hz = 48000, .channels = 2 };
	struct play *p = begin(&s, AUDIO_L16);

	(void)state;
	for (int64_t i = 0; i < 5; i++) {
		const struct audio_unit u = { .data = samples,
			.len = sizeof(samples),
			.at_us = BEGIN_US + i * 100000,
			.now_us = BEGIN_US + (i + 1) * 100000 };
		pass_until(p, u.now_us);
		audio_feed(p->audio, &u);
	}
	assert_int_equal(audio_stats(p->audio).errors, 0);
	assert_int_equal(audio_stats(p->audio).units, 5);
	assert_true(p->heard.count >= 300 * 48);
	end(p);
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

/* ---- what is lost ---------------------------------------------------------------------------- */

/* Of libopus' own interface, which libavcodec does not show in whole. */
struct opus {
	void *library;
	void *decoder;
	int (*decode)(void *decoder, const uint8_t *data, int32_t len, float *out, int n, int fec);
};

static struct opus
open_opus(void)
{
	struct opus o = { .library = dlopen("libopus.so.0", RTLD_NOW) };
	void *(*create)(int32_t, int, int *);
	int err = 0;

	assert_non_null(o.library);
	*(void **)&create = dlsym(o.library, "opus_decoder_create");
	*(void **)&o.decode = dlsym(o.library, "opus_decode_float");
	assert_true(create && o.decode);
	o.decoder = create(48000, 1, &err);
	assert_int_equal(err, 0);
	return o;
}

static void
close_opus(struct opus *o)
{
	void (*destroy)(void *);

	*(void **)&destroy = dlsym(o->library, "opus_decoder_destroy");
	destroy(o->decoder);
	dlclose(o->library);
}

/* A viewer that loses every fifth packet and takes the copy that is in the next. */
struct loser {
	struct opus opus;
	unsigned packets;
	float sound[5 * SECOND];
	bool lost;
};

static void
on_packet_lost_or_not(const struct audio_packet *packet, void *arg)
{
	struct loser *l = arg;
	float *at = l->sound + 960 * (size_t)l->packets++;
	int len = (int)packet->len;

	assert_true(l->packets < 250);
	if (l->lost)
		assert_int_equal(
			l->opus.decode(l->opus.decoder, packet->data, len, at - 960, 960, 1), 960);
	l->lost = l->packets % 5 == 0;
	if (!l->lost)
		assert_int_equal(
			l->opus.decode(l->opus.decoder, packet->data, len, at, 960, 0), 960);
}

static void
a_decoder_repairs_losses_by_fec(void **state)
{
	struct sound_source s = sound_encode("aac", 16000, 1, 4, voice, NULL);
	const struct audio_format format = {
		.codec = AUDIO_AAC, .config = s.config, .config_len = s.config_len
	};
	struct loser *l = calloc(1, sizeof(*l));
	struct play *whole = begin(&s, AUDIO_AAC);
	struct audio *a;
	char why[80];
	double off = 0, all = 0;

	(void)state;
	feed_all(whole, &s);
	l->opus = open_opus();
	assert_int_equal(audio_new(&a, &format, on_packet_lost_or_not, l, why, sizeof(why)), 0);
	for (size_t i = 0; i < s.count; i++) {
		int64_t at_us = time_of(&s, i);
		struct audio_unit u = { s.units[i].data, s.units[i].len, at_us, at_us, false, 0 };
		audio_feed(a, &u);
	}
	/* Of what was lost and had sound in it most is as it was. */
	for (size_t frame = 4; frame < 185; frame += 5)
		for (size_t i = frame * 960; i < (frame + 1) * 960; i++) {
			double d = l->sound[i] - whole->heard.left[i];
			off += d * d;
			all += (double)whole->heard.left[i] * whole->heard.left[i];
		}
	assert_true(all > 0);
	assert_true(off < all / 4);
	audio_free(a);
	close_opus(&l->opus);
	free(l);
	end(whole);
	sound_source_clear(&s);
}

static void
broken_access_units_are_counted_and_silent(void **state)
{
	struct sound_source s = sound_encode("aac", 16000, 1, 6, tone, NULL);
	struct play *p = begin(&s, AUDIO_AAC);
	uint8_t *bytes = s.units[40].data;

	(void)state;
	memset(bytes, 0xff, s.units[40].len);
	s.units[50].len = 0;
	feed_all(p, &s);
	struct audio_stats stats = audio_stats(p->audio);
	assert_int_equal(stats.errors, 2);
	assert_int_equal(stats.units, s.count - 2);
	assert_int_equal(stats.joins, 2);
	assert_in_range(stats.silence_ms, 100, 140); /* 64 ms each */
	/* What follows is at its time and whole. */
	const float *later = p->heard.left + 4 * SECOND;
	assert_near(sound_amplitude(later, SECOND, TONE_HZ), AMPLITUDE, 0.02);
	assert_near(sound_rms(later, SECOND), AMPLITUDE / sqrt(2), 0.02);
	end(p);
	sound_source_clear(&s);
}

static void
impossible_times_are_errors(void **state)
{
	struct sound_source s = sound_encode("pcm_mulaw", 8000, 1, 2, tone, NULL);
	struct play *p = begin(NULL, AUDIO_PCMU);
	static const int64_t off_us[] = { 1000000, 3600000000000, -60000000, INT64_C(1) << 52 };

	(void)state;
	feed_all(p, &s);
	uint32_t packets = p->packets;
	for (size_t i = 0; i < 4; i++) {
		struct audio_unit u = { s.units[0].data, s.units[0].len, p->now_us + off_us[i],
			p->now_us, false, 0 };
		audio_feed(p->audio, &u);
	}
	assert_int_equal(p->packets, packets);
	assert_int_equal(audio_stats(p->audio).errors, 4);
	end(p);
	sound_source_clear(&s);
}

/* Access units as they were, with some bytes changed, and of any bytes, in turn. */
static void
noise_from_the_network_does_no_harm(void **state)
{
	struct sound_source s = sound_encode("aac", 48000, 2, 1, tone, NULL);
	struct play *p = begin(&s, AUDIO_AAC);
	uint8_t bytes[1000];
	uint32_t random = 1;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		const struct sound_unit *real = &s.units[(size_t)i % s.count];
		size_t changes = i % 3 == 0 ? 0 : i % 3 == 1 ? 3 : sizeof(bytes);
		assert_true(real->len <= sizeof(bytes));
		memcpy(bytes, real->data, real->len);
		for (; changes > 0; changes--) {
			random = random * 1664525 + 1013904223;
			bytes[(random >> 8) % real->len] = (uint8_t)(random >> 24);
		}
		int64_t at_us = BEGIN_US + i * INT64_C(1024) * 1000000 / 48000;
		struct audio_unit u = { bytes, real->len, at_us, at_us + 1000, false, 0 };
		audio_feed(p->audio, &u);
		audio_advance(p->audio, at_us + 1000);
	}
	struct audio_stats stats = audio_stats(p->audio);
	assert_int_equal(stats.units + stats.errors, 2000);
	assert_true(stats.units >= 666 && stats.errors >= 100);
	/* 43 s of packets, but for what is not overdue yet. */
	assert_in_range(p->packets, 2100, 2134);
	end(p);
	sound_source_clear(&s);
}

/* ---- silence --------------------------------------------------------------------------------- */

static void
a_camera_without_sound_is_silent_on_time(void **state)
{
	struct play *p = begin(NULL, AUDIO_SILENCE);

	(void)state;
	pass_until(p, BEGIN_US + 10000000);
	assert_in_range(p->packets, 498, 500);
	assert_true(sound_rms(p->heard.left, p->heard.count) < 1e-4);
	assert_near(audio_stats(p->audio).level_dbfs, AUDIO_LEVEL_MIN_DBFS, 0.1);
	assert_true(p->bytes < 500 * 20);
	assert_int_equal(p->heard.channels, 1);
	end(p);
}

static void
sound_that_never_comes_is_silence_after_a_second(void **state)
{
	struct sound_source s = sound_encode("aac", 16000, 1, 3, tone, NULL);
	struct play *p = begin(&s, AUDIO_AAC);

	(void)state;
	pass_until(p, BEGIN_US + 1000000);
	assert_int_equal(p->packets, 0);
	pass_until(p, BEGIN_US + 3000000);
	assert_in_range(p->packets, 85, 91);
	end(p);
	sound_source_clear(&s);
}

static void
a_camera_may_come_back_with_another_format(void **state)
{
	struct sound_source first = sound_encode("aac", 16000, 1, 3, tone, NULL);
	struct sound_source second = sound_encode("aac", 48000, 2, 5, tone, NULL);
	const struct audio_format format = {
		.codec = AUDIO_AAC, .config = second.config, .config_len = second.config_len
	};
	struct play *p = begin(&first, AUDIO_AAC);
	char why[80] = "";

	(void)state;
	feed_all(p, &first);
	assert_int_equal(audio_set_format(p->audio, &format, why, sizeof(why)), 0);
	/* It missed what the other did, and half a second more. */
	for (size_t i = 165; i < second.count; i++)
		feed(p, &second, i, false);
	const float *later = p->heard.left + 4 * (size_t)SECOND - SECOND / 4;
	assert_true(p->heard.count > (size_t)(later - p->heard.left) + SECOND / 2);
	struct audio_stats stats = audio_stats(p->audio);
	assert_in_range(stats.silence_ms, 400, 700);
	assert_int_equal(stats.errors, 0);
	assert_int_equal(p->heard.channels, 1);
	/* The second camera's channels are opposite: together they are nothing. */
	assert_true(sound_rms(later, SECOND / 2) < 0.02);
	end(p);
	sound_source_clear(&first);
	sound_source_clear(&second);
}

static void
what_cannot_be_decoded_is_said(void **state)
{
	static const uint8_t config[] = { 0xb9, 0x90 }; /* object type 23: low delay */
	static const struct audio_format formats[] = {
		{ .codec = AUDIO_AAC },
		{ .codec = AUDIO_AAC, .config = (const uint8_t *)"\0\0", .config_len = 2 },
		{ .codec = AUDIO_AAC, .config = config, .config_len = 1 },
	};
	struct audio *a = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		char why[80] = "";
		assert_int_equal(audio_new(&a, &formats[i], on_packet, NULL, why, sizeof(why)),
			ERR_UNSUPPORTED);
		assert_non_null(strstr(why, "AAC"));
		assert_null(a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tone_keeps_its_frequency_and_energy),
		cmocka_unit_test(a_packet_of_100_ms_of_l16_is_heard),
		cmocka_unit_test(a_beep_is_heard_at_its_time),
		cmocka_unit_test(packets_of_speech_carry_fec),
		cmocka_unit_test(a_decoder_repairs_losses_by_fec),
		cmocka_unit_test(broken_access_units_are_counted_and_silent),
		cmocka_unit_test(impossible_times_are_errors),
		cmocka_unit_test(noise_from_the_network_does_no_harm),
		cmocka_unit_test(a_camera_without_sound_is_silent_on_time),
		cmocka_unit_test(sound_that_never_comes_is_silence_after_a_second),
		cmocka_unit_test(a_camera_may_come_back_with_another_format),
		cmocka_unit_test(what_cannot_be_decoded_is_said),
	};

	return cmocka_run_group_tests_name("audio", tests, NULL, NULL);
}
