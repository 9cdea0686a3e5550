#ifndef SUPERVISOR_METRICS_TABLE_H
#define SUPERVISOR_METRICS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

/* What camrelayd measures: one row per family of metrics, or several in a row of the same name
 * whose samples differ by a label that the row sets. Names follow Prometheus' rules for them:
 * base units, no label's name in them, ratios 0 to 1, moments rather than ages. */

enum metric_type { METRIC_GAUGE, METRIC_COUNTER, METRIC_INFO };

/* How a sample's value is found in an object of the snapshot. */
enum metric_read {
	METRIC_INT,   /* the int64_t at .at, times .scale if that is not 0 */
	METRIC_REAL,  /* the double, the same */
	METRIC_LEFT,  /* of a struct status_bucket: limit less used */
	METRIC_TIME,  /* the int64_t: wall time in ms; none if 0 */
	METRIC_AGO,   /* so many ms before the snapshot; none if negative */
	METRIC_IN,    /* so many ms after it; none if negative */
	METRIC_SET,   /* the int64_t is not 0: 1 */
	METRIC_IS,    /* the string is .value: 1 */
	METRIC_WORD,  /* a sample for each of .words as .label; 1 for the one that the string is */
	METRIC_TALLY, /* the same; how many cameras' string it is */
	METRIC_STR,   /* 1, with the string as .label: an info */
};

/* Objects of the snapshot that a family has samples of. The first member of each is its name. */
struct metric_rows {
	const char *label; /* for that name */
	size_t at;         /* in the object that has them: the rows, and how many */
	size_t count_at;
	size_t size; /* of a row */
};

struct metric {
	const char *name; /* without the _total of a counter and the _info of an info */
	enum metric_type type;
	const char *unit; /* the last part of name; NULL: it counts things, or is a ratio */
	const char *help; /* a sentence, no full stop */
	const struct metric_rows *rows;  /* of the snapshot; NULL: the snapshot itself */
	const struct metric_rows *inner; /* of each of these; NULL: they themselves */
	bool (*when)(const void *row);   /* whether one of .rows has a sample; NULL: each has */
	enum metric_read read;
	size_t at; /* in the innermost object; of METRIC_TALLY in a camera */
	double scale;
	const char *label;        /* beside those of the rows; NULL: none */
	const char *value;        /* of that label */
	const char *const *words; /* as the snapshot has them, NULL at the end; blanks become _ */
};

/* All of them. */
const struct metric *metrics_table(size_t *count);

#endif
