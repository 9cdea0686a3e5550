/* keep.c - an account's streams and calls, to the store and back.
 * Owns nothing but the arithmetic between the two clocks. The store logs its own trouble, and what
 * it cannot keep is not kept: nobody waits for it. Loop thread. */
#include <string.h>

#include "common/clock.h"
#include "supervisor/keep.h"
#include "supervisor/keep_clock.h"
#include "supervisor/store.h"
#include "common/xmalloc.h"
#include "supervisor/verdict.h"

void
keep_stream(const struct keep *k, const char *camera, const char *device,
	const struct stream *stream, ms_t now)
{
	int64_t wall_us = clock_wall_us();
	struct store_stream row = { .camera = camera,
		.account = k->account,
		.device = device,
		.rtsp_url = stream->sdm.rtsp_url,
		.stream_token = stream->sdm.stream_token,
		.extension_token = stream->sdm.extension_token,
		.granted_us = wall_us,
		/* By our clock, not Google's: it is our clock that will be asked. */
		.expires_us = wall_us + (stream->expires_at - now) * 1000,
		.extends = stream->extends };

	if (!k->store)
		return;
	keep_clock_note(k->store);
	store_put_stream(k->store, &row);
}

void
keep_no_stream(const struct keep *k, const char *camera)
{
	if (k->store)
		store_drop_stream(k->store, camera);
}

void
keep_call(const struct keep *k, const char *device, enum call_kind kind)
{
	struct store_call call = { .at_us = clock_wall_us(),
		.account = k->account,
		.device = device,
		.kind = verdict_call_name(kind) };

	if (!k->store)
		return;
	keep_clock_note(k->store);
	store_add_call(k->store, &call);
}

/* ---- back ------------------------------------------------------------------------------------ */

bool
keep_has_past(const struct keep *k)
{
	return k->store && !store_stats(k->store).is_new;
}

struct reader {
	const struct keep *keep;
	ms_t now;
	int64_t wall_us;
	keep_call_row *call;
	keep_stream_row *stream;
	void *arg;
};

/* A moment of the store's on our clock; what a clock set back makes later than now is now. */
static ms_t
to_ours(const struct reader *r, int64_t wall_us)
{
	return wall_us > r->wall_us ? r->now : r->now - (r->wall_us - wall_us) / 1000;
}

static enum call_kind
to_kind(const char *name)
{
	for (enum call_kind kind = CALL_EXTEND; kind <= CALL_LIST; kind++)
		if (strcmp(verdict_call_name(kind), name) == 0)
			return kind;
	return CALL_NONE;
}

static void
on_call(void *arg, const struct store_call *call)
{
	struct reader *r = arg;
	enum call_kind kind = to_kind(call->kind);

	if (kind != CALL_NONE && (call->device || kind == CALL_LIST) &&
		strcmp(call->account, r->keep->account) == 0)
		r->call(r->arg, call->device, kind, to_ours(r, call->at_us));
}

void
keep_each_call(const struct keep *k, ms_t within_ms, ms_t now, keep_call_row *row, void *arg)
{
	struct reader r = { .keep = k, .now = now, .call = row, .arg = arg };

	if (!k->store)
		return;
	r.wall_us = keep_clock_wall_us(k->store);
	store_each_call(k->store, r.wall_us - within_ms * 1000, on_call, &r);
}

/* What is left of a stream. No more than it was granted: the clock may have been set back. */
static ms_t
left_ms(const struct reader *r, const struct store_stream *row)
{
	int64_t left_us = row->expires_us - r->wall_us;
	int64_t life_us = row->expires_us - row->granted_us;

	return (left_us < life_us ? left_us : life_us) / 1000;
}

static void
on_stream(void *arg, const struct store_stream *row)
{
	struct reader *r = arg;
	ms_t left = left_ms(r, row);

	if (strcmp(row->account, r->keep->account) != 0)
		return;
	if (left <= 0 || !row->extension_token) {
		keep_no_stream(r->keep, row->camera);
		return;
	}
	struct stream s = { .sdm = { .rtsp_url = xstrdup(row->rtsp_url),
				    .stream_token = xstrdup(row->stream_token),
				    .extension_token = xstrdup(row->extension_token) },
		.expires_at = r->now + left,
		.extends = row->extends };
	r->stream(r->arg, row->camera, row->device, &s, to_ours(r, row->granted_us));
	stream_clear(&s);
}

void
keep_each_stream(const struct keep *k, ms_t now, keep_stream_row *row, void *arg)
{
	struct reader r = { .keep = k, .now = now, .stream = row, .arg = arg };

	if (!k->store)
		return;
	r.wall_us = keep_clock_wall_us(k->store);
	store_each_stream(k->store, on_stream, &r);
}
