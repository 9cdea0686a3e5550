/* segmenter_repair.c - recordings after a process that was killed, or a machine that lost power.
 * Owns nothing. Recorder thread. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/hour.h"
#include "worker/segmenter_repair.h"

static bool
is_file(int folder, const char *name)
{
	struct stat st;

	/* Empty: its name reached the disk before a loss of power, its bytes did not. */
	return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       st.st_size > 0;
}

static bool
is_there(void *arg, const struct playlist_entry *e)
{
	int folder = *(int *)arg;

	return is_file(folder, e->uri) && is_file(folder, e->map);
}

static bool
ends_with(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n > m && strcmp(name + n - m, suffix) == 0;
}

static bool
is_named(const struct playlist *p, const char *file)
{
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->entries[i].uri, file) == 0 || strcmp(p->entries[i].map, file) == 0)
			return true;
	return false;
}

/* What is older than all that is named, a playlist named that was lost with the power. It stays
 * until retention takes the hour. */
static bool
is_litter(const struct playlist *p, const char *file)
{
	if (ends_with(file, HOUR_PART))
		return true;
	bool ours = ends_with(file, HOUR_SEGMENT) || ends_with(file, HOUR_INIT);
	bool older = p->count == 0 || strcmp(file, p->entries[0].uri) < 0;
	return ours && !older && !is_named(p, file);
}

static int
sweep(int folder, const struct playlist *p)
{
	int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	if (!dir)
		return -errno;
	while ((e = readdir(dir)))
		if (is_litter(p, e->d_name))
			unlinkat(folder, e->d_name, 0);
	closedir(dir);
	return 0;
}

static int
repair_locked(int folder, bool current)
{
	struct playlist *p;

	if (hour_is_ended(folder))
		return 0;
	int err = hour_load(folder, &p);
	if (err)
		return err;
	if (!p->ended) {
		playlist_filter(p, is_there, &folder);
		p->ended = !current;
		err = hour_store(folder, p);
		if (!err)
			err = sweep(folder, p);
	}
	playlist_free(p);
	return err;
}

/* Which hours are looked at: names as hour_name makes them. */
struct span {
	const char *from;    /* the first; "": all */
	const char *current; /* it goes on */
};

/* The path ends with a day or an hour of so many characters. */
static bool
is_before(const char *path, size_t len, const char *hour)
{
	return strncmp(path + strlen(path) - len, hour, len) < 0;
}

static int
repair_hour(const char *path, const struct span *span)
{
	const size_t len = HOUR_NAME_BYTES - 1;

	if (is_before(path, len, span->from))
		return 0;
	bool is_current = strcmp(path + strlen(path) - len, span->current) == 0;
	int folder = hour_lock(path);
	int err = folder < 0 ? folder : repair_locked(folder, is_current);

	hour_unlock(folder);
	return err;
}

/* Calls each for what is in the folder and named like the pattern (0: a digit). */
static int
each_entry(const char *path, const char *pattern, const struct span *span,
	int (*each)(const char *path, const struct span *span))
{
	DIR *dir = opendir(path);
	struct dirent *e;
	int err = 0;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while (!err && (e = readdir(dir))) {
		char inner[4096];
		size_t i = 0;
		while (pattern[i] && (pattern[i] == '0' ? e->d_name[i] >= '0' && e->d_name[i] <= '9'
							: e->d_name[i] == pattern[i]))
			i++;
		if (pattern[i] || e->d_name[i])
			continue;
		snprintf(inner, sizeof(inner), "%s/%s", path, e->d_name);
		err = each(inner, span);
	}
	closedir(dir);
	return err;
}

static int
repair_day(const char *path, const struct span *span)
{
	if (is_before(path, strlen("0000-00-00"), span->from))
		return 0;
	return each_entry(path, "00", span, repair_hour);
}

int
segmenter_repair_camera(const char *camera_dir, const char *from, const char *current)
{
	const struct span span = { .from = from, .current = current };

	return each_entry(camera_dir, "0000-00-00", &span, repair_day);
}
