#ifndef SUPERVISOR_TOKEN_H
#define SUPERVISOR_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/name.h"

/* Who may use the HTTP API: bearer tokens (RFC 6750) with a role, and for which cameras. Pure:
 * bytes in, verdicts out; token_file.h keeps them.
 *
 * What is kept of a token is its SHA-256, no salt and no slow hash: those protect words that people
 * choose, which can be guessed. Ours are 256 random bits, so that nobody guesses one in the life of
 * the universe, equal ones do not occur, and a request costs a microsecond rather than 100 ms. */

enum token_role {
	TOKEN_NOBODY,  /* of a route: no token is needed */
	TOKEN_VIEW,    /* look at state, recordings, live pictures */
	TOKEN_OPERATE, /* and start, stop, restart, extend cameras, delete recordings */
	TOKEN_ADMIN,   /* and change the configuration */
};

/* "view", ...; token_role_parse: TOKEN_NOBODY for any other word. */
const char *token_role_text(enum token_role role);
enum token_role token_role_parse(const char *word);

#define TOKEN_HASH_BYTES 32
#define TOKEN_CAMERAS_MAX 64

struct token {
	char name[NAME_BYTES];
	enum token_role role;
	char *cameras[TOKEN_CAMERAS_MAX]; /* owned; count 0: all */
	size_t camera_count;
	int64_t made_s; /* wall time, seconds since 1970 */
	unsigned char hash[TOKEN_HASH_BYTES];
};

/* A list of tokens. */
struct tokens;

struct tokens *tokens_new(void);    /* never NULL */
void tokens_free(struct tokens *t); /* NULL is fine */

/* Reads the lines of a file: NAME ROLE CAMERA,...|* SECONDS HASH, in hex. Returns 0, or -1 with a
 * sentence that names the line, and t as it was. */
int tokens_parse(struct tokens *t, const char *text, char *why, size_t why_size);

/* The same lines; yours to free. */
char *tokens_text(const struct tokens *t);

size_t tokens_count(const struct tokens *t);
const struct token *tokens_at(const struct tokens *t, size_t i); /* lent */

/* Adds a token whose text has that hash; token is copied. Returns 0, or -1 with a sentence. */
int tokens_add(struct tokens *t, const struct token *token, char *why, size_t why_size);

/* Returns 0, or -1 if there is none of that name. */
int tokens_remove(struct tokens *t, const char *name);

/* The token with that hash, NULL if there is none. Every hash is compared to its end, so that the
 * time it takes tells nothing. */
const struct token *tokens_find(const struct tokens *t, const unsigned char hash[TOKEN_HASH_BYTES]);

/* Whether it may do what needs role; and whether that camera is one of its. camera NULL: what is
 * about all of them. */
bool token_may(const struct token *t, enum token_role role);
bool token_sees(const struct token *t, const char *camera);

#endif
