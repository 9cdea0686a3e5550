/* fake_sfu.c - an SFU made of nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/unit/fake_sfu.h"

static struct sfu_call calls[64];
static size_t call_count;
static int session_count;

/* ---- the calls ------------------------------------------------------------------------------- */

static struct sfu_call *
call(enum sfu_request request, const char *session, const char *sdp, size_t track_count,
	sfu_done *done, void *arg)
{
	struct sfu_call *c = &calls[call_count++];

	assert_true(call_count < sizeof(calls) / sizeof(*calls));
	*c = (struct sfu_call){
		.request = request, .track_count = track_count, .done = done, .arg = arg
	};
	snprintf(c->session, sizeof(c->session), "%s", session);
	snprintf(c->sdp, sizeof(c->sdp), "%s", sdp ? sdp : "");
	return c;
}

struct sfu_call *
sfu_session_new(struct sfu *s, sfu_done *done, void *arg)
{
	(void)s;
	return call(SFU_SESSION_NEW, "", NULL, 0, done, arg);
}

struct sfu_call *
sfu_session_get(struct sfu *s, const char *session, sfu_done *done, void *arg)
{
	(void)s;
	return call(SFU_SESSION_GET, session, NULL, 0, done, arg);
}

struct sfu_call *
sfu_tracks_new(struct sfu *s, const char *session, const char *offer,
	const struct sfu_track *tracks, size_t count, sfu_done *done, void *arg)
{
	(void)s;
	(void)tracks;
	return call(SFU_TRACKS_NEW, session, offer, count, done, arg);
}

struct sfu_call *
sfu_tracks_pull(struct sfu *s, const char *session, const char *offer, const char *publisher,
	const struct sfu_track *tracks, size_t count, sfu_done *done, void *arg)
{
	enum sfu_request request = offer ? SFU_TRACKS_TAKE : SFU_TRACKS_PULL;
	struct sfu_call *c = call(request, session, offer, count, done, arg);

	(void)s;
	snprintf(c->publisher, sizeof(c->publisher), "%s", publisher);
	snprintf(c->first, sizeof(c->first), "%s", count > 0 ? tracks[0].name : "");
	return c;
}

struct sfu_call *
sfu_tracks_update(struct sfu *s, const char *session, const char *publisher,
	const struct sfu_track *tracks, size_t count, sfu_done *done, void *arg)
{
	struct sfu_call *c = call(SFU_TRACKS_UPDATE, session, NULL, count, done, arg);

	(void)s;
	snprintf(c->publisher, sizeof(c->publisher), "%s", publisher);
	snprintf(c->first, sizeof(c->first), "%s", count > 0 ? tracks[0].name : "");
	return c;
}

struct sfu_call *
sfu_renegotiate(struct sfu *s, const char *session, const char *answer, sfu_done *done, void *arg)
{
	(void)s;
	return call(SFU_RENEGOTIATE, session, answer, 0, done, arg);
}

struct sfu_call *
sfu_tracks_close(struct sfu *s, const char *session, const struct sfu_track *tracks, size_t count,
	sfu_done *done, void *arg)
{
	struct sfu_call *c = call(SFU_TRACKS_CLOSE, session, NULL, count, done, arg);
	size_t len = 0;

	(void)s;
	for (size_t i = 0; i < count && len < sizeof(c->mids); i++)
		len += (size_t)snprintf(c->mids + len, sizeof(c->mids) - len, "%s ", tracks[i].mid);
	return c;
}

void
sfu_cancel(struct sfu_call *c)
{
	assert_non_null(c->done);
	c->done = NULL;
}

/* ---- what a test says ------------------------------------------------------------------------ */

void
fake_sfu_reset(void)
{
	call_count = 0;
	session_count = 0;
}

struct sfu_call *
fake_sfu_waiting(enum sfu_request request)
{
	struct sfu_call *found = NULL;

	for (size_t i = 0; i < call_count; i++)
		if (calls[i].request == request && calls[i].done) {
			assert_null(found);
			found = &calls[i];
		}
	return found;
}

size_t
fake_sfu_count(void)
{
	size_t count = 0;

	for (size_t i = 0; i < call_count; i++)
		count += calls[i].done != NULL;
	return count;
}

void
fake_sfu_answer(enum sfu_request request, struct sfu_answer a)
{
	struct sfu_call *c = fake_sfu_waiting(request);

	assert_non_null(c);
	sfu_done *done = c->done;
	c->done = NULL;
	done(&a, c->arg);
}

void
fake_sfu_refuse(enum sfu_request request, enum sfu_error error)
{
	fake_sfu_answer(request,
		(struct sfu_answer){
			.error = error, .words = "words", .sent = true, .retry_after_ms = -1 });
}

void
fake_sfu_open(void)
{
	struct sfu_answer a = { .error = SFU_OK };

	snprintf(a.session_id, sizeof(a.session_id), "s%d", ++session_count);
	fake_sfu_answer(SFU_SESSION_NEW, a);
}

void
fake_sfu_accept(void)
{
	static char sdp[] = "answer";

	fake_sfu_answer(SFU_TRACKS_NEW, (struct sfu_answer){ .error = SFU_OK, .sdp = sdp });
}

void
fake_sfu_give(enum sfu_request request)
{
	static char offer[] = "offer", answer[] = "answer";

	fake_sfu_answer(request, (struct sfu_answer){ .error = SFU_OK,
					 .sdp = request == SFU_TRACKS_PULL ? offer : answer,
					 .tracks = { { .mid = "0", .name = "porch-video" },
						 { .mid = "1", .name = "porch-audio" } },
					 .track_count = 2 });
}
