#ifndef PROTO_PLAYLIST_H
#define PROTO_PLAYLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A media playlist of HLS (RFC 8216) with fMP4 segments, as the recorder writes it: read to the
 * end, changed, written anew. Pure. */

/* A segment. Strings are the playlist's. */
struct playlist_entry {
	char *uri;           /* the segment's file, in the playlist's folder */
	char *map;           /* the init segment's */
	int64_t at_us;       /* wall time of its first picture */
	int64_t duration_us; /* until the first picture of the next */
	bool discontinuity;  /* it does not go on where the one before ended */
};

struct playlist {
	int64_t target_s;        /* EXT-X-TARGETDURATION: no segment is longer */
	int64_t sequence;        /* EXT-X-MEDIA-SEQUENCE: segments taken off the front so far */
	int64_t discontinuities; /* EXT-X-DISCONTINUITY-SEQUENCE: of these, with that mark */
	bool ended;              /* nothing will be added */
	struct playlist_entry *entries; /* owned */
	size_t count;
};

/* An empty one. Never NULL: out of memory aborts. */
struct playlist *playlist_new(int64_t target_s);
void playlist_free(struct playlist *p); /* NULL is fine */

/* Reads text, be it torn or damaged: what is no whole segment is left out. Never NULL. */
struct playlist *playlist_parse(const char *text, size_t len);

/* Puts a segment at the end; the strings are copied. */
void playlist_add(struct playlist *p, const struct playlist_entry *entry);

/* Takes out the segments that keep says no to. What follows one that was taken out of the middle is
 * marked as a discontinuity. Returns how many. */
size_t playlist_filter(
	struct playlist *p, bool (*keep)(void *arg, const struct playlist_entry *entry), void *arg);

/* The text, yours to free(). */
char *playlist_text(const struct playlist *p);

#endif
