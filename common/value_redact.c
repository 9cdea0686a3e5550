/* value_redact.c - what may be shown of values that hold secrets in their midst. Pure. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/value_redact.h"
#include "common/xmalloc.h"

/* The n bytes of a URL up to its host: what follows may be a secret. */
static void
print_host(FILE *out, const char *url, size_t n)
{
	const char *scheme_end = memmem(url, n, "://", 3);
	const char *authority = scheme_end + 3;
	size_t left = n - (size_t)(authority - url);
	size_t len = strcspn(authority, "/?#, ");
	len = len > left ? left : len;
	const char *at = memrchr(authority, '@', len);
	const char *host = at ? at + 1 : authority;

	fprintf(out, "%.*s%.*s%s", (int)(authority - url), url, (int)(authority + len - host), host,
		len < left ? "/***" : "");
}

/* Whether n bytes are a choice, or begin with one up to its colon: "whip:NAME". */
static bool
is_choice(const char *choices, const char *s, size_t n)
{
	const char *c = choices;

	for (size_t len = strcspn(c, " "); len > 0; len = strcspn(c, " ")) {
		const char *colon = memchr(c, ':', len);
		size_t head = colon ? (size_t)(colon - c) + 1 : len;
		if (colon ? n > head && memcmp(c, s, head) == 0 : n == len && !memcmp(c, s, n))
			return true;
		c += len + strspn(c + len, " ");
	}
	return false;
}

char *
value_redact_list(const char *choices, const char *list)
{
	bool has_url = strstr(list, "://") != NULL;
	const char *s = list;
	char *out = NULL;
	size_t size;
	FILE *f = xopen_memstream(&out, &size);

	for (const char *sep = ""; s; sep = ", ") {
		s += strspn(s, " \t");
		size_t n = strcspn(s, ",");
		size_t word = n;
		while (word > 0 && strchr(" \t", s[word - 1]))
			word--;
		fputs(sep, f);
		if (memmem(s, word, "://", 3))
			print_host(f, s, word);
		else if (!has_url || is_choice(choices, s, word))
			fprintf(f, "%.*s", (int)word, s);
		else
			fputs(word ? "***" : "", f);
		s = s[n] ? s + n + 1 : NULL;
	}
	fclose(f);
	return out;
}

char *
value_redact_url(const char *url)
{
	char *out = NULL;
	size_t size;
	FILE *f = xopen_memstream(&out, &size);

	print_host(f, url, strlen(url));
	fclose(f);
	return out;
}
