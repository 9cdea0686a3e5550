#ifndef PROTO_MSG_STATS_H
#define PROTO_MSG_STATS_H

/* clang-format off */
/* What a worker measures of a camera's stream, of what it sends, of the path and of the sound; how to
 * read it is in msg.h. */
#define MSG_FIELDS_stats(F, S) \
	F(S, INT, width, REQUIRED) \
	F(S, INT, height, REQUIRED) \
	F(S, REAL, fps, REQUIRED) \
	F(S, INT, bitrate, REQUIRED) /* bit/s of video received from the camera */ \
	F(S, INT, gop_frames, REQUIRED) \
	F(S, INT, gop_ms, REQUIRED) \
	F(S, INT, keyframe_age_ms, REQUIRED) \
	F(S, REAL, jitter_ms, REQUIRED) \
	F(S, INT, frames, REQUIRED) \
	F(S, INT, gaps, REQUIRED) \
	F(S, INT, late, REQUIRED) \
	F(S, INT, packets, REQUIRED) /* RTP sent to the SFU, without resends */ \
	F(S, INT, bytes, REQUIRED) \
	F(S, INT, dropped, REQUIRED) /* RTP that could not be sent */ \
	F(S, INT, nacks, REQUIRED) /* sequence numbers asked for again */ \
	F(S, INT, resent, REQUIRED) \
	F(S, INT, plis, REQUIRED) \
	F(S, INT, firs, REQUIRED) \
	F(S, REAL, path_loss, OPTIONAL) /* of the last second, by transport-wide feedback, as the next two */ \
	F(S, REAL, path_queue_ms, OPTIONAL) /* packets wait so much longer than the quickest */ \
	F(S, INT, path_bitrate, OPTIONAL) /* bit/s that arrived; 0: no feedback */ \
	F(S, INT, replays, OPTIONAL) /* GOPs sent once more, for viewers who came late */ \
	F(S, INT, b_frames, OPTIONAL) /* slices of B pictures: viewers stutter */ \
	F(S, INT, b_dropped, OPTIONAL) /* of these: left out */ \
	F(S, INT, frozen_ms, OPTIONAL) /* the same access unit again and again, 0: no */ \
	F(S, INT, sound_packets, OPTIONAL) /* made of the camera's sound, silence included */ \
	F(S, REAL, sound_level, OPTIONAL) /* dBFS of the last second; 0: no sound */ \
	F(S, REAL, sound_drift, OPTIONAL) /* ppm that the camera's sound clock is fast */ \
	F(S, INT, sound_silence_ms, OPTIONAL) /* put in where sound was missing */ \
	F(S, INT, keyframes, OPTIONAL) /* of the camera, as the next */ \
	F(S, INT, bytes_in, OPTIONAL) /* of its pictures' NAL units */ \
	F(S, INT, packets_in, OPTIONAL) /* RTP from it, sound included */ \
	F(S, REAL, loss_ratio, REQUIRED) /* as the far end last reported */ \
	F(S, REAL, rtt_ms, REQUIRED)
/* clang-format on */

#endif
