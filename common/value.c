/* value.c - the types of settings: text to value, value to text, and what is allowed.
 * One row per type; knows nothing of files and sections. Pure, any thread. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/name.h"
#include "common/value.h"
#include "common/value_redact.h"
#include "common/xmalloc.h"

#define PORT_MAX 65535

/* What a number may be followed by; the smallest first. */
struct unit {
	const char *name;
	int64_t factor;
};

/* clang-format off */
static const struct unit plain[] = { { "", 1 }, { 0 } };
static const struct unit percents[] = { { "%", 1 }, { 0 } };
static const struct unit durations[] = {
	{ "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 }, { 0 },
};
static const struct unit sizes[] = {
	{ "", 1 }, { "K", 1 << 10 }, { "M", 1 << 20 }, { "G", 1 << 30 }, { "T", 1LL << 40 }, { 0 },
};
/* clang-format on */

static bool
is_all_of(const char *s, size_t n, const char *allowed)
{
	return strspn(s, allowed) >= n;
}

static bool
is_token(const struct setting *row, const char *s)
{
	(void)row;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("._-", *s))
			return false;
	return true;
}

bool
value_is_name(const char *s)
{
	size_t n = strlen(s);

	return n >= 1 && n < NAME_BYTES && !strchr("._-", *s) &&
	       is_all_of(s, n, "abcdefghijklmnopqrstuvwxyz0123456789._-");
}

static bool
is_name(const struct setting *row, const char *s)
{
	(void)row;
	return value_is_name(s);
}

static bool
is_path(const struct setting *row, const char *s)
{
	(void)row;
	for (const char *c = s; *c; c++)
		if (iscntrl((unsigned char)*c))
			return false;
	return *s == '/';
}

/* What secret_read takes; without a slash it is a file of $CREDENTIALS_DIRECTORY. */
static bool
is_secret(const struct setting *row, const char *s)
{
	return strchr(s, '/') ? is_path(row, s) : is_token(row, s) && isalnum((unsigned char)*s);
}

/* Of the n bytes at s: "10.0.0.7:8080", "cam.lan", "[::1]:554". */
static bool
is_host_port(const char *s, size_t n, bool port_needed)
{
	bool v6 = n > 0 && *s == '[';
	size_t host = v6 ? strcspn(s, "]") + 1 : strcspn(s, ":/?#");
	char *end;

	if (host > n || host < (v6 ? 4u : 1u))
		return false;
	if (v6 ? !is_all_of(s + 1, host - 2, "0123456789abcdefABCDEF:.%")
	       : !is_all_of(s, host,
			 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"))
		return false;
	if (host == n)
		return !port_needed;
	if (s[host] != ':' || !isdigit((unsigned char)s[host + 1]))
		return false;
	unsigned long port = strtoul(s + host + 1, &end, 10);
	return end == s + n && port >= (port_needed ? 0 : 1) && port <= PORT_MAX;
}

static bool
is_list(const struct setting *row, const char *s)
{
	(void)row;
	for (; *s; s++)
		if (!isgraph((unsigned char)*s) && *s != ' ' && *s != '\t')
			return false;
	return true;
}

static bool
is_address(const struct setting *row, const char *s)
{
	return (row->choices && strcmp(row->choices, s) == 0) || is_host_port(s, strlen(s), true);
}

/* The i-th of the blank-separated choices: its length, and *at its beginning; 0 past the end. */
static size_t
choice(const struct setting *row, unsigned i, const char **at)
{
	const char *c = row->choices;

	for (; i > 0 && *c; i--)
		c += strcspn(c, " ") + strspn(c + strcspn(c, " "), " ");
	*at = c;
	return strcspn(c, " ");
}

static int
choice_find(const struct setting *row, const char *s, size_t n)
{
	const char *c;
	size_t len = choice(row, 0, &c);

	for (unsigned i = 0; len > 0; len = choice(row, ++i, &c))
		if (len == n && memcmp(c, s, n) == 0)
			return (int)i;
	return -1;
}

static bool
is_url(const struct setting *row, const char *s)
{
	const char *authority = strstr(s, "://");

	for (const char *c = s; *c; c++)
		if (!isgraph((unsigned char)*c) || strchr("\"<>\\^`{|}", *c))
			return false;
	if (!authority || choice_find(row, s, (size_t)(authority - s)) < 0)
		return false;
	authority += 3;
	size_t n = strcspn(authority, "/?#");
	const char *at = memrchr(authority, '@', n);
	const char *host = at ? at + 1 : authority;
	return is_host_port(host, n - (size_t)(host - authority), false);
}

enum storage { STORE_STRING, STORE_BOOL, STORE_INT, STORE_INT64 };

struct type {
	enum storage storage;
	const struct unit *units; /* numbers only */
	const char *noun;         /* with its article, for value_allowed */
	bool (*check)(const struct setting *row, const char *s); /* strings only */
};

/* clang-format off */
static const struct type types[] = {
	[SET_TOKEN]    = { .storage = STORE_STRING, .check = is_token,
	                   .noun = "letters, digits and . _ -" },
	[SET_NAME]     = { .storage = STORE_STRING, .check = is_name,
	                   .noun = "a name of a-z, 0-9 and . _ - that begins with a letter or digit" },
	[SET_PATH]     = { .storage = STORE_STRING, .check = is_path, .noun = "an absolute path" },
	[SET_SECRET]   = { .storage = STORE_STRING, .check = is_secret,
	                   .noun = "an absolute path or the name of a systemd credential" },
	[SET_URL]      = { .storage = STORE_STRING, .check = is_url, .noun = "a URL" },
	[SET_LIST]     = { .storage = STORE_STRING, .check = is_list,
	                   .noun = "a list with commas of" },
	[SET_ADDRESS]  = { .storage = STORE_STRING, .check = is_address,
	                   .noun = "host:port or [IPv6]:port" },
	[SET_BOOL]     = { .storage = STORE_BOOL, .noun = "yes or no" },
	[SET_INT]      = { .storage = STORE_INT, .units = plain, .noun = "a whole number" },
	[SET_DURATION] = { .storage = STORE_INT64, .units = durations, .noun = "a duration" },
	[SET_BYTES]    = { .storage = STORE_INT64, .units = sizes, .noun = "a size in bytes" },
	[SET_PERCENT]  = { .storage = STORE_INT, .units = percents, .noun = "a percentage" },
	[SET_ENUM]     = { .storage = STORE_INT, .noun = "one of" },
};
/* clang-format on */

/* "90s" is 90 of the unit s. No sign, no blank, no fraction; too big for int64_t is refused. */
static int
parse_number(const struct unit *units, const char *text, int64_t *out)
{
	int64_t n = 0;
	const char *c = text;

	for (; isdigit((unsigned char)*c); c++)
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *c - '0', &n))
			return -1;
	if (c == text)
		return -1;
	for (; units->name; units++)
		if (strcmp(c, units->name) == 0)
			return __builtin_mul_overflow(n, units->factor, out) ? -1 : 0;
	return -1;
}

/* In the biggest unit that needs no fraction: 90000 ms is "90s", 120000 ms is "2m". */
static void
print_number(const struct unit *units, int64_t n, char *out, size_t size)
{
	const struct unit *best = units;

	for (const struct unit *u = units; u->name; u++)
		if (n >= u->factor && n % u->factor == 0)
			best = u;
	snprintf(out, size, "%lld%s", (long long)(n / best->factor), best->name);
}

static void
store_string(char **at, const char *text)
{
	char *copy = xstrdup(text);

	free(*at);
	*at = copy;
}

static int
parse_string(const struct setting *row, const char *text, char **at)
{
	int64_t n = (int64_t)strlen(text);

	if (n == 0 || n < row->min || (row->max > 0 && n > row->max))
		return -1;
	if (!types[row->type].check(row, text))
		return -1;
	store_string(at, text);
	return 0;
}

static int
parse_bool(const char *text, bool *at)
{
	bool yes = strcmp(text, "yes") == 0;

	if (!yes && strcmp(text, "no") != 0)
		return -1;
	*at = yes;
	return 0;
}

/* Numbers, and the number of a choice. */
static int
parse_int(const struct setting *row, const char *text, int64_t *out)
{
	if (row->type == SET_ENUM) {
		*out = choice_find(row, text, strlen(text));
		return *out < 0 ? -1 : 0;
	}
	if (parse_number(types[row->type].units, text, out) < 0)
		return -1;
	return *out < row->min || *out > row->max ? -1 : 0;
}

int
value_parse(const struct setting *row, const char *text, void *at)
{
	int64_t n = 0;

	switch (types[row->type].storage) {
	case STORE_STRING:
		return parse_string(row, text, at);
	case STORE_BOOL:
		return parse_bool(text, at);
	case STORE_INT:
		if (parse_int(row, text, &n) < 0)
			return -1;
		*(int *)at = (int)n;
		return 0;
	case STORE_INT64:
		if (parse_int(row, text, &n) < 0)
			return -1;
		*(int64_t *)at = n;
		return 0;
	}
	return -1;
}

/* "rtsp:// or rtsps://", "yes, no, events". */
static void
join_choices(
	const struct setting *row, const char *suffix, const char *between, char *out, size_t size)
{
	size_t used = 0;
	const char *c;
	size_t len = choice(row, 0, &c);

	out[0] = '\0';
	for (unsigned i = 0; len > 0 && used < size; len = choice(row, ++i, &c))
		used += (size_t)snprintf(out + used, size - used, "%s%.*s%s", i > 0 ? between : "",
			(int)len, c, suffix);
}

const char *
value_allowed(const struct setting *row, char out[VALUE_TEXT_MAX])
{
	const struct type *type = &types[row->type];
	char from[96], to[32];

	if (row->type == SET_ENUM || row->type == SET_LIST) {
		join_choices(row, "", ", ", from, sizeof(from));
		snprintf(out, VALUE_TEXT_MAX, "%s %s", type->noun, from);
	} else if (type->units) {
		print_number(type->units, row->min, from, sizeof(from));
		print_number(type->units, row->max, to, sizeof(to));
		snprintf(out, VALUE_TEXT_MAX, "%s from %s to %s", type->noun, from, to);
	} else if (row->type == SET_ADDRESS && row->choices) {
		snprintf(out, VALUE_TEXT_MAX, "%s, or %s", type->noun, row->choices);
	} else if (row->type == SET_URL) {
		join_choices(row, "://", " or ", from, sizeof(from));
		snprintf(out, VALUE_TEXT_MAX,
			"%s that begins with %s, with a host, of at most %lld bytes", type->noun,
			from, (long long)row->max);
	} else if (row->max > 0) {
		snprintf(out, VALUE_TEXT_MAX, "%s, at most %lld bytes", type->noun,
			(long long)row->max);
	} else {
		snprintf(out, VALUE_TEXT_MAX, "%s", type->noun);
	}
	return out;
}

static char *
string_text(const struct setting *row, const char *s, bool redact)
{
	char url[VALUE_TEXT_MAX];
	char *out = NULL;

	if (!s)
		return NULL;
	if (!redact || !row->secret)
		store_string(&out, s);
	else if (row->type == SET_URL && row->secret_path)
		return value_redact_url(s);
	else if (row->type == SET_URL)
		store_string(&out, log_redact_url(s, url, sizeof(url)));
	else if (row->type == SET_LIST)
		return value_redact_list(row->choices, s);
	else
		store_string(&out, "***");
	return out;
}

static char *
number_text(const struct setting *row, int64_t n)
{
	char buf[VALUE_TEXT_MAX];
	char *out = NULL;
	const char *c = "";

	if (row->type == SET_ENUM) {
		size_t len = choice(row, (unsigned)n, &c);
		snprintf(buf, sizeof(buf), "%.*s", (int)len, c);
	} else {
		print_number(types[row->type].units, n, buf, sizeof(buf));
	}
	store_string(&out, buf);
	return out;
}

char *
value_text(const struct setting *row, const void *at, bool redact)
{
	char *out = NULL;

	switch (types[row->type].storage) {
	case STORE_STRING:
		return string_text(row, *(char *const *)at, redact);
	case STORE_BOOL:
		store_string(&out, *(const bool *)at ? "yes" : "no");
		return out;
	case STORE_INT:
		return number_text(row, *(const int *)at);
	case STORE_INT64:
		return number_text(row, *(const int64_t *)at);
	}
	return NULL;
}

static bool
same_string(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool
value_equal(const struct setting *row, const void *a, const void *b)
{
	switch (types[row->type].storage) {
	case STORE_STRING:
		return same_string(*(char *const *)a, *(char *const *)b);
	case STORE_BOOL:
		return *(const bool *)a == *(const bool *)b;
	case STORE_INT:
		return *(const int *)a == *(const int *)b;
	case STORE_INT64:
		return *(const int64_t *)a == *(const int64_t *)b;
	}
	return true;
}

void
value_copy(const struct setting *row, const void *from, void *to)
{
	switch (types[row->type].storage) {
	case STORE_STRING:
		if (*(char *const *)from)
			store_string(to, *(char *const *)from);
		else
			value_clear(row, to);
		break;
	case STORE_BOOL:
		*(bool *)to = *(const bool *)from;
		break;
	case STORE_INT:
		*(int *)to = *(const int *)from;
		break;
	case STORE_INT64:
		*(int64_t *)to = *(const int64_t *)from;
		break;
	}
}

void
value_clear(const struct setting *row, void *at)
{
	if (types[row->type].storage != STORE_STRING)
		return;
	free(*(char **)at);
	*(char **)at = NULL;
}
