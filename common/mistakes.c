/* mistakes.c - what is wrong in a configuration file, as sentences for people.
 * Knows nothing of what a right file is. Pure but for the printing; any thread. */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "common/mistakes.h"

/* A screenful; the first one is often the cause of the others. */
#define MISTAKES_SHOWN 20
/* Words of the file are shown up to here. */
#define SHOWN_BYTES_MAX 60
/* Longer words are not looked at for typing errors. */
#define WORD_BYTES_MAX 63
/* A typing error is at most that far from what was meant, and changes less than half of it. */
#define TYPO_DISTANCE_MAX 3

/* Prints what the operator wrote, made fit to be printed. */
static void
show(FILE *out, const char *text)
{
	size_t n = 0;

	for (; n < SHOWN_BYTES_MAX && text[n]; n++)
		fputc(iscntrl((unsigned char)text[n]) ? '?' : text[n], out);
	if (text[n])
		fputs("...", out);
}

static void
show_quoted(FILE *out, const char *before, const char *text, const char *after)
{
	fputs(before, out);
	show(out, text);
	fputs(after, out);
}

static void
show_place(const struct mistakes *m, const struct mistake_at *at)
{
	fputs(m->path, m->out);
	if (at->line > 0)
		fprintf(m->out, ":%d", at->line);
	fputs(": ", m->out);
	if (at->section) {
		show_quoted(m->out, "[", at->section, "");
		if (at->name)
			show_quoted(m->out, " \"", at->name, "\"");
		fputc(']', m->out);
	}
	if (at->key)
		show_quoted(m->out, at->section ? " " : "", at->key, "");
	if (at->value)
		show_quoted(m->out, " = ", at->value, "");
	if (at->section || at->key)
		fputs(": ", m->out);
}

void
mistakes_vadd(struct mistakes *m, const struct mistake_at *at, const char *fmt, va_list ap)
{
	if (++m->count > MISTAKES_SHOWN || !m->out)
		return;
	show_place(m, at);
	vfprintf(m->out, fmt, ap);
	fputc('\n', m->out);
}

void
mistakes_add(struct mistakes *m, const struct mistake_at *at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	mistakes_vadd(m, at, fmt, ap);
	va_end(ap);
}

void
mistakes_end(const struct mistakes *m)
{
	if (m->out && m->count > MISTAKES_SHOWN)
		fprintf(m->out, "%s: and %d more mistakes\n", m->path, m->count - MISTAKES_SHOWN);
}

static int
min(int a, int b)
{
	return a < b ? a : b;
}

/* Letters to insert, delete or change until a is b (Levenshtein); one row of the matrix is kept. */
static int
distance(const char *a, const char *b)
{
	int row[WORD_BYTES_MAX + 1];
	int n = (int)strlen(b);

	for (int j = 0; j <= n; j++)
		row[j] = j;
	for (int i = 1; a[i - 1]; i++) {
		int diagonal = row[0];
		row[0] = i;
		for (int j = 1; j <= n; j++) {
			int change = diagonal + (a[i - 1] != b[j - 1]);
			diagonal = row[j];
			row[j] = min(change, min(row[j], row[j - 1]) + 1);
		}
	}
	return row[n];
}

void
nearest_consider(struct nearest *n, const char *known)
{
	if (strlen(n->word) > WORD_BYTES_MAX || strlen(known) > WORD_BYTES_MAX)
		return;
	/* "client_secret" is meant as client_secret_file, however many letters that is away. */
	bool begins = *n->word && strncmp(n->word, known, strlen(n->word)) == 0;
	int d = begins ? 1 : distance(n->word, known);
	int limit = n->best ? n->distance - 1 : min(TYPO_DISTANCE_MAX, (int)strlen(known) / 2);

	if (d > limit)
		return;
	n->best = known;
	n->distance = d;
}
