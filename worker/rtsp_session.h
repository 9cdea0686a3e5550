#ifndef WORKER_RTSP_SESSION_H
#define WORKER_RTSP_SESSION_H

#include "worker/rtsp_relay.h"

/* Writes the Session header of a message as libavformat reads it: "ID;timeout=20;x=1" without
 * blanks, which go to the end of the line, and with the timeout before all else. bytes are the
 * message's own, for writing. Pure. */
void rtsp_session_tidy(const struct rtsp_piece *message, uint8_t *bytes);

/* For how many seconds the session of a tidy message lives without a request: what its Session
 * header says, RTSP_SESSION_S at most and if it says nothing or nonsense. Pure. */
unsigned rtsp_session_timeout_s(const struct rtsp_piece *message);
#define RTSP_SESSION_S 60 /* RFC 2326 12.37 */

/* Changes the method of a request with which libavformat keeps the session alive from GET_PARAMETER
 * to OPTIONS or back, if the camera did not take the last one, and has taken the other or was not
 * asked by it yet. Cameras say that they know the one and refuse it, or never answer, or do not
 * count the other. again: it is the newest request, once more. */
void rtsp_session_keep(struct relay *r, struct rtsp_request *q, bool again);
/* What that may add to a request. */
#define RTSP_SESSION_GROWTH (sizeof("GET_PARAMETER") - sizeof("OPTIONS"))

#endif
