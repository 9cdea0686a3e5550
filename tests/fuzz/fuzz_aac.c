/* fuzz_aac.c - any bytes as an SDP's fmtp line up to a line break, then as RTP packets of a length
 * byte each. Access units are inside of what was fed, or of what was put together of it. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "worker/aac_config.h"
#include "worker/aac_payload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
take(struct aac_payload *p)
{
	const struct aac_unit *unit;
	unsigned sum = 0;

	while ((unit = aac_payload_next(p))) {
		assert(unit->len > 0 && unit->len <= 65535);
		for (size_t i = 0; i < unit->len; i++)
			sum += unit->data[i];
	}
	assert(sum < 65536 * 255);
}

static void
run(const struct aac_format *format, const uint8_t *data, size_t len)
{
	struct aac_payload *p = aac_payload_new(format);

	while (len > 1) {
		size_t n = data[0] < len - 1 ? data[0] : len - 1;
		uint8_t *packet = malloc(n ? n : 1);
		if (!packet)
			abort();
		memcpy(packet, data + 1, n);
		aac_payload_feed(p, packet, n);
		take(p);
		free(packet);
		data += 1 + n;
		len -= 1 + n;
	}
	aac_payload_free(p);
}

static void
check_config(const struct aac_format *format)
{
	struct aac_config c;

	if (aac_config_parse(format->config, format->config_len, &c) == 0)
		assert(c.rate_hz <= 96000 && c.channels > 0 && c.frame_samples > 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct aac_format usual = {
		.size_bits = 13,
		.index_bits = 3,
		.index_delta_bits = 3,
	};
	const uint8_t *end = len ? memchr(data, '\n', len) : NULL;
	size_t line = end ? (size_t)(end - data) : 0;
	char *fmtp = calloc(1, line + 1), why[80];
	struct aac_format format;

	if (!fmtp)
		abort();
	if (line)
		memcpy(fmtp, data, line);
	const char *encoding = line % 2 ? "MP4A-LATM" : "mpeg4-generic";
	int err = aac_format_parse(encoding, fmtp, &format, why, sizeof(why));
	assert((err == 0) == (why[0] == '\0'));
	assert(err || (format.config_len >= 2 && format.config_len <= AAC_CONFIG_MAX));
	if (!err)
		check_config(&format);
	run(err ? &usual : &format, data + (end ? line + 1 : 0), len - (end ? line + 1 : 0));
	free(fmtp);
	return 0;
}
