#ifndef SUPERVISOR_HTTP_HEAD_CHECK_H
#define SUPERVISOR_HTTP_HEAD_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the bytes of a request's head are HTTP/1.1 (RFC 9112) and within our limits.
 * libwebsockets closes the connection or answers in HTML where they are not; so it gets only heads
 * that pass. Pure.
 */

/* Longest path with its query as they are sent (RFC 9110 4.1 wants 8000 of general servers; ours
 * are 100), longest head, and the most lines of headers (browsers send 20). */
#define HTTP_TARGET_MAX 2048
#define HTTP_HEAD_MAX 8192
#define HTTP_HEAD_LINES_MAX 64

/* What is wrong with a request: the status of its answer, 0: nothing; and why. */
struct http_fault {
	int status;
	const char *why; /* a sentence, static */
};

/* Looks at the first len bytes of a connection. Returns false while more must come before anything
 * can be said, never with len > HTTP_HEAD_MAX; true with what is wrong in *fault, which is nothing
 * only if the head is whole. What follows the head is not looked at. */
bool http_head_check(const char *bytes, size_t len, struct http_fault *fault);

#endif
