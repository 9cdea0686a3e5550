#ifndef COMMON_WIPE_H
#define COMMON_WIPE_H

#include <stdlib.h>
#include <string.h>

/* Frees a string that held a secret, and overwrites it first. NULL is fine. */
static inline void
wipe_free(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

#endif
