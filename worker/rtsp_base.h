#ifndef WORKER_RTSP_BASE_H
#define WORKER_RTSP_BASE_H

#include "worker/rtsp_relay.h"

/* The URLs of a session: those that libavformat makes, and what it makes them of. Only rtsp_relay.c
 * needs it. Pure. */

/* Hides a Content-Base that is no URL ("192.168.1.10:554/live/", "/", nothing at all), with which
 * libavformat would begin its URLs all the same: without one it takes that of DESCRIBE. bytes are
 * the message's own, for writing. */
void rtsp_base_tidy(const struct rtsp_piece *message, uint8_t *bytes);

/* The URI of a request for the camera: its own where libavformat names the short one; what follows
 * that (a slash and a track's control) is kept, with one slash between them. Yours to free(). */
char *rtsp_base_uri(const struct relay *r, const struct rtsp_request *q);

#endif
