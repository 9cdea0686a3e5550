/* keep_clock.c - the wall time that the store's rows are of.
 * Owns the names of its counters. Loop thread. */
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "supervisor/keep_clock.h"
#include "supervisor/store.h"

#define BOOT_FILE "/proc/sys/kernel/random/boot_id"
/* Hexadecimal digits of it that fit into a counter; by chance two are alike once in 2^32 boots. */
#define BOOT_DIGITS 8

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

void
keep_clock_note(struct store *s)
{
	store_set_counter(s, NULL, boot_counter, this_boot());
	store_set_counter(s, NULL, ahead_counter, clock_wall_us() - clock_boot_us());
}

int64_t
keep_clock_wall_us(struct store *s)
{
	int64_t boot = 0;
	int64_t ahead_us = 0;

	store_get_counter(s, NULL, boot_counter, &boot);
	store_get_counter(s, NULL, ahead_counter, &ahead_us);
	return boot != 0 && boot == this_boot() ? clock_boot_us() + ahead_us : clock_wall_us();
}
