/* aac_config.c - AudioSpecificConfig: what AAC is before it is decoded. Section and table numbers
 * are those of ISO/IEC 14496-3:2019. Pure, any thread. */
#include "common/err.h"
#include "worker/aac_config.h"
#include "worker/bits.h"

/* Audio object types, table 1.17. */
#define TYPE_MAIN 1
#define TYPE_LTP 4
#define TYPE_SBR 5
#define TYPE_SCALABLE 6
#define TYPE_ER_LC 17
#define TYPE_ER_LTP 19
#define TYPE_ER_SCALABLE 20
#define TYPE_LD 23
#define TYPE_PS 29
#define TYPE_ESCAPE 31
#define TYPE_ELD 39
/* 1.6.3.4: the rate itself follows. */
#define RATE_ESCAPE 15
#define RATE_MIN_HZ 7350
#define RATE_MAX_HZ 96000

/* Table 1.18. */
static const unsigned rates[] = { 96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000,
	12000, 11025, 8000, 7350 };
#define RATES (sizeof(rates) / sizeof(rates[0]))

/* Table 1.19; 0: reserved, or (the first) told by a program_config_element. */
static const uint8_t channels[16] = { 0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8, 0 };

/* GetAudioObjectType, table 1.16. */
static unsigned
take_type(struct bits *b)
{
	const unsigned type = bits_take(b, 5);

	return type == TYPE_ESCAPE ? 32 + bits_take(b, 6) : type;
}

/* 0: none. */
static unsigned
take_rate(struct bits *b)
{
	const unsigned index = bits_take(b, 4);

	if (index == RATE_ESCAPE)
		return bits_take(b, 24);
	return index < RATES ? rates[index] : 0;
}

/* Of so many elements, each of one channel or a pair. */
static unsigned
take_elements(struct bits *b, unsigned count)
{
	unsigned sum = 0;

	for (; count > 0; count--) {
		sum += 1 + bits_take(b, 1);
		bits_take(b, 4);
	}
	return sum;
}

/* program_config_element, table 4.2, as far as its channels: front, side and back, and LFE. */
static unsigned
take_program(struct bits *b)
{
	bits_take(b, 4 + 2 + 4);
	unsigned count = bits_take(b, 4);
	count += bits_take(b, 4);
	count += bits_take(b, 4);
	const unsigned lfe = bits_take(b, 2);
	bits_take(b, 3 + 4);
	for (int i = 0; i < 2; i++) /* mono and stereo mixdown */
		if (bits_take(b, 1))
			bits_take(b, 4);
	if (bits_take(b, 1)) /* matrix mixdown */
		bits_take(b, 3);
	return take_elements(b, count) + lfe;
}

/* 4.1.1, 4.6.20: a frame of the two low delay codecs is half as long. */
static unsigned
frame_samples(unsigned type, bool is_short)
{
	if (type == TYPE_LD || type == TYPE_ELD)
		return is_short ? 480 : 512;
	return is_short ? 960 : 1024;
}

/* GASpecificConfig, table 4.1, and the start of ELDSpecificConfig, table 4.180. */
static void
read_specific(struct bits *b, unsigned type, unsigned configuration, struct aac_config *out)
{
	out->frame_samples = frame_samples(type, bits_take(b, 1));
	out->channels = channels[configuration];
	if (configuration || type == TYPE_ELD)
		return;
	if (bits_take(b, 1)) /* dependsOnCoreCoder */
		bits_take(b, 14);
	bits_take(b, 1); /* extensionFlag */
	out->channels = take_program(b);
}

static bool
is_aac(unsigned type)
{
	return (type >= TYPE_MAIN && type <= TYPE_LTP) || type == TYPE_SCALABLE ||
	       type == TYPE_ER_LC || type == TYPE_ER_LTP || type == TYPE_ER_SCALABLE ||
	       type == TYPE_LD || type == TYPE_ELD;
}

int
aac_config_parse(const uint8_t *bytes, size_t len, struct aac_config *out)
{
	struct bits b = { .bytes = bytes, .end = 8 * len };
	unsigned type = take_type(&b);

	*out = (struct aac_config){ .rate_hz = take_rate(&b) };
	const unsigned configuration = bits_take(&b, 4);
	if (type == TYPE_SBR || type == TYPE_PS) {
		take_rate(&b); /* of what SBR makes of it */
		type = take_type(&b);
	}
	if (!is_aac(type))
		return b.over ? ERR_PARSE : ERR_UNSUPPORTED;
	read_specific(&b, type, configuration, out);
	if (b.over)
		return ERR_PARSE;
	if (out->rate_hz < RATE_MIN_HZ || out->rate_hz > RATE_MAX_HZ || !out->channels)
		return ERR_UNSUPPORTED;
	return 0;
}
