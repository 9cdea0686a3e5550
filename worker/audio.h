#ifndef WORKER_AUDIO_H
#define WORKER_AUDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An RTP packet is no longer, by UDP nor interleaved (RFC 2326 10.12). L16 of two channels at 48
 * kHz has 10 kB in 50 ms. */
#define AUDIO_UNIT_MAX 65535
/* Of digital silence, and before anything was measured. */
#define AUDIO_LEVEL_MIN_DBFS (-127.0)

enum audio_codec {
	AUDIO_SILENCE, /* no sound comes: for a receiver that demands a track */
	AUDIO_AAC,
	AUDIO_PCMU, /* 8 kHz, one channel */
	AUDIO_PCMA,
	AUDIO_PCMU_AT, /* at another rate: RFC 3551 4.5.14 allows any, receivers take none */
	AUDIO_PCMA_AT,
	AUDIO_L16,  /* 16 bits, the higher byte first */
	AUDIO_OPUS, /* handed on as it is: audio_new refuses it */
};

struct audio_format {
	enum audio_codec codec;
	const uint8_t *config; /* AudioSpecificConfig of AAC; lent for the call */
	size_t config_len;
	unsigned rate_hz;  /* of the three with any rate */
	unsigned channels; /* of these: 1 or 2 */
};

/* Samples of any kind, which neither receivers nor files take as they are but for G.711. */
bool audio_is_pcm(enum audio_codec codec);

/* An access unit, or the payload of a G.711 packet. */
struct audio_unit {
	const uint8_t *data; /* lent for the call */
	size_t len;
	int64_t at_us;          /* of its first sample, by the timeline */
	int64_t now_us;         /* when it came: at_us or later, by the same clock */
	bool gap;               /* something was lost before it */
	uint32_t rtp_timestamp; /* the camera's own, for sound that is handed on */
};

/* 20 ms of Opus. */
struct audio_packet {
	const uint8_t *data; /* lent for the call */
	size_t len;
	uint32_t timestamp; /* 48 kHz, 960 more than the last, but after a standstill; 0 at first */
	/* Of the first sample that a decoder makes of it: the delay of our encoder is taken into
	 * account. It and the timestamp run alike, to the microsecond, for ever: of two packets the
	 * differences are the same. */
	int64_t at_us;
};

struct audio_stats {
	double level_dbfs;  /* RMS of what was sent in the last whole second */
	double drift_ppm;   /* the camera's sound clock is so much faster than ours */
	uint64_t units;     /* decoded */
	uint64_t packets;   /* made */
	uint32_t errors;    /* access units that were broken, or of an impossible time */
	uint32_t joins;     /* times that the sound did not go on where it stopped */
	int64_t silence_ms; /* put in */
	int64_t cut_ms;     /* thrown away since it came too late or twice */
};

/* A camera's sound as Opus, 48 kHz, a packet every 20 ms whatever the camera does: missing sound is
 * silence, late sound is cut, a clock that drifts is followed by resampling. One channel, or two if
 * the camera's config says so, at 32 kbit/s each, with in-band FEC. */
struct audio;

typedef void audio_emit(const struct audio_packet *packet, void *arg);

/* emit is called from within feed and advance only. The encoder starts with the first packet.
 * Returns 0; ERR_UNSUPPORTED and a sentence in why. */
int audio_new(struct audio **out, const struct audio_format *format, audio_emit *emit, void *arg,
	char *why, size_t why_size);
void audio_free(struct audio *a);

/* The camera was opened again, maybe with another format: packets and timestamps go on. Number of
 * channels sent stays. Returns as audio_new, and is then silent until a format is supported. */
int audio_set_format(
	struct audio *a, const struct audio_format *format, char *why, size_t why_size);

/* 1 or 2. */
unsigned audio_channels(const struct audio *a);

void audio_feed(struct audio *a, const struct audio_unit *unit);

/* Puts silence in where sound is overdue: call it every 20 ms or so. Sound counts as overdue a
 * fifth of a second after it usually comes. After a standstill of more than two seconds (a
 * suspended machine) the packets that were not made are left out. */
void audio_advance(struct audio *a, int64_t now_us);

struct audio_stats audio_stats(const struct audio *a);

#endif
