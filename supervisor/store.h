#ifndef SUPERVISOR_STORE_H
#define SUPERVISOR_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What must outlive the process, in DIR/state.db: streams, events, counters, spent calls; webhooks
 * by store_deliveries.h, consumers by store_consumers.h. Loop thread.
 *
 * A function that writes has written when it returns 0: what it wrote survives kill -9 of the
 * process. A power cut may take the last minute (the kernel's write-back), never the file. It takes
 * some 50 us; one in several hundred, the first after the write-ahead log began anew, waits for one
 * fsync. docs/store.md has the figures.
 *
 * All but store_open return 0 or: ERR_SYS (disk full, read-only, I/O error), ERR_AGAIN (somebody
 * else writes to the file), ERR_RANGE (over STORE_ROW_BYTES_MAX), ERR_PARSE (the file is damaged),
 * ERR_NOMEM, ERR_LIBRARY. The store logs each kind once until it works again, so the caller need
 * not: it goes on without. Strings are lent, in both directions. Wall time is microseconds since
 * 1970. */
struct store;

/* A row. Google's URLs with their tokens are about 1 kB (docs/sources.md). */
#define STORE_ROW_BYTES_MAX 65536
/* Events kept, the newest: 48 cameras, 50 each a day, for six weeks; 14 MB. */
#define STORE_EVENTS_MAX 100000
/* Spent calls are kept this long: Google's longest window is an hour, twice. */
#define STORE_CALLS_KEPT_US (2 * 3600 * INT64_C(1000000))

/* Opens dir/state.db, after making what is missing (dir 0750, its parent must exist; file 0600),
 * and holds dir against other supervisors. A damaged file is set aside and a new one begun, which
 * is logged. Returns 0, or with a sentence in why: ERR_SYS (dir or file unusable), ERR_REFUSED
 * (another process holds it), ERR_UNSUPPORTED (a newer camrelayd's: not touched), or as above. */
int store_open(const char *dir, struct store **out, char *why, size_t why_size);

/* Writes everything into the one file. NULL is fine. */
void store_close(struct store *s);

/* For people: what it was used for since it was opened, and what it takes of the disk. */
struct store_stats {
	int64_t writes;
	int64_t failures; /* of these */
	int64_t bytes;    /* of state.db, without the log beside it */
	bool is_new;      /* begun when it was opened: what a former process did is not known */
	bool failing;     /* the last write did, and not for being too long */
};
struct store_stats store_stats(const struct store *s);

/* ---- streams --------------------------------------------------------------------------------- */

struct store_stream {
	const char *camera;
	const char *account;
	const char *device;
	const char *rtsp_url;     /* with its token */
	const char *stream_token; /* may be NULL, as the next */
	const char *extension_token;
	int64_t granted_us;
	int64_t expires_us;
	unsigned extends;
};

/* The camera's one stream from now on. */
int store_put_stream(struct store *s, const struct store_stream *stream);

/* Its tokens are overwritten in the file. Not having one is fine. */
int store_drop_stream(struct store *s, const char *camera);

/* Every stream, expired ones too, the one that ends first first. row may write to the store. */
typedef void store_stream_row(void *arg, const struct store_stream *stream);
int store_each_stream(struct store *s, store_stream_row *row, void *arg);

/* ---- events ---------------------------------------------------------------------------------- */

struct store_event {
	int64_t at_us;
	const char *camera;  /* may be NULL */
	const char *account; /* may be NULL */
	const char *event;
	const char *text; /* may be NULL */
};

/* The newest from now on; of more than STORE_EVENTS_MAX the oldest go. */
int store_add_event(struct store *s, const struct store_event *event);

/* The newest limit events, of one camera or (NULL) of all, newest first. row must not write
 * events. */
typedef void store_event_row(void *arg, const struct store_event *event);
int store_each_event(
	struct store *s, int limit, const char *camera, store_event_row *row, void *arg);

/* ---- spent calls ----------------------------------------------------------------------------- */

struct store_call {
	int64_t at_us; /* when it left */
	const char *account;
	const char *device; /* NULL: devices.list */
	const char *kind;   /* verdict_call_name's word */
};

/* To be added before the call leaves: it is spent whatever becomes of it. */
int store_add_call(struct store *s, const struct store_call *call);

/* The calls at and after since_us, oldest first; some may be later than now if the clock was set
 * back. row must not write calls. */
typedef void store_call_row(void *arg, const struct store_call *call);
int store_each_call(struct store *s, int64_t since_us, store_call_row *row, void *arg);

/* Wall time is another now: all streams and calls are moved by so much. */
int store_move_times(struct store *s, int64_t by_us);

/* ---- counters -------------------------------------------------------------------------------- */

/* camera NULL: of the supervisor itself. A counter that was never set is 0. */
int store_set_counter(struct store *s, const char *camera, const char *name, int64_t value);
int store_get_counter(struct store *s, const char *camera, const char *name, int64_t *value);

#endif
