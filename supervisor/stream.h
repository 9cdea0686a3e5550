#ifndef SUPERVISOR_STREAM_H
#define SUPERVISOR_STREAM_H

#include "supervisor/sdm_answer.h"

/* A Nest camera's stream: URL, tokens, expiry. All zero: there is none. Loop thread. */
struct stream {
	struct sdm_stream sdm; /* owned; rtsp_url NULL: there is none */
	ms_t expires_at;
	unsigned extends;
};

/* Forgets it. */
void stream_clear(struct stream *s);

/* Takes what a Generate granted out of its answer. */
void stream_take_generated(struct stream *s, struct sdm_answer *answer, ms_t expires_at);

/* An Extend brings new tokens, no URL: the stream's own goes on with the new token. What the answer
 * omits stays as it was. */
void stream_take_extended(struct stream *s, struct sdm_answer *answer, ms_t expires_at);

/* Time left; -1 without a stream. */
ms_t stream_left_ms(const struct stream *s, ms_t now);

#endif
