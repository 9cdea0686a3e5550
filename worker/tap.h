#ifndef WORKER_TAP_H
#define WORKER_TAP_H

#include <stdint.h>

struct audio_format;
struct audio_unit;
struct stream_nal;

/* Who hears of the stream beside the receivers: on the media thread and under media's lock, so it
 * may not block. at_us of sound and pictures is the timeline's. All zero: nobody. */
struct tap {
	/* A NAL unit as receivers get it. */
	void (*on_nal)(void *arg, const struct stream_nal *nal, int64_t at_us);
	/* Something is missing from here to the next key picture; the picture in hand is damaged.
	 */
	void (*on_gap)(void *arg);
	/* What the sound of this connection is, NULL: there is none; and a unit of it as it came.
	 */
	void (*on_sound_format)(void *arg, const struct audio_format *format);
	void (*on_sound)(void *arg, const struct audio_unit *unit);
	void *arg;
};

#endif
