/* fuzz_config.c - any bytes as the configuration file: a configuration, which printed is a
 * configuration again and differs from itself in nothing, or sentences that name the file. What
 * follows a form feed is the file as it is reloaded: every change is a line for people. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/config.h"
#include "supervisor/config_diff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define NAME "fuzz.conf"

/* NULL: refused. said is what was said to people, to be freed. */
static struct config *
parse(const char *text, size_t len, char **said)
{
	/* As a process is whose environment gives nothing. */
	static const struct config bare;
	struct config *c = NULL;
	size_t size;
	FILE *errors = open_memstream(said, &size);

	int err = config_parse(NAME, text, len, &bare, &c, errors);
	fclose(errors);
	assert((err == 0) == (c != NULL));
	return c;
}

static char *
print(const struct config *c)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	config_print(c, out);
	fclose(out);
	return text;
}

static void
check_differs_from_itself_in_nothing(const struct config *c)
{
	struct config_diff diff;

	config_diff(c, c, &diff);
	assert(diff.count == 0);
	config_diff_clear(&diff);
}

static void
check_printed_alike(const struct config *c, const char *text)
{
	char *twice = print(c);

	assert(strcmp(text, twice) == 0);
	free(twice);
}

/* What was redacted stays so, all else is as it was. Places that differ in nothing but what was
 * redacted have become one, which is a mistake. */
static void
check_printed(const struct config *c)
{
	char *text = print(c), *said;
	struct config *again = parse(text, strlen(text), &said);

	if (!again && !strstr(text, "***")) {
		fprintf(stderr, "%s%s", text, said);
		abort();
	}
	if (again)
		check_printed_alike(again, text);
	config_free(again);
	free(said);
	free(text);
}

static void
check_changes(const struct config *was, const struct config *is)
{
	struct config_diff diff;
	size_t size;
	char *text;

	config_diff(was, is, &diff);
	for (size_t i = 0; i < diff.count; i++) {
		FILE *out = open_memstream(&text, &size);
		config_change_print(&diff.changes[i], out);
		fclose(out);
		assert(size > 0 && !strchr(text, '\n'));
		free(text);
	}
	FILE *out = open_memstream(&text, &size);
	int restarts = config_diff_restart(&diff, out);
	fclose(out);
	assert((restarts > 0) == (size > 0));
	free(text);
	config_diff_clear(&diff);
}

static void
check_reload(const struct config *was, const char *text, size_t len)
{
	char *said;
	struct config *is = parse(text, len, &said);

	if (is) {
		check_changes(was, is);
		check_changes(is, was);
	}
	config_free(is);
	free(said);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data;
	const char *feed = len > 0 ? memchr(data, '\f', len) : NULL;
	char *said;
	struct config *c = parse(text, feed ? (size_t)(feed - text) : len, &said);

	if (c) {
		if (feed)
			check_reload(c, feed + 1, len - (size_t)(feed + 1 - text));
		check_differs_from_itself_in_nothing(c);
		check_printed(c);
		config_free(c);
	} else {
		assert(strncmp(said, NAME, strlen(NAME)) == 0 && strchr(said, '\n'));
	}
	free(said);
	return 0;
}
