/* bench_audio.c - CPU time of a camera's sound: AAC or G.711 in, Opus out.
 *   make bench-audio
 * The sound is speech-like and of noise; silence is what a quiet night costs. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "tests/unit/sound.h"
#include "worker/audio.h"

#define SECONDS 60

struct sum {
	unsigned packets;
	size_t bytes;
};

static void
on_packet(const struct audio_packet *packet, void *arg)
{
	struct sum *sum = arg;

	sum->packets++;
	sum->bytes += packet->len;
}

static int64_t
cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_THREAD, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * INT64_C(1000000) + u.ru_utime.tv_usec +
	       u.ru_stime.tv_usec;
}

/* A voice of 150 Hz, four syllables a second, and the hiss of a cheap microphone. */
static double
street(double t, void *arg)
{
	unsigned *random = arg;
	double loud = 0.5 - 0.5 * cos(2 * M_PI * 4 * t), sum = 0;

	for (int harmonic = 1; harmonic <= 20; harmonic++)
		sum += sin(2 * M_PI * 150 * harmonic * t) / harmonic;
	*random = *random * 1664525 + 1013904223;
	return 0.25 * loud * loud * sum + 0.02 * ((*random >> 16) / 32768.0 - 1);
}

static double
nothing(double t, void *arg)
{
	(void)t;
	(void)arg;
	return 0;
}

static void
run(const char *name, const char *encoder, enum audio_codec codec, int rate_hz, int channels,
	sound_wave *wave)
{
	unsigned random = 1;
	struct sound_source s = sound_encode(encoder, rate_hz, channels, SECONDS, wave, &random);
	const struct audio_format f = {
		.codec = codec,
		.config = s.config,
		.config_len = s.config_len,
	};
	struct sum sum = { 0 };
	struct audio *a;
	char why[80];

	if (audio_new(&a, &f, on_packet, &sum, why, sizeof(why)) < 0)
		exit(1);
	const int64_t begin = cpu_us();
	for (size_t i = 0; i < s.count; i++) {
		int64_t at_us = 1000000 + s.units[i].sample * 1000000 / rate_hz;
		struct audio_unit u = {
			.data = s.units[i].data,
			.len = s.units[i].len,
			.at_us = at_us,
			.now_us = at_us + 100000,
		};
		audio_feed(a, &u);
		audio_advance(a, u.now_us);
	}
	double ms = (double)(cpu_us() - begin) / 1000;
	printf("%-34s %7.0f ms a camera-minute, %.2f %% of a core, %5.1f kbit/s, %u packets\n",
		name, ms, ms / (SECONDS * 10), (double)sum.bytes * 8 / SECONDS / 1000, sum.packets);
	audio_free(a);
	sound_source_clear(&s);
}

int
main(void)
{
	run("AAC 16 kHz mono", "aac", AUDIO_AAC, 16000, 1, street);
	run("AAC 16 kHz mono, silence", "aac", AUDIO_AAC, 16000, 1, nothing);
	run("AAC 48 kHz mono", "aac", AUDIO_AAC, 48000, 1, street);
	run("AAC 48 kHz stereo", "aac", AUDIO_AAC, 48000, 2, street);
	run("G.711 8 kHz", "pcm_mulaw", AUDIO_PCMU, 8000, 1, street);
	return 0;
}
