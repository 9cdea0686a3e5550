/* test_demux.c - worker/demux.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "worker/demux.h"
#include "worker/relay_packet.h"
#include "worker/relay_track.h"
#include "worker/video_codec.h"

/* A sender report (RFC 3550 6.4.1) of some moment. */
static uint8_t report[28] = { 0x80, 200, 0, 6, 0, 0, 0, 1, 0xe8, 0, 0, 1 };
/* A picture in one packet. */
static uint8_t picture[] = { 0x80, 0xe0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0x41, 0x9a, 1 };

static void
a_report_of_sound_that_cannot_be_carried_is_passed_over(void **state)
{
	const struct relay_track g726 = { .media = RTSP_AUDIO, .codec = "G726-32", .clock = 8000 };
	const struct relay_packet of_sound = {
		.media = RELAY_SOUND, .rtcp = true, .bytes = report, .len = sizeof(report)
	};
	const struct relay_packet of_pictures = {
		.media = RELAY_PICTURES, .bytes = picture, .len = sizeof(picture)
	};
	struct demux *d = demux_new();
	struct source_unit unit;
	const char *why;

	(void)state;
	demux_open_pictures(d, &video_h264);
	demux_open_sound(d, &g726);
	assert_null(demux_sound(d, &why));
	assert_string_equal(why, "sound of G726-32 at 8000 Hz is not supported");
	demux_feed(d, &of_sound, 1000);
	assert_false(demux_next(d, &unit));
	demux_feed(d, &of_pictures, 2000);
	assert_true(demux_next(d, &unit));
	assert_int_equal(unit.kind, SOURCE_PICTURE);
	demux_free(d);
}

/* As SDP names it, and what it is then. */
static void
samples_of_any_rate_are_sound(void **state)
{
	static const struct {
		struct relay_track track;
		enum audio_codec codec;
	} rows[] = {
		{ { .codec = "PCMA", .clock = 8000, .channels = 1 }, AUDIO_PCMA },
		{ { .codec = "PCMA", .clock = 16000, .channels = 1 }, AUDIO_PCMA_AT },
		{ { .codec = "pcmu", .clock = 32000, .channels = 1 }, AUDIO_PCMU_AT },
		{ { .codec = "L16", .clock = 44100, .channels = 2 }, AUDIO_L16 },
		{ { .codec = "L16", .clock = 44100, .channels = 6 }, AUDIO_SILENCE },
		{ { .codec = "L16", .clock = 1, .channels = 1 }, AUDIO_SILENCE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct demux *d = demux_new();
		const char *why;
		demux_open_sound(d, &rows[i].track);
		const struct audio_format *f = demux_sound(d, &why);
		assert_int_equal(f ? f->codec : AUDIO_SILENCE, rows[i].codec);
		assert_true(!f || (f->rate_hz == (unsigned)rows[i].track.clock &&
					  f->channels == (unsigned)rows[i].track.channels));
		demux_free(d);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_of_sound_that_cannot_be_carried_is_passed_over),
		cmocka_unit_test(samples_of_any_rate_are_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
