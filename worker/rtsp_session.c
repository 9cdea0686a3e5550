/* rtsp_session.c - how long a camera's session lives, in words that libavformat understands, and
 * what keeps it alive. Pure. */
#include <string.h>
#include <strings.h>

#include "worker/rtsp_session.h"

#define TIMEOUT ";timeout="
/* It is longer than any timeout. */
#define PARAMETER_MAX 32

/* The parameter, from its semicolon on. Without case, as libavformat compares it. */
static const char *
find_timeout(const char *value, size_t len)
{
	const size_t n = sizeof(TIMEOUT) - 1;

	for (size_t i = 0; i + n <= len; i++)
		if (!strncasecmp(value + i, TIMEOUT, n))
			return value + i;
	return NULL;
}

/* Before all other parameters. */
static void
put_timeout_first(char *value, size_t len)
{
	char timeout[PARAMETER_MAX];
	const char *at = find_timeout(value, len);
	char *first = memchr(value, ';', len);

	if (!at || at == first)
		return;
	const size_t rest = len - (size_t)(at - value);
	const char *end = memchr(at + 1, ';', rest - 1);
	const size_t n = end ? (size_t)(end - at) : rest;
	if (n > sizeof(timeout))
		return;
	memcpy(timeout, at, n);
	memmove(first + n, first, (size_t)(at - first));
	memcpy(first, timeout, n);
}

/* RFC 2326 12.37 has no blank before "timeout" and no parameter but that, and libavformat 5.1
 * (ff_rtsp_parse_line) neither: it would take 60 s for granted. */
void
rtsp_session_tidy(const struct rtsp_piece *message, uint8_t *bytes)
{
	size_t len, kept = 0;
	const char *value = rtsp_header(message, "Session", &len);

	if (!value)
		return;
	char *to = (char *)bytes + (value - (const char *)message->bytes);
	for (size_t i = 0; i < len; i++)
		if (value[i] != ' ' && value[i] != '\t')
			to[kept++] = value[i];
	memset(to + kept, ' ', len - kept);
	put_timeout_first(to, kept);
}

unsigned
rtsp_session_timeout_s(const struct rtsp_piece *message)
{
	size_t len;
	const char *value = rtsp_header(message, "Session", &len);
	const char *found = value ? find_timeout(value, len) : NULL;
	const char *at = found ? found + sizeof(TIMEOUT) - 1 : NULL;
	unsigned seconds = 0;

	for (; at && at < value + len && *at >= '0' && *at <= '9'; at++)
		if (seconds < RTSP_SESSION_S)
			seconds = seconds * 10 + (unsigned)(*at - '0');
	return seconds && seconds < RTSP_SESSION_S ? seconds : RTSP_SESSION_S;
}

static bool
is_method(const struct rtsp_request *q, const char *method)
{
	return q->method_len == strlen(method) && !memcmp(q->method, method, q->method_len);
}

static bool
is_success(int status)
{
	return status >= 200 && status < 300;
}

/* The last one was answered so. If the camera has taken neither method yet, libavformat's is left
 * alone: in turn each of them would come half as often, and it may count one that it refuses. */
static void
choose_keeping(struct relay *r)
{
	const bool other = r->keep_otherwise;

	if (is_success(r->status)) {
		r->kept[other] = true;
		return;
	}
	if (other ? r->kept[false] || !r->kept[true] : r->kept[true] || !r->other_tried)
		r->keep_otherwise = !other;
	r->other_tried = true;
}

void
rtsp_session_keep(struct relay *r, struct rtsp_request *q, bool again)
{
	const bool options = is_method(q, "OPTIONS");

	if (!r->playing || (!options && !is_method(q, "GET_PARAMETER")))
		return;
	if (!again && r->keeping)
		choose_keeping(r);
	r->keeping = true;
	if (!r->keep_otherwise)
		return;
	q->method = options ? "GET_PARAMETER" : "OPTIONS";
	q->method_len = strlen(q->method);
}
