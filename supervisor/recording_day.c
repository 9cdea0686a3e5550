/* recording_day.c - what there is of a camera's recording, by days and hours.
 * Owns nothing: the disk is read anew each time. A thread of the pool. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/xmalloc.h"
#include "proto/hour.h"
#include "supervisor/recording_day.h"

/* What is missing between two segments for less is rounding. */
#define GAP_US INT64_C(1000000)
/* Ours have 1 to 2 kB. */
#define INIT_BYTES_MAX 65536
#define PATH_BYTES 4096

static bool
join(char out[PATH_BYTES], const char *folder, const char *name)
{
	int n = snprintf(out, PATH_BYTES, "%s/%s", folder, name);

	return n > 0 && n < PATH_BYTES;
}

static int
open_folder(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

bool
recording_is_file(const char *name)
{
	size_t stem = HOUR_STEM_BYTES - 1;

	if (strcmp(name, HOUR_PLAYLIST) == 0)
		return true;
	return strspn(name, "0123456789TZ.") >= stem &&
	       (strcmp(name + stem, HOUR_SEGMENT) == 0 || strcmp(name + stem, HOUR_INIT) == 0);
}

/* ---- days ------------------------------------------------------------------------------------ */

/* Whether path is a folder of an hour, and a protected one. */
static bool
is_hour(const char *day_path, const char *day, const char *name, bool *is_protected)
{
	char text[RECORDING_DAY_BYTES + 8], path[PATH_BYTES];

	snprintf(text, sizeof(text), "%s/%.4s", day, name);
	if (hour_parse(text) < 0 || strlen(name) != 2 || !join(path, day_path, name))
		return false;
	int folder = open_folder(path);
	if (folder < 0)
		return false;
	*is_protected = faccessat(folder, HOUR_PROTECTED, F_OK, 0) == 0;
	close(folder);
	return true;
}

static void
count_hours(const char *camera_dir, struct recording_day *day)
{
	char path[PATH_BYTES];
	struct dirent *e;
	bool is_protected;

	DIR *dir = join(path, camera_dir, day->name) ? opendir(path) : NULL;
	while (dir && (e = readdir(dir)))
		if (is_hour(path, day->name, e->d_name, &is_protected)) {
			day->hours++;
			day->protected_hours += is_protected;
		}
	if (dir)
		closedir(dir);
}

static int
newest_first(const void *a, const void *b)
{
	const struct recording_day *left = a, *right = b;

	return strcmp(right->name, left->name);
}

struct recording_day *
recording_days(const char *camera_dir, size_t *count)
{
	struct recording_day *days = NULL;
	DIR *dir = opendir(camera_dir);
	struct dirent *e;

	*count = 0;
	while (dir && (e = readdir(dir))) {
		struct recording_day day = { 0 };
		if (strlen(e->d_name) != sizeof(day.name) - 1)
			continue;
		memcpy(day.name, e->d_name, sizeof(day.name));
		count_hours(camera_dir, &day);
		if (day.hours == 0)
			continue;
		days = xrealloc(days, (*count + 1) * sizeof(*days));
		days[(*count)++] = day;
	}
	if (dir)
		closedir(dir);
	if (*count > 0)
		qsort(days, *count, sizeof(*days), newest_first);
	return days;
}

/* ---- formats --------------------------------------------------------------------------------- */

/* The init segments of an hour. Those of the same bytes are of one part. */
struct formats {
	struct format {
		char *map;
		unsigned char *bytes;
		size_t len;
		int part;
	} * rows;
	size_t count;
	int parts;
};

static void
formats_clear(struct formats *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->rows[i].map);
		free(f->rows[i].bytes);
	}
	free(f->rows);
}

/* One that cannot be read is empty. */
static void
read_init(int folder, struct format *f)
{
	int fd = openat(folder, f->map, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	f->bytes = xmalloc(INIT_BYTES_MAX);
	ssize_t n = fd < 0 ? 0 : read(fd, f->bytes, INIT_BYTES_MAX);
	f->len = n > 0 ? (size_t)n : 0;
	if (fd >= 0)
		close(fd);
}

static bool
are_equal(const struct format *a, const struct format *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/* The part that segments of that init segment are of. */
static int
part_of(struct formats *f, int folder, const char *map)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->rows[i].map, map) == 0)
			return f->rows[i].part;
	f->rows = xrealloc(f->rows, (f->count + 1) * sizeof(*f->rows));
	struct format *row = &f->rows[f->count];
	*row = (struct format){ .map = xstrdup(map), .part = -1 };
	read_init(folder, row);
	for (size_t i = 0; i < f->count && row->part < 0; i++)
		if (are_equal(&f->rows[i], row))
			row->part = f->rows[i].part;
	if (row->part < 0)
		row->part = f->parts++;
	f->count++;
	return row->part;
}

/* An hour that is being read. */
struct reading {
	int folder;
	struct playlist *playlist;
	struct formats formats;
};

static int
reading_open(struct reading *r, const char *hour_dir)
{
	*r = (struct reading){ .folder = open_folder(hour_dir) };
	if (r->folder < 0)
		return -1;
	if (hour_load(r->folder, &r->playlist) == 0)
		return 0;
	close(r->folder);
	return -1;
}

static void
reading_close(struct reading *r)
{
	formats_clear(&r->formats);
	playlist_free(r->playlist);
	close(r->folder);
}

/* A playlist that somebody has changed leads nowhere else. */
static bool
is_ours(const struct playlist_entry *e)
{
	return recording_is_file(e->map) && recording_is_file(e->uri);
}

/* ---- hours ----------------------------------------------------------------------------------- */

static void
add_span(struct recording_hours *h, const struct playlist_entry *e)
{
	struct recording_span *last = h->span_count ? &h->spans[h->span_count - 1] : NULL;
	int64_t end_us = e->at_us + e->duration_us;

	if (last && e->at_us - last->end_us < GAP_US) {
		last->end_us = end_us > last->end_us ? end_us : last->end_us;
		return;
	}
	h->spans = xrealloc(h->spans, (h->span_count + 1) * sizeof(*h->spans));
	h->spans[h->span_count++] =
		(struct recording_span){ .start_us = e->at_us, .end_us = end_us };
}

static int64_t
file_bytes(int folder, const char *name)
{
	struct stat st;

	return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ? st.st_size : 0;
}

static void
read_hour(const char *path, const char *name, struct recording_hours *out)
{
	struct recording_hour hour = { 0 };
	struct reading r;

	if (reading_open(&r, path) < 0)
		return;
	snprintf(hour.name, sizeof(hour.name), "%.2s", name);
	hour.is_protected = faccessat(r.folder, HOUR_PROTECTED, F_OK, 0) == 0;
	hour.ended = r.playlist->ended;
	for (size_t i = 0; i < r.playlist->count; i++) {
		const struct playlist_entry *e = &r.playlist->entries[i];
		if (!is_ours(e))
			continue;
		part_of(&r.formats, r.folder, e->map);
		hour.bytes += file_bytes(r.folder, e->uri);
		add_span(out, e);
	}
	hour.parts = r.formats.parts;
	if (hour.parts > 0) {
		out->hours = xrealloc(out->hours, (out->hour_count + 1) * sizeof(*out->hours));
		out->hours[out->hour_count++] = hour;
	}
	reading_close(&r);
}

void
recording_hours_read(const char *camera_dir, const char *day, struct recording_hours *out)
{
	char path[PATH_BYTES];

	*out = (struct recording_hours){ 0 };
	for (unsigned i = 0; i < 24; i++) {
		char name[HOUR_NAME_BYTES + 4];
		snprintf(name, sizeof(name), "%.10s/%02u", day, i);
		if (hour_parse(name) >= 0 && join(path, camera_dir, name))
			read_hour(path, name + HOUR_NAME_BYTES - 3, out);
	}
}

void
recording_hours_clear(struct recording_hours *h)
{
	free(h->hours);
	free(h->spans);
	*h = (struct recording_hours){ 0 };
}

/* ---- parts ----------------------------------------------------------------------------------- */

/* Their paths too, in one piece of memory. NULL if one is gone. */
static struct recording_file *
pack(const char *dir, int folder, const char *const *names, size_t count)
{
	size_t bytes = count * sizeof(struct recording_file);
	struct stat st;

	for (size_t i = 0; i < count; i++)
		bytes += strlen(dir) + 1 + strlen(names[i]) + 1;
	struct recording_file *files = xmalloc(bytes);
	char *text = (char *)(files + count);
	for (size_t i = 0; i < count; i++) {
		if (fstatat(folder, names[i], &st, AT_SYMLINK_NOFOLLOW) < 0 ||
			!S_ISREG(st.st_mode)) {
			free(files);
			return NULL;
		}
		files[i] = (struct recording_file){ .path = text,
			.bytes = st.st_size,
			.written_ns =
				(int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec };
		text = stpcpy(stpcpy(stpcpy(text, dir), "/"), names[i]) + 1;
	}
	return files;
}

struct recording_file *
recording_part(const char *hour_dir, int part, size_t *count)
{
	struct reading r;
	struct recording_file *files = NULL;

	*count = 0;
	if (reading_open(&r, hour_dir) < 0)
		return NULL;
	const char **names = xcalloc(r.playlist->count + 1, sizeof(*names));
	for (size_t i = 0; i < r.playlist->count; i++) {
		const struct playlist_entry *e = &r.playlist->entries[i];
		if (!is_ours(e) || part_of(&r.formats, r.folder, e->map) != part)
			continue;
		if (*count == 0)
			names[(*count)++] = e->map;
		names[(*count)++] = e->uri;
	}
	if (*count > 0)
		files = pack(hour_dir, r.folder, names, *count);
	free(names);
	reading_close(&r);
	return files;
}
