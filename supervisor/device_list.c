/* device_list.c - the cameras that Google lists for one account, and what differs between two
 * lists. Owns the devices' strings. Pure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/device_list.h"
#include "common/xmalloc.h"

/* Types that may have a live stream, also while its trait is absent (docs/sources.md, Google:
 * devices). A device of whatever type that has the trait is a camera too. */
static const char *const camera_types[] = {
	"sdm.devices.types.CAMERA",
	"sdm.devices.types.DOORBELL",
	"sdm.devices.types.DISPLAY",
};

static const char *const protocol_names[] = {
	[DEVICE_NO_STREAM] = "none",
	[DEVICE_RTSP] = "RTSP",
	[DEVICE_WEB_RTC] = "WEB_RTC",
};

static const char *const change_names[] = {
	[DEVICE_ADDED] = "device added",
	[DEVICE_VANISHED] = "device vanished",
	[DEVICE_CHANGED] = "device changed",
};

/* ---- devices --------------------------------------------------------------------------------- */

enum device_protocol
device_protocol(const struct sdm_device *d)
{
	if (d->webrtc)
		return DEVICE_WEB_RTC;
	return d->rtsp ? DEVICE_RTSP : DEVICE_NO_STREAM;
}

const char *
device_protocol_name(enum device_protocol p)
{
	return protocol_names[p];
}

static bool
is_camera(const struct sdm_device *d)
{
	for (size_t i = 0; i < sizeof(camera_types) / sizeof(*camera_types); i++)
		if (strcmp(camera_types[i], d->type) == 0)
			return true;
	return d->rtsp || d->webrtc;
}

static void
clear_device(struct sdm_device *d)
{
	free(d->id);
	free(d->name);
	free(d->type);
}

static int
by_name(const void *a, const void *b)
{
	const struct sdm_device *one = a;
	const struct sdm_device *two = b;
	int order = strcmp(one->name, two->name);

	return order ? order : strcmp(one->id, two->id);
}

/* ---- the list -------------------------------------------------------------------------------- */

void
device_list_take(struct device_list *l, struct sdm_answer *answer)
{
	l->devices = answer->devices;
	for (size_t i = 0; i < answer->device_count; i++) {
		struct sdm_device d = answer->devices[i];
		if (is_camera(&d) && !device_list_find(l, d.id))
			l->devices[l->count++] = d;
		else
			clear_device(&d);
	}
	answer->devices = NULL;
	answer->device_count = 0;
	if (l->count > 1)
		qsort(l->devices, l->count, sizeof(*l->devices), by_name);
}

void
device_list_expect(struct device_list *l, const char *id, const char *name)
{
	l->devices = xrealloc(l->devices, (l->count + 1) * sizeof(*l->devices));
	l->devices[l->count++] = (struct sdm_device){
		.id = xstrdup(id), .name = xstrdup(name), .type = xstrdup(""), .rtsp = true
	};
}

const struct sdm_device *
device_list_find(const struct device_list *l, const char *id)
{
	for (size_t i = 0; i < l->count; i++)
		if (strcmp(l->devices[i].id, id) == 0)
			return &l->devices[i];
	return NULL;
}

void
device_list_clear(struct device_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		clear_device(&l->devices[i]);
	free(l->devices);
	*l = (struct device_list){ 0 };
}

/* ---- two lists ------------------------------------------------------------------------------- */

static void
compare_old(const struct sdm_device *old, const struct device_list *now, device_changed *on_change,
	void *arg)
{
	const struct sdm_device *d = device_list_find(now, old->id);
	struct device_change change = { .kind = DEVICE_CHANGED,
		.device = d ? d : old,
		.from = device_protocol(old),
		.to = d ? device_protocol(d) : DEVICE_NO_STREAM };

	if (!d)
		change.kind = DEVICE_VANISHED;
	else if (change.from == change.to)
		return;
	on_change(arg, &change);
}

void
device_list_compare(const struct device_list *before, const struct device_list *now,
	device_changed *on_change, void *arg)
{
	for (size_t i = 0; i < before->count; i++)
		compare_old(&before->devices[i], now, on_change, arg);
	for (size_t i = 0; i < now->count; i++) {
		const struct sdm_device *d = &now->devices[i];
		struct device_change change = {
			.kind = DEVICE_ADDED, .device = d, .to = device_protocol(d)
		};
		if (!device_list_find(before, d->id))
			on_change(arg, &change);
	}
}

/* ---- words ----------------------------------------------------------------------------------- */

const char *
device_change_name(enum device_change_kind kind)
{
	return change_names[kind];
}

char *
device_change_text(const struct device_change *change, char *out, size_t size)
{
	const struct sdm_device *d = change->device;
	const char *name = *d->name ? d->name : "a device without a name";

	if (change->kind == DEVICE_ADDED)
		snprintf(out, size, "%s (%s) is listed by Google now, protocol %s", name, d->id,
			protocol_names[change->to]);
	else if (change->kind == DEVICE_VANISHED)
		snprintf(out, size, "%s (%s) is no longer listed by Google", name, d->id);
	else
		snprintf(out, size, "%s (%s) changed its protocol from %s to %s", name, d->id,
			protocol_names[change->from], protocol_names[change->to]);
	return out;
}

const char *
device_list_trouble(const struct device_list *l, const char *id)
{
	const struct sdm_device *d = device_list_find(l, id);

	if (!d)
		return "Google does not list this device: unlinked, or not ticked at the login";
	if (device_protocol(d) == DEVICE_WEB_RTC)
		return "Google serves this device by WEB_RTC only: no RTSP stream can be had of it";
	if (device_protocol(d) == DEVICE_NO_STREAM)
		return "Google lists this device without a live stream";
	return NULL;
}
