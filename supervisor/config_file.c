/* config_file.c - the configuration file on its disk.
 * Owns how it is read and replaced; knows nothing of what stands in it. Waits for the disk: that is
 * the operator's command, and a few kilobytes. Loop thread. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/ini_file.h"
#include "common/log.h"
#include "supervisor/config_file.h"
#include "common/xmalloc.h"

static int
refuse(char *why, size_t why_size, const char *path, const char *what, const char *reason)
{
	snprintf(why, why_size, "%s: %s: %s", path, what, reason);
	return -1;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Returns -1 with errno set. */
static int
read_all(int fd, struct ini_text *text)
{
	size_t room = INI_FILE_BYTES_MAX + 1;
	ssize_t n = 1;

	text->bytes = xmalloc(room);
	while (n > 0 && text->len < room) {
		n = read(fd, text->bytes + text->len, room - text->len);
		if (n > 0)
			text->len += (size_t)n;
	}
	return n < 0 ? -1 : 0;
}

int
config_file_read(const char *path, struct config_file *out, char *why, size_t why_size)
{
	*out = (struct config_file){ .path = realpath(path, NULL) };
	int fd = out->path ? open(out->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	int err = fd < 0 || fstat(fd, &out->stat) < 0 ? -1 : read_all(fd, &out->text);
	int saved = errno;

	if (fd >= 0)
		close(fd);
	if (!err)
		return 0;
	config_file_clear(out);
	return refuse(why, why_size, path, "cannot be read", strerror(saved));
}

void
config_file_clear(struct config_file *f)
{
	if (f->text.bytes)
		explicit_bzero(f->text.bytes, f->text.len);
	free(f->text.bytes);
	free(f->path);
	*f = (struct config_file){ 0 };
}

/* ---- replacing ------------------------------------------------------------------------------- */

static int
write_all(int fd, const struct ini_text *text)
{
	size_t done = 0;

	while (done < text->len) {
		ssize_t n = write(fd, text->bytes + done, text->len - done);
		if (n < 0)
			return -1;
		done += (size_t)n;
	}
	return fsync(fd);
}

/* As was: the owner first, since a change of owner may take rights from the mode. */
static int
keep_owner(int fd, const struct stat *was)
{
	struct stat now;

	if (fstat(fd, &now) < 0)
		return -1;
	bool same = now.st_uid == was->st_uid && now.st_gid == was->st_gid;
	if (!same && fchown(fd, was->st_uid, was->st_gid) < 0)
		return -1;
	return fchmod(fd, was->st_mode & 07777);
}

static bool
is_unchanged(const struct config_file *was)
{
	struct stat now;

	return stat(was->path, &now) == 0 && now.st_dev == was->stat.st_dev &&
	       now.st_ino == was->stat.st_ino && now.st_size == was->stat.st_size &&
	       now.st_mtim.tv_sec == was->stat.st_mtim.tv_sec &&
	       now.st_mtim.tv_nsec == was->stat.st_mtim.tv_nsec;
}

/* The new name must be on the disk as well; by now it is the file's name in any case. */
static void
sync_directory(char *path)
{
	int fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		log_warn("config directory not synced", LOG_STR("error", strerror(errno)));
	if (fd >= 0)
		close(fd);
}

/* The temporary file and its end. */
struct temporary {
	char *path;
	int fd;
};

/* Fills it and gives it the other's place. */
static int
fill(const struct temporary *t, const struct config_file *was, const struct ini_text *text,
	char *why, size_t why_size)
{
	if (keep_owner(t->fd, &was->stat) < 0)
		return refuse(
			why, why_size, was->path, "its owner cannot be kept", strerror(errno));
	if (write_all(t->fd, text) < 0)
		return refuse(why, why_size, t->path, "cannot be written", strerror(errno));
	if (!is_unchanged(was))
		return refuse(why, why_size, was->path, "was not written",
			"somebody has changed it at this moment");
	if (rename(t->path, was->path) < 0)
		return refuse(why, why_size, was->path, "cannot be replaced", strerror(errno));
	return 0;
}

int
config_file_replace(
	const struct config_file *was, const struct ini_text *text, char *why, size_t why_size)
{
	struct temporary t;

	t.path = xasprintf("%s.XXXXXX", was->path);
	t.fd = mkostemp(t.path, O_CLOEXEC);
	int err = t.fd < 0 ? refuse(why, why_size, was->path, "a file beside it cannot be made",
				     strerror(errno))
			   : fill(&t, was, text, why, why_size);
	if (t.fd >= 0)
		close(t.fd);
	if (t.fd >= 0 && err)
		unlink(t.path);
	if (!err)
		sync_directory(t.path);
	free(t.path);
	return err;
}
