/* proctitle.c - what ps shows of this process.
 * The only user of libbsd. One thread. */
#include <bsd/unistd.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/proctitle.h"

/* libbsd's own limit (SPT_MAXTITLE). */
#define TITLE_MAX 255

void
proctitle_init(int argc, char *argv[], char *envp[])
{
	setproctitle_init(argc, argv, envp);
}

void
proctitle_set(const char *fmt, ...)
{
	char title[TITLE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(title, sizeof(title), fmt, ap);
	va_end(ap);
	/* Without the dash libbsd puts argv[0] in front. */
	setproctitle("-%s", title);
}
