#ifndef SUPERVISOR_WORDS_H
#define SUPERVISOR_WORDS_H

#include <stddef.h>

/* Other people's words, made fit for a log line and a table: bounded, one line, printable. Pure. */

/* Copies the first line of text to out (of size bytes, cut if longer). Bytes that are not printable
 * ASCII become '?', runs of blanks one blank. Returns out. */
char *words_copy(char *out, size_t size, const char *text);

/* What an answer that was to be JSON is instead, for people: "HTML page: 502 Bad Gateway" with its
 * <title>, "empty answer", or "not JSON: " and its beginning. Of a success that is no page nothing
 * is quoted: it may hold the tokens that were asked for. Returns out. */
char *words_of_page(char *out, size_t size, int status, const char *body, size_t len);

#endif
