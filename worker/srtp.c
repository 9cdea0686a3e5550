/* srtp.c - RTP and RTCP, sealed and opened.
 * Owns the libsrtp2 contexts of one connection, and is the library's only user but for its ciphers
 * (srtp_openssl.c). Knows nothing of sockets. Sealing and opening may be on different threads. */
#include "worker/srtp.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include <srtp2/srtp.h>

#include "common/err.h"
#include "worker/srtp_openssl.h"

/* RFC 3711 4.1.1 and RFC 7714 8.1: the salt is 112 bits for CM, 96 for GCM. */
#define CM_SALT_BYTES 14
#define GCM_SALT_BYTES 12

struct srtp {
	srtp_t outbound;
	srtp_t inbound;
};

size_t
srtp_salt_bytes(enum srtp_profile profile)
{
	return profile == SRTP_AES128_GCM ? GCM_SALT_BYTES : CM_SALT_BYTES;
}

const char *
srtp_profile_name(enum srtp_profile profile)
{
	return profile == SRTP_AES128_GCM ? "SRTP_AEAD_AES_128_GCM" : "SRTP_AES128_CM_SHA1_80";
}

static int
to_err(srtp_err_status_t status)
{
	switch (status) {
	case srtp_err_status_ok:
		return 0;
	case srtp_err_status_bad_param: /* too short, or a header that does not add up */
	case srtp_err_status_parse_err:
		return ERR_PARSE;
	case srtp_err_status_replay_fail:
	case srtp_err_status_replay_old:
		return ERR_RANGE;
	case srtp_err_status_auth_fail:
		return ERR_UNTRUSTED;
	default:
		return ERR_LIBRARY;
	}
}

/* One for the process; libsrtp2 is never shut down, as another connection may still use it. */
static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static int library_err;

static void
library_start(void)
{
	library_err = srtp_init() == srtp_err_status_ok ? srtp_use_openssl() : ERR_LIBRARY;
}

static int
context_new(srtp_t *out, const struct srtp_keys *keys, const uint8_t *master, srtp_ssrc_type_t ssrc)
{
	srtp_policy_t policy = {
		.ssrc = { .type = ssrc },
		.key = (uint8_t *)master, /* copied by srtp_create */
		.window_size = SRTP_RESEND_WINDOW,
		.allow_repeat_tx = 1,
	};

	if (keys->profile == SRTP_AES128_GCM) {
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
	} else {
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
	}
	return to_err(srtp_create(out, &policy));
}

int
srtp_new(struct srtp **out, const struct srtp_keys *keys)
{
	struct srtp *s;

	pthread_once(&library_once, library_start);
	if (library_err != 0)
		return library_err;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return ERR_NOMEM;
	if (context_new(&s->outbound, keys, keys->ours, ssrc_any_outbound) != 0 ||
		context_new(&s->inbound, keys, keys->theirs, ssrc_any_inbound) != 0) {
		srtp_free(s);
		return ERR_LIBRARY;
	}
	*out = s;
	return 0;
}

void
srtp_free(struct srtp *s)
{
	if (s == NULL)
		return;
	if (s->outbound != NULL)
		srtp_dealloc(s->outbound);
	if (s->inbound != NULL)
		srtp_dealloc(s->inbound);
	free(s);
}

typedef srtp_err_status_t transform(srtp_t, void *, int *);

static int
apply(transform *f, srtp_t context, uint8_t *packet, size_t *len)
{
	int n = (int)*len;
	int err;

	assert(*len <= UINT16_MAX);
	err = to_err(f(context, packet, &n));
	if (err == 0)
		*len = (size_t)n;
	return err;
}

int
srtp_seal_rtp(struct srtp *s, uint8_t *packet, size_t *len)
{
	return apply(srtp_protect, s->outbound, packet, len);
}

int
srtp_seal_rtcp(struct srtp *s, uint8_t *packet, size_t *len)
{
	return apply(srtp_protect_rtcp, s->outbound, packet, len);
}

int
srtp_open_rtp(struct srtp *s, uint8_t *packet, size_t *len)
{
	return apply(srtp_unprotect, s->inbound, packet, len);
}

int
srtp_open_rtcp(struct srtp *s, uint8_t *packet, size_t *len)
{
	return apply(srtp_unprotect_rtcp, s->inbound, packet, len);
}
