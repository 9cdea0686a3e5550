#ifndef SUPERVISOR_METRICS_H
#define SUPERVISOR_METRICS_H

struct status;

/* The snapshot as metrics, for Prometheus and whoever speaks its languages. Pure. Which families
 * there are is metrics_table.h's. */
enum metrics_format {
	METRICS_TEXT,        /* Prometheus' text format, version 0.0.4 */
	METRICS_OPENMETRICS, /* OpenMetrics 1.0.0 */
};

/* What the sender of an Accept header likes best of these (RFC 9110 12.5.1); NULL: there was none.
 * Who takes neither, or both alike, gets text, which everything reads. */
enum metrics_format metrics_choose(const char *accept);

/* Content-Type. */
const char *metrics_content_type(enum metrics_format format);

/* Every family, in the table's order. Yours to free(). */
char *metrics_text(const struct status *s, enum metrics_format format);

#endif
