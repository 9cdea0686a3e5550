#ifndef SUPERVISOR_CAMERA_H
#define SUPERVISOR_CAMERA_H

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"

/* What one camera is and wants: docs/operating.md, State. What people see of it is in
 * camera_view.h. */
enum camera_state {
	CAMERA_STARTING,
	CAMERA_RUNNING,
	CAMERA_FAILED,
	CAMERA_DEGRADED,
	CAMERA_STOPPED,
	CAMERA_STATES
};

enum camera_event {
	CAMERA_EV_START,           /* configuration or operator: a try at once if it failed */
	CAMERA_EV_STOP,            /* the same */
	CAMERA_EV_RESTART,         /* operator: a new worker, the same stream */
	CAMERA_EV_REGENERATE,      /* operator: a new stream */
	CAMERA_EV_REPLACED,        /* configuration: another stream is meant, the old is nobody's */
	CAMERA_EV_RESTORED,        /* after START: a living stream came from the store */
	CAMERA_EV_GENERATED,       /* VERDICT_DONE of a Generate */
	CAMERA_EV_GENERATE_FAILED, /* VERDICT_FAILED */
	CAMERA_EV_UNSUPPORTED,  /* VERDICT_FAILED, no use to try soon: not RTSP, no such device */
	CAMERA_EV_EXTENDED,     /* VERDICT_DONE of an Extend */
	CAMERA_EV_LOST,         /* VERDICT_LOST, or SCHEDULER_EXPIRED */
	CAMERA_EV_REFUSED,      /* the worker: the camera's server does not take the stream; may
				 * come again while there is none */
	CAMERA_EV_WORKER_READY, /* its media flow; may come again */
	CAMERA_EV_WORKER_DIED,  /* exited, whatever the cause */
	CAMERA_EV_TIMER,        /* camera_due has come */
	CAMERA_EV_FAILED_OFTEN, /* camera_step itself: this failure was one too many */
	CAMERA_EVENTS
};

/* What the caller does, in this order. */
enum camera_effect {
	CAMERA_DO_CANCEL = 1 << 0,       /* scheduler_cancel */
	CAMERA_DO_DROP = 1 << 1,         /* scheduler_lost, forget the stream and its tokens */
	CAMERA_DO_STOP_STREAM = 1 << 2,  /* scheduler_want_stop, keep the tokens until it left */
	CAMERA_DO_GENERATE = 1 << 3,     /* scheduler_want_generate at .generate_at */
	CAMERA_DO_STOP_WORKER = 1 << 4,  /* the kill ladder; its end is CAMERA_EV_WORKER_DIED */
	CAMERA_DO_START_WORKER = 1 << 5, /* spawn it, and send it the source once it says hello */
	CAMERA_DO_SOURCE = 1 << 6,       /* tell the worker its URL and token, connect anew */
	CAMERA_DO_TOKEN = 1 << 7,        /* tell the worker the new token and expiry */
	CAMERA_DO_ALERT = 1 << 8,        /* a human should know: degraded */
	CAMERA_DO_PUBLISH = 1 << 9,      /* the state changed: log, event, status */
};

struct camera_effects {
	unsigned what; /* enum camera_effect */
	bool ignored;  /* the event means nothing in this state */
	bool start;    /* CAMERA_DO_GENERATE: GENERATE_START if true */
	bool operator; /* CAMERA_DO_GENERATE: GENERATE_OPERATOR if true */
	ms_t generate_at;
	enum camera_state from; /* CAMERA_DO_PUBLISH */
	enum camera_state to;
	ms_t after_ms; /* how long it had been in from */
};

/* The media as the worker reports it, beside the state. */
enum camera_media {
	CAMERA_MEDIA_OFFLINE,
	CAMERA_MEDIA_RECONNECTING,
	CAMERA_MEDIA_DEGRADED,
	CAMERA_MEDIA_HEALTHY,
	CAMERA_MEDIAS
};

struct camera_settings {
	bool leased;           /* a Nest camera; false: an RTSP URL that is always there */
	ms_t retry_first_ms;   /* 10000, doubling to */
	ms_t retry_cap_ms;     /* 160000 */
	ms_t degraded_ms;      /* 300000 between tries once degraded */
	int failures_max;      /* 5 in a row: degraded */
	ms_t proof_ms;         /* a stream that lived this long was a success: 60000 */
	ms_t respawn_first_ms; /* of a worker that died before it was ready: 1000, doubling to */
	ms_t respawn_cap_ms;   /* 60000 */
	int jitter_percent;    /* of all of these: 10 */
};

/* The values above, every time scaled from minute_ms (60000, or less where tests compress), but
 * for the worker's, since processes take what they take. */
struct camera_settings camera_settings_default(bool leased, ms_t minute_ms);

struct camera;

/* STOPPED until CAMERA_EV_START. */
struct camera *camera_new(const struct camera_settings *settings, ms_t now);
void camera_free(struct camera *c);

/* Other settings, for what happens from now on. leased may only change before START or REPLACED. */
void camera_set_settings(struct camera *c, const struct camera_settings *settings);

/* Something happened: what is to be done about it. why (may be NULL) is a sentence for people,
 * kept as the last error where the event is a failure. random is any 32 bits. */
struct camera_effects camera_step(
	struct camera *c, enum camera_event ev, const char *why, uint32_t random, ms_t now);

/* When to send CAMERA_EV_TIMER; MS_NEVER if it waits for nothing. */
ms_t camera_due(const struct camera *c);

/* The worker's word on its media. True if it changed. */
bool camera_set_media(struct camera *c, enum camera_media media, ms_t now);

#endif
