/* media.c - from the camera's NAL units to the peer's packets.
 * Owns the media thread and everything that a picture passes through. One lock guards what the loop
 * thread looks at too: it is held for one NAL unit at a time, and never while the source blocks. */
#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "worker/draw.h"
#include "worker/h264_stream.h"
#include "worker/history.h"
#include "worker/media.h"
#include "worker/peer.h"
#include "worker/rtcp.h"
#include "worker/rtp.h"

/* Packets handed to the peer at once: a picture of 75 kB. Longer ones go in several batches. */
#define BATCH_MAX 64

/* What source_open takes at most: name, TCP, TLS and six answers, 10 s each, and as much again. */
#define OPEN_LIMIT_MS 180000
/* On a machine that is too busy a thread comes late. */
#define READ_SLACK_MS 5000

struct media {
	struct media_config config;
	pthread_t thread;
	bool running;          /* the thread is there; loop thread only */
	struct source *source; /* the running connection's */
	ms_t stall_ms;         /* and what source_read waits at most */
	/* When the media thread must have come back from the source; MS_NEVER: it is with us. */
	_Atomic ms_t back_by;

	pthread_mutex_t lock; /* all below */
	struct h264_stream *stream;
	struct rtp_packetizer *packetizer;
	struct rtp_clock *clock;
	struct history *history;
	struct quality *quality;
	struct peer *peer; /* lent; NULL: nobody */
	struct peer_packet batch[BATCH_MAX];
	size_t batch_len;
	int64_t sending_us; /* arrival of the NAL unit in hand */
	uint32_t timestamp; /* of the picture in hand */
	size_t picture_bytes;
	bool picture_idr;
	bool had_pictures; /* of this connection */
	struct media_stats stats;
	int32_t rtt_us;
	uint8_t fir_seq;
	bool fir_seen;
};

/* ---- events to the loop ---------------------------------------------------------------------- */

enum notice_type { OPENED, PICTURES, ENDED };

struct notice {
	struct media *media;
	enum notice_type type;
	int64_t took_us;
	struct source_error error;
};

static void
end_connection(struct media *m, const struct source_error *error)
{
	pthread_join(m->thread, NULL);
	m->running = false;
	source_free(m->source);
	m->source = NULL;
	m->config.events.on_ended(m->config.events.arg, error);
}

static gboolean
deliver(gpointer data)
{
	struct notice *n = data;
	struct media_events *to = &n->media->config.events;

	switch (n->type) {
	case OPENED:
		to->on_opened(to->arg, n->took_us);
		break;
	case PICTURES:
		to->on_pictures(to->arg);
		break;
	case ENDED:
		end_connection(n->media, &n->error);
		break;
	}
	return G_SOURCE_REMOVE;
}

/* Posted, never called at once: g_main_context_invoke would run it on this thread if it could get
 * hold of the context. */
static void
post(struct media *m, enum notice_type type, int64_t took_us, const struct source_error *error)
{
	struct notice *n = g_new0(struct notice, 1);
	GSource *idle = g_idle_source_new();

	*n = (struct notice){ .media = m, .type = type, .took_us = took_us };
	if (error)
		n->error = *error;
	g_source_set_priority(idle, G_PRIORITY_DEFAULT);
	g_source_set_callback(idle, deliver, n, g_free);
	g_source_attach(idle, m->config.loop);
	g_source_unref(idle);
}

/* ---- packets, under the lock ----------------------------------------------------------------- */

static void
flush(struct media *m)
{
	if (m->peer && m->batch_len > 0)
		peer_send(m->peer, m->batch, m->batch_len);
	m->batch_len = 0;
}

static uint8_t *
room(uint16_t seq, size_t len, void *arg)
{
	struct media *m = arg;

	return history_add(m->history, seq, len, m->sending_us);
}

static void
on_packet(const uint8_t *packet, size_t len, void *arg)
{
	struct media *m = arg;

	if (m->batch_len == BATCH_MAX)
		flush(m);
	m->batch[m->batch_len++] = (struct peer_packet){ .data = packet, .len = len };
}

/* When the picture in hand is: its timestamp against the one that would be now. */
static void
tap_nal(struct media *m, const struct h264_nal *nal)
{
	const struct media_tap *tap = &m->config.tap;
	int32_t ticks = (int32_t)(m->timestamp - rtp_clock_at(m->clock, m->sending_us));

	if (tap->on_nal)
		tap->on_nal(tap->arg, nal, m->timestamp, m->sending_us + (int64_t)ticks * 100 / 9);
}

static void
tap_gap(struct media *m)
{
	if (m->config.tap.on_gap)
		m->config.tap.on_gap(m->config.tap.arg);
}

static void
on_nal(const struct h264_nal *nal, void *arg)
{
	struct media *m = arg;

	if (nal->first)
		m->timestamp = rtp_clock_picture(m->clock, nal->pts_90k, m->sending_us);
	if (nal->idr && !m->had_pictures) {
		m->had_pictures = true;
		post(m, PICTURES, 0, NULL);
	}
	rtp_packetizer_nal(m->packetizer, nal->bytes, nal->len, m->timestamp, nal->last);
	tap_nal(m, nal);
}

/* ---- the media thread ------------------------------------------------------------------------ */

static void
count_picture(struct media *m, const struct nal_unit *nal)
{
	enum h264_type type = h264_type(nal->data);

	m->picture_bytes += nal->len;
	m->picture_idr |= type == H264_IDR;
	if (!nal->last)
		return;
	struct quality_picture p = { .pts_90k = nal->timestamp,
		.arrival_us = nal->arrived_us,
		.bytes = m->picture_bytes,
		.idr = m->picture_idr };
	quality_on_picture(m->quality, &p);
	m->picture_bytes = 0;
	m->picture_idr = false;
}

static void
handle_nal(struct media *m, const struct nal_unit *nal)
{
	struct h264_nal in = {
		.bytes = nal->data, .len = nal->len, .pts_90k = nal->timestamp, .last = nal->last
	};

	pthread_mutex_lock(&m->lock);
	m->sending_us = nal->arrived_us;
	/* What refers to lost packets cannot be decoded: a freeze until the next IDR is better. */
	if (nal->gap) {
		tap_gap(m);
		h264_stream_restart(m->stream);
	}
	count_picture(m, nal);
	h264_stream_feed(m->stream, &in);
	flush(m);
	pthread_mutex_unlock(&m->lock);
}

static void
begin_connection(struct media *m)
{
	struct h264_bytes sets;

	sets.bytes = source_parameter_sets(m->source, &sets.len);
	pthread_mutex_lock(&m->lock);
	m->sending_us = clock_now_us();
	tap_gap(m);
	h264_stream_restart(m->stream);
	flush(m);
	h264_stream_learn(m->stream, sets);
	m->had_pictures = false;
	m->picture_bytes = 0;
	pthread_mutex_unlock(&m->lock);
}

static bool
read_source(struct media *m, struct nal_unit *nal)
{
	atomic_store(&m->back_by, clock_now() + m->stall_ms + READ_SLACK_MS);
	return source_read(m->source, nal) == 0;
}

static void *
run(void *arg)
{
	struct media *m = arg;
	struct nal_unit nal;

	pthread_setname_np(pthread_self(), "media"); /* for top -H */
	atomic_store(&m->back_by, clock_now() + OPEN_LIMIT_MS);
	int err = source_open(m->source);
	if (!err) {
		const struct source_times *t = source_times(m->source);
		begin_connection(m);
		post(m, OPENED, t->playing_us - t->started_us, NULL);
		while (read_source(m, &nal))
			handle_nal(m, &nal);
	}
	atomic_store(&m->back_by, MS_NEVER);
	post(m, ENDED, 0, source_error(m->source));
	return NULL;
}

/* ---- the loop thread ------------------------------------------------------------------------- */

struct media *
media_new(const struct media_config *config)
{
	struct media *m = g_new0(struct media, 1);
	struct rtp_config rtp = { .ssrc = config->ssrc,
		.pt = config->pt,
		/* Below 2^15: a receiver that loses the first packets guesses the rollover counter
		 * right (RFC 3711 3.3.1). */
		.first_seq = draw() & 0x7fff,
		.packet_max = RTP_PACKET_MAX,
		.sink = { .room = room, .packet = on_packet, .arg = m } };

	m->config = *config;
	pthread_mutex_init(&m->lock, NULL);
	m->stream = h264_stream_new(on_nal, m);
	m->packetizer = rtp_packetizer_new(&rtp);
	m->clock = rtp_clock_new(draw());
	m->history = history_new();
	m->quality = quality_new(clock_now_us());
	m->rtt_us = -1;
	atomic_init(&m->back_by, MS_NEVER);
	return m;
}

void
media_open(struct media *m, const struct source_config *source)
{
	g_assert(!m->running);
	m->source = source_new(source);
	m->stall_ms = source->stall_ms ? source->stall_ms : SOURCE_STALL_MS;
	m->running = true;
	if (pthread_create(&m->thread, NULL, run, m) != 0)
		abort();
}

bool
media_hangs(struct media *m)
{
	return clock_now() > atomic_load(&m->back_by);
}

void
media_close(struct media *m)
{
	if (m->running)
		source_interrupt(m->source);
}

/* Adds what the peer has sent: the counters are of the worker, peers come and go. */
static void
add_peer_stats(const struct media *m, struct media_stats *to)
{
	struct peer_stats peer = { 0 };

	if (m->peer)
		peer_stats(m->peer, &peer);
	to->packets += peer.packets;
	to->bytes += peer.bytes;
	to->dropped += peer.dropped;
}

void
media_set_peer(struct media *m, struct peer *peer)
{
	pthread_mutex_lock(&m->lock);
	add_peer_stats(m, &m->stats);
	m->peer = peer;
	/* The answer's number counts, should it differ from ours (RFC 3264 6.1). */
	if (peer)
		rtp_packetizer_set_pt(m->packetizer, peer_remote(peer)->media[0].pt);
	pthread_mutex_unlock(&m->lock);
}

static void
resend(struct media *m, uint16_t seq)
{
	struct history_packet kept;
	int64_t rtt = m->rtt_us > 0 ? m->rtt_us : 0;

	m->stats.nacks++;
	if (history_resend(m->history, seq, clock_now_us(), rtt, &kept) != 0)
		return;
	struct peer_packet packet = { .data = kept.bytes, .len = kept.len };
	if (m->peer && peer_send(m->peer, &packet, 1) == 1)
		m->stats.resent++;
}

static void
on_fir(struct media *m, uint8_t seq)
{
	if (m->fir_seen && m->fir_seq == seq)
		return;
	m->fir_seen = true;
	m->fir_seq = seq;
	m->stats.firs++;
}

static void
on_rtcp_event(const struct rtcp_event *e, void *arg)
{
	struct media *m = arg;

	switch (e->type) {
	case RTCP_REPORT:
		m->stats.loss_ratio = e->u.report.loss_ratio;
		if (e->u.report.rtt_us >= 0)
			m->rtt_us = e->u.report.rtt_us;
		break;
	case RTCP_NACK:
		resend(m, e->u.nack_seq);
		break;
	case RTCP_PLI:
		m->stats.plis++;
		break;
	case RTCP_FIR:
		on_fir(m, e->u.fir_seq);
		break;
	case RTCP_BYE:
		break;
	}
}

void
media_on_rtcp(struct media *m, const uint8_t *bytes, size_t len)
{
	struct rtcp_reader reader = { .ssrcs = &m->config.ssrc,
		.ssrc_count = 1,
		.now = rtcp_ntp_middle(rtcp_ntp(clock_wall_us())),
		.on_event = on_rtcp_event,
		.arg = m };

	pthread_mutex_lock(&m->lock);
	if (rtcp_parse(bytes, len, &reader) != 0)
		log_debug("media rtcp malformed", LOG_CAM(m->config.camera), LOG_INT("bytes", len));
	pthread_mutex_unlock(&m->lock);
}

void
media_send_report(struct media *m, bool bye)
{
	uint8_t out[RTCP_REPORT_MAX];

	pthread_mutex_lock(&m->lock);
	struct rtcp_sender sender = { .ssrc = m->config.ssrc,
		.cname = m->config.cname,
		.ntp = rtcp_ntp(clock_wall_us()),
		.rtp_timestamp = rtp_clock_at(m->clock, clock_now_us()),
		.packets = rtp_packetizer_packets(m->packetizer),
		.octets = rtp_packetizer_octets(m->packetizer),
		.bye = bye };
	size_t len = rtcp_write_report(out, &sender);
	if (m->peer)
		peer_send_rtcp(m->peer, out, len);
	pthread_mutex_unlock(&m->lock);
}

static void
fill_profile(struct media *m, char out[7])
{
	const struct h264_sps *sps = h264_stream_sps(m->stream);

	if (sps)
		h264_profile_level_id(sps, out);
	else
		out[0] = '\0';
}

void
media_stats(struct media *m, struct media_stats *out)
{
	pthread_mutex_lock(&m->lock);
	const struct h264_sps *sps = h264_stream_sps(m->stream);
	*out = m->stats;
	out->quality = quality_snapshot(m->quality, clock_now_us());
	out->width = sps ? sps->width : 0;
	out->height = sps ? sps->height : 0;
	fill_profile(m, out->profile_level_id);
	out->parameter_changes = h264_stream_stats(m->stream).set_changes;
	add_peer_stats(m, out);
	out->rtt_ms = m->rtt_us < 0 ? -1 : m->rtt_us / 1000.0;
	pthread_mutex_unlock(&m->lock);
}

void
media_profile(struct media *m, char out[7])
{
	pthread_mutex_lock(&m->lock);
	fill_profile(m, out);
	pthread_mutex_unlock(&m->lock);
}

void
media_free(struct media *m)
{
	if (!m)
		return;
	if (m->running) {
		source_interrupt(m->source);
		pthread_join(m->thread, NULL);
		source_free(m->source);
	}
	h264_stream_free(m->stream);
	rtp_packetizer_free(m->packetizer);
	rtp_clock_free(m->clock);
	history_free(m->history);
	quality_free(m->quality);
	pthread_mutex_destroy(&m->lock);
	g_free(m);
}
