#ifndef COMMON_INI_FILE_H
#define COMMON_INI_FILE_H

#include <stddef.h>

#include "common/mistakes.h"

/* A thousand cameras take 300 kB; /dev/zero must not take all memory. */
#define INI_FILE_BYTES_MAX (4 << 20)

/* What is in an INI file, line by line. Everything is lent for the call. */
struct ini_events {
	/* [word] or [word "name"]; name is NULL if there is none. word is NULL after a malformed
	 * heading, which has been told to mistakes: whose the next pairs are is unknown. */
	void (*heading)(void *arg, int line, const char *word, const char *name);
	/* key = value; key may be "", value may be "". Blanks around both are gone, and so is what
	 * follows a blank and a semicolon. */
	void (*pair)(void *arg, int line, const char *key, const char *value);
};

/* Reads the file at path. What is neither heading, pair, nor comment is told to mistakes, and
 * nothing is ever cut or joined silently. */
void ini_file_read(
	const char *path, const struct ini_events *events, void *arg, struct mistakes *mistakes);

/* The same of len bytes in memory. */
void ini_file_parse(const char *text, size_t len, const struct ini_events *events, void *arg,
	struct mistakes *mistakes);

#endif
