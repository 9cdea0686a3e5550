/* test_reception.c - worker/reception.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "worker/reception.h"
#include "worker/wire.h"

static void
feed(struct reception *r, unsigned seq, uint32_t timestamp, int64_t now_us)
{
	uint8_t packet[12] = { 0x80, 96 };

	wire_put16(packet + 2, seq & 0xffff);
	wire_put32(packet + 4, timestamp);
	wire_put32(packet + 8, 0xcafe);
	reception_on_rtp(r, packet, now_us);
}

static void
before_a_packet_the_report_is_empty(void **state)
{
	struct reception r = { .clock_hz = 90000 };
	uint8_t out[RECEPTION_REPORT_MAX];

	(void)state;
	assert_int_equal(reception_write(&r, 7, 0, out), 8 + 16);
	assert_int_equal(wire_get32(out), 0x80c90001);
	assert_int_equal(wire_get32(out + 4), 7);
	assert_int_equal(wire_get32(out + 8), 0x81ca0003);
}

static void
losses_are_counted_over_the_wrap_and_since_the_last_report(void **state)
{
	struct reception r = { .clock_hz = 90000 };
	uint8_t out[RECEPTION_REPORT_MAX];

	(void)state;
	for (unsigned seq = 65530; seq < 65550; seq++)
		if (seq % 4)
			feed(&r, seq, 0, 0); /* 65532, 65536, 65540, 65544 and 65548 are lost */
	assert_int_equal(reception_write(&r, 7, 0, out), RECEPTION_REPORT_MAX);
	assert_int_equal(wire_get32(out), 0x81c90007);
	assert_int_equal(wire_get32(out + 8), 0xcafe);
	assert_int_equal(out[12], 5 * 255 / 20);
	assert_int_equal(wire_get32(out + 12) & 0xffffff, 5);
	assert_int_equal(wire_get32(out + 16), 65549);
	feed(&r, 65550, 0, 0);
	reception_write(&r, 7, 0, out);
	assert_int_equal(out[12], 0);
	assert_int_equal(wire_get32(out + 12) & 0xffffff, 5);
}

static void
an_even_stream_has_no_jitter_and_an_uneven_one_has(void **state)
{
	struct reception even = { .clock_hz = 90000 }, uneven = even;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		feed(&even, i, i * 900, (int64_t)i * 10000);
		feed(&uneven, i, i * 900, (int64_t)i * 10000 + (i % 2) * 2000);
	}
	assert_true(even.jitter < 1);
	assert_true(uneven.jitter > 170 && uneven.jitter < 190); /* 2 ms are 180 ticks */
}

static void
a_sender_report_is_named_and_aged(void **state)
{
	struct reception r = { .clock_hz = 90000 };
	uint8_t out[RECEPTION_REPORT_MAX];
	uint8_t report[28] = { 0x80, 200, 0, 6, 0, 0, 0xca, 0xfe, 1, 2, 3, 4, 5, 6, 7, 8 };

	(void)state;
	feed(&r, 1, 0, 0);
	reception_on_rtcp(&r, report, sizeof(report), 1000000);
	reception_write(&r, 7, 1500000, out);
	assert_int_equal(wire_get32(out + 24), 0x03040506);
	assert_int_equal(wire_get32(out + 28), 32768);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(before_a_packet_the_report_is_empty),
		cmocka_unit_test(losses_are_counted_over_the_wrap_and_since_the_last_report),
		cmocka_unit_test(an_even_stream_has_no_jitter_and_an_uneven_one_has),
		cmocka_unit_test(a_sender_report_is_named_and_aged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
