#ifndef WORKER_RELAY_TRACK_H
#define WORKER_RELAY_TRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/rtsp_wire.h"

/* An AudioSpecificConfig in hex and a dozen parameters; a StreamMuxConfig may be longer. */
#define RELAY_FMTP_MAX 512
/* RFC 3550 5.1: the second byte of the header is marker bit and payload type. */
#define RELAY_PT_MASK 0x7f

/* A track of pictures or sound, as the camera described it. */
struct relay_track {
	char control[512];
	enum rtsp_media media;
	char codec[16];
	long clock;
	long channels;
	char fmtp[RELAY_FMTP_MAX]; /* "" if it is absent, or longer */
	bool interleaved;          /* RFC 7798: not in the order of decoding */
	uint8_t pt;
};

/* A copy of what an SDP says of it, which lent it. */
struct relay_track relay_track_copy(const struct rtsp_track *from);

/* Leaves libavformat one section of pictures and one of sound to set up, those that are read: the
 * first H.264, else H.265, and the first sound that comes from the camera. Others are made sections
 * that it knows nothing of, of the same length. Does nothing if no pictures can be read. */
void relay_track_choose(char *sdp, size_t len);

#endif
