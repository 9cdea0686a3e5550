/* source_error.c - what went wrong with a camera, in a sentence. Pure. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "worker/source_error.h"

#define REDIRECT " (a redirect, not followed)"

/* RFC 2326 7.1.1, those that cameras give, with HTTP's newer ones. */
static const struct {
	int status;
	const char *phrase;
} phrases[] = {
	{ .status = 301, .phrase = REDIRECT },
	{ .status = 302, .phrase = REDIRECT },
	{ .status = 303, .phrase = REDIRECT },
	{ .status = 305, .phrase = REDIRECT },
	{ .status = 307, .phrase = REDIRECT },
	{ .status = 308, .phrase = REDIRECT },
	{ .status = 400, .phrase = " Bad Request" },
	{ .status = 401, .phrase = " Unauthorized" },
	{ .status = 403, .phrase = " Forbidden" },
	{ .status = 404, .phrase = " Not Found" },
	{ .status = 405, .phrase = " Method Not Allowed" },
	{ .status = 406, .phrase = " Not Acceptable" },
	{ .status = 453, .phrase = " Not Enough Bandwidth" },
	{ .status = 454, .phrase = " Session Not Found" },
	{ .status = 461, .phrase = " Unsupported Transport" },
	{ .status = 500, .phrase = " Internal Server Error" },
	{ .status = 503, .phrase = " Service Unavailable" },
};

static const char *
phrase_of(int status)
{
	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "";
}

static void __attribute__((format(printf, 3, 4)))
say(struct source_error *e, int err, const char *fmt, ...)
{
	va_list ap;

	e->err = err;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
}

static void
say_unsupported(struct source_error *e, const char *codec)
{
	if (codec[0])
		say(e, ERR_UNSUPPORTED, "the camera offers %s video, not H264 or H265", codec);
	else
		say(e, ERR_UNSUPPORTED, "the camera offers no video");
}

/* What cameras answer to a SETUP that asks them to interleave, if they cannot: RFC 2326 11.3.13 has
 * 461, and others have been seen. */
static bool
is_of_transport(int status)
{
	return status == 461 || status == 400 || status == 406;
}

static void
say_refused(struct source_error *e, const char *method, int status)
{
	e->rtsp_status = status;
	e->not_by_tcp = !strcmp(method, "SETUP") && is_of_transport(status);
	say(e, ERR_REFUSED, "%s answered %d%s", method, status, phrase_of(status));
}

void
source_error_explain(struct source_error *e, struct tunnel_outcome seen, bool opening)
{
	bool refused = seen.status >= 300;

	e->rtsp_status = 0;
	e->not_by_tcp = seen.by_udp;
	if (seen.err == ERR_UNSUPPORTED)
		say_unsupported(e, seen.codec);
	else if (seen.by_multicast)
		say(e, ERR_REFUSED, "the camera sends by multicast, which is not received");
	else if (seen.by_udp)
		say(e, ERR_REFUSED, "the camera sends by UDP only");
	else if (refused && (opening || seen.err == ERR_REFUSED))
		say_refused(e, seen.method, seen.status);
	else if (seen.err == ERR_UNREACHABLE)
		say(e, ERR_UNREACHABLE, "the connection was reset");
	else if (seen.err == ERR_PARSE)
		say(e, ERR_PARSE, "the camera sent what is no RTSP");
	else if (seen.err == ERR_RANGE)
		say(e, ERR_PARSE, "the camera sent an answer without end");
	else if (!seen.err && opening)
		say(e, ERR_PARSE, "the answer to %s makes no sense", seen.method);
	else if (!seen.err || seen.err == ERR_EOF)
		say(e, ERR_EOF, "the camera ended the stream");
	else
		say(e, seen.err, "%s", err_text(seen.err));
}
