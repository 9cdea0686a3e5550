#ifndef COMMON_SETTINGS_H
#define COMMON_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Configuration files read through a table. A row is the parser, the validator, the default, the
 * unit and the help of one key; the manual page and the printout come from the same rows. */

/* What a value is, and the C type it is stored as. */
enum setting_type {
	SET_TOKEN,  /* char *: letters, digits and . _ - of any case; min..max bytes */
	SET_NAME,   /* char *: [a-z0-9][a-z0-9._-]{0,62}, safe in file names */
	SET_PATH,   /* char *: absolute */
	SET_SECRET, /* char *: where it is: absolute path or systemd credential */
	SET_URL,    /* char *: choices are the schemes; min..max bytes */
	SET_LIST, /* char *: words separated by commas; what they may be is its owner's to check */
	SET_ADDRESS,  /* char *: host:port or [v6]:port, port 0: any; or the one word in choices */
	SET_BOOL,     /* bool: yes, no */
	SET_INT,      /* int */
	SET_DURATION, /* ms_t: 500ms, 30s, 5m, 1h, 7d */
	SET_BYTES,    /* int64_t: 512, 64K, 10M, 200G, 2T (1024s) */
	SET_PERCENT,  /* int: 10% */
	SET_ENUM,     /* unsigned: index into choices */
};

struct setting {
	const char *section;
	const char *key;
	enum setting_type type;
	size_t at;           /* offset in the section's object */
	int64_t min, max;    /* inclusive; ms, bytes, percent, or the length of a string */
	const char *choices; /* "none cloudflare" */
	const char *def;     /* written as in the file; NULL: the field stays as it was */
	bool required;
	bool secret; /* never printed: "***", a URL without user, password and query; in a list,
		      * what value_redact_list shows */
	bool secret_path; /* of a secret URL, no more than its host is printed */
	bool live;        /* a reload applies a change of it; else it takes a restart */
	const char *help;
};

struct settings_section {
	const char *name;
	bool named; /* [camera "porch"]: many; otherwise one */
	/* The object that the section's values go to: made, or found, below root, which keeps it.
	 * name is lent, NULL if not named. Never NULL. */
	void *(*open)(void *root, const char *name);
	bool always; /* opened and given its defaults even if the file does not mention it */
	bool stays;  /* a reload can add one; to take one out takes a restart */
	const char *help;
};

struct settings_table {
	const struct settings_section *sections;
	size_t section_count;
	const struct setting *rows;
	size_t row_count;
};

/* One file being read: which line said what. */
struct settings;

/* Reads the file into root's objects and fills in the defaults. Every mistake is a sentence on
 * errors that names file, line, section, key, value and what is allowed; after 20 the rest are
 * counted. Never NULL: close it to learn how many there were. */
struct settings *settings_read(
	const char *path, const struct settings_table *table, void *root, FILE *errors);

/* The same of len bytes in memory; path is for the sentences. */
struct settings *settings_parse(const char *path, const char *text, size_t len,
	const struct settings_table *table, void *root, FILE *errors);

/* Another mistake, found by whoever compares values: names the line of object's key (or of its
 * section if key is NULL or was not given). */
void settings_complain(struct settings *s, const void *object, const char *key, const char *fmt,
	...) __attribute__((format(printf, 4, 5)));

/* Whether the file gave object's key. */
bool settings_given(const struct settings *s, const void *object, const char *key);

/* Frees s, NULL is fine; the objects stay. Returns the number of mistakes. */
int settings_close(struct settings *s);

/* One section as it would be written, every value effective, secrets redacted. */
void settings_print(const struct settings_table *table, const char *section, const char *name,
	const void *object, FILE *out);

/* The rows of the table as mdoc, for the manual page. */
void settings_print_manual(const struct settings_table *table, FILE *out);

/* The rows of the section whose values in a and b are not the same, in the table's order. */
void settings_differ(const struct settings_table *table, const char *section, const void *a,
	const void *b, void (*differs)(void *arg, const struct setting *row), void *arg);

/* Copies the values of from to to, whose strings are freed or NULL. */
void settings_copy(
	const struct settings_table *table, const char *section, const void *from, void *to);

/* Frees the strings of object. */
void settings_clear(const struct settings_table *table, const char *section, void *object);

#endif
