#ifndef SUPERVISOR_CONFIG_NOTIFY_H
#define SUPERVISOR_CONFIG_NOTIFY_H

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

#endif
