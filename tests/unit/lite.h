#ifndef TESTS_UNIT_LITE_H
#define TESTS_UNIT_LITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "worker/sdp.h"

typedef struct _GMainContext GMainContext;
typedef struct _GSource GSource;

/* An ice-lite peer, written from RFC 8489 and RFC 8445 without libnice: one UDP socket on loopback
 * that answers Binding requests, and hands on what is not STUN. */
struct lite {
	int fd;
	char address[46];
	uint16_t port;
	char ufrag[SDP_ICE_CHARS_MAX + 1];
	char pwd[SDP_ICE_CHARS_MAX + 1];
	bool silent;           /* answers nothing */
	unsigned deaf;         /* nor so many packets from now on */
	unsigned lost_percent; /* of what comes is lost, by GLib's global numbers */
	bool behind_nat;       /* who asks: it comes from another port than its own */
	bool forbid;           /* answers 403: consent revoked (RFC 7675 5.2) */
	bool conflict;         /* answers 487 to who controls (RFC 8445 7.3.1.1) */
	bool whatever;         /* and to who does not */
	bool forged;           /* what it answers has a wrong MESSAGE-INTEGRITY */
	unsigned requests;     /* good ones, */
	uint8_t newest[12];    /* the last one's transaction, */
	unsigned repeated;     /* and how many had the same one as the one before */
	unsigned bad;          /* wrong USERNAME or MESSAGE-INTEGRITY */
	bool controlling;      /* the last request had ICE-CONTROLLING, */
	bool use_candidate;    /* USE-CANDIDATE, */
	bool priority;         /* PRIORITY, */
	bool fingerprint;      /* and a right FINGERPRINT */
	void (*on_packet)(void *arg, uint8_t *bytes, size_t len); /* NULL: dropped */
	void *arg;
	struct sockaddr_storage from; /* who sent last */
	socklen_t from_len;
	GSource *source;
};

/* address: "127.0.0.1" or "::1". The rest of *l must be zero or set as wanted. Asserts. */
void lite_open(struct lite *l, GMainContext *loop, const char *address);
void lite_close(struct lite *l);

/* To whoever sent last. */
void lite_send(struct lite *l, const uint8_t *bytes, size_t len);

/* What its SDP would say, as the only candidate; priority as given. */
void lite_describe(const struct lite *l, struct sdp_remote *out, uint32_t priority);

#endif
