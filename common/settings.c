/* settings.c - a configuration file read through a table, and the table shown to people.
 * Owns which line said what; knows no key. Any thread, one file at a time. */
#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "common/ini_file.h"
#include "common/mistakes.h"
#include "common/settings.h"
#include "common/value.h"
#include "common/xmalloc.h"

/* A heading and what stood under it. */
struct block {
	struct block *next;
	const struct settings_section *section;
	char *name;   /* NULL if the section is not named */
	void *object; /* lent by root */
	int line;     /* of the heading; 0: not in the file */
	struct given {
		int line; /* 0: not given */
		char *text;
	} * given; /* one per row of the table */
};

struct settings {
	const struct settings_table *table;
	void *root;
	char *path;
	struct mistakes mistakes;
	struct block *blocks; /* owned, in the file's order */
	struct block **end;
	struct block *current; /* NULL: under no heading, or under one that is wrong */
	bool headed;           /* a heading was seen */
};

static void *
field(void *object, const struct setting *row)
{
	return (char *)object + row->at;
}

static bool
is_of(const struct setting *row, const char *section)
{
	return strcmp(row->section, section) == 0;
}

/* ---- headings ---- */

static const struct settings_section *
find_section(const struct settings_table *t, const char *word)
{
	for (size_t i = 0; i < t->section_count; i++)
		if (strcmp(t->sections[i].name, word) == 0)
			return &t->sections[i];
	return NULL;
}

static const struct block *
find_block(const struct settings *s, const struct settings_section *section, const char *name)
{
	for (const struct block *b = s->blocks; b; b = b->next)
		if (b->section == section && (!name || (b->name && strcmp(b->name, name) == 0)))
			return b;
	return NULL;
}

/* Before the file's values, so that an object is whole even if some of them are refused. */
static void
set_defaults(const struct settings_table *t, const char *section, void *object)
{
	for (size_t i = 0; i < t->row_count; i++) {
		const struct setting *row = &t->rows[i];
		if (!row->def || !is_of(row, section))
			continue;
		if (value_parse(row, row->def, field(object, row)) < 0)
			assert(!"a default that its own row refuses");
	}
}

static struct block *
add_block(struct settings *s, const struct settings_section *section, const char *name, int line)
{
	struct block *b = xcalloc(1, sizeof(*b));

	b->section = section;
	b->name = xstrdup(name);
	b->line = line;
	b->given = xcalloc(s->table->row_count, sizeof(*b->given));
	b->object = section->open(s->root, name);
	set_defaults(s->table, section->name, b->object);
	*s->end = b;
	s->end = &b->next;
	return b;
}

static void
unknown_section(struct settings *s, const struct mistake_at *at)
{
	struct nearest n = { .word = at->section };

	for (size_t i = 0; i < s->table->section_count; i++)
		nearest_consider(&n, s->table->sections[i].name);
	if (n.best)
		mistakes_add(&s->mistakes, at, "no such section; did you mean [%s]?", n.best);
	else
		mistakes_add(&s->mistakes, at, "no such section");
}

/* Says what is wrong with a heading of a known section; false if nothing is. */
static bool
heading_is_wrong(
	struct settings *s, const struct settings_section *section, const struct mistake_at *at)
{
	const struct block *earlier = find_block(s, section, at->name);

	if (section->named && !at->name)
		mistakes_add(&s->mistakes, at, "needs a name: [%s \"name\"]", section->name);
	else if (!section->named && at->name)
		mistakes_add(&s->mistakes, at, "takes no name");
	else if (at->name && !value_is_name(at->name))
		mistakes_add(&s->mistakes, at,
			"the name must be 1 to 63 of a-z, 0-9 and . _ -, beginning with a letter "
			"or digit");
	else if (earlier)
		mistakes_add(&s->mistakes, at, "is already at line %d", earlier->line);
	else
		return false;
	return true;
}

static void
on_heading(void *arg, int line, const char *word, const char *name)
{
	struct settings *s = arg;
	struct mistake_at at = { .line = line, .section = word, .name = name };

	s->headed = true;
	s->current = NULL;
	if (!word)
		return;
	const struct settings_section *section = find_section(s->table, word);
	if (!section)
		unknown_section(s, &at);
	else if (!heading_is_wrong(s, section, &at))
		s->current = add_block(s, section, name, line);
}

/* ---- keys ---- */

static void
unknown_key(struct settings *s, const struct mistake_at *at)
{
	struct nearest n = { .word = at->key };
	const char *elsewhere = NULL;

	for (size_t i = 0; i < s->table->row_count; i++) {
		const struct setting *row = &s->table->rows[i];
		if (is_of(row, at->section))
			nearest_consider(&n, row->key);
		else if (strcmp(row->key, at->key) == 0)
			elsewhere = row->section;
	}
	if (elsewhere)
		mistakes_add(&s->mistakes, at, "no such key here; it belongs to [%s]", elsewhere);
	else if (n.best)
		mistakes_add(&s->mistakes, at, "no such key; did you mean %s?", n.best);
	else
		mistakes_add(&s->mistakes, at, "no such key");
}

static const struct setting *
find_row(const struct settings_table *t, const char *section, const char *key)
{
	for (size_t i = 0; i < t->row_count; i++)
		if (is_of(&t->rows[i], section) && strcmp(t->rows[i].key, key) == 0)
			return &t->rows[i];
	return NULL;
}

/* What is wrong in a list is told with what may be shown of it. */
static void
show_list(const struct setting *row, const void *at, struct given *given)
{
	if (row->type != SET_LIST)
		return;
	free(given->text);
	given->text = value_text(row, at, row->secret);
}

static void
set_value(struct settings *s, const struct setting *row, struct mistake_at *at, const char *value)
{
	struct given *given = &s->current->given[row - s->table->rows];
	char allowed[VALUE_TEXT_MAX];

	at->value = row->secret ? "***" : value;
	if (given->line > 0) {
		mistakes_add(&s->mistakes, at, "is already set at line %d", given->line);
		return;
	}
	given->line = at->line;
	given->text = xstrdup(at->value);
	if (value_parse(row, value, field(s->current->object, row)) < 0)
		mistakes_add(&s->mistakes, at, "must be %s", value_allowed(row, allowed));
	else
		show_list(row, field(s->current->object, row), given);
}

static void
on_pair(void *arg, int line, const char *key, const char *value)
{
	struct settings *s = arg;
	struct mistake_at at = { .line = line, .key = key };

	if (!s->headed)
		mistakes_add(&s->mistakes, &at, "stands before the first [section]");
	if (!s->current)
		return;
	at.section = s->current->section->name;
	at.name = s->current->name;
	const struct setting *row = find_row(s->table, at.section, key);
	/* The value of an unknown key is not shown: it may be a secret under a misspelt name. */
	if (!row)
		unknown_key(s, &at);
	else
		set_value(s, row, &at, value);
}

/* ---- the whole ---- */

static void
check_required(struct settings *s, const struct block *b)
{
	struct mistake_at at = { .line = b->line, .section = b->section->name, .name = b->name };

	for (size_t i = 0; i < s->table->row_count; i++) {
		const struct setting *row = &s->table->rows[i];
		if (!row->required || !is_of(row, b->section->name) || b->given[i].line > 0)
			continue;
		at.key = row->key;
		mistakes_add(&s->mistakes, &at, "is missing: %s", row->help);
	}
}

static const struct ini_events events = { .heading = on_heading, .pair = on_pair };

static struct settings *
begin(const char *path, const struct settings_table *table, void *root, FILE *errors)
{
	struct settings *s = xcalloc(1, sizeof(*s));

	s->table = table;
	s->root = root;
	s->path = xstrdup(path);
	s->mistakes = (struct mistakes){ .path = s->path, .out = errors };
	s->end = &s->blocks;
	return s;
}

/* After the last line. */
static void
finish(struct settings *s)
{
	const struct settings_table *table = s->table;

	for (size_t i = 0; i < table->section_count; i++)
		if (table->sections[i].always && !find_block(s, &table->sections[i], NULL))
			add_block(s, &table->sections[i], NULL, 0);
	for (struct block *b = s->blocks; b; b = b->next)
		check_required(s, b);
}

struct settings *
settings_read(const char *path, const struct settings_table *table, void *root, FILE *errors)
{
	struct settings *s = begin(path, table, root, errors);

	ini_file_read(path, &events, s, &s->mistakes);
	finish(s);
	return s;
}

struct settings *
settings_parse(const char *path, const char *text, size_t len, const struct settings_table *table,
	void *root, FILE *errors)
{
	struct settings *s = begin(path, table, root, errors);

	ini_file_parse(text, len, &events, s, &s->mistakes);
	finish(s);
	return s;
}

static const struct block *
block_of(const struct settings *s, const void *object)
{
	const struct block *b = s->blocks;

	while (b && b->object != object)
		b = b->next;
	return b;
}

static const struct given *
given_of(const struct settings *s, const struct block *b, const char *key)
{
	const struct setting *row = b && key ? find_row(s->table, b->section->name, key) : NULL;
	const struct given *given = row ? &b->given[row - s->table->rows] : NULL;

	return given && given->line > 0 ? given : NULL;
}

bool
settings_given(const struct settings *s, const void *object, const char *key)
{
	return given_of(s, block_of(s, object), key) != NULL;
}

void
settings_complain(struct settings *s, const void *object, const char *key, const char *fmt, ...)
{
	const struct block *b = block_of(s, object);
	const struct given *given = given_of(s, b, key);
	struct mistake_at at = { .key = key };
	va_list ap;

	assert(b);
	at.section = b->section->name;
	at.name = b->name;
	at.line = given ? given->line : b->line;
	at.value = given ? given->text : NULL;
	va_start(ap, fmt);
	mistakes_vadd(&s->mistakes, &at, fmt, ap);
	va_end(ap);
}

static void
free_block(struct block *b, size_t row_count)
{
	for (size_t i = 0; i < row_count; i++)
		free(b->given[i].text);
	free(b->given);
	free(b->name);
	free(b);
}

int
settings_close(struct settings *s)
{
	if (!s)
		return 0;
	int count = s->mistakes.count;
	mistakes_end(&s->mistakes);
	while (s->blocks) {
		struct block *b = s->blocks;
		s->blocks = b->next;
		free_block(b, s->table->row_count);
	}
	free(s->path);
	free(s);
	return count;
}

/* ---- printing ---- */

void
settings_print(const struct settings_table *table, const char *section, const char *name,
	const void *object, FILE *out)
{
	if (name)
		fprintf(out, "[%s \"%s\"]\n", section, name);
	else
		fprintf(out, "[%s]\n", section);
	for (size_t i = 0; i < table->row_count; i++) {
		const struct setting *row = &table->rows[i];
		if (!is_of(row, section))
			continue;
		char *text = value_text(row, (const char *)object + row->at, true);
		if (text)
			fprintf(out, "%s = %s\n", row->key, text);
		free(text);
	}
	fputc('\n', out);
}

/* A manual page's source has each sentence on a line of its own. */
static void
print_sentences(const char *text, FILE *out)
{
	const char *end;

	for (; (end = strstr(text, ". ")); text = end + 2)
		fprintf(out, "%.*s.\n", (int)(end - text), text);
	fprintf(out, "%s.\n", text);
}

static void
print_row_manual(const struct setting *row, FILE *out)
{
	char allowed[VALUE_TEXT_MAX];

	fprintf(out, ".It Cm %s\n", row->key);
	print_sentences(row->help, out);
	fprintf(out, "Must be %s.\n", value_allowed(row, allowed));
	if (row->required)
		fprintf(out, "Required.\n");
	else if (row->def)
		fprintf(out, "The default is\n.Cm %s .\n", row->def);
	if (!row->live)
		fprintf(out, "A change takes a restart.\n");
}

void
settings_print_manual(const struct settings_table *table, FILE *out)
{
	for (size_t i = 0; i < table->section_count; i++) {
		const struct settings_section *section = &table->sections[i];
		fprintf(out, ".Ss [%s%s]\n", section->name, section->named ? " \"name\"" : "");
		print_sentences(section->help, out);
		if (section->stays)
			fprintf(out, "To take a section out takes a restart.\n");
		fprintf(out, ".Bl -tag -width Ds\n");
		for (size_t j = 0; j < table->row_count; j++)
			if (is_of(&table->rows[j], section->name))
				print_row_manual(&table->rows[j], out);
		fprintf(out, ".El\n");
	}
}

/* ---- objects --------------------------------------------------------------------------------- */

void
settings_differ(const struct settings_table *table, const char *section, const void *a,
	const void *b, void (*differs)(void *arg, const struct setting *row), void *arg)
{
	for (size_t i = 0; i < table->row_count; i++) {
		const struct setting *row = &table->rows[i];
		if (is_of(row, section) &&
			!value_equal(row, (const char *)a + row->at, (const char *)b + row->at))
			differs(arg, row);
	}
}

void
settings_copy(const struct settings_table *table, const char *section, const void *from, void *to)
{
	for (size_t i = 0; i < table->row_count; i++) {
		const struct setting *row = &table->rows[i];
		if (is_of(row, section))
			value_copy(row, (const char *)from + row->at, field(to, row));
	}
}

void
settings_clear(const struct settings_table *table, const char *section, void *object)
{
	for (size_t i = 0; i < table->row_count; i++)
		if (is_of(&table->rows[i], section))
			value_clear(&table->rows[i], field(object, &table->rows[i]));
}
