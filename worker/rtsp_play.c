/* rtsp_play.c - what a relay learns from the answer to PLAY. Pure. */
#include <string.h>

#include "worker/rtp_info.h"
#include "worker/rtsp_play.h"

/* The track that an entry of RTP-Info is of, the longest control that fits; -1: none. */
static int
find_started(const struct relay *r, const struct rtp_info *info)
{
	size_t longest = 0;
	int found = -1;

	for (size_t i = 0; i < r->track_count; i++) {
		const size_t n = strlen(r->tracks[i].control);
		if (n > longest && rtp_info_is_of(info, r->tracks[i].control)) {
			longest = n;
			found = (int)i;
		}
	}
	return found;
}

void
rtsp_play_note(struct relay *r, const struct rtsp_piece *m)
{
	struct rtp_info infos[RELAY_TRACKS_MAX];
	const size_t count = rtp_info_read(m, infos, RELAY_TRACKS_MAX);

	for (size_t n = count; n > 0; n--) { /* of two entries the first counts */
		const int track = find_started(r, &infos[n - 1]);
		for (int i = 0; i < RELAY_MEDIA; i++) {
			if (track < 0 || r->media[i].channel < 0 || r->media[i].track != track)
				continue;
			r->start[i].known = true;
			r->start[i].timestamp = infos[n - 1].timestamp;
		}
	}
}

bool
relay_start(const struct relay *r, enum relay_media media, uint32_t *timestamp)
{
	*timestamp = r->start[media].timestamp;
	return r->start[media].known;
}
