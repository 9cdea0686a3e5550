#ifndef SUPERVISOR_CONFIG_NOTIFY_H
#define SUPERVISOR_CONFIG_NOTIFY_H

#include <stdbool.h>

#include "common/clock.h"

/* [notify "NAME"]: somebody who is told of events by HTTP. */
struct config_notify {
	struct config_notify *next;
	char *name;
	char *url;         /* may be a secret from its path on */
	char *events;      /* a list, which event_set_read reads */
	char *cameras;     /* a list of cameras' names; NULL: all, and what is no camera's */
	char *secret_file; /* NULL: not signed */
	char *ca_file;     /* NULL: the system's */
	ms_t call_timeout_ms;
	int max_queue;
	ms_t max_age_ms;
};

/* One section for itself: without next. NULL is fine to free. */
struct config_notify *config_notify_copy(const struct config_notify *n);
void config_notify_free(struct config_notify *n);

/* Whether two are not the same. */
bool config_notify_differs(const struct config_notify *a, const struct config_notify *b);

#endif
