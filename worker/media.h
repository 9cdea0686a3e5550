#ifndef WORKER_MEDIA_H
#define WORKER_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/h264_stream.h"
#include "worker/quality.h"
#include "worker/source.h"

typedef struct _GMainContext GMainContext;
struct peer;

/* The pictures' way through the worker: source, H.264 filter, packetizer, history, peer. Each
 * connection to the camera runs on a thread of its own, the media thread; everything else here is
 * called on the loop thread, where the events come too. */
struct media;

struct media_events {
	/* RTSP plays; took_us is the time since media_open. */
	void (*on_opened)(void *arg, int64_t took_us);
	/* The first picture of this connection that a viewer could begin with. */
	void (*on_pictures)(void *arg);
	/* The connection ended, and media_open may be called again. error is lent; ERR_CLOSED if
	 * media_close asked for it. Once for each media_open. */
	void (*on_ended)(void *arg, const struct source_error *error);
	void *arg;
};

/* Who else hears of the stream, on the media thread: may not block. */
struct media_tap {
	/* A NAL unit as viewers get it, with its picture's RTP timestamp, and about when that is
	 * on clock_now_us()'s clock. */
	void (*on_nal)(void *arg, const struct h264_nal *nal, uint32_t timestamp, int64_t about_us);
	/* Something is missing from here to the next IDR picture. */
	void (*on_gap)(void *arg);
	void *arg;
};

struct media_config {
	GMainContext *loop; /* where events come */
	uint32_t ssrc;
	uint8_t pt;
	const char *camera; /* for the log, lent */
	const char *cname;  /* lent */
	struct media_events events;
	struct media_tap tap; /* all zero: nobody */
};

/* Never NULL. */
struct media *media_new(const struct media_config *config);

/* Opens the source on a new thread. Only before the first and after an on_ended. */
void media_open(struct media *m, const struct source_config *source);

/* True if the media thread does not come back from the source though it should have long since: a
 * fault in this program or its libraries. Nothing but the process's end helps: the thread cannot be
 * joined. */
bool media_hangs(struct media *m);

/* Ends the connection; on_ended follows. Harmless if there is none. */
void media_close(struct media *m);

/* Packets go to this peer from now on; NULL: to nobody. When it returns no other thread uses the
 * former one. It must be connected (PEER_DTLS). */
void media_set_peer(struct media *m, struct peer *peer);

/* What the peer says by RTCP, decrypted: NACKs are answered here. */
void media_on_rtcp(struct media *m, const uint8_t *bytes, size_t len);

/* Sends a sender report; bye: the last one. */
void media_send_report(struct media *m, bool bye);

struct media_stats {
	struct quality_snapshot quality;
	unsigned width, height;
	char profile_level_id[7]; /* "" before a parameter set is known */
	uint32_t parameter_changes;
	uint64_t packets;
	uint64_t bytes;
	uint64_t dropped;
	uint64_t nacks;
	uint64_t resent;
	uint32_t plis;
	uint32_t firs;
	double loss_ratio; /* of the last receiver report */
	double rtt_ms;     /* -1: not known */
};

/* Once a second: fps and bitrate are those since the last call. */
void media_stats(struct media *m, struct media_stats *out);

/* "4d001f", the stream's own, or "" while it is unknown. */
void media_profile(struct media *m, char out[7]);

/* Closes, waits for the thread (source_interrupt: within 100 ms), frees. NULL is fine. */
void media_free(struct media *m);

#endif
