#ifndef WORKER_RTSP_RELAY_H
#define WORKER_RTSP_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/fifo.h"
#include "worker/fragments.h"
#include "worker/rtsp_wire.h"

#define RELAY_TRACKS_MAX 8
#define RELAY_CHANNELS 256
/* Room in the output that the next piece may need beside its own length: the fragments before it
 * and a gap's mark. */
#define RELAY_GROWTH (65536 + 64)

/* What lies between libavformat and the camera: it changes the bytes of an RTSP session as they
 * pass.
 * - up: requests that name the short URL get the camera's; libavformat cuts paths over 1,023 bytes
 * - down: joins fragments, marks the end of access units (access_unit.h), learns statuses, refuses
 *   what libavformat must not see: redirects, which it would follow without TLS, answers without
 *   end, and SDPs without H.264 */
struct relay {
	const char *short_uri;  /* what libavformat was given; lent */
	const char *camera_uri; /* what the camera shall be asked for; lent */
	int status;             /* of the newest answer; 0: none yet */
	bool torn_down;         /* TEARDOWN was passed on */
	unsigned requests;      /* passed up, and */
	unsigned answers;       /* passed down */
	char method[16];        /* of the newest request */
	char refused_codec[16]; /* why ERR_UNSUPPORTED; "" if there is no video */
	struct {
		char control[512];
		bool h264;
	} tracks[RELAY_TRACKS_MAX];
	size_t track_count;
	int setup_track; /* of the SETUP under way; -1: none that is known */
	struct {
		bool h264;
		bool rtcp; /* of any track that was set up */
		bool started;
		uint16_t next_seq; /* that the camera should use */
		uint16_t out_seq;  /* that libavformat is given next */
	} channels[RELAY_CHANNELS];
	struct fragments fragments; /* not passed on yet */
	uint8_t fragments_channel;
};

void relay_init(struct relay *r, const char *short_uri, const char *camera_uri);

/* Pass on all whole pieces of in for which out has room. Return 0, or ERR_PARSE and ERR_RANGE as
 * rtsp_split; relay_down also
 * - ERR_REFUSED: a redirect
 * - ERR_UNSUPPORTED: the camera describes no H.264 video
 * - ERR_EOF: RTCP says BYE
 *
 * in must have room for RTSP_PIECE_MAX bytes, out for RTSP_PIECE_MAX + RELAY_GROWTH. */
int relay_up(struct relay *r, struct fifo *in, struct fifo *out);
int relay_down(struct relay *r, struct fifo *in, struct fifo *out);

#endif
