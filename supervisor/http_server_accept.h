#ifndef SUPERVISOR_HTTP_SERVER_ACCEPT_H
#define SUPERVISOR_HTTP_SERVER_ACCEPT_H

#include "supervisor/http_server_state.h"

/* A connection from accept(2) until libwebsockets has it. For http_server*.c. */

/* Takes over a descriptor, which does not block. */
void http_accept(struct http_server *s, int fd, const char *peer);

/* The head of the request is known: gives fd, where it is still to be read, to libwebsockets if
 * nothing is wrong with it, and answers it if something is. May free c. */
void http_accept_decided(struct conn *c, int fd, struct http_fault fault);

/* Its deadline is over while its head is looked at or awaited within TLS. May free c. */
void http_accept_deadline(struct conn *c);

/* Breaks off what libwebsockets does not have yet; frees c. */
void http_accept_abort(struct conn *c);

/* ---- http_server_tls.c: what is within TLS as a connection -------------------------------------
 */

/* libwebsockets' name of the protocol, and its lws_callback_function. */
#define HTTP_TLS_PROTOCOL "tls"
/* What libwebsockets reads at once. */
#define HTTP_TLS_PIECE 4096
int http_tls_event(
	struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);

/* Takes over fd, and c until its head is known: http_accept_decided. May free c. */
void http_tls_begin(struct conn *c, int fd);

/* The head did not come in time. Returns whether that can be told, and has been by
 * http_accept_decided; if not, TLS is broken off and c is the caller's. */
bool http_tls_give_up(struct conn *c, struct http_fault fault);

#endif
