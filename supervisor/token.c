/* token.c - the list of tokens: read, written, looked through. Pure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/value.h"
#include "supervisor/token.h"
#include "common/xmalloc.h"

/* More than people hand out. */
#define TOKENS_MAX 256

struct tokens {
	size_t count;
	struct token list[TOKENS_MAX];
};

static const char *const roles[] = { [TOKEN_NOBODY] = "nobody",
	[TOKEN_VIEW] = "view",
	[TOKEN_OPERATE] = "operate",
	[TOKEN_ADMIN] = "admin" };

const char *
token_role_text(enum token_role role)
{
	return roles[role];
}

enum token_role
token_role_parse(const char *word)
{
	for (int r = TOKEN_VIEW; r <= TOKEN_ADMIN; r++)
		if (strcmp(roles[r], word) == 0)
			return (enum token_role)r;
	return TOKEN_NOBODY;
}

static void
token_clear(struct token *t)
{
	for (size_t i = 0; i < t->camera_count; i++)
		free(t->cameras[i]);
	*t = (struct token){ 0 };
}

struct tokens *
tokens_new(void)
{
	return xcalloc(1, sizeof(struct tokens));
}

void
tokens_free(struct tokens *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->count; i++)
		token_clear(&t->list[i]);
	free(t);
}

size_t
tokens_count(const struct tokens *t)
{
	return t->count;
}

const struct token *
tokens_at(const struct tokens *t, size_t i)
{
	return &t->list[i];
}

/* ---- text ------------------------------------------------------------------------------------ */

static int
parse_hash(const char *text, unsigned char hash[TOKEN_HASH_BYTES])
{
	if (strlen(text) != 2 * TOKEN_HASH_BYTES ||
		strspn(text, "0123456789abcdef") != 2 * TOKEN_HASH_BYTES)
		return -1;
	for (size_t i = 0; i < TOKEN_HASH_BYTES; i++)
		sscanf(text + 2 * i, "%2hhx", &hash[i]);
	return 0;
}

static int
parse_cameras(char *text, struct token *t)
{
	char *name;

	if (strcmp(text, "*") == 0)
		return 0;
	while ((name = strsep(&text, ","))) {
		if (!value_is_name(name) || t->camera_count == TOKEN_CAMERAS_MAX)
			return -1;
		t->cameras[t->camera_count++] = xstrdup(name);
	}
	return 0;
}

/* Changes line. t is to be cleared whatever comes of it. */
static int
parse_line(char *line, struct token *t)
{
	char *words[5];

	for (size_t i = 0; i < 5; i++) {
		words[i] = strsep(&line, " ");
		if (!words[i])
			return -1;
	}
	if (line || !value_is_name(words[0]))
		return -1;
	snprintf(t->name, sizeof(t->name), "%s", words[0]);
	t->role = token_role_parse(words[1]);
	t->made_s = strtoll(words[3], NULL, 10);
	if (t->role == TOKEN_NOBODY || strspn(words[3], "0123456789") != strlen(words[3]))
		return -1;
	return parse_cameras(words[2], t) < 0 || parse_hash(words[4], t->hash) < 0 ? -1 : 0;
}

static int
add_line(struct tokens *t, char *line, int number, char *why, size_t why_size)
{
	struct token token = { 0 };
	char detail[160];

	int err = parse_line(line, &token);
	if (err < 0)
		snprintf(why, why_size, "line %d is no token", number);
	else if ((err = tokens_add(t, &token, detail, sizeof(detail))) < 0)
		snprintf(why, why_size, "line %d: %s", number, detail);
	token_clear(&token);
	return err;
}

int
tokens_parse(struct tokens *t, const char *text, char *why, size_t why_size)
{
	struct tokens *fresh = tokens_new();
	char *copy = xstrdup(text);
	char *rest = copy, *line;
	int err = 0;

	for (int number = 1; !err && (line = strsep(&rest, "\n")); number++)
		if (*line && *line != '#')
			err = add_line(fresh, line, number, why, why_size);
	if (!err) {
		struct tokens old = *t;
		*t = *fresh;
		*fresh = old;
	}
	tokens_free(fresh);
	free(copy);
	return err;
}

static void
print_token(const struct token *t, FILE *out)
{
	fprintf(out, "%s %s ", t->name, token_role_text(t->role));
	for (size_t i = 0; i < t->camera_count; i++)
		fprintf(out, "%s%s", i ? "," : "", t->cameras[i]);
	fprintf(out, "%s %lld ", t->camera_count ? "" : "*", (long long)t->made_s);
	for (size_t i = 0; i < TOKEN_HASH_BYTES; i++)
		fprintf(out, "%02x", t->hash[i]);
	fputc('\n', out);
}

char *
tokens_text(const struct tokens *t)
{
	char *text;
	size_t size;
	FILE *out = xopen_memstream(&text, &size);

	fputs("# camrelay's tokens, by camctl token: name, role, cameras, made at, SHA-256\n", out);
	for (size_t i = 0; i < t->count; i++)
		print_token(&t->list[i], out);
	fclose(out);
	return text;
}

/* ---- the list -------------------------------------------------------------------------------- */

int
tokens_add(struct tokens *t, const struct token *token, char *why, size_t why_size)
{
	if (!value_is_name(token->name)) {
		snprintf(why, why_size,
			"a token's name must be 1 to 63 of a-z, 0-9 and . _ -, beginning with a "
			"letter or digit");
		return -1;
	}
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->list[i].name, token->name) == 0) {
			snprintf(why, why_size, "there is a token %s already", token->name);
			return -1;
		}
	for (size_t i = 0; i < token->camera_count; i++)
		if (!value_is_name(token->cameras[i])) {
			snprintf(why, why_size, "%.64s is no name of a camera", token->cameras[i]);
			return -1;
		}
	if (t->count == TOKENS_MAX) {
		snprintf(why, why_size, "there are %d tokens: remove some", TOKENS_MAX);
		return -1;
	}
	struct token *own = &t->list[t->count++];
	*own = *token;
	for (size_t i = 0; i < own->camera_count; i++)
		own->cameras[i] = xstrdup(token->cameras[i]);
	return 0;
}

int
tokens_remove(struct tokens *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++) {
		if (strcmp(t->list[i].name, name) != 0)
			continue;
		token_clear(&t->list[i]);
		memmove(&t->list[i], &t->list[i + 1], (t->count - i - 1) * sizeof(t->list[0]));
		t->list[--t->count] = (struct token){ 0 };
		return 0;
	}
	return -1;
}

static bool
same_hash(const unsigned char *a, const unsigned char *b)
{
	unsigned char differs = 0;

	for (size_t i = 0; i < TOKEN_HASH_BYTES; i++)
		differs |= a[i] ^ b[i];
	return differs == 0;
}

const struct token *
tokens_find(const struct tokens *t, const unsigned char hash[TOKEN_HASH_BYTES])
{
	const struct token *found = NULL;

	for (size_t i = 0; i < t->count; i++)
		if (same_hash(t->list[i].hash, hash))
			found = &t->list[i];
	return found;
}

bool
token_may(const struct token *t, enum token_role role)
{
	return t->role >= role;
}

bool
token_sees(const struct token *t, const char *camera)
{
	for (size_t i = 0; i < t->camera_count; i++)
		if (camera && strcmp(t->cameras[i], camera) == 0)
			return true;
	return t->camera_count == 0;
}
