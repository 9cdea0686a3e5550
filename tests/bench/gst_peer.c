/* gst_peer.c - GStreamer's webrtcbin as bench_worker.py needs it. Signalling is its parent's.
 *   gst_peer publish URL    an RTSP camera passed through: writes an offer, reads the answer
 *   gst_peer sound URL      the same with its sound, AAC to Opus
 *   gst_peer view           receives without decoding: reads an offer, writes an answer, and again
 * SDPs on standard input and output end with a line of one dot. Ends when its input ends. */
#include <gst/gst.h>
#include <gst/sdp/sdp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Of gst/webrtc/, whose headers are in a package that nothing else here needs. */
typedef struct _GstWebRTCSessionDescription GstWebRTCSessionDescription;
struct _GstWebRTCSessionDescription {
	int type;
	GstSDPMessage *sdp;
};
extern GstWebRTCSessionDescription *gst_webrtc_session_description_new(int type, GstSDPMessage *);
extern GType gst_webrtc_session_description_get_type(void);
#define OFFER 1
#define ANSWER 3
#define GATHERED 2

#define CAMERA                                                                                     \
	"rtspsrc name=camera protocols=tcp latency=0 tls-validation-flags=0 ! rtph264depay ! "     \
	"rtph264pay config-interval=-1 aggregate-mode=zero-latency mtu=1200 ! "                    \
	"application/x-rtp,media=video,encoding-name=H264,payload=106,clock-rate=90000 ! "         \
	"webrtcbin name=peer bundle-policy=max-bundle"
/* Sound after the pictures: m-sections are in the order of these lines. */
#define CAMERA_WITH_SOUND                                                                          \
	"webrtcbin name=peer bundle-policy=max-bundle "                                            \
	"rtspsrc name=camera protocols=tcp latency=0 tls-validation-flags=0 "                      \
	"camera. ! application/x-rtp,media=video ! rtph264depay ! "                                \
	"rtph264pay config-interval=-1 aggregate-mode=zero-latency mtu=1200 ! "                    \
	"application/x-rtp,media=video,encoding-name=H264,payload=106,clock-rate=90000 ! peer. "   \
	"camera. ! application/x-rtp,media=audio ! rtpmp4gdepay ! aacparse ! faad ! queue ! "      \
	"audioconvert ! audioresample ! opusenc ! rtpopuspay ! "                                   \
	"application/x-rtp,media=audio,encoding-name=OPUS,payload=111,clock-rate=48000 ! peer."

static GMainLoop *loop;

/* Waits for what a promise brings; field may be NULL. Owned by nobody: this program is short. */
static GstWebRTCSessionDescription *
reply(GstPromise *promise, const char *field)
{
	GstWebRTCSessionDescription *d = NULL;

	gst_promise_wait(promise);
	if (field)
		gst_structure_get(gst_promise_get_reply(promise), field,
			gst_webrtc_session_description_get_type(), &d, NULL);
	return d;
}

static void
set_description(GstElement *peer, const char *which, GstWebRTCSessionDescription *d)
{
	GstPromise *promise = gst_promise_new();

	g_signal_emit_by_name(peer, which, d, promise);
	reply(promise, NULL);
}

static void
make_description(GstElement *peer, const char *create, const char *field)
{
	GstPromise *promise = gst_promise_new();

	g_signal_emit_by_name(peer, create, NULL, promise);
	set_description(peer, "set-local-description", reply(promise, field));
}

/* Once all candidates are in it. */
static gboolean
write_description(gpointer arg)
{
	GstWebRTCSessionDescription *d;
	int state;

	g_object_get(arg, "ice-gathering-state", &state, NULL);
	if (state != GATHERED)
		return G_SOURCE_CONTINUE;
	g_object_get(arg, "local-description", &d, NULL);
	printf("%s.\n", gst_sdp_message_as_text(d->sdp));
	fflush(stdout);
	return G_SOURCE_REMOVE;
}

static char *
read_sdp(void)
{
	GString *sdp = g_string_new("");
	char line[4096];

	while (fgets(line, sizeof(line), stdin)) {
		if (!strcmp(line, ".\n"))
			return g_string_free(sdp, FALSE);
		g_string_append(sdp, line);
	}
	g_string_free(sdp, TRUE);
	return NULL;
}

static GstWebRTCSessionDescription *
parse(int type, const char *sdp)
{
	GstSDPMessage *message;

	if (gst_sdp_message_new_from_text(sdp, &message) != GST_SDP_OK)
		exit(1);
	return gst_webrtc_session_description_new(type, message);
}

/* libnice leaves loopback out. */
static void
use_loopback(GstElement *peer)
{
	GObject *ice, *agent;
	gboolean ok;

	g_object_get(peer, "ice-agent", &ice, NULL);
	g_signal_emit_by_name(ice, "add-local-ip-address", "127.0.0.1", &ok);
	g_object_get(ice, "agent", &agent, NULL);
	g_object_set(agent, "ice-tcp", FALSE, NULL);
}

static gpointer
publish(gpointer arg)
{
	GstElement *peer = gst_bin_get_by_name(arg, "peer");

	make_description(peer, "create-offer", "offer");
	g_timeout_add(20, write_description, peer);
	char *sdp = read_sdp();
	if (sdp)
		set_description(peer, "set-remote-description", parse(ANSWER, sdp));
	read_sdp();
	g_main_loop_quit(loop);
	return NULL;
}

static void
on_negotiation_needed(GstElement *peer, gpointer pipeline)
{
	static gsize once;

	(void)peer;
	if (!g_once_init_enter(&once))
		return;
	g_once_init_leave(&once, 1);
	g_thread_new("signalling", publish, pipeline);
}

static void
on_pad(GstElement *peer, GstPad *pad, gpointer pipeline)
{
	(void)peer;
	if (GST_PAD_DIRECTION(pad) != GST_PAD_SRC)
		return;
	GstElement *sink = gst_element_factory_make("fakesink", NULL);
	g_object_set(sink, "sync", FALSE, "async", FALSE, NULL);
	gst_bin_add(pipeline, sink);
	gst_element_sync_state_with_parent(sink);
	gst_pad_link(pad, gst_element_get_static_pad(sink, "sink"));
}

static gpointer
view(gpointer pipeline)
{
	char *sdp;

	while ((sdp = read_sdp())) {
		GstElement *peer = gst_element_factory_make("webrtcbin", NULL);
		gst_util_set_object_arg(G_OBJECT(peer), "bundle-policy", "max-bundle");
		g_object_set(peer, "latency", 0, NULL);
		g_signal_connect(peer, "pad-added", G_CALLBACK(on_pad), pipeline);
		use_loopback(peer);
		gst_bin_add(pipeline, peer);
		gst_element_sync_state_with_parent(peer);
		set_description(peer, "set-remote-description", parse(OFFER, sdp));
		make_description(peer, "create-answer", "answer");
		g_timeout_add(20, write_description, peer);
		g_free(sdp);
	}
	g_main_loop_quit(loop);
	return NULL;
}

static GstElement *
open_camera(const char *url, gboolean sound)
{
	GstElement *pipeline = gst_parse_launch(sound ? CAMERA_WITH_SOUND : CAMERA, NULL);
	GstElement *peer = gst_bin_get_by_name(GST_BIN(pipeline), "peer");

	g_object_set(gst_bin_get_by_name(GST_BIN(pipeline), "camera"), "location", url, NULL);
	use_loopback(peer);
	g_signal_connect(
		peer, "on-negotiation-needed", G_CALLBACK(on_negotiation_needed), pipeline);
	return pipeline;
}

int
main(int argc, char **argv)
{
	gst_init(&argc, &argv);
	loop = g_main_loop_new(NULL, FALSE);
	GstElement *pipeline = argc == 3 ? open_camera(argv[2], !strcmp(argv[1], "sound")) : gst_pipeline_new(NULL);
	gst_element_set_state(pipeline, GST_STATE_PLAYING);
	if (argc != 3)
		g_thread_new("signalling", view, pipeline);
	g_main_loop_run(loop);
	_exit(0); /* GStreamer's orderly end takes seconds */
}
