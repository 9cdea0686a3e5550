#ifndef WORKER_TUNNEL_H
#define WORKER_TUNNEL_H

#include <stdbool.h>

#include "common/clock.h"
#include "worker/camera_conn.h"
#include "worker/relay_packet.h"

struct relay_track;
struct rtsp_auth;

/* Carries an RTSP session between libavformat, which connects to it on 127.0.0.1, and the camera:
 * requests and answers pass (rtsp_relay.h), the camera's pictures are read here. Serves one
 * connection, which must be this process's own.
 *
 * It has no thread: libavformat's interrupt callback runs it while libavformat waits. With a thread
 * of its own a stream cost 0.20 CPU s a minute instead of 0.15, for the switching (720p30, 2
 * Mbit/s). */
struct tunnel;

/* How it ended. */
struct tunnel_outcome {
	int err;    /* ERR_EOF, ERR_UNREACHABLE, ERR_PARSE, ...: of the camera; 0: not its doing */
	int status; /* of the newest RTSP answer; 0: none came */
	char method[16];   /* of the newest request; "" */
	char codec[32];    /* with ERR_UNSUPPORTED: what the camera has instead; "": no video */
	int sound_status;  /* of the SETUP of its sound, if the camera refused that; or 0 */
	bool by_udp;       /* with ERR_REFUSED: asked to interleave, it would send by UDP */
	bool by_multicast; /* with ERR_REFUSED: it would send to a group */
};

struct tunnel_config {
	bool udp; /* RTP shall come by UDP; ssrc: ours in the reports on it */
	uint32_t ssrc;
	const char *uri;        /* what the camera shall be asked for */
	struct rtsp_auth *auth; /* the tunnel's from now on, even on failure; NULL: nobody */
	bool sound;             /* the camera's is wanted too */
	int stop_fd;            /* stays the caller's */
};

/* camera is the tunnel's from now on, even on failure. Returns NULL if the system gives no socket.
 */
struct tunnel *tunnel_new(struct camera_conn *camera, const struct tunnel_config *config);

/* What camera and libavformat have said to each other so far; lent. */
const struct relay *tunnel_relay(const struct tunnel *t);

/* Port and path for libavformat: "127.0.0.1:40123/camera"; lent. */
const char *tunnel_address(const struct tunnel *t);

/* Carries what there is to carry, without waiting. */
void tunnel_poke(struct tunnel *t);

/* Waits and carries until libavformat has something new to read: an answer, or the end of file that
 * it gets when the camera is gone. Returns 0, ERR_TIMEOUT at deadline, ERR_CLOSED as soon as
 * stop_fd is readable. Packets that come before the PLAY is answered are kept for tunnel_read. */
int tunnel_run(struct tunnel *t, ms_t deadline);

/* True while a request has gone to the camera and its answer has not come. */
bool tunnel_awaits_answer(const struct tunnel *t);

/* True while libavformat has read all that it was given, and more may come. Gives it what did not
 * fit before. */
bool tunnel_is_drained(struct tunnel *t);

/* Waits for the next packet of pictures or sound, lent until the next call on this tunnel, and
 * carries. Returns 0, ERR_AGAIN if the camera only said something to libavformat, ERR_TIMEOUT,
 * ERR_CLOSED, or the error of tunnel_outcome: the camera is gone. */
int tunnel_read(struct tunnel *t, ms_t deadline, struct relay_packet *out);

/* Gives libavformat a packet behind all that the camera said to it since: av_read_frame reads that,
 * answers, keeps the session alive if it is time, and returns. False if no pictures were set up. */
bool tunnel_send_pill(struct tunnel *t);

/* Gives libavformat what did not fit before. */
void tunnel_push(struct tunnel *t);

/* After libavformat has closed: passes on its TEARDOWN and gives the camera TUNNEL_LINGER_MS to
 * answer. To close at once, with pictures unread, would reset the connection and could overtake it.
 */
void tunnel_finish(struct tunnel *t);
#define TUNNEL_LINGER_MS 200

struct tunnel_outcome tunnel_outcome(const struct tunnel *t);

/* NULL is fine. */
void tunnel_free(struct tunnel *t);

#endif
