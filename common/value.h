#ifndef COMMON_VALUE_H
#define COMMON_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/settings.h"

/* One value of a configuration file: its text, what is allowed, and how it is stored. Pure. */

/* The longest phrase of value_allowed and the longest text of value_text but for strings. */
#define VALUE_TEXT_MAX 256

/* Stores text at at as row's type says; a string that was there is freed. Returns 0, or -1 with
 * nothing changed: then "must be " and value_allowed make the sentence. */
int value_parse(const struct setting *row, const char *text, void *at);

/* What row takes, as a phrase: "a duration from 1s to 2m". Writes into out, returns it. */
const char *value_allowed(const struct setting *row, char out[VALUE_TEXT_MAX]);

/* The stored value as it would be written; secrets are redacted if redact. Yours to free(); NULL
 * if there is none. */
char *value_text(const struct setting *row, const void *at, bool redact);

/* Whether two stored values are the same. Not being there is a value of a string. */
bool value_equal(const struct setting *row, const void *a, const void *b);

/* Copies a stored value; a string that was there is freed. */
void value_copy(const struct setting *row, const void *from, void *to);

/* Frees what value_parse stored. */
void value_clear(const struct setting *row, void *at);

/* Whether s may name a section, and a file: [a-z0-9][a-z0-9._-]{0,62}. */
bool value_is_name(const char *s);

#endif
