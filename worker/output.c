/* output.c - one receiver's copy of the media.
 * Owns its numbers, its place in the history, its pace and its wishes. Keeps no payload. Whoever
 * owns it serialises. */
#include <stdlib.h>
#include <strings.h>

#include "common/err.h"
#include "common/xmalloc.h"
#include "worker/history.h"
#include "worker/outbound.h"
#include "worker/output.h"
#include "worker/peer.h"
#include "worker/rtcp.h"
#include "worker/rtp.h"
#include "worker/sent.h"
#include "worker/sound.h"

/* Packets handed to the peer at once: what UDP GSO takes. */
#define BATCH_MAX 64

/* The newest full intra request. RFC 5104 4.3.1.1: numbered by its source, and a repetition has the
 * number of the first. */
struct fir {
	bool any; /* the rest is valid */
	bool granted;
	uint32_t from;
	uint8_t seq;
};

struct output {
	struct output_config config;
	struct outbound out;
	struct sent *sent;

	uint64_t cursor;    /* what of the history is to be sent next */
	bool waits;         /* for a key picture: what comes before it is of no use */
	bool open;          /* a picture was begun and not ended */
	bool any;           /* timestamp is valid */
	uint32_t timestamp; /* of the newest picture begun */

	int64_t allowance; /* bytes that may go now */
	int64_t rate;      /* bytes per second that are added */
	bool behind;       /* not all could be sent */
	int64_t refilled_us;

	bool replay_wanted;
	uint64_t replay_end; /* where the replay under way ends */
	int64_t replayed_us; /* when it did */
	int64_t pause_us;    /* until the next is granted */

	uint8_t heads[BATCH_MAX][RTP_HEAD_MAX];
	struct peer_packet batch[BATCH_MAX];
	size_t batch_len;

	unsigned rtx_sent;
	unsigned rtx_in_vain; /* of these, were asked for again */

	struct output_stats stats;
	int32_t rtt_us; /* -1: not known */
	struct fir fir;
};

struct output *
output_new(const struct output_config *config)
{
	struct output *o = xcalloc(1, sizeof(*o));
	uint64_t key = history_key(config->history);

	o->config = *config;
	o->out = outbound_new(peer_remote(config->peer), &config->ids, config->first_seq);
	o->sent = sent_new();
	o->waits = key == HISTORY_NONE;
	o->cursor = o->waits ? history_next(config->history) : key;
	o->allowance = OUTPUT_BURST_BYTES;
	o->rate = OUTPUT_PACE_RATE;
	o->rtt_us = -1;
	return o;
}

void
output_free(struct output *o)
{
	if (!o)
		return;
	sent_free(o->sent);
	outbound_clear(&o->out);
	free(o);
}

/* ---- packets --------------------------------------------------------------------------------- */

static void
flush(struct output *o)
{
	if (o->batch_len > 0)
		peer_send(o->config.peer, o->batch, o->batch_len);
	o->batch_len = 0;
}

/* The timestamp of the picture that a packet belongs to. They strictly increase, also where a
 * replay goes back to pictures that were sent before. */
static uint32_t
retime(struct output *o, const struct history_packet *p)
{
	bool is_later = (int32_t)(p->timestamp - o->timestamp) > 0;

	if (!o->open) {
		o->timestamp = !o->any || is_later ? p->timestamp : o->timestamp + 1;
		o->any = true;
	}
	o->open = !p->marker;
	return o->timestamp;
}

static void
send_picture_packet(struct output *o, struct history_packet p, int64_t now_us)
{
	uint8_t *head = o->heads[o->batch_len];

	p.timestamp = retime(o, &p);
	const struct sent_packet as = { .position = o->cursor,
		.timestamp = p.timestamp,
		.transport_seq = o->out.transport_seq };
	sent_add(o->sent, o->out.video.seq, &as, now_us);
	const size_t head_len = outbound_head(&o->out, &o->out.video, &p, now_us, head);
	o->batch[o->batch_len++] = (struct peer_packet){
		.head = head, .head_len = head_len, .data = p.payload, .len = p.len
	};
	o->allowance -= (int64_t)(head_len + p.len);
	if (o->batch_len == BATCH_MAX)
		flush(o);
}

bool
output_takes(const struct output *o, const char *codec)
{
	return o->out.video.wanted && strcasecmp(o->out.video_codec, codec) == 0;
}

bool
output_wants_sound(const struct output *o)
{
	return o->out.audio.wanted;
}

bool
output_wants_opus(const struct output *o)
{
	return o->out.audio.wanted && strcasecmp(o->out.audio_codec, SOUND_OPUS) == 0;
}

void
output_sound(struct output *o, const char *codec, const uint8_t *payload, size_t len,
	uint32_t timestamp, int64_t now_us)
{
	const struct history_packet p = { .payload = payload, .len = len, .timestamp = timestamp };
	uint8_t head[RTP_HEAD_MAX];

	if (!o->out.audio.wanted || strcasecmp(o->out.audio_codec, codec) != 0)
		return;
	const size_t head_len = outbound_head(&o->out, &o->out.audio, &p, now_us, head);
	const struct peer_packet packet = {
		.head = head, .head_len = head_len, .data = payload, .len = len
	};
	peer_send(o->config.peer, &packet, 1);
}

/* ---- the way through the history ------------------------------------------------------------- */

static void
refill(struct output *o, int64_t now_us)
{
	const int64_t passed_us = now_us - o->refilled_us;
	const int64_t steps = o->rate * OUTPUT_STEPS_MAX * OUTPUT_PACE_MS / 1000;
	const int64_t most = o->behind ? steps : OUTPUT_BURST_BYTES;

	o->refilled_us = now_us;
	o->allowance += passed_us > 1000000 ? o->rate : o->rate * passed_us / 1000000;
	if (o->allowance > most)
		o->allowance = most;
}

/* Called when not all could be sent: the rate is such that the rest will be, soon. */
static void
hurry(struct output *o)
{
	const uint64_t packets = history_next(o->config.history) - o->cursor;
	const int64_t within_ms = o->replay_end > 0 ? OUTPUT_REPLAY_MS : OUTPUT_CATCH_UP_MS;
	const int64_t rate = (int64_t)packets * RTP_PACKET_MAX * 1000 / within_ms;

	if (rate > o->rate)
		o->rate = rate;
}

static void
jump(struct output *o, uint64_t to)
{
	o->cursor = to;
	o->open = false;
}

/* Between two pictures: goes to a key picture if that is wanted, forth or back. */
static void
choose(struct output *o, int64_t now_us)
{
	const uint64_t key = history_key(o->config.history);

	if (o->replay_end > 0 && o->cursor >= o->replay_end) {
		o->replay_end = 0;
		o->replayed_us = now_us;
	}
	if (key == HISTORY_NONE)
		return;
	/* A newer GOP makes the rest of the one that is replayed needless. */
	if ((o->waits || o->replay_end > 0) && key >= o->cursor) {
		o->waits = false;
		jump(o, key);
	} else if (o->replay_wanted && key < o->cursor) {
		o->replay_end = o->cursor;
		o->stats.replays++;
		jump(o, key);
	}
	o->replay_wanted = false;
}

/* The packet at the cursor; false if there is none to be sent. */
static bool
next_packet(struct output *o, int64_t now_us, struct history_packet *p)
{
	const struct history *h = o->config.history;

	/* Too slow: what comes after the packets that are lost cannot be decoded. */
	if (o->cursor < history_oldest(h)) {
		o->waits = true;
		jump(o, history_oldest(h));
	}
	if (!o->open)
		choose(o, now_us);
	if (o->waits)
		jump(o, history_next(h));
	return history_get(h, o->cursor, p);
}

bool
output_run(struct output *o, int64_t now_us)
{
	struct history_packet p;

	refill(o, now_us);
	while (o->allowance > 0 && next_packet(o, now_us, &p)) {
		send_picture_packet(o, p, now_us);
		o->cursor++;
	}
	flush(o);
	o->behind = o->cursor < history_next(o->config.history);
	if (o->behind)
		hurry(o);
	else
		o->rate = OUTPUT_PACE_RATE;
	return o->behind;
}

/* ---- what the receiver says ------------------------------------------------------------------ */

struct hearing {
	struct output *output;
	int64_t now_us;
	bool replay;
};

static bool
rtx_helps(const struct output *o)
{
	return o->rtx_sent < OUTPUT_RTX_TRIALS || o->rtx_in_vain < o->rtx_sent / 4 * 3;
}

/* Whether a packet that is asked for goes by RTX. That it was in vain is told by who asks again
 * after a round trip, so only once that is known. */
static bool
choose_rtx(struct output *o, const struct sent_packet *as)
{
	if (!o->out.rtx.wanted || !rtx_helps(o))
		return false;
	o->rtx_sent += o->rtt_us >= 0 && as->resends == 0;
	o->rtx_in_vain += o->rtt_us >= 0 && as->resends == 1;
	return as->resends == 0;
}

static void
resend(struct output *o, uint16_t seq, int64_t now_us)
{
	const int64_t rtt_us = o->rtt_us > 0 ? o->rtt_us : 0;
	struct sent_packet as;
	struct history_packet p;
	uint8_t head[RTP_HEAD_MAX];

	o->stats.nacks++;
	if (sent_again(o->sent, seq, now_us, rtt_us, &as) != 0 ||
		!history_get(o->config.history, as.position, &p))
		return;
	p.timestamp = as.timestamp;
	const size_t head_len =
		choose_rtx(o, &as) ? outbound_rtx_head(&o->out, seq, &p, now_us, head)
				   : outbound_same_head(&o->out, seq, &p, as.transport_seq, head);
	const struct peer_packet packet = {
		.head = head, .head_len = head_len, .data = p.payload, .len = p.len
	};
	if (peer_send(o->config.peer, &packet, 1) == 1)
		o->stats.resent++;
}

/* Wishes that do not end cost more and more of the path that they may be about. */
static void
lengthen_pause(struct output *o, int64_t since_us)
{
	const int64_t most_us = OUTPUT_REPLAY_PAUSE_MAX_MS * INT64_C(1000);

	if (o->pause_us == 0 || since_us > OUTPUT_REPLAY_CALM_MS * INT64_C(1000))
		o->pause_us = OUTPUT_REPLAY_PAUSE_MS * INT64_C(1000);
	else if (o->pause_us < most_us)
		o->pause_us *= 2;
}

/* True if pictures go back to the key picture for this wish. */
static bool
wish_key(struct hearing *h)
{
	struct output *o = h->output;
	const int64_t since_us = h->now_us - o->replayed_us;

	if (o->replay_wanted)
		return true;
	if (!h->replay || o->replay_end > 0 || since_us < o->pause_us)
		return false;
	o->replay_wanted = true;
	lengthen_pause(o, since_us);
	return true;
}

/* A FIR that is repeated is the same one: it counts once, and is granted once, if not at first (it
 * may come from one who joined while the last replay was under way) then when it is repeated. */
static void
on_fir(struct hearing *h, uint32_t from, uint8_t seq)
{
	struct output *o = h->output;
	const bool again = o->fir.any && o->fir.from == from && o->fir.seq == seq;

	if (again && o->fir.granted)
		return;
	if (!again)
		o->stats.firs++;
	o->fir = (struct fir){ .any = true, .granted = wish_key(h), .from = from, .seq = seq };
}

static void
on_report(struct output *o, const struct rtcp_report *r)
{
	o->stats.loss_ratio = r->loss_ratio;
	if (r->rtt_us >= 0)
		o->rtt_us = r->rtt_us;
}

static void
on_video_event(struct hearing *h, const struct rtcp_event *e)
{
	switch (e->type) {
	case RTCP_REPORT:
		on_report(h->output, &e->u.report);
		break;
	case RTCP_NACK:
		resend(h->output, e->u.nack_seq, h->now_us);
		break;
	case RTCP_PLI:
		h->output->stats.plis++;
		wish_key(h);
		break;
	case RTCP_FIR:
		on_fir(h, e->from, e->u.fir_seq);
		break;
	case RTCP_TRANSPORT_CC:
	case RTCP_BYE:
		break;
	}
}

static void
on_path_packet(const struct transport_cc_packet *p, void *arg)
{
	path_watch_packet(arg, p);
}

static void
on_transport_cc(struct hearing *h, const struct rtcp_transport_cc *feedback)
{
	struct path_watch *path = h->output->out.path;

	if (!path)
		return;
	transport_cc_read(feedback->fci, feedback->len, on_path_packet, path);
	path_watch_feedback(path, h->now_us);
}

static void
on_event(const struct rtcp_event *e, void *arg)
{
	struct hearing *h = arg;

	if (e->type == RTCP_TRANSPORT_CC)
		on_transport_cc(h, &e->u.transport_cc);
	else if (e->ssrc == h->output->out.video.ssrc)
		on_video_event(h, e);
}

int
output_on_rtcp(struct output *o, const uint8_t *bytes, size_t len, const struct output_moment *now,
	bool replay)
{
	const uint32_t ssrcs[] = { o->out.video.ssrc, o->out.audio.ssrc };
	struct hearing h = { .output = o, .now_us = now->now_us, .replay = replay };
	const struct rtcp_reader reader = { .ssrcs = ssrcs,
		.ssrc_count = 2,
		.now = rtcp_ntp_middle(rtcp_ntp(now->wall_us)),
		.on_event = on_event,
		.arg = &h };

	return rtcp_parse(bytes, len, &reader);
}

/* ---- reports --------------------------------------------------------------------------------- */

static void
report(struct output *o, const struct outbound_stream *s, int64_t wall_us, uint32_t timestamp,
	bool bye)
{
	uint8_t out[RTCP_REPORT_MAX];
	const struct rtcp_sender sender = { .ssrc = s->ssrc,
		.cname = o->config.ids.cname,
		.ntp = rtcp_ntp(wall_us),
		.rtp_timestamp = timestamp,
		.packets = s->packets,
		.octets = s->octets,
		.bye = bye };

	if (s->packets > 0)
		peer_send_rtcp(o->config.peer, out, rtcp_write_report(out, &sender));
}

void
output_report(struct output *o, const struct output_moment *now, bool bye)
{
	report(o, &o->out.video, now->wall_us, now->video_timestamp, bye);
	report(o, &o->out.audio, now->wall_us,
		output_wants_opus(o) ? now->opus_timestamp : now->g711_timestamp, bye);
}

void
output_stats(const struct output *o, struct output_stats *out)
{
	struct peer_stats peer;

	peer_stats(o->config.peer, &peer);
	*out = o->stats;
	out->packets = peer.packets;
	out->bytes = peer.bytes;
	out->dropped = peer.dropped;
	out->rtt_ms = o->rtt_us < 0 ? -1 : o->rtt_us / 1000.0;
	if (o->out.path)
		out->path = path_watch_state(o->out.path);
}

void
output_stats_add(struct output_stats *to, const struct output_stats *a)
{
	to->packets += a->packets;
	to->bytes += a->bytes;
	to->dropped += a->dropped;
	to->nacks += a->nacks;
	to->resent += a->resent;
	to->plis += a->plis;
	to->firs += a->firs;
	to->replays += a->replays;
	to->loss_ratio = a->loss_ratio;
	to->rtt_ms = a->rtt_ms;
	to->path = a->path;
}
