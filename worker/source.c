/* source.c - NAL units from an RTSP camera.
 * Owns libavformat, whose RTSP demuxer is the RTSP client, and the tunnel in front of it, which is
 * run while libavformat waits and out of which the pictures are read. Media thread, but for
 * source_interrupt. */
#include <assert.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/dict.h>
#include <libavutil/log.h>

#include "common/err.h"
#include "common/xmalloc.h"
#include "worker/camera_conn.h"
#include "worker/demux.h"
#include "worker/draw.h"
#include "worker/relay_track.h"
#include "worker/rtsp_auth.h"
#include "worker/rtsp_relay.h"
#include "worker/rtsp_url.h"
#include "worker/source.h"
#include "worker/source_error.h"
#include "worker/tunnel.h"
#include "worker/video_codec.h"

#define DEFAULT_ANSWER_MS 10000
/* How often libavformat is asked to keep the session alive, which it does each half of the
 * session's timeout: four times as often, for what it finds out late. RFC 2326 12.37 counts in
 * whole seconds. */
#define CLIENT_SHARE 8
#define CLIENT_MIN_MS 500
#define CLIENT_MAX_MS 5000
/* Is waited for the next packet, as waking up for this alone costs what a picture does. */
#define CLIENT_SLACK_MS 100

enum phase { NEW, OPENING, READING, FAILED };

struct source {
	enum phase phase;
	char *url;
	char *ca_file;
	char *user_agent;
	bool tls_verify;
	bool sound;
	bool describe_only;
	bool udp;
	bool received; /* a packet */
	ms_t answer_ms;
	ms_t stall_ms;
	int stop_fd; /* readable once interrupted */
	atomic_bool interrupted;
	bool timed_out;
	ms_t deadline; /* for the next answer while OPENING, for a NAL unit while READING */
	struct tunnel *tunnel;
	AVFormatContext *format;
	const struct video_codec *codec; /* of the pictures; NULL until they are set up */
	AVStream *stream;
	AVPacket *packet;
	/* While READING: */
	ms_t fed;             /* when the last packet came, or was waited for in vain */
	ms_t client_due;      /* when libavformat's turn is */
	unsigned client_read; /* messages of the camera's, at its last one */
	struct demux *demux;
	struct source_error error;
	struct source_times times;
};

struct source *
source_new(const struct source_config *config)
{
	struct source *s = xcalloc(1, sizeof(*s));

	s->url = xstrdup(config->url);
	s->ca_file = xstrdup(config->ca_file);
	s->user_agent = xstrdup(config->user_agent ? config->user_agent : "camrelay/" VERSION);
	s->tls_verify = config->tls_verify;
	s->sound = config->sound;
	s->udp = config->udp;
	s->describe_only = config->describe_only;
	s->answer_ms = config->answer_ms ? config->answer_ms : DEFAULT_ANSWER_MS;
	s->stall_ms = config->stall_ms ? config->stall_ms : SOURCE_STALL_MS;
	s->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->packet = av_packet_alloc();
	if (s->stop_fd < 0 || !s->packet)
		abort();
	s->demux = demux_new();
	/* Its lines hold URLs and SDPs. What matters of them is in source_error. */
	av_log_set_level(AV_LOG_QUIET);
	return s;
}

/* ---- errors --------------------------------------------------------------------------------- */

static int __attribute__((format(printf, 3, 4)))
fail(struct source *s, int err, const char *fmt, ...)
{
	va_list ap;

	s->phase = FAILED;
	s->error.err = err;
	va_start(ap, fmt);
	vsnprintf(s->error.text, sizeof(s->error.text), fmt, ap);
	va_end(ap);
	return err;
}

/* libavformat returned an error, or what it returned is of no use. */
static int
give_up(struct source *s)
{
	bool opening = s->phase == OPENING;

	s->error.silent = !opening && s->timed_out && !s->received;
	if (atomic_load(&s->interrupted))
		return fail(s, ERR_CLOSED, "interrupted");
	if (s->timed_out)
		return fail(s, ERR_TIMEOUT, opening ? "no answer for %g s" : "no picture for %g s",
			(double)(opening ? s->answer_ms : s->stall_ms) / 1000);
	source_error_explain(&s->error, tunnel_outcome(s->tunnel), opening);
	s->phase = FAILED;
	return s->error.err;
}

/* ---- open ----------------------------------------------------------------------------------- */

/* Carries until libavformat has something new to read. Returns true if it shall give up. */
static bool
carry(struct source *s)
{
	int err = tunnel_run(s->tunnel, s->deadline);

	s->timed_out = err == ERR_TIMEOUT;
	return err != 0;
}

/* While a request is under way libavformat waits for its answer; else it is about to write one. */
static bool
must_give_up_opening(struct source *s)
{
	tunnel_poke(s->tunnel);
	if (s->describe_only && tunnel_relay(s->tunnel)->described)
		return true;
	if (tunnel_awaits_answer(s->tunnel))
		return tunnel_is_drained(s->tunnel) && carry(s);
	s->deadline = clock_now() + s->answer_ms;
	return false;
}

/* The interrupt callback: libavformat asks before every wait, and ten times a second during it.
 * What it is about to wait for is brought from here, so that it does not wait. */
static int
must_return(void *arg)
{
	struct source *s = arg;

	if (s->phase == FAILED)
		return 0; /* closing: TEARDOWN may be written */
	if (atomic_load(&s->interrupted))
		return 1;
	if (s->phase == OPENING)
		return must_give_up_opening(s);
	tunnel_push(s->tunnel);
	s->timed_out = clock_now() > s->deadline;
	return s->timed_out;
}

/* NULL if the URL names no user. libavformat is told nothing of it. */
static struct rtsp_auth *
credentials(const struct rtsp_url *url)
{
	char cnonce[DRAW_ID_BYTES];

	if (!url->user)
		return NULL;
	draw_id(cnonce);
	return rtsp_auth_new(url->user, url->password, cnonce);
}

static int
connect_camera(struct source *s, const struct rtsp_url *url)
{
	struct camera_conn *camera;
	const struct camera_conn_config config = { .host = url->host,
		.port = url->port,
		.tls = url->tls,
		.verify = s->tls_verify,
		.ca_file = s->ca_file,
		.step_ms = s->answer_ms,
		.cancel_fd = s->stop_fd };
	char why[sizeof(s->error.text)];

	s->times.started_us = clock_now_us();
	int err = camera_conn_open(&config, &camera, &s->times.connected_us, why, sizeof(why));
	if (err)
		return fail(s, err, "%s", why);
	s->times.secured_us = url->tls ? clock_now_us() : s->times.connected_us;
	s->tunnel = tunnel_new(camera, &(struct tunnel_config){ .uri = url->uri,
					       .auth = credentials(url),
					       .udp = s->udp,
					       .ssrc = draw(),
					       .sound = s->sound,
					       .stop_fd = s->stop_fd });
	if (!s->tunnel)
		return fail(s, ERR_SYS, "no socket for the tunnel");
	return 0;
}

/* RTP over the one TCP connection, and no protocol but TCP for libavformat to open. */
static AVDictionary *
demuxer_options(const struct source *s)
{
	AVDictionary *options = NULL;

	av_dict_set(&options, "rtsp_transport", "tcp", 0);
	av_dict_set(&options, "allowed_media_types", s->sound ? "video+audio" : "video", 0);
	av_dict_set(&options, "protocol_whitelist", "tcp", 0);
	av_dict_set(&options, "user_agent", s->user_agent, 0);
	return options;
}

static int
open_demuxer(struct source *s)
{
	AVDictionary *options = demuxer_options(s);
	char *address = xasprintf("rtsp://%s", tunnel_address(s->tunnel));

	s->format = avformat_alloc_context();
	if (!s->format)
		abort();
	s->format->interrupt_callback = (AVIOInterruptCB){ .callback = must_return, .opaque = s };
	/* Packets as they come: no parser, which would hold each picture until the next begins. */
	s->format->flags |= AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN | AVFMT_FLAG_NOBUFFER;
	s->phase = OPENING;
	s->deadline = clock_now() + s->answer_ms;
	int failed =
		avformat_open_input(&s->format, address, av_find_input_format("rtsp"), &options);
	av_dict_free(&options);
	free(address);
	return failed ? give_up(s) : 0;
}

/* libavformat's stream of the pictures that we read: it knows the SDP's parameter sets. */
static int
pick_stream(struct source *s)
{
	const struct relay_track *track = relay_track(tunnel_relay(s->tunnel), RELAY_PICTURES);

	s->codec = track ? video_codec_find(track->codec) : NULL;
	for (unsigned i = 0; s->codec && i < s->format->nb_streams; i++) {
		AVStream *stream = s->format->streams[i];
		if (strcmp(avcodec_get_name(stream->codecpar->codec_id), s->codec->libav) == 0) {
			s->stream = stream;
			return 0;
		}
	}
	return give_up(s);
}

/* What is known of the tracks before their first packets. */
static void
open_tracks(struct source *s)
{
	const struct relay *relay = tunnel_relay(s->tunnel);
	const struct relay_track *sound = relay_track(relay, RELAY_SOUND);
	const int refused = tunnel_outcome(s->tunnel).sound_status;
	uint32_t timestamp;

	demux_open_pictures(s->demux, s->codec);
	if (sound)
		demux_open_sound(s->demux, sound);
	else if (refused)
		demux_refuse_sound(s->demux, refused);
	for (int i = 0; i < RELAY_MEDIA; i++)
		if (relay_start(relay, (enum relay_media)i, &timestamp))
			demux_start(s->demux, (enum relay_media)i, timestamp);
}

static void
set_client_due(struct source *s)
{
	const struct relay *relay = tunnel_relay(s->tunnel);
	ms_t interval = (ms_t)relay->session_s * 1000 / CLIENT_SHARE;

	if (interval < CLIENT_MIN_MS)
		interval = CLIENT_MIN_MS;
	if (interval > CLIENT_MAX_MS)
		interval = CLIENT_MAX_MS;
	s->client_read = relay->messages;
	s->client_due = clock_now() + interval;
}

static bool
client_is_due(const struct source *s)
{
	return tunnel_relay(s->tunnel)->messages != s->client_read || s->fed >= s->client_due;
}

static int
open_url(struct source *s, const struct rtsp_url *url)
{
	if (s->udp && url->tls)
		return fail(
			s, ERR_RANGE, "rtsps:// goes by TCP: by UDP nothing would be encrypted");
	int err = connect_camera(s, url);
	if (!err)
		err = open_demuxer(s);
	if (s->describe_only && s->tunnel && tunnel_relay(s->tunnel)->described) {
		s->phase = FAILED; /* libavformat was stopped */
		return 0;
	}
	if (!err)
		err = pick_stream(s);
	if (err)
		return err;
	open_tracks(s);
	s->times.playing_us = clock_now_us();
	set_client_due(s);
	s->deadline = clock_now() + s->stall_ms;
	s->phase = READING;
	return 0;
}

int
source_open(struct source *s)
{
	struct rtsp_url url;
	const char *why;

	assert(s->phase == NEW);
	int err = rtsp_url_parse(s->url, &url, &why);
	if (err)
		fail(s, err, "%s", why);
	else
		err = open_url(s, &url);
	rtsp_url_clear(&url);
	return err;
}

/* ---- read ----------------------------------------------------------------------------------- */

/* libavformat reads what the camera answered, and asks it to keep the session if it is time. */
static int
run_client(struct source *s)
{
	set_client_due(s);
	if (!tunnel_send_pill(s->tunnel))
		return 0;
	int got = av_read_frame(s->format, s->packet);
	av_packet_unref(s->packet);
	return got < 0 ? give_up(s) : 0;
}

/* Waits for a packet, but not much longer than until libavformat's turn, which is at once if the
 * camera says something. */
static int
feed(struct source *s)
{
	const ms_t due = s->client_due + CLIENT_SLACK_MS;
	const ms_t until = due < s->deadline ? due : s->deadline;
	struct relay_packet packet;

	int err = tunnel_read(s->tunnel, until, &packet);
	s->fed = err ? clock_now() : packet.arrived_us / 1000;
	if (err == ERR_AGAIN || (err == ERR_TIMEOUT && until < s->deadline))
		return 0;
	s->timed_out = err == ERR_TIMEOUT;
	if (err)
		return give_up(s);
	s->received = true;
	demux_feed(s->demux, &packet, packet.arrived_us);
	return 0;
}

/* Sound alone does not keep a connection: the deadline is for pictures. */
int
source_read(struct source *s, struct source_unit *out)
{
	if (s->phase == FAILED)
		return s->error.err;
	assert(s->phase == READING);
	while (!demux_next(s->demux, out)) {
		int err = client_is_due(s) ? run_client(s) : feed(s);
		if (err)
			return err;
	}
	if (out->kind == SOURCE_PICTURE)
		s->deadline = clock_now() + s->stall_ms;
	return 0;
}

void
source_interrupt(struct source *s)
{
	atomic_store(&s->interrupted, true);
	eventfd_write(s->stop_fd, 1);
}

/* ---- the rest ------------------------------------------------------------------------------- */

const struct video_codec *
source_codec(const struct source *s)
{
	return s->codec;
}

const uint8_t *
source_parameter_sets(const struct source *s, size_t *len)
{
	const AVCodecParameters *p = s->stream ? s->stream->codecpar : NULL;

	*len = p && p->extradata ? (size_t)p->extradata_size : 0;
	return *len ? p->extradata : NULL;
}

const struct audio_format *
source_sound(const struct source *s, const char **why)
{
	return demux_sound(s->demux, why);
}

const struct source_error *
source_error(const struct source *s)
{
	return &s->error;
}

const struct source_times *
source_times(const struct source *s)
{
	return &s->times;
}

void
source_free(struct source *s)
{
	if (!s)
		return;
	s->phase = FAILED;
	avformat_close_input(&s->format);
	if (s->tunnel)
		tunnel_finish(s->tunnel);
	tunnel_free(s->tunnel);
	av_packet_free(&s->packet);
	demux_free(s->demux);
	close(s->stop_fd);
	free(s->url);
	free(s->ca_file);
	free(s->user_agent);
	free(s);
}
