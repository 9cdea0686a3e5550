/* rtp_info.c - what a camera says of the timestamps that a play begins with. Pure. */
#include <string.h>
#include <strings.h>

#include "worker/rtp_info.h"

#define HEADER "RTP-Info"
#define URL "url="
#define TIMESTAMP "rtptime="

struct text {
	const char *at;
	const char *end;
};

static size_t
length(struct text t)
{
	return (size_t)(t.end - t.at);
}

static bool
starts(struct text t, const char *word)
{
	return length(t) >= strlen(word) && !strncasecmp(t.at, word, strlen(word));
}

static struct text
trimmed(struct text t)
{
	while (t.at < t.end && strchr(" \t\"", *t.at))
		t.at++;
	while (t.end > t.at && strchr(" \t\"", t.end[-1]))
		t.end--;
	return t;
}

/* Where in the text the word stands behind a delimiter and blanks: at the delimiter. The end if
 * nowhere. */
static const char *
find(struct text t, char delimiter, const char *word)
{
	for (; t.at < t.end; t.at++) {
		struct text rest = { t.at + 1, t.end };
		if (*t.at == delimiter && starts(trimmed(rest), word))
			return t.at;
	}
	return t.end;
}

/* A URL may have commas in it: an entry ends where the next begins. */
static struct text
take_entry(struct text *header)
{
	struct text entry = { header->at, find(*header, ',', URL) };

	header->at = entry.end < header->end ? entry.end + 1 : entry.end;
	return trimmed(entry);
}

/* All digits, 32 bits. */
static bool
read_number(struct text t, uint32_t *out)
{
	uint64_t n = 0;

	if (length(t) < 1 || length(t) > 10)
		return false;
	for (; t.at < t.end; t.at++) {
		if (*t.at < '0' || *t.at > '9')
			return false;
		n = n * 10 + (uint64_t)(*t.at - '0');
	}
	*out = (uint32_t)n;
	return n <= UINT32_MAX;
}

/* "url=rtsp://h/track1;seq=1;rtptime=2", its parameters in any order; a URL may have semicolons. */
static bool
read_entry(struct text entry, struct rtp_info *out)
{
	const char *time = find(entry, ';', TIMESTAMP);
	const char *seq = find(entry, ';', "seq=");
	struct text url = { entry.at + strlen(URL), time < seq ? time : seq };

	if (!starts(entry, URL) || time == entry.end)
		return false;
	struct text number = trimmed((struct text){ time + 1, entry.end });
	number.at += strlen(TIMESTAMP);
	const char *end = memchr(number.at, ';', length(number));
	number.end = end ? end : number.end;
	url = trimmed(url);
	*out = (struct rtp_info){ .url = url.at, .url_len = length(url) };
	return read_number(trimmed(number), &out->timestamp);
}

size_t
rtp_info_read(const struct rtsp_piece *answer, struct rtp_info *out, size_t max)
{
	size_t count = 0, len;
	const char *value;

	for (size_t i = 0; (value = rtsp_header_at(answer, HEADER, i, &len)) != NULL; i++) {
		struct text header = { value, value + len };
		while (header.at < header.end && count < max)
			count += read_entry(take_entry(&header), &out[count]);
	}
	return count;
}

/* At its end, behind a slash or as all of it. */
static bool
ends(struct text t, struct text tail)
{
	if (length(tail) < 1 || length(t) < length(tail) ||
		memcmp(t.end - length(tail), tail.at, length(tail)) != 0)
		return false;
	return length(t) == length(tail) || *tail.at == '/' || t.end[-length(tail) - 1] == '/';
}

bool
rtp_info_is_of(const struct rtp_info *info, const char *control)
{
	const struct text url = { info->url, info->url + info->url_len };
	const struct text track = { control, control + strlen(control) };
	const char *query = length(url) ? memchr(url.at, '?', length(url)) : NULL;
	const struct text path = { url.at, query ? query : url.end };

	return ends(url, track) || ends(path, track) || ends(track, url);
}
