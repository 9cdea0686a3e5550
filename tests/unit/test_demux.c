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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_of_sound_that_cannot_be_carried_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
