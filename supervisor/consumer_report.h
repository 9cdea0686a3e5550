#ifndef SUPERVISOR_CONSUMER_REPORT_H
#define SUPERVISOR_CONSUMER_REPORT_H

#include <stddef.h>
#include <stdint.h>

struct json;

/* What a viewer says of what it has received. Pure. */
struct consumer_report {
	int64_t frames;  /* decoded; -1, as of all below: never said */
	int64_t bytes;   /* received */
	int64_t packets; /* received */
	int64_t lost;    /* packets */
	int64_t freezes; /* as the browser counts them */
	int64_t width, height;
};

/* Nothing was said. */
struct consumer_report consumer_report_none(void);

/* Takes what a heartbeat's body says into *r; NULL, and members that are not among the above, are
 * fine. Returns 0, or -1 with a sentence in why and *r as it was: the body is no object, or a
 * number is none, negative, or beyond 2^53, where JSON's numbers end. */
int consumer_report_read(
	struct consumer_report *r, const struct json *body, char *why, size_t why_size);

/* As an object: what was said. */
struct json *consumer_report_json(const struct consumer_report *r);

#endif
