#ifndef WORKER_TLS_H
#define WORKER_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The client's end of TLS over a connected, non-blocking TCP socket. One thread at a time. */
struct tls;

/* host is checked against the certificate, as a name or as an address, and sent as SNI if it is a
 * name. ca_file holds trusted CAs in PEM; NULL is the system's store. Without verify any
 * certificate will do, and keys of any length. Returns NULL with a sentence in why. */
struct tls *tls_new(
	int fd, const char *host, const char *ca_file, bool verify, char *why, size_t why_size);

/* Goes on with the handshake. Returns 0 when it is done, ERR_AGAIN with the events of poll(2) to
 * wait for in *events, ERR_UNTRUSTED with OpenSSL's reason in why ("self-signed certificate"), or
 * ERR_LIBRARY, ERR_EOF, ERR_UNREACHABLE with a sentence. */
int tls_handshake(struct tls *t, short *events, char *why, size_t why_size);

/* Return how many bytes, or ERR_AGAIN, ERR_EOF, ERR_UNREACHABLE (reset), ERR_LIBRARY. */
ssize_t tls_read(struct tls *t, uint8_t *out, size_t n);
ssize_t tls_write(struct tls *t, const uint8_t *bytes, size_t n);

/* True if more may be read though the socket is not readable: it was taken off the socket already.
 */
bool tls_has_more(const struct tls *t);

/* Sends close_notify once if it fits. Does not close the socket. NULL is fine. */
void tls_free(struct tls *t);

#endif
