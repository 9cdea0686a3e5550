/* ini_edit.c - sections put into and taken out of the text of an INI file.
 * Owns where a section begins and ends for people, comments and blank lines included; what a line
 * means is ini_file's. Pure but for inih. One text at a time. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/ini_edit.h"
#include "common/ini_file.h"
#include "common/xmalloc.h"

enum kind { BLANK, COMMENT, HEADING, OTHER };

struct line {
	const char *at;
	size_t len; /* with its newline */
	enum kind kind;
	bool wanted; /* the heading that is looked for */
};

/* A text as lines. */
struct lines {
	struct line *line; /* owned */
	size_t count;
	const char *section;
	const char *name;
};

/* ---- lines ----------------------------------------------------------------------------------- */

static enum kind
kind_of(const char *at, size_t len)
{
	size_t i = 0;

	while (i < len && (at[i] == ' ' || at[i] == '\t' || at[i] == '\r' || at[i] == '\n'))
		i++;
	if (i == len)
		return BLANK;
	return at[i] == ';' || at[i] == '#' ? COMMENT : OTHER;
}

/* As ini_file.c cuts them. */
static void
cut(struct lines *l, const char *text, size_t len)
{
	const char *end = text + len;
	size_t room = 1;

	for (size_t i = 0; i < len; i++)
		room += text[i] == '\n';
	l->line = xcalloc(room, sizeof(*l->line));
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t n = newline ? (size_t)(newline + 1 - text) : (size_t)(end - text);
		l->line[l->count++] =
			(struct line){ .at = text, .len = n, .kind = kind_of(text, n) };
		text += n;
	}
}

static void
on_heading(void *arg, int line, const char *word, const char *name)
{
	struct lines *l = arg;
	struct line *found = &l->line[line - 1];

	found->kind = HEADING;
	found->wanted = word && name && strcmp(word, l->section) == 0 && strcmp(name, l->name) == 0;
}

static void
on_pair(void *arg, int line, const char *key, const char *value)
{
	(void)arg;
	(void)line;
	(void)key;
	(void)value;
}

static size_t
bom_length(const struct ini_text *text)
{
	return text->len >= 3 && memcmp(text->bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* The lines of text, which has no byte order mark. */
static void
read_lines(struct lines *l, const char *text, size_t len)
{
	static const struct ini_events events = { .heading = on_heading, .pair = on_pair };
	struct mistakes silent = { .path = "" };

	cut(l, text, len);
	ini_file_parse(text, len, &events, l, &silent);
}

/* ---- taking out ------------------------------------------------------------------------------ */

/* Lines [first, end). */
struct range {
	size_t first;
	size_t end;
};

static struct range
section_at(const struct lines *l, size_t heading)
{
	size_t next = heading + 1;
	size_t last = heading;
	struct range r = { .first = heading };

	for (; next < l->count && l->line[next].kind != HEADING; next++)
		if (l->line[next].kind == OTHER)
			last = next;
	while (r.first > 0 && l->line[r.first - 1].kind == COMMENT)
		r.first--;
	for (r.end = last + 1; r.end < next && l->line[r.end].kind == COMMENT;)
		r.end++;
	if (r.end == next && next < l->count)
		r.end = last + 1;
	return r;
}

/* The blank lines that set it apart: those that follow, or at the end of the file the one before.
 */
static void
add_blanks(const struct lines *l, struct range *r)
{
	size_t after = r->end;

	while (after < l->count && l->line[after].kind == BLANK)
		after++;
	if (after < l->count)
		r->end = after;
	else if (r->first > 0 && l->line[r->first - 1].kind == BLANK)
		r->first--;
}

/* The text without [from, to). */
static void
copy_without(const struct ini_text *text, const char *from, const char *to, struct ini_text *out)
{
	size_t head = (size_t)(from - text->bytes);
	size_t tail = (size_t)(text->bytes + text->len - to);

	out->len = head + tail;
	out->bytes = xmalloc(out->len + 1);
	memcpy(out->bytes, text->bytes, head);
	memcpy(out->bytes + head, to, tail);
	out->bytes[out->len] = '\0';
}

int
ini_edit_remove(
	const struct ini_text *text, const char *section, const char *name, struct ini_text *out)
{
	struct lines l = { .section = section, .name = name };
	size_t bom = bom_length(text);
	size_t heading = 0;

	read_lines(&l, text->bytes + bom, text->len - bom);
	while (heading < l.count && !l.line[heading].wanted)
		heading++;
	bool found = heading < l.count;
	if (found) {
		struct range r = section_at(&l, heading);
		add_blanks(&l, &r);
		const struct line *last = &l.line[r.end - 1];
		copy_without(text, l.line[r.first].at, last->at + last->len, out);
	}
	free(l.line);
	return found ? 0 : -1;
}

/* ---- putting in ------------------------------------------------------------------------------ */

/* What was written must be read back: heading, then pair after pair. */
struct proof {
	const struct ini_section *section;
	size_t headings;
	size_t pairs;
	bool wrong;
};

static void
prove_heading(void *arg, int line, const char *word, const char *name)
{
	struct proof *p = arg;

	(void)line;
	if (p->headings++ > 0 || !word || !name || strcmp(word, p->section->section) != 0 ||
		strcmp(name, p->section->name) != 0)
		p->wrong = true;
}

static void
prove_pair(void *arg, int line, const char *key, const char *value)
{
	struct proof *p = arg;
	const struct ini_pair *next = &p->section->pairs[p->pairs];

	(void)line;
	if (p->pairs == p->section->count || strcmp(next->key, key) != 0 ||
		strcmp(next->value, value) != 0)
		p->wrong = true;
	else
		p->pairs++;
}

static bool
reads_back(const struct ini_text *block, const struct ini_section *section)
{
	static const struct ini_events events = { .heading = prove_heading, .pair = prove_pair };
	struct mistakes silent = { .path = "" };
	struct proof p = { .section = section };

	ini_file_parse(block->bytes, block->len, &events, &p, &silent);
	return silent.count == 0 && !p.wrong && p.headings == 1 && p.pairs == section->count;
}

/* The section as text; false if it is not read back as what it is. out is to be freed. */
static bool
write_section(const struct ini_section *s, const char *newline, struct ini_text *out)
{
	FILE *f = xopen_memstream(&out->bytes, &out->len);

	fprintf(f, "[%s \"%s\"]%s", s->section, s->name, newline);
	for (size_t i = 0; i < s->count; i++)
		fprintf(f, "%s = %s%s", s->pairs[i].key, s->pairs[i].value, newline);
	fclose(f);
	return reads_back(out, s);
}

/* The file's own. */
static const char *
newline_of(const struct ini_text *text)
{
	const char *newline = memchr(text->bytes, '\n', text->len);

	return newline && newline > text->bytes && newline[-1] == '\r' ? "\r\n" : "\n";
}

static void
append(const struct ini_text *text, const struct ini_text *block, const char *newline,
	struct ini_text *out)
{
	FILE *f = xopen_memstream(&out->bytes, &out->len);

	fwrite(text->bytes, 1, text->len, f);
	if (text->len > 0 && text->bytes[text->len - 1] != '\n')
		fputs(newline, f);
	if (text->len > bom_length(text))
		fputs(newline, f);
	fwrite(block->bytes, 1, block->len, f);
	fclose(f);
}

/* Which of them it was. */
static void
say_why(const struct ini_section *s, char *why, size_t why_size)
{
	struct ini_text block;

	for (size_t i = 0; i < s->count; i++) {
		struct ini_section one = {
			.section = "s", .name = "n", .pairs = &s->pairs[i], .count = 1
		};
		bool good = write_section(&one, "\n", &block);
		free(block.bytes);
		if (good)
			continue;
		snprintf(why, why_size,
			"%.60s: cannot be written into the file: neither key nor value may hold a "
			"line break, a blank at an end, or a ; after a blank",
			s->pairs[i].key);
		return;
	}
	snprintf(why, why_size, "[%s \"%.60s\"]: cannot be written into the file", s->section,
		s->name);
}

int
ini_edit_add(const struct ini_text *text, const struct ini_section *section, struct ini_text *out,
	char *why, size_t why_size)
{
	const char *newline = newline_of(text);
	struct ini_text block;
	bool good = write_section(section, newline, &block);

	if (good)
		append(text, &block, newline, out);
	else
		say_why(section, why, why_size);
	free(block.bytes);
	return good ? 0 : -1;
}
