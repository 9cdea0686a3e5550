/* rtsp_relay.c - what changes in an RTSP session on its way between libavformat and the camera.
 * Owns what is known of the session. Pure: bytes in, bytes out; the tunnel's thread. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/err.h"
#include "worker/access_unit.h"
#include "worker/rtsp_relay.h"

/* A frame's length is a 16-bit number. */
#define DATA_MAX 65535
/* libavformat 5.1 takes no shorter one and loses its place in the stream if one comes. */
#define DATA_MIN 8
/* RFC 3550 12.1 */
#define RTCP_BYE 203

void
relay_init(struct relay *r, const char *short_uri, const char *camera_uri)
{
	*r = (struct relay){ .short_uri = short_uri, .camera_uri = camera_uri };
}

/* ---- up ------------------------------------------------------------------------------------- */

static bool
ends_with(const char *s, size_t len, const char *suffix, size_t suffix_len)
{
	return len >= suffix_len && !memcmp(s + len - suffix_len, suffix, suffix_len);
}

/* A SETUP's URI is the track's control URL, or that behind a base and a slash. */
static bool
is_control(const struct rtsp_request *q, const char *control)
{
	size_t n = strlen(control);

	if (!n || !ends_with(q->uri, q->uri_len, control, n))
		return false;
	return q->uri_len == n || q->uri[q->uri_len - n - 1] == '/';
}

/* The longest that fits: "video/1" is not "1". One without control is the only one. */
static int
find_track(const struct relay *r, const struct rtsp_request *q)
{
	int found = r->track_count == 1 ? 0 : -1;
	size_t longest = 0;

	for (size_t i = 0; i < r->track_count; i++) {
		size_t n = strlen(r->tracks[i].control);
		if (n > longest && is_control(q, r->tracks[i].control)) {
			longest = n;
			found = (int)i;
		}
	}
	return found;
}

static void
note_request(struct relay *r, const struct rtsp_request *q)
{
	char method[sizeof(r->method)];

	snprintf(method, sizeof(method), "%.*s", (int)q->method_len, q->method);
	r->requests++;
	r->torn_down = !strcmp(method, "TEARDOWN");
	if (r->torn_down)
		return; /* what was asked before it is why it is said */
	memcpy(r->method, method, sizeof(method));
	r->status = 0;
	if (!strcmp(r->method, "SETUP"))
		r->setup_track = find_track(r, q);
}

/* Writes the request with the camera's URI where it names the short one; what follows the short one
 * (a track's control) is kept. */
static void
pass_request(struct relay *r, const struct rtsp_piece *m, struct fifo *out)
{
	size_t short_len = strlen(r->short_uri);
	struct rtsp_request q;

	if (!rtsp_request(m, &q)) {
		/* An answer of libavformat's to a request of the camera's. */
		fifo_put(out, m->bytes, m->len);
		return;
	}
	bool ours = q.uri_len >= short_len && !memcmp(q.uri, r->short_uri, short_len);
	note_request(r, &q);
	const uint8_t *rest = m->bytes;
	if (ours) {
		fifo_put(out, m->bytes, (size_t)((const uint8_t *)q.uri - m->bytes));
		fifo_put(out, r->camera_uri, strlen(r->camera_uri));
		rest = (const uint8_t *)q.uri + short_len;
	}
	fifo_put(out, rest, (size_t)(m->bytes + m->len - rest));
}

int
relay_up(struct relay *r, struct fifo *in, struct fifo *out)
{
	struct rtsp_piece p;

	while (in->len) {
		int got = rtsp_split(fifo_front(in), in->len, &p);
		if (got <= 0)
			return got;
		if (fifo_room(out) < p.len + strlen(r->camera_uri))
			return 0;
		if (p.kind == RTSP_MESSAGE)
			pass_request(r, &p, out);
		else
			fifo_put(out, p.bytes, p.len);
		fifo_take(in, p.len);
	}
	return 0;
}

/* ---- down: answers -------------------------------------------------------------------------- */

static int
note_sdp(struct relay *r, const char *sdp, size_t len)
{
	struct rtsp_track tracks[RELAY_TRACKS_MAX];
	bool h264 = false;

	r->track_count = rtsp_video_tracks(sdp, len, tracks, RELAY_TRACKS_MAX);
	for (size_t i = 0; i < r->track_count; i++) {
		snprintf(r->tracks[i].control, sizeof(r->tracks[i].control), "%.*s",
			(int)tracks[i].control_len, tracks[i].control ? tracks[i].control : "");
		r->tracks[i].h264 = !strcasecmp(tracks[i].codec, "H264");
		h264 = h264 || r->tracks[i].h264;
	}
	if (h264)
		return 0;
	snprintf(r->refused_codec, sizeof(r->refused_codec), "%s",
		r->track_count ? tracks[0].codec : "");
	return ERR_UNSUPPORTED;
}

static void
note_setup(struct relay *r, int channel)
{
	if (channel < 0 || channel + 1 >= RELAY_CHANNELS || r->setup_track < 0)
		return;
	r->channels[channel + 1].rtcp = true;
	r->channels[channel].h264 = r->tracks[r->setup_track].h264;
}

static int
note_answer(struct relay *r, const struct rtsp_piece *m)
{
	int status = rtsp_status(m);

	if (!status)
		return 0; /* a request of the camera's */
	r->answers++;
	if (r->torn_down)
		return 0;
	r->status = status;
	if (status >= 300 && status < 400)
		return ERR_REFUSED;
	if (status >= 300)
		return 0;
	if (!strcmp(r->method, "SETUP"))
		note_setup(r, rtsp_interleaved(m));
	if (!strcmp(r->method, "DESCRIBE"))
		return note_sdp(r, (const char *)m->bytes + m->body, m->len - m->body);
	return 0;
}

/* ---- down: media ---------------------------------------------------------------------------- */

static void
put_data(struct fifo *out, uint8_t channel, const uint8_t *data, size_t n)
{
	uint8_t head[RTSP_DATA_HEAD] = { '$', channel, (uint8_t)(n >> 8), (uint8_t)n };

	fifo_put(out, head, sizeof(head));
	fifo_put(out, data, n);
}

/* Puts an RTP packet, numbered anew: gaps and joined fragments leave none that libavformat could
 * take for old. */
static void
put_packet(struct relay *r, uint8_t channel, const uint8_t *packet, size_t n, struct fifo *out)
{
	uint16_t seq = r->channels[channel].out_seq++;
	uint8_t *at = fifo_back(out) + RTSP_DATA_HEAD;

	put_data(out, channel, packet, n);
	at[2] = (uint8_t)(seq >> 8);
	at[3] = (uint8_t)seq;
}

/* The same, with the end mark behind it if it ends an access unit. */
static void
put_marked(struct relay *r, uint8_t channel, const uint8_t *packet, size_t n, struct au_rtp *rtp,
	struct fifo *out)
{
	uint8_t marked[DATA_MAX];

	if (!rtp->marker || n + AU_MARK_BYTES > DATA_MAX) {
		put_packet(r, channel, packet, n, out);
		return;
	}
	memcpy(marked, packet, n);
	put_packet(r, channel, marked, au_mark_end(marked, rtp), out);
}

/* Passes on what has been joined of a NAL unit, whole or not. */
static void
flush_fragments(struct relay *r, struct fifo *out)
{
	struct fragments *f = &r->fragments;
	struct au_rtp rtp;

	if (f->len && au_rtp_parse(f->packet, f->len, &rtp))
		put_marked(r, r->fragments_channel, f->packet, f->len, &rtp, out);
	f->len = 0;
}

/* Says so if the camera left out packets before this one. */
static void
pass_gap(struct relay *r, uint8_t channel, const uint8_t *packet, const struct au_rtp *rtp,
	struct fifo *out)
{
	uint8_t gap[AU_GAP_BYTES];

	if (r->channels[channel].started && rtp->seq != r->channels[channel].next_seq) {
		r->fragments.len = 0;
		au_write_gap(packet, gap);
		put_packet(r, channel, gap, sizeof(gap), out);
	}
	r->channels[channel].started = true;
	r->channels[channel].next_seq = (uint16_t)(rtp->seq + 1);
}

static void
pass_fragment(struct relay *r, uint8_t channel, const uint8_t *packet, const struct au_rtp *rtp,
	struct fifo *out)
{
	if (channel != r->fragments_channel || !fragments_add(&r->fragments, packet, rtp)) {
		flush_fragments(r, out);
		fragments_add(&r->fragments, packet, rtp);
		r->fragments_channel = channel;
	}
	if (packet[rtp->payload + 1] & AU_FU_END)
		flush_fragments(r, out);
}

static void
pass_h264(struct relay *r, uint8_t channel, const uint8_t *packet, size_t n, struct fifo *out)
{
	struct au_rtp rtp;

	if (!au_rtp_parse(packet, n, &rtp))
		return; /* libavformat would not take it either */
	pass_gap(r, channel, packet, &rtp, out);
	if (au_rtp_is_fragment(&rtp) && n <= FRAGMENTS_MAX) {
		pass_fragment(r, channel, packet, &rtp, out);
		return;
	}
	flush_fragments(r, out);
	put_marked(r, channel, packet, n, &rtp, out);
}

/* RFC 3550 6.1: an RTCP packet is several, each with its length in words less one. */
static bool
says_bye(const uint8_t *packet, size_t n)
{
	while (n >= 4) {
		size_t len = 4 * (((size_t)packet[2] << 8 | packet[3]) + 1);
		if (packet[1] == RTCP_BYE)
			return true;
		if (len > n)
			return false;
		packet += len;
		n -= len;
	}
	return false;
}

static int
pass_down(struct relay *r, const struct rtsp_piece *p, struct fifo *out)
{
	size_t n = p->len - p->body;

	if (p->kind == RTSP_MESSAGE) {
		int err = note_answer(r, p);
		if (!err)
			fifo_put(out, p->bytes, p->len);
		return err;
	}
	if (n < DATA_MIN)
		return 0;
	if (r->channels[p->channel].h264)
		pass_h264(r, p->channel, p->bytes + p->body, n, out);
	else
		put_data(out, p->channel, p->bytes + p->body, n);
	bool bye = r->channels[p->channel].rtcp && says_bye(p->bytes + p->body, n);
	return bye ? ERR_EOF : 0;
}

int
relay_down(struct relay *r, struct fifo *in, struct fifo *out)
{
	struct rtsp_piece p;
	int err = 0;

	while (!err && in->len) {
		int got = rtsp_split(fifo_front(in), in->len, &p);
		if (got <= 0)
			return got;
		if (fifo_room(out) < p.len + RELAY_GROWTH)
			return 0;
		err = pass_down(r, &p, out);
		fifo_take(in, p.len);
	}
	return err;
}
