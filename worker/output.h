#ifndef WORKER_OUTPUT_H
#define WORKER_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/path_watch.h" /* struct path_state */

struct history;
struct peer;

/* One receiver's copy of a camera's media: the pictures' packets are in the history, once for all;
 * an output goes through them at its own pace, gives them its own numbers, sends again what its
 * receiver missed, and goes back to the start of the GOP for one who came late. Sound passes
 * through. A slow or dead receiver falls behind and harms no other. No locks: the owner sees to it
 * that one thread at a time is inside. */
struct output;

/* What is not sent at once is sent in steps of so long. */
#define OUTPUT_PACE_MS 5
/* At least so much goes at once, which is an IDR picture of a 2 Mbit/s camera; the rest of a larger
 * one, or of a GOP, follows at no less than OUTPUT_PACE_RATE, and so that it is all sent in
 * OUTPUT_CATCH_UP_MS, or OUTPUT_REPLAY_MS. Queues on the way hold some 100 packets. */
#define OUTPUT_BURST_BYTES (64 * 1024)
#define OUTPUT_PACE_RATE 2500000 /* bytes per second */
#define OUTPUT_CATCH_UP_MS 100
#define OUTPUT_REPLAY_MS 200
/* While it catches up, a step that comes late makes up for no more than so many. */
#define OUTPUT_STEPS_MAX 2
/* Requests for a key frame that come so soon after a replay are of those it was for: Chromium asks
 * each 200 ms until it has one. Requests that go on, as on a path that loses packets, are answered
 * more and more rarely, up to the second; after the third without any it is as at first. */
#define OUTPUT_REPLAY_PAUSE_MS 400
#define OUTPUT_REPLAY_PAUSE_MAX_MS 6400
#define OUTPUT_REPLAY_CALM_MS 10000

/* A receiver may agree to retransmissions by RTX (RFC 4588) and not look at them: Pion 3.1 takes
 * them into its answer and throws them away. So what is asked for again is sent as it was; and all
 * is, at once, if of this many retransmissions, since the round trip is known, three in four were
 * asked for again. */
#define OUTPUT_RTX_TRIALS 16
/* Who the streams are: the same for every receiver. */
struct output_ids {
	uint32_t video_ssrc;
	uint32_t audio_ssrc;
	uint32_t rtx_ssrc; /* of retransmitted pictures */
	const char *cname; /* lent */
};

struct output_config {
	struct peer *peer; /* connected (PEER_DTLS); lent, as the history */
	const struct history *history;
	struct output_ids ids;
	uint16_t first_seq; /* drawn, below 2^15: RFC 3711 3.3.1 */
};

/* Begins with the newest GOP, as far as it is kept. Never NULL: out of memory aborts. */
struct output *output_new(const struct output_config *config);
void output_free(struct output *o);

/* Sends what of the history may be sent now. True if that is not all: call again in
 * OUTPUT_PACE_MS. */
bool output_run(struct output *o, int64_t now_us);

/* True if the receiver takes pictures of that codec. */
bool output_takes(const struct output *o, const char *codec);

/* True if the receiver takes sound; */
bool output_wants_sound(const struct output *o);
/* and if it takes it as Opus. */
bool output_wants_opus(const struct output *o);

/* Sends one packet of sound, of at most RTP_PAYLOAD_MAX bytes; no effect if the receiver does not
 * take sound of that codec. */
void output_sound(struct output *o, const char *codec, const uint8_t *payload, size_t len,
	uint32_t timestamp, int64_t now_us);

/* One moment on all clocks. */
struct output_moment {
	int64_t now_us; /* monotonic */
	int64_t wall_us;
	uint32_t video_timestamp;
	uint32_t opus_timestamp; /* of the receiver's sound, by its codec */
	uint32_t g711_timestamp;
};

/* Sends sender reports; bye: the last ones. */
void output_report(struct output *o, const struct output_moment *now, bool bye);

/* What the receiver says by RTCP, decrypted. replay: its wish for a key frame may be fulfilled.
 * Then, and after NACKs, output_run is due. Returns as rtcp_parse does. */
int output_on_rtcp(struct output *o, const uint8_t *bytes, size_t len,
	const struct output_moment *now, bool replay);

struct output_stats {
	uint64_t packets; /* that the kernel took, as bytes */
	uint64_t bytes;
	uint64_t dropped; /* that it did not take */
	uint64_t nacks;
	uint64_t resent;
	uint32_t plis;
	uint32_t firs;
	uint32_t replays;  /* of GOPs, for those who came late */
	double loss_ratio; /* of the last receiver report */
	double rtt_ms;     /* -1: not known */
	struct path_state path;
};

void output_stats(const struct output *o, struct output_stats *out);

/* Adds a's counters to those of to, and takes its ratios: of an output that is gone, or another. */
void output_stats_add(struct output_stats *to, const struct output_stats *a);

#endif
