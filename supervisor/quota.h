#ifndef SUPERVISOR_QUOTA_H
#define SUPERVISOR_QUOTA_H

#include <stdbool.h>

#include "common/clock.h"

/* The calls that cost something. CALL_LIST is devices.list; the others are executeCommand. */
enum call_kind { CALL_NONE, CALL_EXTEND, CALL_GENERATE, CALL_STOP, CALL_LIST };

/* What Google counts (docs/sources.md). The first two belong to the account, which is one
 * project and one user; the others to one camera of it. */
enum quota_bucket {
	QUOTA_EXECUTE,       /* all executeCommand calls: paced evenly */
	QUOTA_LIST,          /* devices.list */
	QUOTA_COMMAND,       /* one command (Extend, ...) on one device */
	QUOTA_DEVICE_MINUTE, /* all commands on one device */
	QUOTA_DEVICE_HOUR,
	QUOTA_BUCKETS
};

struct quota_limit {
	int calls; /* 0: this bucket has no limit */
	ms_t window_ms;
};

struct quota_settings {
	struct quota_limit limits[QUOTA_BUCKETS];
	int guard_permille; /* windows are taken this much longer than Google says */
};

/* Google's limits with qpm executeCommand calls a minute; a minute of minute_ms (60000, or less
 * where tests compress time), an hour of 60 of them, and the default guard. */
struct quota_settings quota_settings_default(int qpm, ms_t minute_ms);

/* One account's buckets, and the buckets of one of its cameras. quota_device_new borrows nothing
 * from q but its limits. */
struct quota;
struct quota_device;
struct quota *quota_new(const struct quota_settings *settings);
void quota_free(struct quota *q);
struct quota_device *quota_device_new(const struct quota *q);
void quota_device_free(struct quota_device *d);

/* The earliest moment, now or later, at which every bucket lets this call leave. d is NULL for
 * CALL_LIST, and for a call of whatever camera. */
ms_t quota_when(const struct quota *q, const struct quota_device *d, enum call_kind kind, ms_t now);

/* The same, asking only the camera's own buckets. */
ms_t quota_device_when(const struct quota_device *d, enum call_kind kind, ms_t now);

/* The call leaves now and is spent, whatever is answered. d is NULL for CALL_LIST, and for a call
 * of a camera that is no more. Moments may be given late (calls of a former process, from the
 * store) but in their order. */
void quota_take(struct quota *q, struct quota_device *d, enum call_kind kind, ms_t now);

/* Google answered 429 and named this bucket: it rests for retry_after_ms (0 or less: not said,
 * so a whole window; never for longer than the longest of all windows), then runs at half its pace
 * until a window has passed without another 429, then at one call less than had left in the window
 * in which it was refused. A camera's buckets and CALL_LIST's come back to their limits by
 * themselves, a call more in each window, or the fewer the more often that was refused. */
void quota_refused(struct quota *q, struct quota_device *d, enum call_kind kind,
	enum quota_bucket bucket, ms_t retry_after_ms, ms_t now);

/* The same of executeCommand's when no pause was named and the streams cannot bear a window's rest
 * (quota_outlook_if_rested). If there was no 429 in a while it takes a call less at once, and rests
 * no longer than that pace asks; another within a window costs what is said above. */
void quota_refused_sparingly(struct quota *q, ms_t now);

/* executeCommand's does not come back: a trial in vain costs two slots at least, and whether the
 * streams can bear that only the caller knows. True when a trial would teach something: the pace
 * has been used in full for as many windows as were refused before, or it is an hour that it was
 * changed. */
bool quota_may_try_more(const struct quota *q, ms_t now);
void quota_try_more(struct quota *q, ms_t now);

/* How executeCommand calls may leave from now on. */
struct quota_outlook {
	ms_t next_at;
	ms_t slow_pace_ms; /* between two calls until slow_until: longer than pace_ms after a 429 */
	ms_t slow_until;   /* not before now */
	ms_t pace_ms;
};
struct quota_outlook quota_outlook(const struct quota *q, ms_t now);

/* The same as it would be if one call more were tried now and refused sparingly; and after a 429
 * now that rests it for a window. */
struct quota_outlook quota_outlook_if_refused(const struct quota *q, ms_t now);
struct quota_outlook quota_outlook_if_rested(const struct quota *q, ms_t now);

/* Other limits: calls alone, windows and guard stay. The newest calls are kept, as many as the new
 * limits count. */
void quota_set_limits(struct quota *q, const struct quota_settings *settings);
void quota_device_set_limits(struct quota_device *d, const struct quota_settings *settings);

/* Whether any of its windows still holds a call of this camera. */
bool quota_device_counts(const struct quota_device *d, ms_t now);

/* For people: what one bucket holds. kind matters to QUOTA_COMMAND only. */
struct quota_usage {
	int limit;    /* 0: none */
	int used;     /* calls within the last window */
	ms_t held_ms; /* how long a 429 still holds it; 0 when it does not */
	ms_t slow_ms; /* how long it still runs at half its pace */
};
struct quota_usage quota_usage(struct quota *q, struct quota_device *d, enum quota_bucket bucket,
	enum call_kind kind, ms_t now);

#endif
