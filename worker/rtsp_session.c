/* rtsp_session.c - how long a camera's session lives, in words that libavformat understands. Pure.
 */
#include <string.h>
#include <strings.h>

#include "worker/rtsp_session.h"

/* RFC 2326 12.37 has no blank before "timeout", and libavformat 5.1 (ff_rtsp_parse_line) none
 * either: it would take 60 s for granted. */
void
rtsp_session_tidy(const struct rtsp_piece *message, uint8_t *bytes)
{
	size_t len, kept = 0;
	const char *value = rtsp_header(message, "Session", &len);

	if (!value)
		return;
	uint8_t *to = bytes + ((const uint8_t *)value - message->bytes);
	for (size_t i = 0; i < len; i++)
		if (value[i] != ' ' && value[i] != '\t')
			to[kept++] = (uint8_t)value[i];
	memset(to + kept, ' ', len - kept);
}

/* Without case, as libavformat compares it. */
static const char *
find_timeout(const char *value, size_t len)
{
	static const char key[] = ";timeout=";
	const size_t n = sizeof(key) - 1;

	for (size_t i = 0; i + n <= len; i++)
		if (!strncasecmp(value + i, key, n))
			return value + i + n;
	return NULL;
}

unsigned
rtsp_session_timeout_s(const struct rtsp_piece *message)
{
	size_t len;
	const char *value = rtsp_header(message, "Session", &len);
	const char *at = value ? find_timeout(value, len) : NULL;
	unsigned seconds = 0;

	for (; at && at < value + len && *at >= '0' && *at <= '9'; at++)
		if (seconds < RTSP_SESSION_S)
			seconds = seconds * 10 + (unsigned)(*at - '0');
	return seconds && seconds < RTSP_SESSION_S ? seconds : RTSP_SESSION_S;
}
