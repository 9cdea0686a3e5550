/* pairs.c - settings on camctl's command line. Keeps nothing. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "control/pairs.h"
#include "common/xmalloc.h"

/* The line without its end; yours. NULL: there is none. */
static char *
read_line(FILE *in)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n = getline(&line, &size, in);

	if (n < 0) {
		free(line);
		return NULL;
	}
	line[strcspn(line, "\r\n")] = '\0';
	return line;
}

/* user:password@ before the host. */
static bool
has_password(const char *value)
{
	const char *authority = strstr(value, "://");

	if (!authority)
		return false;
	authority += 3;
	size_t n = strcspn(authority, "/?#");
	const char *at = memrchr(authority, '@', n);
	return at && memchr(authority, ':', (size_t)(at - authority));
}

static void
add_pair(struct json *pairs, const char *key, const char *value)
{
	struct json *pair = json_new_object();

	json_set_str(pair, "key", key);
	json_set_str(pair, "value", value);
	json_add(pairs, pair);
}

/* Returns -1 with a sentence. */
static int
parse_word(struct json *pairs, const char *word, FILE *in, char *why, size_t why_size)
{
	size_t n = strcspn(word, "=");
	char *key = xstrndup(word, n);
	bool asked = strcmp(word + n, "=-") == 0;
	char *line = asked ? read_line(in) : NULL;
	const char *value = asked ? line : word + n + 1;

	if (word[n] == '\0' || n == 0)
		snprintf(why, why_size, "%.60s: must be key=value", word);
	else if (!value)
		snprintf(why, why_size, "%.60s: there is no line for it on standard input", word);
	else
		add_pair(pairs, key, value);
	bool good = n > 0 && word[n] && value;
	if (good && !asked && has_password(value))
		fprintf(stderr,
			"camctl: the password was visible in ps: "
			"give %s=- and the value on standard input\n",
			key);
	free(line);
	free(key);
	return good ? 0 : -1;
}

struct json *
pairs_parse(char *const *words, int count, FILE *in, char *why, size_t why_size)
{
	struct json *pairs = json_new_array();

	for (int i = 0; i < count; i++)
		if (parse_word(pairs, words[i], in, why, why_size) < 0) {
			json_free(pairs);
			return NULL;
		}
	return pairs;
}
