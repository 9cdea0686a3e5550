/* account.c - one Google account: what the scheduler decides is carried out here.
 * Owns the cameras' streams and the calls in flight. Policy is the scheduler's, HTTP is sdm's,
 * tokens for the API are oauth's. Loop thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "supervisor/account_state.h"
#include "supervisor/credentials.h"
#include "supervisor/verdict.h"

struct camera_lease *
account_find_lease(const struct account *a, int camera)
{
	for (struct camera_lease *l = a->leases; l; l = l->next)
		if (l->camera == camera)
			return l;
	return NULL;
}

/* ---- answers --------------------------------------------------------------------------------- */

static void
forget_stream(struct camera_lease *l)
{
	stream_clear(&l->stream);
	keep_no_stream(&l->account->keep, l->name);
}

static void
tell_done(struct camera_lease *l, enum call_kind kind, struct sdm_answer *answer, ms_t expires_at)
{
	struct account *a = l->account;

	if (kind == CALL_GENERATE) {
		stream_take_generated(&l->stream, answer, expires_at);
		keep_stream(&a->keep, l->name, l->device, &l->stream, clock_now());
		a->on_event(a->arg, l->camera, CAMERA_EV_GENERATED, NULL);
	} else if (kind == CALL_EXTEND) {
		stream_take_extended(&l->stream, answer, expires_at);
		keep_stream(&a->keep, l->name, l->device, &l->stream, clock_now());
		a->on_event(a->arg, l->camera, CAMERA_EV_EXTENDED, NULL);
	} else {
		forget_stream(l);
	}
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

	enum call_verdict verdict = scheduler_answered(a->scheduler, &call, &told, now);
	log_answer(l, call.kind, answer, verdict);
	/* An Extend that outlived its stream brings a token for nothing. */
	if (verdict == VERDICT_DONE && (call.kind != CALL_EXTEND || l->stream.sdm.rtsp_url))
		tell_done(l, call.kind, answer, told.expires_at);
	else if (verdict == VERDICT_FAILED)
		a->on_event(a->arg, l->camera,
			verdict_is_hopeless(answer) ? CAMERA_EV_UNSUPPORTED
						    : CAMERA_EV_GENERATE_FAILED,
			answer->words);
	else if (verdict == VERDICT_LOST)
		a->on_event(a->arg, l->camera, CAMERA_EV_LOST, answer->words);
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
	switch (l->call.kind) {
	case CALL_GENERATE:
		return sdm_generate(a->sdm, l->device, on_answer, l);
	case CALL_EXTEND:
		return sdm_extend(a->sdm, l->device, l->stream.sdm.extension_token, on_answer, l);
	case CALL_STOP:
		return sdm_stop(a->sdm, l->device, l->stream.sdm.extension_token, on_answer, l);
	case CALL_LIST:
	case CALL_NONE:
		break;
	}
	return NULL;
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
		break;
	case SCHEDULER_EXPIRED:
		log_warn("scheduler stream expired", LOG_CAM(name),
			LOG_INT("failed_extends", e->failures));
		a->on_event(a->arg, e->camera, CAMERA_EV_LOST, "the stream expired");
		break;
	case SCHEDULER_WAITING:
		log_warn("scheduler start waits", LOG_CAM(name),
			LOG_STR("reason", "no slot can be spared for another stream"));
		break;
	case SCHEDULER_API_DOWN:
		log_error("scheduler api down", LOG_ID("account", a->config->name));
		break;
	case SCHEDULER_API_BACK:
		log_info("scheduler api back", LOG_ID("account", a->config->name));
		break;
	}
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

/* Everything that is due is done, and the timer set for what comes next. The timer also serves to
 * leave the caller's stack: events must not come from inside our own functions. */
void
account_kick(struct account *a)
{
	struct api_call call;
	ms_t now = clock_now();
	ms_t next;

	scheduler_hold(a->scheduler, oauth_bearer(a->oauth) == NULL);
	/* What the cameras make of an event may be due as well. */
	do {
		while (next = scheduler_step(a->scheduler, now, &call), call.kind != CALL_NONE)
			make_call(a, &call);
	} while (drain_events(a));
	if (next == MS_NEVER)
		uv_timer_stop(&a->timer);
	else
		uv_timer_start(&a->timer, on_timer, next > now ? (uint64_t)(next - now) : 0, 0);
	discovery_kick(a->discovery);
}

static void
kick_soon(struct account *a)
{
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
	struct account *a = calloc(1, sizeof(*a));
	if (!a)
		abort();
	*a = (struct account){ .config = google,
		.keep = { .store = config->store, .account = google->name },
		.on_event = config->on_event,
		.on_list = config->on_list,
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
	for (struct camera_lease *l = a->leases, *next; l; l = next) {
		next = l->next;
		stream_clear(&l->stream);
		free(l);
	}
	a->leases = NULL;
	uv_close((uv_handle_t *)&a->timer, on_timer_closed);
}

const char *
account_name(const struct account *a)
{
	return a->config->name;
}

/* ---- after a restart ------------------------------------------------------------------------- */

static struct camera_lease *
find_device(const struct account *a, const char *device)
{
	for (struct camera_lease *l = a->leases; l; l = l->next)
		if (strcmp(l->device, device) == 0)
			return l;
	return NULL;
}

static void
restore_call(void *arg, const char *device, enum call_kind kind, ms_t at)
{
	struct account *a = arg;
	struct camera_lease *l = kind == CALL_LIST ? NULL : find_device(a, device);

	if (kind == CALL_LIST)
		quota_take(scheduler_quota(a->scheduler), NULL, CALL_LIST, at);
	else if (l)
		scheduler_called(a->scheduler, l->camera, kind, at);
}

static void
restore_stream(
	void *arg, const char *camera, const char *device, struct stream *stream, ms_t granted_at)
{
	struct account *a = arg;
	struct camera_lease *l = find_device(a, device);

	if (!l || strcmp(l->name, camera) != 0) {
		keep_no_stream(&a->keep, camera);
		return;
	}
	l->stream = *stream;
	l->granted_at = granted_at;
	*stream = (struct stream){ 0 };
}

void
account_restore(struct account *a)
{
	ms_t now = clock_now();

	keep_each_call(&a->keep, a->config->long_window_ms, now, restore_call, a);
	keep_each_stream(&a->keep, now, restore_stream, a);
}

bool
account_resume(struct account *a, int camera)
{
	struct camera_lease *l = account_find_lease(a, camera);

	if (!l->stream.sdm.rtsp_url)
		return false;
	log_info("google stream resumed", LOG_CAM(l->name),
		LOG_INT("left_ms", stream_left_ms(&l->stream, clock_now())));
	scheduler_restored(a->scheduler, camera, l->granted_at, l->stream.expires_at);
	return true;
}

/* ---- what cameras want ----------------------------------------------------------------------- */

void
account_add(struct account *a, int camera, const char *name, const char *device)
{
	struct camera_lease *l = calloc(1, sizeof(*l));

	if (!l)
		abort();
	*l = (struct camera_lease){
		.next = a->leases, .account = a, .camera = camera, .name = name, .device = device
	};
	a->leases = l;
	scheduler_add(a->scheduler, camera);
}

void
account_generate(struct account *a, int camera, enum generate_reason reason, ms_t at)
{
	scheduler_want_generate(a->scheduler, camera, reason, at);
	kick_soon(a);
}

void
account_cancel(struct account *a, int camera)
{
	scheduler_cancel(a->scheduler, camera);
	kick_soon(a);
}

void
account_drop(struct account *a, int camera)
{
	scheduler_lost(a->scheduler, camera);
	forget_stream(account_find_lease(a, camera));
	kick_soon(a);
}

void
account_stop_stream(struct account *a, int camera)
{
	scheduler_want_stop(a->scheduler, camera);
	kick_soon(a);
}

int
account_extend(struct account *a, int camera)
{
	int err = scheduler_want_extend(a->scheduler, camera);

	kick_soon(a);
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
