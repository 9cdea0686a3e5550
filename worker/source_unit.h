#ifndef WORKER_SOURCE_UNIT_H
#define WORKER_SOURCE_UNIT_H

#include "worker/audio.h" /* struct audio_unit */
#include "worker/nal_unit.h"

/* What a camera sends. */
struct source_unit {
	enum { SOURCE_PICTURE, SOURCE_SOUND } kind;
	struct nal_unit nal;     /* of SOURCE_PICTURE */
	struct audio_unit sound; /* of SOURCE_SOUND */
	unsigned packets;        /* RTP packets that came since the unit before this one */
};

#endif
