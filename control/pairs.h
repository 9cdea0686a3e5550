#ifndef CONTROL_PAIRS_H
#define CONTROL_PAIRS_H

#include <stdio.h>

struct json;

/* The words key=value of a command line as [{"key":...,"value":...}]. A value of - is the next line
 * of in: nothing secret has to be on a command line, where every user sees it. Returns NULL with a
 * sentence in why. */
struct json *pairs_parse(char *const *words, int count, FILE *in, char *why, size_t why_size);

#endif
