#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* error: a human must act; warn: we recovered and it counts; info: a state changed; debug: the
 * rest. */
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

enum log_format { LOG_LOGFMT, LOG_JSON };

enum log_type { LOG_END, LOG_TYPE_STR, LOG_TYPE_INT, LOG_TYPE_REAL };

struct log_field {
	const char *key;
	enum log_type type;
	bool id; /* names what the line is about: printed before the event */
	union {
		const char *s; /* lent; NULL prints as "-" */
		int64_t i;
		double d;
	} u;
};

/* clang-format off */

/* The fields of a line. LOG_CAM and LOG_ID name what it is about and stand first. */
#define LOG_ID(k, v)   { .key = (k), .type = LOG_TYPE_STR, .id = true, .u.s = (v) }
#define LOG_CAM(v)     LOG_ID("cam", (v))
#define LOG_STR(k, v)  { .key = (k), .type = LOG_TYPE_STR, .u.s = (v) }
#define LOG_INT(k, v)  { .key = (k), .type = LOG_TYPE_INT, .u.i = (int64_t)(v) }
#define LOG_REAL(k, v) { .key = (k), .type = LOG_TYPE_REAL, .u.d = (v) }

/* log_info("worker died", LOG_CAM(name), LOG_INT("pid", pid)) writes one line:
 *   2026-11-21T06:00:00.123Z info cam=porch worker died pid=412
 * The event is "subsystem what-happened", lower case, no full stop. Values are quoted and escaped
 * where they need it. Tokens, secrets, and URLs that carry them never go in: see log_redact_url. */
#define log_debug(event, ...) log_at(LOG_DEBUG, event, __VA_ARGS__)
#define log_info(event, ...) log_at(LOG_INFO, event, __VA_ARGS__)
#define log_warn(event, ...) log_at(LOG_WARN, event, __VA_ARGS__)
#define log_error(event, ...) log_at(LOG_ERROR, event, __VA_ARGS__)
#ifdef __CPPCHECK__ /* does not know __VA_OPT__ */
#define log_at(level, event, ...) log_write((level), (event), 0)
#else
#define log_at(level, event, ...) \
	log_write((level), (event), (const struct log_field[]){ __VA_ARGS__ __VA_OPT__(,) { 0 } })
#endif
/* clang-format on */

/* One line, written with a single write(2) to the sink; any thread. Fields end with a zero row. */
void log_write(enum log_level level, const char *event, const struct log_field *fields);

/* A line that somebody else made, its newline included, at most 4096 bytes. */
void log_put_line(const char *text, size_t len);

/* From now on a sink that takes no line for a tenth of a second, as a pipe does that nobody reads,
 * is not waited for: lines are lost until it does, and then it is said how many. Else whoever reads
 * the log could stop us. */
void log_hurry(void);

/* The sink is stderr, logfmt and LOG_INFO until this is called. path NULL is stderr; a file is
 * appended to and created 0640. Returns 0, or ERR_SYS with errno set and the old sink kept. */
int log_open(const char *path, enum log_format format, enum log_level level);

/* "logfmt", "json"; "debug" ... "error": as settings and argv write them. Parsing returns -1 for
 * any other word. */
const char *log_format_name(enum log_format format);
const char *log_level_name(enum log_level level);
int log_format_parse(const char *word, enum log_format *out);
int log_level_parse(const char *word, enum log_level *out);

/* Another level, for the lines from now on. */
void log_set_level(enum log_level level);

/* Lines of that level that this process has written since it was started; any thread. */
int64_t log_lines(enum log_level level);

/* What log_open set. */
enum log_format log_format(void);
enum log_level log_level(void);

/* Opens the path anew (after logrotate moved it). Returns as log_open. */
int log_reopen(void);

/* Copies url to out (of size bytes, cut if longer) without its secrets: user:password@ becomes
 * "***@" and the query becomes "?***"; the path is kept up to 40 characters, since Nest's paths
 * are secrets too. Returns out. */
const char *log_redact_url(const char *url, char *out, unsigned size);

#endif
