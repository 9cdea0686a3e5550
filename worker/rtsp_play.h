#ifndef WORKER_RTSP_PLAY_H
#define WORKER_RTSP_PLAY_H

#include "worker/rtsp_relay.h"

/* The camera agreed to PLAY: notes the timestamps of its RTP-Info. Only rtsp_relay.c needs it.
 * Pure.
 */
void rtsp_play_note(struct relay *r, const struct rtsp_piece *m);

#endif
