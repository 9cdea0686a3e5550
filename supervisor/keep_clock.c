/* keep_clock.c - the wall time that the store's rows are of, which is one for all of them.
 * Owns the names of its counters. Loop thread. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "supervisor/keep_clock.h"
#include "supervisor/store.h"

#define BOOT_FILE "/proc/sys/kernel/random/boot_id"
/* Hexadecimal digits of it that fit into a counter; by chance two are alike once in 2^32 boots. */
#define BOOT_DIGITS 8
/* Somebody has set the clock; NTP slews it by 0.5 ms in a second. */
#define SET_US INT64_C(1000000)

static const char boot_counter[] = "clock boot";
static const char ahead_counter[] = "clock ahead us";

/* 0: not known. */
static int64_t
this_boot(void)
{
	char digits[BOOT_DIGITS + 1];
	FILE *f = fopen(BOOT_FILE, "re");
	int64_t boot = 0;

	if (f && fgets(digits, sizeof(digits), f))
		boot = (int64_t)strtoll(digits, NULL, 16);
	if (f)
		fclose(f);
	return boot;
}

/* Of the last note in this boot; false if there is none. */
static bool
get_ahead(struct store *s, int64_t *ahead_us)
{
	int64_t boot = 0;

	store_get_counter(s, NULL, boot_counter, &boot);
	store_get_counter(s, NULL, ahead_counter, ahead_us);
	return boot != 0 && boot == this_boot();
}

void
keep_clock_note(struct store *s)
{
	int64_t ahead_us = clock_wall_us() - clock_boot_us();
	int64_t was_us;

	if (get_ahead(s, &was_us) && llabs(ahead_us - was_us) > SET_US)
		store_move_times(s, ahead_us - was_us);
	store_set_counter(s, NULL, boot_counter, this_boot());
	store_set_counter(s, NULL, ahead_counter, ahead_us);
}

int64_t
keep_clock_wall_us(struct store *s)
{
	int64_t ahead_us;

	return get_ahead(s, &ahead_us) ? clock_boot_us() + ahead_us : clock_wall_us();
}
