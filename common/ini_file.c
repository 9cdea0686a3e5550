/* ini_file.c - an INI file as headings and pairs.
 * The only user of inih, which is given one line at a time: left to itself it cuts lines at 200
 * bytes and section names at 50, takes an indented line for more of the last value, is silent about
 * sections without keys, and tells of one mistake per file. Any thread, but inih's limit is a
 * global: one file at a time. */
#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include "common/ini_file.h"
#include "common/xmalloc.h"

/* A camera's URL may be 4096 bytes long (supervisor/config_table.c). */
#define LINE_BYTES_MAX 8192

struct reader {
	const struct ini_events *events;
	void *arg;
	struct mistakes *mistakes;
	int line;
};

static void
malformed(struct reader *r, const char *text, const char *what)
{
	mistakes_add(r->mistakes, &(struct mistake_at){ .line = r->line, .key = text }, "%s", what);
}

static char *
skip_blanks(char *c)
{
	return c + strspn(c, " \t\r");
}

/* Reports line, which begins with [ and is cut into its parts. Returns -1 if it is malformed. */
static int
split_heading(struct reader *r, char *line)
{
	char *word = skip_blanks(line + 1);
	char *word_end = word + strcspn(word, " \t\r\"];#");
	char *name = skip_blanks(word_end);
	char *name_end = NULL;
	char *close = name;

	if (*name == '"') {
		name_end = strchr(name + 1, '"');
		if (!name_end)
			return -1;
		close = skip_blanks(name_end + 1);
	}
	if (*close != ']' || word_end == word)
		return -1;
	char *rest = skip_blanks(close + 1);
	if (*rest && *rest != ';' && *rest != '#')
		return -1;
	*word_end = '\0';
	if (name_end)
		*name_end = '\0';
	r->events->heading(r->arg, r->line, word, name_end ? name + 1 : NULL);
	return 0;
}

static void
read_heading(struct reader *r, char *line)
{
	if (split_heading(r, line) == 0)
		return;
	malformed(r, line, "must be [section] or [section \"name\"]");
	r->events->heading(r->arg, r->line, NULL, NULL);
}

/* inih's callback. Its section is empty always. */
static int
on_pair(void *arg, const char *section, const char *key, const char *value)
{
	struct reader *r = arg;

	(void)section;
	r->events->pair(r->arg, r->line, key, value);
	return 1;
}

/* One line of len bytes, without its newline, NUL-terminated. */
static void
read_line(struct reader *r, char *line, size_t len)
{
	char *start = skip_blanks(line);

	r->line++;
	if (strlen(line) != len)
		malformed(r, NULL, "holds a zero byte: this is not a text file");
	else if (len > LINE_BYTES_MAX)
		malformed(r, start, "the line is longer than 8192 bytes");
	else if (*start == '[')
		read_heading(r, start);
	else if (ini_parse_string(start, on_pair, r) != 0)
		malformed(r, start, "must be [section], key = value, or ; comment");
}

static void
read_lines(struct reader *r, char *text, size_t len)
{
	char *end = text + len;

	ini_max_line = LINE_BYTES_MAX + 3; /* it counts the newline and the NUL */
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	while (text < end) {
		char *newline = memchr(text, '\n', (size_t)(end - text));
		char *line_end = newline ? newline : end;
		*line_end = '\0';
		read_line(r, text, (size_t)(line_end - text));
		text = line_end + 1;
	}
}

void
ini_file_parse(const char *text, size_t len, const struct ini_events *events, void *arg,
	struct mistakes *mistakes)
{
	struct reader r = { .events = events, .arg = arg, .mistakes = mistakes };
	char *copy = xmalloc(len + 1);

	memcpy(copy, text, len);
	if (len > INI_FILE_BYTES_MAX)
		mistakes_add(mistakes, &(struct mistake_at){ 0 }, "is longer than %d bytes",
			INI_FILE_BYTES_MAX);
	else
		read_lines(&r, copy, len);
	free(copy);
}

void
ini_file_read(
	const char *path, const struct ini_events *events, void *arg, struct mistakes *mistakes)
{
	char *text = xmalloc(INI_FILE_BYTES_MAX + 1);
	FILE *f = fopen(path, "re");

	size_t len = f ? fread(text, 1, INI_FILE_BYTES_MAX + 1, f) : 0;
	if (!f || ferror(f))
		mistakes_add(
			mistakes, &(struct mistake_at){ 0 }, "cannot be read: %s", strerror(errno));
	else
		ini_file_parse(text, len, events, arg, mistakes);
	if (f)
		fclose(f);
	free(text);
}
