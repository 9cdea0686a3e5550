/* test_fragments.c - worker/fragments.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "worker/fragments.h"

static bool
add(struct fragments *f, const void *packet, size_t n)
{
	struct au_rtp rtp;

	assert_true(au_rtp_parse(packet, n, &rtp));
	assert_true(au_rtp_is_fragment(&rtp));
	return fragments_add(f, packet, &rtp);
}

#define ADD(f, literal) add((f), (literal), sizeof(literal) - 1)

static struct fragments f; /* 64 kB: not for the stack */

static int
empty(void **state)
{
	(void)state;
	f.len = 0;
	return 0;
}

static void
consecutive_fragments_become_one(void **state)
{
	static const char joined[] = "\x80\xe0\0\1\0\0\0\5\0\0\0\2\x7c\xc1"
				     "aabbcc";

	(void)state;
	assert_true(ADD(&f, "\x80\x60\0\1\0\0\0\5\0\0\0\2\x7c\x81"
			    "aa"));
	assert_true(ADD(&f, "\x80\x60\0\2\0\0\0\5\0\0\0\2\x7c\1"
			    "bb"));
	assert_true(ADD(&f, "\x80\xe0\0\3\0\0\0\5\0\0\0\2\x7c\x41"
			    "cc"));
	assert_int_equal(f.len, sizeof(joined) - 1);
	assert_memory_equal(f.packet, joined, f.len);
}

static void
extension_csrc_and_padding_are_left_out(void **state)
{
	static const char joined[] = "\x80\x60\0\1\0\0\0\5\0\0\0\2\x7c\x81"
				     "aabb";

	(void)state;
	assert_true(ADD(&f, "\xb1\x60\0\1\0\0\0\5\0\0\0\2"
			    "csrc"
			    "\xbe\xde\0\1"
			    "ext!"
			    "\x7c\x81"
			    "aa\0\2"));
	assert_true(ADD(&f, "\xa0\x60\0\2\0\0\0\5\0\0\0\2\x7c\1"
			    "bb\0\0\3"));
	assert_int_equal(f.len, sizeof(joined) - 1);
	assert_memory_equal(f.packet, joined, f.len);
}

static void
another_start_time_or_source_does_not_belong_behind(void **state)
{
	(void)state;
	assert_true(ADD(&f, "\x80\x60\0\1\0\0\0\5\0\0\0\2\x7c\x81"
			    "aa"));
	assert_false(ADD(&f, "\x80\x60\0\2\0\0\0\5\0\0\0\2\x7c\x81"
			     "bb"));
	assert_false(ADD(&f, "\x80\x60\0\2\0\0\0\6\0\0\0\2\x7c\1"
			     "bb"));
	assert_false(ADD(&f, "\x80\x60\0\2\0\0\0\5\0\0\0\3\x7c\1"
			     "bb"));
	assert_int_equal(f.len, 16);
}

static void
what_does_not_fit_is_not_taken(void **state)
{
	static uint8_t big[40000] = { 0x80, 0x60, 0, 1, 0, 0, 0, 5, 0, 0, 0, 2, 0x7c, 1 };

	(void)state;
	assert_true(add(&f, big, sizeof(big)));
	assert_false(add(&f, big, sizeof(big)));
	assert_int_equal(f.len, sizeof(big));
	assert_true(add(&f, big, FRAGMENTS_MAX - sizeof(big) + 14));
	assert_int_equal(f.len, FRAGMENTS_MAX);
	assert_false(add(&f, big, 15));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(consecutive_fragments_become_one, empty),
		cmocka_unit_test_setup(extension_csrc_and_padding_are_left_out, empty),
		cmocka_unit_test_setup(another_start_time_or_source_does_not_belong_behind, empty),
		cmocka_unit_test_setup(what_does_not_fit_is_not_taken, empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
