/* unit_outage.c - tells when a camera is away and when it is back. Owns nothing but the unit's
 * outage. Loop thread. */
#include <stdio.h>

#include "common/log.h"
#include "supervisor/camera_view.h"
#include "supervisor/config.h"
#include "supervisor/config_camera.h"
#include "supervisor/events.h"
#include "supervisor/unit_outage.h"

static void
tell(struct unit *u, enum outage_news news, ms_t lasted_ms)
{
	char span[32];
	char text[320];

	if (news == OUTAGE_NO_NEWS)
		return;
	if (news == OUTAGE_OFFLINE)
		snprintf(text, sizeof(text), "%s is offline: %s", u->name,
			*u->outage.why ? u->outage.why : "no picture");
	else
		snprintf(text, sizeof(text), "%s is online again after %s", u->name,
			outage_span(lasted_ms, span, sizeof(span)));
	log_warn(news == OUTAGE_OFFLINE ? "camera offline" : "camera online", LOG_CAM(u->name),
		LOG_STR("text", text));
	events_publish(
		u->shared->events, u->name, news == OUTAGE_OFFLINE ? "offline" : "online", text);
}

/* The worker needs media_stall to notice that pictures stopped, and has this long to say so. */
#define STALL_NEWS_MS 2000

/* Pictures are back once they have come for longer than that. */
static struct outage_times
times_of(const struct unit *u)
{
	return (struct outage_times){
		.after_ms = u->shared->config->outage_after_ms,
		.back_ms = u->config->media_stall_ms + STALL_NEWS_MS,
	};
}

static void
step(struct unit *u)
{
	const struct outage_times t = times_of(u);
	ms_t lasted_ms = 0;
	const enum outage_news news = outage_step(&u->outage, &t, clock_now(), &lasted_ms);

	tell(u, news, lasted_ms);
}

static void
gone(struct unit *u, ms_t since, bool certain, const char *why)
{
	if (u->life != UNIT_AT_WORK || camera_view(u->machine).state == CAMERA_STOPPED)
		return;
	tell(u, outage_gone(&u->outage, since, certain, why), 0);
	step(u);
}

void
unit_outage_on_state(struct unit *u, const struct msg_state *s)
{
	enum camera_media media = camera_view(u->machine).media;
	ms_t now = clock_now();

	if (media == CAMERA_MEDIA_HEALTHY || media == CAMERA_MEDIA_DEGRADED)
		outage_back(&u->outage, now);
	else
		gone(u, now - s->silence_ms, media == CAMERA_MEDIA_OFFLINE, s->reason);
}

void
unit_outage_on_trouble(struct unit *u, const char *why)
{
	gone(u, clock_now(), false, why);
}

void
unit_outage_step(struct unit *u)
{
	if (camera_view(u->machine).state == CAMERA_STOPPED)
		outage_forget(&u->outage);
	step(u);
}

ms_t
unit_outage_due(const struct unit *u)
{
	const struct outage_times t = times_of(u);

	return outage_due(&u->outage, &t);
}
