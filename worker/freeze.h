#ifndef WORKER_FREEZE_H
#define WORKER_FREEZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct video_codec;

/* Whether a camera sends the same access unit again and again: packets come, the picture stands.
 *
 * What can be told without decoding is little. A scene that stands still is coded as pictures of a
 * few bytes that all say "as before", and with a sensor without noise (a black night, a test card)
 * even one IDR may be like the last. None of that is trouble, and no length or likeness of sizes
 * tells it from a sensor that hangs. But an encoder that runs numbers its pictures: in H.264 two
 * reference pictures in a row differ in frame_num, two IDR pictures in a row in idr_pic_id (7.4.3);
 * in H.265 any two pictures in a row in their order count, but not two IDR pictures (8.3.1). So
 * they differ in their bytes, however still the scene. Hence the rule, which has no false alarms:
 * frozen is a stream whose access unit has, byte by byte, the same slices as the one right before
 * it, a picture that is numbered like this, for as long as it goes on. SEI and parameter sets do
 * not count: a clock in an SEI may run on.
 *
 * Not seen: an encoder that goes on to encode one and the same image (a sensor that hangs), and a
 * loop of several pictures. Both look like a scene. */
struct freeze;

/* Never NULL: out of memory aborts. */
struct freeze *freeze_new(void);
void freeze_free(struct freeze *f);

/* A NAL unit as it came; last ends its access unit. arrived_us is monotonic. */
void freeze_on_nal(struct freeze *f, const struct video_codec *codec, const uint8_t *nal,
	size_t len, bool last, int64_t arrived_us);

/* Another connection, or data was lost: what comes next repeats nothing. */
void freeze_restart(struct freeze *f);

/* From the first of the equal access units to the last that came, 0: the last was not equal. */
int64_t freeze_ms(const struct freeze *f);

#endif
