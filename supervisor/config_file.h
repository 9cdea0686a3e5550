#ifndef SUPERVISOR_CONFIG_FILE_H
#define SUPERVISOR_CONFIG_FILE_H

#include <stddef.h>
#include <sys/stat.h>

#include "common/ini_edit.h"

/* The configuration file as bytes on a disk: read as a whole, and replaced as a whole. */
struct config_file {
	char *path;           /* owned; where a symbolic link leads */
	struct ini_text text; /* owned */
	struct stat stat;
};

/* Reads it. Returns 0, or -1 with a sentence in why and nothing to clear. */
int config_file_read(const char *path, struct config_file *out, char *why, size_t why_size);

/* Puts text in the place of what was read, by a temporary file beside it: whoever reads the path,
 * after a power cut too, finds the one or the other, whole. Mode and owner stay. Returns 0, or -1
 * with a sentence in why and the file as it is: no right to write there or to keep the owner, no
 * space, or somebody has changed the file since. */
int config_file_replace(
	const struct config_file *was, const struct ini_text *text, char *why, size_t why_size);

/* Frees what is inside; secrets in it are wiped. */
void config_file_clear(struct config_file *f);

#endif
