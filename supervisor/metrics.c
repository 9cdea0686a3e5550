/* metrics.c - the snapshot as text for Prometheus. Owns the two formats: what is told is
 * metrics_table.c's. Pure. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/xmalloc.h"
#include "proto/status.h"
#include "proto/status_account.h"
#include "proto/status_camera.h"
#include "supervisor/metrics.h"
#include "supervisor/metrics_table.h"

/* The rows' and the family's own. */
#define LABELS_MAX 3
/* %.15g writes whole numbers below it as they are. */
#define WHOLE_MAX 1e15

struct label {
	const char *name;
	const char *value;
};

/* One family on its way out. */
struct writer {
	FILE *out;
	enum metrics_format format;
	const struct status *status;
	const struct metric *metric;
	struct label labels[LABELS_MAX];
	size_t count; /* of labels */
};

/* ---- the formats ----------------------------------------------------------------------------- */

const char *
metrics_content_type(enum metrics_format format)
{
	return format == METRICS_OPENMETRICS
		       ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
		       : "text/plain; version=0.0.4; charset=utf-8";
}

static const char *
suffix(const struct metric *m)
{
	switch (m->type) {
	case METRIC_COUNTER:
		return "_total";
	case METRIC_INFO:
		return "_info";
	case METRIC_GAUGE:
		break;
	}
	return "";
}

/* OpenMetrics names families without the suffix of their samples, and knows infos. */
static void
put_head(const struct writer *w)
{
	const struct metric *m = w->metric;
	bool open = w->format == METRICS_OPENMETRICS;
	const char *last = open ? "" : suffix(m);
	const char *type = m->type == METRIC_COUNTER        ? "counter"
			   : m->type == METRIC_INFO && open ? "info"
							    : "gauge";

	fprintf(w->out, "# HELP %s%s %s.\n# TYPE %s%s %s\n", m->name, last, m->help, m->name, last,
		type);
	if (open && m->unit)
		fprintf(w->out, "# UNIT %s %s\n", m->name, m->unit);
}

/* The same escapes in both formats. */
static void
put_value(FILE *out, const char *value)
{
	while (value && *value) {
		size_t plain = strcspn(value, "\n\"\\");

		fwrite_unlocked(value, 1, plain, out);
		value += plain;
		if (!*value)
			return;
		fputc_unlocked('\\', out);
		fputc_unlocked(*value == '\n' ? 'n' : *value, out);
		value++;
	}
}

/* 15 digits are what a double holds: bytes and moments to the millisecond are exact. Most are whole
 * numbers, which are written faster as such. */
static void
put_number(FILE *out, double value)
{
	if (value > -WHOLE_MAX && value < WHOLE_MAX && value == (double)(int64_t)value)
		fprintf(out, " %" PRId64 "\n", (int64_t)value);
	else
		fprintf(out, " %.15g\n", value);
}

/* There are two thousand of them for twenty cameras, so no stdio format and no lock for each piece.
 */
static void
put_sample(const struct writer *w, double value)
{
	fputs_unlocked(w->metric->name, w->out);
	fputs_unlocked(suffix(w->metric), w->out);
	for (size_t i = 0; i < w->count; i++) {
		fputc_unlocked(i == 0 ? '{' : ',', w->out);
		fputs_unlocked(w->labels[i].name, w->out);
		fputs_unlocked("=\"", w->out);
		put_value(w->out, w->labels[i].value);
		fputc_unlocked('"', w->out);
	}
	if (w->count > 0)
		fputc_unlocked('}', w->out);
	put_number(w->out, value);
}

static void
push(struct writer *w, const char *name, const char *value)
{
	w->labels[w->count++] = (struct label){ .name = name, .value = value };
}

/* ---- values ---------------------------------------------------------------------------------- */

static int64_t
number_at(const struct writer *w, const void *object)
{
	return *(const int64_t *)((const char *)object + w->metric->at);
}

static const char *
string_at(const struct writer *w, const void *object)
{
	return *(char *const *)((const char *)object + w->metric->at);
}

static bool
is_word(const char *s, const char *word)
{
	return s && strcasecmp(s, word) == 0;
}

static double
count_cameras(const struct writer *w, const char *word)
{
	double n = 0;

	for (size_t i = 0; i < w->status->camera_count; i++)
		n += is_word(string_at(w, &w->status->cameras[i]), word);
	return n;
}

/* A sample for each of the words. */
static void
put_words(struct writer *w, const void *object)
{
	const struct metric *m = w->metric;

	for (const char *const *word = m->words; *word; word++) {
		char value[32];

		snprintf(value, sizeof(value), "%s", *word);
		for (char *c = value; *c; c++)
			*c = *c == ' ' ? '_' : *c;
		push(w, m->label, value);
		put_sample(w, m->read == METRIC_TALLY ? count_cameras(w, *word)
						      : is_word(string_at(w, object), *word));
		w->count--;
	}
}

/* The one sample of an object. False: it has none now. */
static bool
read_value(const struct writer *w, const void *object, double *value)
{
	const struct metric *m = w->metric;
	const struct status_bucket *bucket = object;
	const void *at = (const char *)object + m->at;
	int64_t n;

	switch (m->read) {
	case METRIC_INT:
		*value = (double)number_at(w, object);
		return true;
	case METRIC_REAL:
		*value = *(const double *)at;
		return true;
	case METRIC_LEFT:
		*value = bucket->limit > bucket->used ? (double)(bucket->limit - bucket->used) : 0;
		return true;
	case METRIC_SET:
		*value = number_at(w, object) != 0;
		return true;
	case METRIC_IS:
		*value = is_word(string_at(w, object), m->value);
		return true;
	case METRIC_TIME:
		n = number_at(w, object);
		*value = (double)n;
		return n > 0;
	case METRIC_AGO:
	case METRIC_IN:
		n = number_at(w, object);
		*value = (double)(w->status->at_ms + (m->read == METRIC_IN ? n : -n));
		return n >= 0;
	case METRIC_STR:
		*value = 1;
		return true;
	case METRIC_WORD:
	case METRIC_TALLY:
		break;
	}
	return false;
}

static void
put_object(struct writer *w, const void *object)
{
	const struct metric *m = w->metric;
	size_t before = w->count;
	double value;

	if (m->words) {
		put_words(w, object);
		return;
	}
	if (!read_value(w, object, &value))
		return;
	if (m->label)
		push(w, m->label, m->read == METRIC_STR ? string_at(w, object) : m->value);
	put_sample(w, m->scale > 0 ? value * m->scale : value);
	w->count = before;
}

/* ---- walking --------------------------------------------------------------------------------- */

/* Every one of the object's rows; without them the object itself. */
static void
each(struct writer *w, const struct metric_rows *rows, const void *object,
	void (*put)(struct writer *w, const void *row))
{
	if (!rows) {
		put(w, object);
		return;
	}
	const char *row = *(char *const *)((const char *)object + rows->at);
	size_t n = *(const size_t *)((const char *)object + rows->count_at);
	for (; n > 0; n--, row += rows->size) {
		push(w, rows->label, *(char *const *)row);
		put(w, row);
		w->count--;
	}
}

static void
put_row(struct writer *w, const void *row)
{
	if (!w->metric->when || w->metric->when(row))
		each(w, w->metric->inner, row, put_object);
}

char *
metrics_text(const struct status *s, enum metrics_format format)
{
	struct writer w = { .format = format, .status = s };
	const char *name = "";
	char *text;
	size_t size, n;
	const struct metric *table = metrics_table(&n);

	w.out = xopen_memstream(&text, &size);
	for (w.metric = table; w.metric < table + n; w.metric++) {
		if (strcmp(w.metric->name, name) != 0)
			put_head(&w);
		name = w.metric->name;
		each(&w, w.metric->rows, s, put_row);
	}
	if (format == METRICS_OPENMETRICS)
		fputs("# EOF\n", w.out);
	if (fclose(w.out) != 0)
		abort();
	return text;
}

/* ---- Accept ---------------------------------------------------------------------------------- */

/* The weight of a media range's parameters, 1 unless they say otherwise. */
static double
weight(const char *range, size_t len)
{
	for (const char *p = memchr(range, ';', len); p;
		p = memchr(p, ';', len - (size_t)(p - range))) {
		p += 1 + strspn(p + 1, " \t");
		if (strncasecmp(p, "q=", 2) == 0)
			return strtod(p + 2, NULL);
	}
	return 1;
}

/* How much the header wants a type: of the range that names it best. */
static double
wanted(const char *accept, const char *const ranges[])
{
	for (; *ranges; ranges++)
		for (const char *p = accept; *p;) {
			p += strspn(p, " \t,");
			size_t len = strcspn(p, ",");
			size_t name = strcspn(p, ",; \t");
			if (name == strlen(*ranges) && strncasecmp(p, *ranges, name) == 0)
				return weight(p, len);
			p += len;
		}
	return 0;
}

enum metrics_format
metrics_choose(const char *accept)
{
	static const char *const open[] = { "application/openmetrics-text", "application/*", NULL };
	static const char *const text[] = { "text/plain", "text/*", NULL };

	if (!accept)
		return METRICS_TEXT;
	return wanted(accept, open) > wanted(accept, text) ? METRICS_OPENMETRICS : METRICS_TEXT;
}
