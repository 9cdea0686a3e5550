/* sound.c - a camera's sound in the forms that receivers take.
 * Owns the transcoder and the clocks of both forms. Media thread, and the loop thread for silence.
 */
#include "worker/sound.h"
#include "common/xmalloc.h"
#include "worker/rtp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A step of the camera's timestamps that is further off than this from the time that passed was
 * none: it was opened again. */
#define JUMP_US 500000
#define US 1000000
/* A packet of silence for each so long without sound, of what is handed on: the SFU lets nobody
 * pull a track that has had no packet, and forgets one after 30 s without
 * (docs/sources.md). Opus' own silence (DTX) has a packet in 400 ms. */
#define SILENCE_US 1000000

/* Where a form's timestamps are. */
struct line {
	bool running;
	bool filled; /* the newest packet is silence of ours */
	uint32_t clock_hz;
	uint32_t timestamp; /* of the newest packet */
	int64_t at_us;      /* when that was sampled */
	int64_t came_us;    /* and when it came; 0: none was waited for yet */
	uint32_t source;    /* the camera's own timestamp of it; of what is handed on as it came */
};

struct sound {
	sound_emit *emit;
	void *arg;
	uint32_t offset;        /* of the timestamps of Opus that is made here */
	bool made;              /* the newest packet of Opus was */
	enum audio_codec codec; /* of this connection; AUDIO_SILENCE: it has no sound */
	struct audio *audio;    /* NULL until there is something to encode */
	struct line opus;
	struct line g711;
};

static const struct {
	const char *name;
	uint8_t pt; /* RFC 3551 table 4 */
} g711[] = { [AUDIO_PCMU] = { "PCMU", 0 }, [AUDIO_PCMA] = { "PCMA", 8 } };

static bool
is_g711(enum audio_codec codec)
{
	return codec == AUDIO_PCMU || codec == AUDIO_PCMA;
}

struct sound *
sound_new(uint32_t offset, sound_emit *emit, void *arg)
{
	struct sound *s = xcalloc(1, sizeof(*s));

	*s = (struct sound){ .emit = emit,
		.arg = arg,
		.offset = offset,
		.opus = { .clock_hz = SOUND_OPUS_HZ, .timestamp = offset },
		.g711 = { .clock_hz = SOUND_G711_HZ, .timestamp = offset } };
	return s;
}

void
sound_free(struct sound *s)
{
	if (!s)
		return;
	audio_free(s->audio);
	free(s);
}

/* ---- Opus that is made here ------------------------------------------------------------------ */

/* Where there was Opus as it came, what is made goes on by the time that passed. */
static void
join(struct sound *s, const struct audio_packet *packet)
{
	const int64_t passed_us = packet->at_us - s->opus.at_us;
	const int64_t step = passed_us > 0 ? passed_us * SOUND_OPUS_HZ / US : 1;

	if (s->opus.running)
		s->offset = s->opus.timestamp + (uint32_t)step - packet->timestamp;
	s->made = s->opus.running = true;
}

static void
on_packet(const struct audio_packet *packet, void *arg)
{
	struct sound *s = arg;

	if (!s->made)
		join(s, packet);
	s->opus.timestamp = packet->timestamp + s->offset;
	s->opus.at_us = packet->at_us;
	s->opus.came_us = 0;
	s->emit(SOUND_OPUS, packet->data, packet->len, s->opus.timestamp, s->arg);
}

static int
open_audio(struct sound *s, const struct audio_format *format, char *why, size_t why_size)
{
	if (s->audio)
		return audio_set_format(s->audio, format, why, why_size);
	return audio_new(&s->audio, format, on_packet, s, why, why_size);
}

int
sound_begin(struct sound *s, const struct audio_format *format, char *why, size_t why_size)
{
	int err = 0;

	s->codec = AUDIO_SILENCE;
	if (format && format->codec != AUDIO_OPUS)
		err = open_audio(s, format, why, why_size);
	if (format && !err)
		s->codec = format->codec;
	return err;
}

bool
sound_comes(const struct sound *s)
{
	return s->codec != AUDIO_SILENCE;
}

struct sound_offer
sound_offer(struct sound *s, bool silence)
{
	const struct audio_format none = { .codec = AUDIO_SILENCE };
	struct sound_offer offer = { 0 };
	char why[100];

	if (s->codec == AUDIO_OPUS) {
		offer.opus_channels = 2; /* RFC 7587 7: who sends one may say two */
		return offer;
	}
	if (!s->audio && silence)
		open_audio(s, &none, why, sizeof(why)); /* without it there is nothing to offer */
	if (s->audio)
		offer.opus_channels = audio_channels(s->audio);
	if (is_g711(s->codec)) {
		offer.as_is = g711[s->codec].name;
		offer.as_is_pt = g711[s->codec].pt;
	}
	return offer;
}

/* ---- sound as it came ------------------------------------------------------------------------ */

/* Steps are the camera's own, but where it began anew, or has been silent. False: it comes too
 * late, there is silence in its place. */
static bool
advance_line(struct line *l, const struct audio_unit *unit)
{
	const int64_t passed_us = unit->at_us - l->at_us;
	int64_t step = (int32_t)(unit->rtp_timestamp - l->source);
	const int64_t off_us = step * US / l->clock_hz - passed_us;

	l->came_us = unit->now_us;
	if (l->filled && passed_us <= 0)
		return false;
	if (l->filled || step <= 0 || off_us > JUMP_US || off_us < -JUMP_US)
		step = passed_us > 0 ? passed_us * l->clock_hz / US : 1;
	if (l->running)
		l->timestamp += (uint32_t)step;
	l->running = true;
	l->filled = false;
	l->source = unit->rtp_timestamp;
	l->at_us = unit->at_us;
	return true;
}

/* Whether silence is due; then the line is where that belongs. */
static bool
fill_line(struct line *l, int64_t now_us)
{
	const int64_t passed_us = now_us - l->came_us;

	if (l->came_us == 0)
		l->came_us = now_us;
	if (l->came_us == now_us || passed_us < SILENCE_US)
		return false;
	if (l->running)
		l->timestamp += (uint32_t)(passed_us * l->clock_hz / US);
	l->at_us = l->running ? l->at_us + passed_us : now_us;
	l->came_us = now_us;
	l->running = l->filled = true;
	return true;
}

static void
fill_opus(struct sound *s, int64_t now_us)
{
	/* RFC 6716 3.1: one frame of 20 ms, CELT at 48 kHz; and all zero. */
	static const uint8_t silence[] = { 0xf8, 0xff, 0xfe };

	if (!fill_line(&s->opus, now_us))
		return;
	s->made = false;
	s->emit(SOUND_OPUS, silence, sizeof(silence), s->opus.timestamp, s->arg);
}

/* ITU-T G.711: the codes of no signal. */
static void
fill_g711(struct sound *s, int64_t now_us)
{
	uint8_t silence[SOUND_G711_HZ / 50];

	memset(silence, s->codec == AUDIO_PCMU ? 0xff : 0xd5, sizeof(silence));
	if (fill_line(&s->g711, now_us))
		s->emit(g711[s->codec].name, silence, sizeof(silence), s->g711.timestamp, s->arg);
}

static bool
hand_on_opus(struct sound *s, const struct audio_unit *unit)
{
	if (unit->len > RTP_PAYLOAD_MAX)
		return false;
	s->opus.filled |= s->made; /* its place is by our clock, too */
	s->made = false;
	if (advance_line(&s->opus, unit))
		s->emit(SOUND_OPUS, unit->data, unit->len, s->opus.timestamp, s->arg);
	return true;
}

/* In pieces if it is long: a byte of G.711 is a tick. */
static void
hand_on_g711(struct sound *s, const struct audio_unit *unit)
{
	if (!advance_line(&s->g711, unit))
		return;
	for (size_t at = 0; at < unit->len; at += RTP_PAYLOAD_MAX) {
		const size_t left = unit->len - at;
		s->emit(g711[s->codec].name, unit->data + at,
			left < RTP_PAYLOAD_MAX ? left : RTP_PAYLOAD_MAX,
			s->g711.timestamp + (uint32_t)at, s->arg);
	}
}

bool
sound_feed(struct sound *s, const struct audio_unit *unit, bool opus)
{
	if (s->codec == AUDIO_OPUS)
		return hand_on_opus(s, unit);
	if (opus)
		audio_feed(s->audio, unit);
	if (is_g711(s->codec))
		hand_on_g711(s, unit);
	return true;
}

void
sound_advance(struct sound *s, int64_t now_us, bool opus)
{
	if (s->codec == AUDIO_OPUS)
		fill_opus(s, now_us);
	else if (s->audio && opus)
		audio_advance(s->audio, now_us);
	if (is_g711(s->codec))
		fill_g711(s, now_us);
}

uint32_t
sound_timestamp(const struct sound *s, uint32_t clock_hz, int64_t now_us)
{
	const struct line *l = clock_hz == SOUND_G711_HZ ? &s->g711 : &s->opus;

	return l->timestamp + (uint32_t)((now_us - l->at_us) * l->clock_hz / US);
}

struct audio_stats
sound_stats(const struct sound *s)
{
	return s->audio ? audio_stats(s->audio) : (struct audio_stats){ 0 };
}
