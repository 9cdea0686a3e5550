#ifndef SUPERVISOR_STORE_ACCESS_H
#define SUPERVISOR_STORE_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "supervisor/store_schema.h"

/* What store.c offers to store_rows.c, store_deliveries.c and store_consumers.c, and to nobody
 * else: statements, without SQLite's types. The errors are store.h's, logged as there. Loop thread.
 */
struct store;

struct store_value {
	bool is_text;
	const char *text; /* lent until the call returns; may be NULL */
	int64_t number;
};
/* clang-format off */
#define STORE_TEXT(t) { .is_text = true, .text = (t) }
#define STORE_NUMBER(n) { .number = (n) }
/* clang-format on */
#define STORE_COUNT(values) ((int)(sizeof(values) / sizeof((values)[0])))

/* values: as many as the statement has parameters. */
int store_write(
	struct store *s, enum store_statement which, const struct store_value *values, int count);

/* Begins a query, values lent until it ends; one at a time of each. */
int store_query(
	struct store *s, enum store_statement which, const struct store_value *values, int count);

/* True with the next row; false at the end, with what became of the query in err. */
bool store_next(struct store *s, enum store_statement which, int *err);

/* A column of the row, lent until the next. */
const char *store_text(const struct store *s, enum store_statement which, int column);
int64_t store_number(const struct store *s, enum store_statement which, int column);

/* The id of the last row that was added anywhere. */
int64_t store_last_id(const struct store *s);

#endif
