#ifndef WORKER_RELAY_PACKET_H
#define WORKER_RELAY_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which of a camera's tracks are read: one of pictures, one of sound. */
enum relay_media { RELAY_PICTURES, RELAY_SOUND, RELAY_MEDIA };

/* An RTP packet of the camera's, or an RTCP packet that belongs to it. */
struct relay_packet {
	enum relay_media media;
	bool rtcp;
	uint8_t *bytes;
	size_t len;         /* at least 2 */
	int64_t arrived_us; /* of tunnel_read only */
};

#endif
