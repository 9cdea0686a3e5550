#ifndef TESTS_FAKE_SFU_H
#define TESTS_FAKE_SFU_H

#include <stddef.h>

#include "supervisor/sfu.h"

/* An SFU made of nothing: linked instead of supervisor/sfu. Its calls wait until a test answers
 * them; each function fails the test that asks for what is not so. */

struct sfu_call {
	enum sfu_request request;
	char session[SFU_ID_CHARS_MAX + 1];
	char publisher[SFU_ID_CHARS_MAX + 1];
	char sdp[32]; /* that was sent, cut; "": none */
	size_t track_count;
	char first[SFU_ID_CHARS_MAX + 1]; /* name of the first track that is pulled */
	char mids[32];                    /* of a close, each with a blank behind it, cut */
	sfu_done *done;                   /* NULL: answered or cancelled */
	void *arg;
};

/* No call was made yet; the next session is "s1". */
void fake_sfu_reset(void);

/* The only call of its kind that waits for an answer; NULL: none. */
struct sfu_call *fake_sfu_waiting(enum sfu_request request);

/* Calls that wait for an answer, of any kind. */
size_t fake_sfu_count(void);

/* Answers that call. */
void fake_sfu_answer(enum sfu_request request, struct sfu_answer a);
void fake_sfu_refuse(enum sfu_request request, enum sfu_error error); /* sent; "words" */
void fake_sfu_open(void);                                             /* "s1", "s2", ... */
void fake_sfu_accept(void); /* tracks/new of a publisher, with "answer" */
/* A pull, with "offer" or "answer" and two tracks. */
void fake_sfu_give(enum sfu_request request);

#endif
