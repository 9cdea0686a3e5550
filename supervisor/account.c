/* account.c - one Google account: what the scheduler decides is carried out here.
 * Owns the calls in flight; the cameras and their streams are account_leases'. Policy is the
 * scheduler's, HTTP is sdm's, tokens for the API are oauth's. Loop thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/xmalloc.h"
#include "supervisor/account_state.h"
#include "supervisor/account_view.h"
#include "supervisor/config_google.h"
#include "supervisor/credentials.h"
#include "supervisor/scheduler_change.h"
#include "supervisor/verdict.h"

/* ---- answers --------------------------------------------------------------------------------- */

static void
forget_stream(struct camera_lease *l)
{
	stream_clear(&l->stream);
	if (!l->leaving)
		keep_no_stream(&l->account->keep, l->name);
}

/* The camera is told; of one that is leaving a stream that came all the same is stopped. */
static void
tell(struct camera_lease *l, enum camera_event ev, const char *why)
{
	struct account *a = l->account;

	if (!l->leaving)
		a->on_event(a->arg, l->camera, ev, why);
	else if (ev == CAMERA_EV_GENERATED)
		scheduler_want_stop(a->scheduler, l->camera);
}

static void
keep_lease(struct camera_lease *l)
{
	if (!l->leaving)
		keep_stream(&l->account->keep, l->name, l->device, &l->stream, l->granted_at);
}

static void
keep_granted(struct camera_lease *l)
{
	l->granted_at = clock_now();
	keep_lease(l);
}

static void
tell_done(struct camera_lease *l, enum call_kind kind, struct sdm_answer *answer, ms_t expires_at)
{
	if (kind == CALL_GENERATE) {
		stream_take_generated(&l->stream, answer, expires_at);
		keep_granted(l);
		tell(l, CAMERA_EV_GENERATED, NULL);
	} else if (l->stream.sdm.rtsp_url) {
		stream_take_extended(&l->stream, answer, expires_at);
		keep_granted(l);
		tell(l, CAMERA_EV_EXTENDED, NULL);
	}
	/* An Extend that outlived its stream brings a token for nothing. */
}

/* Whether the stream of the call is no more: it was stopped, or Google does not know it. */
static bool
has_ended(enum call_kind kind, enum call_result result)
{
	return (kind == CALL_STOP && result == CALL_OK) ||
	       (kind != CALL_GENERATE && result == CALL_STREAM_GONE);
}

/* An Extend that does not say until when: as long as the last time. */
static bool
lacks_end(enum call_kind kind, const struct sdm_answer *answer)
{
	return kind == CALL_EXTEND && answer->error == SDM_OK && answer->stream.expires_at_us == 0;
}

/* Said once: it may be so from now on. */
static void
log_incomplete(const struct camera_lease *l, enum call_kind kind, const struct sdm_answer *answer)
{
	struct account *a = l->account;

	if (!*answer->words || a->told_incomplete)
		return;
	a->told_incomplete = true;
	log_warn("google answer incomplete", LOG_CAM(l->name),
		LOG_STR("call", verdict_call_name(kind)), LOG_STR("words", answer->words));
}

static void
log_answer(const struct camera_lease *l, enum call_kind kind, const struct sdm_answer *answer,
	enum call_verdict verdict)
{
	if (answer->error == SDM_OK)
		log_debug("google answered", LOG_CAM(l->name),
			LOG_STR("call", verdict_call_name(kind)),
			LOG_INT("life_ms", answer->stream.life_ms));
	else
		log_warn("google call failed", LOG_CAM(l->name),
			LOG_STR("call", verdict_call_name(kind)),
			LOG_STR("error", sdm_error_name(answer->error)),
			LOG_STR("words", answer->words), LOG_STR("verdict", verdict_name(verdict)));
}

/* A call is over: the scheduler judges, the camera hears. */
static void
settle(struct camera_lease *l, struct sdm_answer *answer)
{
	struct account *a = l->account;
	struct api_call call = l->call;
	ms_t now = clock_now();
	struct call_answer told = verdict_of_answer(answer, call.kind, now);

	if (lacks_end(call.kind, answer))
		told.expires_at = now + l->stream.expires_at - l->granted_at;
	enum call_verdict verdict = scheduler_answered(a->scheduler, &call, &told, now);
	l->call = (struct api_call){ .kind = CALL_NONE };
	call_tally_add(&l->tally, call.kind, answer->error);
	log_answer(l, call.kind, answer, verdict);
	if (answer->error == SDM_OK)
		log_incomplete(l, call.kind, answer);
	/* Of one that was to be stopped nobody need be told; another may be wanted already. */
	if ((verdict == VERDICT_DONE || verdict == VERDICT_STALE) &&
		has_ended(call.kind, told.result))
		forget_stream(l);
	else if (verdict == VERDICT_DONE)
		tell_done(l, call.kind, answer, told.expires_at);
	else if (verdict == VERDICT_FAILED)
		tell(l,
			verdict_is_hopeless(answer) ? CAMERA_EV_UNSUPPORTED
						    : CAMERA_EV_GENERATE_FAILED,
			answer->words);
	else if (verdict == VERDICT_LOST)
		tell(l, CAMERA_EV_LOST, answer->words);
}

static void
on_answer(struct sdm_answer *answer, void *arg)
{
	struct camera_lease *l = arg;

	settle(l, answer);
	account_kick(l->account);
}

/* ---- calls ----------------------------------------------------------------------------------- */

static struct sdm_call *
send_call(struct account *a, struct camera_lease *l)
{
	static const enum sdm_command commands[] = {
		[CALL_GENERATE] = SDM_GENERATE,
		[CALL_EXTEND] = SDM_EXTEND,
		[CALL_STOP] = SDM_STOP,
	};
	const char *token = l->stream.sdm.extension_token;
	struct sdm_order order = { .device = l->device,
		.extension_token = l->call.kind == CALL_GENERATE ? NULL : token,
		.timeout_ms = l->call.patience_ms };

	return sdm_execute(a->sdm, commands[l->call.kind], &order, on_answer, l);
}

static void
make_call(struct account *a, const struct api_call *call)
{
	struct sdm_answer none = { .error = SDM_UNAUTHENTICATED, .words = "no access token" };
	struct camera_lease *l = account_find_lease(a, call->camera);

	l->call = *call;
	log_debug("google call", LOG_CAM(l->name), LOG_STR("call", verdict_call_name(call->kind)));
	/* Before it leaves: it is spent whatever becomes of it, and of us. */
	keep_call(&a->keep, l->device, call->kind);
	/* account_kick held the scheduler if there is no token; but the token may just have ended.
	 */
	if (!send_call(a, l))
		settle(l, &none);
}

static void
on_scheduler_event(struct account *a, const struct scheduler_event *e)
{
	struct camera_lease *l = e->camera >= 0 ? account_find_lease(a, e->camera) : NULL;
	const char *name = l ? l->name : NULL;

	switch (e->kind) {
	case SCHEDULER_GIVEN_UP:
		log_error("scheduler gave a stream up", LOG_CAM(name),
			LOG_STR("reason", "not all streams can be extended in time"));
		a->on_news(a->arg, a->config->name, name, "given up",
			"not all streams can be extended in time");
		break;
	case SCHEDULER_EXPIRED:
		log_warn("scheduler stream expired", LOG_CAM(name),
			LOG_INT("failed_extends", e->failures));
		if (l)
			tell(l, CAMERA_EV_LOST, "the stream expired");
		break;
	case SCHEDULER_ENDED:
		if (l)
			forget_stream(l);
		break;
	case SCHEDULER_WAITING:
		log_warn("scheduler start waits", LOG_CAM(name),
			LOG_STR("reason", "no slot can be spared for another stream"));
		a->on_news(a->arg, a->config->name, name, "waits",
			"no slot can be spared for another stream");
		break;
	case SCHEDULER_API_DOWN:
		log_error("scheduler api down", LOG_ID("account", a->config->name));
		break;
	case SCHEDULER_API_BACK:
		log_info("scheduler api back", LOG_ID("account", a->config->name));
		break;
	}
}

/* What the account as a whole is, if that has changed. */
static void
tell_state(struct account *a, ms_t now)
{
	const char *state = account_state(a, now);
	char text[300];

	if (a->told && strcmp(state, a->told) == 0)
		return;
	snprintf(text, sizeof(text), "account %s: %s", a->config->name,
		*oauth_why(a->oauth) ? oauth_why(a->oauth) : state);
	if (a->told)
		a->on_news(a->arg, a->config->name, NULL, state, text);
	a->told = state;
}

/* True if there were any. */
static bool
drain_events(struct account *a)
{
	struct scheduler_event e;
	bool any = false;

	for (; scheduler_event(a->scheduler, &e); any = true)
		on_scheduler_event(a, &e);
	return any;
}

static void
on_timer(uv_timer_t *timer)
{
	account_kick(timer->data);
}

/* ---- the stop -------------------------------------------------------------------------------- */

static bool
has_call(const struct account *a)
{
	for (const struct camera_lease *l = a->leases; l; l = l->next)
		if (l->call.kind != CALL_NONE)
			return true;
	return false;
}

static void
finish_stop(struct account *a, bool clean)
{
	account_ended *done = a->stop.done;

	uv_timer_stop(&a->timer);
	a->stop.done = NULL;
	done(a->stop.arg, clean);
}

static void
check_stop(struct account *a)
{
	if (a->stop.done && !has_call(a))
		finish_stop(a, true);
}

static void
on_stop_due(uv_timer_t *timer)
{
	struct account *a = timer->data;

	log_warn("google calls not answered in time", LOG_ID("account", a->config->name));
	finish_stop(a, false);
}

void
account_stop(struct account *a, ms_t within_ms, account_ended *done, void *arg)
{
	a->stop.begun = true;
	a->stop.done = done;
	a->stop.arg = arg;
	uv_timer_start(&a->timer, on_stop_due, (uint64_t)within_ms, 0);
	check_stop(a);
}

/* ---- what is due ----------------------------------------------------------------------------- */

/* Everything that is due is done, and the timer set for what comes next. The timer also serves to
 * leave the caller's stack: events must not come from inside our own functions. */
void
account_kick(struct account *a)
{
	struct api_call call;
	ms_t now = clock_now();
	ms_t next;

	if (a->stop.begun) {
		check_stop(a);
		return;
	}
	scheduler_hold(a->scheduler, oauth_bearer(a->oauth) == NULL);
	/* What the cameras make of an event may be due as well. */
	do {
		while (next = scheduler_step(a->scheduler, now, &call), call.kind != CALL_NONE)
			make_call(a, &call);
	} while (drain_events(a));
	account_forget_leases(a, now);
	tell_state(a, now);
	if (next == MS_NEVER)
		uv_timer_stop(&a->timer);
	else
		uv_timer_start(&a->timer, on_timer, next > now ? (uint64_t)(next - now) : 0, 0);
	discovery_kick(a->discovery);
}

void
account_kick_soon(struct account *a)
{
	if (!a->stop.begun)
		uv_timer_start(&a->timer, on_timer, 0, 0);
}

/* ---- making one ------------------------------------------------------------------------------ */

int
account_new(const struct account_config *config, struct account **out, char *why, size_t why_size)
{
	const struct config_google *google = config->google;
	struct credentials credentials;

	if (credentials_read(google, &credentials, why, why_size) < 0)
		return -1;
	struct account *a = xcalloc(1, sizeof(*a));
	*a = (struct account){ .config = google,
		.keep = { .store = config->store, .account = google->name },
		.on_event = config->on_event,
		.on_list = config->on_list,
		.on_news = config->on_news,
		.arg = config->arg };
	uv_timer_init(config->loop, &a->timer);
	a->timer.data = a;
	account_make_parts(a, config, &credentials);
	credentials_clear(&credentials);
	*out = a;
	return 0;
}

static void
on_timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void
account_free(struct account *a)
{
	if (!a)
		return;
	account_free_parts(a);
	uv_close((uv_handle_t *)&a->timer, on_timer_closed);
}

const char *
account_name(const struct account *a)
{
	return a->config->name;
}

/* ---- what cameras want ----------------------------------------------------------------------- */

void
account_generate(struct account *a, int camera, enum generate_reason reason, ms_t at)
{
	scheduler_want_generate(a->scheduler, camera, reason, at);
	account_kick_soon(a);
}

void
account_cancel(struct account *a, int camera)
{
	scheduler_cancel(a->scheduler, camera);
	account_kick_soon(a);
}

void
account_drop(struct account *a, int camera)
{
	struct camera_lease *l = account_find_lease(a, camera);

	scheduler_lost(a->scheduler, camera);
	if (l)
		forget_stream(l);
	account_kick_soon(a);
}

void
account_stop_stream(struct account *a, int camera)
{
	scheduler_want_stop(a->scheduler, camera);
	account_kick_soon(a);
}

int
account_extend(struct account *a, int camera)
{
	int err = scheduler_want_extend(a->scheduler, camera);

	account_kick_soon(a);
	return err;
}

const char *
account_url(const struct account *a, int camera)
{
	return account_find_lease(a, camera)->stream.sdm.rtsp_url;
}

ms_t
account_expires_ms(const struct account *a, int camera, ms_t now)
{
	return stream_left_ms(&account_find_lease(a, camera)->stream, now);
}

unsigned
account_extends(const struct account *a, int camera)
{
	return account_find_lease(a, camera)->stream.extends;
}
