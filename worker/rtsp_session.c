/* rtsp_session.c - how long a camera's session lives, in words that libavformat understands. Pure.
 */
#include <string.h>

#include "worker/rtsp_session.h"

#define DAY_S 86400

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

unsigned
rtsp_session_timeout_s(const struct rtsp_piece *message)
{
	static const char key[] = ";timeout=";
	size_t len;
	const char *value = rtsp_header(message, "Session", &len);
	unsigned seconds = 0;

	if (!value)
		return 0;
	const char *at = memmem(value, len, key, sizeof(key) - 1);
	if (!at)
		return RTSP_SESSION_S;
	for (at += sizeof(key) - 1; at < value + len && *at >= '0' && *at <= '9'; at++)
		if (seconds < DAY_S)
			seconds = seconds * 10 + (unsigned)(*at - '0');
	if (!seconds)
		return RTSP_SESSION_S;
	return seconds < DAY_S ? seconds : DAY_S;
}
