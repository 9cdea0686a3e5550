#ifndef WORKER_TIMELINE_H
#define WORKER_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

/* RTP timestamps of 90 kHz on our clock: steps are the source's own, so no jitter of arrival comes
 * in, while a source whose clock runs fast or slow is followed. Pure. All zero is a new one. */
struct timeline {
	bool running;
	uint32_t timestamp; /* the last */
	int64_t at_us;      /* its moment */
};

/* The moment of the access unit with this timestamp, which the relation of both clocks says is
 * about at about_us. Moments grow. */
int64_t timeline_at(struct timeline *t, uint32_t timestamp, int64_t about_us);

#endif
