/* test_access_unit.c - worker/access_unit.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "worker/access_unit.h"

#define CODE "\0\0\0\1"
#define END CODE "\x1f"
#define GAP CODE "\x1e"
#define SPS CODE "\x67\x4d"
#define PPS CODE "\x68\xce"
#define IDR CODE "\x65\x88zzz"
#define FIRST CODE "\x41\x9ayyy"  /* first_mb_in_slice 0 */
#define SECOND CODE "\x41\x42xxx" /* first_mb_in_slice > 0 */

/* Feeds a literal (without its closing zero) at a time, returns "7 8 5|" for the NAL units that
 * come out: their types, "|" behind the last of an access unit, "!" behind a gap. */
struct transcript {
	struct au_reader reader;
	char text[200];
};

static void
take(struct transcript *t)
{
	const struct au_nal *nal = au_next(&t->reader);

	for (; nal; nal = au_next(&t->reader)) {
		char one[] = { (char)('0' + (nal->data[0] & 0x1f)), nal->gap ? '!' : ' ',
			nal->last ? '|' : ' ', '\0' };
		strcat(t->text, one);
	}
}

static void
feed(struct transcript *t, const char *payload, size_t n, int64_t timestamp)
{
	uint8_t *copy = malloc(n);

	memcpy(copy, payload, n);
	au_feed(&t->reader, copy, n, timestamp, 1000 + timestamp);
	take(t);
	free(copy);
}

#define FEED(t, literal, timestamp) feed((t), (literal), sizeof(literal) - 1, (timestamp))

static void
a_mark_ends_the_picture_at_once(void **state)
{
	struct transcript t = { .text = "" };

	(void)state;
	FEED(&t, SPS PPS, 0);
	FEED(&t, IDR END, 0);
	assert_string_equal(t.text, "7  8  5 |");
	FEED(&t, FIRST END, 1);
	assert_string_equal(t.text, "7  8  5 |1 |");
	au_clear(&t.reader);
}

static void
a_picture_of_slices_ends_with_the_last(void **state)
{
	struct transcript t = { .text = "" };

	(void)state;
	FEED(&t, FIRST, 0);
	FEED(&t, SECOND, 0);
	FEED(&t, SECOND END, 0);
	assert_string_equal(t.text, "1  1  1 |");
	au_clear(&t.reader);
}

static void
without_marks_the_next_picture_ends_it(void **state)
{
	struct transcript t = { .text = "" };

	(void)state;
	FEED(&t, FIRST, 0);
	FEED(&t, SECOND, 0);
	FEED(&t, FIRST, 1);
	assert_string_equal(t.text, "1  1 |");
	au_clear(&t.reader);
}

static void
without_marks_and_time_h264_tells_the_next_picture(void **state)
{
	struct transcript t = { .text = "" };

	(void)state;
	FEED(&t, FIRST SECOND FIRST, 0);
	assert_string_equal(t.text, "1  1 |");
	FEED(&t, SPS PPS IDR, 0);
	assert_string_equal(t.text, "1  1 |1 |7  8  ");
	au_clear(&t.reader);
}

static void
a_mark_on_parameter_sets_ends_nothing(void **state)
{
	struct transcript t = { .text = "" };

	(void)state;
	FEED(&t, SPS END, 0);
	FEED(&t, PPS END, 0);
	FEED(&t, IDR END, 0);
	assert_string_equal(t.text, "7  8  5 |");
	au_clear(&t.reader);
}

static void
marks_that_lie_are_ignored_from_then_on(void **state)
{
	struct transcript t = { .text = "" };

	(void)state;
	FEED(&t, FIRST END, 0);
	FEED(&t, SECOND END, 0);
	assert_true(t.reader.marks_lie);
	FEED(&t, FIRST END, 1);
	FEED(&t, SECOND END, 1);
	FEED(&t, FIRST END, 2);
	assert_string_equal(t.text, "1 |1 |1  1 |");
	au_clear(&t.reader);
}

static void
two_pictures_of_one_timestamp_are_no_lie(void **state)
{
	struct transcript t = { .text = "" };

	(void)state;
	FEED(&t, FIRST END, 0);
	FEED(&t, FIRST END, 0);
	FEED(&t, SPS PPS IDR END, 0);
	assert_false(t.reader.marks_lie);
	assert_string_equal(t.text, "1 |1 |7  8  5 |");
	au_clear(&t.reader);
}

static void
fragments_become_one_nal_unit(void **state)
{
	struct au_reader r;

	(void)state;
	au_init(&r);
	au_feed(&r,
		(const uint8_t *)CODE "\x41\x9a"
				      "abc",
		9, 5, 100);
	assert_null(au_next(&r));
	au_feed(&r, (const uint8_t *)"def" END, 8, 5, 200);
	const struct au_nal *nal = au_next(&r);
	assert_non_null(nal);
	assert_int_equal(nal->len, 8);
	assert_memory_equal(nal->data,
		"\x41\x9a"
		"abcdef",
		8);
	assert_int_equal(nal->timestamp, 5);
	assert_int_equal(nal->arrived_us, 200);
	assert_null(au_next(&r));
	au_clear(&r);
}

static void
fragments_of_two_nal_units_are_never_joined(void **state)
{
	struct transcript t = { .text = "" };

	(void)state;
	FEED(&t, FIRST, 0);
	FEED(&t, GAP, 1);
	FEED(&t, "tail" END, 1);
	FEED(&t, FIRST END, 2);
	assert_string_equal(t.text, "1!|");
	FEED(&t, FIRST, 3);
	FEED(&t, "of another" END, 4);
	FEED(&t, FIRST END, 5);
	assert_string_equal(t.text, "1!|1!|");
	au_clear(&t.reader);
}

static void
nothing_between_start_codes_is_no_nal_unit(void **state)
{
	struct transcript t = { .text = "" };

	(void)state;
	FEED(&t, "tail", 0);
	FEED(&t, CODE "\0\0\1" FIRST END, 1);
	assert_string_equal(t.text, "1!|");
	FEED(&t, CODE, 2);
	assert_string_equal(t.text, "1!|");
	au_clear(&t.reader);
}

static void
a_stream_that_begins_in_the_middle_says_so(void **state)
{
	struct transcript t = { .text = "" };

	(void)state;
	FEED(&t, "tail" END, 0);
	FEED(&t, FIRST END, 1);
	FEED(&t, FIRST END, 2);
	assert_string_equal(t.text, "1!|1 |");
	au_clear(&t.reader);
}

static void
trailing_zeros_and_short_start_codes_are_no_part_of_it(void **state)
{
	struct au_reader r;

	(void)state;
	au_init(&r);
	au_feed(&r, (const uint8_t *)"\0\0\1\x67\x4d\0\0\0\1\x68\xce\0\0\0\1\x1f", 16, 0, 0);
	const struct au_nal *nal = au_next(&r);
	assert_int_equal(nal->len, 2);
	assert_memory_equal(nal->data, "\x67\x4d", 2);
	au_clear(&r);
}

static void
a_nal_unit_without_end_is_dropped(void **state)
{
	static uint8_t body[65536];
	struct transcript t = { .text = "" };

	(void)state;
	memset(body, 'z', sizeof(body));
	FEED(&t, FIRST, 0);
	for (int i = 0; i <= AU_NAL_MAX / (int)sizeof(body); i++)
		feed(&t, (const char *)body, sizeof(body), 0);
	assert_int_equal(t.reader.open.len, 0);
	assert_true(t.reader.open.size <= 2 * AU_NAL_MAX);
	FEED(&t, FIRST END, 1);
	assert_string_equal(t.text, "1!|");
	au_clear(&t.reader);
}

/* ---- marks in RTP packets ------------------------------------------------------------------- */

#define RTP "\x80\xe0\0\7\0\0\0\1\0\0\0\2"

static size_t
mark(uint8_t *buffer, const char *packet, size_t n)
{
	struct au_rtp rtp;

	memcpy(buffer, packet, n);
	assert_true(au_rtp_parse(buffer, n, &rtp));
	assert_true(rtp.marker);
	return au_mark_end(buffer, &rtp);
}

static void
assert_marked(const char *packet, size_t n, const char *wanted, size_t wanted_len)
{
	uint8_t buffer[100];

	assert_int_equal(mark(buffer, packet, n), wanted_len);
	assert_memory_equal(buffer, wanted, wanted_len);
}

#define MARKED(packet, wanted)                                                                     \
	assert_marked((packet), sizeof(packet) - 1, (wanted), sizeof(wanted) - 1)

static void
the_mark_is_written_behind_each_kind_of_packet(void **state)
{
	(void)state;
	MARKED(RTP "\x41\x9a", RTP "\x41\x9a\0\0\0\1\x1f");
	MARKED(RTP "\x7c\x41zz", RTP "\x7c\x41zz\0\0\0\1\x1f");
	MARKED(RTP "\x18\0\1\x67", RTP "\x18\0\1\x67\0\1\x1f");
	MARKED(RTP "\x7c\x41", RTP "\x7c\x41"); /* empty */
	MARKED(RTP "\x1e\x41", RTP "\x1e\x41"); /* unknown */
	MARKED(RTP "\x7c\1zz", RTP "\x7c\1zz"); /* more fragments are to come */
}

static void
padding_makes_room_for_the_mark(void **state)
{
	(void)state;
	MARKED("\xa0\xe0\0\7\0\0\0\1\0\0\0\2\x41\x9a\0\0\3",
		"\x80\xe0\0\7\0\0\0\1\0\0\0\2\x41\x9a\0\0\0\1\x1f");
}

static void
headers_of_every_shape_are_read(void **state)
{
	static const char long_head[] = "\x92\xe0\0\7\0\0\0\1\0\0\0\2"
					"csrcCSRC"
					"\xbe\xde\0\1"
					"ext!"
					"\x41\x9a";
	struct au_rtp rtp;

	(void)state;
	assert_true(au_rtp_parse((const uint8_t *)long_head, sizeof(long_head) - 1, &rtp));
	assert_int_equal(rtp.payload, 28);
	assert_int_equal(rtp.type, 1);
	assert_int_equal(rtp.seq, 7);
	for (size_t n = 0; n <= 28; n++)
		assert_false(au_rtp_parse((const uint8_t *)long_head, n, &rtp));
	assert_false(
		au_rtp_parse((const uint8_t *)"\xa0\xe0\0\7\0\0\0\1\0\0\0\2\x41\x09", 14, &rtp));
	assert_false(
		au_rtp_parse((const uint8_t *)"\x40\xe0\0\7\0\0\0\1\0\0\0\2\x41\x09", 14, &rtp));
}

static void
a_fragment_holds_something(void **state)
{
	struct au_rtp fragment = { .payload = 12, .end = 15, .type = 28 };
	struct au_rtp empty = { .payload = 12, .end = 14, .type = 28 };
	struct au_rtp other = { .payload = 12, .end = 15, .type = 24 };

	(void)state;
	assert_true(au_rtp_is_fragment(&fragment));
	assert_false(au_rtp_is_fragment(&empty));
	assert_false(au_rtp_is_fragment(&other));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mark_ends_the_picture_at_once),
		cmocka_unit_test(a_picture_of_slices_ends_with_the_last),
		cmocka_unit_test(without_marks_the_next_picture_ends_it),
		cmocka_unit_test(without_marks_and_time_h264_tells_the_next_picture),
		cmocka_unit_test(a_mark_on_parameter_sets_ends_nothing),
		cmocka_unit_test(marks_that_lie_are_ignored_from_then_on),
		cmocka_unit_test(two_pictures_of_one_timestamp_are_no_lie),
		cmocka_unit_test(fragments_become_one_nal_unit),
		cmocka_unit_test(fragments_of_two_nal_units_are_never_joined),
		cmocka_unit_test(nothing_between_start_codes_is_no_nal_unit),
		cmocka_unit_test(a_stream_that_begins_in_the_middle_says_so),
		cmocka_unit_test(trailing_zeros_and_short_start_codes_are_no_part_of_it),
		cmocka_unit_test(a_nal_unit_without_end_is_dropped),
		cmocka_unit_test(the_mark_is_written_behind_each_kind_of_packet),
		cmocka_unit_test(padding_makes_room_for_the_mark),
		cmocka_unit_test(headers_of_every_shape_are_read),
		cmocka_unit_test(a_fragment_holds_something),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
