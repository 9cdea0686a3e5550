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
words_of_page(char *out, size_t size, int status, const char *body, size_t len)
{
	char page[PAGE_BYTES_MAX + 1];
	char line[128];
	size_t n = len < PAGE_BYTES_MAX ? len : PAGE_BYTES_MAX;

	/* A NUL in it ends it: nothing behind one is text. */
	memcpy(page, body, n);
	page[n] = '\0';
	char *text = page + strspn(page, " \t\r\n");
	char *title = strcasestr(page, "<title");
	char *start = title ? strchr(title, '>') : NULL;
	if (*text == '<' && start) {
		start[1 + strcspn(start + 1, "<")] = '\0';
		snprintf(out, size, "HTML page: %s", words_copy(line, sizeof(line), start + 1));
	} else if (*text == '<') {
		snprintf(out, size, "HTML page: %s", words_copy(line, sizeof(line), text));
	} else if (*text == '\0') {
		snprintf(out, size, "empty answer");
	} else if (status / 100 == 2) {
		snprintf(out, size, "no usable JSON in %zu bytes", len);
	} else {
		snprintf(out, size, "not JSON: %s", words_copy(line, sizeof(line), text));
	}
	return out;
}
