/* upstream.c - the worker's way to the SFU.
 * Owns the peer, its identity and the number of its offer. Decides nothing: worker/session.c does.
 * Loop thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <glib.h>

#include "common/err.h"
#include "common/log.h"
#include "worker/draw.h"
#include "worker/dtls_identity.h"
#include "worker/upstream.h"

#define VIDEO_MID "0"
#define AUDIO_MID "1"
/* Ours to choose; the SFU echoes it (facts/cloudflare-sfu.md 2.3). */
#define VIDEO_PT 106
#define AUDIO_PT 111
#define OUTPUT 0

struct upstream {
	struct upstream_config config;
	struct dtls_identity *identity;
	struct peer *peer; /* NULL: none */
	char stream_id[DRAW_ID_BYTES];
	int64_t offer; /* number of the newest, 0: none yet */
	struct peer_times times;
};

/* ---- the peer's words ------------------------------------------------------------------------ */

static void
on_phase(void *arg, enum peer_phase phase, int64_t since_start_us, const char *detail)
{
	struct upstream *u = arg;
	const struct upstream_events *e = &u->config.events;

	u->times.at_us[phase] = since_start_us;
	log_debug("peer phase", LOG_CAM(u->config.camera), LOG_STR("phase", peer_phase_name(phase)),
		LOG_STR("detail", detail));
	if (phase == PEER_DTLS)
		e->on_connected(e->arg);
	if (phase == PEER_FIRST_PACKET)
		e->on_first_packet(e->arg);
}

static void
on_failed(void *arg, int err, const char *why)
{
	struct upstream *u = arg;
	const struct upstream_events *e = &u->config.events;

	log_warn("peer failed", LOG_CAM(u->config.camera), LOG_INT("offer", u->offer),
		LOG_STR("error", err_text(err)), LOG_STR("why", why));
	e->on_lost(e->arg, why);
}

static void
on_rtcp(void *arg, const uint8_t *bytes, size_t len)
{
	struct upstream *u = arg;

	media_on_rtcp(u->config.media, OUTPUT, bytes, len);
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
		.u.offer = { .offer = ++u->offer,
			.sdp = sdp,
			.video_mid = (char *)(uintptr_t)VIDEO_MID,
			.audio_mid = sound ? (char *)(uintptr_t)AUDIO_MID : NULL } };

	link_send(u->config.link, &m);
}

static struct sdp_media
describe_pictures(const struct upstream *u, char *fmtp, size_t size)
{
	char profile[7];

	media_profile(u->config.media, profile);
	snprintf(fmtp, size, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=%s",
		profile);
	return (struct sdp_media){ .kind = SDP_VIDEO,
		.mid = VIDEO_MID,
		.pt = VIDEO_PT,
		.rtpmap = "H264/90000",
		.fmtp = fmtp,
		.ssrc = u->config.ids.video_ssrc,
		.track_id = "video",
		.feedback = true };
}

/* RFC 7587 7: always two channels in the rtpmap; the fmtp says whether there are. */
static struct sdp_media
describe_sound(const struct upstream *u, unsigned channels)
{
	return (struct sdp_media){ .kind = SDP_AUDIO,
		.mid = AUDIO_MID,
		.pt = AUDIO_PT,
		.rtpmap = "opus/48000/2",
		.fmtp = channels == 2 ? "minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1"
				      : "minptime=10;useinbandfec=1",
		.ssrc = u->config.ids.audio_ssrc,
		.track_id = "audio" };
}

/* The peer uses the descriptions until it has made its offer. */
bool
upstream_offer(struct upstream *u)
{
	const unsigned channels = media_sound_channels(u->config.media, false);
	char fmtp[96];
	const struct sdp_media media[] = { describe_pictures(u, fmtp, sizeof(fmtp)),
		describe_sound(u, channels) };

	upstream_drop(u);
	u->peer = make_peer(u, media, channels > 0 ? 2 : 1);
	char *sdp = u->peer ? peer_offer(u->peer) : NULL;
	if (sdp)
		send_offer(u, sdp, channels > 0);
	free(sdp);
	return sdp != NULL;
}

bool
upstream_answered(struct upstream *u, int64_t offer, const char *sdp)
{
	char why[160] = "";

	if (!u->peer || offer != u->offer) {
		log_debug("peer stale answer", LOG_CAM(u->config.camera), LOG_INT("offer", offer));
		return false;
	}
	int err = peer_answer(u->peer, sdp, strlen(sdp), why, sizeof(why));
	if (err)
		on_failed(u, err, why);
	return !err;
}

void
upstream_refused(struct upstream *u, int64_t offer, const char *why)
{
	if (u->peer && offer == u->offer)
		on_failed(u, ERR_REFUSED, why);
}

void
upstream_send(struct upstream *u)
{
	media_attach(u->config.media, OUTPUT, u->peer);
}

void
upstream_drop(struct upstream *u)
{
	struct peer *old = u->peer;

	u->peer = NULL;
	media_detach(u->config.media, OUTPUT);
	u->times = (struct peer_times){ { 0 } };
	peer_free(old);
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
	draw_id(u->stream_id);
	*out = u;
	return 0;
}

void
upstream_free(struct upstream *u)
{
	if (!u)
		return;
	upstream_drop(u);
	dtls_identity_free(u->identity);
	g_free(u);
}
