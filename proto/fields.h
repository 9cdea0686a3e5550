#ifndef PROTO_FIELDS_H
#define PROTO_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

struct json;

/* A struct's members as JSON members: one table encodes, decodes, checks and frees. */
enum field_type {
	FIELD_STR,  /* char *, owned by the struct; NULL is left out of the JSON */
	FIELD_INT,  /* int64_t */
	FIELD_REAL, /* double */
	FIELD_BOOL, /* bool */
};

struct field {
	const char *name;
	enum field_type type;
	size_t offset;
	bool required; /* decoding fails without it; an absent optional one is NULL, 0 or false */
};

/* Adds the n fields of object to j. */
void fields_encode(struct json *j, const struct field *fields, size_t n, const void *object);

/* Fills object, which must be zero, from j; unknown members are ignored (an old worker and a new
 * supervisor must understand each other). Returns 0, or ERR_PARSE with a sentence in why that names
 * the field; what was filled is then to be cleared. */
int fields_decode(const struct json *j, const struct field *fields, size_t n, void *object,
	char *why, size_t why_size);

/* Frees the strings and zeroes them. */
void fields_clear(const struct field *fields, size_t n, void *object);

#endif
