#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>

/* A moment or a span in milliseconds on CLOCK_MONOTONIC. Never wall time. */
typedef int64_t ms_t;

/* "No deadline": later than every moment that will be. */
#define MS_NEVER INT64_MAX

/* Now, in ms since an arbitrary start; never runs backwards. */
ms_t clock_now(void);

/* The same clock in microseconds: for durations of phases and for pacing packets. */
int64_t clock_now_us(void);

/* Microseconds since the machine was booted, suspended or not: CLOCK_BOOTTIME. */
int64_t clock_boot_us(void);

/* Wall time in microseconds since 1970-01-01 UTC: to be printed, or sent in RTCP sender reports. */
int64_t clock_wall_us(void);

/* "2026-11-21T06:00:00.123Z" and its NUL. */
#define CLOCK_TEXT_BYTES 25

/* Wall time for people and logs (RFC 3339, UTC, milliseconds). Returns out. */
char *clock_text(int64_t wall_us, char out[CLOCK_TEXT_BYTES]);

#endif
