/* recordings.c - recordings on the disk: found, deleted, protected.
 * Owns the list of what was found. Decides nothing: retention.c does. A thread of the pool. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/value.h"
#include "common/xmalloc.h"
#include "proto/hour.h"
#include "supervisor/recordings.h"

/* An hour's last segment ends after it: with a GOP of minutes, minutes later. */
#define LINGER_US (INT64_C(600) * 1000000)
#define PATH_BYTES 4096

struct place {
	char *folder; /* of the hour */
	char *file;   /* the segment; NULL: the whole hour */
};

struct recordings {
	int64_t now_us;
	int camera;   /* that is being looked through */
	char **names; /* of the cameras, by their numbers */
	struct retention_item *items;
	struct place *places; /* by the items' tags */
	size_t count;
	size_t size;
};

/* folder/name; false if that is too long to be ours. */
static bool
join(char out[PATH_BYTES], const char *folder, const char *name)
{
	int n = snprintf(out, PATH_BYTES, "%s/%s", folder, name);

	return n > 0 && n < PATH_BYTES;
}

/* ---- finding --------------------------------------------------------------------------------- */

static void
add(struct recordings *r, const struct retention_item *item, const char *folder, const char *file)
{
	if (r->count == r->size) {
		r->size = r->size ? r->size * 2 : 64;
		r->items = xrealloc(r->items, r->size * sizeof(*r->items));
		r->places = xrealloc(r->places, r->size * sizeof(*r->places));
	}
	r->items[r->count] = *item;
	r->items[r->count].camera = r->camera;
	r->items[r->count].tag = r->count;
	r->places[r->count++] = (struct place){ .folder = xstrdup(folder), .file = xstrdup(file) };
}

/* Calls each for every entry but "." and "..". */
static void
each_entry(struct recordings *r, const char *path,
	void (*each)(struct recordings *r, const char *path, const char *name))
{
	DIR *dir = opendir(path);
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (*e->d_name != '.')
			each(r, path, e->d_name);
	if (dir)
		closedir(dir);
}

/* What a file takes of the disk; 0 if it is none. */
static int64_t
disk_bytes(const char *folder, const char *name)
{
	char path[PATH_BYTES];
	struct stat st;

	if (!join(path, folder, name))
		return 0;
	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) ? (int64_t)st.st_blocks * 512 : 0;
}

static bool
is_protected(const char *folder)
{
	char path[PATH_BYTES];

	return join(path, folder, HOUR_PROTECTED) && access(path, F_OK) == 0;
}

static void
add_whole(struct recordings *r, const char *folder, int64_t hour_us)
{
	struct retention_item item = { .start_us = hour_us,
		.end_us = hour_us + HOUR_US,
		.is_protected = is_protected(folder) };
	DIR *dir = opendir(folder);
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		item.bytes += disk_bytes(folder, e->d_name);
	if (dir)
		closedir(dir);
	add(r, &item, folder, NULL);
}

/* The segments of an hour that is being written, but the last: a player may just be fetching it. */
static void
add_segments(struct recordings *r, const char *folder)
{
	struct playlist *p;

	int lock = hour_lock(folder);
	int err = lock < 0 ? lock : hour_load(lock, &p);
	hour_unlock(lock);
	if (err)
		return;
	bool stays = is_protected(folder);
	for (size_t i = 0; i + 1 < p->count; i++) {
		const struct playlist_entry *e = &p->entries[i];
		struct retention_item item = { .start_us = e->at_us,
			.end_us = e->at_us + e->duration_us,
			.bytes = disk_bytes(folder, e->uri),
			.is_protected = stays };
		add(r, &item, folder, e->uri);
	}
	playlist_free(p);
}

/* path ends with the day. */
static void
on_hour(struct recordings *r, const char *path, const char *name)
{
	char folder[PATH_BYTES];

	if (!join(folder, path, name))
		return;
	size_t len = strlen(folder);
	int64_t hour_us =
		len < HOUR_NAME_BYTES ? -1 : hour_parse(folder + len - HOUR_NAME_BYTES + 1);
	if (hour_us < 0)
		return;
	if (hour_us + HOUR_US + LINGER_US > r->now_us)
		add_segments(r, folder);
	else
		add_whole(r, folder, hour_us);
}

static void
on_day(struct recordings *r, const char *path, const char *name)
{
	char folder[PATH_BYTES];

	if (join(folder, path, name))
		each_entry(r, folder, on_hour);
}

static void
on_camera(struct recordings *r, const char *path, const char *name)
{
	char folder[PATH_BYTES];

	if (!value_is_name(name) || !join(folder, path, name))
		return;
	r->names = xrealloc(r->names, ((size_t)r->camera + 1) * sizeof(*r->names));
	r->names[r->camera] = xstrdup(name);
	each_entry(r, folder, on_day);
	r->camera++;
}

struct recordings *
recordings_scan(const char *dir, const char *camera, int64_t now_us)
{
	struct recordings *r = xcalloc(1, sizeof(*r));

	r->now_us = now_us;
	if (camera)
		on_camera(r, dir, camera);
	else
		each_entry(r, dir, on_camera);
	return r;
}

void
recordings_free(struct recordings *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->count; i++) {
		free(r->places[i].folder);
		free(r->places[i].file);
	}
	for (int i = 0; i < r->camera; i++)
		free(r->names[i]);
	free(r->names);
	free(r->items);
	free(r->places);
	free(r);
}

struct retention_item *
recordings_items(struct recordings *r, size_t *count)
{
	*count = r->count;
	return r->items;
}

struct recordings_stored *
recordings_sum(const struct recordings *r, size_t *count)
{
	struct recordings_stored *sums = xcalloc((size_t)r->camera + 1, sizeof(*sums));

	*count = (size_t)r->camera;
	for (int i = 0; i < r->camera; i++)
		snprintf(sums[i].name, sizeof(sums[i].name), "%s", r->names[i]);
	for (size_t i = 0; i < r->count; i++) {
		const struct retention_item *item = &r->items[i];
		struct recordings_stored *c = &sums[item->camera];
		if (item->doomed)
			continue;
		c->bytes += item->bytes;
		if (c->oldest_us == 0 || item->start_us < c->oldest_us)
			c->oldest_us = item->start_us;
	}
	return sums;
}

const char *
recordings_camera(const struct recordings *r, int camera)
{
	return r->names[camera];
}

/* ---- deleting -------------------------------------------------------------------------------- */

static void
remove_files(int folder)
{
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	/* First what names the others. */
	unlinkat(folder, HOUR_PLAYLIST, 0);
	while (dir && (e = readdir(dir)))
		unlinkat(folder, e->d_name, 0);
	if (dir)
		closedir(dir);
}

static bool
delete_hour(const char *path)
{
	char day[PATH_BYTES];

	int folder = hour_lock(path);
	if (folder < 0)
		return false;
	/* Somebody may have protected it since. */
	bool goes = faccessat(folder, HOUR_PROTECTED, F_OK, 0) < 0;
	if (goes)
		remove_files(folder);
	hour_unlock(folder);
	if (!goes || rmdir(path) < 0)
		return false;
	snprintf(day, sizeof(day), "%s", path);
	*strrchr(day, '/') = '\0';
	rmdir(day); /* unless there are other hours */
	return true;
}

static bool
is_other(void *arg, const struct playlist_entry *e)
{
	return strcmp(e->uri, arg) != 0;
}

static bool
delete_locked(int folder, char *file)
{
	struct playlist *p;

	if (hour_load(folder, &p) != 0)
		return false;
	int err = playlist_filter(p, is_other, file) > 0 ? hour_store(folder, p) : 0;
	playlist_free(p);
	/* A disk that is full to the last byte has no room for a playlist either. */
	bool full = err == -ENOSPC;
	return (!err || full) && unlinkat(folder, file, 0) == 0;
}

static bool
delete_segment(const char *path, char *file)
{
	int folder = hour_lock(path);

	if (folder < 0)
		return false;
	bool gone = faccessat(folder, HOUR_PROTECTED, F_OK, 0) < 0 && delete_locked(folder, file);
	hour_unlock(folder);
	return gone;
}

int64_t
recordings_delete(struct recordings *r, size_t *count)
{
	int64_t bytes = 0;
	size_t n = 0;

	for (size_t i = 0; i < r->count; i++) {
		const struct retention_item *item = &r->items[i];
		if (!item->doomed)
			continue;
		const struct place *at = &r->places[item->tag];
		bool gone =
			at->file ? delete_segment(at->folder, at->file) : delete_hour(at->folder);
		bytes += gone ? item->bytes : 0;
		n += gone;
	}
	if (count)
		*count = n;
	return bytes;
}

int
recordings_space(const char *dir, int64_t *free_bytes, int64_t *bytes)
{
	struct statvfs disk;

	if (statvfs(dir, &disk) < 0)
		return -errno;
	*free_bytes = (int64_t)(disk.f_bavail * disk.f_frsize);
	*bytes = (int64_t)(disk.f_blocks * disk.f_frsize);
	return 0;
}

/* ---- protecting ------------------------------------------------------------------------------ */

static int
mark(const char *path, bool on)
{
	if (!on)
		return unlink(path) == 0 || errno == ENOENT ? 0 : -1;
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	return fd < 0 ? -1 : close(fd);
}

int
recordings_protect(const char *camera_dir, const char *hour, bool on, char *why, size_t why_size)
{
	char path[PATH_BYTES];
	char name[HOUR_NAME_BYTES];
	int64_t hour_us = hour_parse(hour);

	if (hour_us < 0) {
		snprintf(why, why_size, "%.32s is no hour: write it like 2026-11-21T06, in UTC",
			hour);
		return -1;
	}
	snprintf(path, sizeof(path), "%s/%s", camera_dir, hour_name(hour_us, name));
	if (access(path, F_OK) < 0) {
		snprintf(why, why_size, "there is no recording of that hour in %s", path);
		return -1;
	}
	size_t len = strlen(path);
	snprintf(path + len, sizeof(path) - len, "/" HOUR_PROTECTED);
	if (mark(path, on) == 0)
		return 0;
	snprintf(why, why_size, "%s: %s", path, strerror(errno));
	return -1;
}
