#ifndef PROTO_MSG_BY_SUPERVISOR_H
#define PROTO_MSG_BY_SUPERVISOR_H

/* clang-format off */
/* What the supervisor says to a worker; how to read it is in msg.h. */

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

#define MSG_LIST_BY_SUPERVISOR(M) \
	M(SOURCE, source, MSG_BY_SUPERVISOR) \
	M(EXTENDED, extended, MSG_BY_SUPERVISOR) \
	M(ANSWER, answer, MSG_BY_SUPERVISOR) \
	M(PUBLISH_FAILED, publish_failed, MSG_BY_SUPERVISOR) \
	M(RECORD, record, MSG_BY_SUPERVISOR) \
	M(SNAPSHOT, snapshot, MSG_BY_SUPERVISOR) \
	M(WATCH, watch, MSG_BY_SUPERVISOR) \
	M(STOP, stop, MSG_BY_SUPERVISOR) \
	M(PING, ping, MSG_BY_SUPERVISOR)
/* clang-format on */

#endif
