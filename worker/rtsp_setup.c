/* rtsp_setup.c - which way a track's packets come: by the connection, or by UDP while libavformat
 * believes that it is the connection. Pure. */
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "worker/rtsp_setup.h"

#define STATUS_OK 200
#define STATUS_REFUSED 400 /* and above */
#define STATUS_UNAUTHORIZED 401
#define HEADER "Transport: "

/* Pictures that we read, or sound. */
static bool
is_wanted(const struct relay *r, const struct relay_track *t)
{
	return t->media == RTSP_AUDIO ||
	       (!t->interleaved && r->codec && video_codec_find(t->codec) == r->codec);
}

enum relay_media
rtsp_setup_media(const struct relay *r)
{
	if (r->setup_track < 0)
		return RELAY_MEDIA;
	const struct relay_track *t = &r->tracks[r->setup_track];
	const enum relay_media media = t->media == RTSP_AUDIO ? RELAY_SOUND : RELAY_PICTURES;
	if (r->media[media].channel >= 0 || !is_wanted(r, t))
		return RELAY_MEDIA;
	return media;
}

static bool
asks_for_udp(const struct relay *r)
{
	const bool setup = !strcmp(r->method, "SETUP") && !r->torn_down;
	const enum relay_media media = setup ? rtsp_setup_media(r) : RELAY_MEDIA;

	return media != RELAY_MEDIA && r->ports[media];
}

const char *
rtsp_setup_transport(const struct relay *r, char text[RTSP_SETUP_TRANSPORT_MAX])
{
	if (!asks_for_udp(r))
		return NULL;
	const unsigned port = r->ports[rtsp_setup_media(r)];
	snprintf(text, RTSP_SETUP_TRANSPORT_MAX, "RTP/AVP;unicast;client_port=%u-%u", port,
		port + 1);
	return text;
}

const char *
rtsp_setup_answer(
	const struct relay *r, const struct rtsp_piece *m, char text[RTSP_SETUP_TRANSPORT_MAX])
{
	if (strcmp(r->method, "SETUP") || r->torn_down || rtsp_status(m) != STATUS_OK ||
		r->setup_channel < 0)
		return NULL;
	snprintf(text, RTSP_SETUP_TRANSPORT_MAX, "RTP/AVP/TCP;unicast;interleaved=%d-%d",
		r->setup_channel, r->setup_channel + 1);
	return text;
}

void
rtsp_setup_put(
	const struct rtsp_piece *m, const uint8_t *from, const char *transport, struct fifo *out)
{
	size_t len;
	const uint8_t *value = (const uint8_t *)rtsp_header(m, "Transport", &len);
	const uint8_t *end = m->bytes + m->len;

	if (transport && value && value >= from) {
		fifo_put(out, from, (size_t)(value - from));
		fifo_put(out, transport, strlen(transport));
		from = value + len;
	} else if (transport && !value) {
		const uint8_t *second =
			(const uint8_t *)memchr(from, '\n', (size_t)(end - from)) + 1;
		fifo_put(out, from, (size_t)(second - from));
		fifo_put(out, HEADER, strlen(HEADER));
		fifo_put(out, transport, strlen(transport));
		fifo_put(out, "\r\n", 2);
		from = second;
	}
	fifo_put(out, from, (size_t)(end - from));
}

bool
rtsp_setup_is_spared(const struct relay *r, const struct rtsp_piece *m)
{
	const int status = rtsp_status(m);

	return !strcmp(r->method, "SETUP") && !r->torn_down && status >= STATUS_REFUSED &&
	       status != STATUS_UNAUTHORIZED && r->setup_track >= 0 && r->setup_channel >= 0 &&
	       rtsp_setup_media(r) != RELAY_PICTURES;
}

void
rtsp_setup_spare(struct relay *r, const struct rtsp_piece *m, struct fifo *out)
{
	char text[RTSP_SETUP_ANSWER_MAX];
	const int len = snprintf(text, sizeof(text),
		"RTSP/1.0 200 OK\r\nCSeq: %ld\r\n"
		"Transport: RTP/AVP/TCP;unicast;interleaved=%d-%d\r\n\r\n",
		r->cseq, r->setup_channel, r->setup_channel + 1);

	fifo_put(out, text, (size_t)len);
	r->answers++;
	r->set_up_count++;
	if (rtsp_setup_media(r) == RELAY_SOUND)
		r->sound_status = rtsp_status(m);
}

/* A camera that does not say the channels took those that it was asked to. It may send by this
 * connection though it was asked for UDP: then it names channels. */
int
rtsp_setup_note(struct relay *r, const struct rtsp_piece *m)
{
	const enum relay_media media = rtsp_setup_media(r);
	const int named = rtsp_interleaved(m), channel = named < 0 ? r->setup_channel : named;

	r->set_up_count++;
	if (channel < 0 || channel + 1 >= RELAY_CHANNELS || r->setup_track < 0)
		return 0;
	if (media == RELAY_MEDIA)
		return 0;
	r->by_udp = !r->ports[media] && rtsp_is_by_udp(m);
	r->by_multicast = rtsp_is_multicast(m);
	if (r->by_udp || r->by_multicast)
		return ERR_REFUSED;
	r->udp[media].taken = r->ports[media] && named < 0;
	r->udp[media].port = rtsp_server_port(m);
	r->media[media].channel = channel;
	r->media[media].told = r->setup_channel < 0 ? channel : r->setup_channel;
	r->media[media].track = r->setup_track;
	return 0;
}
