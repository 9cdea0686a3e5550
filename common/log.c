/* log.c - where lines go and what they look like.
 * Owns the sink, the one global that STYLE 10 allows. Any thread: a line is one write(2). */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/log.h"

/* Long enough for a sentence of Google's; what is longer is cut, never split over two lines. */
#define LINE_MAX_BYTES 2048
/* Redacted URLs keep this much of the path: enough to see which server, too little to open it. */
#define URL_PATH_KEPT 40

static struct {
	atomic_int fd;
	enum log_format format;
	enum log_level level;
	char path[512];
} sink = { .fd = STDERR_FILENO, .format = LOG_LOGFMT, .level = LOG_INFO };

static const char *const level_names[] = {
	[LOG_DEBUG] = "debug",
	[LOG_INFO] = "info",
	[LOG_WARN] = "warn",
	[LOG_ERROR] = "error",
};

struct line {
	char text[LINE_MAX_BYTES];
	size_t len;
};

static void
put(struct line *l, const char *s, size_t n)
{
	size_t room = sizeof(l->text) - 2 - l->len; /* the closing brace and the newline */

	if (n > room)
		n = room;
	memcpy(l->text + l->len, s, n);
	l->len += n;
}

static void
put_str(struct line *l, const char *s)
{
	put(l, s, strlen(s));
}

static void __attribute__((format(printf, 2, 3))) putf(struct line *l, const char *fmt, ...)
{
	char buf[64];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (n > 0)
		put(l, buf, (size_t)n < sizeof(buf) ? (size_t)n : sizeof(buf) - 1);
}

static void
put_time(struct line *l)
{
	int64_t us = clock_wall_us();
	time_t seconds = (time_t)(us / 1000000);
	struct tm tm;
	char date[32];

	gmtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	putf(l, "%s.%03dZ", date, (int)(us / 1000 % 1000));
}

static void
put_quoted(struct line *l, const char *s)
{
	put(l, "\"", 1);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c == '"' || c == '\\')
			putf(l, "\\%c", c);
		else if (c == '\n')
			put_str(l, "\\n");
		else if (c < 0x20 || c == 0x7f)
			putf(l, "\\u%04x", c);
		else
			put(l, s, 1);
	}
	put(l, "\"", 1);
}

static bool
is_plain(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if ((unsigned char)*s <= ' ' || *s == '"' || *s == '=' || *s == '\\' || *s == 0x7f)
			return false;
	return true;
}

static void
put_value(struct line *l, const struct log_field *f, enum log_format format)
{
	const char *s = f->u.s ? f->u.s : "-";

	switch (f->type) {
	case LOG_TYPE_INT:
		putf(l, "%lld", (long long)f->u.i);
		break;
	case LOG_TYPE_REAL:
		putf(l, isfinite(f->u.d) ? "%.3f" : "null", f->u.d);
		break;
	case LOG_TYPE_STR:
		if (format == LOG_LOGFMT && is_plain(s))
			put_str(l, s);
		else
			put_quoted(l, s);
		break;
	case LOG_END:
		break;
	}
}

static void
put_logfmt_fields(struct line *l, const struct log_field *fields, bool ids)
{
	for (; fields->type != LOG_END; fields++) {
		if (fields->id != ids)
			continue;
		putf(l, " %s=", fields->key);
		put_value(l, fields, LOG_LOGFMT);
	}
}

static void
format_logfmt(
	struct line *l, enum log_level level, const char *event, const struct log_field *fields)
{
	put_time(l);
	putf(l, " %s", level_names[level]);
	put_logfmt_fields(l, fields, true);
	put_str(l, " ");
	put_str(l, event);
	put_logfmt_fields(l, fields, false);
}

static void
format_json(struct line *l, enum log_level level, const char *event, const struct log_field *fields)
{
	put_str(l, "{\"ts\":\"");
	put_time(l);
	putf(l, "\",\"level\":\"%s\",\"event\":", level_names[level]);
	put_quoted(l, event);
	for (; fields->type != LOG_END; fields++) {
		/* A field that would not fit whole is left out, so that the line stays JSON. */
		size_t before = l->len;
		putf(l, ",\"%s\":", fields->key);
		put_value(l, fields, LOG_JSON);
		if (l->len >= sizeof(l->text) - 2)
			l->len = before;
	}
	l->text[l->len++] = '}';
}

void
log_write(enum log_level level, const char *event, const struct log_field *fields)
{
	int saved = errno;
	struct line l = { .len = 0 };

	if (level < sink.level)
		return;
	if (sink.format == LOG_JSON)
		format_json(&l, level, event, fields);
	else
		format_logfmt(&l, level, event, fields);
	l.text[l.len++] = '\n';
	/* Nowhere to report that the log itself cannot be written. */
	ssize_t n = write(atomic_load(&sink.fd), l.text, l.len);
	(void)n;
	errno = saved;
}

static int
open_sink(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);

	if (fd < 0)
		return ERR_SYS;
	int old = atomic_exchange(&sink.fd, fd);
	if (old != STDERR_FILENO)
		close(old);
	return 0;
}

int
log_open(const char *path, enum log_format format, enum log_level level)
{
	sink.format = format;
	sink.level = level;
	sink.path[0] = '\0';
	if (!path)
		return 0;
	snprintf(sink.path, sizeof(sink.path), "%s", path);
	return open_sink(path);
}

int
log_reopen(void)
{
	return sink.path[0] ? open_sink(sink.path) : 0;
}

const char *
log_redact_url(const char *url, char *out, unsigned size)
{
	const char *host = strstr(url, "://");
	host = host ? host + 3 : url;
	size_t authority = strcspn(host, "/?#");
	const char *path = host + authority;
	const char *at = memrchr(host, '@', authority);
	int path_len = (int)strcspn(path, "?#");
	bool cut = path_len > URL_PATH_KEPT;

	if (at)
		snprintf(out, size, "%.*s***%.*s%.*s%s%s", (int)(host - url), url, (int)(path - at),
			at, cut ? URL_PATH_KEPT : path_len, path, cut ? "..." : "",
			path[path_len] ? "?***" : "");
	else
		snprintf(out, size, "%.*s%.*s%s%s", (int)(path - url), url,
			cut ? URL_PATH_KEPT : path_len, path, cut ? "..." : "",
			path[path_len] ? "?***" : "");
	return out;
}
