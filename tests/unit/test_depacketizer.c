/* test_depacketizer.c - worker/depacketizer.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker/depacketizer.h"

#define CODE "\0\0\0\1"
#define SPS "\x67\x4d"
#define PPS "\x68\xce"
#define SEI "\6\5"
#define AUD "\x09\xf0"
#define PREFIX "\x6e\x40"
#define IDR "\x65\x88zzz"
#define FIRST "\x41\x9ayyy"  /* first_mb_in_slice 0 */
#define SECOND "\x41\x42xxx" /* first_mb_in_slice > 0 */
/* FU-A of a slice: start, middle, end. */
#define FU_S "\x5c\x81\x9a"
#define FU "\x5c\x01"
#define FU_E "\x5c\x41"

/* Feeds payloads, each in an RTP packet with the next number, and writes "7 8 5|" for the NAL units
 * that come out: their types, "|" behind the last of an access unit, "!" behind a gap. */
struct transcript {
	const struct video_codec *codec;
	struct depacketizer *depacketizer;
	uint16_t seq;
	size_t last_len;
	uint8_t last_data[64];
	struct nal_unit last;
	char text[200];
};

static int
begin_codec(void **state, const struct video_codec *codec)
{
	struct transcript *t = calloc(1, sizeof(*t));

	t->codec = codec;
	t->depacketizer = depacketizer_new(codec);
	*state = t;
	return 0;
}

static int
begin(void **state)
{
	return begin_codec(state, &video_h264);
}

static int
begin_h265(void **state)
{
	return begin_codec(state, &video_h265);
}

static int
end(void **state)
{
	struct transcript *t = *state;

	depacketizer_free(t->depacketizer);
	free(t);
	return 0;
}

static void
take(struct transcript *t)
{
	const struct nal_unit *nal;

	while ((nal = depacketizer_next(t->depacketizer))) {
		char one[8];
		snprintf(one, sizeof(one), "%u%c%c", video_codec_type(t->codec, nal->data),
			nal->gap ? '!' : ' ', nal->last ? '|' : ' ');
		strcat(t->text, one);
		t->last = *nal;
		t->last_len = nal->len < sizeof(t->last_data) ? nal->len : sizeof(t->last_data);
		memcpy(t->last_data, nal->data, t->last_len);
	}
}

/* A whole packet, from the first byte on; in memory of its own, for the sanitizer's sake. */
static void
feed_packet(struct transcript *t, const char *packet, size_t n)
{
	uint8_t *copy = malloc(n);

	memcpy(copy, packet, n);
	depacketizer_feed(t->depacketizer, copy, n, 0);
	take(t);
	free(copy);
}

static void
feed(struct transcript *t, const char *payload, size_t n, uint32_t timestamp, bool marker)
{
	uint8_t *packet = malloc(12 + n);
	const uint8_t head[12] = { 0x80, marker ? 0xe0 : 0x60, (uint8_t)(t->seq >> 8),
		(uint8_t)t->seq, (uint8_t)(timestamp >> 24), (uint8_t)(timestamp >> 16),
		(uint8_t)(timestamp >> 8), (uint8_t)timestamp };

	t->seq++;
	memcpy(packet, head, sizeof(head));
	memcpy(packet + sizeof(head), payload, n);
	depacketizer_feed(t->depacketizer, packet, 12 + n, 1000 + (int64_t)timestamp);
	take(t);
	free(packet);
}

#define FEED(t, literal, timestamp) feed((t), (literal), sizeof(literal) - 1, (timestamp), false)
#define MARKED(t, literal, timestamp) feed((t), (literal), sizeof(literal) - 1, (timestamp), true)
#define PACKET(t, literal) feed_packet((t), (literal), sizeof(literal) - 1)

static void
a_mark_ends_the_picture_at_once(void **state)
{
	struct transcript *t = *state;

	FEED(t, SPS, 0);
	FEED(t, PPS, 0);
	MARKED(t, IDR, 0);
	assert_string_equal(t->text, "7  8  5 |");
	MARKED(t, FIRST, 1);
	assert_string_equal(t->text, "7  8  5 |1 |");
}

static void
a_picture_of_slices_ends_with_the_last(void **state)
{
	struct transcript *t = *state;

	FEED(t, FIRST, 0);
	FEED(t, SECOND, 0);
	MARKED(t, SECOND, 0);
	assert_string_equal(t->text, "1  1  1 |");
}

static void
without_marks_the_next_picture_ends_it(void **state)
{
	struct transcript *t = *state;

	FEED(t, FIRST, 0);
	FEED(t, SECOND, 0);
	FEED(t, FIRST, 1);
	assert_string_equal(t->text, "1  1 |");
}

static void
without_marks_and_time_h264_tells_the_next_picture(void **state)
{
	struct transcript *t = *state;

	FEED(t, FIRST, 0);
	FEED(t, SECOND, 0);
	FEED(t, FIRST, 0);
	assert_string_equal(t->text, "1  1 |");
	FEED(t, SPS, 0);
	FEED(t, PPS, 0);
	FEED(t, IDR, 0);
	assert_string_equal(t->text, "1  1 |1 |7  8  ");
}

static void
a_mark_on_parameter_sets_ends_nothing(void **state)
{
	struct transcript *t = *state;

	MARKED(t, SPS, 0);
	MARKED(t, PPS, 0);
	MARKED(t, IDR, 0);
	assert_string_equal(t->text, "7  8  5 |");
}

static void
marks_that_lie_are_ignored_from_then_on(void **state)
{
	struct transcript *t = *state;

	MARKED(t, FIRST, 0);
	MARKED(t, SECOND, 0);
	MARKED(t, FIRST, 1);
	MARKED(t, SECOND, 1);
	MARKED(t, FIRST, 2);
	assert_string_equal(t->text, "1 |1 |1  1 |");
}

static void
a_mark_on_a_slice_is_a_lie_whatever_stands_before_the_next(void **state)
{
	struct transcript *t = *state;

	MARKED(t, FIRST, 0);
	FEED(t, SEI, 0);
	MARKED(t, SECOND, 0);
	MARKED(t, SECOND, 0);
	FEED(t, FIRST, 1);
	assert_string_equal(t->text, "1 |6  1  1 |");
}

/* A delimiter or SEI before each slice, and the mark on the last of the picture. */
static void
what_stands_between_slices_is_seen_to_end_no_picture(void **state)
{
	struct transcript *t = *state;

	FEED(t, AUD, 0);
	FEED(t, FIRST, 0);
	FEED(t, AUD, 0);
	MARKED(t, SECOND, 0);
	assert_string_equal(t->text, "9  1 |9  1 |");
	t->text[0] = '\0';
	FEED(t, AUD, 1);
	FEED(t, FIRST, 1);
	FEED(t, AUD, 1);
	FEED(t, SEI, 1);
	MARKED(t, SECOND, 1);
	assert_string_equal(t->text, "9  1  9  6  1 |");
	t->text[0] = '\0';
	FEED(t, FIRST, 2);
	FEED(t, AUD, 2);
	FEED(t, SECOND, 2);
	FEED(t, FIRST, 2);
	FEED(t, FIRST, 3);
	assert_string_equal(t->text, "1  9  1 |1 |");
}

static void
a_slice_after_a_loss_proves_no_lie(void **state)
{
	struct transcript *t = *state;

	FEED(t, FIRST, 0);
	FEED(t, AUD, 0);
	t->seq++;
	FEED(t, SECOND, 0);
	FEED(t, AUD, 0);
	assert_string_equal(t->text, "1 |1!|");
}

static void
a_prefix_of_a_slice_ends_no_picture(void **state)
{
	struct transcript *t = *state;

	FEED(t, PREFIX, 0);
	FEED(t, FIRST, 0);
	FEED(t, PREFIX, 0);
	MARKED(t, SECOND, 0);
	assert_string_equal(t->text, "14  1  14  1 |");
}

static void
two_pictures_of_one_timestamp_are_no_lie(void **state)
{
	struct transcript *t = *state;

	MARKED(t, FIRST, 0);
	MARKED(t, FIRST, 0);
	FEED(t, SPS, 0);
	FEED(t, PPS, 0);
	MARKED(t, IDR, 0);
	assert_string_equal(t->text, "1 |1 |7  8  5 |");
}

static void
fragments_become_one_nal_unit(void **state)
{
	struct transcript *t = *state;

	FEED(t, FU_S "abc", 5);
	FEED(t, FU "def", 5);
	FEED(t, FU, 5); /* empty */
	assert_string_equal(t->text, "");
	MARKED(t, FU_E "ghi", 5);
	assert_string_equal(t->text, "1 |");
	assert_int_equal(t->last_len, 11);
	assert_memory_equal(t->last_data,
		"\x41\x9a"
		"abcdefghi",
		11);
	assert_int_equal(t->last.arrived_us, 1005);
}

static void
a_mark_on_a_fragment_that_is_not_the_last_ends_nothing(void **state)
{
	struct transcript *t = *state;

	MARKED(t, FU_S "abc", 0);
	MARKED(t, FU "def", 0);
	assert_string_equal(t->text, "");
	MARKED(t, FU_E "ghi", 0);
	assert_string_equal(t->text, "1 |");
	assert_int_equal(t->last_len, 11);
}

static void
fragments_without_an_end_bit_end_where_the_next_nal_unit_begins(void **state)
{
	struct transcript *t = *state;

	FEED(t, FU_S "abc", 0);
	FEED(t, FU "def", 0);
	FEED(t, FU_S "abc", 1);
	assert_string_equal(t->text, "1 |");
	assert_int_equal(t->last_len, 8);
}

static void
fragments_of_two_nal_units_are_never_joined(void **state)
{
	struct transcript *t = *state;

	FEED(t, FU_S "abc", 0);
	t->seq++;
	MARKED(t, FU_E "tail", 0);
	MARKED(t, FIRST, 2);
	assert_string_equal(t->text, "1!|");
	FEED(t, FU_S "abc", 3);
	MARKED(t, FU_E "of another", 4);
	MARKED(t, FIRST, 5);
	assert_string_equal(t->text, "1!|1!|");
	MARKED(t, FIRST, 6);
	assert_string_equal(t->text, "1!|1!|1 |");
}

static void
a_stream_that_begins_in_the_middle_says_so(void **state)
{
	struct transcript *t = *state;

	MARKED(t, FU_E "tail", 0);
	MARKED(t, FIRST, 1);
	MARKED(t, FIRST, 2);
	assert_string_equal(t->text, "1!|1 |");
}

static void
an_aggregate_is_its_nal_units(void **state)
{
	struct transcript *t = *state;

	MARKED(t, "\x18\0\2" SPS "\0\2" PPS "\0\5" IDR, 0);
	assert_string_equal(t->text, "7  8  5 |");
	assert_int_equal(t->last_len, 5);
}

static void
what_is_behind_the_end_of_an_aggregate_is_a_gap(void **state)
{
	struct transcript *t = *state;

	FEED(t, "\x18\0\2" SPS "\0\7" PPS, 0);
	FEED(t, "\x18\0\0\0\2" PPS "\1", 0);
	MARKED(t, IDR, 0);
	assert_string_equal(t->text, "8! 5 |");
}

static void
types_that_are_not_allowed_are_a_gap(void **state)
{
	static const char *const payloads[] = { "\x19z", "\x1az", "\x1bz", "\x1dz", "\x1ez",
		"\x1fz" };
	struct transcript *t = *state;

	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		t->text[0] = '\0';
		MARKED(t, FIRST, 2 * (uint32_t)i);
		feed(t, payloads[i], 2, 2 * (uint32_t)i, true);
		MARKED(t, FIRST, 2 * (uint32_t)i + 1);
		assert_string_equal(t->text, "1 |1!|");
	}
}

/* And then they cut it into fragments, wherever that may be. */
static void
start_codes_are_found_on_both_sides_of_a_border(void **state)
{
	static const char stream[] = SPS CODE PPS CODE IDR "yy";
	const size_t size = sizeof(stream) - 2; /* behind the first header */
	struct transcript *t = *state;
	char payload[64];

	for (size_t cut = 1; cut < size - 1; cut++) {
		t->text[0] = '\0';
		payload[0] = '\x7c';
		payload[1] = '\x87';
		memcpy(payload + 2, stream + 1, cut);
		feed(t, payload, 2 + cut, (uint32_t)cut, false);
		payload[1] = '\x47';
		memcpy(payload + 2, stream + 1 + cut, size - cut);
		feed(t, payload, 2 + size - cut, (uint32_t)cut, true);
		assert_string_equal(t->text, "7  8  5 |");
		assert_int_equal(t->last_len, sizeof(IDR "yy") - 1);
		assert_memory_equal(t->last_data, IDR "yy", t->last_len);
	}
}

static void
a_start_code_behind_a_fragments_header_has_the_nal_units_own_behind_it(void **state)
{
	struct transcript *t = *state;

	FEED(t, "\x7c\x85" CODE IDR, 0);
	MARKED(t, "\x7c\x45yy", 0);
	assert_string_equal(t->text, "5 |");
	assert_int_equal(t->last_len, sizeof(IDR "yy") - 1);
	assert_memory_equal(t->last_data, IDR "yy", t->last_len);
}

static void
a_start_code_that_ends_a_lost_packets_neighbour_begins_nothing(void **state)
{
	struct transcript *t = *state;

	FEED(t, "\x7c\x87\x4d" CODE, 0);
	t->seq++;
	MARKED(t, "\x7c\x47" PPS, 0);
	MARKED(t, IDR, 1);
	assert_string_equal(t->text, "5!|");
}

/* Some cameras pack what an encoder gives them, start codes and all. */
static void
start_codes_within_a_packet_part_nal_units(void **state)
{
	struct transcript *t = *state;

	MARKED(t, SPS CODE PPS "\0\0\1" IDR, 0);
	assert_string_equal(t->text, "7  8  5 |");
	MARKED(t, CODE SPS CODE PPS CODE IDR, 1);
	assert_string_equal(t->text, "7  8  5 |7  8  5 |");
	FEED(t, CODE CODE, 2);
	MARKED(t, FIRST, 2);
	assert_string_equal(t->text, "7  8  5 |7  8  5 |1 |");
}

static void
trailing_zeros_are_no_part_of_it(void **state)
{
	struct transcript *t = *state;

	FEED(t, SPS "\0\0", 0);
	MARKED(t, IDR, 0);
	assert_string_equal(t->text, "7  5 |");
	FEED(t, SPS "\0\0", 1);
	FEED(t, PPS, 1);
	assert_int_equal(t->last_len, 2);
	assert_memory_equal(t->last_data, SPS, 2);
}

static void
a_nal_unit_without_end_is_dropped(void **state)
{
	static char body[60000] = FU;
	struct transcript *t = *state;

	memset(body + 2, 'z', sizeof(body) - 2);
	FEED(t, FU_S, 0);
	for (size_t i = 0; i <= DEPACKETIZER_NAL_MAX / (sizeof(body) - 2); i++)
		feed(t, body, sizeof(body), 0, false);
	MARKED(t, FU_E "z", 0);
	MARKED(t, FIRST, 1);
	assert_string_equal(t->text, "1!|");
}

static void
time_is_rtps_own_unwrapped(void **state)
{
	struct transcript *t = *state;

	MARKED(t, FIRST, 0xfffffff0);
	assert_int_equal(t->last.timestamp, 0xfffffff0);
	MARKED(t, FIRST, 0x10);
	assert_int_equal(t->last.timestamp, 0x100000010);
	MARKED(t, FIRST, 0xffffff00);
	assert_int_equal(t->last.timestamp, 0xffffff00);
}

static void
numbers_wrap_without_a_gap(void **state)
{
	struct transcript *t = *state;

	t->seq = 0xffff;
	MARKED(t, FIRST, 0);
	MARKED(t, FIRST, 1);
	assert_string_equal(t->text, "1 |1 |");
}

static void
headers_of_every_shape_are_read(void **state)
{
	static const char head[] = "\xb2\xe0\0\7\0\0\0\1\0\0\0\2"
				   "csrcCSRC"
				   "\xbe\xde\0\1"
				   "ext!"
				   "\x41\x9a"
				   "\0\0\3";
	struct transcript *t = *state;

	for (size_t n = 0; n < sizeof(head) - 1; n++)
		if (n != 31) /* there the padding's length is a zero, and a NAL unit is left */
			feed_packet(t, head, n);
	t->text[0] = '\0';
	PACKET(t, head);
	assert_string_equal(t->text, "1!|");
	assert_int_equal(t->last_len, 2);
}

static void
what_is_no_rtp_is_nothing(void **state)
{
	struct transcript *t = *state;

	PACKET(t, "\x40\xe0\0\7\0\0\0\1\0\0\0\2\x41\x9a");
	PACKET(t, "\xa0\xe0\0\7\0\0\0\1\0\0\0\2\x41\x09"); /* padding beyond its size */
	PACKET(t, "\x80\xe0\0\7\0\0\0\1\0\0\0\2");
	PACKET(t, "\x80");
	assert_string_equal(t->text, "");
}

static void
packets_without_payload_are_not_missed(void **state)
{
	struct transcript *t = *state;

	FEED(t, FU_S "abc", 5);
	FEED(t, "", 5);
	PACKET(t, "\xa0\x60\0\2\0\0\0\5\0\0\0\0\0\0\0\4"); /* padding only */
	t->seq++;
	MARKED(t, FU_E "def", 5);
	assert_string_equal(t->text, "1 |");
	assert_int_equal(t->last_len, 8);
	FEED(t, FIRST, 6);
	MARKED(t, "", 6);
	assert_string_equal(t->text, "1 |1 |");
}

/* ---- H.265: RFC 7798 4.4, with headers of two bytes --------------------------------------------
 */

#define H_VPS "\x40\1\x0c"
#define H_SPS "\x42\1\1"
#define H_PPS "\x44\1\xc0"
#define H_SEI "\x4e\1\5"
#define H_IDR "\x28\1\xac"
#define H_FIRST "\2\1\xd0yy"   /* TRAIL_R, first_slice_segment_in_pic_flag */
#define H_SECOND "\2\1\x50xx"  /* without */
#define H_FIRST_N "\0\1\xe0zz" /* TRAIL_N: its first byte is 0 */
#define H_FU_S "\x62\1\x81\xd0"
#define H_FU "\x62\1\1"
#define H_FU_E "\x62\1\x41"

static void
an_aggregation_packet_is_its_nal_units(void **state)
{
	struct transcript *t = *state;

	FEED(t, "\x60\1\0\3" H_VPS "\0\3" H_SPS "\0\3" H_PPS, 0);
	MARKED(t, H_IDR, 0);
	assert_string_equal(t->text, "32  33  34  20 |");
	FEED(t, "\x60\1", 1); /* empty */
	MARKED(t, H_FIRST, 1);
	assert_string_equal(t->text, "32  33  34  20 |1 |");
}

static void
fragments_get_their_header_of_two_bytes_back(void **state)
{
	struct transcript *t = *state;

	FEED(t, H_FU_S "abc", 5);
	FEED(t, H_FU "def", 5);
	FEED(t, H_FU, 5); /* empty */
	MARKED(t, H_FU_E "ghi", 5);
	assert_string_equal(t->text, "1 |");
	assert_int_equal(t->last_len, 12);
	assert_memory_equal(t->last_data,
		"\2\1\xd0"
		"abcdefghi",
		12);
	/* The layer's highest bit stands beside the type, the rest behind it. */
	FEED(t,
		"\x63\x12\x93"
		"abc",
		6);
	MARKED(t,
		"\x63\x12\x53"
		"def",
		6);
	FEED(t, H_VPS, 7);
	assert_int_equal(t->last_len, 8);
	assert_memory_equal(t->last_data,
		"\x27\x12"
		"abcdef",
		8);
}

static void
fragments_that_are_lost_leave_no_nal_unit(void **state)
{
	struct transcript *t = *state;

	FEED(t, H_FU_S "abc", 0);
	t->seq++;
	MARKED(t, H_FU_E "tail", 0);
	MARKED(t, H_FIRST, 1);
	assert_string_equal(t->text, "1!|");
}

static void
a_header_that_begins_with_zero_is_one(void **state)
{
	struct transcript *t = *state;

	MARKED(t, H_FIRST_N, 0);
	FEED(t,
		"\x62\1\x80\xe0"
		"abc",
		1);
	MARKED(t,
		"\x62\1\x40"
		"def",
		1);
	assert_string_equal(t->text, "0 |0 |");
	assert_memory_equal(t->last_data,
		"\0\1\xe0"
		"abcdef",
		9);
	MARKED(t, "\0\0\0\1" H_SPS "\0\0\1" H_FIRST_N, 2);
	assert_string_equal(t->text, "0 |0 |33  0 |");
}

static void
without_marks_and_time_h265_tells_the_next_picture(void **state)
{
	struct transcript *t = *state;

	FEED(t, H_FIRST, 0);
	FEED(t, H_SECOND, 0);
	FEED(t, H_FIRST_N, 0);
	FEED(t, H_VPS, 0);
	FEED(t, H_SEI, 0);
	FEED(t, H_IDR, 0);
	FEED(t, "\x50\1\5", 0);   /* SEI behind the picture */
	FEED(t, "\x46\1\x50", 0); /* delimiter */
	assert_string_equal(t->text, "1  1 |0 |32  39  20  40 |");
}

/* PACI, reserved, unspecified. */
static void
between_slices_of_h265_too(void **state)
{
	struct transcript *t = *state;

	for (uint32_t timestamp = 0; timestamp < 2; timestamp++) {
		FEED(t, H_FIRST, timestamp);
		FEED(t, H_SEI, timestamp);
		MARKED(t, H_SECOND, timestamp);
	}
	assert_string_equal(t->text, "1 |39  1 |1  39  1 |");
}

static void
structures_that_are_not_allowed_are_a_gap(void **state)
{
	static const char *const payloads[] = { "\x64\1zz", "\x66\1zz", "\x7e\1zz" };
	struct transcript *t = *state;

	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		t->text[0] = '\0';
		MARKED(t, H_FIRST, 2 * (uint32_t)i);
		feed(t, payloads[i], 4, 2 * (uint32_t)i, true);
		MARKED(t, H_FIRST, 2 * (uint32_t)i + 1);
		assert_string_equal(t->text, "1 |1!|");
	}
}

#define H(name) cmocka_unit_test_setup_teardown(name, begin_h265, end)
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_mark_ends_the_picture_at_once),
		T(a_picture_of_slices_ends_with_the_last),
		T(without_marks_the_next_picture_ends_it),
		T(without_marks_and_time_h264_tells_the_next_picture),
		T(a_mark_on_parameter_sets_ends_nothing),
		T(marks_that_lie_are_ignored_from_then_on),
		T(a_mark_on_a_slice_is_a_lie_whatever_stands_before_the_next),
		T(what_stands_between_slices_is_seen_to_end_no_picture),
		T(a_slice_after_a_loss_proves_no_lie),
		T(a_prefix_of_a_slice_ends_no_picture),
		T(two_pictures_of_one_timestamp_are_no_lie),
		T(fragments_become_one_nal_unit),
		T(a_mark_on_a_fragment_that_is_not_the_last_ends_nothing),
		T(fragments_without_an_end_bit_end_where_the_next_nal_unit_begins),
		T(fragments_of_two_nal_units_are_never_joined),
		T(a_stream_that_begins_in_the_middle_says_so),
		T(an_aggregate_is_its_nal_units),
		T(what_is_behind_the_end_of_an_aggregate_is_a_gap),
		T(start_codes_are_found_on_both_sides_of_a_border),
		T(a_start_code_behind_a_fragments_header_has_the_nal_units_own_behind_it),
		T(a_start_code_that_ends_a_lost_packets_neighbour_begins_nothing),
		T(types_that_are_not_allowed_are_a_gap),
		T(start_codes_within_a_packet_part_nal_units),
		T(trailing_zeros_are_no_part_of_it),
		T(a_nal_unit_without_end_is_dropped),
		T(time_is_rtps_own_unwrapped),
		T(numbers_wrap_without_a_gap),
		T(headers_of_every_shape_are_read),
		T(what_is_no_rtp_is_nothing),
		T(packets_without_payload_are_not_missed),
		H(an_aggregation_packet_is_its_nal_units),
		H(fragments_get_their_header_of_two_bytes_back),
		H(fragments_that_are_lost_leave_no_nal_unit),
		H(a_header_that_begins_with_zero_is_one),
		H(without_marks_and_time_h265_tells_the_next_picture),
		H(between_slices_of_h265_too),
		H(structures_that_are_not_allowed_are_a_gap),
	};

	return cmocka_run_group_tests_name("depacketizer", tests, NULL, NULL);
}
