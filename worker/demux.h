#ifndef WORKER_DEMUX_H
#define WORKER_DEMUX_H

#include <stdbool.h>
#include <stdint.h>

#include "worker/relay_packet.h"
#include "worker/source_unit.h"

struct relay_track;
struct video_codec;

/* A camera's packets to what is in them: NAL units and access units of sound, on one timeline.
 * Pure. */
struct demux;

/* Never NULL. */
struct demux *demux_new(void);
void demux_free(struct demux *d); /* NULL is fine */

/* What the camera's pictures are. Before anything is fed. */
void demux_open_pictures(struct demux *d, const struct video_codec *codec);

/* The camera has that track of sound. What cannot be used is left out. */
void demux_open_sound(struct demux *d, const struct relay_track *track);

/* The camera answered the SETUP of its sound with that status: there is none. */
void demux_refuse_sound(struct demux *d, int status);

/* The camera says that the play begins with these RTP timestamps, which are of one moment; after
 * demux_open_sound, before the first packet. */
void demux_start(struct demux *d, enum relay_media media, uint32_t rtp_timestamp);

/* As source_sound. */
const struct audio_format *demux_sound(const struct demux *d, const char **why);

/* Lends a packet until demux_next has returned false; changes it. */
void demux_feed(struct demux *d, const struct relay_packet *p, int64_t arrived_us);

/* The next unit, lent until the next call; false: feed more. */
bool demux_next(struct demux *d, struct source_unit *out);

#endif
