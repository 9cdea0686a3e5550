#ifndef SUPERVISOR_VIEWER_TRACKS_H
#define SUPERVISOR_VIEWER_TRACKS_H

#include <stdbool.h>
#include <stddef.h>

#include "supervisor/sfu.h"

/* Which of a camera's tracks a viewer gets. Pure. */

/* What a viewer has room for. */
struct viewer_room {
	bool audio;
	bool video;
};

/* Of a WHEP player's offer, whatever the text is: a kind that an m-section of it receives. */
struct viewer_room viewer_room_read(const char *sdp);

/* Copies those of tracks that there is room for to out, which holds count. Returns how many. */
size_t viewer_tracks_fit(const struct viewer_room *room, const struct sfu_track *tracks,
	size_t count, struct sfu_track *out);

/* Likewise those of tracks whose names are among the others. */
size_t viewer_tracks_common(const struct sfu_track *tracks, size_t count,
	const struct sfu_track *others, size_t other_count, struct sfu_track *out);

#endif
