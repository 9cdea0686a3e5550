/* viewer_tracks.c - which of a camera's tracks a viewer gets. Pure. */
#include "supervisor/viewer_tracks.h"

#include <stdlib.h>
#include <string.h>

/* One m-section, or what stands before the first. */
struct section {
	bool *wanted; /* what is received by it; NULL: neither sound nor pictures */
	bool has_port;
	bool bundle_only; /* RFC 8843 6: then port 0 rejects nothing */
	bool receives;
};

/* RFC 8866 9: lines end with CRLF, and LF alone is to be taken. */
static bool
is_line(const char *line, const char *wanted)
{
	size_t n = strlen(wanted);

	return strncmp(line, wanted, n) == 0 && strchr("\r\n", line[n]) != NULL;
}

/* RFC 8866 6.7: sendrecv if nothing is said. */
static void
read_attribute(struct section *s, const char *line)
{
	if (is_line(line, "a=sendonly") || is_line(line, "a=inactive"))
		s->receives = false;
	else if (is_line(line, "a=recvonly") || is_line(line, "a=sendrecv"))
		s->receives = true;
	else if (is_line(line, "a=bundle-only"))
		s->bundle_only = true;
}

static struct section
begin(struct viewer_room *room, const char *line, bool receives)
{
	struct section s = { .receives = receives };
	const char *port = strchr(line, ' ');

	if (strncmp(line, "m=audio ", 8) == 0)
		s.wanted = &room->audio;
	else if (strncmp(line, "m=video ", 8) == 0)
		s.wanted = &room->video;
	s.has_port = port && atoi(port + 1) > 0;
	return s;
}

static void
end(const struct section *s)
{
	if (s->wanted && s->receives && (s->has_port || s->bundle_only))
		*s->wanted = true;
}

struct viewer_room
viewer_room_read(const char *sdp)
{
	struct viewer_room room = { 0 };
	struct section session = { .receives = true };
	struct section media, *now = &session;

	for (const char *line = sdp; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "m=", 2) != 0) {
			read_attribute(now, line);
			continue;
		}
		end(now);
		media = begin(&room, line, session.receives);
		now = &media;
	}
	end(now);
	return room;
}

size_t
viewer_tracks_fit(const struct viewer_room *room, const struct sfu_track *tracks, size_t count,
	struct sfu_track *out)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (tracks[i].audio ? room->audio : room->video)
			out[kept++] = tracks[i];
	return kept;
}

static bool
has_name(const struct sfu_track *tracks, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(tracks[i].name, name) == 0)
			return true;
	return false;
}

size_t
viewer_tracks_common(const struct sfu_track *tracks, size_t count, const struct sfu_track *others,
	size_t other_count, struct sfu_track *out)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (has_name(others, other_count, tracks[i].name))
			out[kept++] = tracks[i];
	return kept;
}
