#ifndef PROTO_MSG_LIST_H
#define PROTO_MSG_LIST_H

/* clang-format off */
/* The protocol is this list: what may be said, by whom, with which fields. F(S, type, name, need),
 * S being the message itself for those who expand it.
 * Times are in ms, counters since the worker started, sizes in bytes, ratios 0 to 1. */

/* Where the pictures come from. Sent after hello and whenever the stream is another one. */
#define MSG_FIELDS_source(F, S) \
	F(S, STR, url, REQUIRED) /* with the newest token; secret */ \
	F(S, STR, url2, OPTIONAL) /* tried when that fails, and the next when this one does; secrets */ \
	F(S, STR, url3, OPTIONAL) \
	F(S, STR, url4, OPTIONAL) \
	F(S, STR, substream, OPTIONAL) /* taken while the path does not carry the main stream; secret */ \
	F(S, INT, url_return_ms, OPTIONAL) /* how often the first is asked for meanwhile; 0: never */ \
	F(S, STR, transport, OPTIONAL) /* of RTP: auto, tcp, udp; absent: auto */ \
	F(S, STR, ca_file, OPTIONAL) /* instead of the system's */ \
	F(S, BOOL, tls_verify, REQUIRED) \
	F(S, INT, stall_ms, REQUIRED) /* no packet for so long: reconnect */ \
	F(S, BOOL, publish, REQUIRED) /* outputs > 0, for a worker that knows of one output only */ \
	F(S, INT, outputs, OPTIONAL) /* offers are wanted for so many; see msg_source_outputs */ \
	F(S, BOOL, sound, OPTIONAL) /* the camera's sound is wanted; absent: no */ \
	F(S, STR, gop_replay, OPTIONAL) /* auto, on, off; absent: auto */ \
	F(S, STR, bframes, OPTIONAL) /* pass, drop, refuse; absent: pass */ \
	F(S, INT, two_tracks, OPTIONAL) /* bit i: output i takes no offer without an audio track */

/* The stream was extended: the token for the next reconnect. The running connection stays. */
#define MSG_FIELDS_extended(F, S) F(S, STR, url, REQUIRED)

/* The far end's answer to the offer of that number. `output`, here and below, counts a camera's
 * outputs from 0; each has a connection and numbers of offers of its own. */
#define MSG_FIELDS_answer(F, S) \
	F(S, INT, output, OPTIONAL) \
	F(S, INT, offer, REQUIRED) \
	F(S, STR, sdp, REQUIRED) \
	F(S, STR, receiver, OPTIONAL) /* whose it is, for people */

/* That offer came to nothing: make another one. */
#define MSG_FIELDS_publish_failed(F, S) \
	F(S, INT, output, OPTIONAL) \
	F(S, INT, offer, REQUIRED) \
	F(S, STR, reason, REQUIRED)

/* Record, and where. Sent after hello and whenever it is otherwise. */
#define MSG_FIELDS_record(F, S) \
	F(S, STR, dir, OPTIONAL) /* the camera's folder; absent: do not record */ \
	F(S, INT, min_free_percent, REQUIRED) /* of the disk: with less, stop */

/* The newest picture that stands for itself, as a JPEG file. Answered by snapshot_done. */
#define MSG_FIELDS_snapshot(F, S) \
	F(S, INT, id, REQUIRED) \
	F(S, STR, file, REQUIRED)

/* What counts as trouble: the thresholds that operators may set. Sent after hello and whenever they
 * are others. */
#define MSG_FIELDS_watch(F, S) \
	F(S, INT, offline_after, REQUIRED) /* failed tries, after which the camera is OFFLINE */ \
	F(S, INT, offline_retry_ms, REQUIRED) /* pause between the tries from then on */ \
	F(S, INT, low_fps_percent, REQUIRED) /* of the camera's own usual rate */ \
	F(S, INT, high_loss_percent, REQUIRED) /* of the packets, as the far end reports */ \
	F(S, INT, frozen_ms, REQUIRED) /* the same picture again for so long */

#define MSG_FIELDS_stop(F, S)
#define MSG_FIELDS_ping(F, S) F(S, INT, id, REQUIRED)

/* The first word: who I am. */
#define MSG_FIELDS_hello(F, S) F(S, STR, version, REQUIRED)

/* An SDP offer for a new session. Numbers grow; only an output's newest counts. */
#define MSG_FIELDS_offer(F, S) \
	F(S, INT, output, OPTIONAL) \
	F(S, INT, offer, REQUIRED) \
	F(S, STR, sdp, REQUIRED) \
	F(S, STR, video_mid, REQUIRED) \
	F(S, STR, audio_mid, OPTIONAL)

/* What the worker is doing, each time it changes. The *_ms say how long each phase of the last
 * start took, 0 while unknown. */
#define MSG_FIELDS_state(F, S) \
	F(S, STR, phase, REQUIRED) /* session_phase_name(): idle, opening, publishing, running, ... */ \
	F(S, STR, health, REQUIRED) /* HEALTHY, DEGRADED, OFFLINE, RECONNECTING */ \
	F(S, STR, reason, OPTIONAL) /* why it is not running or not healthy, for people */ \
	F(S, INT, silence_ms, OPTIONAL) /* since the last picture, if there was any */ \
	F(S, INT, output, OPTIONAL) /* whose connection is up, and of which the times are */ \
	F(S, INT, offer, REQUIRED) /* the offer whose connection is up, 0 for none */ \
	F(S, INT, url_number, OPTIONAL) /* which URL of source is in use: 1, 2 ...; 0: none yet */ \
	F(S, INT, reconnects, REQUIRED) \
	F(S, INT, rtsp_ms, REQUIRED) \
	F(S, INT, offer_ms, REQUIRED) \
	F(S, INT, answer_ms, REQUIRED) \
	F(S, INT, ice_ms, REQUIRED) \
	F(S, INT, dtls_ms, REQUIRED) \
	F(S, INT, first_packet_ms, REQUIRED)

/* What became of one output, each time it changes. */
#define MSG_FIELDS_output(F, S) \
	F(S, INT, output, REQUIRED) \
	F(S, INT, offer, REQUIRED) /* the newest of that output */ \
	F(S, STR, state, REQUIRED) /* connecting (from the answer on), sending, failed */ \
	F(S, STR, reason, OPTIONAL) /* why it failed, for people */

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

/* The camera server no longer takes this stream. */
#define MSG_FIELDS_refused(F, S) \
	F(S, INT, rtsp_status, REQUIRED) /* 0: not by a status */ \
	F(S, STR, reason, REQUIRED)

/* Something for the log and for `camctl events` that is neither state nor number. */
#define MSG_FIELDS_event(F, S) \
	F(S, STR, event, REQUIRED) \
	F(S, STR, text, OPTIONAL)

/* What has become of the recording, each time something has. */
#define MSG_FIELDS_recording(F, S) \
	F(S, STR, state, REQUIRED) /* recorder_state_text(): off, waiting, recording, ... */ \
	F(S, STR, why, OPTIONAL) /* why it is not recording, for people */ \
	F(S, INT, bytes, REQUIRED) \
	F(S, INT, segments, REQUIRED) \
	F(S, INT, gaps, REQUIRED) \
	F(S, INT, dropped, REQUIRED) /* access units that the disk was too slow for */

#define MSG_FIELDS_snapshot_done(F, S) \
	F(S, INT, id, REQUIRED) \
	F(S, INT, width, REQUIRED) \
	F(S, INT, height, REQUIRED) \
	F(S, INT, age_ms, REQUIRED) /* of the picture */ \
	F(S, STR, error, OPTIONAL) /* why there is no file, for people */

#define MSG_FIELDS_pong(F, S) F(S, INT, id, REQUIRED)

/* The answer to a message that was not understood. */
#define MSG_FIELDS_error(F, S) F(S, STR, reason, REQUIRED)

#define MSG_LIST(M) \
	M(SOURCE, source, MSG_BY_SUPERVISOR) \
	M(EXTENDED, extended, MSG_BY_SUPERVISOR) \
	M(ANSWER, answer, MSG_BY_SUPERVISOR) \
	M(PUBLISH_FAILED, publish_failed, MSG_BY_SUPERVISOR) \
	M(RECORD, record, MSG_BY_SUPERVISOR) \
	M(SNAPSHOT, snapshot, MSG_BY_SUPERVISOR) \
	M(WATCH, watch, MSG_BY_SUPERVISOR) \
	M(STOP, stop, MSG_BY_SUPERVISOR) \
	M(PING, ping, MSG_BY_SUPERVISOR) \
	M(HELLO, hello, MSG_BY_WORKER) \
	M(OFFER, offer, MSG_BY_WORKER) \
	M(STATE, state, MSG_BY_WORKER) \
	M(OUTPUT, output, MSG_BY_WORKER) \
	M(STATS, stats, MSG_BY_WORKER) \
	M(REFUSED, refused, MSG_BY_WORKER) \
	M(EVENT, event, MSG_BY_WORKER) \
	M(RECORDING, recording, MSG_BY_WORKER) \
	M(SNAPSHOT_DONE, snapshot_done, MSG_BY_WORKER) \
	M(PONG, pong, MSG_BY_WORKER) \
	M(ERROR, error, MSG_BY_WORKER)
/* clang-format on */

#endif
