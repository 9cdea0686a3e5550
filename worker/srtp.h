#ifndef WORKER_SRTP_H
#define WORKER_SRTP_H

#include <stddef.h>
#include <stdint.h>

/* The verbs are seal and open (RFC 5116's words for AEAD), because libsrtp2 itself exports
 * srtp_protect and srtp_unprotect. */

/* What sealing adds at most, and the room it needs behind a packet: a 16-byte GCM tag (RFC
 * 7714 13.1) and, for RTCP, the 4-byte E flag and index (RFC 3711 3.4). */
#define SRTP_TRAILER_MAX 20

/* Packets that a resend may lie behind the newest of its SSRC: 4 MB of history (session's limit) in
 * packets of 1200 bytes is 3500. libsrtp2 shifts this many bits for every packet, so not more. */
#define SRTP_RESEND_WINDOW 4096

enum srtp_profile {
	SRTP_AES128_GCM,     /* AEAD_AES_128_GCM of RFC 7714: half of the other's cost */
	SRTP_AES128_CM_SHA1, /* AES128_CM_HMAC_SHA1_80 of RFC 5764: every WebRTC peer has it */
};

/* Master keys as the DTLS exporter gives them: 16 bytes of key, then the salt (12 for GCM, 14 for
 * CM). */
#define SRTP_MASTER_MAX 30
struct srtp_keys {
	enum srtp_profile profile;
	uint8_t ours[SRTP_MASTER_MAX];   /* for what we send */
	uint8_t theirs[SRTP_MASTER_MAX]; /* for what we receive */
};

/* Bytes of a profile's master key and of its salt. */
#define SRTP_KEY_BYTES 16
size_t srtp_salt_bytes(enum srtp_profile profile);

/* Name as RFC 5764 and RFC 7714 write it: "SRTP_AEAD_AES_128_GCM". */
const char *srtp_profile_name(enum srtp_profile profile);

/* The contexts of one connection, both directions, any SSRC. Sending and receiving share nothing:
 * one thread may seal while another opens; two must not do the same at once. */
struct srtp;

/* Copies the keys. Returns 0, or ERR_LIBRARY. */
int srtp_new(struct srtp **out, const struct srtp_keys *keys);
void srtp_free(struct srtp *s);

/* Encrypts in place; *len grows by at most SRTP_TRAILER_MAX, for which the buffer must have room.
 * RTP sequence numbers may repeat, for resends, up to SRTP_RESEND_WINDOW back: such a packet must
 * be byte for byte the one sent before, since it reuses its key stream. The first sequence number
 * of an SSRC should be below 2^15 (RFC 3711 3.3.1: a receiver that misses the first wrap never
 * recovers). Returns 0; ERR_PARSE (not an RTP packet), ERR_RANGE (older than the window),
 * ERR_LIBRARY.
 */
int srtp_seal_rtp(struct srtp *s, uint8_t *packet, size_t *len);
int srtp_seal_rtcp(struct srtp *s, uint8_t *packet, size_t *len);

/* Authenticates and decrypts in place; *len shrinks. Returns 0; ERR_UNTRUSTED (forged, damaged or
 * of another key), ERR_RANGE (replayed or too old), ERR_PARSE, ERR_LIBRARY. */
int srtp_open_rtp(struct srtp *s, uint8_t *packet, size_t *len);
int srtp_open_rtcp(struct srtp *s, uint8_t *packet, size_t *len);

#endif
