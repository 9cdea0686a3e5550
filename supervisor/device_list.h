#ifndef SUPERVISOR_DEVICE_LIST_H
#define SUPERVISOR_DEVICE_LIST_H

#include <stddef.h>

#include "supervisor/sdm_answer.h"

/* The cameras that Google lists for one account, and what differs between two such lists. Pure. */

/* {0} is an empty one. Ordered by name, then id; no id twice. */
struct device_list {
	struct sdm_device *devices;
	size_t count;
};

/* Takes the cameras out of an answer to devices.list: what has a live stream or is of a type that
 * may have one. The list must be empty. */
void device_list_take(struct device_list *l, struct sdm_answer *answer);

/* Adds a device that speaks RTSP, which nobody has listed yet. Does not order. */
void device_list_expect(struct device_list *l, const char *id, const char *name);

/* NULL if there is no such device. */
const struct sdm_device *device_list_find(const struct device_list *l, const char *id);

/* Frees what is inside; it is empty then. */
void device_list_clear(struct device_list *l);

/* How a device can be streamed. Never both: "If it contains WEB_RTC only WEB_RTC commands are
 * supported" (docs/sources.md, Google: devices). */
enum device_protocol {
	DEVICE_NO_STREAM, /* its trait is absent: "not currently available" */
	DEVICE_RTSP,
	DEVICE_WEB_RTC,
};
enum device_protocol device_protocol(const struct sdm_device *d);
const char *device_protocol_name(enum device_protocol p); /* "none", "RTSP", "WEB_RTC" */

enum device_change_kind { DEVICE_ADDED, DEVICE_VANISHED, DEVICE_CHANGED };

struct device_change {
	enum device_change_kind kind;
	const struct sdm_device *device; /* as it is now, or was before it vanished */
	enum device_protocol from, to;   /* of DEVICE_CHANGED, and to of DEVICE_ADDED */
};

/* Tells every difference: vanished and changed ones first. A new name is none. */
typedef void device_changed(void *arg, const struct device_change *change);
void device_list_compare(const struct device_list *before, const struct device_list *now,
	device_changed *on_change, void *arg);

/* "device vanished", ...; and a sentence: "Front (AVPHwE...) is no longer listed by Google". */
const char *device_change_name(enum device_change_kind kind);
char *device_change_text(const struct device_change *change, char *out, size_t size);

/* Why the device cannot be streamed, by the list alone: a sentence; NULL if it can. */
const char *device_list_trouble(const struct device_list *l, const char *id);

#endif
