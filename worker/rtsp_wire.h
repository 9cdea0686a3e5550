#ifndef WORKER_RTSP_WIRE_H
#define WORKER_RTSP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* libavformat cuts header lines at 4,096 bytes and the SDP at 16 kB. What is longer than this is no
 * camera. */
#define RTSP_HEAD_MAX 16384
#define RTSP_BODY_MAX 65536
/* RFC 2326 10.12: '$', channel, length of 16 bits. */
#define RTSP_DATA_HEAD 4
/* The longest thing that rtsp_split returns. */
#define RTSP_PIECE_MAX (RTSP_HEAD_MAX + RTSP_BODY_MAX)

/* One thing on an RTSP connection. Everything points into the bytes that were split. */
struct rtsp_piece {
	enum { RTSP_DATA, RTSP_MESSAGE } kind;
	const uint8_t *bytes;
	size_t len;      /* of the whole piece */
	size_t body;     /* where the data, or the message's body, begins */
	uint8_t channel; /* of RTSP_DATA */
};

/* How many of n bytes before the next piece are blank lines, which are no part of any: cameras put
 * them behind a message, or say its body shorter than it is. RFC 2326 4 has them ignored. */
size_t rtsp_blank(const uint8_t *bytes, size_t n);

/* Takes the first piece of n bytes off the stream, which begin with it. Returns 1 and the piece; 0
 * if it is not all there yet; ERR_PARSE if this is no RTSP; ERR_RANGE if a head or body is longer
 * than the limits above. */
int rtsp_split(const uint8_t *bytes, size_t n, struct rtsp_piece *out);

/* The status of an answer: 200, 404, ...; 0 if the message is a request. */
int rtsp_status(const struct rtsp_piece *message);

/* First line of a request. Lent. Returns false if the message is no request. */
struct rtsp_request {
	const char *method, *uri;
	size_t method_len, uri_len;
};
bool rtsp_request(const struct rtsp_piece *message, struct rtsp_request *out);

/* The value of a header without blanks around it, *len bytes, lent; NULL if it is absent. Names are
 * compared without case. */
const char *rtsp_header(const struct rtsp_piece *message, const char *name, size_t *len);

/* The same of the index-th header of that name. */
const char *rtsp_header_at(
	const struct rtsp_piece *message, const char *name, size_t index, size_t *len);

/* A header's value as a number of at most 9 digits; -1 if it is absent or none. */
long rtsp_number(const struct rtsp_piece *message, const char *name);

/* The first channel of "interleaved=2-3" in the Transport header; -1 if there is none. */
int rtsp_interleaved(const struct rtsp_piece *message);

/* The first port of "server_port=6970-6971" there; 0 if there is none. */
uint16_t rtsp_server_port(const struct rtsp_piece *message);

/* True if the Transport header names UDP or ports of it, and neither TCP nor a channel. */
bool rtsp_is_by_udp(const struct rtsp_piece *message);

/* True if the Transport header names multicast, and no channel. */
bool rtsp_is_multicast(const struct rtsp_piece *message);

enum rtsp_media { RTSP_VIDEO, RTSP_AUDIO };

/* One m=video or m=audio section of an SDP. Strings are lent, without a NUL. */
struct rtsp_track {
	enum rtsp_media media;
	const char *word;    /* "video" or "audio", where its section begins */
	bool sendonly;       /* ONVIF, seen from us: the camera's loudspeaker */
	const char *control; /* its a=control value; NULL if it has none */
	size_t control_len;
	long pt;          /* first payload type; -1 if there is none */
	bool only_pt;     /* there is no second one */
	char codec[16];   /* its encoding name: "H264", "JPEG", "mpeg4-generic" */
	long clock;       /* rate of its timestamps; -1 if that is not said */
	long channels;    /* of sound; 1 if that is not said */
	const char *fmtp; /* its parameters, without the payload type; NULL if it has none. With
			   * only_pt they may be named for another: some cameras do */
	size_t fmtp_len;
};

/* Finds the video and audio sections of an SDP, at most max; returns how many. */
size_t rtsp_tracks(const char *sdp, size_t len, struct rtsp_track *out, size_t max);

#endif
