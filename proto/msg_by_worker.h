#ifndef PROTO_MSG_BY_WORKER_H
#define PROTO_MSG_BY_WORKER_H

/* clang-format off */
/* What a worker says to the supervisor; how to read it is in msg.h, and what it measures, stats, in
 * msg_stats.h. */

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
	F(S, STR, phase, REQUIRED) /* as camctl shows it: opening, publishing, running, ... */ \
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

#define MSG_LIST_BY_WORKER(M) \
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
