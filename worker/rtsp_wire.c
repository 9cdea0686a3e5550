/* rtsp_wire.c - what the bytes of an RTSP connection are: messages, interleaved data, their parts.
 * Pure: changes and copies nothing. RFC 2326. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/err.h"
#include "worker/rtsp_wire.h"

/* RFC 2326 10 names none that is longer than GET_PARAMETER; others may be. */
#define METHOD_MAX 32

/* ---- lines ---------------------------------------------------------------------------------- */

/* A stretch of text that is walked line by line. */
struct text {
	const char *at;
	const char *end;
};

/* Takes the next line without its CR and LF. */
static bool
next_line(struct text *t, struct text *line)
{
	if (t->at >= t->end)
		return false;
	const char *lf = memchr(t->at, '\n', (size_t)(t->end - t->at));
	const char *stop = lf ? lf : t->end;
	*line = (struct text){ t->at, stop };
	if (line->end > line->at && line->end[-1] == '\r')
		line->end--;
	t->at = lf ? lf + 1 : t->end;
	return true;
}

/* Takes the next word of a line: up to a blank. */
static struct text
next_word(struct text *line)
{
	while (line->at < line->end && *line->at == ' ')
		line->at++;
	struct text word = { line->at, line->at };
	while (word.end < line->end && *word.end != ' ')
		word.end++;
	line->at = word.end;
	return word;
}

static size_t
length(struct text t)
{
	return (size_t)(t.end - t.at);
}

/* True if the text begins so, in any case; then it is taken away. */
static bool
skip(struct text *t, const char *prefix)
{
	size_t n = strlen(prefix);

	if (length(*t) < n || strncasecmp(t->at, prefix, n))
		return false;
	t->at += n;
	return true;
}

static struct text
trimmed(struct text t)
{
	while (t.at < t.end && (*t.at == ' ' || *t.at == '\t'))
		t.at++;
	while (t.end > t.at && (t.end[-1] == ' ' || t.end[-1] == '\t'))
		t.end--;
	return t;
}

/* Takes what stands before the next separator, or the rest. */
static struct text
take_part(struct text *t, char separator)
{
	const char *found = length(*t) ? memchr(t->at, separator, length(*t)) : NULL;
	const struct text part = { t->at, found ? found : t->end };

	t->at = found ? found + 1 : t->end;
	return part;
}

/* All of it is 1 to 9 digits, else -1. */
static long
number(struct text t)
{
	long n = 0;

	if (length(t) < 1 || length(t) > 9)
		return -1;
	for (; t.at < t.end; t.at++) {
		if (*t.at < '0' || *t.at > '9')
			return -1;
		n = n * 10 + (*t.at - '0');
	}
	return n;
}

/* The lines of a message before its body. */
static struct text
head_of(const struct rtsp_piece *m)
{
	const char *bytes = (const char *)m->bytes;

	return (struct text){ bytes, bytes + m->body };
}

/* ---- pieces --------------------------------------------------------------------------------- */

/* Length of the head at bytes with its empty last line; 0 if that has not come yet. */
static size_t
head_length(const uint8_t *bytes, size_t n)
{
	size_t i = 0;

	for (;;) {
		const uint8_t *lf = memchr(bytes + i, '\n', n - i);
		if (!lf)
			return 0;
		i = (size_t)(lf - bytes) + 1;
		if (i < n && bytes[i] == '\n')
			return i + 1;
		if (i + 1 < n && bytes[i] == '\r' && bytes[i + 1] == '\n')
			return i + 2;
	}
}

static int
split_data(const uint8_t *bytes, size_t n, struct rtsp_piece *out)
{
	if (n < RTSP_DATA_HEAD)
		return 0;
	size_t len = RTSP_DATA_HEAD + ((size_t)bytes[2] << 8 | bytes[3]);
	if (n < len)
		return 0;
	*out = (struct rtsp_piece){ .kind = RTSP_DATA,
		.bytes = bytes,
		.len = len,
		.body = RTSP_DATA_HEAD,
		.channel = bytes[1] };
	return 1;
}

/* "RTSP/1.0 200 OK" or "OPTIONS * RTSP/1.0". */
static bool
is_rtsp(const struct rtsp_piece *message)
{
	struct text head = head_of(message), line;

	return next_line(&head, &line) && memmem(line.at, length(line), "RTSP/", 5);
}

static int
split_message(const uint8_t *bytes, size_t n, struct rtsp_piece *out)
{
	size_t searched = n < RTSP_HEAD_MAX ? n : RTSP_HEAD_MAX;
	size_t head = head_length(bytes, searched);

	if (!head)
		return n < RTSP_HEAD_MAX ? 0 : ERR_RANGE;
	*out = (struct rtsp_piece){
		.kind = RTSP_MESSAGE, .bytes = bytes, .len = head, .body = head
	};
	if (!is_rtsp(out))
		return ERR_PARSE;
	size_t ignored;
	if (!rtsp_header(out, "Content-Length", &ignored))
		return 1;
	long body = rtsp_number(out, "Content-Length");
	if (body < 0)
		return ERR_PARSE;
	if (body > RTSP_BODY_MAX)
		return ERR_RANGE;
	out->len = head + (size_t)body;
	return n < out->len ? 0 : 1;
}

size_t
rtsp_blank(const uint8_t *bytes, size_t n)
{
	size_t i = 0;

	while (i < n && (bytes[i] == '\r' || bytes[i] == '\n'))
		i++;
	return i;
}

/* A method and a blank, or "RTSP/", or the begin of that: anything else never becomes a message. */
static bool
may_be_message(const uint8_t *bytes, size_t n)
{
	size_t i = 0;

	while (i < n && ((bytes[i] >= 'A' && bytes[i] <= 'Z') || bytes[i] == '_'))
		i++;
	return i <= METHOD_MAX && (i == n || (i > 0 && (bytes[i] == ' ' || bytes[i] == '/')));
}

int
rtsp_split(const uint8_t *bytes, size_t n, struct rtsp_piece *out)
{
	if (n && bytes[0] == '$')
		return split_data(bytes, n, out);
	if (!may_be_message(bytes, n))
		return ERR_PARSE;
	return split_message(bytes, n, out);
}

/* ---- messages ------------------------------------------------------------------------------- */

int
rtsp_status(const struct rtsp_piece *message)
{
	struct text head = head_of(message), line;

	if (!next_line(&head, &line) || !skip(&line, "RTSP/"))
		return 0;
	next_word(&line);
	long status = number(next_word(&line));
	return status >= 100 && status <= 999 ? (int)status : 0;
}

bool
rtsp_request(const struct rtsp_piece *message, struct rtsp_request *out)
{
	struct text head = head_of(message), line;

	if (!next_line(&head, &line) || (length(line) >= 5 && !strncmp(line.at, "RTSP/", 5)))
		return false;
	struct text method = next_word(&line);
	struct text uri = next_word(&line);
	*out = (struct rtsp_request){ .method = method.at,
		.method_len = length(method),
		.uri = uri.at,
		.uri_len = length(uri) };
	return length(method) && length(uri);
}

const char *
rtsp_header_at(const struct rtsp_piece *message, const char *name, size_t index, size_t *len)
{
	struct text head = head_of(message), line;

	*len = 0;
	next_line(&head, &line);
	while (next_line(&head, &line)) {
		if (!skip(&line, name))
			continue;
		struct text rest = trimmed(line);
		if (!skip(&rest, ":") || index--)
			continue;
		struct text value = trimmed(rest);
		*len = length(value);
		return value.at;
	}
	return NULL;
}

const char *
rtsp_header(const struct rtsp_piece *message, const char *name, size_t *len)
{
	return rtsp_header_at(message, name, 0, len);
}

long
rtsp_number(const struct rtsp_piece *message, const char *name)
{
	size_t len;
	const char *value = rtsp_header(message, name, &len);

	return value ? number((struct text){ value, value + len }) : -1;
}

/* The rest of the Transport header behind a word of it, in any case; at NULL: it has none. */
static struct text
behind(const struct rtsp_piece *message, const char *word)
{
	size_t len;
	const char *value = rtsp_header(message, "Transport", &len);

	for (; len > 0; value++, len--) {
		struct text rest = { value, value + len };
		if (skip(&rest, word))
			return rest;
	}
	return (struct text){ 0 };
}

static bool
says(const struct rtsp_piece *message, const char *word)
{
	return behind(message, word).at != NULL;
}

/* The number behind a key of the Transport header; -1 if there is none. */
static long
transport_number(const struct rtsp_piece *message, const char *key)
{
	struct text rest = trimmed(behind(message, key));

	if (!skip(&rest, "="))
		return -1;
	rest = trimmed(rest);
	struct text digits = { rest.at, rest.at };
	while (digits.end < rest.end && *digits.end >= '0' && *digits.end <= '9')
		digits.end++;
	return number(digits);
}

int
rtsp_interleaved(const struct rtsp_piece *message)
{
	const long channel = transport_number(message, "interleaved");

	return channel <= 255 ? (int)channel : -1;
}

uint16_t
rtsp_server_port(const struct rtsp_piece *message)
{
	const long port = transport_number(message, "server_port");

	return port > 0 && port < UINT16_MAX ? (uint16_t)port : 0;
}

bool
rtsp_is_by_udp(const struct rtsp_piece *message)
{
	if (rtsp_interleaved(message) >= 0 || says(message, "/TCP"))
		return false;
	return says(message, "/UDP") || says(message, "port=");
}

bool
rtsp_is_multicast(const struct rtsp_piece *message)
{
	size_t len;
	const char *value = rtsp_header(message, "Transport", &len);

	if (!value || rtsp_interleaved(message) >= 0)
		return false;
	/* The name of a host, as in source=, may have the word too. */
	for (struct text rest = { value, value + len }; length(rest);) {
		struct text part = trimmed(take_part(&rest, ';'));
		if (skip(&part, "multicast") && !length(part))
			return true;
	}
	return false;
}

/* ---- SDP ------------------------------------------------------------------------------------ */

static void
set_codec(struct rtsp_track *track, struct text name)
{
	size_t n = length(name);

	if (n >= sizeof(track->codec))
		n = sizeof(track->codec) - 1;
	memcpy(track->codec, name.at, n);
	track->codec[n] = '\0';
}

/* RFC 3551 tables 4 and 5: the static payload types that cameras send; 2 is RFC 1890's, for what is
 * G726-32 now. */
static const struct {
	long pt;
	const char *codec;
	long clock;
	long channels;
} static_types[] = { { 0, "PCMU", 8000, 1 }, { 2, "G726-32", 8000, 1 }, { 8, "PCMA", 8000, 1 },
	{ 9, "G722", 8000, 1 }, { 10, "L16", 44100, 2 }, { 11, "L16", 44100, 1 },
	{ 14, "MPA", 90000, 1 }, { 18, "G729", 8000, 1 }, { 26, "JPEG", 90000, 1 },
	{ 31, "H261", 90000, 1 }, { 32, "MPV", 90000, 1 }, { 33, "MP2T", 90000, 1 },
	{ 34, "H263", 90000, 1 } };

static void
set_static_type(struct rtsp_track *track)
{
	memcpy(track->codec, "unnamed", sizeof("unnamed"));
	track->clock = -1;
	track->channels = 1;
	for (size_t i = 0; i < sizeof(static_types) / sizeof(static_types[0]); i++) {
		const char *name = static_types[i].codec;
		if (static_types[i].pt != track->pt)
			continue;
		set_codec(track, (struct text){ name, name + strlen(name) });
		track->clock = static_types[i].clock;
		track->channels = static_types[i].channels;
	}
}

/* What follows "m=video " or "m=audio ": port, protocol, payload types. */
static struct rtsp_track
parse_media(struct text line, enum rtsp_media media)
{
	struct rtsp_track track = { .media = media };

	next_word(&line);
	next_word(&line);
	track.pt = number(next_word(&line));
	track.only_pt = !length(next_word(&line));
	set_static_type(&track);
	return track;
}

/* "mpeg4-generic/16000/1" */
static void
parse_rtpmap(struct text map, struct rtsp_track *track)
{
	set_codec(track, take_part(&map, '/'));
	if (length(map))
		track->clock = number(take_part(&map, '/'));
	track->channels = length(map) ? number(take_part(&map, '/')) : 1;
}

/* Some cameras name another payload type than the section does. */
static void
parse_fmtp(struct text line, struct rtsp_track *track)
{
	const bool own = number(next_word(&line)) == track->pt;
	const struct text fmtp = trimmed(line);

	if (!own && (!track->only_pt || track->fmtp))
		return;
	track->fmtp = fmtp.at;
	track->fmtp_len = length(fmtp);
}

static void
parse_attribute(struct text line, struct rtsp_track *track)
{
	if (skip(&line, "control:")) {
		struct text control = trimmed(line);
		track->control = control.at;
		track->control_len = length(control);
	} else if (skip(&line, "rtpmap:") && number(next_word(&line)) == track->pt) {
		parse_rtpmap(next_word(&line), track);
	} else if (skip(&line, "fmtp:")) {
		parse_fmtp(line, track);
	} else if (skip(&line, "sendonly")) {
		track->sendonly = true;
	}
}

/* True if it is a section that we know, whose media that is then. */
static bool
is_known_media(struct text *line, enum rtsp_media *media)
{
	*media = RTSP_VIDEO;
	if (skip(line, "video "))
		return true;
	*media = RTSP_AUDIO;
	return skip(line, "audio ");
}

size_t
rtsp_tracks(const char *sdp, size_t len, struct rtsp_track *out, size_t max)
{
	struct text all = { sdp, sdp + len }, line;
	enum rtsp_media media;
	bool known = false;
	size_t count = 0;

	while (next_line(&all, &line)) {
		if (skip(&line, "m=")) {
			const char *word = line.at;
			known = is_known_media(&line, &media);
			if (known && count == max)
				return count;
			if (known) {
				out[count] = parse_media(line, media);
				out[count++].word = word;
			}
		} else if (known && skip(&line, "a=")) {
			parse_attribute(line, &out[count - 1]);
		}
	}
	return count;
}
