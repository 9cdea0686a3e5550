/* words.c - other people's words, made fit for a log line. Pure. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "supervisor/words.h"

/* How much of a strange body is looked at for its title. */
#define PAGE_BYTES_MAX 4096

char *
words_copy(char *out, size_t size, const char *text)
{
	size_t n = 0;

	text += strspn(text, " \t\r\n");
	for (; *text && !strchr("\r\n", *text) && n + 1 < size; text++) {
		bool blank = *text == ' ' || *text == '\t';
		if (blank && n > 0 && out[n - 1] == ' ')
			continue;
		out[n++] = blank ? ' ' : *text > ' ' && *text <= '~' ? *text : '?';
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	return out;
}

char *
words_of_page(char *out, size_t size, const char *body, size_t len)
{
	char page[PAGE_BYTES_MAX + 1];
	char line[128];

	if (len > PAGE_BYTES_MAX)
		len = PAGE_BYTES_MAX;
	/* A NUL in it ends it: nothing behind one is text. */
	memcpy(page, body, len);
	page[len] = '\0';
	char *title = strcasestr(page, "<title");
	char *start = title ? strchr(title, '>') : NULL;
	if (start) {
		start[1 + strcspn(start + 1, "<")] = '\0';
		snprintf(out, size, "HTML page: %s", words_copy(line, sizeof(line), start + 1));
	} else if (page[strspn(page, " \t\r\n")] == '\0') {
		snprintf(out, size, "empty answer");
	} else {
		bool html = page[strspn(page, " \t\r\n")] == '<';
		snprintf(out, size, "%s: %s", html ? "HTML page" : "not JSON",
			words_copy(line, sizeof(line), page));
	}
	return out;
}
