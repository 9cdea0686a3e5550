#ifndef SUPERVISOR_FEDERATION_H
#define SUPERVISOR_FEDERATION_H

#include <stdbool.h>
#include <stddef.h>

/* google = auto: which account a camera belongs to. Pure. */

/* What an account's newest list of devices says of the camera's. Nothing but the device id tells
 * that two accounts see the same camera, and whether Google gives it the same id in two projects is
 * not known (docs/sources.md, Google: devices): where it does not, only one account ever sees it.
 */
enum federation_sight {
	FEDERATION_PENDING, /* there is no list yet, and one is on its way */
	FEDERATION_UNKNOWN, /* there is none, and none was to be had */
	FEDERATION_SEES,
	FEDERATION_BLIND, /* not listed, or not to be streamed by RTSP */
};

struct federation_account {
	enum federation_sight sight;
	bool usable;    /* it needs no login */
	size_t cameras; /* that it has already, this one not counted */
};

/* Which of the accounts, which are in the order of the file, the camera is to have; current is the
 * one that it has, as the result -1 for none. It keeps its account as long as that is usable and
 * not known to be blind. Else it gets, once no list is pending, the one with the fewest cameras of
 * those that see it, the first of equals; and keeps what it has if there is none. */
int federation_choose(const struct federation_account *accounts, size_t count, int current);

#endif
