/* token_file.c - tokens on the disk, new ones, and their hashes.
 * The supervisor's only user of libcrypto. Keeps nothing. Loop thread. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "supervisor/token_file.h"

#define PREFIX "camrelay_"
/* 256 tokens with 64 cameras of 63 bytes each are 1.1 MB. */
#define FILE_BYTES_MAX (2 * 1024 * 1024)
#define PATH_BYTES 4096

void
token_make(char text[TOKEN_TEXT_BYTES])
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned char bytes[33] = { 0 }; /* 256 bits, and zeros for the last digit */
	char *out = stpcpy(text, PREFIX);

	if (getrandom(bytes, 32, 0) != 32)
		abort();
	for (size_t bit = 0; bit < 256; bit += 6) {
		unsigned pair = (unsigned)bytes[bit / 8] << 8 | bytes[bit / 8 + 1];
		*out++ = digits[pair >> (10 - bit % 8) & 63];
	}
	*out = '\0';
	explicit_bzero(bytes, sizeof(bytes));
}

void
token_hash(const char *text, unsigned char hash[TOKEN_HASH_BYTES])
{
	SHA256((const unsigned char *)text, strlen(text), hash);
}

static int
fail(const char *path, const char *why_not, char *why, size_t why_size)
{
	snprintf(why, why_size, "%s: %s", path, why_not);
	return -1;
}

int
token_file_read(const char *path, struct tokens *t, char *why, size_t why_size)
{
	char detail[200];
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 && errno == ENOENT)
		return tokens_parse(t, "", why, why_size);
	if (fd < 0)
		return fail(path, strerror(errno), why, why_size);
	char *text = NULL;
	ssize_t n = -1;
	if (fstat(fd, &st) == 0 && st.st_size <= FILE_BYTES_MAX) {
		text = calloc(1, (size_t)st.st_size + 1);
		n = text ? read(fd, text, (size_t)st.st_size) : -1;
	}
	close(fd);
	if (n < 0 || n != st.st_size || strlen(text) != (size_t)n) {
		free(text);
		return fail(path, "cannot be read, or is no list of tokens", why, why_size);
	}
	int err = tokens_parse(t, text, detail, sizeof(detail));
	free(text);
	return err < 0 ? fail(path, detail, why, why_size) : 0;
}

static int
write_all(const char *path, const char *text)
{
	size_t len = strlen(text);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -1;
	int err = write(fd, text, len) == (ssize_t)len && fsync(fd) == 0 ? 0 : -1;
	int saved = errno;
	close(fd);
	errno = saved;
	return err;
}

int
token_file_write(const char *path, const struct tokens *t, char *why, size_t why_size)
{
	char fresh[PATH_BYTES];

	if (snprintf(fresh, sizeof(fresh), "%s.new", path) >= (int)sizeof(fresh))
		return fail(path, "is too long", why, why_size);
	char *text = tokens_text(t);
	int err = write_all(fresh, text);
	free(text);
	if (err == 0 && rename(fresh, path) == 0)
		return 0;
	fail(path, strerror(errno), why, why_size);
	unlink(fresh);
	return -1;
}
