#ifndef WORKER_PEER_H
#define WORKER_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"
#include "worker/sdp.h"
#include "worker/sender.h" /* struct peer_packet, struct peer_stats, PEER_PACKET_MAX */

typedef struct _GMainContext GMainContext;
struct dtls_identity; /* made by dtls_identity_new of worker/dtls_identity.h */

/* One DTLS-SRTP connection to an SFU or a browser: we offer, they answer, we send.
 *
 * Threads. "Loop" is the thread that runs config.loop. All calls are made there and all events come
 * there, but for peer_send, peer_send_rtcp and peer_stats, which any thread may call. */
struct peer;

/* In this order; each is reached once. */
enum peer_phase {
	PEER_OFFERED,
	PEER_ANSWERED,
	PEER_ICE,          /* a path was chosen */
	PEER_DTLS,         /* the peer is who the answer says; peer_send works from here on */
	PEER_FIRST_PACKET, /* the kernel took the first RTP packet */
};
struct peer_times {
	int64_t at_us[PEER_FIRST_PACKET + 1]; /* since the peer was made; 0: not reached */
};
const char *peer_phase_name(enum peer_phase phase); /* "offered" ... "first-packet" */

struct peer_events {
	/* since_start_us counts from peer_new. detail is lent and may be "": the chosen addresses,
	 * the ciphers. */
	void (*on_phase)(
		void *arg, enum peer_phase phase, int64_t since_start_us, const char *detail);
	/* The end of it, once: ERR_TIMEOUT, ERR_UNREACHABLE (no candidate answered, or consent
	 * expired), ERR_UNTRUSTED (fingerprint), ERR_REFUSED (DTLS alert), ERR_EOF (the peer
	 * closed), ERR_LIBRARY; why is a sentence, lent. Comes from the loop itself, so peer_free
	 * may be called in it. */
	void (*on_failed)(void *arg, int err, const char *why);
	/* A compound RTCP packet, decrypted; lent. NULL: not wanted. */
	void (*on_rtcp)(void *arg, const uint8_t *bytes, size_t len);
	void *arg;
};

struct peer_config {
	GMainContext *loop;                   /* used for as long as the peer lives */
	const struct dtls_identity *identity; /* must outlive the peer */
	const char *camera;                   /* for the log */
	const char *cname;                    /* RTCP's name of this sender, same in SDES */
	const char *stream_id;                /* first half of msid */
	const struct sdp_media *media;
	size_t media_count;
	ms_t connect_timeout_ms; /* from the answer to DTLS done; 0 means 10 s */
	struct peer_events events;
};

/* The media and the strings of the config are used until peer_offer returned, camera for ever.
 * Returns 0 or ERR_LIBRARY. */
int peer_new(struct peer **out, const struct peer_config *config);

/* The offer's text, to be freed by the caller; NULL out of memory. Once. */
char *peer_offer(struct peer *p);

/* Takes the answer and begins to connect; what happens next comes as events. Returns 0, or what
 * negotiation_answer and ice_start return, of which only ERR_REFUSED says that the pictures are not
 * taken, with a sentence in why; then nothing was begun, and only peer_free is left. Once. */
int peer_answer(struct peer *p, const char *text, size_t len, char *why, size_t why_size);

/* What the answer said: payload types kept, feedback agreed. Valid after a good peer_answer. */
const struct sdp_remote *peer_remote(const struct peer *p);

/* Encrypts and sends packets, in order; runs of equal sizes, the last perhaps shorter (the FU-A
 * fragments of a picture), cost one system call. A resend is the same bytes again. Never blocks:
 * what the socket has no room for is dropped and counted. Returns how many the kernel took,
 * ERR_AGAIN before PEER_DTLS, ERR_CLOSED after the end. Any thread; two threads do not interleave
 * their packets within a call. */
int peer_send(struct peer *p, const struct peer_packet *packets, size_t n);

/* One compound RTCP packet. Returns 0, ERR_AGAIN or ERR_CLOSED, ERR_PARSE. Any thread. */
int peer_send_rtcp(struct peer *p, const uint8_t *bytes, size_t len);

void peer_stats(struct peer *p, struct peer_stats *out);

/* Says goodbye (DTLS close_notify). From then on peer_send returns ERR_CLOSED and no event comes.
 */
void peer_close(struct peer *p);

/* Closes and frees; NULL is fine. No other thread may be in peer_send or enter it: peer_close
 * first, join or tell the media thread, then this. Not from inside an event, but for on_failed. */
void peer_free(struct peer *p);

#endif
