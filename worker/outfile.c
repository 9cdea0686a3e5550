/* outfile.c - files that appear whole. Owns the temporary name. Blocks for the disk. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/xmalloc.h"
#include "proto/hour.h"
#include "worker/outfile.h"

struct outfile {
	int fd;
	char *name; /* the final one */
	char *part;
};

static void
forget(struct outfile *f)
{
	if (f->fd >= 0)
		close(f->fd);
	free(f->name);
	free(f->part);
	free(f);
}

int
outfile_open(const char *folder, const char *name, struct outfile **out)
{
	struct outfile *f = xcalloc(1, sizeof(*f));
	int err = 0;

	f->name = xasprintf("%s/%s", folder, name);
	f->part = xasprintf("%s" HOUR_PART, f->name);
	f->fd = -1;
	if (access(f->name, F_OK) == 0)
		err = -EEXIST;
	else
		f->fd = open(f->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (!err && f->fd < 0)
		err = -errno;
	if (err) {
		forget(f);
		return err;
	}
	*out = f;
	return 0;
}

int
outfile_write(struct outfile *f, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	while (len > 0) {
		ssize_t n = write(f->fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int
outfile_commit(struct outfile *f)
{
	/* Some file systems say only here that they are full. */
	int err = fdatasync(f->fd) < 0 ? -errno : 0;

	if (close(f->fd) < 0 && !err)
		err = -errno;
	f->fd = -1;
	if (!err && rename(f->part, f->name) < 0)
		err = -errno;
	if (err)
		unlink(f->part);
	forget(f);
	return err;
}

void
outfile_drop(struct outfile *f)
{
	if (!f)
		return;
	unlink(f->part);
	forget(f);
}
