/* test_aac_payload.c - worker/aac_payload.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker/aac_payload.h"
#include "worker/rtp.h"

/* Feeds packets and writes "abc@7 !de@1031 " for the access units that come out. */
struct transcript {
	struct aac_payload *payload;
	uint16_t seq;
	char text[400];
};

static const struct aac_format high = {
	.size_bits = 13,
	.index_bits = 3,
	.index_delta_bits = 3,
};
static const struct aac_format latm = { .packing = AAC_LATM };

static struct transcript
begin(const struct aac_format *format)
{
	return (struct transcript){ .payload = aac_payload_new(format), .seq = 65534 };
}

static void
feed(struct transcript *t, const char *payload, size_t len, uint32_t timestamp, bool marker)
{
	struct rtp_header h = { .seq = t->seq++, .timestamp = timestamp, .marker = marker };
	uint8_t *packet = malloc(RTP_HEADER_BYTES + len);
	const struct aac_unit *unit;
	char one[100];

	rtp_write_header(packet, &h);
	memcpy(packet + RTP_HEADER_BYTES, payload, len);
	aac_payload_feed(t->payload, packet, RTP_HEADER_BYTES + len);
	while ((unit = aac_payload_next(t->payload))) {
		snprintf(one, sizeof(one), "%s%.*s@%u ", unit->gap ? "!" : "", (int)unit->len,
			(const char *)unit->data, unit->rtp_timestamp);
		strcat(t->text, one);
	}
	free(packet);
}

#define FEED(t, literal, timestamp) feed((t), (literal), sizeof(literal) - 1, (timestamp), true)
#define PART(t, literal, timestamp) feed((t), (literal), sizeof(literal) - 1, (timestamp), false)

static void
end(struct transcript *t, const char *expected, unsigned errors)
{
	assert_string_equal(t->text, expected);
	assert_int_equal(aac_payload_errors(t->payload), errors);
	aac_payload_free(t->payload);
}

/* AU-headers-length, then headers of 13 bits of size and 3 of index. */
#define ONE(size) "\0\x10" size
#define TWO(a, b) "\0\x20" a b
#define SIZE3 "\0\x18"
#define SIZE2 "\0\x10"

static void
one_access_unit_in_a_packet(void **state)
{
	struct transcript t = begin(&high);

	(void)state;
	FEED(&t, ONE(SIZE3) "abc", 7);
	FEED(&t, ONE(SIZE2) "de", 1031);
	FEED(&t, ONE(SIZE2) "fg", 2055);
	end(&t, "abc@7 de@1031 fg@2055 ", 0);
}

static void
each_of_several_has_its_own_time(void **state)
{
	struct transcript t = begin(&high);

	(void)state;
	FEED(&t, TWO(SIZE3, SIZE2) "abcde", 0xffffff00);
	end(&t, "abc@4294967040 de@768 ", 0);
}

/* Of one channel at 16 kHz, without and with a checksum. */
static void
adts_headers_in_place_of_au_headers_are_taken_off(void **state)
{
	struct transcript t = begin(&high);

	(void)state;
	feed(&t,
		"\xff\xf1\x60\x40\1\x5f\xfc"
		"abc",
		10, 0, true);
	feed(&t,
		"\xff\xf1\x60\x40\1\x3f\xfc"
		"de"
		"\xff\xf0\x60\x40\1\x7f\xfc\0\0"
		"fg",
		20, 1024, true);
	end(&t, "abc@0 de@1024 fg@2048 ", 0);
}

static void
adts_that_is_cut_is_an_error(void **state)
{
	struct transcript t = begin(&high);

	(void)state;
	feed(&t,
		"\xff\xf1\x60\x40\1\x5f\xfc"
		"ab",
		9, 0, true);
	feed(&t,
		"\xff\xf1\x60\x40\0\xff\xfc"
		"ab",
		9, 1024, true);
	feed(&t,
		"\xff\xf1\x60\x40\1\x3f\xfc"
		"dexxxxxxxxx",
		18, 2048, true);
	FEED(&t, ONE(SIZE2) "fg", 3072);
	end(&t, "!fg@3072 ", 3);
}

/* One of 2,050 bytes needs the upper bits of its length; 33 in a packet are too many. */
static void
adts_may_be_long_but_not_of_any_number(void **state)
{
	static const char one[] = "\xff\xf1\x60\x40\1\x1f\xfcx";
	static const char head[] = "\xff\xf1\x60\x41\0\x5f\xfc";
	struct transcript t = begin(&high);
	char payload[2050];

	(void)state;
	memset(payload, 'x', sizeof(payload));
	memcpy(payload, head, sizeof(head) - 1);
	feed(&t, payload, sizeof(payload), 0, true);
	assert_int_equal(aac_payload_errors(t.payload), 0);
	for (size_t i = 0; i < 33; i++)
		memcpy(payload + 8 * i, one, 8);
	feed(&t, payload, 33 * 8, 1024, true);
	assert_int_equal(aac_payload_errors(t.payload), 1);
	aac_payload_free(t.payload);
}

/* What was begun with AU headers is no part of them. */
static void
adts_behind_a_part_stands_alone(void **state)
{
	struct transcript t = begin(&high);

	(void)state;
	PART(&t, ONE(SIZE3) "a", 0);
	feed(&t,
		"\xff\xf1\x60\x40\1\x3f\xfc"
		"de",
		9, 0, true);
	end(&t, "de@0 ", 0);
}

static void
a_duration_that_is_said_counts(void **state)
{
	struct aac_format f = high;

	(void)state;
	f.duration = 960;
	struct transcript t = begin(&f);
	FEED(&t, TWO(SIZE3, SIZE2) "abcde", 0);
	FEED(&t, TWO(SIZE3, SIZE2) "abcde", 2048);
	end(&t, "abc@0 de@960 abc@2048 de@3008 ", 0);
}

/* HE-AAC has 2048 samples in an access unit, and a clock of 90 kHz does not count samples. */
static void
a_duration_that_is_not_said_is_learnt(void **state)
{
	struct transcript t = begin(&high);

	(void)state;
	FEED(&t, TWO(SIZE3, SIZE2) "abcde", 0);
	FEED(&t, TWO(SIZE3, SIZE2) "abcde", 4096);
	end(&t, "abc@0 de@1024 abc@4096 de@6144 ", 0);
}

static void
fragments_become_one_access_unit(void **state)
{
	struct transcript t = begin(&high);

	(void)state;
	PART(&t, ONE("\0\x30") "ab", 0);
	PART(&t, ONE("\0\x30") "cd", 0);
	assert_string_equal(t.text, "");
	FEED(&t, ONE("\0\x30") "ef", 0);
	FEED(&t, ONE(SIZE2) "gh", 1024);
	end(&t, "abcdef@0 gh@1024 ", 0);
}

static void
what_lacks_a_fragment_is_dropped(void **state)
{
	struct transcript t = begin(&high);

	(void)state;
	PART(&t, ONE("\0\x30") "ab", 0);
	t.seq++;
	FEED(&t, ONE("\0\x30") "ef", 0);
	PART(&t, ONE("\0\x20") "gh", 1024);
	FEED(&t, ONE("\0\x20") "ij", 1024);
	PART(&t, ONE("\0\x20") "kl", 2048);
	FEED(&t, ONE(SIZE2) "mn", 3072);
	PART(&t, ONE("\0\x20") "op", 4096);
	FEED(&t, ONE(SIZE2) "qr", 4096); /* of another size: another access unit */
	end(&t, "!ghij@1024 !mn@3072 qr@4096 ", 0);
}

static void
a_lost_packet_is_a_gap(void **state)
{
	struct transcript t = begin(&high);

	(void)state;
	FEED(&t, ONE(SIZE2) "ab", 0);
	t.seq++;
	FEED(&t, TWO(SIZE2, SIZE2) "cdef", 2048);
	end(&t, "ab@0 !cd@2048 ef@3072 ", 0);
}

static void
a_late_packet_is_dropped(void **state)
{
	struct transcript t = begin(&high);

	(void)state;
	FEED(&t, ONE(SIZE2) "ab", 0);
	t.seq = (uint16_t)(t.seq - 1);
	FEED(&t, ONE(SIZE2) "ab", 0);
	t.seq = (uint16_t)(t.seq - 3);
	FEED(&t, ONE(SIZE2) "zz", 0);
	t.seq = (uint16_t)(t.seq + 2);
	FEED(&t, ONE(SIZE2) "cd", 1024);
	end(&t, "ab@0 cd@1024 ", 0);
}

static void
a_camera_may_begin_anew(void **state)
{
	struct transcript t = begin(&high);

	(void)state;
	FEED(&t, ONE(SIZE2) "ab", 0);
	t.seq = (uint16_t)(t.seq - 5000);
	FEED(&t, ONE(SIZE2) "cd", 77);
	end(&t, "ab@0 !cd@77 ", 0);
}

static void
interleaving_is_an_error(void **state)
{
	struct transcript t = begin(&high);

	(void)state;
	FEED(&t, TWO(SIZE2, "\0\x11") "abcd", 0);
	FEED(&t, ONE(SIZE2) "ef", 1024);
	end(&t, "!ef@1024 ", 1);
}

static void
other_fields_of_a_header_are_skipped(void **state)
{
	static const struct aac_format f = {
		.size_bits = 8,
		.cts_delta_bits = 4,
		.dts_delta_bits = 4,
		.random_access = true,
		.stream_state_bits = 2,
		.auxiliary_size_bits = 8,
	};
	struct transcript t = begin(&f);

	/* 17 bits: size 2, CTS flag 1 and delta 1010, DTS flag 0, RAP 1, state 01; then 4 bits of
	 * auxiliary data in a byte. */
	(void)state;
	FEED(&t,
		"\0\x11\x02\xd2\x80\x04\xf0"
		"ab",
		0);
	end(&t, "ab@0 ", 0);
}

static void
without_headers_all_have_one_size(void **state)
{
	static const struct aac_format f = { .constant_size = 3 };
	struct transcript t = begin(&f);

	(void)state;
	FEED(&t, "abcdef", 0);
	FEED(&t, "abcdefg", 2048);
	end(&t, "abc@0 def@1024 ", 1);
}

static void
broken_packets_are_errors(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {
		{ "", 0 }, { "\0", 1 }, { "\0\x10", 2 }, { "\0\x10\0", 3 },
		{ "\xff\xff\0\x10zz", 6 }, { "\0\0zz", 4 }, /* no header */
		{ "\0\x10\0\0", 4 },                        /* size 0 */
		{ "\0\x11\0\x10zzzz", 8 },                  /* a header and a bit */
		{ "\0\x20\0\x10\0\x10zzz", 9 }              /* more than there is */
	};
	struct transcript t = begin(&high);
	size_t n = sizeof(rows) / sizeof(rows[0]);

	(void)state;
	for (size_t i = 0; i < n; i++)
		feed(&t, rows[i].bytes, rows[i].len, 1024 * (uint32_t)i, true);
	aac_payload_feed(t.payload, (const uint8_t *)"\x40zzzzzzzzzzzzzz", 15);
	FEED(&t, ONE(SIZE2) "ab", 0);
	end(&t, "!ab@0 ", (unsigned)n + 1);
}

static void
an_access_unit_has_a_largest_size(void **state)
{
	static const struct aac_format f = { .size_bits = 16 };
	static char part[2 + 2 + 3000] = "\0\x10\x23\x28"; /* 9000 bytes */
	struct transcript t = begin(&f);

	(void)state;
	for (int i = 0; i < 3; i++)
		feed(&t, part, sizeof(part), 0, i == 2);
	FEED(&t, "\0\x10\0\2ab", 1024);
	end(&t, "!ab@1024 ", 1);
}

static void
latm_elements_are_a_length_and_an_access_unit(void **state)
{
	char large[2 + 256] = "\xff\x01";
	struct transcript t = begin(&latm);

	(void)state;
	FEED(&t, "\3abc", 0);
	PART(&t, "\4de", 1024);
	FEED(&t, "fg", 1024);
	FEED(&t, "\2hi\xf0", 2048); /* other data behind it */
	end(&t, "abc@0 defg@1024 hi@2048 ", 0);
	t = begin(&latm);
	memset(large + 2, 'x', 256);
	aac_payload_free(t.payload);
	t.payload = aac_payload_new(&latm);
	feed(&t, large, sizeof(large), 0, true);
	assert_null(strchr(t.text, '!'));
	assert_int_equal(strspn(t.text, "x"), 99); /* of 256, as long as a word may be here */
	end(&t, t.text, 0);
}

static void
latm_that_lacks_a_part_is_dropped(void **state)
{
	struct transcript t = begin(&latm);

	(void)state;
	PART(&t, "\6ab", 0);
	t.seq++;
	FEED(&t, "\1f", 0); /* looks whole */
	FEED(&t, "\2gh", 1024);
	t.seq++;
	FEED(&t, "\1jk", 2048);
	FEED(&t, "\2lm", 3072);
	FEED(&t, "\0", 4096);
	FEED(&t, "\xff\xff\xff", 5120);
	end(&t, "!f@0 gh@1024 !lm@3072 ", 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_access_unit_in_a_packet),
		cmocka_unit_test(each_of_several_has_its_own_time),
		cmocka_unit_test(adts_headers_in_place_of_au_headers_are_taken_off),
		cmocka_unit_test(adts_that_is_cut_is_an_error),
		cmocka_unit_test(adts_may_be_long_but_not_of_any_number),
		cmocka_unit_test(adts_behind_a_part_stands_alone),
		cmocka_unit_test(a_duration_that_is_said_counts),
		cmocka_unit_test(a_duration_that_is_not_said_is_learnt),
		cmocka_unit_test(fragments_become_one_access_unit),
		cmocka_unit_test(what_lacks_a_fragment_is_dropped),
		cmocka_unit_test(a_lost_packet_is_a_gap),
		cmocka_unit_test(a_late_packet_is_dropped),
		cmocka_unit_test(a_camera_may_begin_anew),
		cmocka_unit_test(interleaving_is_an_error),
		cmocka_unit_test(other_fields_of_a_header_are_skipped),
		cmocka_unit_test(without_headers_all_have_one_size),
		cmocka_unit_test(broken_packets_are_errors),
		cmocka_unit_test(an_access_unit_has_a_largest_size),
		cmocka_unit_test(latm_elements_are_a_length_and_an_access_unit),
		cmocka_unit_test(latm_that_lacks_a_part_is_dropped),
	};

	return cmocka_run_group_tests_name("aac_payload", tests, NULL, NULL);
}
