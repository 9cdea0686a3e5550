#ifndef WORKER_NAL_UNIT_H
#define WORKER_NAL_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One whole NAL unit of a camera, and when. Whoever returns one says how long data is lent. */
struct nal_unit {
	const uint8_t *data; /* from the NAL header on, no start code */
	size_t len;          /* at least 1 */
	int64_t timestamp;   /* RTP's, unwrapped: its low 32 bits are RTP's own; may jump either way
			      */
	int64_t at_us; /* when it would have come had nothing delayed it, as timeline_at says */
	int64_t arrived_us; /* clock_now_us() when its last byte was read */
	bool last;          /* it ends its access unit */
	bool gap;           /* the camera left out RTP packets before it: the picture is damaged */
};

#endif
