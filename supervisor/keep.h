#ifndef SUPERVISOR_KEEP_H
#define SUPERVISOR_KEEP_H

#include "supervisor/scheduler.h"
#include "supervisor/stream.h"

struct store;

/* What one account keeps over a restart of the supervisor: its cameras' streams, and the calls that
 * Google still counts. Turns our moments into the store's wall time and back. Loop thread. */
struct keep {
	struct store *store; /* lent; NULL: nothing is kept */
	const char *account; /* lent */
};

/* The camera has this stream now, or none any more. */
void keep_stream(const struct keep *k, const char *camera, const char *device,
	const struct stream *stream, ms_t now);
void keep_no_stream(const struct keep *k, const char *camera);

/* A call leaves. device is NULL for devices.list, here and below. */
void keep_call(const struct keep *k, const char *device, enum call_kind kind);

/* Whether the calls of a former process would be there: false without a store, or with a new one.
 */
bool keep_has_past(const struct keep *k);

/* The calls of the last within_ms, oldest first. at is ours, and may be below 0. */
typedef void keep_call_row(void *arg, const char *device, enum call_kind kind, ms_t at);
void keep_each_call(const struct keep *k, ms_t within_ms, ms_t now, keep_call_row *row, void *arg);

/* The streams that still live, the one that ends first first; those that have ended are dropped.
 * stream's strings are the row's to take (and to clear). */
typedef void keep_stream_row(
	void *arg, const char *camera, const char *device, struct stream *stream, ms_t granted_at);
void keep_each_stream(const struct keep *k, ms_t now, keep_stream_row *row, void *arg);

#endif
