#ifndef SUPERVISOR_CONSUMER_TABLE_H
#define SUPERVISOR_CONSUMER_TABLE_H

#include "supervisor/consumer.h"

/* The states of a viewer and what leads from one to the other. Pure; for consumer.c. */

enum consumer_event {
	EV_PULL,   /* the owner's request */
	EV_ANSWER, /* likewise */
	EV_END,
	EV_OPENED,  /* there is a session */
	EV_OFFERED, /* the SFU made its offer */
	EV_AGREED,  /* the SFU has answered, or taken what we brought */
	EV_AGAIN,   /* what a pause may cure, and for a pull a new session */
	EV_FAILED,
	EV_STALE, /* the camera is not published any more where we pulled it */
	EV_SWAP,  /* it is published elsewhere, and the owner cannot be asked to pull */
	EV_TIMER,
};

/* CONSUMER_STATES: the event means nothing in that state. */
enum consumer_state consumer_table_next(enum consumer_state from, enum consumer_event event);

#endif
