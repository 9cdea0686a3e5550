/* upstream.c - the way to one receiver.
 * Owns the peer, its identity, the number of its offer, and when to make another. Decides nothing:
 * worker/publication.c does. Loop thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "common/err.h"
#include "common/log.h"
#include "worker/draw.h"
#include "worker/dtls_identity.h"
#include "worker/loop.h"
#include "worker/publication.h"
#include "worker/upstream.h"

#define VIDEO_MID "0"
#define AUDIO_MID "1"
/* Ours to choose; the SFU echoes it (docs/sources.md). */
#define VIDEO_PT 106
#define AUDIO_PT 111
#define RTX_PT 107
#define TRANSPORT_CC_ID 1
#define WHY_MAX 240
/* What an rtpmap of pictures takes. */
#define RTPMAP_MAX 16

struct upstream {
	struct upstream_config config;
	struct publication *publication;
	GSource *timer; /* publication_due */
	struct dtls_identity *identity;
	struct peer *peer; /* NULL: none */
	char stream_id[DRAW_ID_BYTES];
	int64_t offer; /* number of the newest, 0: none yet */
	struct peer_times times;
	const struct video_codec *codec; /* offered last; NULL: none yet */
	struct sound_offer offered;
	bool g711;         /* was offered; */
	bool no_g711;      /* but the receiver does not take it: it shall have Opus */
	char why[WHY_MAX]; /* what the last try failed of */
	const char *told;  /* the state that the supervisor knows */
	int64_t told_offer;
};

static void step(struct upstream *u, enum publication_event ev);

/* ---- the peer's words ------------------------------------------------------------------------ */

static void
on_phase(void *arg, enum peer_phase phase, int64_t since_start_us, const char *detail)
{
	struct upstream *u = arg;
	const struct upstream_events *e = &u->config.events;

	u->times.at_us[phase] = since_start_us;
	log_debug("peer phase", LOG_CAM(u->config.camera), LOG_INT("output", u->config.index),
		LOG_STR("phase", peer_phase_name(phase)), LOG_STR("detail", detail));
	if (phase == PEER_DTLS)
		step(u, PUBLICATION_CONNECTED);
	if (phase == PEER_FIRST_PACKET)
		e->on_first_packet(e->arg, u->config.index);
}

static void
on_failed(void *arg, int err, const char *why)
{
	struct upstream *u = arg;

	log_warn("peer failed", LOG_CAM(u->config.camera), LOG_INT("output", u->config.index),
		LOG_INT("offer", u->offer), LOG_STR("error", err_text(err)), LOG_STR("why", why));
	snprintf(u->why, sizeof(u->why), "connection: %s", why);
	step(u, PUBLICATION_LOST);
}

static void
on_rtcp(void *arg, const uint8_t *bytes, size_t len)
{
	struct upstream *u = arg;

	media_on_rtcp(u->config.media, u->config.index, bytes, len);
}

/* ---- offers ---------------------------------------------------------------------------------- */

static struct peer *
make_peer(struct upstream *u, const struct sdp_media *media, size_t count)
{
	const struct upstream_config *c = &u->config;
	struct peer_config config = { .loop = c->loop,
		.identity = u->identity,
		.camera = c->camera,
		.cname = c->ids.cname,
		.stream_id = u->stream_id,
		.media = media,
		.media_count = count,
		.events = { .on_phase = on_phase,
			.on_failed = on_failed,
			.on_rtcp = on_rtcp,
			.arg = u } };
	struct peer *p = NULL;

	int err = peer_new(&p, &config);
	if (err)
		log_error(
			"peer cannot be made", LOG_CAM(c->camera), LOG_STR("error", err_text(err)));
	return p;
}

static void
send_offer(struct upstream *u, char *sdp, bool sound)
{
	struct msg m = { .type = MSG_OFFER,
		.u.offer = { .output = u->config.index,
			.offer = ++u->offer,
			.sdp = sdp,
			.video_mid = (char *)(uintptr_t)VIDEO_MID,
			.audio_mid = sound ? (char *)(uintptr_t)AUDIO_MID : NULL } };

	link_send(u->config.link, &m);
}

/* As text of the caller's, which holds as long as the description. */
struct lines {
	char video_rtpmap[RTPMAP_MAX];
	char video_fmtp[96];
	char audio_rtpmap[RTPMAP_MAX];
};

static struct sdp_media
describe_pictures(struct upstream *u, struct lines *lines)
{
	u->codec = media_describe(u->config.media, lines->video_fmtp, sizeof(lines->video_fmtp));
	snprintf(lines->video_rtpmap, sizeof(lines->video_rtpmap), "%s/90000", u->codec->name);
	return (struct sdp_media){ .kind = SDP_VIDEO,
		.mid = VIDEO_MID,
		.pt = VIDEO_PT,
		.rtpmap = lines->video_rtpmap,
		.fmtp = lines->video_fmtp,
		.ssrc = u->config.ids.video_ssrc,
		.track_id = "video",
		.feedback = true,
		.rtx_pt = RTX_PT,
		.rtx_ssrc = u->config.ids.rtx_ssrc,
		.transport_cc_id = TRANSPORT_CC_ID };
}

/* RFC 7587 7: always two channels in the rtpmap; the fmtp says whether there are. */
static struct sdp_media
describe_opus(const struct upstream *u, unsigned channels)
{
	return (struct sdp_media){ .kind = SDP_AUDIO,
		.mid = AUDIO_MID,
		.pt = AUDIO_PT,
		.rtpmap = "opus/48000/2",
		.fmtp = channels == 2 ? "minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1"
				      : "minptime=10;useinbandfec=1",
		.ssrc = u->config.ids.audio_ssrc,
		.track_id = "audio",
		.transport_cc_id = TRANSPORT_CC_ID };
}

/* Alone: who is offered Opus too takes that. */
static struct sdp_media
describe_g711(const struct upstream *u, const struct sound_offer *offer, struct lines *lines)
{
	struct sdp_media m = describe_opus(u, 1);

	snprintf(lines->audio_rtpmap, sizeof(lines->audio_rtpmap), "%s/%d", offer->as_is,
		SOUND_G711_HZ);
	m.pt = offer->as_is_pt;
	m.rtpmap = lines->audio_rtpmap;
	m.fmtp = NULL;
	return m;
}

static void
drop(struct upstream *u)
{
	struct peer *old = u->peer;

	u->peer = NULL;
	media_detach(u->config.media, u->config.index);
	u->times = (struct peer_times){ { 0 } };
	peer_free(old);
}

/* The peer uses the descriptions until it has made its offer. */
static bool
make_offer(struct upstream *u)
{
	const struct sound_offer sound = media_sound_offer(u->config.media, u->config.silence);
	const bool has_sound = sound.opus_channels > 0;
	struct lines lines;

	u->offered = sound;
	u->g711 = sound.as_is && !u->no_g711;
	const struct sdp_media media[] = { describe_pictures(u, &lines),
		u->g711 ? describe_g711(u, &sound, &lines)
			: describe_opus(u, sound.opus_channels) };

	drop(u);
	u->peer = make_peer(u, media, has_sound ? 2 : 1);
	char *sdp = u->peer ? peer_offer(u->peer) : NULL;
	if (sdp)
		send_offer(u, sdp, has_sound);
	free(sdp);
	return sdp != NULL;
}

/* ---- what is wanted -------------------------------------------------------------------------- */

static gboolean
on_due(gpointer data)
{
	step(data, PUBLICATION_TIMER);
	return G_SOURCE_REMOVE;
}

static void
arm(struct upstream *u)
{
	ms_t due = publication_due(u->publication);

	if (due == MS_NEVER)
		loop_clear(&u->timer);
	else
		loop_timer(u->config.loop, &u->timer, due - clock_now(), on_due, u);
}

/* Tells the supervisor what it does not know from its own part of it. */
static void
tell(struct upstream *u)
{
	static const char *const known[][2] = { { "connecting", "connecting" },
		{ "sending", "sending" }, { "pausing", "failed" }, { "refused", "failed" } };
	const char *state = NULL;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i][0], publication_state(u->publication)) == 0)
			state = known[i][1];
	if (!state || (u->told == state && u->told_offer == u->offer))
		return;
	u->told = state;
	u->told_offer = u->offer;
	struct msg m = { .type = MSG_OUTPUT,
		.u.output = { .output = u->config.index,
			.offer = u->offer,
			.state = (char *)(uintptr_t)state,
			.reason = *u->why ? u->why : NULL } };
	link_send(u->config.link, &m);
}

/* What the receiver made of the offer. */
static void
log_agreed(const struct upstream *u)
{
	const struct sdp_remote *r = peer_remote(u->peer);

	for (size_t i = 0; i < r->media_count; i++) {
		const struct sdp_remote_media *m = &r->media[i];
		log_info("peer track", LOG_CAM(u->config.camera),
			LOG_INT("output", u->config.index), LOG_STR("mid", m->mid),
			LOG_STR("codec", m->accepted ? m->codec : "refused"), LOG_INT("pt", m->pt),
			LOG_INT("rtx", m->rtx_pt), LOG_INT("transport_cc", m->transport_cc_id));
	}
}

static void
step(struct upstream *u, enum publication_event ev)
{
	unsigned effects = publication_step(u->publication, ev, clock_now(), draw());

	if (ev == PUBLICATION_TIMER && effects & PUBLICATION_DO_DROP)
		log_warn("peer offer unanswered", LOG_CAM(u->config.camera),
			LOG_INT("output", u->config.index), LOG_INT("offer", u->offer));
	if (effects & PUBLICATION_DO_DROP)
		drop(u);
	if (effects & PUBLICATION_DO_SEND) {
		u->why[0] = '\0';
		log_agreed(u);
		media_attach(u->config.media, u->config.index, u->peer);
	}
	tell(u);
	arm(u);
	if (effects & PUBLICATION_DO_OFFER && !make_offer(u))
		step(u, PUBLICATION_LOST);
	u->config.events.on_change(u->config.events.arg);
}

/* The camera was opened again and has sound where it had none, or of another codec. */
static bool
has_other_sound(const struct upstream *u)
{
	const struct sound_offer now = media_sound_offer(u->config.media, u->config.silence);
	const char *as_is = now.as_is ? now.as_is : "";
	const char *was = u->offered.as_is ? u->offered.as_is : "";

	return !now.opus_channels != !u->offered.opus_channels || strcmp(as_is, was) != 0;
}

/* Or with pictures of another codec, which one that refused may take. */
static bool
has_other_codec(const struct upstream *u)
{
	char fmtp[1];

	return u->codec && media_describe(u->config.media, fmtp, sizeof(fmtp)) != u->codec;
}

void
upstream_pictures(struct upstream *u, bool flow)
{
	if (flow && has_other_codec(u)) {
		u->codec = NULL;
		upstream_renew(u, "the camera has pictures of another codec");
	} else if (flow && u->peer && has_other_sound(u)) {
		upstream_renew(u, "the camera has other sound");
	}
	step(u, flow ? PUBLICATION_PICTURES : PUBLICATION_NO_PICTURES);
}

static bool
is_g711_refused(const struct upstream *u)
{
	const struct sdp_remote *r = peer_remote(u->peer);

	for (size_t i = 0; u->g711 && i < r->media_count; i++) {
		if (r->media[i].kind == SDP_AUDIO)
			return !r->media[i].accepted;
	}
	return false;
}

static void
offer_opus(struct upstream *u)
{
	u->no_g711 = true;
	upstream_renew(u, "the receiver does not take G.711");
}

/* Told once for each time that it is asked, which is seldom. */
static void
on_codec_refused(struct upstream *u, const char *receiver, const char *why)
{
	struct msg m = { .type = MSG_EVENT, .u.event = { .text = u->why } };

	m.u.event.event = (char *)(uintptr_t) "codec-refused";
	snprintf(u->why, sizeof(u->why), "%s does not take %s, which the camera sends: %s",
		receiver ? receiver : "the receiver", u->codec->name, why);
	log_warn("peer codec refused", LOG_CAM(u->config.camera),
		LOG_INT("output", u->config.index), LOG_INT("offer", u->offer),
		LOG_STR("why", u->why));
	link_send(u->config.link, &m);
	step(u, PUBLICATION_REFUSED);
}

void
upstream_answered(struct upstream *u, int64_t offer, const char *sdp, const char *receiver)
{
	char why[160] = "";

	if (!u->peer || offer != u->offer) {
		log_debug("peer stale answer", LOG_CAM(u->config.camera), LOG_INT("offer", offer));
		return;
	}
	int err = peer_answer(u->peer, sdp, strlen(sdp), why, sizeof(why));
	if (err == ERR_REFUSED)
		on_codec_refused(u, receiver, why);
	else if (err)
		on_failed(u, err, why);
	else if (is_g711_refused(u))
		offer_opus(u);
	else
		step(u, PUBLICATION_ANSWERED);
}

void
upstream_refused(struct upstream *u, int64_t offer, const char *why)
{
	char text[WHY_MAX];

	if (!u->peer || offer != u->offer)
		return;
	u->no_g711 |= u->g711; /* for all we know that was why */
	/* Or this; H.264 is taken by all. */
	const bool usual = u->codec == &video_h264;
	snprintf(text, sizeof(text), "%s%s%s%s", why, usual ? "" : " (",
		usual ? "" : u->codec->name, usual ? "" : " was offered)");
	on_failed(u, ERR_REFUSED, text);
}

void
upstream_renew(struct upstream *u, const char *why)
{
	log_info("peer renewed", LOG_CAM(u->config.camera), LOG_INT("output", u->config.index),
		LOG_STR("why", why));
	step(u, PUBLICATION_LOST);
}

unsigned
upstream_index(const struct upstream *u)
{
	return u->config.index;
}

const char *
upstream_state(const struct upstream *u)
{
	return publication_state(u->publication);
}

bool
upstream_is_sending(const struct upstream *u)
{
	return publication_is_sending(u->publication);
}

const char *
upstream_why(const struct upstream *u)
{
	return u->why;
}

int64_t
upstream_offer_number(const struct upstream *u)
{
	return u->peer ? u->offer : 0;
}

const struct peer_times *
upstream_times(const struct upstream *u)
{
	return &u->times;
}

/* ---- life ------------------------------------------------------------------------------------ */

int
upstream_new(const struct upstream_config *config, struct upstream **out)
{
	struct upstream *u = g_new0(struct upstream, 1);
	int err = dtls_identity_new(&u->identity);

	if (err) {
		g_free(u);
		return err;
	}
	u->config = *config;
	u->publication = publication_new();
	draw_id(u->stream_id);
	*out = u;
	return 0;
}

void
upstream_free(struct upstream *u)
{
	if (!u)
		return;
	loop_clear(&u->timer);
	drop(u);
	publication_free(u->publication);
	dtls_identity_free(u->identity);
	g_free(u);
}
