#ifndef CONTROL_PAINT_H
#define CONTROL_PAINT_H

#include <stdbool.h>
#include <stdio.h>

/* Whether out is to be coloured: it is a terminal that knows how (TERM is set, and is not dumb),
 * and NO_COLOR (https://no-color.org) is absent or empty. */
bool paint_wanted(FILE *out);

/* What begins the colour of a camera's state or health: good, in between, or bad; "" for
 * words that have none. PAINT_END ends each. */
const char *paint_of_word(const char *word);

/* For what went wrong, and for headings. */
#define PAINT_BAD "\033[31m"
#define PAINT_HEADING "\033[1m"
#define PAINT_END "\033[0m"

#endif
