#ifndef WORKER_RTSP_AUTH_H
#define WORKER_RTSP_AUTH_H

#include <stdbool.h>
#include <stddef.h>

#include "worker/rtsp_wire.h"

/* Who we are to a camera: Basic (RFC 7617) and Digest (RFC 7616, RFC 2617), MD5 and SHA-256, also
 * their -sess forms, with qop=auth or without. One per connection. */
struct rtsp_auth;

/* Of a challenge: what is longer is no nonce. */
#define RTSP_AUTH_VALUE_MAX 512
/* Decimal digits of a random number, or what a test wants. */
#define RTSP_AUTH_CNONCE_MAX 64

/* user and password as they are, not percent-encoded; copied. cnonce: what no other connection
 * uses. Never NULL. */
struct rtsp_auth *rtsp_auth_new(const char *user, const char *password, const char *cnonce);

/* Reads the challenge of a 401. Returns true if the request that it answers shall be sent again:
 * the challenge is one that we can meet, and the camera has not just refused our answer to it. A
 * nonce that was stale, or that had served before, is no refusal. */
bool rtsp_auth_challenge(struct rtsp_auth *a, const struct rtsp_piece *answer);

/* The camera answered a request with another status than 401. */
void rtsp_auth_accept(struct rtsp_auth *a);

/* The header line of a request with its CR and LF, yours to free(); NULL as long as the camera has
 * not asked. Counts: a line is for one request. uri: as in the request line. */
char *rtsp_auth_line(struct rtsp_auth *a, const char *method, const char *uri);

/* What rtsp_auth_line returns at most for a URI of that many bytes. */
size_t rtsp_auth_line_max(const struct rtsp_auth *a, size_t uri_len);

/* NULL is fine. */
void rtsp_auth_free(struct rtsp_auth *a);

#endif
