/* log.c - where lines go and what they look like.
 * Owns the sink, which is global: a line can come from anywhere. Any thread: a line is one
 * write(2). */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "common/log.h"

/* Long enough for a sentence of Google's; what is longer is cut, never split over two lines. */
#define LINE_MAX_BYTES 2048
/* A value that is longer ends in "...", so that the next ones still find room. */
#define VALUE_MAX_BYTES 1000
/* Above this a double has no three digits behind the point. */
#define FIXED_MAX 1e12
/* Redacted URLs keep this much of the path: enough to see which server, too little to open it. */
#define URL_PATH_KEPT 40
/* Who reads the log has so long to make room once what the kernel keeps for him is full. */
#define READER_MS 100

static struct {
	atomic_int fd;
	enum log_format format;
	enum log_level level;
	char path[512];
	bool hurries;                      /* log_hurry */
	atomic_llong lost;                 /* lines that were not taken, and not told of yet */
	atomic_llong lines[LOG_ERROR + 1]; /* by level */
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
	char now[CLOCK_TEXT_BYTES];

	put_str(l, clock_text(clock_wall_us(), now));
}

/* The bytes of the UTF-8 character at s, 0 if it is none: RFC 3629, and no C1 control, which some
 * terminals obey. */
static size_t
utf8_len(const char *s)
{
	const unsigned char *c = (const unsigned char *)s;
	size_t n = *c >= 0xf0 ? 4 : *c >= 0xe0 ? 3 : 2;

	if (*c < 0xc2 || *c > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	bool overlong = (*c == 0xe0 && c[1] < 0xa0) || (*c == 0xf0 && c[1] < 0x90);
	bool nothing = (*c == 0xed && c[1] >= 0xa0) || (*c == 0xf4 && c[1] >= 0x90);
	bool control = *c == 0xc2 && c[1] < 0xa0;
	return overlong || nothing || control ? 0 : n;
}

/* One character, escaped if it must be. Returns how many bytes of s it was. */
static size_t
put_escaped(struct line *l, const char *s)
{
	unsigned char c = (unsigned char)*s;
	size_t n = c < 0x80 ? 1 : utf8_len(s);

	if (n == 0)
		put_str(l, "?");
	else if (c == '"' || c == '\\')
		putf(l, "\\%c", c);
	else if (c == '\n')
		put_str(l, "\\n");
	else if (c < 0x20 || c == 0x7f)
		putf(l, "\\u%04x", c);
	else
		put(l, s, n);
	return n > 0 ? n : 1;
}

static void
put_quoted(struct line *l, const char *s)
{
	size_t end = l->len + VALUE_MAX_BYTES;

	put(l, "\"", 1);
	while (*s && l->len < end)
		s += put_escaped(l, s);
	if (*s)
		put_str(l, "...");
	put(l, "\"", 1);
}

static bool
is_plain(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > VALUE_MAX_BYTES)
		return false;
	for (; *s; s++)
		if (*s <= ' ' || *s >= 0x7f || *s == '"' || *s == '=' || *s == '\\')
			return false;
	return true;
}

static void
put_real(struct line *l, double v)
{
	if (!isfinite(v))
		put_str(l, "null");
	else if (fabs(v) < FIXED_MAX)
		putf(l, "%.3f", v);
	else
		putf(l, "%g", v);
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
		put_real(l, f->u.d);
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

static void
format_line(struct line *l, enum log_level level, const char *event, const struct log_field *fields)
{
	if (sink.format == LOG_JSON)
		format_json(l, level, event, fields);
	else
		format_logfmt(l, level, event, fields);
	l->text[l->len++] = '\n';
}

/* Whether it takes a line, or soon will. Who did not the last time is not waited for again. A
 * signal ends the waiting: what it says of the descriptor is nothing. */
static bool
is_ready(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int wait_ms = atomic_load(&sink.lost) > 0 ? 0 : READER_MS;

	return !sink.hurries || poll(&p, 1, wait_ms) > 0;
}

/* False if it would have to be waited for. Any other trouble of the log's own can be reported
 * nowhere. */
static bool
put_out(const char *text, size_t len)
{
	int fd = atomic_load(&sink.fd);

	return is_ready(fd) && (write(fd, text, len) >= 0 || errno != EAGAIN);
}

/* False as put_out. */
static bool
tell_lost(long long lines)
{
	const struct log_field fields[] = { LOG_INT("lines", lines), { 0 } };
	struct line l = { .len = 0 };

	format_line(&l, LOG_WARN, "log lines lost", fields);
	if (!put_out(l.text, l.len))
		return false;
	atomic_fetch_sub(&sink.lost, lines);
	return true;
}

void
log_put_line(const char *text, size_t len)
{
	long long lost = atomic_load(&sink.lost);

	if ((lost > 0 && !tell_lost(lost)) || !put_out(text, len))
		atomic_fetch_add(&sink.lost, 1);
}

void
log_hurry(void)
{
	sink.hurries = true;
}

void
log_write(enum log_level level, const char *event, const struct log_field *fields)
{
	int saved = errno;
	struct line l = { .len = 0 };

	if (level < sink.level)
		return;
	atomic_fetch_add(&sink.lines[level], 1);
	format_line(&l, level, event, fields);
	log_put_line(l.text, l.len);
	errno = saved;
}

/* Makes fd (closed then) the sink. The number of an open sink stays: another thread may be about to
 * write to it. */
static int
use_sink(int fd)
{
	int old = atomic_load(&sink.fd);

	if (old == STDERR_FILENO) {
		atomic_store(&sink.fd, fd);
		return 0;
	}
	int result = dup3(fd, old, O_CLOEXEC) < 0 ? ERR_SYS : 0;
	close(fd);
	return result;
}

static int
open_sink(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);

	return fd < 0 ? ERR_SYS : use_sink(fd);
}

static int
back_to_stderr(void)
{
	if (atomic_load(&sink.fd) == STDERR_FILENO)
		return 0;
	int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
	return fd < 0 ? ERR_SYS : use_sink(fd);
}

int
log_open(const char *path, enum log_format format, enum log_level level)
{
	if (path && strlen(path) >= sizeof(sink.path)) {
		errno = ENAMETOOLONG;
		return ERR_SYS;
	}
	int err = path ? open_sink(path) : back_to_stderr();
	if (err)
		return err;
	snprintf(sink.path, sizeof(sink.path), "%s", path ? path : "");
	sink.format = format;
	sink.level = level;
	return 0;
}

void
log_set_level(enum log_level level)
{
	sink.level = level;
}

int64_t
log_lines(enum log_level level)
{
	return atomic_load(&sink.lines[level]);
}

static const char *const format_names[] = {
	[LOG_LOGFMT] = "logfmt",
	[LOG_JSON] = "json",
};

const char *
log_format_name(enum log_format format)
{
	return format_names[format];
}

const char *
log_level_name(enum log_level level)
{
	return level_names[level];
}

static int
find_word(const char *const *words, int n, const char *word)
{
	for (int i = 0; i < n; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}

int
log_format_parse(const char *word, enum log_format *out)
{
	int i = find_word(format_names, LOG_JSON + 1, word);

	if (i >= 0)
		*out = (enum log_format)i;
	return i < 0 ? -1 : 0;
}

int
log_level_parse(const char *word, enum log_level *out)
{
	int i = find_word(level_names, LOG_ERROR + 1, word);

	if (i >= 0)
		*out = (enum log_level)i;
	return i < 0 ? -1 : 0;
}

enum log_format
log_format(void)
{
	return sink.format;
}

enum log_level
log_level(void)
{
	return sink.level;
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
