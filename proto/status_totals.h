#ifndef PROTO_STATUS_TOTALS_H
#define PROTO_STATUS_TOTALS_H

#include <stdint.h>

/* A part of the snapshot (status.h). A camera's counters since camrelayd began: over the deaths of
 * its workers, as all that is media is counted by them from 0. */
struct status_totals {
	int64_t frames, keyframes, bytes_in, packets_in, gaps, late, b_frames, b_dropped;
	int64_t packets, bytes, dropped, nacks, resent, plis, firs, replays, reconnects;
	int64_t sound_packets, sound_silence_ms;
	int64_t recorded_bytes, recorded_segments, recording_gaps, recording_dropped;
	int64_t cpu_ms; /* of the workers */
};

#endif
