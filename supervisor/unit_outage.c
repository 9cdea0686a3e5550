/* unit_outage.c - tells when a camera is away and when it is back. Owns nothing but the unit's
 * outage. Loop thread. */
#include <stdio.h>

#include "common/log.h"
#include "supervisor/camera_view.h"
#include "supervisor/config.h"
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

static void
gone(struct unit *u, ms_t since, bool certain, const char *why)
{
	ms_t now = clock_now();
	ms_t after_ms = u->shared->config->outage_after_ms;

	if (u->life != UNIT_AT_WORK || camera_view(u->machine).state == CAMERA_STOPPED)
		return;
	tell(u, outage_gone(&u->outage, since, certain, why), 0);
	tell(u, outage_step(&u->outage, after_ms, now), 0);
}

void
unit_outage_on_state(struct unit *u, const struct msg_state *s)
{
	enum camera_media media = camera_view(u->machine).media;
	ms_t now = clock_now();
	ms_t lasted_ms;

	if (media == CAMERA_MEDIA_HEALTHY || media == CAMERA_MEDIA_DEGRADED) {
		enum outage_news news = outage_over(&u->outage, now, &lasted_ms);
		tell(u, news, lasted_ms);
		return;
	}
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
	tell(u, outage_step(&u->outage, u->shared->config->outage_after_ms, clock_now()), 0);
}

ms_t
unit_outage_due(const struct unit *u)
{
	return outage_due(&u->outage, u->shared->config->outage_after_ms);
}
