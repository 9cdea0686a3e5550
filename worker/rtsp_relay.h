#ifndef WORKER_RTSP_RELAY_H
#define WORKER_RTSP_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/departure.h"
#include "worker/fifo.h"
#include "worker/relay_packet.h"
#include "worker/relay_track.h"
#include "worker/rtsp_auth.h"
#include "worker/rtsp_wire.h"
#include "worker/video_codec.h"

#define RELAY_TRACKS_MAX 8
#define RELAY_CHANNELS 256
/* What relay_put_pill writes at most. */
#define RELAY_PILL_MAX (RTSP_DATA_HEAD + 12 + 4)

/* What lies between libavformat and the camera: it changes an RTSP session as it passes.
 * - up: requests that name the short URL get the camera's; libavformat cuts paths over 1,023 bytes.
 *   They say who we are, if the camera has asked: a Digest is over the URL that the camera sees,
 *   which libavformat does not know. A request that it was asked for is sent again from here. What
 *   keeps the session may be OPTIONS in place of GET_PARAMETER, or the reverse
 * - down: answers pass, and their statuses are noted, but for what libavformat must not see:
 *   redirects, which it would follow without TLS, 100 Continue, answers without end, SDPs without
 *   pictures that we understand or without a length, and tracks that are not read. That a
 *   camera knows no OPTIONS, or refuses its sound alone, is no reason to give up: it is told
 *   200. The camera's packets do not: they are for the caller, which saves libavformat six
 *   system calls for each and half of the worker's CPU time */
struct relay {
	const char *short_uri;  /* what libavformat was given; lent */
	const char *camera_uri; /* what the camera shall be asked for; lent */
	struct rtsp_auth *auth; /* owned; NULL: the URL names no user */
	int status;             /* of the newest answer; 0: none yet */
	bool sound;             /* the camera's sound is wanted too */
	int sound_status;       /* with which it was refused; 0: it was not */
	bool by_udp;            /* why ERR_REFUSED: asked to interleave, it would send by UDP */
	bool by_multicast;      /* why ERR_REFUSED: it would send to a group */
	bool described;         /* DESCRIBE was answered, with a codec that there is */
	bool playing;           /* PLAY was answered */
	bool torn_down;         /* TEARDOWN was passed on */
	unsigned requests;      /* passed up, and */
	unsigned answers;       /* passed down */
	unsigned messages;      /* passed down: answers, and what the camera asks */
	unsigned session_s;     /* the session lives so long without a request */
	bool keeping;           /* a request since PLAY kept the session, or should have, */
	bool keep_otherwise;    /* and has the other method than libavformat gave it */
	bool kept[2];           /* the camera has taken libavformat's; the other */
	bool other_tried;       /* once */
	struct fifo newest;     /* the newest request as libavformat wrote it; with auth only */
	bool again;             /* it is to be sent again: relay_up does */
	unsigned repeated;      /* requests, so far; CSeq is higher by that than libavformat's */
	long cseq;              /* of the newest request, as the camera saw it; -1: none */
	char method[16];        /* of the newest request */
	const struct video_codec *codec; /* of the pictures; NULL: none, or not described yet */
	char refused_codec[32];          /* why ERR_UNSUPPORTED; "" if there is no video */
	/* Those that libavformat will set up, in its order. */
	struct relay_track tracks[RELAY_TRACKS_MAX];
	size_t track_count;
	size_t set_up_count;
	int setup_track;   /* of the SETUP under way; -1: none that is known */
	int setup_channel; /* that it asks for; -1: none */
	/* The first track of that codec that was set up, and the first of sound. */
	struct {
		int channel; /* of its packets; its RTCP is on the next; -1: none */
		int told;    /* libavformat believes it is this */
		int track;
	} media[RELAY_MEDIA];
	/* Where the camera shall send by UDP, set by the owner; 0: by this connection, interleaved.
	 * libavformat is told that it is interleaved all the same. */
	uint16_t ports[RELAY_MEDIA];
	struct {
		bool taken;    /* the camera sends by UDP */
		uint16_t port; /* from there; 0: it does not say */
	} udp[RELAY_MEDIA];
	/* RTP-Info of the answer to PLAY. */
	struct {
		bool known;
		uint32_t timestamp;
	} start[RELAY_MEDIA];
	struct departure departure[RELAY_MEDIA];
	size_t garbage; /* bytes skipped of what is no RTSP, so far: its end is to be found; 0: none
			 */
	uint16_t pill_seq;
	size_t lent; /* bytes of in that the packet returned last takes */
};

/* sound: the camera's sound is wanted too, and libavformat will set it up. auth is the relay's from
 * now on; NULL: nobody. */
void relay_init(struct relay *r, const char *short_uri, const char *camera_uri, bool sound,
	struct rtsp_auth *auth);
void relay_clear(struct relay *r);

/* What relay_up may add to what it is given. */
size_t relay_growth(const struct relay *r);

/* The track of pictures or sound as the camera described it; NULL if none was set up. */
const struct relay_track *relay_track(const struct relay *r, enum relay_media media);

/* The timestamp that the answer to PLAY gave to that media; false if it gave none. */
bool relay_start(const struct relay *r, enum relay_media media, uint32_t *timestamp);

/* Passes on all whole requests of in for which out has room. Returns 0, or ERR_PARSE and ERR_RANGE
 * as rtsp_split. in must have room for RTSP_PIECE_MAX bytes, out for that and relay_growth. With
 * r->again set it first repeats the newest request. */
int relay_up(struct relay *r, struct fifo *in, struct fifo *out);

/* Passes on what comes before the next packet of pictures or sound. Returns 1 and the packet, lent
 * (for writing too) until the next call or change of in; 0 if there is none, or no room in out;
 * else as relay_up (garbage while it plays: only if there is no end to it), and (out needs room for
 * RTSP_PIECE_MAX and RTSP_SETUP_ANSWER_MAX)
 * - ERR_REFUSED: a redirect, before PLAY a 401 that we cannot answer, by_udp or
 *   by_multicast
 * - ERR_UNSUPPORTED: the camera describes no video of a codec that there is
 * - ERR_EOF: the pictures have ended, as relay_judge of worker/relay_data.h */
int relay_down(struct relay *r, struct fifo *in, struct fifo *out, struct relay_packet *packet);

#endif
