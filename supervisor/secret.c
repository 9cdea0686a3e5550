/* secret.c - words that must never be printed: where they come from and how they go.
 * Owns their bytes and wipes them. Any thread, but for secret_take_env. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "common/xmalloc.h"
#include "supervisor/secret.h"

struct secret {
	size_t len;
	char text[];
};

/* Printable ASCII without blanks: bytes that can stand in a header and in a form. */
static bool
is_word(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return len > 0 && len <= SECRET_BYTES_MAX;
}

static struct secret *
make(const char *text, size_t len)
{
	struct secret *s = is_word(text, len) ? xmalloc(sizeof(*s) + len + 1) : NULL;

	if (!s)
		return NULL;
	s->len = len;
	memcpy(s->text, text, len);
	s->text[len] = '\0';
	return s;
}

struct secret *
secret_new(const char *text)
{
	return make(text, strlen(text));
}

void
secret_free(struct secret *s)
{
	if (!s)
		return;
	explicit_bzero(s, sizeof(*s) + s->len);
	free(s);
}

const char *
secret_text(const struct secret *s)
{
	return s->text;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* -1 with a sentence. */
static int
refuse(char *why, size_t why_size, const char *path, const char *reason)
{
	snprintf(why, why_size, "%s: %s", path, reason);
	return -1;
}

static int
check_file(int fd, const char *path, char *why, size_t why_size)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return refuse(why, why_size, path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return refuse(why, why_size, path, "is not a regular file");
	if (st.st_mode & (S_IROTH | S_IWOTH))
		return refuse(why, why_size, path,
			"holds a secret that every user can read or write: chmod o-rw it");
	if (st.st_size > SECRET_BYTES_MAX + 2)
		return refuse(why, why_size, path, "is too large for a secret (4096 bytes)");
	return 0;
}

static int
read_word(int fd, const char *path, struct secret **out, char *why, size_t why_size)
{
	char text[SECRET_BYTES_MAX + 2];
	ssize_t n = read(fd, text, sizeof(text));

	if (n < 0)
		return refuse(why, why_size, path, strerror(errno));
	size_t len = (size_t)n;
	if (len > 0 && text[len - 1] == '\n')
		len--;
	if (len > 0 && text[len - 1] == '\r')
		len--;
	*out = make(text, len);
	explicit_bzero(text, sizeof(text));
	if (*out)
		return 0;
	return refuse(why, why_size, path,
		len == 0 ? "is empty" : "must hold one word of printable ASCII and nothing else");
}

static int
find_file(const char *where, char *path, size_t size, char *why, size_t why_size)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	bool named = !strchr(where, '/');

	if (named && !folder)
		return refuse(why, why_size, where,
			"is not a path, and systemd has set no $CREDENTIALS_DIRECTORY to look in");
	int n = snprintf(path, size, "%s%s%s", named ? folder : "", named ? "/" : "", where);
	if (n < 0 || (size_t)n >= size)
		return refuse(why, why_size, where, "is too long for a path");
	return 0;
}

int
secret_read(const char *where, struct secret **out, char *why, size_t why_size)
{
	char path[4096];

	if (find_file(where, path, sizeof(path), why, why_size) != 0)
		return -1;
	/* Not blocking: a FIFO in its place must not stop the daemon. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return refuse(why, why_size, path, strerror(errno));
	int result = check_file(fd, path, why, why_size);
	if (result == 0)
		result = read_word(fd, path, out, why, why_size);
	close(fd);
	return result;
}

bool
secret_is_missing(const char *where)
{
	return strchr(where, '/') && access(where, F_OK) != 0 && errno == ENOENT;
}

static int
write_word(int fd, const struct secret *s)
{
	if (write(fd, s->text, s->len) != (ssize_t)s->len || write(fd, "\n", 1) != 1)
		return ERR_SYS;
	return fsync(fd) == 0 ? 0 : ERR_SYS;
}

int
secret_write(const char *path, const struct secret *s)
{
	char temporary[4096];
	int n = snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);

	if (n < 0 || (size_t)n >= sizeof(temporary)) {
		errno = ENAMETOOLONG;
		return ERR_SYS;
	}
	int fd = mkostemp(temporary, O_CLOEXEC); /* made with mode 0600 */
	if (fd < 0)
		return ERR_SYS;
	int result = write_word(fd, s);
	close(fd);
	if (result == 0 && rename(temporary, path) != 0)
		result = ERR_SYS;
	if (result != 0) {
		int saved = errno;
		unlink(temporary);
		errno = saved;
	}
	return result;
}

/* ---- the environment ------------------------------------------------------------------------- */

struct secret *
secret_take_env(const char *name)
{
	size_t name_len = strlen(name);
	struct secret *s = NULL;

	/* An environment may hold a name twice; getenv would only ever show the first. */
	for (char **e = environ; *e;) {
		char *entry = *e;
		if (strncmp(entry, name, name_len) != 0 || entry[name_len] != '=') {
			e++;
			continue;
		}
		if (!s)
			s = secret_new(entry + name_len + 1);
		for (char **rest = e; *rest; rest++)
			rest[0] = rest[1];
		explicit_bzero(entry, strlen(entry));
	}
	return s;
}
