/* playlist.c - media playlists of HLS: text to entries and back.
 * Owns the list of tags that recordings use. Pure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "proto/playlist.h"
#include "common/xmalloc.h"

#define US 1000000

struct playlist *
playlist_new(int64_t target_s)
{
	struct playlist *p = xcalloc(1, sizeof(*p));

	p->target_s = target_s;
	return p;
}

static void
clear_entry(struct playlist_entry *e)
{
	free(e->uri);
	free(e->map);
}

void
playlist_free(struct playlist *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->count; i++)
		clear_entry(&p->entries[i]);
	free(p->entries);
	free(p);
}

/* RFC 8216 4.3.3.1: a duration, rounded to the nearest second, is not above the target. */
static void
fit_target(struct playlist *p, int64_t duration_us)
{
	int64_t rounded = (duration_us + US / 2) / US;

	if (rounded > p->target_s)
		p->target_s = rounded;
}

void
playlist_add(struct playlist *p, const struct playlist_entry *entry)
{
	p->entries = xrealloc(p->entries, (p->count + 1) * sizeof(*p->entries));
	struct playlist_entry *e = &p->entries[p->count++];
	*e = *entry;
	e->uri = xstrdup(entry->uri);
	e->map = xstrdup(entry->map);
	fit_target(p, e->duration_us);
}

size_t
playlist_filter(
	struct playlist *p, bool (*keep)(void *arg, const struct playlist_entry *entry), void *arg)
{
	size_t kept = 0;
	size_t gone = 0;
	bool hole = false;

	for (size_t i = 0; i < p->count; i++) {
		struct playlist_entry *e = &p->entries[i];
		if (!keep(arg, e)) {
			/* Taken off the front, it is counted; in the middle, it leaves a hole. */
			p->sequence += kept == 0;
			p->discontinuities += kept == 0 && e->discontinuity;
			hole = kept > 0;
			gone++;
			clear_entry(e);
			continue;
		}
		e->discontinuity = e->discontinuity || hole;
		hole = false;
		p->entries[kept++] = *e;
	}
	p->count = kept;
	return gone;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* What the lines so far say of the segment whose name comes next. */
struct reader {
	struct playlist *p;
	struct playlist_entry next; /* strings owned */
	bool timed;                 /* it has an EXTINF */
};

static const char *
after(const char *line, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(line, prefix, n) == 0 ? line + n : NULL;
}

/* "2026-11-21T06:00:00.123Z"; 0 if it is something else. */
static int64_t
parse_time(const char *text)
{
	struct tm tm = { 0 };
	int ms = 0;

	if (sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
		    &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &ms) != 7)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	return (int64_t)timegm(&tm) * US + (int64_t)ms * 1000;
}

static void
read_map(struct reader *r, const char *text)
{
	size_t n = strcspn(text, "\"");

	if (text[n] != '"')
		return;
	free(r->next.map);
	r->next.map = xstrndup(text, n);
}

static bool
read_number(const char *line, const char *tag, int64_t *out)
{
	const char *value = after(line, tag);

	if (value)
		*out = strtoll(value, NULL, 10);
	return value != NULL;
}

static void
read_tag(struct reader *r, const char *line)
{
	const char *value;

	if (read_number(line, "#EXT-X-TARGETDURATION:", &r->p->target_s) ||
		read_number(line, "#EXT-X-MEDIA-SEQUENCE:", &r->p->sequence) ||
		read_number(line, "#EXT-X-DISCONTINUITY-SEQUENCE:", &r->p->discontinuities))
		return;
	if ((value = after(line, "#EXTINF:"))) {
		r->next.duration_us = (int64_t)(strtod(value, NULL) * US + 0.5);
		r->timed = strchr(value, ',') != NULL;
	} else if ((value = after(line, "#EXT-X-PROGRAM-DATE-TIME:"))) {
		r->next.at_us = parse_time(value);
	} else if ((value = after(line, "#EXT-X-MAP:URI=\""))) {
		read_map(r, value);
	} else if (strcmp(line, "#EXT-X-DISCONTINUITY") == 0) {
		r->next.discontinuity = true;
	} else if (strcmp(line, "#EXT-X-ENDLIST") == 0) {
		r->p->ended = true;
	}
}

static void
read_segment(struct reader *r, char *uri)
{
	if (r->timed && r->next.map && !strchr(uri, '/')) {
		r->next.uri = uri;
		playlist_add(r->p, &r->next);
	}
	/* The map goes on until there is another. */
	r->next = (struct playlist_entry){ .map = r->next.map };
	r->timed = false;
}

struct playlist *
playlist_parse(const char *text, size_t len)
{
	struct reader r = { .p = playlist_new(0) };
	char *copy = xstrndup(text, len);
	char *rest = copy;
	char *end;

	/* What does not end with a line's end was torn off. */
	while ((end = strchr(rest, '\n'))) {
		*end = '\0';
		if (*rest == '#')
			read_tag(&r, rest);
		else if (*rest)
			read_segment(&r, rest);
		rest = end + 1;
	}
	free(r.next.map);
	free(copy);
	return r.p;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void
print_entry(FILE *out, const struct playlist_entry *e, const char *map)
{
	char when[CLOCK_TEXT_BYTES];

	if (e->discontinuity)
		fprintf(out, "#EXT-X-DISCONTINUITY\n");
	if (!map || strcmp(map, e->map) != 0)
		fprintf(out, "#EXT-X-MAP:URI=\"%s\"\n", e->map);
	fprintf(out, "#EXT-X-PROGRAM-DATE-TIME:%s\n#EXTINF:%lld.%06lld,\n%s\n",
		clock_text(e->at_us, when), (long long)(e->duration_us / US),
		(long long)(e->duration_us % US), e->uri);
}

char *
playlist_text(const struct playlist *p)
{
	char *text = NULL;
	size_t size;
	const char *map = NULL;
	FILE *out = xopen_memstream(&text, &size);

	/* 7: EXT-X-MAP in a playlist that is not of I-frames only has 6, fMP4 is usual with 7. */
	fprintf(out,
		"#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:%lld\n"
		"#EXT-X-MEDIA-SEQUENCE:%lld\n#EXT-X-DISCONTINUITY-SEQUENCE:%lld\n"
		"#EXT-X-INDEPENDENT-SEGMENTS\n",
		(long long)p->target_s, (long long)p->sequence, (long long)p->discontinuities);
	for (size_t i = 0; i < p->count; i++) {
		print_entry(out, &p->entries[i], map);
		map = p->entries[i].map;
	}
	if (p->ended)
		fprintf(out, "#EXT-X-ENDLIST\n");
	fclose(out);
	return text;
}
