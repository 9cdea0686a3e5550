#ifndef WORKER_DTLS_H
#define WORKER_DTLS_H

#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"
#include "worker/dtls_identity.h"
#include "worker/srtp.h"

enum dtls_role { DTLS_CLIENT, DTLS_SERVER };

enum dtls_state {
	DTLS_HANDSHAKING,
	DTLS_CONNECTED, /* the peer proved that it owns the certificate of a fingerprint */
	DTLS_CLOSED,    /* the peer said goodbye, or we did */
	DTLS_FAILED,
};

/* As many as an answer may list: SDP_FINGERPRINTS_MAX. */
#define DTLS_FINGERPRINTS_MAX 4

struct dtls_config {
	const struct dtls_identity *identity;
	enum dtls_role role;
	/* What the peer's SDP says of its certificate: "sha-256" (or -384, -512; no other),
	 * one or more "AB:CD:...", of which it has one. Copied. */
	const char *fingerprint_hash;
	const char *fingerprints[DTLS_FINGERPRINTS_MAX]; /* behind the last: NULL */
	/* Sends one datagram, at most DTLS_MTU bytes; called from dtls_step, _receive and _close
	 * only.
	 */
	void (*send)(void *arg, const uint8_t *datagram, size_t len);
	void *arg;
};

/* RFC 8831 5: with the path's MTU unknown assume 1200 bytes of payload for IPv4 and IPv6; RFC 8261
 * 5 names the same 1200. */
#define DTLS_MTU 1200

/* One DTLS 1.2 association that negotiates SRTP keys. One thread (loop). */
struct dtls;

/* Returns 0, ERR_UNSUPPORTED (a hash we do not know) or ERR_LIBRARY. Sends nothing yet. */
int dtls_new(struct dtls **out, const struct dtls_config *config);
void dtls_free(struct dtls *d);

/* Begins the handshake when first called, resends lost flights when called in time. Returns when to
 * be called again: ms from now (0 or more), or MS_NEVER. OpenSSL reads the wall clock for it by
 * itself, so there is no now to pass. */
ms_t dtls_step(struct dtls *d);

/* A datagram from the peer whose first byte is 20 to 63 (RFC 7983); call dtls_step after it. Before
 * the first dtls_step a server takes it as well. Junk is ignored. Returns the state. */
enum dtls_state dtls_receive(struct dtls *d, const uint8_t *datagram, size_t len);

enum dtls_state dtls_state(const struct dtls *d);

/* Why the state is DTLS_FAILED: the error (ERR_UNTRUSTED: not the certificate of a fingerprint,
 * ERR_REFUSED: alert from the peer, ERR_TIMEOUT, ERR_UNSUPPORTED: no common SRTP profile,
 * ERR_LIBRARY), and a sentence, lent. */
int dtls_error(const struct dtls *d, const char **why);

/* DTLS_CONNECTED only: the keys of both directions. The caller wipes them after use. Returns 0 or
 * ERR_LIBRARY. */
int dtls_keys(const struct dtls *d, struct srtp_keys *out);

/* "client ECDHE-ECDSA-AES128-GCM-SHA256 SRTP_AEAD_AES_128_GCM", for the log. Writes into out,
 * returns it. */
const char *dtls_describe(const struct dtls *d, char *out, size_t size);

/* Sends close_notify, if connected. */
void dtls_close(struct dtls *d);

#endif
