#ifndef COMMON_XMALLOC_H
#define COMMON_XMALLOC_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The C library's, but never NULL: a daemon that has no memory for its own small things cannot say
 * so either, so it aborts, and whoever supervises it starts another. What comes from outside is
 * limited before memory is taken for it. All but the stream is freed by free(). */

static inline void *
xchecked(void *p)
{
	if (!p)
		abort();
	return p;
}

static inline void *
xmalloc(size_t size)
{
	return xchecked(malloc(size));
}

/* Zeroed. */
static inline void *
xcalloc(size_t count, size_t size)
{
	return xchecked(calloc(count, size));
}

static inline void *
xrealloc(void *p, size_t size)
{
	return xchecked(realloc(p, size));
}

/* NULL's copy is NULL. */
static inline char *
xstrdup(const char *s)
{
	return s ? xchecked(strdup(s)) : NULL;
}

/* The first length bytes, or up to the terminator. */
static inline char *
xstrndup(const char *s, size_t length)
{
	return xchecked(strndup(s, length));
}

__attribute__((format(printf, 1, 2))) static inline char *
xasprintf(const char *format, ...)
{
	char *text;
	va_list args;

	va_start(args, format);
	int n = vasprintf(&text, format, args);
	va_end(args);
	return xchecked(n < 0 ? NULL : text);
}

static inline FILE *
xopen_memstream(char **text, size_t *size)
{
	return xchecked(open_memstream(text, size));
}

#endif
