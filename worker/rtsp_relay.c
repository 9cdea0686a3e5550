/* rtsp_relay.c - what changes in an RTSP session on its way between libavformat and the camera.
 * Owns what is known of the session. Pure: bytes in, bytes out; the tunnel's thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/err.h"
#include "worker/relay_data.h"
#include "worker/rtsp_base.h"
#include "worker/rtsp_play.h"
#include "worker/rtsp_relay.h"
#include "common/xmalloc.h"
#include "worker/rtsp_sdp.h"
#include "worker/rtsp_session.h"
#include "worker/rtsp_setup.h"

/* RFC 2326 11.3.2 */
#define STATUS_UNAUTHORIZED 401

/* RFC 2326 12.17: as many digits as rtsp_number reads, and what stands around them. */
#define CSEQ_LINE_MAX 24

void
relay_init(struct relay *r, const char *short_uri, const char *camera_uri, bool sound,
	struct rtsp_auth *auth)
{
	*r = (struct relay){ .short_uri = short_uri,
		.camera_uri = camera_uri,
		.sound = sound,
		.auth = auth,
		.session_s = RTSP_SESSION_S,
		.cseq = -1 };
	if (auth)
		fifo_init(&r->newest, RTSP_PIECE_MAX);
	for (size_t i = 0; i < RELAY_MEDIA; i++)
		r->media[i].channel = -1;
}

void
relay_clear(struct relay *r)
{
	rtsp_auth_free(r->auth);
	fifo_clear(&r->newest);
	r->auth = NULL;
}

size_t
relay_growth(const struct relay *r)
{
	const size_t uri = strlen(r->camera_uri);

	return uri + CSEQ_LINE_MAX + RTSP_SETUP_TRANSPORT_MAX + RTSP_SESSION_GROWTH +
	       (r->auth ? rtsp_auth_line_max(r->auth, uri + RTSP_HEAD_MAX) : 0);
}

const struct relay_track *
relay_track(const struct relay *r, enum relay_media media)
{
	return r->media[media].channel < 0 ? NULL : &r->tracks[r->media[media].track];
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

/* The longest that fits: "video/1" is not "1". If none does, it is the next: libavformat sets up
 * one after the other. */
static int
find_track(const struct relay *r, const struct rtsp_request *q)
{
	int found = r->set_up_count < r->track_count ? (int)r->set_up_count : -1;
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
note_request(struct relay *r, const struct rtsp_piece *m, const struct rtsp_request *q)
{
	char method[sizeof(r->method)];

	snprintf(method, sizeof(method), "%.*s", (int)q->method_len, q->method);
	r->requests++;
	r->torn_down = !strcmp(method, "TEARDOWN");
	if (r->torn_down)
		return; /* what was asked before it is why it is said */
	memcpy(r->method, method, sizeof(method));
	r->status = 0;
	if (strcmp(r->method, "SETUP"))
		return;
	r->setup_track = find_track(r, q);
	r->setup_channel = rtsp_interleaved(m);
}

static void
put_text(struct fifo *out, const char *text)
{
	fifo_put(out, text, strlen(text));
}

/* The line that says who we are, if the camera has asked, behind the request's first line. */
static void
put_auth(struct relay *r, const struct rtsp_request *q, const char *uri, struct fifo *out)
{
	char method[sizeof(r->method)];

	snprintf(method, sizeof(method), "%.*s", (int)q->method_len, q->method);
	char *line = r->auth ? rtsp_auth_line(r->auth, method, uri) : NULL;
	if (line)
		put_text(out, line);
	if (line)
		explicit_bzero(line, strlen(line));
	free(line);
}

/* Returns where the number of the request begins that goes on at from, having written what comes
 * before it and the camera's number; from if it need not change. */
static const uint8_t *
put_cseq(struct relay *r, const struct rtsp_piece *m, const uint8_t *from, struct fifo *out)
{
	char number[CSEQ_LINE_MAX];
	size_t len;
	const char *value = rtsp_header(m, "CSeq", &len);
	const long theirs = rtsp_number(m, "CSeq");

	r->cseq = theirs < 0 ? -1 : theirs + (long)r->repeated;
	if (theirs < 0 || !r->repeated || (const uint8_t *)value < from)
		return from;
	fifo_put(out, from, (size_t)((const uint8_t *)value - from));
	snprintf(number, sizeof(number), "%ld", r->cseq);
	put_text(out, number);
	return (const uint8_t *)value + len;
}

static void
write_request(
	struct relay *r, const struct rtsp_piece *m, const struct rtsp_request *q, struct fifo *out)
{
	char transport[RTSP_SETUP_TRANSPORT_MAX];
	char *uri = rtsp_base_uri(r, q);
	const uint8_t *end = m->bytes + m->len;
	const uint8_t *rest = (const uint8_t *)q->uri + q->uri_len;
	const uint8_t *headers = memchr(rest, '\n', (size_t)(end - rest));

	fifo_put(out, q->method, q->method_len);
	put_text(out, " ");
	put_text(out, uri);
	fifo_put(out, rest, (size_t)(headers + 1 - rest));
	put_auth(r, q, uri, out);
	rest = put_cseq(r, m, headers + 1, out);
	rtsp_setup_put(m, rest, rtsp_setup_transport(r, transport), out);
	free(uri);
}

static void
keep_newest(struct relay *r, const struct rtsp_piece *m)
{
	if (!r->auth)
		return;
	fifo_take(&r->newest, r->newest.len);
	fifo_put(&r->newest, m->bytes, m->len);
}

static void
pass_request(struct relay *r, const struct rtsp_piece *m, struct fifo *out)
{
	struct rtsp_request q;

	if (!rtsp_request(m, &q)) {
		/* An answer of libavformat's to a request of the camera's. */
		fifo_put(out, m->bytes, m->len);
		return;
	}
	rtsp_session_keep(r, &q, false);
	note_request(r, m, &q);
	keep_newest(r, m);
	write_request(r, m, &q, out);
}

static void
repeat_request(struct relay *r, struct fifo *out)
{
	struct rtsp_piece m;
	struct rtsp_request q;

	r->again = false;
	r->repeated++;
	if (rtsp_split(fifo_front(&r->newest), r->newest.len, &m) != 1 || !rtsp_request(&m, &q))
		return;
	rtsp_session_keep(r, &q, true);
	write_request(r, &m, &q, out);
}

/* Takes the next piece, as rtsp_split does, and the blank lines before it away: libavformat takes
 * an empty line for the end of an answer. They wait for the piece, so that there is an end to them.
 */
static int
next_piece(struct fifo *in, struct rtsp_piece *p)
{
	const size_t blank = rtsp_blank(fifo_front(in), in->len);

	if (blank >= RTSP_HEAD_MAX)
		return ERR_RANGE;
	if (blank == in->len)
		return 0;
	fifo_take(in, blank);
	return rtsp_split(fifo_front(in), in->len, p);
}

int
relay_up(struct relay *r, struct fifo *in, struct fifo *out)
{
	const size_t growth = relay_growth(r);
	struct rtsp_piece p;

	if (r->again && fifo_room(out) < r->newest.len + growth)
		return 0;
	if (r->again)
		repeat_request(r, out);
	while (in->len) {
		int got = next_piece(in, &p);
		if (got <= 0)
			return got;
		if (fifo_room(out) < p.len + growth)
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

/* H.264 rather than H.265: more receivers take it. */
static void
note_pictures(struct relay *r, const struct relay_track *t)
{
	const struct video_codec *codec = t->interleaved ? NULL : video_codec_find(t->codec);

	if (codec && r->codec != &video_h264)
		r->codec = codec;
	if (!r->refused_codec[0])
		snprintf(r->refused_codec, sizeof(r->refused_codec), "%s%s",
			t->interleaved ? "interleaved " : "", t->codec);
}

static int
note_sdp(struct relay *r, const char *sdp, size_t len)
{
	struct rtsp_track tracks[RELAY_TRACKS_MAX];
	const size_t count = rtsp_tracks(sdp, len, tracks, RELAY_TRACKS_MAX);

	r->track_count = 0;
	r->codec = NULL;
	r->refused_codec[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		struct relay_track *t = &r->tracks[r->track_count];
		if (tracks[i].media == RTSP_AUDIO && !r->sound)
			continue;
		*t = relay_track_copy(&tracks[i]);
		r->track_count++;
		if (t->media == RTSP_VIDEO)
			note_pictures(r, t);
	}
	r->described = r->codec != NULL;
	return r->described ? 0 : ERR_UNSUPPORTED;
}

/* True if it answers the newest request: a camera that leaves CSeq out has one to answer only. */
static bool
answers_newest(const struct relay *r, const struct rtsp_piece *m)
{
	const long cseq = rtsp_number(m, "CSeq");

	return cseq == r->cseq || (cseq < 0 && r->requests - r->answers == 1);
}

/* True if the answer asks who we are, and shall be told. */
static bool
is_challenge(struct relay *r, const struct rtsp_piece *m)
{
	const int status = rtsp_status(m);

	if (!r->auth || !status || !answers_newest(r, m))
		return false;
	if (status != STATUS_UNAUTHORIZED) {
		rtsp_auth_accept(r->auth);
		return false;
	}
	return rtsp_auth_challenge(r->auth, m);
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
	/* libavformat would follow the one, and send the same again after the other. */
	if ((status >= 300 && status < 400) || (status == STATUS_UNAUTHORIZED && !r->playing))
		return ERR_REFUSED;
	if (status >= 300)
		return 0;
	if (!strcmp(r->method, "PLAY")) {
		r->playing = true;
		rtsp_play_note(r, m);
	}
	if (!strcmp(r->method, "SETUP"))
		return rtsp_setup_note(r, m);
	if (!strcmp(r->method, "DESCRIBE"))
		return note_sdp(r, (const char *)m->bytes + m->body, m->len - m->body);
	return 0;
}

/* libavformat would give up; whether the camera can be had DESCRIBE tells. Those are the ways to
 * say that a method is not known, not for this URL, or not without a session. */
static bool
is_refused_options(const struct relay *r, const struct rtsp_piece *p)
{
	static const int statuses[] = { 400, 404, 405, 451, 454, 455, 501, 551 };
	const int status = rtsp_status(p);
	bool refused = false;

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		refused |= status == statuses[i];
	return refused && !strcmp(r->method, "OPTIONS") && !r->torn_down && !r->playing &&
	       answers_newest(r, p);
}

/* bytes are the piece's. */
static void
make_success(const struct rtsp_piece *p, uint8_t *bytes)
{
	static const uint8_t success[] = { '2', '0', '0' };
	uint8_t *status = memchr(bytes, ' ', p->body);

	while (*status == ' ')
		status++;
	memcpy(status, success, sizeof(success));
}

/* Makes a message one that libavformat takes as we mean it. bytes are the piece's. */
static void
tidy(const struct relay *r, const struct rtsp_piece *p, uint8_t *bytes)
{
	rtsp_session_tidy(p, bytes);
	rtsp_base_tidy(p, bytes);
	if (is_refused_options(r, p))
		make_success(p, bytes);
	if (!strcmp(r->method, "DESCRIBE") && rtsp_status(p))
		relay_track_choose((char *)bytes + p->body, p->len - p->body);
}

/* RFC 2326 7.1.1: 100 Continue. The answer is still to come. */
static bool
is_provisional(const struct rtsp_piece *p)
{
	return rtsp_status(p) / 100 == 1;
}

static int
pass_down(struct relay *r, const struct rtsp_piece *p, struct fifo *out)
{
	if (p->kind == RTSP_DATA || is_provisional(p))
		return 0;
	if (is_challenge(r, p)) {
		r->again = true;
		return 0;
	}
	if (answers_newest(r, p) && rtsp_setup_is_spared(r, p)) {
		rtsp_setup_spare(r, p, out);
		return 0;
	}
	char transport[RTSP_SETUP_TRANSPORT_MAX];
	const char *told = rtsp_setup_answer(r, p, transport);
	int err = note_answer(r, p);
	if (err)
		return err;
	/* The shortest: cameras tell SETUP, by which libavformat goes, and need not tell PLAY
	 * again. */
	const unsigned session_s = rtsp_session_timeout_s(p);
	if (session_s < r->session_s)
		r->session_s = session_s;
	r->messages++;
	rtsp_setup_put(p, rtsp_sdp_put(r, p, out), told, out);
	return 0;
}

static void
take_lent(struct relay *r, struct fifo *in)
{
	fifo_take(in, r->lent);
	r->lent = 0;
}

/* The same of what a camera sends. While it plays garbage is skipped: some cameras leave out the
 * rest of a packet that a slow connection does not take, and go on with the next. */
static int
find_piece(struct relay *r, struct fifo *in, struct rtsp_piece *p)
{
	int found = r->garbage ? relay_data_find(r, in) : 1;

	while (found > 0) {
		int got = next_piece(in, p);
		if (got >= 0 || !r->playing)
			return got;
		found = relay_data_find(r, in);
	}
	return found;
}

/* Returns 1 and the packet, ERR_EOF with the last; 0: it is nobody's. */
static int
lend(struct relay *r, struct fifo *in, const struct rtsp_piece *p, struct relay_packet *packet)
{
	packet->bytes = fifo_at(in, p->body);
	packet->len = p->len - p->body;
	switch (relay_judge(r, packet)) {
	case RELAY_READ:
		r->lent = p->len;
		return 1;
	case RELAY_LEFT_OUT:
		break;
	case RELAY_END:
		return ERR_EOF;
	}
	fifo_take(in, p->len);
	return 0;
}

int
relay_down(struct relay *r, struct fifo *in, struct fifo *out, struct relay_packet *packet)
{
	struct rtsp_piece p;
	int err = 0;

	take_lent(r, in);
	while (!err && in->len) {
		int got = find_piece(r, in, &p);
		if (got > 0)
			got = rtsp_sdp_extend(r, &p, in->len);
		if (got <= 0)
			return got;
		if (p.kind == RTSP_MESSAGE && fifo_room(out) < p.len + RTSP_SETUP_ANSWER_MAX)
			return 0;
		if (relay_data_is_media(r, &p, packet)) {
			got = lend(r, in, &p, packet);
			if (got)
				return got;
			continue;
		}
		if (p.kind == RTSP_MESSAGE)
			tidy(r, &p, fifo_at(in, 0));
		err = pass_down(r, &p, out);
		fifo_take(in, p.len);
	}
	return err;
}
