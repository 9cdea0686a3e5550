/* tls.c - a TLS client that verifies whom it talks to.
 * libavformat 5.1 verifies no certificate of an rtsps:// server and has no option for it; this is
 * the one place where cameras' certificates are checked. The thread that reads the camera. */
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/err.h"
#include "worker/tls.h"
#include "common/xmalloc.h"

/* Servers write each interleaved frame as a record or two. Records that arrived together are then
 * got with one read(2) instead of two for each. */
#define READ_AHEAD_BYTES 65536

struct tls {
	SSL_CTX *ctx;
	SSL *ssl;
	bool verify;
};

static int
say(char *why, size_t size, int err)
{
	unsigned long code = ERR_get_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	snprintf(why, size, "%s", reason ? reason : "TLS failed");
	ERR_clear_error();
	return err;
}

static int
set_trust(SSL_CTX *ctx, const char *ca_file, bool verify)
{
	SSL_CTX_set_verify(ctx, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
	if (!verify) {
		/* Who takes any certificate takes the weak keys of old cameras too: what has no
		 * authentication is not made safer by OpenSSL's level 2, which has TLS fail. */
		SSL_CTX_set_security_level(ctx, 0);
		return 1;
	}
	return ca_file ? SSL_CTX_load_verify_locations(ctx, ca_file, NULL)
		       : SSL_CTX_set_default_verify_paths(ctx);
}

static SSL_CTX *
new_context(const char *ca_file, bool verify)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (!ctx)
		return NULL;
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* A camera that drops the TCP connection without close_notify has ended, not attacked. */
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_default_read_buffer_len(ctx, READ_AHEAD_BYTES);
	SSL_CTX_set_read_ahead(ctx, 1);
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) && set_trust(ctx, ca_file, verify))
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

/* The name that the certificate must be for. */
static int
set_peer(SSL *ssl, const char *host)
{
	uint8_t address[16];
	bool literal =
		inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;

	if (literal)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host);
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, host) && SSL_set_tlsext_host_name(ssl, host);
}

struct tls *
tls_new(int fd, const char *host, const char *ca_file, bool verify, char *why, size_t why_size)
{
	struct tls *t = xcalloc(1, sizeof(*t));

	t->verify = verify;
	t->ctx = new_context(ca_file, verify);
	t->ssl = t->ctx ? SSL_new(t->ctx) : NULL;
	if (t->ssl && SSL_set_fd(t->ssl, fd) && set_peer(t->ssl, host))
		return t;
	say(why, why_size, ERR_LIBRARY);
	tls_free(t);
	return NULL;
}

static int
why_failed(struct tls *t, int code, char *why, size_t why_size)
{
	long verdict = SSL_get_verify_result(t->ssl);
	int saved = errno;

	if (t->verify && verdict != X509_V_OK) {
		snprintf(why, why_size, "%s", X509_verify_cert_error_string(verdict));
		ERR_clear_error();
		return ERR_UNTRUSTED;
	}
	if (code == SSL_ERROR_ZERO_RETURN || (code == SSL_ERROR_SYSCALL && !saved)) {
		snprintf(why, why_size, "closed during the TLS handshake");
		return ERR_EOF;
	}
	if (code == SSL_ERROR_SYSCALL) {
		snprintf(why, why_size, "connection reset during the TLS handshake");
		return ERR_UNREACHABLE;
	}
	return say(why, why_size, ERR_LIBRARY);
}

int
tls_handshake(struct tls *t, short *events, char *why, size_t why_size)
{
	ERR_clear_error();
	errno = 0;
	int done = SSL_connect(t->ssl);
	if (done == 1)
		return 0;
	int code = SSL_get_error(t->ssl, done);
	if (code != SSL_ERROR_WANT_READ && code != SSL_ERROR_WANT_WRITE)
		return why_failed(t, code, why, why_size);
	*events = code == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
	return ERR_AGAIN;
}

static int
translate(struct tls *t, int result)
{
	int code = SSL_get_error(t->ssl, result);

	/* A write that waits for a read (TLS 1.3 key update) goes on when the camera is read next.
	 */
	if (code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE)
		return ERR_AGAIN;
	if (code == SSL_ERROR_ZERO_RETURN)
		return ERR_EOF;
	ERR_clear_error();
	return code == SSL_ERROR_SYSCALL ? ERR_UNREACHABLE : ERR_LIBRARY;
}

ssize_t
tls_read(struct tls *t, uint8_t *out, size_t n)
{
	size_t got;
	int result = SSL_read_ex(t->ssl, out, n, &got);

	return result == 1 ? (ssize_t)got : translate(t, result);
}

bool
tls_has_more(const struct tls *t)
{
	return SSL_has_pending(t->ssl);
}

ssize_t
tls_write(struct tls *t, const uint8_t *bytes, size_t n)
{
	size_t put;
	int result = SSL_write_ex(t->ssl, bytes, n, &put);

	return result == 1 ? (ssize_t)put : translate(t, result);
}

void
tls_free(struct tls *t)
{
	if (!t)
		return;
	if (t->ssl && SSL_is_init_finished(t->ssl))
		SSL_shutdown(t->ssl);
	ERR_clear_error();
	SSL_free(t->ssl);
	SSL_CTX_free(t->ctx);
	free(t);
}
