/* srtp_openssl.c - the ciphers and the hash of SRTP, by OpenSSL, in the shape that libsrtp2 wants.
 * Owns the tables that libsrtp2 keeps for the life of the process. Knows nothing of packets. */
#include "worker/srtp_openssl.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <srtp2/auth.h>
#include <srtp2/cipher.h>
#include <srtp2/srtp.h>

#include "common/err.h"

#define AES_BLOCK_BYTES 16
#define SHA1_BYTES 20
#define HMAC_KEY_BYTES 20     /* RFC 3711 5.2 */
#define GCM_TAG_BYTES 16      /* RFC 7714 13.1 */
#define GCM_SHORT_TAG_BYTES 8 /* never offered; libsrtp2's own vectors have it */

static srtp_err_status_t
status(int openssl_ok)
{
	return openssl_ok == 1 ? srtp_err_status_ok : srtp_err_status_cipher_fail;
}

/* ---- a cipher -------------------------------------------------------------------------------- */

struct aes {
	srtp_cipher_t cipher; /* what libsrtp2 holds; its state is this */
	EVP_CIPHER_CTX *ctx;
	uint8_t salt[AES_BLOCK_BYTES]; /* CM: the session's salt, two zeros behind it */
	int tag_bytes;                 /* GCM */
};

static srtp_err_status_t
aes_new(srtp_cipher_t **out, const srtp_cipher_type_t *type, const EVP_CIPHER *aes_of_openssl,
	int key_len, int tag_bytes)
{
	struct aes *aes = calloc(1, sizeof(*aes));

	if (aes == NULL)
		return srtp_err_status_alloc_fail;
	aes->ctx = EVP_CIPHER_CTX_new();
	if (aes->ctx == NULL ||
		EVP_EncryptInit_ex(aes->ctx, aes_of_openssl, NULL, NULL, NULL) != 1) {
		EVP_CIPHER_CTX_free(aes->ctx);
		free(aes);
		return srtp_err_status_alloc_fail;
	}
	aes->tag_bytes = tag_bytes;
	aes->cipher = (srtp_cipher_t){
		.type = type, .state = aes, .key_len = key_len, .algorithm = (int)type->id
	};
	*out = &aes->cipher;
	return srtp_err_status_ok;
}

static srtp_err_status_t
aes_free(srtp_cipher_t *cipher)
{
	struct aes *aes = cipher->state;

	EVP_CIPHER_CTX_free(aes->ctx); /* which overwrites the key */
	explicit_bzero(aes, sizeof(*aes));
	free(aes);
	return srtp_err_status_ok;
}

/* In place. */
static srtp_err_status_t
aes_apply(struct aes *aes, uint8_t *bytes, unsigned len)
{
	int n;

	return status(EVP_CipherUpdate(aes->ctx, bytes, &n, bytes, (int)len));
}

/* ---- AES-128-GCM: RFC 7714 ------------------------------------------------------------------- */

static const srtp_cipher_type_t gcm;

static srtp_err_status_t
gcm_new(srtp_cipher_t **out, int key_len, int tag_len)
{
	if (key_len != SRTP_AES_GCM_128_KEY_LEN_WSALT ||
		(tag_len != GCM_TAG_BYTES && tag_len != GCM_SHORT_TAG_BYTES))
		return srtp_err_status_bad_param;
	return aes_new(out, &gcm, EVP_aes_128_gcm(), key_len, tag_len);
}

/* The salt behind the key is not the cipher's: libsrtp2 puts it into each packet's IV. */
static srtp_err_status_t
gcm_set_key(void *state, const uint8_t *key)
{
	struct aes *aes = state;

	return status(EVP_EncryptInit_ex(aes->ctx, NULL, NULL, key, NULL));
}

static srtp_err_status_t
gcm_set_iv(void *state, uint8_t *iv, srtp_cipher_direction_t direction)
{
	struct aes *aes = state;
	const int encrypt = direction == srtp_direction_encrypt;

	return status(EVP_CipherInit_ex(aes->ctx, NULL, NULL, NULL, iv, encrypt));
}

/* May come more than once: a packet of RTCP has its index behind what is encrypted. */
static srtp_err_status_t
gcm_set_aad(void *state, const uint8_t *aad, uint32_t len)
{
	struct aes *aes = state;
	int n;

	return status(EVP_CipherUpdate(aes->ctx, NULL, &n, aad, (int)len));
}

static srtp_err_status_t
gcm_encrypt(void *state, uint8_t *bytes, unsigned *len)
{
	struct aes *aes = state;
	const srtp_err_status_t err = aes_apply(aes, bytes, *len);
	int none;

	if (err != srtp_err_status_ok)
		return err;
	return status(EVP_EncryptFinal_ex(aes->ctx, bytes + *len, &none));
}

static srtp_err_status_t
gcm_tag(void *state, uint8_t *tag, uint32_t *len)
{
	struct aes *aes = state;

	*len = (uint32_t)aes->tag_bytes;
	return status(EVP_CIPHER_CTX_ctrl(aes->ctx, EVP_CTRL_AEAD_GET_TAG, aes->tag_bytes, tag));
}

/* The tag is the last of the bytes. */
static srtp_err_status_t
gcm_decrypt(void *state, uint8_t *bytes, unsigned *len)
{
	struct aes *aes = state;
	const unsigned tag_bytes = (unsigned)aes->tag_bytes;
	srtp_err_status_t err;
	uint8_t *tag;
	int none;

	if (*len < tag_bytes)
		return srtp_err_status_bad_param;
	*len -= tag_bytes;
	tag = bytes + *len;
	if (EVP_CIPHER_CTX_ctrl(aes->ctx, EVP_CTRL_AEAD_SET_TAG, aes->tag_bytes, tag) != 1)
		return srtp_err_status_cipher_fail;
	err = aes_apply(aes, bytes, *len);
	if (err != srtp_err_status_ok)
		return err;
	return EVP_DecryptFinal_ex(aes->ctx, tag, &none) == 1 ? srtp_err_status_ok
							      : srtp_err_status_auth_fail;
}

/* RFC 7714 16.1.1. */
static const srtp_cipher_test_case_t gcm_vector = {
	.key_length_octets = SRTP_AES_GCM_128_KEY_LEN_WSALT,
	.key = (const uint8_t[SRTP_AES_GCM_128_KEY_LEN_WSALT]){ 0x00, 0x01, 0x02, 0x03, 0x04, 0x05,
		0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f },
	.idx = (uint8_t[]){ 0x51, 0x75, 0x3c, 0x65, 0x80, 0xc2, 0x72, 0x6f, 0x20, 0x71, 0x84,
		0x14 },
	.plaintext_length_octets = 38,
	.plaintext = (const uint8_t *)"Gallia est omnis divisa in partes tres",
	.ciphertext_length_octets = 38 + GCM_TAG_BYTES,
	.ciphertext = (const uint8_t[]){ 0xf2, 0x4d, 0xe3, 0xa3, 0xfb, 0x34, 0xde, 0x6c, 0xac, 0xba,
		0x86, 0x1c, 0x9d, 0x7e, 0x4b, 0xca, 0xbe, 0x63, 0x3b, 0xd5, 0x0d, 0x29, 0x4e, 0x6f,
		0x42, 0xa5, 0xf4, 0x7a, 0x51, 0xc7, 0xd1, 0x9b, 0x36, 0xde, 0x3a, 0xdf, 0x88, 0x33,
		0x89, 0x9d, 0x7f, 0x27, 0xbe, 0xb1, 0x6a, 0x91, 0x52, 0xcf, 0x76, 0x5e, 0xe4, 0x39,
		0x0c, 0xce },
	.aad_length_octets = 12,
	.aad = (const uint8_t[]){ 0x80, 0x40, 0xf1, 0x7b, 0x80, 0x41, 0xf8, 0xd3, 0x55, 0x01, 0xa0,
		0xb2 },
	.tag_length_octets = GCM_TAG_BYTES,
};

static const srtp_cipher_type_t gcm = {
	.alloc = gcm_new,
	.dealloc = aes_free,
	.init = gcm_set_key,
	.set_aad = gcm_set_aad,
	.encrypt = gcm_encrypt,
	.decrypt = gcm_decrypt,
	.set_iv = gcm_set_iv,
	.get_tag = gcm_tag,
	.description = "AES-128-GCM by OpenSSL",
	.test_data = &gcm_vector,
	.id = SRTP_AES_GCM_128,
};

/* ---- AES-128-CM: RFC 3711 4.1.1, which derives the keys of both profiles too ----------------- */

static const srtp_cipher_type_t cm;

static srtp_err_status_t
cm_new(srtp_cipher_t **out, int key_len, int tag_len)
{
	(void)tag_len;
	if (key_len != SRTP_AES_ICM_128_KEY_LEN_WSALT)
		return srtp_err_status_bad_param;
	return aes_new(out, &cm, EVP_aes_128_ctr(), key_len, 0);
}

static srtp_err_status_t
cm_set_key(void *state, const uint8_t *key)
{
	struct aes *aes = state;

	memcpy(aes->salt, key + SRTP_AES_128_KEY_LEN, SRTP_SALT_LEN);
	return status(EVP_EncryptInit_ex(aes->ctx, NULL, NULL, key, NULL));
}

static srtp_err_status_t
cm_set_iv(void *state, uint8_t *iv, srtp_cipher_direction_t direction)
{
	struct aes *aes = state;
	uint8_t counter[AES_BLOCK_BYTES];

	(void)direction; /* the same key stream both ways */
	for (size_t i = 0; i < AES_BLOCK_BYTES; i++)
		counter[i] = iv[i] ^ aes->salt[i];
	return status(EVP_EncryptInit_ex(aes->ctx, NULL, NULL, NULL, counter));
}

static srtp_err_status_t
cm_apply(void *state, uint8_t *bytes, unsigned *len)
{
	return aes_apply(state, bytes, *len);
}

/* RFC 3711 B.2: the key stream itself, of zeros. */
static const srtp_cipher_test_case_t cm_vector = {
	.key_length_octets = SRTP_AES_ICM_128_KEY_LEN_WSALT,
	.key = (const uint8_t[]){ 0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15,
		0x88, 0x09, 0xcf, 0x4f, 0x3c, 0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8,
		0xf9, 0xfa, 0xfb, 0xfc, 0xfd },
	.idx = (uint8_t[AES_BLOCK_BYTES]){ 0 },
	.plaintext_length_octets = 32,
	.plaintext = (const uint8_t[32]){ 0 },
	.ciphertext_length_octets = 32,
	.ciphertext = (const uint8_t[]){ 0xe0, 0x3e, 0xad, 0x09, 0x35, 0xc9, 0x5e, 0x80, 0xe1, 0x66,
		0xb1, 0x6d, 0xd9, 0x2b, 0x4e, 0xb4, 0xd2, 0x35, 0x13, 0x16, 0x2b, 0x02, 0xd0, 0xf7,
		0x2a, 0x43, 0xa2, 0xfe, 0x4a, 0x5f, 0x97, 0xab },
};

static const srtp_cipher_type_t cm = {
	.alloc = cm_new,
	.dealloc = aes_free,
	.init = cm_set_key,
	.encrypt = cm_apply,
	.decrypt = cm_apply,
	.set_iv = cm_set_iv,
	.description = "AES-128-CM by OpenSSL",
	.test_data = &cm_vector,
	.id = SRTP_AES_ICM_128,
};

/* ---- HMAC-SHA1: RFC 3711 4.2.1 --------------------------------------------------------------- */

static EVP_MAC *hmac_of_openssl; /* fetched once */

struct hmac {
	srtp_auth_t auth; /* what libsrtp2 holds; its state is this */
	EVP_MAC_CTX *ctx;
};

static const srtp_auth_type_t hmac_sha1;

static srtp_err_status_t
hmac_new(srtp_auth_t **out, int key_len, int tag_len)
{
	struct hmac *h;

	if (key_len < 0 || key_len > HMAC_KEY_BYTES || tag_len < 0 || tag_len > SHA1_BYTES)
		return srtp_err_status_bad_param;
	h = calloc(1, sizeof(*h));
	if (h == NULL)
		return srtp_err_status_alloc_fail;
	h->ctx = EVP_MAC_CTX_new(hmac_of_openssl);
	if (h->ctx == NULL) {
		free(h);
		return srtp_err_status_alloc_fail;
	}
	h->auth = (srtp_auth_t){
		.type = &hmac_sha1, .state = h, .out_len = tag_len, .key_len = key_len
	};
	*out = &h->auth;
	return srtp_err_status_ok;
}

static srtp_err_status_t
hmac_free(srtp_auth_t *auth)
{
	struct hmac *h = auth->state;

	EVP_MAC_CTX_free(h->ctx); /* which overwrites the key */
	free(h);
	return srtp_err_status_ok;
}

static srtp_err_status_t
hmac_set_key(void *state, const uint8_t *key, int key_len)
{
	struct hmac *h = state;
	char digest[] = "SHA1";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};

	return status(EVP_MAC_init(h->ctx, key, (size_t)key_len, params));
}

static srtp_err_status_t
hmac_start(void *state)
{
	struct hmac *h = state;

	return status(EVP_MAC_init(h->ctx, NULL, 0, NULL));
}

static srtp_err_status_t
hmac_update(void *state, const uint8_t *bytes, int len)
{
	struct hmac *h = state;

	return status(EVP_MAC_update(h->ctx, bytes, (size_t)len));
}

static srtp_err_status_t
hmac_compute(void *state, const uint8_t *bytes, int len, int tag_len, uint8_t *tag)
{
	struct hmac *h = state;
	uint8_t whole[SHA1_BYTES];
	size_t n;

	if (EVP_MAC_update(h->ctx, bytes, (size_t)len) != 1 ||
		EVP_MAC_final(h->ctx, whole, &n, sizeof(whole)) != 1)
		return srtp_err_status_auth_fail;
	memcpy(tag, whole, (size_t)tag_len);
	return srtp_err_status_ok;
}

/* RFC 2202 3, the first. */
static const srtp_auth_test_case_t hmac_vector = {
	.key_length_octets = HMAC_KEY_BYTES,
	.key = (const uint8_t[]){ 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b,
		0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b },
	.data_length_octets = 8,
	.data = (const uint8_t *)"Hi There",
	.tag_length_octets = SHA1_BYTES,
	.tag = (const uint8_t[]){ 0xb6, 0x17, 0x31, 0x86, 0x55, 0x05, 0x72, 0x64, 0xe2, 0x8b, 0xc0,
		0xb6, 0xfb, 0x37, 0x8c, 0x8e, 0xf1, 0x46, 0xbe, 0x00 },
};

static const srtp_auth_type_t hmac_sha1 = {
	.alloc = hmac_new,
	.dealloc = hmac_free,
	.init = hmac_set_key,
	.compute = hmac_compute,
	.update = hmac_update,
	.start = hmac_start,
	.description = "HMAC-SHA1 by OpenSSL",
	.test_data = &hmac_vector,
	.id = SRTP_HMAC_SHA1,
};

int
srtp_use_openssl(void)
{
	hmac_of_openssl = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
	if (hmac_of_openssl == NULL ||
		srtp_replace_auth_type(&hmac_sha1, hmac_sha1.id) != srtp_err_status_ok ||
		srtp_replace_cipher_type(&cm, cm.id) != srtp_err_status_ok ||
		srtp_replace_cipher_type(&gcm, gcm.id) != srtp_err_status_ok)
		return ERR_LIBRARY;
	return 0;
}
