/* hour.c - the folder of one hour of recording: names, lock, playlist.
 * Owns the layout on the disk. Blocks for the disk: not for a loop's thread. Any thread. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "proto/hour.h"
#include "common/xmalloc.h"

/* An hour of 1 s segments has 3,600 of some 150 bytes; what is larger is not ours. */
#define PLAYLIST_BYTES_MAX (16 * 1024 * 1024)

static void
split(int64_t wall_us, struct tm *tm)
{
	time_t s = (time_t)(wall_us / 1000000);

	gmtime_r(&s, tm);
}

char *
hour_name(int64_t wall_us, char out[HOUR_NAME_BYTES])
{
	struct tm tm;

	split(wall_us, &tm);
	if (strftime(out, HOUR_NAME_BYTES, "%Y-%m-%d/%H", &tm) == 0)
		*out = '\0';
	return out;
}

int64_t
hour_parse(const char *name)
{
	struct tm tm = { 0 };
	int end = 0;

	if (sscanf(name, "%4d-%2d-%2d%*1[/T]%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
		    &tm.tm_hour, &end) != 4 ||
		end != HOUR_NAME_BYTES - 1)
		return -1;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	return (int64_t)timegm(&tm) * 1000000;
}

char *
hour_stem(int64_t wall_us, char out[HOUR_STEM_BYTES])
{
	struct tm tm;

	split(wall_us, &tm);
	size_t n = strftime(out, HOUR_STEM_BYTES, "%Y%m%dT%H%M%S", &tm);
	snprintf(out + n, HOUR_STEM_BYTES - n, ".%03uZ", (unsigned)(wall_us / 1000 % 1000) % 1000);
	return out;
}

static int
make_folder(const char *path)
{
	return mkdir(path, 0750) == 0 || errno == EEXIST ? 0 : -errno;
}

int
hour_make(const char *camera_dir, const char *name)
{
	char path[4096];

	int n = snprintf(path, sizeof(path), "%s/%s", camera_dir, name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	/* The folder of all recordings too, but not what is above it: that may be a file system
	 * that is not mounted. */
	char *slash = strrchr(camera_dir, '/');
	size_t ends[] = { slash ? (size_t)(slash - camera_dir) : 0, strlen(camera_dir),
		(size_t)(strrchr(path, '/') - path), (size_t)n };
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char kept = path[ends[i]];
		path[ends[i]] = '\0';
		int err = *path ? make_folder(path) : 0;
		path[ends[i]] = kept;
		if (err)
			return err;
	}
	return 0;
}

int
hour_lock(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX) < 0) {
		if (errno == EINTR)
			continue;
		int err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

void
hour_unlock(int folder)
{
	if (folder >= 0)
		close(folder);
}

static int
read_all(int fd, char *text, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, text + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	text[len] = '\0';
	return (int)len;
}

static int
load_file(int fd, struct playlist **out)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size > PLAYLIST_BYTES_MAX)
		return -EFBIG;
	char *text = xmalloc((size_t)st.st_size + 1);
	int len = read_all(fd, text, (size_t)st.st_size);
	if (len >= 0)
		*out = playlist_parse(text, (size_t)len);
	free(text);
	return len < 0 ? len : 0;
}

int
hour_load(int folder, struct playlist **out)
{
	int fd = openat(folder, HOUR_PLAYLIST, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) {
		*out = playlist_new(0);
		return 0;
	}
	if (fd < 0)
		return -errno;
	int err = load_file(fd, out);
	close(fd);
	return err;
}

bool
hour_is_ended(int folder)
{
	static const char end[] = "\n#EXT-X-ENDLIST\n";
	const size_t len = sizeof(end) - 1;
	char tail[sizeof(end)];
	struct stat st;

	int fd = openat(folder, HOUR_PLAYLIST, O_RDONLY | O_CLOEXEC);
	bool ended = fd >= 0 && fstat(fd, &st) == 0 && st.st_size >= (off_t)len &&
		     pread(fd, tail, len, st.st_size - (off_t)len) == (ssize_t)len &&
		     memcmp(tail, end, len) == 0;
	if (fd >= 0)
		close(fd);
	return ended;
}

static int
write_all(int fd, const char *text)
{
	size_t len = strlen(text);

	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, text + done, len - done);
		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int
write_part(int folder, const char *text)
{
	int fd = openat(
		folder, HOUR_PLAYLIST HOUR_PART, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	if (fd < 0)
		return -errno;
	int err = write_all(fd, text);
	/* Else the name may reach the disk before the bytes: a loss of power would leave it empty.
	 */
	if (!err && fdatasync(fd) < 0)
		err = -errno;
	if (close(fd) < 0 && !err)
		err = -errno;
	return err;
}

int
hour_store(int folder, const struct playlist *p)
{
	char *text = playlist_text(p);
	int err = write_part(folder, text);

	free(text);
	if (!err && renameat(folder, HOUR_PLAYLIST HOUR_PART, folder, HOUR_PLAYLIST) < 0)
		err = -errno;
	if (err)
		unlinkat(folder, HOUR_PLAYLIST HOUR_PART, 0);
	return err;
}
