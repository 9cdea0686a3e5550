#ifndef SUPERVISOR_HTTP_SOCKET_H
#define SUPERVISOR_HTTP_SOCKET_H

#include <stddef.h>

struct http_exchange;

/* A WebSocket (RFC 6455) of the HTTP server's. Loop thread. */
struct http_socket;

/* A client that takes nothing while more than that is waiting for it is dropped. */
#define HTTP_SOCKET_BACKLOG_MAX (256 * 1024)
/* Longest text taken from a client; a longer one closes the connection (1009). */
#define HTTP_SOCKET_TEXT_MAX 4096

struct http_socket_handler {
	void (*on_open)(void *arg, struct http_socket *s);
	/* NUL-terminated beyond len, lent. */
	void (*on_text)(void *arg, struct http_socket *s, const char *text, size_t len);
	/* Once, also if on_open never came: the client may be gone before. s is gone when this
	 * returns. */
	void (*on_close)(void *arg, struct http_socket *s);
	void *arg;
};

/* In on_head: takes the request, which is freed, as a WebSocket; on_head then returns false. */
void http_exchange_upgrade(struct http_exchange *x, const struct http_socket_handler *handler);

/* A text for any number of sockets, which is kept once: freed when the last has sent it and its
 * maker has let go of it. NULL is fine. */
struct http_text;
struct http_text *http_text_new(const char *text, size_t len);
void http_text_release(struct http_text *t);

/* Sends it. Returns 0, or ERR_RANGE if its backlog is full: then it is being closed, and on_close
 * follows. ERR_CLOSED if it is being closed already. */
int http_socket_send(struct http_socket *s, struct http_text *t);

/* Closes it, code as in RFC 6455 7.4.1; on_close follows. */
void http_socket_close(struct http_socket *s, int code);

#endif
