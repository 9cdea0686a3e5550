#ifndef SUPERVISOR_SECRET_H
#define SUPERVISOR_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* A word that must never be printed: a client secret, a refresh token, an app secret. It is one
 * line of printable ASCII without blanks, so it can stand in a header, and is wiped when freed. */
struct secret;

/* Google documents 512 bytes for refresh tokens and 2048 for access tokens; files above this are
 * something else. */
#define SECRET_BYTES_MAX 4096

/* Copies text. NULL when it is empty, longer than SECRET_BYTES_MAX, or not what a secret is. */
struct secret *secret_new(const char *text);

/* Wipes and frees; NULL is fine. */
void secret_free(struct secret *s);

/* The word, lent. */
const char *secret_text(const struct secret *s);

/* Reads a secret into *out, yours to free. where is a path if it holds a '/', else the name of a
 * systemd credential, a file in $CREDENTIALS_DIRECTORY. One newline (or CRLF) at the end is cut.
 * Returns 0, or -1 with a sentence in why that names the file: it is missing, not a regular file,
 * open to every user of the machine, empty, too large, or holds more than one word. */
int secret_read(const char *where, struct secret **out, char *why, size_t why_size);

/* Whether where names a path at which there is nothing. */
bool secret_is_missing(const char *where);

/* Replaces the file at path by one of mode 0600 that holds s and a newline, atomically. Returns 0
 * or ERR_SYS with errno set. */
int secret_write(const char *path, const struct secret *s);

/* Takes an environment variable: it is removed from the environment, and its bytes are overwritten
 * in place, since /proc/PID/environ goes on showing the block that the process was started with.
 * NULL when it is not set or not what a secret is. Call it before there are threads. */
struct secret *secret_take_env(const char *name);

#endif
