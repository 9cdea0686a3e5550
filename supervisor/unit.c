/* unit.c - one camera at work.
 * Owns its machine, worker, link and publication, performs the machine's effects and turns what
 * happens to the others into its events. Decides nothing: supervisor/camera.c does. Loop thread. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/err.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "supervisor/account.h"
#include "supervisor/camera_view.h"
#include "supervisor/config.h"
#include "supervisor/config_camera.h"
#include "supervisor/events.h"
#include "supervisor/kept.h"
#include "supervisor/outputs.h"
#include "supervisor/scheduler.h"
#include "supervisor/unit.h"
#include "supervisor/unit_change.h"
#include "supervisor/unit_counts.h"
#include "supervisor/unit_guard.h"
#include "supervisor/unit_outage.h"
#include "supervisor/unit_outputs.h"
#include "supervisor/unit_record.h"
#include "supervisor/worker_link.h"

/* Whoever leaves has so long to end what is at its far ends; after a worker's death nobody waits.
 */
#define END_OUTPUTS_MS 10000

static uint32_t
draw(void)
{
	uint32_t r;

	if (getrandom(&r, sizeof(r), GRND_NONBLOCK) != (ssize_t)sizeof(r))
		r = (uint32_t)clock_now_us() * 2654435761u;
	return r;
}

static const char *
stream_url(const struct unit *u)
{
	return u->account ? account_url(u->account, u->number) : u->config->url;
}

/* ---- effects --------------------------------------------------------------------------------- */

void
unit_send_source(struct unit *u)
{
	const struct config_camera *c = u->config;
	bool small = unit_guard_takes_substream(u);
	const char *url = small ? c->substream : stream_url(u);
	struct msg m = { .type = MSG_SOURCE,
		.u.source = { .url = (char *)(uintptr_t)url,
			.url2 = small ? NULL : c->url2,
			.url3 = small ? NULL : c->url3,
			.url4 = small ? NULL : c->url4,
			.substream = small ? NULL : c->substream,
			.transport = (char *)(uintptr_t)config_transport_text(c->transport),
			.url_return_ms = c->url_return_ms,
			.ca_file = c->ca_file,
			.tls_verify = c->tls_verify,
			.stall_ms = c->media_stall_ms,
			.sound = c->audio,
			.gop_replay = (char *)(uintptr_t)config_replay_text(c->gop_replay),
			.bframes = (char *)(uintptr_t)config_bframes_text(c->bframes),
			.publish = outputs_count(u->outputs) > 0,
			.outputs = (int64_t)outputs_count(u->outputs),
			.two_tracks = outputs_two_tracks(u->outputs) } };

	/* Before hello, and before the first Generate, there is nothing to say: hello comes
	 * here. */
	if (m.u.source.url)
		worker_link_send(u->link, &m);
}

/* What counts as trouble. */
static void
send_watch(struct unit *u)
{
	const struct config *c = u->shared->config;
	struct msg m = { .type = MSG_WATCH,
		.u.watch = { .offline_after = c->offline_after,
			.offline_retry_ms = c->offline_retry_ms,
			.low_fps_percent = c->low_fps_percent,
			.high_loss_percent = c->high_loss_percent,
			.frozen_ms = c->frozen_after_ms } };

	worker_link_send(u->link, &m);
}

static void
send_token(struct unit *u)
{
	struct msg m = { .type = MSG_EXTENDED, .u.extended.url = (char *)(uintptr_t)stream_url(u) };

	/* The smaller stream has none; who leaves it is told all. */
	if (m.u.extended.url && !unit_guard_takes_substream(u))
		worker_link_send(u->link, &m);
}

static void
start_worker(struct unit *u)
{
	tally_add(&u->tally, TALLY_WORKERS);
	unit_counts_on_start(u);
	worker_proc_start(u->proc);
	worker_link_expect(u->link, worker_proc_gen(u->proc), worker_proc_pid(u->proc));
}

static void
announce(struct unit *u, const struct camera_effects *fx)
{
	bool trouble = fx->to == CAMERA_FAILED || fx->to == CAMERA_DEGRADED;
	const char *why = trouble ? camera_view(u->machine).why : NULL;
	const char *from = camera_state_text(fx->from);
	const char *to = camera_state_text(fx->to);

	log_info("camera state", LOG_CAM(u->name), LOG_STR("from", from), LOG_STR("to", to),
		LOG_INT("after_ms", fx->after_ms), LOG_STR("why", why));
	events_publish(u->shared->events, u->name, to, why);
	if (trouble)
		unit_outage_on_trouble(u, why);
}

static void
perform_stream(struct unit *u, const struct camera_effects *fx)
{
	enum generate_reason reason = fx->operator? GENERATE_OPERATOR
				      : fx->start ? GENERATE_START
						  : GENERATE_RECOVER;

	if (!u->account)
		return;
	if (fx->what & CAMERA_DO_CANCEL)
		account_cancel(u->account, u->number);
	if (fx->what & CAMERA_DO_DROP)
		account_drop(u->account, u->number);
	if (fx->what & CAMERA_DO_STOP_STREAM)
		account_stop_stream(u->account, u->number);
	if (fx->what & CAMERA_DO_GENERATE)
		account_generate(u->account, u->number, reason, fx->generate_at);
}

static void
perform_worker(struct unit *u, const struct camera_effects *fx)
{
	if (fx->what & CAMERA_DO_STOP_WORKER)
		worker_proc_stop(u->proc);
	if (fx->what & CAMERA_DO_START_WORKER)
		start_worker(u);
	if (fx->what & CAMERA_DO_SOURCE)
		unit_send_source(u);
	if (fx->what & CAMERA_DO_TOKEN)
		send_token(u);
}

static void
on_due(uv_timer_t *timer)
{
	unit_step(timer->data, CAMERA_EV_TIMER, NULL);
}

static void
arm(struct unit *u)
{
	ms_t due = camera_due(u->machine);
	ms_t outage = unit_outage_due(u);
	ms_t now = clock_now();

	if (u->life == UNIT_STOPPING)
		return;
	if (outage < due)
		due = outage;
	if (due == MS_NEVER)
		uv_timer_stop(&u->timer);
	else
		uv_timer_start(&u->timer, on_due, due > now ? (uint64_t)(due - now) : 0, 0);
}

bool
unit_step(struct unit *u, enum camera_event ev, const char *why)
{
	if (u->life == UNIT_STOPPING)
		return false;
	/* What was lost before is not lost again. */
	if (ev != CAMERA_EV_REFUSED || camera_view(u->machine).state == CAMERA_RUNNING)
		tally_event(&u->tally, ev);
	struct camera_effects fx = camera_step(u->machine, ev, why, draw(), clock_now());
	if (fx.what & CAMERA_DO_PUBLISH)
		announce(u, &fx);
	if (fx.what & CAMERA_DO_ALERT)
		log_error("camera degraded", LOG_CAM(u->name),
			LOG_STR("why", camera_view(u->machine).why));
	perform_stream(u, &fx);
	perform_worker(u, &fx);
	unit_outage_step(u);
	arm(u);
	return !fx.ignored;
}

/* ---- the worker's words ---------------------------------------------------------------------- */

static void
on_hello(struct unit *u, const struct msg *m)
{
	log_info("worker says hello", LOG_CAM(u->name), LOG_INT("pid", m->pid),
		LOG_STR("version", m->u.hello.version));
	send_watch(u);
	unit_record_tell(u);
	unit_send_source(u);
}

static enum camera_media
to_media(const char *health)
{
	for (int i = 0; i < CAMERA_MEDIAS; i++)
		if (strcasecmp(camera_media_text((enum camera_media)i), health) == 0)
			return (enum camera_media)i;
	return CAMERA_MEDIA_OFFLINE;
}

static void
on_state(struct unit *u, const struct msg *m)
{
	const struct msg_state *s = &m->u.state;

	kept_set(&u->state, m);
	totals_on_state(&u->counts.totals, s);
	if (camera_set_media(u->machine, to_media(s->health), clock_now())) {
		log_info("camera media", LOG_CAM(u->name), LOG_STR("health", s->health),
			LOG_STR("phase", s->phase), LOG_STR("reason", s->reason));
		events_publish(u->shared->events, u->name, s->health, s->reason);
	}
	unit_outage_on_state(u, s);
	arm(u);
	if (strcmp(s->phase, "running") == 0)
		unit_step(u, CAMERA_EV_WORKER_READY, NULL);
}

static void
on_stats(struct unit *u, const struct msg *m)
{
	kept_forget(&u->stats);
	u->stats = *m; /* numbers only */
	unit_counts_on_stats(u, &m->u.stats);
}

static void
on_refused(struct unit *u, const struct msg *m)
{
	log_warn("worker stream refused", LOG_CAM(u->name),
		LOG_INT("rtsp_status", m->u.refused.rtsp_status),
		LOG_STR("reason", m->u.refused.reason));
	unit_step(u, CAMERA_EV_REFUSED, m->u.refused.reason);
}

static void
on_worker_event(struct unit *u, const struct msg *m)
{
	events_publish(u->shared->events, u->name, m->u.event.event, m->u.event.text);
}

/* clang-format off */
static void (*const handlers[MSG_TYPES])(struct unit *, const struct msg *) = {
	[MSG_HELLO]         = on_hello,
	[MSG_OFFER]         = unit_outputs_on_offer,
	[MSG_STATE]         = on_state,
	[MSG_OUTPUT]        = unit_outputs_on_output,
	[MSG_STATS]         = on_stats,
	[MSG_REFUSED]       = on_refused,
	[MSG_EVENT]         = on_worker_event,
	[MSG_RECORDING]     = unit_record_on_state,
	[MSG_SNAPSHOT_DONE] = unit_record_on_snapshot,
};
/* clang-format on */

static void
on_message(void *arg, const struct msg *m)
{
	if (handlers[m->type])
		handlers[m->type](arg, m);
}

static void
on_silent(void *arg)
{
	struct unit *u = arg;

	log_error("worker hangs", LOG_CAM(u->name));
	worker_proc_kill(u->proc);
}

static void
tell_ended(struct unit *u)
{
	if (u->life != UNIT_AT_WORK && unit_is_ended(u))
		u->on_ended(u->arg); /* may free u */
}

static void
on_death(void *arg, enum worker_end end, const char *why)
{
	struct unit *u = arg;

	worker_link_forget(u->link);
	kept_forget(&u->state);
	kept_forget(&u->stats);
	unit_record_on_death(u);
	unit_counts_on_death(u, end);
	camera_set_media(u->machine, CAMERA_MEDIA_OFFLINE, clock_now());
	events_publish(u->shared->events, u->name, "worker died", why);
	unit_outage_on_trouble(u, why);
	if (u->life == UNIT_AT_WORK)
		outputs_stop(u->outputs, END_OUTPUTS_MS, NULL, NULL);
	unit_step(u, CAMERA_EV_WORKER_DIED, why);
	tell_ended(u);
}

/* ---- making and ending ----------------------------------------------------------------------- */

static struct camera_settings
machine_settings(const struct unit *u)
{
	const struct config *c = u->shared->config;
	struct camera_settings s = camera_settings_default(u->config->google != NULL, 60000);

	s.retry_first_ms = c->failed_retry_first_ms;
	s.retry_cap_ms = c->failed_retry_cap_ms;
	s.degraded_ms = c->degraded_retry_ms;
	s.failures_max = c->degraded_after;
	s.respawn_first_ms = c->respawn_first_ms;
	s.respawn_cap_ms = c->respawn_cap_ms;
	return s;
}

struct unit *
unit_new(const struct cameras_config *shared, const struct config_camera *config)
{
	struct unit *u = xcalloc(1, sizeof(*u));

	*u = (struct unit){ .shared = shared, .config = config_camera_copy(config) };
	snprintf(u->name, sizeof(u->name), "%s", config->name);
	tally_open(&u->tally, shared->store, u->name);
	unit_record_open(u);
	u->state.type = u->stats.type = u->record.state.type = u->record.done.type = MSG_TYPES;
	struct camera_settings settings = machine_settings(u);
	u->machine = camera_new(&settings, clock_now());
	uv_timer_init(shared->loop, &u->timer);
	u->timer.data = u;
	return u;
}

static void
make_parts(struct unit *u)
{
	const struct config *c = u->shared->config;
	struct worker_proc_config proc = { .loop = u->shared->loop,
		.program = c->worker,
		.camera = u->name,
		.socket = u->socket,
		.kill_timeout_ms = c->kill_timeout_ms,
		.on_death = on_death,
		.arg = u };

	u->proc = worker_proc_new(&proc);
	unit_outputs_make(u);
}

int
unit_open(struct unit *u, char *why, size_t why_size)
{
	struct worker_link_events words = {
		.on_message = on_message, .on_silent = on_silent, .arg = u
	};

	snprintf(u->socket, sizeof(u->socket), "%s/worker/%s.ipc", u->shared->config->run_dir,
		u->name);
	int err = worker_link_open(u->shared->loop, u->socket, u->name, &words, &u->link);
	if (err) {
		snprintf(why, why_size, "%s: %s", u->socket,
			err == ERR_SYS ? strerror(errno) : err_text(err));
		return -1;
	}
	make_parts(u);
	return 0;
}

bool
unit_set_config(struct unit *u, const struct config_camera *config)
{
	config_camera_free(u->config);
	u->config = config_camera_copy(config);
	unit_configure(u);
	return unit_outputs_set(u);
}

void
unit_configure(struct unit *u)
{
	const struct config *c = u->shared->config;
	struct camera_settings settings = machine_settings(u);

	camera_set_settings(u->machine, &settings);
	worker_proc_configure(u->proc, c->worker, c->kill_timeout_ms);
	send_watch(u);
	unit_record_tell(u);
}

static void
on_outputs_ended(bool closed, void *arg)
{
	struct unit *u = arg;

	if (!closed)
		log_warn("publish tracks not closed in time", LOG_CAM(u->name));
	u->outputs_ended = true;
	tell_ended(u);
}

/* Worker and outputs; whoever waits is told. */
static void
end(struct unit *u, ms_t within_ms, void (*on_ended)(void *arg), void *arg)
{
	u->on_ended = on_ended;
	u->arg = arg;
	u->outputs_ended = outputs_count(u->outputs) == 0;
	worker_proc_stop(u->proc);
	if (!u->outputs_ended)
		outputs_stop(u->outputs, within_ms, on_outputs_ended, u);
}

void
unit_leave(struct unit *u, void (*on_ended)(void *arg), void *arg)
{
	u->life = UNIT_LEAVING;
	unit_record_on_leave(u);
	unit_step(u, CAMERA_EV_STOP, NULL);
	unit_detach(u);
	end(u, END_OUTPUTS_MS, on_ended, arg);
}

void
unit_stop(struct unit *u, ms_t within_ms, void (*on_ended)(void *arg), void *arg)
{
	u->life = UNIT_STOPPING;
	uv_timer_stop(&u->timer);
	end(u, within_ms, on_ended, arg);
}

bool
unit_is_ended(const struct unit *u)
{
	return worker_proc_pid(u->proc) == 0 && u->outputs_ended;
}

static void
on_closed(uv_handle_t *handle)
{
	struct unit *u = handle->data;
	void (*on_freed)(void *) = u->on_freed;
	void *arg = u->arg;

	free(u);
	on_freed(arg);
}

void
unit_free(struct unit *u, void (*on_freed)(void *arg), void *arg)
{
	outputs_free(u->outputs);
	worker_proc_free(u->proc);
	worker_link_close(u->link);
	kept_forget(&u->state);
	kept_forget(&u->stats);
	unit_record_clear(u);
	camera_free(u->machine);
	config_camera_free(u->config);
	u->on_freed = on_freed;
	u->arg = arg;
	uv_close((uv_handle_t *)&u->timer, on_closed);
}
