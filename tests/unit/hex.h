#ifndef TESTS_UNIT_HEX_H
#define TESTS_UNIT_HEX_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Real bytes as they are in a capture: "67 42 c0", blanks optional. */
struct hex {
	uint8_t *bytes; /* of exactly len, so that ASan sees a read past the end; to be freed */
	size_t len;
};

static inline struct hex
hex(const char *text)
{
	struct hex h = { .bytes = malloc(strlen(text) / 2 + 1) };
	unsigned byte;
	int used;

	while (h.bytes && sscanf(text, "%2x%n", &byte, &used) == 1) {
		h.bytes[h.len++] = (uint8_t)byte;
		text += used;
	}
	uint8_t *exact = realloc(h.bytes, h.len ? h.len : 1);
	if (!exact)
		abort();
	h.bytes = exact;
	return h;
}

#endif
