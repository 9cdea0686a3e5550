/* video_codec.c - the codecs that there are. Pure, any thread. */
#include <strings.h>

#include "worker/video_codec.h"

static const struct video_codec *const codecs[] = { &video_h264, &video_h265 };

const struct video_codec *
video_codec_find(const char *name)
{
	for (size_t i = 0; i < sizeof(codecs) / sizeof(codecs[0]); i++)
		if (strcasecmp(codecs[i]->name, name) == 0)
			return codecs[i];
	return NULL;
}
