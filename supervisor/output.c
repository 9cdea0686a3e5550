/* output.c - one place that a camera is published to, of whatever kind.
 * Owns the machine of its kind and the worker's last word. Loop thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/name.h"
#include "common/xmalloc.h"
#include "proto/status_camera.h"
#include "supervisor/output.h"
#include "supervisor/publish.h"
#include "supervisor/whip_session.h"

struct output {
	const struct kind *kind;
	void *machine; /* owned; a publish or a whip_session */
	char camera[NAME_BYTES];
	struct config_outputs config; /* owned; of one */
	int64_t offer;                /* the number of the worker's newest, 0: none */
	int64_t ssrc;                 /* of its pictures */
	ms_t answered;                /* when the far end last did */
	struct sfu_track tracks[2];   /* of that offer */
	size_t track_count;
	char word[16];    /* the worker's: connecting, sending, failed; "": none */
	char reason[160]; /* why it failed */
	struct output_events events;
	void *arg;
};

/* What both machines can do. */
struct kind {
	const char *name;
	void *(*make)(const struct output_parts *parts, struct output *o);
	void (*offer)(struct output *o, const char *sdp);
	void (*stop)(void *machine, ms_t within_ms, void (*done)(bool, void *), void *arg);
	const char *(*state)(const void *machine);
	/* NULL unless it is live. */
	const char *(*where)(const void *machine);
	const char *(*why)(const void *machine);
	void (*free)(void *machine);
};

static void on_answer(const char *where, const char *sdp, void *arg);
static void on_failed(const char *why, ms_t retry_ms, void *arg);

static const struct publish_events machine_events = { .on_answer = on_answer,
	.on_failed = on_failed };

/* ---- Cloudflare ------------------------------------------------------------------------------ */

static void *
cloudflare_make(const struct output_parts *parts, struct output *o)
{
	return publish_new(parts->loop, parts->sfu, parts->camera, &machine_events, o);
}

static void
cloudflare_offer(struct output *o, const char *sdp)
{
	publish_offer(o->machine, sdp, o->tracks, o->track_count);
}

static void
cloudflare_stop(void *machine, ms_t within_ms, void (*done)(bool, void *), void *arg)
{
	publish_stop(machine, within_ms, done, arg);
}

static const char *
cloudflare_state(const void *machine)
{
	return publish_state_name(publish_state(machine));
}

static const char *
cloudflare_where(const void *machine)
{
	return publish_session(machine);
}

static const char *
cloudflare_why(const void *machine)
{
	return publish_why(machine);
}

static void
cloudflare_free(void *machine)
{
	publish_free(machine);
}

/* ---- WHIP ------------------------------------------------------------------------------------ */

static void *
whip_make(const struct output_parts *parts, struct output *o)
{
	const struct config_output *c = &o->config.list[0];
	struct whip_settings settings = { .url = c->url,
		.token_file = c->token_file,
		.ca_file = c->ca_file,
		.bearer_anywhere = c->token_anywhere,
		.timeout_ms = c->call_timeout_ms };

	return whip_session_new(parts->loop, whip_new(parts->loop, parts->http, &settings),
		parts->camera, c->name, &machine_events, o);
}

static void
whip_offer(struct output *o, const char *sdp)
{
	whip_session_offer(o->machine, sdp, o->track_count);
}

static void
whip_stop(void *machine, ms_t within_ms, void (*done)(bool, void *), void *arg)
{
	whip_session_stop(machine, within_ms, done, arg);
}

static const char *
whip_state(const void *machine)
{
	return whip_state_name(whip_session_state(machine));
}

static const char *
whip_where(const void *machine)
{
	return whip_session_where(machine);
}

static const char *
whip_why(const void *machine)
{
	return whip_session_why(machine);
}

static void
whip_machine_free(void *machine)
{
	whip_session_free(machine);
}

static const struct kind kinds[] = {
	[CONFIG_OUTPUT_CLOUDFLARE] = { .name = "cloudflare",
		.make = cloudflare_make,
		.offer = cloudflare_offer,
		.stop = cloudflare_stop,
		.state = cloudflare_state,
		.where = cloudflare_where,
		.why = cloudflare_why,
		.free = cloudflare_free },
	[CONFIG_OUTPUT_WHIP] = { .name = "whip",
		.make = whip_make,
		.offer = whip_offer,
		.stop = whip_stop,
		.state = whip_state,
		.where = whip_where,
		.why = whip_why,
		.free = whip_machine_free },
};

/* ---- the far end's words --------------------------------------------------------------------- */

static void
on_answer(const char *where, const char *sdp, void *arg)
{
	struct output *o = arg;

	(void)where; /* the machine has said it in the log */
	o->answered = clock_now();
	o->events.on_answer(o, o->offer, sdp, o->arg);
}

static void
on_failed(const char *why, ms_t retry_ms, void *arg)
{
	struct output *o = arg;

	o->events.on_failed(o, o->offer, why, retry_ms, o->arg);
}

/* ---- the worker's words ---------------------------------------------------------------------- */

static void
add_track(struct output *o, bool audio, const char *mid)
{
	struct sfu_track *track = &o->tracks[o->track_count++];

	track->audio = audio;
	snprintf(track->mid, sizeof(track->mid), "%s", mid);
	snprintf(track->name, sizeof(track->name), "%s-%s", o->camera, audio ? "audio" : "video");
}

static void
forget_word(struct output *o)
{
	o->word[0] = o->reason[0] = '\0';
}

/* RFC 5576 4.1: the first a=ssrc of the pictures' section; the next is what they are sent again by.
 */
static int64_t
video_ssrc(const char *sdp)
{
	const char attribute[] = "\na=ssrc:";
	const char *video = strstr(sdp, "m=video");
	const char *at = video ? strstr(video, attribute) : NULL;

	return at ? (int64_t)strtoul(at + strlen(attribute), NULL, 10) : 0;
}

void
output_offer(struct output *o, const struct msg_offer *offer)
{
	o->offer = offer->offer;
	o->ssrc = video_ssrc(offer->sdp);
	forget_word(o);
	o->track_count = 0;
	add_track(o, false, offer->video_mid);
	if (offer->audio_mid)
		add_track(o, true, offer->audio_mid);
	o->kind->offer(o, offer->sdp);
}

void
output_word(struct output *o, const struct msg_output *word)
{
	if (word->offer != o->offer)
		return;
	snprintf(o->word, sizeof(o->word), "%s", word->state);
	snprintf(o->reason, sizeof(o->reason), "%s", word->reason ? word->reason : "");
}

void
output_stop(struct output *o, ms_t within_ms, void (*done)(bool closed, void *arg), void *arg)
{
	o->offer = 0;
	forget_word(o);
	o->kind->stop(o->machine, within_ms, done, arg);
}

/* ---- what people see ------------------------------------------------------------------------- */

const struct config_output *
output_config(const struct output *o)
{
	return &o->config.list[0];
}

const char *
output_state_name(const struct output *o)
{
	return o->kind->state(o->machine);
}

/* Cloudflare's session id while it is live; else NULL. */
static const char *
session(const struct output *o)
{
	return o->kind == &kinds[CONFIG_OUTPUT_CLOUDFLARE] ? o->kind->where(o->machine) : NULL;
}

bool
output_get_source(const struct output *o, struct output_source *out)
{
	*out = (struct output_source){ .session = session(o),
		.tracks = o->tracks,
		.track_count = o->track_count,
		.sending = strcmp(o->word, "sending") == 0 };
	return out->session != NULL;
}

const char *
output_error(const struct output *o)
{
	if (!o->kind->where(o->machine)) {
		const char *why = o->kind->why(o->machine);
		return *why ? why : NULL;
	}
	return strcmp(o->word, "failed") == 0 && *o->reason ? o->reason : NULL;
}

static char *
copy(const char *text)
{
	return text && *text ? xstrdup(text) : NULL;
}

void
output_status(const struct output *o, ms_t now, struct status_output *row)
{
	const char *where = o->kind->where(o->machine);

	*row = (struct status_output){ .name = copy(output_config(o)->name),
		.kind = copy(o->kind->name),
		.state = copy(output_state_name(o)),
		.session = copy(where),
		.session_ms = where ? now - o->answered : 0,
		.media = copy(o->word),
		.error = copy(output_error(o)),
		.ssrc = o->offer ? o->ssrc : 0 };
}

/* ---- making and ending ----------------------------------------------------------------------- */

static void
copy_config(struct config_output *to, const struct config_output *from)
{
	*to = *from;
	to->url = copy(from->url);
	to->token_file = copy(from->token_file);
	to->ca_file = copy(from->ca_file);
}

struct output *
output_new(const struct output_parts *parts, const struct config_output *config,
	const struct output_events *events, void *arg)
{
	struct output *o = xcalloc(1, sizeof(*o));

	o->kind = &kinds[config->kind];
	o->events = *events;
	o->arg = arg;
	snprintf(o->camera, sizeof(o->camera), "%s", parts->camera);
	copy_config(&o->config.list[0], config);
	o->config.count = 1;
	o->machine = o->kind->make(parts, o);
	return o;
}

void
output_free(struct output *o)
{
	if (!o)
		return;
	o->kind->free(o->machine);
	config_outputs_clear(&o->config);
	free(o);
}
