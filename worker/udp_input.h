#ifndef WORKER_UDP_INPUT_H
#define WORKER_UDP_INPUT_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "worker/relay_packet.h"

struct relay;

/* RTP and RTCP of one camera by UDP: a pair of ports for pictures and one for sound. Packets come
 * out in order; receiver reports go out, and keep firewalls open. One thread. */
struct udp_input;

#define UDP_INPUT_FDS (2 * RELAY_MEDIA)
/* RFC 3550 6.2 */
#define UDP_INPUT_REPORT_MS 5000

/* camera_fd: the TCP connection to the camera, whose addresses count: we listen on our end's, and
 * what does not come from the other end's is not read. ssrc: ours. NULL if the system gives no
 * sockets. */
struct udp_input *udp_input_new(int camera_fd, uint32_t ssrc);
void udp_input_free(struct udp_input *u);

/* Ours, even; RTCP's is the next. */
uint16_t udp_input_port(const struct udp_input *u, enum relay_media media);

/* Opens what the camera has agreed to since. A packet to each of its ports, if it said them, makes
 * way through a firewall. */
void udp_input_follow(struct udp_input *u, struct relay *r);

/* What to wait for; then reads what is there, as much as is good at once. */
void udp_input_fill(const struct udp_input *u, struct pollfd p[UDP_INPUT_FDS]);
void udp_input_read(struct udp_input *u, const struct pollfd p[UDP_INPUT_FDS]);

/* The next packet, of RTP only those of the track's payload type, lent (for writing too) until the
 * next call here. Returns false if there is none yet. */
bool udp_input_next(struct udp_input *u, struct relay_packet *out);

/* When udp_input_next and udp_input_tick want to be called though nothing came. */
ms_t udp_input_due(const struct udp_input *u);

/* Sends the reports that are due. */
void udp_input_tick(struct udp_input *u);

#endif
