#ifndef COMMON_INI_EDIT_H
#define COMMON_INI_EDIT_H

#include <stddef.h>

/* A section put into, or taken out of, the text of an INI file that somebody wrote and has put
 * comments into: all else stays byte for byte. Lines are what common/ini_file.h takes them for. */

struct ini_pair {
	const char *key;
	const char *value;
};

/* A section to be written. All lent. */
struct ini_section {
	const char *section;
	const char *name;
	const struct ini_pair *pairs;
	size_t count;
};

/* A text of len bytes; one that an edit has made is the caller's to free, NUL-terminated. */
struct ini_text {
	char *bytes;
	size_t len;
};

/* The text with [section "name"] and its pairs at the end, after a blank line. Returns 0, or -1
 * with a sentence in why and nothing in out: a name, key or value that would be read back as
 * something else. Values are not shown. */
int ini_edit_add(const struct ini_text *text, const struct ini_section *section,
	struct ini_text *out, char *why, size_t why_size);

/* The text without the first [section "name"]: without its heading, the comments directly above
 * that, its keys and the comments among and directly below them (unless those stand directly above
 * the next heading), and the blank lines that follow. What ini_edit_add put there goes with its
 * blank line. Returns 0, or -1 if there is no such section. */
int ini_edit_remove(
	const struct ini_text *text, const char *section, const char *name, struct ini_text *out);

#endif
