/* test_viewer_tracks.c - what players' offers have room for, and what is chosen by that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "supervisor/viewer_tracks.h"

static const struct sfu_track camera[] = { { .name = "porch-video" },
	{ .name = "porch-audio", .audio = true } };

static void
expect_room(const char *sdp, bool audio, bool video)
{
	const struct viewer_room room = viewer_room_read(sdp);

	assert_int_equal(room.audio, audio);
	assert_int_equal(room.video, video);
}

static void
an_m_section_has_room_for_its_kind(void **state)
{
	(void)state;
	expect_room("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=recvonly\r\n", true, false);
	expect_room("v=0\nm=video 9 UDP/TLS/RTP/SAVPF 96\na=sendrecv", false, true);
	expect_room("v=0\r\nm=audio 9 X 0\r\nm=application 9 UDP/DTLS/SCTP x\r\na=inactive\r\n"
		    "m=video 9 X 96\r\n",
		true, true);
	expect_room("v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n", false, false);
	expect_room("", false, false);
	expect_room("m=", false, false);
	expect_room("\n\nm=video", false, false);
}

static void
one_that_does_not_receive_has_none(void **state)
{
	(void)state;
	expect_room("v=0\r\nm=audio 9 X 0\r\na=sendonly\r\nm=video 9 X 96\r\na=recvonly\r\n", false,
		true);
	expect_room("v=0\r\nm=audio 9 X 0\r\na=inactive\r\n", false, false);
	expect_room("v=0\r\na=inactive\r\nm=audio 9 X 0\r\nm=video 9 X 96\r\na=recvonly\r\n", false,
		true);
	expect_room("v=0\r\nm=audio 0 X 0\r\nm=video 9 X 96\r\n", false, true);
}

static void
port_0_of_one_that_is_bundled_only_rejects_nothing(void **state)
{
	(void)state;
	expect_room("v=0\r\nm=audio 9 X 0\r\nm=video 0 X 96\r\na=bundle-only\r\n", true, true);
}

static void
one_of_two_of_a_kind_is_enough(void **state)
{
	(void)state;
	expect_room("v=0\nm=video 9 X 96\na=recvonly\nm=video 9 X 96\na=inactive\n", false, true);
}

static void
tracks_are_chosen_by_room(void **state)
{
	struct viewer_room room = { .audio = true };
	struct sfu_track out[2];

	(void)state;
	assert_int_equal(viewer_tracks_fit(&room, camera, 2, out), 1);
	assert_string_equal(out[0].name, "porch-audio");
	room.video = true;
	assert_int_equal(viewer_tracks_fit(&room, camera, 2, out), 2);
	assert_string_equal(out[0].name, "porch-video");
}

static void
tracks_are_chosen_by_name(void **state)
{
	const struct sfu_track pulled[] = { { .mid = "1", .name = "porch-audio" },
		{ .mid = "0", .name = "porch-video" } };
	struct sfu_track out[2];

	(void)state;
	assert_int_equal(viewer_tracks_common(pulled, 2, camera, 1, out), 1);
	assert_string_equal(out[0].mid, "0");
	assert_int_equal(viewer_tracks_common(pulled, 1, camera, 1, out), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_m_section_has_room_for_its_kind),
		cmocka_unit_test(one_that_does_not_receive_has_none),
		cmocka_unit_test(port_0_of_one_that_is_bundled_only_rejects_nothing),
		cmocka_unit_test(one_of_two_of_a_kind_is_enough),
		cmocka_unit_test(tracks_are_chosen_by_room),
		cmocka_unit_test(tracks_are_chosen_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
