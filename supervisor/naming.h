#ifndef SUPERVISOR_NAMING_H
#define SUPERVISOR_NAMING_H

#include <stddef.h>

/* Names that people gave at Google, made fit for a terminal and for a configuration file. Pure. */

/* With its NUL. A camera's name may have 63 bytes (SET_NAME), but it also is part of a socket's
 * path, and a number may follow. */
#define NAMING_SLUG_MAX 41

/* Copies text to out (of size bytes, cut at a whole character) as one line of valid UTF-8: what is
 * no character becomes '?'; controls, line breaks and marks that turn the direction of writing
 * become blanks, runs of blanks one blank. Returns out. */
char *naming_clean(char *out, size_t size, const char *text);

/* What a camera of that name is called in the configuration: "Anna's Küche" is "annas-kuche".
 * Letters beyond Latin-1 are left out; "camera" if nothing remains. Returns out. */
char *naming_slug(char out[NAMING_SLUG_MAX], const char *text);

#endif
