/* event_names.c - every event by its name, in groups. Pure. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "supervisor/event_names.h"
#include "supervisor/list_item.h"

enum group {
	CAMERA,
	MEDIA,
	ACCOUNT,
	DEVICE,
	RECORDING,
	CONFIG,
	HEALTH,
	LIMIT,
	CONSUMER,
	WEBHOOK,
	GROUPS
};

static const char *const group_names[GROUPS] = {
	[CAMERA] = "camera",
	[MEDIA] = "media",
	[ACCOUNT] = "account",
	[DEVICE] = "device",
	[RECORDING] = "recording",
	[CONFIG] = "config",
	[HEALTH] = "health",
	[LIMIT] = "limit",
	[CONSUMER] = "consumer",
	[WEBHOOK] = "webhook",
};

/* clang-format off */
static const struct {
	enum group group;
	const char *name;
} events[] = {
	/* What a camera is, camera_state_text; what people are told of outages; its worker; its stream. */
	{ .group = CAMERA, .name = "starting" },
	{ .group = CAMERA, .name = "running" },
	{ .group = CAMERA, .name = "failed" },
	{ .group = CAMERA, .name = "degraded" },
	{ .group = CAMERA, .name = "stopped" },
	{ .group = CAMERA, .name = "offline" },
	{ .group = CAMERA, .name = "online" },
	{ .group = CAMERA, .name = "worker died" },
	{ .group = CAMERA, .name = "publish failed" },
	{ .group = CAMERA, .name = "given up" },
	{ .group = CAMERA, .name = "waits" },
	{ .group = CAMERA, .name = "account chosen" },
	/* Health as the worker says it, and its ways. */
	{ .group = MEDIA, .name = "HEALTHY" },
	{ .group = MEDIA, .name = "DEGRADED" },
	{ .group = MEDIA, .name = "OFFLINE" },
	{ .group = MEDIA, .name = "RECONNECTING" },
	{ .group = MEDIA, .name = "other url" },
	{ .group = MEDIA, .name = "path-overloaded" },
	{ .group = MEDIA, .name = "path-good" },
	/* account_state. */
	{ .group = ACCOUNT, .name = "ok" },
	{ .group = ACCOUNT, .name = "needs login" },
	{ .group = ACCOUNT, .name = "no token yet" },
	{ .group = ACCOUNT, .name = "api down" },
	{ .group = ACCOUNT, .name = "held by 429" },
	{ .group = ACCOUNT, .name = "half pace" },
	{ .group = ACCOUNT, .name = "overloaded" },
	{ .group = DEVICE, .name = "device added" },
	{ .group = DEVICE, .name = "device vanished" },
	{ .group = DEVICE, .name = "device changed" },
	{ .group = DEVICE, .name = "camera added" },
	{ .group = DEVICE, .name = "camera not added" },
	{ .group = RECORDING, .name = "recording started" },
	{ .group = RECORDING, .name = "recording stopped" },
	{ .group = RECORDING, .name = "recording failed" },
	{ .group = RECORDING, .name = "recording gap" },
	{ .group = RECORDING, .name = "disk full" },
	{ .group = RECORDING, .name = "recordings deleted" },
	{ .group = RECORDING, .name = "recordings too large" },
	{ .group = CONFIG, .name = "added" },
	{ .group = CONFIG, .name = "removed" },
	{ .group = CONFIG, .name = "changed" },
	{ .group = HEALTH, .name = "health ok" },
	{ .group = HEALTH, .name = "health warning" },
	{ .group = HEALTH, .name = "health error" },
	{ .group = LIMIT, .name = "limit warning" },
	{ .group = LIMIT, .name = "limit recording off" },
	{ .group = LIMIT, .name = "limit substream" },
	{ .group = LIMIT, .name = "limit paused" },
	{ .group = LIMIT, .name = "limit back" },
	{ .group = LIMIT, .name = "limit restart" },
	{ .group = CONSUMER, .name = "consumer must pull" },
	{ .group = WEBHOOK, .name = "webhook failing" },
	{ .group = WEBHOOK, .name = "webhook works again" },
	{ .group = WEBHOOK, .name = "webhook gone" },
};
/* clang-format on */
#define EVENTS (sizeof(events) / sizeof(events[0]))
_Static_assert(EVENTS < 64, "a bit each");

static const char all_word[] = "all";

/* ---- the list -------------------------------------------------------------------------------- */

static event_set
find(const struct list_item *item)
{
	event_set found = 0;

	if (list_item_is(item, all_word))
		return EVENT_SET_ALL;
	for (size_t i = 0; i < EVENTS; i++)
		if (list_item_is(item, events[i].name) ||
			list_item_is(item, group_names[events[i].group]))
			found |= UINT64_C(1) << i;
	return found;
}

static void
append(char *out, size_t size, const char *before, const char *word)
{
	size_t len = strlen(out);

	snprintf(out + len, size - len, "%s%s", before, word);
}

static int
refuse(const struct list_item *item, char *why, size_t why_size)
{
	snprintf(why, why_size, "item %d, %.*s, is no event: there are the groups %s", item->number,
		item->n > 40 ? 40 : (int)item->n, item->text, all_word);
	for (int g = 0; g < GROUPS; g++)
		append(why, why_size, ", ", group_names[g]);
	for (size_t i = 0; i < EVENTS; i++)
		append(why, why_size, i ? ", " : ", and the events ", events[i].name);
	return -1;
}

int
event_set_read(const char *list, event_set *out, char *why, size_t why_size)
{
	struct list_item item = { 0 };

	*out = 0;
	while (list_item_next(&list, &item)) {
		event_set found = find(&item);
		if (!found)
			return refuse(&item, why, why_size);
		*out |= found;
	}
	return 0;
}

/* ---- questions ------------------------------------------------------------------------------- */

/* EVENTS if it is not there. */
static size_t
index_of(const char *event)
{
	size_t i = 0;

	while (i < EVENTS && strcmp(events[i].name, event) != 0)
		i++;
	return i;
}

bool
event_set_has(event_set set, const char *event)
{
	size_t i = index_of(event);

	return i < EVENTS ? (set >> i & 1) != 0 : set == EVENT_SET_ALL;
}
