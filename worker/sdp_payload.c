/* sdp_payload.c - which payload type of an m-section is the media. Pure, any thread. */
#include "worker/sdp_payload.h"

#define PT_MAX 127

/* They go with another payload type: RFC 4588, 2198, 5109, 8627 and its drafts. */
static const char *const helpers[] = { "rtx", "red", "ulpfec", "flexfec", "flexfec-03" };

static bool
is_helper(struct sdp_text codec)
{
	for (size_t i = 0; i < sizeof(helpers) / sizeof(helpers[0]); i++)
		if (sdp_text_is_any_case(codec, helpers[i]))
			return true;
	return false;
}

const char *
sdp_payload_static(int64_t pt)
{
	if (pt == 0)
		return "PCMU";
	return pt == 8 ? "PCMA" : NULL;
}

/* The payload types of the section that have a codec which is media. */
static void
find_media(struct sdp_text section, bool media[PT_MAX + 1])
{
	for (int64_t pt = 0; pt <= PT_MAX; pt++)
		media[pt] = sdp_payload_static(pt) != NULL;
	while (section.len) {
		struct sdp_text line = sdp_text_line(&section);
		if (line.len > 1 && line.s[0] == 'm' && line.s[1] == '=')
			return;
		if (!sdp_text_is(sdp_text_cut(&line, ':'), "a=rtpmap"))
			continue;
		const int64_t pt = sdp_text_number(sdp_text_word(&line), PT_MAX);
		struct sdp_text codec = sdp_text_word(&line);
		if (pt >= 0)
			media[pt] = !is_helper(sdp_text_cut(&codec, '/'));
	}
}

int
sdp_payload_find(struct sdp_text types, struct sdp_text section)
{
	bool media[PT_MAX + 1];
	struct sdp_text rest = types;
	const int64_t first = sdp_text_number(sdp_text_word(&rest), PT_MAX);

	if (first < 0)
		return -1;
	find_media(section, media);
	while (types.len) {
		const int64_t pt = sdp_text_number(sdp_text_word(&types), PT_MAX);
		if (pt >= 0 && media[pt])
			return (int)pt;
	}
	return (int)first;
}
