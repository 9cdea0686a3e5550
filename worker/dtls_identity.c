/* dtls_identity.c - the certificate that names us to a peer.
 * Owns the key and the certificate. Knows nothing of handshakes. Immutable once made: any thread.
 */
#include "worker/dtls_identity.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "common/err.h"

/* The peer checks the fingerprint, not the dates; a worker may run for years, and clocks differ. */
#define CERT_BEFORE_S (24L * 60 * 60)
#define CERT_AFTER_S (10L * 365 * 24 * 60 * 60)

struct dtls_identity {
	X509 *cert;
	EVP_PKEY *key;
	char fingerprint[DTLS_FINGERPRINT_CHARS];
};

int
dtls_fingerprint(const X509 *cert, const EVP_MD *hash, char out[DTLS_FINGERPRINT_CHARS])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (X509_digest(cert, hash, digest, &len) != 1)
		return ERR_LIBRARY;
	for (unsigned i = 0; i < len; i++)
		snprintf(out + (size_t)3 * i, 4, "%02X%s", digest[i], i + 1 < len ? ":" : "");
	return 0;
}

static bool
fill_certificate(X509 *cert, EVP_PKEY *key)
{
	uint8_t bits[8];
	char name[2 * sizeof(bits) + 1];
	X509_NAME *subject = X509_get_subject_name(cert);
	uint64_t serial;

	if (RAND_bytes(bits, sizeof(bits)) != 1)
		return false;
	for (size_t i = 0; i < sizeof(bits); i++)
		snprintf(name + 2 * i, 3, "%02x", bits[i]);
	memcpy(&serial, bits, sizeof(serial));
	return X509_set_version(cert, X509_VERSION_3) == 1 &&
	       ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1) == 1 &&
	       X509_gmtime_adj(X509_getm_notBefore(cert), -CERT_BEFORE_S) != NULL &&
	       X509_gmtime_adj(X509_getm_notAfter(cert), CERT_AFTER_S) != NULL &&
	       X509_NAME_add_entry_by_txt(
		       subject, "CN", MBSTRING_ASC, (const uint8_t *)name, -1, -1, 0) == 1 &&
	       X509_set_issuer_name(cert, subject) == 1 && X509_set_pubkey(cert, key) == 1 &&
	       X509_sign(cert, key, EVP_sha256()) > 0;
}

int
dtls_identity_new(struct dtls_identity **out)
{
	struct dtls_identity *id = calloc(1, sizeof(*id));

	if (id == NULL)
		return ERR_NOMEM;
	id->key = EVP_EC_gen("P-256");
	id->cert = X509_new();
	if (id->key == NULL || id->cert == NULL || !fill_certificate(id->cert, id->key) ||
		dtls_fingerprint(id->cert, EVP_sha256(), id->fingerprint) != 0) {
		dtls_identity_free(id);
		ERR_clear_error();
		return ERR_LIBRARY;
	}
	*out = id;
	return 0;
}

void
dtls_identity_free(struct dtls_identity *id)
{
	if (id == NULL)
		return;
	X509_free(id->cert);
	EVP_PKEY_free(id->key);
	free(id);
}

const char *
dtls_identity_fingerprint(const struct dtls_identity *id)
{
	return id->fingerprint;
}

X509 *
dtls_identity_cert(const struct dtls_identity *id)
{
	return id->cert;
}

EVP_PKEY *
dtls_identity_key(const struct dtls_identity *id)
{
	return id->key;
}
