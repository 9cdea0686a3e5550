#ifndef WORKER_MEDIA_H
#define WORKER_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/output.h"
#include "worker/pictures.h"
#include "worker/sound.h"
#include "worker/source.h"

typedef struct _GMainContext GMainContext;
struct peer;

/* The media's way through the worker: from the source to every output. Each connection to the
 * camera runs on a thread of its own, the media thread; everything else here is called on the loop
 * thread, where the events come too. */
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

/* Outputs are numbered from 0. */
#define MEDIA_OUTPUTS_MAX 4
/* How often sound that is missing is made up for. */
#define MEDIA_SILENCE_MS 100

/* Whether a viewer who comes in mid-GOP is shown it at once, at the price of a jump for those who
 * watch already. AUTO: if a GOP is longer than MEDIA_REPLAY_GOP_MS. */
enum media_replay { MEDIA_REPLAY_AUTO, MEDIA_REPLAY_ON, MEDIA_REPLAY_OFF };
#define MEDIA_REPLAY_GOP_MS 1000

struct media_config {
	GMainContext *loop; /* where events come */
	const char *camera; /* for the log, lent */
	struct output_ids ids;
	struct media_events events;
	struct tap tap; /* who hears of sound and pictures beside the outputs */
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

void media_set_replay(struct media *m, enum media_replay replay);

/* With NAL_STREAM_B_REFUSE a connection that brings B pictures ends with ERR_UNSUPPORTED, as any
 * does whose pictures viewers cannot begin with. */
void media_set_b(struct media *m, enum nal_stream_b policy);

/* As sound_offer. */
struct sound_offer media_sound_offer(struct media *m, bool silence);

/* The media go to this peer too from now on, as output i, which is free. The peer must be connected
 * (PEER_DTLS). */
void media_attach(struct media *m, unsigned i, struct peer *peer);

/* And from now on no more: the receiver is told, and when it returns no other thread uses the peer.
 * Harmless if output i is free. */
void media_detach(struct media *m, unsigned i);

/* What the peer of output i says by RTCP, decrypted. */
void media_on_rtcp(struct media *m, unsigned i, const uint8_t *bytes, size_t len);

/* Sends sender reports to all. */
void media_send_reports(struct media *m);

struct media_stats {
	struct pictures_stats pictures;
	int64_t packets_in;       /* RTP from the camera, sound included */
	struct output_stats sent; /* by all outputs, those that are gone included */
	bool has_sound;           /* of the camera; else the next is not valid */
	struct audio_stats sound;
};

/* Once a second: fps and bitrate are those since the last call. */
void media_stats(struct media *m, struct media_stats *out);

/* What the pictures are, as pictures_codec and pictures_describe, at one moment. While there are
 * pictures, or later. */
const struct video_codec *media_describe(struct media *m, char *fmtp, size_t size);

/* Closes, waits for the thread (source_interrupt: within 100 ms), frees. NULL is fine. */
void media_free(struct media *m);

#endif
