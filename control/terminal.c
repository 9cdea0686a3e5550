/* terminal.c - a terminal taken over, and given back as it was.
 * Owns its modes and the signals that concern it. Escapes are those of ECMA-48 and xterm (alternate
 * screen), which every terminal of the last twenty years knows: no terminfo. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "control/paint.h"
#include "control/terminal.h"

#define ENTER "\033[?1049h\033[?25l"
#define LEAVE "\033[?25h\033[?1049l"
#define HOME "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_BELOW "\033[J"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGWINCH };
#define SIGNALS (sizeof(signals) / sizeof(signals[0]))

/* The signal that came last, 0 after it was seen to. */
static volatile sig_atomic_t came;
static struct termios modes_before;
static sigset_t mask_before;

static void
on_signal(int signum)
{
	came = signum;
}

static void
say(const char *escapes)
{
	fputs(escapes, stdout);
	fflush(stdout);
}

static void
enter(void)
{
	struct termios modes = modes_before;

	/* Signals stay: Ctrl-C is one. */
	modes.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
	modes.c_cc[VMIN] = 1;
	modes.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &modes);
	say(ENTER);
}

static void
leave(void)
{
	say(LEAVE);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &modes_before);
}

int
terminal_open(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t mask;

	if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &modes_before) < 0)
		return -1;
	sigemptyset(&mask);
	for (size_t i = 0; i < SIGNALS; i++) {
		sigaddset(&mask, signals[i]);
		sigaction(signals[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &mask, &mask_before);
	/* A screen at a time, not a line. */
	setvbuf(stdout, NULL, _IOFBF, BUFSIZ * 8);
	enter();
	return 0;
}

void
terminal_close(void)
{
	leave();
	sigprocmask(SIG_SETMASK, &mask_before, NULL);
}

/* The window's size; 80 by 24 if it does not know. */
static void
get_size(int *rows, int *columns)
{
	struct winsize size = { 0 };

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	*rows = size.ws_row ? size.ws_row : 24;
	*columns = size.ws_col ? size.ws_col : 80;
}

/* What the signal that came means. */
static int
see_to_signal(void)
{
	int signum = came;

	came = 0;
	if (signum == SIGWINCH)
		return TERMINAL_RESIZED;
	if (signum != SIGTSTP)
		return TERMINAL_END;
	leave();
	raise(SIGSTOP);
	enter();
	return TERMINAL_RESIZED;
}

int
terminal_wait(ms_t until)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	ms_t left = until - clock_now();
	struct timespec pause = { 0 };
	unsigned char key;

	if (left > 0)
		pause = (struct timespec){ .tv_sec = left / 1000,
			.tv_nsec = left % 1000 * 1000000 };
	int n = ppoll(&p, 1, &pause, &mask_before);
	if (n < 0)
		return errno == EINTR ? see_to_signal() : TERMINAL_END;
	if (n == 0)
		return TERMINAL_TIME;
	return read(STDIN_FILENO, &key, 1) == 1 && key > 0 ? key : TERMINAL_END;
}

/* ---- drawing --------------------------------------------------------------------------------- */

/* How many bytes of an SGR escape begin the text, 0 if none does. */
static size_t
colour_len(const char *text, size_t len)
{
	size_t n = 2;

	if (len < 3 || text[0] != '\033' || text[1] != '[')
		return 0;
	while (n < len && strchr("0123456789;", text[n]) && text[n])
		n++;
	return n < len && text[n] == 'm' ? n + 1 : 0;
}

/* A byte of UTF-8 after the first of its character takes no column. */
static bool
is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Clears first: after the last column, that would take its character along. */
static void
draw_line(const char *line, size_t len, int columns, const char *clear)
{
	int column = 0;
	bool coloured = false;

	fputs(clear, stdout);
	for (size_t i = 0, n; i < len; i += n) {
		n = colour_len(line + i, len - i);
		if (n > 0) {
			fwrite(line + i, 1, n, stdout);
			coloured = true;
			continue;
		}
		n = 1;
		if (!is_continuation(line[i]))
			column++;
		if (column > columns)
			break;
		bool printable = (unsigned char)line[i] >= ' ' && line[i] != '\177';
		putchar(printable ? line[i] : '?');
	}
	if (coloured)
		fputs(PAINT_END, stdout);
}

int
terminal_draw(const char *text, size_t len)
{
	int rows, columns;
	const char *end = text + len;

	get_size(&rows, &columns);
	fputs(HOME, stdout);
	for (int row = 1; text < end; row++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *line_end = newline ? newline : end;
		bool last = line_end + 1 >= end;
		size_t n = (size_t)(line_end - text);
		if (last)
			draw_line(text, n, columns, CLEAR_BELOW);
		else if (row < rows) {
			draw_line(text, n, columns, CLEAR_LINE);
			fputs("\r\n", stdout);
		}
		text = line_end + 1;
	}
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : -1;
}
