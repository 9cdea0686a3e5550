/* heartbeat.c - is a worker silent, or have we not listened.
 * Owns when it was heard and when that was looked at. Pure. Loop thread. */
#include "proto/contract.h"
#include "supervisor/heartbeat.h"

/* A loop that was busy is late by less; one that was stopped, or whose machine was, by more. */
#define LATE_MS (2 * CONTRACT_PING_INTERVAL_MS)

void
heartbeat_init(struct heartbeat *h, ms_t now)
{
	*h = (struct heartbeat){ .heard = now, .looked = now };
}

void
heartbeat_heard(struct heartbeat *h, ms_t now)
{
	h->heard = now;
}

bool
heartbeat_is_silent(struct heartbeat *h, ms_t now)
{
	bool late = now - h->looked > LATE_MS;

	h->looked = now;
	if (late)
		h->heard = now;
	return now - h->heard > CONTRACT_PING_TIMEOUT_MS;
}
