#ifndef WORKER_DTLS_IDENTITY_H
#define WORKER_DTLS_IDENTITY_H

typedef struct x509_st X509;
typedef struct evp_pkey_st EVP_PKEY;
typedef struct evp_md_st EVP_MD;

/* Our certificate and its key: self-signed, ECDSA P-256 (RFC 8827 6.5), without a name that means
 * anything. One per process; it must outlive every dtls made with it. */
struct dtls_identity;

/* Returns 0, or ERR_LIBRARY. */
int dtls_identity_new(struct dtls_identity **out);
void dtls_identity_free(struct dtls_identity *identity);

/* SHA-256 of the certificate, "AB:CD:...", for a=fingerprint; lives as long as the identity. */
const char *dtls_identity_fingerprint(const struct dtls_identity *identity);

/* For dtls.c alone: both lent. */
X509 *dtls_identity_cert(const struct dtls_identity *identity);
EVP_PKEY *dtls_identity_key(const struct dtls_identity *identity);

/* "AB:" for each byte of the largest digest, SHA-512; the last colon is the end. */
#define DTLS_FINGERPRINT_CHARS (3 * 64)

/* A certificate's fingerprint by a hash, as SDP writes it. Returns 0 or ERR_LIBRARY. */
int dtls_fingerprint(const X509 *cert, const EVP_MD *hash, char out[DTLS_FINGERPRINT_CHARS]);

#endif
