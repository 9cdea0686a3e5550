#ifndef COMMON_JSON_H
#define COMMON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A JSON value. Owned by whoever json_parse or json_new gave it to; values reached through getters
 * are lent and live as long as their root. */
struct json;

/* Parses exactly one value of len bytes (no trailing text, depth at most 32). Returns the value, or
 * NULL with a sentence in why (of why_size bytes): "unexpected character at byte 17". A bare null
 * is refused as well: there would be nothing to own. */
struct json *json_parse(const char *text, size_t len, char *why, size_t why_size);

/* An empty object, array. Never NULL: out of memory aborts. */
struct json *json_new_object(void);
struct json *json_new_array(void);

/* Another root of the same; the text in between is wiped, since it may hold secrets. */
struct json *json_copy(const struct json *v);

/* Frees a root; NULL is fine. Never call it on a lent value. */
void json_free(struct json *root);

/* The text, compact (or indented for people); yours to free(). */
char *json_text(const struct json *v, bool pretty);

/* Getters. path is dotted object keys, "results.streamUrls.rtspUrl". Typed: a number is not taken
 * for a string. json_str returns NULL, json_int, json_real and json_truth return fallback when the
 * path is absent, null, or of another type; json_why_not says which. j may be NULL. */
const char *json_str(const struct json *j, const char *path);
int64_t json_int(const struct json *j, const char *path, int64_t fallback);
double json_real(const struct json *j, const char *path, double fallback);
bool json_truth(const struct json *j, const char *path, bool fallback);
struct json *json_get(const struct json *j, const char *path); /* any type, or NULL */

/* The member of that name, which may have dots and slashes in it; NULL if there is none. */
struct json *json_get_key(const struct json *j, const char *key);

/* Why json_str(j, path) is NULL, for people: "results.streamToken is missing", "error is a string,
 * not an object". Writes into why and returns it. */
const char *json_why_not(
	const struct json *j, const char *path, const char *wanted, char *why, size_t why_size);

/* Type tests; false for NULL. */
bool json_is_object(const struct json *j);
bool json_is_array(const struct json *j);
bool json_is_string(const struct json *j);

/* Array elements. */
size_t json_len(const struct json *j);
struct json *json_at(const struct json *j, size_t i); /* NULL past the end */

/* An object's members in order, one call each: cb(key, value, arg). */
void json_each(const struct json *j, void (*cb)(const char *, struct json *, void *), void *arg);

/* Setters on an object; key is a single key. Strings are copied, NULL sets JSON null. A value given
 * to json_set or json_add becomes owned by its new parent. */
void json_set_str(struct json *j, const char *key, const char *s);
void json_set_int(struct json *j, const char *key, int64_t v);
void json_set_real(struct json *j, const char *key, double v);
void json_set_bool(struct json *j, const char *key, bool v);
void json_set(struct json *j, const char *key, struct json *v);
void json_add(struct json *array, struct json *v);
void json_add_str(struct json *array, const char *s);
void json_add_real(struct json *array, double v);
void json_add_null(struct json *array);

#endif
