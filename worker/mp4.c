/* mp4.c - libavformat's MP4 muxer, fragment by fragment.
 * Owns the muxer and the tracks' time scales. Knows no files: bytes go to who asked. Recorder
 * thread. */
#include <errno.h>
#include <libavformat/avformat.h>
#include <stdlib.h>
#include <string.h>

#include "common/xmalloc.h"
#include "worker/aac_config.h"
#include "worker/mp4.h"
#include "worker/opus.h"
#include "worker/video_codec.h"

/* Bytes that the muxer gathers before it writes. */
#define BUFFER_BYTES 65536
#define VIDEO_SCALE 90000
/* Sound this far from where it should be was interrupted. Well above the jitter of arrival. */
#define SOUND_JUMP_US 100000
#define US 1000000

struct mp4 {
	struct mp4_config config;
	AVFormatContext *muxer;
	AVPacket *packet;
	AVStream *video;
	AVStream *sound;   /* NULL: none */
	int64_t video_dts; /* of the last access unit, -1: none yet */
	int64_t sound_pts; /* where the next frame belongs, -1: there was none yet */
	int err;           /* what write returned: the first counts */
	bool dirty;        /* something was added since the last fragment */
};

/* ---- what the sound is ----------------------------------------------------------------------- */

struct sound_format {
	enum AVCodecID codec;
	int rate;
	int channels;
	int frame_samples; /* 0: packets say it themselves */
};

/* An AudioSpecificConfig of the object type that this could be, 9, would be TwinVQ's. */
static bool
is_opus(const uint8_t *bytes, size_t len)
{
	return len == OPUS_HEAD_BYTES && memcmp(bytes, opus_head, OPUS_HEAD_BYTES) == 0;
}

static bool
parse_sound(const uint8_t *bytes, size_t len, struct sound_format *out)
{
	struct aac_config aac;

	*out = (struct sound_format){ .codec = AV_CODEC_ID_OPUS, .rate = OPUS_HZ, .channels = 2 };
	if (is_opus(bytes, len))
		return true;
	if (aac_config_parse(bytes, len, &aac) != 0)
		return false;
	*out = (struct sound_format){ .codec = AV_CODEC_ID_AAC,
		.rate = (int)aac.rate_hz,
		.channels = (int)aac.channels,
		.frame_samples = (int)aac.frame_samples };
	return true;
}

bool
mp4_takes_sound(const uint8_t *sound, size_t len)
{
	struct sound_format format;

	return parse_sound(sound, len, &format);
}

/* ---- setting up ------------------------------------------------------------------------------ */

static int
on_write(void *arg, uint8_t *bytes, int len)
{
	struct mp4 *m = arg;

	if (!m->err)
		m->err = m->config.write(m->config.arg, bytes, (size_t)len);
	return m->err ? AVERROR(-m->err) : len;
}

static void
set_extradata(AVCodecParameters *par, const uint8_t *bytes, size_t len)
{
	par->extradata = av_mallocz(len + AV_INPUT_BUFFER_PADDING_SIZE);
	if (!par->extradata)
		abort();
	memcpy(par->extradata, bytes, len);
	par->extradata_size = (int)len;
}

static AVStream *
add_track(struct mp4 *m, enum AVMediaType type, enum AVCodecID codec, int scale)
{
	AVStream *s = avformat_new_stream(m->muxer, NULL);

	if (!s)
		abort();
	s->codecpar->codec_type = type;
	s->codecpar->codec_id = codec;
	s->time_base = (AVRational){ 1, scale };
	return s;
}

static void
add_video(struct mp4 *m)
{
	const struct mp4_config *c = &m->config;

	const char *name = c->codec->mp4_tag;
	const unsigned tag = MKTAG(name[0], name[1], name[2], name[3]);
	const struct AVCodecTag *const tags[] = { avformat_get_mov_video_tags(), NULL };

	m->video = add_track(m, AVMEDIA_TYPE_VIDEO, av_codec_get_id(tags, tag), VIDEO_SCALE);
	m->video->codecpar->codec_tag = tag;
	m->video->codecpar->width = (int)c->width;
	m->video->codecpar->height = (int)c->height;
	set_extradata(m->video->codecpar, c->sets, c->sets_len);
}

static int
add_sound(struct mp4 *m)
{
	const struct mp4_config *c = &m->config;
	struct sound_format format;

	if (!c->sound)
		return 0;
	if (!parse_sound(c->sound, c->sound_len, &format))
		return -EINVAL;
	m->sound = add_track(m, AVMEDIA_TYPE_AUDIO, format.codec, format.rate);
	m->sound->codecpar->sample_rate = format.rate;
	m->sound->codecpar->frame_size = format.frame_samples;
	av_channel_layout_default(&m->sound->codecpar->ch_layout, format.channels);
	set_extradata(m->sound->codecpar, c->sound, c->sound_len);
	return 0;
}

/* Whoever failed first: the disk, or else the muxer. */
static int
conclude(const struct mp4 *m, int averror)
{
	if (m->err)
		return m->err;
	return averror < 0 ? -EINVAL : 0;
}

static int
write_header(struct mp4 *m)
{
	AVDictionary *options = NULL;

	/* frag_custom: a fragment is what stands between two flushes. frag_discont with
	 * use_editlist 0: its times are those given, also of sound that begins after the pictures.
	 */
	av_dict_set(&options, "movflags",
		"frag_custom+empty_moov+default_base_moof+frag_discont+negative_cts_offsets", 0);
	av_dict_set(&options, "use_editlist", "0", 0);
	int n = avformat_write_header(m->muxer, &options);
	av_dict_free(&options);
	avio_flush(m->muxer->pb);
	return conclude(m, n);
}

static void
open_muxer(struct mp4 *m)
{
	uint8_t *buffer = av_malloc(BUFFER_BYTES);

	m->packet = av_packet_alloc();
	if (!buffer || !m->packet ||
		avformat_alloc_output_context2(&m->muxer, NULL, "mp4", NULL) < 0)
		abort();
	m->muxer->pb = avio_alloc_context(buffer, BUFFER_BYTES, 1, m, NULL, on_write, NULL);
	if (!m->muxer->pb)
		abort();
	m->muxer->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT;
	m->muxer->avoid_negative_ts = 0;
}

int
mp4_new(const struct mp4_config *config, struct mp4 **out)
{
	struct mp4 *m = xcalloc(1, sizeof(*m));

	m->config = *config;
	m->video_dts = m->sound_pts = -1;
	open_muxer(m);
	add_video(m);
	int err = add_sound(m);
	if (!err)
		err = write_header(m);
	if (err) {
		mp4_free(m);
		return err;
	}
	*out = m;
	return 0;
}

void
mp4_free(struct mp4 *m)
{
	if (!m)
		return;
	/* The trailer frees what the muxer holds; nobody wants its bytes. */
	m->err = m->err ? m->err : -ECANCELED;
	if (m->video_dts >= 0 || m->dirty)
		av_write_trailer(m->muxer);
	av_freep(&m->muxer->pb->buffer);
	avio_context_free(&m->muxer->pb);
	avformat_free_context(m->muxer);
	av_packet_free(&m->packet);
	free(m);
}

/* ---- media ----------------------------------------------------------------------------------- */

static int
add(struct mp4 *m, AVStream *track, const uint8_t *bytes, size_t len)
{
	AVPacket *p = m->packet;

	/* Not counted by references: the muxer copies what it keeps. */
	p->data = (uint8_t *)(uintptr_t)bytes;
	p->size = (int)len;
	p->stream_index = track->index;
	int n = av_write_frame(m->muxer, p);
	av_packet_unref(p);
	m->dirty = true;
	return conclude(m, n);
}

int
mp4_video(struct mp4 *m, const struct mp4_picture *p)
{
	int64_t dts = av_rescale(p->decoded_us, VIDEO_SCALE, US);
	int64_t pts = av_rescale(p->shown_us, VIDEO_SCALE, US);

	/* The muxer wants them to grow, and nothing to be shown before it is decoded. */
	if (dts <= m->video_dts)
		dts = m->video_dts + 1;
	int64_t end = av_rescale(p->decoded_us + p->duration_us, VIDEO_SCALE, US);
	m->packet->dts = m->video_dts = dts;
	m->packet->pts = pts > dts ? pts : dts;
	m->packet->duration = end > dts ? end - dts : 1;
	m->packet->flags = p->key ? AV_PKT_FLAG_KEY : 0;
	return add(m, m->video, p->unit, p->len);
}

/* 0: it is no such frame. */
static int64_t
sound_samples(const struct mp4 *m, const uint8_t *frame, size_t len)
{
	const int fixed = m->sound->codecpar->frame_size;

	return fixed ? fixed : (int64_t)opus_samples(frame, len);
}

int
mp4_sound(struct mp4 *m, const uint8_t *frame, size_t len, int64_t at_us)
{
	if (!m->sound || at_us < 0)
		return 0;
	int64_t samples = sound_samples(m, frame, len);
	if (samples == 0)
		return 0;
	int rate = m->sound->codecpar->sample_rate;
	int64_t at = av_rescale(at_us, rate, US);
	int64_t jump = av_rescale(SOUND_JUMP_US, rate, US);
	int64_t pts = m->sound_pts;

	if (pts < 0 || at - pts > jump)
		pts = at;
	else if (pts - at > jump)
		return 0; /* more of it than time has passed */
	m->packet->pts = m->packet->dts = pts;
	m->packet->duration = samples;
	m->packet->flags = AV_PKT_FLAG_KEY;
	m->sound_pts = pts + samples;
	return add(m, m->sound, frame, len);
}

int
mp4_flush(struct mp4 *m)
{
	if (!m->dirty)
		return 0;
	int n = av_write_frame(m->muxer, NULL);
	avio_flush(m->muxer->pb);
	m->dirty = false;
	return conclude(m, n);
}
