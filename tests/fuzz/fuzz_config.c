/* fuzz_config.c - any bytes as the configuration file: a configuration, which printed is a
 * configuration again and differs from itself in nothing, or sentences that name the file. */
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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *said;
	struct config *c = parse((const char *)data, len, &said);

	if (c) {
		check_differs_from_itself_in_nothing(c);
		check_printed(c);
		config_free(c);
	} else {
		assert(strncmp(said, NAME, strlen(NAME)) == 0 && strchr(said, '\n'));
	}
	free(said);
	return 0;
}
