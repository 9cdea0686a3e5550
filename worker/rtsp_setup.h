#ifndef WORKER_RTSP_SETUP_H
#define WORKER_RTSP_SETUP_H

#include <stdbool.h>

#include "worker/rtsp_relay.h"

/* How a track's packets shall come: what a relay does with SETUP. Only rtsp_relay.c needs it. Pure.
 */

/* Which media the SETUP under way is for; of a track that we do not read it is none, RELAY_MEDIA.
 */
enum relay_media rtsp_setup_media(const struct relay *r);

#define RTSP_SETUP_TRANSPORT_MAX 64

/* What the request under way asks for instead of libavformat's Transport; NULL: that. */
const char *rtsp_setup_transport(const struct relay *r, char text[RTSP_SETUP_TRANSPORT_MAX]);

/* What libavformat is told in the answer to it: the channels that it asked for. The camera may take
 * others, or the same for two tracks, name none, or send by UDP: libavformat would take its packets
 * for another track's, or none. NULL: the camera has not agreed. */
const char *rtsp_setup_answer(
	const struct relay *r, const struct rtsp_piece *m, char text[RTSP_SETUP_TRANSPORT_MAX]);

/* Writes the message's bytes from `from`, the begin of a line, on: with another Transport (or one,
 * if the message has none) unless that is NULL. */
void rtsp_setup_put(
	const struct rtsp_piece *m, const uint8_t *from, const char *transport, struct fifo *out);

/* True if the camera refuses to send what can be done without: sound, or pictures that are not
 * read. Others are shown without it, so libavformat is told that it will come: rtsp_setup_spare
 * writes that, RTSP_SETUP_ANSWER_MAX bytes at most. */
bool rtsp_setup_is_spared(const struct relay *r, const struct rtsp_piece *m);
#define RTSP_SETUP_ANSWER_MAX 128
void rtsp_setup_spare(struct relay *r, const struct rtsp_piece *m, struct fifo *out);

/* The camera agreed to a SETUP. Returns 0, or ERR_REFUSED: it will send by UDP what it was asked to
 * interleave, or by multicast. */
int rtsp_setup_note(struct relay *r, const struct rtsp_piece *m);

#endif
