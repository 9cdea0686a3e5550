#ifndef SUPERVISOR_RECORDING_DAY_H
#define SUPERVISOR_RECORDING_DAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What there is of one camera's recording, by days and hours of UTC (proto/hour.h), for who wants
 * to look at it. Blocks for the disk: not on the loop's thread. What is not a recording's is left
 * out. */

/* "2026-11-21" and its NUL. */
#define RECORDING_DAY_BYTES 11

/* One day of a camera. */
struct recording_day {
	char name[RECORDING_DAY_BYTES];
	int hours; /* of which there is something */
	int protected_hours;
};

/* The days in the camera's folder, newest first; *count of them, to be freed. */
struct recording_day *recording_days(const char *camera_dir, size_t *count);

/* A stretch without a gap: wall time. */
struct recording_span {
	int64_t start_us, end_us;
};

struct recording_hour {
	char name[3]; /* "06" */
	bool is_protected;
	bool ended; /* nothing will be added */
	int parts;  /* recording_part has so many */
	int64_t bytes;
};

struct recording_hours {
	struct recording_hour *hours; /* owned, as spans; both in the order of time */
	size_t hour_count;
	struct recording_span *spans;
	size_t span_count;
};

/* The hours of "2026-11-21". Empty if there is nothing. */
void recording_hours_read(const char *camera_dir, const char *day, struct recording_hours *out);
void recording_hours_clear(struct recording_hours *h);

/* The files that make one MP4: an init segment and the segments of an hour that belong to it, or to
 * another of the same bytes. part counts from 0: a camera that changes its format in mid-hour makes
 * another. Returns *count of them, to be freed as they are; NULL: there is no such part. */
struct recording_file {
	const char *path;
	int64_t bytes;
	int64_t written_ns; /* since 1970 */
};
struct recording_file *recording_part(const char *hour_dir, int part, size_t *count);

/* Whether name is that of a file that an hour's playlist names, or the playlist's. */
bool recording_is_file(const char *name);

#endif
