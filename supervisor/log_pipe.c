/* log_pipe.c - a worker's lines, from its pipe into our log.
 * Owns the read end and the line that is not complete yet. The lines are the worker's, with its
 * time and level: they go out as they came, but for those that are too many. Loop thread. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "supervisor/log_limit.h"
#include "supervisor/log_pipe.h"
#include "supervisor/timer.h"

/* Twice what common/log.c makes, and with a newline what a pipe takes whole or not at all (pipe(7),
 * PIPE_BUF); a longer line is cut into several. */
#define LINE_MAX_BYTES 4095
/* Then back to the loop, which calls again: one worker that writes without end must not starve the
 * rest. */
#define READS_PER_WAKEUP 4
/* What a worker can have left in its pipe when it died: a pipe's size, pipe(7). */
#define READS_AT_CLOSE (65536 / LINE_MAX_BYTES + 1)
/* How often it is said that lines are dropped. */
#define REPORT_MS 10000

struct log_pipe {
	const char *camera;
	int fd;
	uv_poll_t poll;
	struct log_limit limit;
	struct timer *timer; /* owned; runs while there are lines dropped to be told */
	bool telling;
	char line[LINE_MAX_BYTES + 1]; /* and a newline */
	size_t len;
};

static bool
is_log_line(const char *line, size_t len)
{
	if (log_format() == LOG_JSON)
		return line[0] == '{';
	return len > 4 && isdigit((unsigned char)line[0]) && line[4] == '-';
}

static void
tell_dropped(struct log_pipe *p)
{
	int64_t lines = log_limit_dropped(&p->limit);

	if (lines > 0)
		log_warn("worker lines dropped", LOG_CAM(p->camera), LOG_INT("lines", lines));
}

static void
on_report_due(void *arg)
{
	struct log_pipe *p = arg;

	p->telling = false;
	tell_dropped(p);
}

static bool
may_put(struct log_pipe *p)
{
	if (log_limit_take(&p->limit, clock_now()))
		return true;
	if (!p->telling)
		timer_start(p->timer, REPORT_MS);
	p->telling = true;
	return false;
}

/* The line without its newline; line[len] may be written. */
static void
put_line(struct log_pipe *p, char *line, size_t len)
{
	if (len == 0 || !may_put(p))
		return;
	if (!is_log_line(line, len)) {
		line[len] = '\0';
		log_warn("worker said", LOG_CAM(p->camera), LOG_STR("text", line));
		return;
	}
	line[len] = '\n';
	log_put_line(line, len + 1);
}

/* Puts out what is complete, and what is too long to become it. */
static void
put_lines(struct log_pipe *p)
{
	char *start = p->line;
	char *end = p->line + p->len;

	for (char *nl; (nl = memchr(start, '\n', (size_t)(end - start))) != NULL; start = nl + 1)
		put_line(p, start, (size_t)(nl - start));
	p->len = (size_t)(end - start);
	memmove(p->line, start, p->len);
	if (p->len < LINE_MAX_BYTES)
		return;
	put_line(p, p->line, p->len);
	p->len = 0;
}

/* False when there is nothing to read now, or ever. */
static bool
read_some(struct log_pipe *p)
{
	ssize_t n = read(p->fd, p->line + p->len, LINE_MAX_BYTES - p->len);

	if (n == 0)
		uv_poll_stop(&p->poll);
	if (n <= 0)
		return false;
	p->len += (size_t)n;
	put_lines(p);
	return true;
}

static void
on_readable(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	for (int i = 0; i < READS_PER_WAKEUP && read_some(poll->data); i++)
		;
}

int
log_pipe_open(uv_loop_t *loop, const char *camera, struct log_pipe **out, int *write_fd)
{
	int fds[2];

	/* The write end too: a worker rather loses lines than waits for us. */
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	struct log_pipe *p = xcalloc(1, sizeof(*p));
	p->camera = camera;
	p->fd = fds[0];
	p->poll.data = p;
	p->timer = timer_new(loop, on_report_due, p);
	log_limit_init(&p->limit, clock_now());
	uv_poll_init(loop, &p->poll, p->fd);
	uv_poll_start(&p->poll, UV_READABLE, on_readable);
	*out = p;
	*write_fd = fds[1];
	return 0;
}

static void
on_closed(uv_handle_t *handle)
{
	struct log_pipe *p = handle->data;

	close(p->fd);
	free(p);
}

void
log_pipe_close(struct log_pipe *p)
{
	if (!p)
		return;
	for (int i = 0; i < READS_AT_CLOSE && read_some(p); i++)
		;
	put_line(p, p->line, p->len);
	tell_dropped(p);
	timer_free(p->timer);
	uv_close((uv_handle_t *)&p->poll, on_closed);
}
