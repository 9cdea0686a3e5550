/* clock.c - what time it is.
 * The only caller of clock_gettime, so that every other module is given the time. Any thread. */
#include <stdio.h>
#include <time.h>

#include "common/clock.h"

static int64_t
read_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

ms_t
clock_now(void)
{
	return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t
clock_now_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

int64_t
clock_boot_us(void)
{
	return read_us(CLOCK_BOOTTIME);
}

int64_t
clock_wall_us(void)
{
	return read_us(CLOCK_REALTIME);
}

char *
clock_text(int64_t wall_us, char out[CLOCK_TEXT_BYTES])
{
	time_t seconds = (time_t)(wall_us / 1000000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	size_t n = strftime(out, CLOCK_TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + n, CLOCK_TEXT_BYTES - n, ".%03uZ", (unsigned)(wall_us / 1000 % 1000) % 1000);
	return out;
}
