/* slow_disk.c - LD_PRELOAD shim that makes a disk as slow as a test likes.
 * Owns one lie: who opens a segment of a recording to read it waits while somebody has flock(2) on
 * the file that CAMRELAY_SIM_GATE names. Any thread.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

typedef int open_function(const char *path, int flags, ...);

static void
wait_at_gate(open_function *next, const char *path, int flags)
{
	const char *gate = getenv("CAMRELAY_SIM_GATE");
	const char *dot = strrchr(path, '.');

	if (!gate || (flags & O_ACCMODE) != O_RDONLY || !dot || strcmp(dot, ".m4s") != 0)
		return;
	int fd = next(gate, O_RDONLY | O_CLOEXEC);
	flock(fd, LOCK_SH);
	close(fd);
}

static int
open_late(const char *name, const char *path, int flags, mode_t mode)
{
	open_function *next = (open_function *)dlsym(RTLD_NEXT, name);

	wait_at_gate(next, path, flags);
	return next(path, flags, mode);
}

/* Both are called: FILEs and libuv's threads take the one for large files. */
#define OPEN(name)                                                                                 \
	int name(const char *path, int flags, ...)                                                 \
	{                                                                                          \
		va_list list;                                                                      \
		va_start(list, flags);                                                             \
		mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;            \
		va_end(list);                                                                      \
		return open_late(#name, path, flags, mode);                                        \
	}

OPEN(open)
OPEN(open64)
