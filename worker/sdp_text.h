#ifndef WORKER_SDP_TEXT_H
#define WORKER_SDP_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of an SDP: lent characters, not ended by NUL. */
struct sdp_text {
	const char *s;
	size_t len;
};

/* Takes what stands before the first mark off rest; all of it if there is none. */
struct sdp_text sdp_text_cut(struct sdp_text *rest, char mark);

/* Takes the next word off rest, after any number of blanks; empty if there is none. */
struct sdp_text sdp_text_word(struct sdp_text *rest);

/* Takes the next line off rest, without the blanks at its end. */
struct sdp_text sdp_text_line(struct sdp_text *rest);

bool sdp_text_is(struct sdp_text t, const char *s);
bool sdp_text_is_any_case(struct sdp_text t, const char *s);

/* False if it does not fit, and then out is "". */
bool sdp_text_copy(struct sdp_text t, char *out, size_t size);

/* Decimal digits only. Returns the number, or -1 if it is none or above max. */
int64_t sdp_text_number(struct sdp_text t, uint32_t max);

#endif
