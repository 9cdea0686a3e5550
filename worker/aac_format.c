/* aac_format.c - reads what an SDP says about an AAC track. Pure. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/err.h"
#include "worker/aac_format.h"

/* RFC 3640 names no limit; a longer size, or any longer field, is no camera's. */
#define FIELD_BITS_MAX 32
#define SIZE_BITS_MAX 16
/* ISO 14496-3 1.7.3.1: what stands before the AudioSpecificConfig in a StreamMuxConfig. */
#define MUX_HEAD_BITS 15
/* audioMuxVersion 0, allStreamsSameTimeFraming 1; numSubFrames, numProgram and numLayer 0. */
#define MUX_HEAD_PLAIN 0x2000u

/* A parameter whose value is a number. */
struct number {
	const char *name;
	size_t offset; /* of an unsigned in struct aac_format */
	unsigned long max;
};

#define AT(field) offsetof(struct aac_format, field)
/* clang-format off */
static const struct number numbers[] = {
	{ .name = "sizeLength",             .offset = AT(size_bits),           .max = SIZE_BITS_MAX },
	{ .name = "indexLength",            .offset = AT(index_bits),          .max = FIELD_BITS_MAX },
	{ .name = "indexDeltaLength",       .offset = AT(index_delta_bits),    .max = FIELD_BITS_MAX },
	{ .name = "CTSDeltaLength",         .offset = AT(cts_delta_bits),      .max = FIELD_BITS_MAX },
	{ .name = "DTSDeltaLength",         .offset = AT(dts_delta_bits),      .max = FIELD_BITS_MAX },
	{ .name = "streamStateIndication",  .offset = AT(stream_state_bits),   .max = FIELD_BITS_MAX },
	{ .name = "auxiliaryDataSizeLength",.offset = AT(auxiliary_size_bits), .max = FIELD_BITS_MAX },
	{ .name = "constantSize",           .offset = AT(constant_size),       .max = 8192 },
	{ .name = "constantDuration",       .offset = AT(duration),            .max = 96000 },
};
/* clang-format on */

/* One "name=value" of an fmtp line; a longer value than any that is known is cut, and still longer
 * than that. */
struct parameter {
	char name[32];
	char value[2 * AAC_CONFIG_MAX + 2];
};

/* What is read and why it cannot be. */
struct reading {
	struct aac_format *out;
	bool in_band; /* cpresent=1 */
	char *why;
	size_t why_size;
};

__attribute__((format(printf, 3, 4))) static int
refuse(struct reading *r, int err, const char *sentence, ...)
{
	va_list args;

	va_start(args, sentence);
	vsnprintf(r->why, r->why_size, sentence, args);
	va_end(args);
	return err;
}

static const char *
skip_blanks(const char *at)
{
	while (isspace((unsigned char)*at) || *at == ';')
		at++;
	return at;
}

/* Copies len bytes without blanks at the end, cut to the size of out. */
static void
copy_word(char *out, size_t size, const char *from, size_t len)
{
	while (len > 0 && isspace((unsigned char)from[len - 1]))
		len--;
	len = len < size ? len : size - 1;
	memcpy(out, from, len);
	out[len] = '\0';
}

/* The parameter at *at, which moves behind it. false: there is none. */
static bool
next_parameter(const char **at, struct parameter *p)
{
	const char *name = skip_blanks(*at);
	size_t len = strcspn(name, ";");
	const char *equals = memchr(name, '=', len);
	size_t name_len = equals ? (size_t)(equals - name) : len;
	const char *value = equals ? equals + 1 : name + len;

	*at = name + len;
	while (value < *at && isspace((unsigned char)*value))
		value++;
	copy_word(p->name, sizeof(p->name), name, name_len);
	copy_word(p->value, sizeof(p->value), value, (size_t)(*at - value));
	return len > 0;
}

static int
parse_number(const char *text, unsigned long max, unsigned *out)
{
	char *end;

	errno = 0;
	unsigned long n = strtoul(text, &end, 10);
	if (errno || end == text || *end || !isdigit((unsigned char)*text) || n > max)
		return ERR_RANGE;
	*out = (unsigned)n;
	return 0;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int
parse_config(const char *text, struct aac_format *out)
{
	size_t len = strlen(text) / 2;

	if (strlen(text) % 2 || len < 2 || len > AAC_CONFIG_MAX)
		return ERR_PARSE;
	for (size_t i = 0; i < len; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return ERR_PARSE;
		out->config[i] = (uint8_t)(high << 4 | low);
	}
	out->config_len = len;
	return 0;
}

static int
read_number(struct reading *r, const struct number *n, const char *value)
{
	unsigned *out = (unsigned *)((char *)r->out + n->offset);

	if (parse_number(value, n->max, out) < 0)
		return refuse(
			r, ERR_RANGE, "%s of the AAC track is no number that can be", n->name);
	return 0;
}

static int
read_parameter(struct reading *r, const struct parameter *p)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!strcasecmp(p->name, numbers[i].name))
			return read_number(r, &numbers[i], p->value);
	if (!strcasecmp(p->name, "config") && parse_config(p->value, r->out) < 0)
		return refuse(
			r, ERR_PARSE, "config of the AAC track is no hexadecimal configuration");
	if (!strcasecmp(p->name, "randomAccessIndication"))
		r->out->random_access = !strcmp(p->value, "1");
	if (!strcasecmp(p->name, "cpresent"))
		r->in_band = strcmp(p->value, "0") != 0;
	if (!strcasecmp(p->name, "mode") && !strncasecmp(p->value, "CELP", 4))
		return refuse(
			r, ERR_UNSUPPORTED, "the mode %s is not supported, only AAC is", p->value);
	return 0;
}

/* RFC 3640 3.3.5, 3.3.6: what the modes fix, where a camera does not repeat it. */
static void
set_mode(struct aac_format *out, const char *mode)
{
	bool high = !strcasecmp(mode, "AAC-hbr");

	if (!high && strcasecmp(mode, "AAC-lbr") != 0)
		return;
	out->size_bits = high ? 13 : 6;
	out->index_bits = out->index_delta_bits = high ? 3 : 2;
}

/* The mode comes first, whatever stands first in the line. */
static int
read_parameters(struct reading *r, const char *fmtp)
{
	struct parameter p;
	const char *at;

	for (at = fmtp; next_parameter(&at, &p);)
		if (!strcasecmp(p.name, "mode"))
			set_mode(r->out, p.value);
	for (at = fmtp; next_parameter(&at, &p);) {
		int err = read_parameter(r, &p);
		if (err < 0)
			return err;
	}
	return 0;
}

/* Of a StreamMuxConfig only the AudioSpecificConfig is left, bits of others behind it. */
static int
unwrap_mux(struct reading *r)
{
	struct aac_format *f = r->out;

	if (r->in_band)
		return refuse(r, ERR_UNSUPPORTED,
			"MP4A-LATM with its configuration in the packets (cpresent=1) is not "
			"supported");
	if (f->config_len < 4)
		return refuse(r, ERR_PARSE, "config of the AAC track is too short");
	unsigned head = ((unsigned)f->config[0] << 8 | f->config[1]) >> (16 - MUX_HEAD_BITS);
	if (head != MUX_HEAD_PLAIN)
		return refuse(r, ERR_UNSUPPORTED,
			"MP4A-LATM with subframes, programs or layers is not supported");
	for (size_t i = 1; i + 1 < f->config_len; i++)
		f->config[i - 1] = (uint8_t)(f->config[i] << 7 | f->config[i + 1] >> 1);
	f->config_len -= 2;
	return 0;
}

static int
check_generic(struct reading *r)
{
	const struct aac_format *f = r->out;

	if (!f->config_len)
		return refuse(r, ERR_PARSE, "the AAC track has no config in its SDP");
	if (!f->size_bits && !f->constant_size)
		return refuse(r, ERR_UNSUPPORTED,
			"the AAC track has neither sizeLength nor constantSize");
	return 0;
}

int
aac_format_parse(
	const char *encoding, const char *fmtp, struct aac_format *out, char *why, size_t why_size)
{
	struct reading r = { .out = out, .why = why, .why_size = why_size, .in_band = true };
	const char *at = fmtp + strspn(fmtp, "0123456789");

	*out = (struct aac_format){ 0 };
	if (why_size)
		why[0] = '\0';
	if (!strcasecmp(encoding, "MP4A-LATM"))
		out->packing = AAC_LATM;
	else if (strcasecmp(encoding, "mpeg4-generic") != 0)
		return refuse(&r, ERR_UNSUPPORTED, "%s is no packing of AAC", encoding);
	int err = read_parameters(&r, at);
	if (err < 0)
		return err;
	return out->packing == AAC_LATM ? unwrap_mux(&r) : check_generic(&r);
}
