/* store_file.c - the store's directory and files, from outside.
 * Owns names, modes and the lock of the directory; does not look into a file. Loop thread, at
 * start. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "supervisor/store_file.h"

/* What SQLite keeps beside a database, then the database: were we killed between two renames, a
 * database without its log is still set aside at the next start, but a log without its database
 * would be deleted by SQLite. */
static const char *const suffixes[] = { "-journal", "-wal", "-shm", "" };
#define SUFFIXES (sizeof(suffixes) / sizeof(suffixes[0]))

/* Of one second: somebody restarts us in a loop. */
#define ASIDE_TRIES_MAX 100

/* A path, and room for its suffixes and the time. */
#define PATH_BYTES_MAX 1024
#define SUFFIX_BYTES_MAX 64

static int
refuse(char *why, size_t why_size, const char *path, const char *reason)
{
	snprintf(why, why_size, "%s: %s", path, reason);
	return ERR_SYS;
}

/* ---- the directory --------------------------------------------------------------------------- */

static int
check_dir(int fd, const char *dir, char *why, size_t why_size)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return refuse(why, why_size, dir, strerror(errno));
	if (st.st_mode & S_IWOTH)
		return refuse(why, why_size, dir,
			"every user may write to it: chmod o-w, "
			"the streams' tokens are kept there");
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	refuse(why, why_size, dir,
		errno == EWOULDBLOCK ? "another camrelayd keeps its state there" : strerror(errno));
	return errno == EWOULDBLOCK ? ERR_REFUSED : ERR_SYS;
}

int
store_file_hold(const char *dir, int *fd, char *why, size_t why_size)
{
	if (mkdir(dir, 0750) != 0 && errno != EEXIST)
		return refuse(why, why_size, dir, strerror(errno));
	int d = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d < 0)
		return refuse(why, why_size, dir, strerror(errno));
	int err = check_dir(d, dir, why, why_size);
	if (err) {
		close(d);
		return err;
	}
	*fd = d;
	return 0;
}

/* ---- the files ------------------------------------------------------------------------------- */

/* 0600, whatever the umask, and nobody's link. */
static int
make_private(const char *path, int flags)
{
	struct stat st;
	int fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags, 0600);

	if (fd < 0)
		return errno == ENOENT && !(flags & O_CREAT) ? 0 : -1;
	int failed = fstat(fd, &st);
	if (failed == 0 && !S_ISREG(st.st_mode)) {
		errno = EINVAL;
		failed = -1;
	}
	if (failed == 0 && (st.st_mode & 07777) != 0600)
		failed = fchmod(fd, 0600);
	int saved = errno;
	close(fd);
	errno = saved;
	return failed;
}

/* SQLite takes an empty file for a new one, and would delete its log. Its own first write to the
 * file comes before there is a log. */
static int
check_cut(const char *path, char *why, size_t why_size)
{
	char wal[PATH_BYTES_MAX];
	struct stat st;

	snprintf(wal, sizeof(wal), "%s-wal", path);
	if (stat(path, &st) != 0 || st.st_size > 0 || stat(wal, &st) != 0 || st.st_size == 0)
		return 0;
	snprintf(why, why_size, "%s: is empty, but its write-ahead log is not", path);
	return ERR_PARSE;
}

int
store_file_make(const char *path, char *why, size_t why_size)
{
	char name[PATH_BYTES_MAX];

	if (strlen(path) >= PATH_BYTES_MAX - SUFFIX_BYTES_MAX)
		return refuse(why, why_size, path, strerror(ENAMETOOLONG));
	for (size_t i = 0; i < SUFFIXES; i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		if (make_private(name, suffixes[i][0] ? 0 : O_CREAT) == 0)
			continue;
		return refuse(why, why_size, name,
			errno == EINVAL || errno == ELOOP ? "not a regular file" : strerror(errno));
	}
	return check_cut(path, why, why_size);
}

/* ---- damaged ones ---------------------------------------------------------------------------- */

/* True if none of its files is there. */
static bool
is_free(const char *path)
{
	char name[PATH_BYTES_MAX];

	for (size_t i = 0; i < SUFFIXES; i++) {
		snprintf(name, sizeof(name), "%s%s", path, suffixes[i]);
		if (access(name, F_OK) == 0)
			return false;
	}
	return true;
}

/* state.db.damaged-20261121T060000Z, or with -2 ... behind it. */
static bool
find_name(const char *path, char *aside, size_t aside_size)
{
	time_t seconds = (time_t)(clock_wall_us() / 1000000);
	struct tm tm;
	char at[32];

	gmtime_r(&seconds, &tm);
	strftime(at, sizeof(at), "%Y%m%dT%H%M%SZ", &tm);
	snprintf(aside, aside_size, "%s.damaged-%s", path, at);
	for (int i = 2; i < ASIDE_TRIES_MAX && !is_free(aside); i++)
		snprintf(aside, aside_size, "%s.damaged-%s-%d", path, at, i);
	return is_free(aside);
}

int
store_file_set_aside(
	const char *path, int dir_fd, char *aside, size_t aside_size, char *why, size_t why_size)
{
	char from[PATH_BYTES_MAX], to[PATH_BYTES_MAX];

	if (!find_name(path, aside, aside_size))
		return refuse(why, why_size, path, "damaged, and set aside too often in a second");
	for (size_t i = 0; i < SUFFIXES; i++) {
		snprintf(from, sizeof(from), "%s%s", path, suffixes[i]);
		snprintf(to, sizeof(to), "%s%s", aside, suffixes[i]);
		if (rename(from, to) != 0 && errno != ENOENT)
			return refuse(why, why_size, from, strerror(errno));
	}
	/* A start that fails here is repeated; the names are only as durable as the rest. */
	if (fsync(dir_fd) != 0)
		return refuse(why, why_size, path, strerror(errno));
	return 0;
}

int64_t
store_file_bytes(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}
