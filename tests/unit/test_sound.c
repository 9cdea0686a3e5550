/* test_sound.c - sound that is handed on as it came: what the receivers' clock says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "worker/rtp.h"
#include "worker/sound.h"

#define OFFSET 0xfffffff0U
#define US 1000000

static struct {
	char codec[8];
	uint32_t timestamp;
	size_t len;
	uint8_t first; /* of the payload */
} sent[40];
static size_t count;

static void
emit(const char *codec, const uint8_t *payload, size_t len, uint32_t timestamp, void *arg)
{
	assert_ptr_equal(arg, sent);
	assert_non_null(payload);
	assert_true(count < 40);
	assert_true(len <= RTP_PAYLOAD_MAX);
	sent[count].first = payload[0];
	strcpy(sent[count].codec, codec);
	sent[count].timestamp = timestamp;
	sent[count++].len = len;
}

static int
setup(void **state)
{
	count = 0;
	*state = sound_new(OFFSET, emit, sent);
	return 0;
}

static int
teardown(void **state)
{
	sound_free(*state);
	return 0;
}

static void
begin(struct sound *s, enum audio_codec codec)
{
	const struct audio_format format = { .codec = codec };
	char why[100] = "";

	assert_int_equal(sound_begin(s, &format, why, sizeof(why)), 0);
	assert_string_equal(why, "");
	assert_true(sound_comes(s));
}

/* A packet whose bytes count up, 0 to 255. */
static bool
feed_long(struct sound *s, size_t len, uint32_t rtp_timestamp, int64_t at_us)
{
	static uint8_t payload[AUDIO_UNIT_MAX];
	const struct audio_unit unit = { .data = payload,
		.len = len,
		.rtp_timestamp = rtp_timestamp,
		.at_us = at_us,
		.now_us = at_us };

	for (size_t i = 0; i < len; i++)
		payload[i] = (uint8_t)i;
	return sound_feed(s, &unit, false);
}

/* A packet of 20 ms. */
static void
feed(struct sound *s, uint32_t rtp_timestamp, int64_t at_us)
{
	assert_true(feed_long(s, 160, rtp_timestamp, at_us));
}

static void
g711_keeps_the_cameras_steps(void **state)
{
	begin(*state, AUDIO_PCMU);
	feed(*state, 5000, 1 * US);
	feed(*state, 5160, 1 * US + 20000);
	feed(*state, 5640, 1 * US + 83000); /* two were lost, and it is 3 ms late */
	assert_int_equal(count, 3);
	assert_string_equal(sent[0].codec, "PCMU");
	assert_int_equal(sent[0].len, 160);
	assert_int_equal(sent[0].timestamp, OFFSET);
	assert_int_equal(sent[1].timestamp, OFFSET + 160);
	assert_int_equal(sent[2].timestamp, OFFSET + 640);
}

static void
a_camera_that_begins_anew_goes_on_where_it_was(void **state)
{
	begin(*state, AUDIO_PCMA);
	feed(*state, 5000, 1 * US);
	begin(*state, AUDIO_PCMA);
	feed(*state, 77000000, 4 * US);
	feed(*state, 77000160, 4 * US + 20000);
	feed(*state, 3, 5 * US);
	assert_string_equal(sent[1].codec, "PCMA");
	assert_int_equal(sent[1].timestamp, (uint32_t)(OFFSET + 3 * 8000));
	assert_int_equal(sent[2].timestamp, (uint32_t)(OFFSET + 3 * 8000 + 160));
	assert_int_equal(sent[3].timestamp, (uint32_t)(OFFSET + 4 * 8000));
}

static void
opus_is_handed_on_by_its_own_clock(void **state)
{
	begin(*state, AUDIO_OPUS);
	feed(*state, 960, 1 * US);
	feed(*state, 1920, 1 * US + 20000);
	assert_string_equal(sent[1].codec, "opus");
	assert_int_equal(sent[1].timestamp, OFFSET + 960);
	assert_int_equal(sound_timestamp(*state, SOUND_OPUS_HZ, 2 * US + 20000),
		(uint32_t)(OFFSET + 960 + 48000));
}

static void
sound_that_pauses_is_a_packet_of_silence_a_second(void **state)
{
	begin(*state, AUDIO_OPUS);
	feed(*state, 960, 1 * US);
	sound_advance(*state, 1 * US + 900000, false);
	assert_int_equal(count, 1);
	sound_advance(*state, 2 * US, false);
	sound_advance(*state, 2 * US + 100000, false);
	sound_advance(*state, 3 * US, false);
	assert_int_equal(count, 3);
	assert_string_equal(sent[1].codec, "opus");
	assert_int_equal(sent[1].first, 0xf8);
	assert_int_equal(sent[1].timestamp, (uint32_t)(OFFSET + 48000));
	assert_int_equal(sent[2].timestamp, (uint32_t)(OFFSET + 2 * 48000));
	/* Silence is in the place of what comes too late; the rest follows by our clock. */
	feed(*state, 960 + 2 * 48000, 3 * US);
	assert_int_equal(count, 3);
	feed(*state, 7, 3 * US + 500000);
	feed(*state, 7 + 960, 3 * US + 520000);
	assert_int_equal(sent[3].timestamp, (uint32_t)(OFFSET + 2 * 48000 + 24000));
	assert_int_equal(sent[4].timestamp, (uint32_t)(OFFSET + 2 * 48000 + 24960));
}

static void
sound_that_never_comes_is_silence_too(void **state)
{
	static const struct {
		enum audio_codec codec;
		const char *name;
		uint8_t first;
	} forms[] = { { AUDIO_PCMU, "PCMU", 0xff }, { AUDIO_PCMA, "PCMA", 0xd5 } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct sound *s = sound_new(OFFSET, emit, sent);
		count = 0;
		begin(s, forms[i].codec);
		for (int64_t at_us = 10 * US; at_us <= 12 * US; at_us += 100000)
			sound_advance(s, at_us, false);
		assert_int_equal(count, 2);
		assert_string_equal(sent[0].codec, forms[i].name);
		assert_int_equal(sent[0].first, forms[i].first);
		assert_int_equal(sent[0].len, 160);
		assert_int_equal(sent[1].timestamp, (uint32_t)(sent[0].timestamp + 8000));
		feed(s, 5000, 12 * US + 20000);
		assert_int_equal(sent[2].timestamp, (uint32_t)(sent[1].timestamp + 160));
		sound_free(s);
	}
}

static void
a_long_packet_of_g711_goes_in_pieces(void **state)
{
	begin(*state, AUDIO_PCMU);
	assert_true(feed_long(*state, 4000, 5000, 1 * US));
	assert_int_equal(count, 4);
	for (size_t i = 0; i < 4; i++) {
		const size_t at = i * RTP_PAYLOAD_MAX;
		assert_int_equal(sent[i].timestamp, (uint32_t)(OFFSET + at));
		assert_int_equal(sent[i].first, (uint8_t)at);
	}
	assert_int_equal(sent[3].len, 4000 - 3 * RTP_PAYLOAD_MAX);
	feed(*state, 9000, 1 * US + 500000);
	assert_int_equal(sent[4].timestamp, OFFSET + 4000);
}

static void
opus_that_fits_in_no_packet_is_left_out(void **state)
{
	begin(*state, AUDIO_OPUS);
	assert_true(feed_long(*state, RTP_PAYLOAD_MAX, 960, 1 * US));
	assert_false(feed_long(*state, RTP_PAYLOAD_MAX + 1, 1920, 1 * US + 20000));
	assert_true(feed_long(*state, 160, 2880, 1 * US + 40000));
	assert_int_equal(count, 2);
	assert_int_equal(sent[1].timestamp, OFFSET + 1920);
}

/* 100 ms of G.711 that is made Opus, from then on. Returns how many packets that was. */
static size_t
make_opus(struct sound *s, int64_t at_us)
{
	static const uint8_t payload[160];
	const size_t before = count;

	begin(s, AUDIO_PCMU);
	for (int i = 0; i < 5; i++) {
		const struct audio_unit unit = { .data = payload,
			.len = sizeof(payload),
			.rtp_timestamp = (uint32_t)i * 160,
			.at_us = at_us + i * 20000,
			.now_us = at_us + i * 20000 };
		assert_true(sound_feed(s, &unit, true));
		/* Of this only Opus is looked at. */
		while (count > before && !strcmp(sent[count - 1].codec, "PCMU"))
			count--;
	}
	sound_advance(s, at_us + 400000, true);
	return count - before;
}

static void
opus_goes_on_where_it_was_if_the_camera_begins_or_ends_to_send_it(void **state)
{
	begin(*state, AUDIO_OPUS);
	feed(*state, 960, 100 * US);
	assert_true(make_opus(*state, 200 * US) > 0);
	assert_in_range((uint32_t)(sent[1].timestamp - sent[0].timestamp), 99 * 48000, 101 * 48000);
	const uint32_t last = sent[count - 1].timestamp;
	count = 0;
	begin(*state, AUDIO_OPUS);
	sound_advance(*state, 298 * US, true);
	sound_advance(*state, 299 * US, true);
	assert_int_equal(count, 1);
	feed(*state, 960, 300 * US);
	feed(*state, 1920, 300 * US + 20000);
	assert_int_equal(count, 3);
	assert_in_range((uint32_t)(sent[1].timestamp - last), 99 * 48000, 101 * 48000);
	assert_int_equal(sent[2].timestamp, (uint32_t)(sent[1].timestamp + 960));
}

static void
what_can_be_offered_follows_from_the_codec(void **state)
{
	struct sound_offer o = sound_offer(*state, false);

	assert_int_equal(o.opus_channels, 0);
	begin(*state, AUDIO_PCMA);
	o = sound_offer(*state, false);
	assert_string_equal(o.as_is, "PCMA");
	assert_int_equal(o.as_is_pt, 8);
	assert_int_equal(o.opus_channels, 1);
	begin(*state, AUDIO_OPUS);
	o = sound_offer(*state, false);
	assert_null(o.as_is);
	assert_int_equal(o.opus_channels, 2);
}

static void
a_camera_without_sound_has_silence_if_it_must(void **state)
{
	char why[100];

	assert_int_equal(sound_begin(*state, NULL, why, sizeof(why)), 0);
	assert_false(sound_comes(*state));
	assert_int_equal(sound_offer(*state, false).opus_channels, 0);
	assert_int_equal(sound_offer(*state, true).opus_channels, 1);
	sound_advance(*state, 1 * US, true);
	sound_advance(*state, 1 * US + 100000, true);
	assert_true(count >= 4);
	assert_string_equal(sent[0].codec, "opus");
	assert_int_equal(sent[1].timestamp, sent[0].timestamp + 960);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(g711_keeps_the_cameras_steps),
		TEST(a_camera_that_begins_anew_goes_on_where_it_was),
		TEST(opus_is_handed_on_by_its_own_clock),
		TEST(sound_that_pauses_is_a_packet_of_silence_a_second),
		TEST(sound_that_never_comes_is_silence_too),
		TEST(a_long_packet_of_g711_goes_in_pieces),
		TEST(opus_that_fits_in_no_packet_is_left_out),
		TEST(opus_goes_on_where_it_was_if_the_camera_begins_or_ends_to_send_it),
		TEST(what_can_be_offered_follows_from_the_codec),
		TEST(a_camera_without_sound_has_silence_if_it_must),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
