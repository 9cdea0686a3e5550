#ifndef SUPERVISOR_WEB_BODY_H
#define SUPERVISOR_WEB_BODY_H

#include <stddef.h>

struct json;

/* What the JSON bodies of requests say (consumer_report.h reads those of heartbeats). Strings are
 * lent by the body. Each returns its answer, or NULL with a sentence in why. Pure. */

/* A body of len bytes: an object, yours to free. */
struct json *web_body_parse(const char *text, size_t len, char *why, size_t why_size);

/* {"camera": name}: whom a new viewer watches. */
const char *web_body_camera(const struct json *body, char *why, size_t why_size);

/* {"token": text}: who logs in. */
const char *web_body_token(const struct json *body, char *why, size_t why_size);

/* {"type": "answer", "sdp": "v=0..."}, an RTCSessionDescription as browsers write it: the SDP. */
const char *web_body_answer(const struct json *body, char *why, size_t why_size);

/* {"name": name, "settings": {"url": ...}}: the request that `camctl add` makes of the same
 * (control_message.h), yours to free. */
struct json *web_body_add(const struct json *body, char *why, size_t why_size);

#endif
