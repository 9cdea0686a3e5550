/* dtls.c - the DTLS 1.2 handshake that makes SRTP keys (RFC 5764, RFC 8827).
 * Owns one association's SSL object and the check of the peer's fingerprint.
 * Knows nothing of sockets or timers: datagrams go through callbacks. Loop thread. */
#include "worker/dtls.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "common/err.h"
#include "worker/wire.h"

/* RFC 6347 4.1: type, version, epoch, sequence number, length. */
#define RECORD_HEADER_BYTES 13
#define RECORD_EPOCH_AT 3
#define RECORD_LENGTH_AT 11

/* What encryption adds to a record at least: a tag of 16 bytes (RFC 7905 2), and with all but
 * ChaCha20 a nonce of 8 (RFC 5288 3) or more. */
#define TAG_BYTES 16
#define NONCE_BYTES 8

/* RFC 6347 4.2.4.1 names 1 s; a lost flight would then cost a second of every start. libwebrtc
 * begins with 50 ms; ours lies above the round trip to any SFU. */
#define FLIGHT_TIMEOUT_MIN_US 200000U
#define FLIGHT_TIMEOUT_MAX_US 3000000U

/* RFC 8827 6.5 demands ECDHE-ECDSA-AES128-GCM-SHA256; the rest is for peers with RSA certificates
 * and for old ones. */
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA"
/* A peer's certificate may be of one of these curves too (RFC 8422 5.1), and of no other. */
#define GROUPS "X25519:P-256:P-384:P-521"

/* OpenSSL's names, in our order of preference. */
#define SRTP_PROFILES "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80"

/* RFC 5764 4.2 */
#define EXPORTER_LABEL "EXTRACTOR-dtls_srtp"

struct dtls {
	SSL *ssl;
	BIO_METHOD *datagrams;
	enum dtls_role role;
	enum dtls_state state;
	const EVP_MD *hash;                                               /* of the fingerprints */
	char fingerprints[DTLS_FINGERPRINTS_MAX][DTLS_FINGERPRINT_CHARS]; /* "": none */
	void (*send)(void *arg, const uint8_t *datagram, size_t len);
	void *arg;
	const uint8_t *in; /* the datagram being received, until OpenSSL took it */
	size_t in_len;
	int err; /* of DTLS_FAILED */
	char why[160];
};

/* ---- datagrams: a memory BIO would glue them together, and lose where each ends ------------- */

static int
bio_write(BIO *bio, const char *bytes, int len)
{
	struct dtls *d = BIO_get_data(bio);

	d->send(d->arg, (const uint8_t *)bytes, (size_t)len);
	return len; /* a datagram that got lost is the retransmission timer's business */
}

static int
bio_read(BIO *bio, char *out, int size)
{
	struct dtls *d = BIO_get_data(bio);
	size_t len = d->in_len < (size_t)size ? d->in_len : (size_t)size;

	BIO_clear_retry_flags(bio);
	if (d->in == NULL) {
		BIO_set_retry_read(bio);
		return -1;
	}
	memcpy(out, d->in, len);
	d->in = NULL;
	return (int)len;
}

static long
bio_ctrl(BIO *bio, int cmd, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return cmd == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *
datagrams_new(void)
{
	/* No index of its own: BIO_get_new_index has 127 for the life of a process. */
	BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "datagrams");

	if (m == NULL)
		return NULL;
	BIO_meth_set_write(m, bio_write);
	BIO_meth_set_read(m, bio_read);
	BIO_meth_set_ctrl(m, bio_ctrl);
	return m;
}

/* ---- trust -------------------------------------------------------------------------------------
 */

static const EVP_MD *
hash_find(const char *name)
{
	/* RFC 8122 5: SHA-256 must be known; a peer may use a stronger one. SHA-1 and MD5 are not
	 * proof of anything. */
	if (strcasecmp(name, "sha-256") == 0)
		return EVP_sha256();
	if (strcasecmp(name, "sha-384") == 0)
		return EVP_sha384();
	if (strcasecmp(name, "sha-512") == 0)
		return EVP_sha512();
	return NULL;
}

static bool
is_trusted(const struct dtls *d, const char *theirs)
{
	for (size_t i = 0; i < DTLS_FINGERPRINTS_MAX; i++)
		if (strcasecmp(theirs, d->fingerprints[i]) == 0)
			return theirs[0] != '\0';
	return false;
}

/* Replaces OpenSSL's chain verification: RFC 8827 6.5 trusts the fingerprints, nothing else. The
 * peer's signature over the handshake is still checked, so it owns the key. */
static int
verify_peer(X509_STORE_CTX *store, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct dtls *d = SSL_get_app_data(ssl);
	char theirs[DTLS_FINGERPRINT_CHARS] = "";

	(void)arg;
	if (dtls_fingerprint(X509_STORE_CTX_get0_cert(store), d->hash, theirs) == 0 &&
		is_trusted(d, theirs))
		return 1;
	d->err = ERR_UNTRUSTED;
	snprintf(d->why, sizeof(d->why),
		"the peer's certificate is %.23s..., its SDP says %.23s...", theirs,
		d->fingerprints[0]);
	X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
	return 0;
}

static SSL_CTX *
context_new(const struct dtls_identity *id)
{
	SSL_CTX *ctx = SSL_CTX_new(DTLS_method());

	if (ctx == NULL)
		return NULL;
	/* With encrypt-then-MAC (RFC 7366) OpenSSL (3.0) ends the association by a record that
	 * anybody forged, without it does not. */
	SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
					 SSL_OP_NO_ENCRYPT_THEN_MAC);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, verify_peer, NULL);
	if (SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION) == 1 &&
		SSL_CTX_set_max_proto_version(ctx, DTLS1_2_VERSION) == 1 &&
		SSL_CTX_set_cipher_list(ctx, CIPHERS) == 1 &&
		SSL_CTX_set1_groups_list(ctx, GROUPS) == 1 &&
		SSL_CTX_use_certificate(ctx, dtls_identity_cert(id)) == 1 &&
		SSL_CTX_use_PrivateKey(ctx, dtls_identity_key(id)) == 1 &&
		/* The one call here that returns 0 for success. */
		SSL_CTX_set_tlsext_use_srtp(ctx, SRTP_PROFILES) == 0)
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

/* ---- the association ------------------------------------------------------------------------- */

static unsigned
next_timeout_us(SSL *ssl, unsigned last_us)
{
	(void)ssl;
	if (last_us == 0)
		return FLIGHT_TIMEOUT_MIN_US;
	return last_us > FLIGHT_TIMEOUT_MAX_US / 2 ? FLIGHT_TIMEOUT_MAX_US : 2 * last_us;
}

/* The SSL object and its ends. */
static int
ssl_start(struct dtls *d, const struct dtls_identity *id)
{
	SSL_CTX *ctx = context_new(id);
	BIO *bio;

	if (ctx == NULL)
		return ERR_LIBRARY;
	d->ssl = SSL_new(ctx);
	SSL_CTX_free(ctx); /* the SSL keeps it */
	d->datagrams = datagrams_new();
	if (d->ssl == NULL || d->datagrams == NULL)
		return ERR_LIBRARY;
	bio = BIO_new(d->datagrams);
	if (bio == NULL)
		return ERR_LIBRARY;
	BIO_set_data(bio, d);
	BIO_set_init(bio, 1);
	SSL_set_bio(d->ssl, bio, bio); /* the SSL owns it now */
	SSL_set_app_data(d->ssl, d);
	SSL_set_mtu(d->ssl, DTLS_MTU);
	DTLS_set_timer_cb(d->ssl, next_timeout_us);
	if (d->role == DTLS_CLIENT)
		SSL_set_connect_state(d->ssl);
	else
		SSL_set_accept_state(d->ssl);
	return 0;
}

int
dtls_new(struct dtls **out, const struct dtls_config *config)
{
	struct dtls *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return ERR_NOMEM;
	d->hash = hash_find(config->fingerprint_hash);
	d->role = config->role;
	d->send = config->send;
	d->arg = config->arg;
	for (size_t i = 0; i < DTLS_FINGERPRINTS_MAX && config->fingerprints[i]; i++)
		snprintf(d->fingerprints[i], sizeof(d->fingerprints[i]), "%s",
			config->fingerprints[i]);
	if (d->hash == NULL) {
		dtls_free(d);
		return ERR_UNSUPPORTED;
	}
	if (ssl_start(d, config->identity) != 0) {
		dtls_free(d);
		ERR_clear_error();
		return ERR_LIBRARY;
	}
	*out = d;
	return 0;
}

void
dtls_free(struct dtls *d)
{
	if (d == NULL)
		return;
	SSL_free(d->ssl);
	BIO_meth_free(d->datagrams);
	free(d);
}

static void
fail(struct dtls *d, int err, const char *what, const char *detail)
{
	d->state = DTLS_FAILED;
	if (d->err != 0) /* verify_peer said it better */
		return;
	d->err = err;
	snprintf(d->why, sizeof(d->why), "%s%s", what, detail);
}

/* OpenSSL's error queue -> ours. */
static void
fail_by_queue(struct dtls *d)
{
	unsigned long code = ERR_peek_error();
	int reason = ERR_GET_REASON(code);
	char text[120] = "unknown error";

	if (reason > SSL_AD_REASON_OFFSET) {
		fail(d, ERR_REFUSED, "the peer sent the DTLS alert: ",
			SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET));
	} else if (reason == SSL_R_READ_TIMEOUT_EXPIRED) {
		fail(d, ERR_TIMEOUT, "no answer to the DTLS handshake", "");
	} else {
		if (code != 0)
			ERR_error_string_n(code, text, sizeof(text));
		fail(d, ERR_LIBRARY, "DTLS: ", text);
	}
	ERR_clear_error();
}

static void
on_result(struct dtls *d, int result)
{
	switch (SSL_get_error(d->ssl, result)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		break;
	case SSL_ERROR_ZERO_RETURN:
		d->state = DTLS_CLOSED;
		break;
	default:
		fail_by_queue(d);
	}
}

static void
handshake(struct dtls *d)
{
	int result;

	ERR_clear_error();
	result = SSL_do_handshake(d->ssl);
	if (result != 1)
		on_result(d, result);
	else if (SSL_get_selected_srtp_profile(d->ssl) == NULL)
		fail(d, ERR_UNSUPPORTED, "no SRTP profile in common", "");
	else
		d->state = DTLS_CONNECTED;
}

/* Application data means nothing to us; reading it answers resent flights and finds close_notify.
 */
static void
discard(struct dtls *d)
{
	uint8_t junk[DTLS_MTU];
	int result;

	ERR_clear_error();
	do
		result = SSL_read(d->ssl, junk, sizeof(junk));
	while (result > 0);
	on_result(d, result);
}

ms_t
dtls_step(struct dtls *d)
{
	struct timeval left;

	if (d->state != DTLS_HANDSHAKING)
		return MS_NEVER;
	ERR_clear_error();
	if (DTLSv1_handle_timeout(d->ssl) < 0)
		fail_by_queue(d);
	else
		handshake(d);
	if (d->state != DTLS_HANDSHAKING || DTLSv1_get_timeout(d->ssl, &left) != 1)
		return MS_NEVER;
	return (ms_t)left.tv_sec * 1000 + (left.tv_usec + 999) / 1000;
}

static size_t
encrypted_min(const struct dtls *d)
{
	const SSL_CIPHER *cipher = SSL_get_current_cipher(d->ssl);

	if (cipher != NULL && SSL_CIPHER_get_cipher_nid(cipher) == NID_chacha20_poly1305)
		return TAG_BYTES;
	return NONCE_BYTES + TAG_BYTES;
}

/* How much of a datagram there is before a record that is too short for its cipher: RFC 6347
 * 4.1.2.7 lets it be dropped, but OpenSSL (3.0) ends the association, and anybody can send one. */
static size_t
cut_short_record(const struct dtls *d, const uint8_t *datagram, size_t len)
{
	size_t at = 0;

	while (len - at >= RECORD_HEADER_BYTES) {
		const uint8_t *record = datagram + at;
		const size_t body = wire_get16(record + RECORD_LENGTH_AT);

		if (wire_get16(record + RECORD_EPOCH_AT) > 0 && body < encrypted_min(d))
			return at;
		if (body > len - at - RECORD_HEADER_BYTES)
			break;
		at += RECORD_HEADER_BYTES + body;
	}
	return len;
}

enum dtls_state
dtls_receive(struct dtls *d, const uint8_t *datagram, size_t len)
{
	len = cut_short_record(d, datagram, len);
	if (len == 0)
		return d->state; /* OpenSSL would take it for the end of the stream */
	d->in = datagram;
	d->in_len = len;
	if (d->state == DTLS_HANDSHAKING)
		handshake(d);
	else if (d->state == DTLS_CONNECTED)
		discard(d);
	d->in = NULL;
	return d->state;
}

enum dtls_state
dtls_state(const struct dtls *d)
{
	return d->state;
}

int
dtls_error(const struct dtls *d, const char **why)
{
	*why = d->why;
	return d->err;
}

static enum srtp_profile
profile_of(const struct dtls *d)
{
	const SRTP_PROTECTION_PROFILE *p = SSL_get_selected_srtp_profile(d->ssl);

	return p->id == SRTP_AEAD_AES_128_GCM ? SRTP_AES128_GCM : SRTP_AES128_CM_SHA1;
}

int
dtls_keys(const struct dtls *d, struct srtp_keys *out)
{
	/* RFC 5764 4.2: client key, server key, client salt, server salt. */
	uint8_t material[2 * SRTP_MASTER_MAX];
	const enum srtp_profile profile = profile_of(d);
	const size_t salt = srtp_salt_bytes(profile);
	const uint8_t *salts = material + 2 * SRTP_KEY_BYTES;
	uint8_t *client = d->role == DTLS_CLIENT ? out->ours : out->theirs;
	uint8_t *server = d->role == DTLS_CLIENT ? out->theirs : out->ours;

	assert(d->state == DTLS_CONNECTED);
	if (SSL_export_keying_material(d->ssl, material, 2 * (SRTP_KEY_BYTES + salt),
		    EXPORTER_LABEL, strlen(EXPORTER_LABEL), NULL, 0, 0) != 1)
		return ERR_LIBRARY;
	out->profile = profile;
	memcpy(client, material, SRTP_KEY_BYTES);
	memcpy(client + SRTP_KEY_BYTES, salts, salt);
	memcpy(server, material + SRTP_KEY_BYTES, SRTP_KEY_BYTES);
	memcpy(server + SRTP_KEY_BYTES, salts + salt, salt);
	OPENSSL_cleanse(material, sizeof(material));
	return 0;
}

const char *
dtls_describe(const struct dtls *d, char *out, size_t size)
{
	snprintf(out, size, "%s %s %s", d->role == DTLS_CLIENT ? "client" : "server",
		SSL_get_cipher_name(d->ssl), srtp_profile_name(profile_of(d)));
	return out;
}

void
dtls_close(struct dtls *d)
{
	if (d->state != DTLS_CONNECTED)
		return;
	ERR_clear_error();
	SSL_shutdown(d->ssl);
	d->state = DTLS_CLOSED;
}
