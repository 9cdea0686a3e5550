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
/* Ours to choose; the SFU echoes it (facts/cloudflare-sfu.md 2.3). */
#define VIDEO_PT 106
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
make_peer(struct upstream *u, const struct sdp_media *video)
{
	const struct upstream_config *c = &u->config;
	struct peer_config config = { .loop = c->loop,
		.identity = u->identity,
		.camera = c->camera,
		.cname = c->ids.cname,
		.stream_id = u->stream_id,
		.media = video,
		.media_count = 1,
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
send_offer(struct upstream *u, char *sdp)
{
	struct msg m = { .type = MSG_OFFER,
		.u.offer = { .offer = ++u->offer,
			.sdp = sdp,
			.video_mid = (char *)(uintptr_t)VIDEO_MID } };

	link_send(u->config.link, &m);
}

/* The peer uses video until it has made its offer. */
bool
upstream_offer(struct upstream *u)
{
	char profile[7];
	char fmtp[96];
	struct sdp_media video = { .kind = SDP_VIDEO,
		.mid = VIDEO_MID,
		.pt = VIDEO_PT,
		.rtpmap = "H264/90000",
		.fmtp = fmtp,
		.ssrc = u->config.ids.video_ssrc,
		.track_id = "video",
		.feedback = true };

	upstream_drop(u);
	media_profile(u->config.media, profile);
	snprintf(fmtp, sizeof(fmtp),
		"level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=%s", profile);
	u->peer = make_peer(u, &video);
	char *sdp = u->peer ? peer_offer(u->peer) : NULL;
	if (sdp)
		send_offer(u, sdp);
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
