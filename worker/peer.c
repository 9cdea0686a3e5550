/* peer.c - one DTLS-SRTP connection: offer, answer, ICE, DTLS, then encrypted packets.
 * Owns the parts (ice, dtls, srtp), the order they come in, their timers and the send buffer. Does
 * not look into RTP. Loop thread, but for peer_send, peer_send_rtcp and peer_stats. */
#include "worker/peer.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <glib.h>

#include "common/err.h"
#include "common/log.h"
#include "worker/dtls.h"
#include "worker/ice.h"
#include "worker/loop.h"
#include "worker/negotiation.h"
#include "worker/sender.h"
#include "worker/srtp.h"
#include "worker/udp_path.h"

/* Cloudflare's whole set-up takes 2.4 to 2.8 s, most of it HTTP. */
#define CONNECT_TIMEOUT_MS 10000

/* RFC 8866 5.2 with RFC 8829 5.2.1: the session id is below 2^63; 62 bits are random. */
#define SESSION_ID_MASK ((UINT64_C(1) << 62) - 1)

enum state {
	NEW,
	OFFERED,
	CHECKING, /* ICE */
	SECURING, /* DTLS */
	UP,
	FAILED,
	CLOSED,
	STATES
};

/* The phase that a state stands for; states without a name here are not reported. */
static const struct {
	bool reported;
	enum peer_phase phase;
} phase_of[STATES] = {
	[OFFERED] = { true, PEER_OFFERED },
	[CHECKING] = { true, PEER_ANSWERED },
	[SECURING] = { true, PEER_ICE },
	[UP] = { true, PEER_DTLS },
};

struct peer {
	struct peer_config config; /* its strings are lent: see peer.h for how long */
	enum state state;
	int64_t start_us;
	struct negotiation negotiation;
	struct sdp_remote remote;
	struct ice *ice;
	struct dtls *dtls;
	struct srtp *srtp;     /* from UP on; sealing is the sender's, opening is ours */
	struct sender *sender; /* its lock is the only one: this struct is the loop thread's */
	GSource *watchdog;     /* CHECKING and SECURING */
	GSource *dtls_timer;   /* SECURING, while a flight waits for its answer */
	GSource *failure;      /* FAILED, until on_failed was called */
	GSource *first;        /* UP: made ready by the sending thread, after it set first_us */
	_Atomic int64_t first_us;
	int err;
	char why[200];
};

const char *
peer_phase_name(enum peer_phase phase)
{
	static const char *const names[] = {
		[PEER_OFFERED] = "offered",
		[PEER_ANSWERED] = "answered",
		[PEER_ICE] = "ice",
		[PEER_DTLS] = "dtls",
		[PEER_FIRST_PACKET] = "first-packet",
	};

	return names[phase];
}

/* ---- state ----------------------------------------------------------------------------------- */

/* The only writer of the state. The stamp is taken before another thread may send. */
static void
enter(struct peer *p, enum state state, const char *detail)
{
	const struct peer_events *e = &p->config.events;
	const int64_t since_start_us = clock_now_us() - p->start_us;

	p->state = state;
	if (state == UP)
		sender_open(p->sender, p->srtp);
	if (state == FAILED || state == CLOSED)
		sender_close(p->sender);
	if (state != CHECKING && state != SECURING) {
		loop_clear(&p->watchdog);
		loop_clear(&p->dtls_timer);
	}
	if (phase_of[state].reported)
		e->on_phase(e->arg, phase_of[state].phase, since_start_us, detail);
}

static gboolean
on_failure(gpointer arg)
{
	struct peer *p = arg;
	const struct peer_events *e = &p->config.events;
	char why[sizeof(p->why)];

	memcpy(why, p->why, sizeof(why)); /* the peer may be freed in the event */
	loop_clear(&p->failure);
	e->on_failed(e->arg, p->err, why);
	return G_SOURCE_REMOVE;
}

/* The event comes later, from the loop: here libnice or OpenSSL may be further up the stack. */
static void
fail(struct peer *p, int err, const char *why)
{
	if (p->state == FAILED || p->state == CLOSED)
		return;
	p->err = err;
	snprintf(p->why, sizeof(p->why), "%s", why);
	enter(p, FAILED, "");
	loop_timer(p->config.loop, &p->failure, 0, on_failure, p);
}

static gboolean
on_watchdog(gpointer arg)
{
	struct peer *p = arg;
	char why[100];

	snprintf(why, sizeof(why),
		p->state == CHECKING ? "no ICE path after %lld ms"
				     : "ICE works, but DTLS is not done %lld ms after the answer",
		(long long)p->config.connect_timeout_ms);
	fail(p, ERR_TIMEOUT, why);
	return G_SOURCE_REMOVE;
}

/* ---- the first packet ------------------------------------------------------------------------ */

/* On the sending thread. */
static void
on_first_sent(void *arg)
{
	struct peer *p = arg;
	GSource *first = p->first; /* the loop clears it once it sees first_us */

	atomic_store(&p->first_us, clock_now_us());
	g_source_set_ready_time(first, 0);
}

/* And then on the loop. */
static gboolean
on_first(gpointer arg)
{
	struct peer *p = arg;
	const struct peer_events *e = &p->config.events;
	const int64_t first_us = atomic_load(&p->first_us);

	loop_clear(&p->first);
	e->on_phase(e->arg, PEER_FIRST_PACKET, first_us - p->start_us, "");
	return G_SOURCE_REMOVE;
}

/* ---- DTLS ------------------------------------------------------------------------------------ */

static void
send_dtls(void *arg, const uint8_t *datagram, size_t len)
{
	struct peer *p = arg;

	/* Lost ones are sent again by DTLS' own timer. */
	udp_path_send(ice_path(p->ice), datagram, len, len);
}

static void
on_secured(struct peer *p)
{
	struct srtp_keys keys = { 0 };
	char detail[100];
	int err = dtls_keys(p->dtls, &keys);

	if (err == 0)
		err = srtp_new(&p->srtp, &keys);
	explicit_bzero(&keys, sizeof(keys));
	if (err != 0) {
		fail(p, err, "cannot make the SRTP context");
		return;
	}
	p->first = loop_alarm(p->config.loop, on_first, p);
	enter(p, UP, dtls_describe(p->dtls, detail, sizeof(detail)));
}

static gboolean on_dtls_timer(gpointer arg);

/* After anything that may have moved DTLS: what now? */
static void
advance_dtls(struct peer *p)
{
	const ms_t wait_ms = dtls_step(p->dtls);
	const char *why;
	int err;

	loop_clear(&p->dtls_timer);
	switch (dtls_state(p->dtls)) {
	case DTLS_HANDSHAKING:
		if (wait_ms != MS_NEVER)
			loop_timer(p->config.loop, &p->dtls_timer, wait_ms, on_dtls_timer, p);
		break;
	case DTLS_CONNECTED:
		if (p->state == SECURING)
			on_secured(p);
		break;
	case DTLS_CLOSED:
		fail(p, ERR_EOF, "the peer closed the connection");
		break;
	case DTLS_FAILED:
		err = dtls_error(p->dtls, &why);
		fail(p, err, why);
		break;
	}
}

static gboolean
on_dtls_timer(gpointer arg)
{
	advance_dtls(arg);
	return G_SOURCE_REMOVE;
}

/* ---- what arrives ---------------------------------------------------------------------------- */

static void
on_rtcp(struct peer *p, uint8_t *bytes, size_t len)
{
	const struct peer_events *e = &p->config.events;

	if (p->state != UP || srtp_open_rtcp(p->srtp, bytes, &len) != 0)
		sender_count_rejected(p->sender);
	else if (e->on_rtcp != NULL)
		e->on_rtcp(e->arg, bytes, len);
}

/* RFC 7983 7: the first byte tells DTLS from (S)RTP; ICE took STUN out. RFC 5761 4: RTCP types
 * are 192 to 223, where RTP has its marker bit and payload types 64 to 95. */
static void
on_packet(void *arg, uint8_t *bytes, size_t len)
{
	struct peer *p = arg;

	if (p->state == FAILED || p->state == CLOSED)
		return;
	if (len > 0 && bytes[0] >= 20 && bytes[0] <= 63) {
		dtls_receive(p->dtls, bytes, len);
		advance_dtls(p);
	} else if (len > 1 && bytes[0] >= 128 && bytes[0] <= 191 && bytes[1] >= 192 &&
		   bytes[1] <= 223) {
		on_rtcp(p, bytes, len);
	} else {
		sender_count_rejected(p->sender);
	}
}

static void
on_ice_connected(void *arg, const struct ice_pair *pair)
{
	struct peer *p = arg;
	char detail[sizeof(*pair) + 8];

	if (p->state == CHECKING) {
		snprintf(detail, sizeof(detail), "%s -> %s", pair->local, pair->remote);
		enter(p, SECURING, detail);
		advance_dtls(p);
	} else {
		log_info("ice path changed", LOG_CAM(p->config.camera),
			LOG_STR("local", pair->local), LOG_STR("remote", pair->remote));
	}
}

static void
on_ice_failed(void *arg, int err, const char *why)
{
	fail(arg, err, why);
}

/* ---- offer and answer ------------------------------------------------------------------------ */

int
peer_new(struct peer **out, const struct peer_config *config)
{
	struct peer *p = calloc(1, sizeof(*p));
	struct ice_events events = {
		.on_connected = on_ice_connected,
		.on_failed = on_ice_failed,
		.on_packet = on_packet,
		.arg = p,
	};

	assert(config->media_count > 0 && config->media_count <= SDP_MEDIA_MAX);
	if (p == NULL)
		return ERR_NOMEM;
	p->config = *config;
	if (p->config.connect_timeout_ms == 0)
		p->config.connect_timeout_ms = CONNECT_TIMEOUT_MS;
	p->start_us = clock_now_us();
	g_main_context_ref(p->config.loop);
	if (ice_new(&p->ice, config->loop, &events) == 0)
		p->sender = sender_new(ice_path(p->ice), on_first_sent, p);
	if (p->sender == NULL) {
		peer_free(p);
		return ERR_LIBRARY;
	}
	*out = p;
	return 0;
}

char *
peer_offer(struct peer *p)
{
	const struct peer_config *c = &p->config;
	struct sdp_offer offer = {
		.ice_ufrag = ice_ufrag(p->ice),
		.ice_pwd = ice_pwd(p->ice),
		.fingerprint = dtls_identity_fingerprint(c->identity),
		.setup = SDP_SETUP_ACTPASS,
		.cname = c->cname,
		.stream_id = c->stream_id,
		.media_count = c->media_count,
	};
	char *text;

	assert(p->state == NEW);
	for (size_t i = 0; i < c->media_count; i++)
		offer.media[i] = c->media[i];
	if (getrandom(&offer.session_id, sizeof(offer.session_id), 0) < 0)
		return NULL;
	offer.session_id &= SESSION_ID_MASK;
	text = negotiation_offer(&p->negotiation, &offer);
	if (text != NULL)
		enter(p, OFFERED, "");
	return text;
}

static int
make_dtls(struct peer *p, char *why, size_t why_size)
{
	struct dtls_config config = {
		.identity = p->config.identity,
		.role = p->remote.setup == SDP_SETUP_PASSIVE ? DTLS_CLIENT : DTLS_SERVER,
		.fingerprint_hash = p->remote.fingerprints.hash,
		.send = send_dtls,
		.arg = p,
	};

	_Static_assert(DTLS_FINGERPRINTS_MAX == SDP_FINGERPRINTS_MAX, "any of them is enough");
	for (size_t i = 0; i < p->remote.fingerprints.count; i++)
		config.fingerprints[i] = p->remote.fingerprints.digits[i];
	int err = dtls_new(&p->dtls, &config);
	if (err != 0)
		snprintf(why, why_size, "cannot start DTLS with a fingerprint of \"%s\": %s",
			p->remote.fingerprints.hash, err_text(err));
	return err;
}

int
peer_answer(struct peer *p, const char *text, size_t len, char *why, size_t why_size)
{
	int err;

	assert(p->state == OFFERED);
	err = negotiation_answer(&p->negotiation, text, len, &p->remote, why, why_size);
	if (err == 0)
		err = make_dtls(p, why, why_size);
	if (err == 0)
		err = ice_start(p->ice, &p->remote, why, why_size);
	if (err != 0) {
		enter(p, CLOSED, "");
		return err;
	}
	loop_timer(p->config.loop, &p->watchdog, p->config.connect_timeout_ms, on_watchdog, p);
	enter(p, CHECKING, "");
	return 0;
}

const struct sdp_remote *
peer_remote(const struct peer *p)
{
	return &p->remote;
}

/* ---- sending and the end --------------------------------------------------------------------- */

int
peer_send(struct peer *p, const struct peer_packet *packets, size_t n)
{
	return sender_send(p->sender, packets, n);
}

int
peer_send_rtcp(struct peer *p, const uint8_t *bytes, size_t len)
{
	return sender_send_rtcp(p->sender, bytes, len);
}

void
peer_stats(struct peer *p, struct peer_stats *out)
{
	sender_stats(p->sender, out);
}

void
peer_close(struct peer *p)
{
	if (p->state == UP)
		dtls_close(p->dtls);
	enter(p, CLOSED, "");
	loop_clear(&p->failure);
	loop_clear(&p->first);
}

void
peer_free(struct peer *p)
{
	if (p == NULL)
		return;
	if (p->sender != NULL)
		peer_close(p);
	sender_free(p->sender);
	srtp_free(p->srtp);
	dtls_free(p->dtls);
	ice_free(p->ice);
	g_main_context_unref(p->config.loop);
	free(p);
}
