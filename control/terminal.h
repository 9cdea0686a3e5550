#ifndef CONTROL_TERMINAL_H
#define CONTROL_TERMINAL_H

#include <stddef.h>

#include "common/clock.h"

/* The terminal of standard input and output, taken over for a program that draws its whole screen:
 * the alternate screen, no cursor, no echo, each key at once. One at a time; main thread. */

/* What terminal_wait tells beside keys, which are positive. */
#define TERMINAL_TIME 0     /* the moment has come */
#define TERMINAL_RESIZED -1 /* or it was drawn over: draw anew */
#define TERMINAL_END -2     /* Ctrl-C, SIGTERM, a terminal that is gone */

/* Takes it over. Returns 0, or -1 with errno: ENOTTY if one of both is no terminal. From then on
 * SIGINT, SIGTERM, SIGHUP, SIGTSTP and SIGWINCH are held back until terminal_wait. */
int terminal_open(void);

/* Gives it back as it was. */
void terminal_close(void);

/* Waits for a key until that moment. Ctrl-Z stops the program with the terminal given back, as it
 * does to every other; when it goes on, that is TERMINAL_RESIZED. */
int terminal_wait(ms_t until);

/* Draws the screen: text of len bytes, its lines cut at the window's columns and rows. Lines after
 * the first `rows` are not shown, but for the last one, which is always the window's last. SGR
 * escapes (colours) are let through, all other control characters become '?': what a camera said
 * cannot play with the terminal. Returns -1 if the terminal is gone. */
int terminal_draw(const char *text, size_t len);

#endif
