#ifndef WORKER_SOURCE_H
#define WORKER_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"
#include "worker/source_unit.h"

/* The RTSP camera of a worker: H.264 or H.265 NAL units and access units of sound out of an rtsp://
 * or rtsps:// URL, over TCP or UDP.
 *
 * Threads: everything is for one thread, the media thread, which source_open and source_read block;
 * but source_interrupt may be called from any thread (not from a signal handler) between source_new
 * and source_free. It starts no thread, save one for the lookup of a host name. The process must
 * ignore SIGPIPE: OpenSSL writes to the camera with write(2). */
struct source;

#define SOURCE_STALL_MS 10000

/* What to open. Everything is copied by source_new. */
struct source_config {
	const char *url;     /* any length; user:password@ and a token in the query are secrets */
	const char *ca_file; /* PEM of the trusted CAs; NULL: the system's store */
	bool tls_verify;     /* false accepts any certificate (tls_verify = no) */
	ms_t answer_ms;      /* for name, TCP, TLS each, and for every RTSP answer; 0: 10 s */
	ms_t stall_ms; /* source_read gives up after so long without a NAL unit; 0: the above */
	bool udp;      /* RTP by UDP, else by the connection; not with rtsps:// */
	bool sound;    /* the camera's sound is wanted too, if it has any */
	bool describe_only; /* source_open ends, well, once the camera has described its pictures */
	const char *user_agent; /* NULL: "camrelay/VERSION" */
};

/* Why the last call failed. text is for people and never holds a secret: "certificate of
 * cam.example:443: self-signed certificate", "DESCRIBE answered 404 Not Found". */
struct source_error {
	int err;         /* as returned: ERR_UNREACHABLE, ERR_UNTRUSTED, ERR_REFUSED, ... */
	bool silent;     /* the camera played, or so it said, and sent nothing */
	bool not_by_tcp; /* asked to send by the connection, it may have refused just that */
	int rtsp_status; /* of the answer that was the reason, with ERR_REFUSED: 404; else 0 */
	char text[200];
};

/* When each step of source_open was done, clock_now_us(); 0 if it was not reached. */
struct source_times {
	int64_t started_us;
	int64_t connected_us; /* name resolved, TCP connected */
	int64_t secured_us; /* TLS done and certificate verified; equals connected_us for rtsp:// */
	int64_t playing_us; /* PLAY answered */
};

/* A source that is not open yet. Never NULL. */
struct source *source_new(const struct source_config *config);

/* Connects, verifies the certificate before anything else is said, DESCRIBEs, SETs UP video and
 * PLAYs. Once per source. With describe_only it ends after DESCRIBE, and only source_free makes
 * sense. Returns 0, or
 * - ERR_UNREACHABLE: no address, no route, connection refused or reset
 * - ERR_TIMEOUT: no answer in answer_ms
 * - ERR_UNTRUSTED: the certificate does not verify
 * - ERR_REFUSED: an RTSP status that is no success, see source_error
 * - ERR_UNSUPPORTED: no H.264 or H.265 video there; the text names the codec
 * - ERR_RANGE: the URL is no rtsp:// or rtsps:// URL
 * - ERR_PARSE: the camera does not speak RTSP, or not well
 * - ERR_LIBRARY: TLS failed otherwise, as with a port that speaks no TLS
 * - ERR_EOF: the camera closed the connection
 * - ERR_CLOSED: source_interrupt was called */
int source_open(struct source *s);

/* Blocks for the next unit, lent until the next call on this source. Returns 0, or ERR_EOF,
 * ERR_UNREACHABLE (reset), ERR_TIMEOUT (stall_ms without one), ERR_PARSE, ERR_CLOSED, ERR_REFUSED.
 * After an error only source_free makes sense.
 *
 * last comes with the last NAL unit of an access unit, at the moment its last packet is there, if
 * the camera sets RTP's marker bit as RFC 6184 5.1 and RFC 7798 4.1 say; otherwise when the next
 * access unit begins. */
int source_read(struct source *s, struct source_unit *out);

/* Makes source_open and source_read return ERR_CLOSED within 100 ms, now and from now on. */
void source_interrupt(struct source *s);

/* What the pictures are. After source_open. */
const struct video_codec *source_codec(const struct source *s);

/* The parameter sets of the SDP (sprop-parameter-sets; sprop-vps, -sps and -pps) in Annex B form
 * (start codes of 4 bytes), lent until source_free; NULL and *len 0 if it has none. After
 * source_open. */
const uint8_t *source_parameter_sets(const struct source *s, size_t *len);

/* What it takes to decode the sound; NULL if the camera has none that is supported, and why (lent,
 * "" if it has none at all). After source_open. */
const struct audio_format *source_sound(const struct source *s, const char **why);

/* Lent until source_free. */
const struct source_error *source_error(const struct source *s);
const struct source_times *source_times(const struct source *s);

/* TEARDOWN (at most 200 ms), closes, frees. NULL is fine. */
void source_free(struct source *s);

#endif
