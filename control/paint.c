/* paint.c - when camctl uses colours, and which. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/paint.h"

#define GOOD "\033[32m"
#define BETWEEN "\033[33m"

bool
paint_wanted(FILE *out)
{
	const char *none = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return (!none || !*none) && term && strcmp(term, "dumb") != 0 && isatty(fileno(out));
}

const char *
paint_of_word(const char *word)
{
	/* clang-format off */
	static const struct {
		const char *word, *colour;
	} colours[] = {
		{ .word = "running",      .colour = GOOD },
		{ .word = "healthy",      .colour = GOOD },
		{ .word = "starting",     .colour = BETWEEN },
		{ .word = "reconnecting", .colour = BETWEEN },
		{ .word = "degraded",     .colour = BETWEEN },
		{ .word = "failed",       .colour = PAINT_BAD },
		{ .word = "offline",      .colour = PAINT_BAD },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++)
		if (strcmp(colours[i].word, word) == 0)
			return colours[i].colour;
	return "";
}
