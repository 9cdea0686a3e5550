#ifndef COMMON_MISTAKES_H
#define COMMON_MISTAKES_H

#include <stdarg.h>
#include <stdio.h>

/* The mistakes found in one configuration file, told as sentences:
 *   FILE:LINE: [section "name"] key = value: what is wrong */
struct mistakes {
	const char *path; /* lent */
	FILE *out;        /* lent; NULL: they are only counted */
	int count;
};

/* Where a mistake is. What does not apply is 0 or NULL; all lent. */
struct mistake_at {
	int line;
	const char *section;
	const char *name;
	const char *key;
	const char *value;
};

/* Counts and prints one; of many only the first 20 are printed. */
void mistakes_add(struct mistakes *m, const struct mistake_at *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void mistakes_vadd(struct mistakes *m, const struct mistake_at *at, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

/* Says how many were not printed. */
void mistakes_end(const struct mistakes *m);

/* The search for what a misspelt word was meant to be: start with { .word = word }, show it every
 * known word, then look at best. */
struct nearest {
	const char *word;
	const char *best; /* NULL: nothing comes near */
	int distance;
};

/* Makes it the best if it is nearer to the word than what was: by a typing error or two, or since
 * the word is its beginning. */
void nearest_consider(struct nearest *n, const char *known);

#endif
