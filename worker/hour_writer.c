/* hour_writer.c - files and playlist of the hour that is being recorded.
 * Owns the folder in use, the open file and the sentence about what went wrong. Recorder thread. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "worker/hour_writer.h"
#include "common/xmalloc.h"
#include "worker/outfile.h"
#include "worker/segmenter_repair.h"

/* Wall time that was there before is taken again after the clock was set back: then a file's name
 * is looked for from there on, a millisecond each. */
#define NAME_TRIES 10000

struct hour_writer {
	char *dir;
	int min_free_percent;
	char hour[HOUR_NAME_BYTES]; /* "": none */
	char *folder;               /* of that */
	struct outfile *file;       /* NULL: none is open */
	char name[HOUR_WRITER_NAME_BYTES];
	char why[256];
};

struct hour_writer *
hour_writer_new(const char *dir, int min_free_percent)
{
	struct hour_writer *w = xcalloc(1, sizeof(*w));

	w->min_free_percent = min_free_percent;
	w->dir = xstrdup(dir);
	return w;
}

void
hour_writer_free(struct hour_writer *w)
{
	if (!w)
		return;
	hour_writer_drop(w);
	free(w->folder);
	free(w->dir);
	free(w);
}

/* Keeps the sentence; returns err. */
__attribute__((format(printf, 3, 4))) static int
fail(struct hour_writer *w, int err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return 0;
	va_start(ap, fmt);
	vsnprintf(w->why, sizeof(w->why), fmt, ap);
	va_end(ap);
	size_t n = strlen(w->why);
	snprintf(w->why + n, sizeof(w->why) - n, ": %s", strerror(-err));
	return err;
}

const char *
hour_writer_why(const struct hour_writer *w)
{
	return w->why;
}

/* ---- space ----------------------------------------------------------------------------------- */

/* The recordings' folder, or the nearest above it that is there. */
static int
stat_disk(const char *dir, struct statvfs *disk)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s", dir);
	while (statvfs(path, disk) < 0) {
		char *slash = strrchr(path, '/');
		if (errno != ENOENT || !slash || slash == path)
			return -errno;
		*slash = '\0';
	}
	return 0;
}

int
hour_writer_check_space(struct hour_writer *w)
{
	struct statvfs disk;

	int err = stat_disk(w->dir, &disk);
	if (err)
		return fail(w, err, "cannot look at %s", w->dir);
	if (disk.f_blocks == 0)
		return 0;
	double free_percent = 100.0 * (double)disk.f_bavail / (double)disk.f_blocks;
	if (free_percent >= w->min_free_percent)
		return 0;
	return fail(w, -ENOSPC, "%.1f %% of the disk of %s is free, less than %d %%", free_percent,
		w->dir, w->min_free_percent);
}

/* ---- hours ----------------------------------------------------------------------------------- */

static void
set_hour(struct hour_writer *w, const char *hour, char *folder)
{
	snprintf(w->hour, sizeof(w->hour), "%s", hour);
	free(w->folder);
	w->folder = folder;
}

static char *
folder_of(const struct hour_writer *w, const char *hour)
{
	return xasprintf("%s/%s", w->dir, hour);
}

int
hour_writer_repair(struct hour_writer *w, int64_t from_wall_us, int64_t wall_us)
{
	char from[HOUR_NAME_BYTES] = "";
	char hour[HOUR_NAME_BYTES];

	if (from_wall_us != HOUR_WRITER_REPAIR_ALL)
		hour_name(from_wall_us, from);
	int err = segmenter_repair_camera(w->dir, from, hour_name(wall_us, hour));
	if (err || *w->hour)
		return fail(w, err, "cannot repair %s", w->dir);
	/* Ours to end, also if no picture comes before the next. */
	char *folder = folder_of(w, hour);
	if (access(folder, F_OK) == 0)
		set_hour(w, hour, folder);
	else
		free(folder);
	return 0;
}

/* Of the folder's playlist: a segment at the end, or (NULL) the end itself. */
static int
change_playlist(struct hour_writer *w, struct playlist_entry *entry, int64_t target_s)
{
	struct playlist *p;

	int folder = hour_lock(w->folder);
	int err = folder < 0 ? folder : hour_load(folder, &p);
	if (!err) {
		p->ended = !entry;
		if (p->target_s < target_s)
			p->target_s = target_s;
		if (entry && p->count == 0)
			entry->discontinuity = false;
		if (entry)
			playlist_add(p, entry);
		err = hour_store(folder, p);
		playlist_free(p);
	}
	hour_unlock(folder);
	return fail(w, err, "cannot write %s/" HOUR_PLAYLIST, w->folder);
}

int
hour_writer_add(struct hour_writer *w, struct playlist_entry *entry, int64_t target_s)
{
	return change_playlist(w, entry, target_s);
}

int
hour_writer_leave(struct hour_writer *w)
{
	/* Retention may have taken the whole of it. */
	bool there = *w->hour && access(w->folder, F_OK) == 0;
	int err = there ? change_playlist(w, NULL, 0) : 0;

	set_hour(w, "", NULL);
	return err;
}

bool
hour_writer_is_in(const struct hour_writer *w, int64_t wall_us)
{
	char hour[HOUR_NAME_BYTES];

	return strcmp(w->hour, hour_name(wall_us, hour)) == 0;
}

/* An hour that was ended goes on: who plays it should know, and who repairs it. */
static int
reopen_playlist(struct hour_writer *w)
{
	struct playlist *p;

	int folder = hour_lock(w->folder);
	int err = folder < 0 ? folder : hour_load(folder, &p);
	if (!err) {
		bool ended = p->ended;
		p->ended = false;
		err = ended ? hour_store(folder, p) : 0;
		playlist_free(p);
	}
	hour_unlock(folder);
	return fail(w, err, "cannot write %s/" HOUR_PLAYLIST, w->folder);
}

int
hour_writer_enter(struct hour_writer *w, int64_t wall_us)
{
	char hour[HOUR_NAME_BYTES];

	hour_name(wall_us, hour);
	if (strcmp(hour, w->hour) != 0) {
		int err = hour_writer_leave(w);
		if (err)
			return err;
		set_hour(w, hour, folder_of(w, hour));
	}
	int err = fail(w, hour_make(w->dir, hour), "cannot make %s", w->folder);
	return err ? err : reopen_playlist(w);
}

/* ---- files ----------------------------------------------------------------------------------- */

int
hour_writer_open(struct hour_writer *w, int64_t wall_us, const char *suffix,
	char name[HOUR_WRITER_NAME_BYTES])
{
	char stem[HOUR_STEM_BYTES];
	int err = -EEXIST;

	for (int i = 0; i < NAME_TRIES && err == -EEXIST; i++, wall_us += 1000) {
		snprintf(w->name, sizeof(w->name), "%s%s", hour_stem(wall_us, stem), suffix);
		err = outfile_open(w->folder, w->name, &w->file);
	}
	snprintf(name, HOUR_WRITER_NAME_BYTES, "%s", w->name);
	return hour_writer_failed(w, err);
}

int
hour_writer_write(struct hour_writer *w, const uint8_t *bytes, size_t len)
{
	return w->file ? hour_writer_failed(w, outfile_write(w->file, bytes, len)) : 0;
}

int
hour_writer_commit(struct hour_writer *w)
{
	struct outfile *f = w->file;

	w->file = NULL;
	return hour_writer_failed(w, outfile_commit(f));
}

void
hour_writer_drop(struct hour_writer *w)
{
	outfile_drop(w->file);
	w->file = NULL;
}

int
hour_writer_failed(struct hour_writer *w, int err)
{
	return fail(w, err, "cannot write %s/%s", w->folder, w->name);
}
