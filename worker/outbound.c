/* outbound.c - the headers of one connection's packets. Pure; whoever owns it serialises. */
#include "worker/outbound.h"

#include <string.h>

#include "worker/history.h"
#include "worker/output.h"
#include "worker/path_watch.h"
#include "worker/rtp.h"
#include "worker/sdp.h"
#include "worker/wire.h"

static const struct sdp_remote_media *
find(const struct sdp_remote *r, enum sdp_kind kind)
{
	for (size_t i = 0; i < r->media_count; i++) {
		if (r->media[i].kind == kind && r->media[i].accepted)
			return &r->media[i];
	}
	return NULL;
}

/* The answer's payload type counts, should it differ from ours (RFC 3264 6.1). */
static struct outbound_stream
stream(const struct sdp_remote_media *m, uint8_t pt, uint32_t ssrc, uint16_t first_seq)
{
	if (!m)
		return (struct outbound_stream){ 0 };
	return (struct outbound_stream){ .wanted = true,
		.ssrc = ssrc,
		.pt = pt,
		.transport_cc_id = m->transport_cc_id,
		.seq = first_seq };
}

struct outbound
outbound_new(const struct sdp_remote *remote, const struct output_ids *ids, uint16_t first_seq)
{
	const struct sdp_remote_media *video = find(remote, SDP_VIDEO);
	const struct sdp_remote_media *audio = find(remote, SDP_AUDIO);
	struct outbound o = {
		.video = stream(video, video ? video->pt : 0, ids->video_ssrc, first_seq),
		.audio = stream(audio, audio ? audio->pt : 0, ids->audio_ssrc, first_seq),
		.rtx = stream(video && video->rtx_pt ? video : NULL, video ? video->rtx_pt : 0,
			ids->rtx_ssrc, first_seq),
	};

	if (video)
		memcpy(o.video_codec, video->codec, sizeof(o.video_codec));
	if (audio)
		memcpy(o.audio_codec, audio->codec, sizeof(o.audio_codec));
	if (o.video.transport_cc_id || o.audio.transport_cc_id)
		o.path = path_watch_new();
	return o;
}

void
outbound_clear(struct outbound *o)
{
	path_watch_free(o->path);
}

size_t
outbound_head(struct outbound *o, struct outbound_stream *s, const struct history_packet *p,
	int64_t now_us, uint8_t *head)
{
	const struct rtp_header h = { .marker = p->marker,
		.pt = s->pt,
		.seq = s->seq++,
		.timestamp = p->timestamp,
		.ssrc = s->ssrc,
		.transport_cc_id = s->transport_cc_id,
		.transport_seq = o->transport_seq };

	s->packets++;
	s->octets += (uint32_t)p->len;
	if (o->path && s->transport_cc_id)
		path_watch_sent(o->path, o->transport_seq++, p->len, now_us);
	return rtp_write_header(head, &h);
}

/* RFC 4588 4: the original sequence number, then the payload. */
size_t
outbound_rtx_head(struct outbound *o, uint16_t seq, const struct history_packet *p, int64_t now_us,
	uint8_t *head)
{
	const size_t len = outbound_head(o, &o->rtx, p, now_us, head);

	wire_put16(head + len, seq);
	return len + RTP_RTX_BYTES;
}

size_t
outbound_same_head(const struct outbound *o, uint16_t seq, const struct history_packet *p,
	uint16_t transport_seq, uint8_t *head)
{
	const struct rtp_header h = { .marker = p->marker,
		.pt = o->video.pt,
		.seq = seq,
		.timestamp = p->timestamp,
		.ssrc = o->video.ssrc,
		.transport_cc_id = o->video.transport_cc_id,
		.transport_seq = transport_seq };

	return rtp_write_header(head, &h);
}
