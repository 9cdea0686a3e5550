#ifndef WORKER_RTSP_SESSION_H
#define WORKER_RTSP_SESSION_H

#include "worker/rtsp_wire.h"

/* Writes the Session header of a message as libavformat reads it: "ID;timeout=20;x=1" without
 * blanks, which go to the end of the line, and with the timeout before all else. bytes are the
 * message's own, for writing. Pure. */
void rtsp_session_tidy(const struct rtsp_piece *message, uint8_t *bytes);

/* For how many seconds the session of a tidy message lives without a request: what its Session
 * header says, RTSP_SESSION_S at most and if it says nothing or nonsense. Pure. */
unsigned rtsp_session_timeout_s(const struct rtsp_piece *message);
#define RTSP_SESSION_S 60 /* RFC 2326 12.37 */

#endif
