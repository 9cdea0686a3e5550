#ifndef WORKER_CAMERA_CONN_H
#define WORKER_CAMERA_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/clock.h"

/* The connection to a camera: TCP, or TLS over it. Non-blocking once it is open. One thread at a
 * time. */
struct camera_conn;

struct camera_conn_config {
	const char *host;
	const char *port;
	bool tls;
	bool verify;         /* the certificate, if tls */
	const char *ca_file; /* NULL: the system's store */
	ms_t step_ms;        /* for the name, for TCP and for TLS, each */
	int cancel_fd;       /* readable: give up */
};

/* Connects, and with tls verifies the certificate before a byte of the application is sent. Writes
 * the time of the TCP connection to *connected_us. Returns 0 and *out, or ERR_UNREACHABLE,
 * ERR_TIMEOUT, ERR_UNTRUSTED, ERR_LIBRARY, ERR_EOF, ERR_CLOSED with a sentence in why. */
int camera_conn_open(const struct camera_conn_config *config, struct camera_conn **out,
	int64_t *connected_us, char *why, size_t why_size);

/* Reads what is there: how many bytes, or ERR_AGAIN, ERR_EOF, ERR_UNREACHABLE (reset), ERR_LIBRARY.
 * If it was n, more may be there without the descriptor being readable; if less, poll(2) tells. */
ssize_t camera_conn_read(struct camera_conn *c, uint8_t *out, size_t n);

/* Returns how many bytes were taken, or as above. */
ssize_t camera_conn_write(struct camera_conn *c, const uint8_t *bytes, size_t n);

/* For poll(2). */
int camera_conn_fd(const struct camera_conn *c);

/* Says goodbye if it is TLS. NULL is fine. */
void camera_conn_close(struct camera_conn *c);

#endif
