/* cameras.c - the camera table.
 * Owns each camera's machine, worker, link and publication, performs the machine's effects and
 * turns what happens to the others into its events. Decides nothing: supervisor/camera.c does.
 * Loop thread. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/err.h"
#include "common/log.h"
#include "proto/contract.h"
#include "proto/status.h"
#include "supervisor/cameras.h"
#include "supervisor/publish.h"
#include "supervisor/worker_link.h"
#include "supervisor/worker_proc.h"

/* Longest path of a worker's socket: that of a unix socket, config.c has checked it. */
#define SOCKET_PATH_MAX 108
/* After a worker died its tracks are closed in the background; nobody waits for that. */
#define CLOSE_TRACKS_MS 10000

struct entry {
	struct cameras *table;
	int number;
	const struct config_camera *config;
	struct account *account; /* NULL: a plain RTSP camera */
	struct camera *machine;
	struct worker_proc *proc;
	struct worker_link *link;
	struct publish *publish; /* NULL: not published */
	uv_timer_t timer;        /* camera_due */
	char socket[SOCKET_PATH_MAX];
	int64_t offer;    /* the number of the worker's newest, 0: none */
	struct msg state; /* the worker's last of its kind; type MSG_TYPES: none yet */
	struct msg stats;
	bool tracks_closed; /* at shutdown */
};

struct cameras {
	struct cameras_config config;
	struct entry *entries; /* owned; number is the index */
	size_t count;
	struct {
		uv_timer_t timer;
		void (*done)(void *arg, bool clean); /* NULL: not shutting down */
		void *arg;
	} shutdown;
	int open_timers;
};

static void step(struct entry *e, enum camera_event ev, const char *why);
static void check_shutdown(struct cameras *t);

static uint32_t
draw(void)
{
	uint32_t r;

	if (getrandom(&r, sizeof(r), GRND_NONBLOCK) != (ssize_t)sizeof(r))
		r = (uint32_t)clock_now_us() * 2654435761u;
	return r;
}

static const char *
stream_url(const struct entry *e)
{
	return e->account ? account_url(e->account, e->number) : e->config->url;
}

/* ---- effects --------------------------------------------------------------------------------- */

static void
send_source(struct entry *e)
{
	struct msg m = { .type = MSG_SOURCE,
		.u.source = { .url = (char *)(uintptr_t)stream_url(e),
			.ca_file = e->config->ca_file,
			.tls_verify = e->config->tls_verify,
			.stall_ms = e->config->media_stall_ms,
			.publish = e->publish != NULL } };

	/* Before hello, and before the first Generate, there is nothing to say: hello comes here.
	 */
	if (m.u.source.url)
		worker_link_send(e->link, &m);
}

static void
send_token(struct entry *e)
{
	struct msg m = { .type = MSG_EXTENDED, .u.extended.url = (char *)(uintptr_t)stream_url(e) };

	if (m.u.extended.url)
		worker_link_send(e->link, &m);
}

static void
start_worker(struct entry *e)
{
	worker_proc_start(e->proc);
	worker_link_expect(e->link, worker_proc_gen(e->proc));
}

static void
announce(struct entry *e, const struct camera_effects *fx)
{
	const char *why = camera_view(e->machine).why;
	const char *from = camera_state_text(fx->from);
	const char *to = camera_state_text(fx->to);

	log_info("camera state", LOG_CAM(e->config->name), LOG_STR("from", from), LOG_STR("to", to),
		LOG_INT("after_ms", fx->after_ms), LOG_STR("why", *why ? why : NULL));
	events_publish(e->table->config.events, e->config->name, to, *why ? why : NULL);
}

static void
perform_stream(struct entry *e, const struct camera_effects *fx)
{
	enum generate_reason reason = fx->operator? GENERATE_OPERATOR
				      : fx->start ? GENERATE_START
						  : GENERATE_RECOVER;

	if (!e->account)
		return;
	if (fx->what & CAMERA_DO_CANCEL)
		account_cancel(e->account, e->number);
	if (fx->what & CAMERA_DO_DROP)
		account_drop(e->account, e->number);
	if (fx->what & CAMERA_DO_STOP_STREAM)
		account_stop_stream(e->account, e->number);
	if (fx->what & CAMERA_DO_GENERATE)
		account_generate(e->account, e->number, reason, fx->generate_at);
}

static void
perform_worker(struct entry *e, const struct camera_effects *fx)
{
	if (fx->what & CAMERA_DO_STOP_WORKER)
		worker_proc_stop(e->proc);
	if (fx->what & CAMERA_DO_START_WORKER)
		start_worker(e);
	if (fx->what & CAMERA_DO_SOURCE)
		send_source(e);
	if (fx->what & CAMERA_DO_TOKEN)
		send_token(e);
}

static void
on_due(uv_timer_t *timer)
{
	step(timer->data, CAMERA_EV_TIMER, NULL);
}

static void
arm(struct entry *e)
{
	ms_t due = camera_due(e->machine);
	ms_t now = clock_now();

	if (due == MS_NEVER)
		uv_timer_stop(&e->timer);
	else
		uv_timer_start(&e->timer, on_due, due > now ? (uint64_t)(due - now) : 0, 0);
}

static void
step(struct entry *e, enum camera_event ev, const char *why)
{
	if (e->table->shutdown.done)
		return;
	struct camera_effects fx = camera_step(e->machine, ev, why, draw(), clock_now());
	if (fx.what & CAMERA_DO_PUBLISH)
		announce(e, &fx);
	if (fx.what & CAMERA_DO_ALERT)
		log_error("camera degraded", LOG_CAM(e->config->name),
			LOG_STR("why", camera_view(e->machine).why));
	perform_stream(e, &fx);
	perform_worker(e, &fx);
	arm(e);
}

/* ---- the worker's words ---------------------------------------------------------------------- */

static void
on_hello(struct entry *e, const struct msg *m)
{
	log_info("worker says hello", LOG_CAM(e->config->name), LOG_INT("pid", m->pid),
		LOG_STR("version", m->u.hello.version));
	send_source(e);
}

static void
set_track(struct sfu_track *track, const char *camera, const char *kind, const char *mid)
{
	snprintf(track->mid, sizeof(track->mid), "%s", mid);
	snprintf(track->name, sizeof(track->name), "%s-%s", camera, kind);
}

static void
on_offer(struct entry *e, const struct msg *m)
{
	struct sfu_track tracks[2] = { 0 };
	size_t n = 0;

	if (!e->publish)
		return;
	e->offer = m->u.offer.offer;
	set_track(&tracks[n++], e->config->name, "video", m->u.offer.video_mid);
	if (m->u.offer.audio_mid)
		set_track(&tracks[n++], e->config->name, "audio", m->u.offer.audio_mid);
	publish_offer(e->publish, m->u.offer.sdp, tracks, n);
}

static enum camera_media
to_media(const char *health)
{
	for (int i = 0; i < CAMERA_MEDIAS; i++)
		if (strcasecmp(camera_media_text((enum camera_media)i), health) == 0)
			return (enum camera_media)i;
	return CAMERA_MEDIA_OFFLINE;
}

/* Keeps the newest message of a kind: its strings become the entry's. */
static void
keep(struct msg *kept, const struct msg *m)
{
	char why[80];
	char *text = msg_encode(m);

	if (kept->type != MSG_TYPES)
		msg_clear(kept);
	if (msg_decode(text, strlen(text), MSG_BY_WORKER, kept, why, sizeof(why)) != 0)
		kept->type = MSG_TYPES;
	free(text);
}

static void
forget(struct msg *kept)
{
	if (kept->type != MSG_TYPES)
		msg_clear(kept);
	kept->type = MSG_TYPES;
}

static void
on_state(struct entry *e, const struct msg *m)
{
	const struct msg_state *s = &m->u.state;

	keep(&e->state, m);
	if (camera_set_media(e->machine, to_media(s->health), clock_now())) {
		log_info("camera media", LOG_CAM(e->config->name), LOG_STR("health", s->health),
			LOG_STR("phase", s->phase), LOG_STR("reason", s->reason));
		events_publish(e->table->config.events, e->config->name, s->health, s->reason);
	}
	if (strcmp(s->phase, "running") == 0)
		step(e, CAMERA_EV_WORKER_READY, NULL);
}

static void
on_stats(struct entry *e, const struct msg *m)
{
	forget(&e->stats);
	e->stats = *m; /* numbers only */
}

static void
on_refused(struct entry *e, const struct msg *m)
{
	log_warn("worker stream refused", LOG_CAM(e->config->name),
		LOG_INT("rtsp_status", m->u.refused.rtsp_status),
		LOG_STR("reason", m->u.refused.reason));
	step(e, CAMERA_EV_REFUSED, m->u.refused.reason);
}

static void
on_worker_event(struct entry *e, const struct msg *m)
{
	events_publish(e->table->config.events, e->config->name, m->u.event.event, m->u.event.text);
}

/* clang-format off */
static void (*const handlers[MSG_TYPES])(struct entry *, const struct msg *) = {
	[MSG_HELLO]   = on_hello,
	[MSG_OFFER]   = on_offer,
	[MSG_STATE]   = on_state,
	[MSG_STATS]   = on_stats,
	[MSG_REFUSED] = on_refused,
	[MSG_EVENT]   = on_worker_event,
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
	struct entry *e = arg;

	log_error("worker hangs", LOG_CAM(e->config->name));
	worker_proc_kill(e->proc);
}

static void
on_death(void *arg, const char *why)
{
	struct entry *e = arg;

	worker_link_forget(e->link);
	forget(&e->state);
	forget(&e->stats);
	camera_set_media(e->machine, CAMERA_MEDIA_OFFLINE, clock_now());
	events_publish(e->table->config.events, e->config->name, "worker died", why);
	if (e->publish && !e->table->shutdown.done)
		publish_stop(e->publish, CLOSE_TRACKS_MS, NULL, NULL);
	step(e, CAMERA_EV_WORKER_DIED, why);
	check_shutdown(e->table);
}

/* ---- the SFU's words ------------------------------------------------------------------------- */

static void
on_answer(const char *session, const char *sdp, void *arg)
{
	struct entry *e = arg;
	struct msg m = { .type = MSG_ANSWER,
		.u.answer = { .offer = e->offer, .sdp = (char *)(uintptr_t)sdp } };

	log_info("publish answered", LOG_CAM(e->config->name), LOG_STR("session", session));
	worker_link_send(e->link, &m);
}

static void
on_publish_failed(const char *why, ms_t retry_ms, void *arg)
{
	struct entry *e = arg;
	struct msg m = { .type = MSG_PUBLISH_FAILED,
		.u.publish_failed = { .offer = e->offer, .reason = (char *)(uintptr_t)why } };

	log_warn("publish failed", LOG_CAM(e->config->name), LOG_STR("why", why),
		LOG_INT("retry_ms", retry_ms));
	events_publish(e->table->config.events, e->config->name, "publish failed", why);
	if (retry_ms < 0)
		worker_link_send(e->link, &m);
}

/* ---- what Google said ------------------------------------------------------------------------ */

void
cameras_on_account(void *arg, int camera, enum camera_event ev, const char *why)
{
	struct cameras *t = arg;

	step(&t->entries[camera], ev, why);
}

/* ---- making and ending ----------------------------------------------------------------------- */

static struct camera *
make_machine(const struct config *c, bool leased)
{
	struct camera_settings s = camera_settings_default(leased, 60000);

	s.retry_first_ms = c->failed_retry_first_ms;
	s.retry_cap_ms = c->failed_retry_cap_ms;
	s.degraded_ms = c->degraded_retry_ms;
	s.failures_max = c->degraded_after;
	s.respawn_first_ms = c->respawn_first_ms;
	s.respawn_cap_ms = c->respawn_cap_ms;
	return camera_new(&s, clock_now());
}

static int
open_entry(struct entry *e, char *why, size_t why_size)
{
	struct cameras *t = e->table;
	const struct config *c = t->config.config;
	struct worker_link_events words = {
		.on_message = on_message, .on_silent = on_silent, .arg = e
	};
	struct worker_proc_config proc = { .loop = t->config.loop,
		.program = c->worker,
		.camera = e->config->name,
		.socket = e->socket,
		.kill_timeout_ms = c->kill_timeout_ms,
		.on_death = on_death,
		.arg = e };
	struct publish_events publish = { .on_answer = on_answer, .on_failed = on_publish_failed };

	snprintf(e->socket, sizeof(e->socket), "%s/worker/%s.ipc", c->run_dir, e->config->name);
	int err = worker_link_open(t->config.loop, e->socket, e->config->name, &words, &e->link);
	if (err) {
		snprintf(why, why_size, "%s: %s", e->socket,
			err == ERR_SYS ? strerror(errno) : err_text(err));
		return -1;
	}
	e->proc = worker_proc_new(&proc);
	if (e->config->publish == CONFIG_PUBLISH_CLOUDFLARE)
		e->publish =
			publish_new(t->config.loop, t->config.sfu, e->config->name, &publish, e);
	return 0;
}

static void
init_entry(struct cameras *t, const struct config_camera *config, int number)
{
	struct entry *e = &t->entries[number];
	const struct cameras_config *c = &t->config;

	*e = (struct entry){ .table = t, .number = number, .config = config };
	e->state.type = e->stats.type = MSG_TYPES;
	e->machine = make_machine(c->config, config->account != NULL);
	uv_timer_init(c->loop, &e->timer);
	e->timer.data = e;
	t->open_timers++;
	if (config->account) {
		e->account = c->find_account(c->arg, config->account);
		account_add(e->account, number, config->name, config->device);
	}
}

int
cameras_new(const struct cameras_config *config, struct cameras **out, char *why, size_t why_size)
{
	struct cameras *t = calloc(1, sizeof(*t));
	int err = 0;

	if (!t)
		abort();
	t->config = *config;
	t->entries = calloc(config->config->camera_count + 1, sizeof(*t->entries));
	if (!t->entries)
		abort();
	uv_timer_init(config->loop, &t->shutdown.timer);
	t->shutdown.timer.data = t;
	t->open_timers = 1;
	for (struct config_camera *c = config->config->cameras; c; c = c->next)
		init_entry(t, c, (int)t->count++);
	for (size_t i = 0; i < t->count && !err; i++)
		err = open_entry(&t->entries[i], why, why_size);
	if (err)
		cameras_free(t);
	else
		*out = t;
	return err;
}

void
cameras_start(struct cameras *t)
{
	for (size_t i = 0; i < t->count; i++)
		step(&t->entries[i], CAMERA_EV_START, NULL);
}

static void
on_timer_closed(uv_handle_t *handle)
{
	struct cameras *t = handle->data;

	if (--t->open_timers > 0)
		return;
	free(t->entries);
	free(t);
}

static void
free_entry(struct entry *e)
{
	publish_free(e->publish);
	worker_proc_free(e->proc);
	worker_link_close(e->link);
	forget(&e->state);
	forget(&e->stats);
	camera_free(e->machine);
	e->timer.data = e->table;
	uv_close((uv_handle_t *)&e->timer, on_timer_closed);
}

void
cameras_free(struct cameras *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->count; i++)
		free_entry(&t->entries[i]);
	t->shutdown.timer.data = t;
	uv_close((uv_handle_t *)&t->shutdown.timer, on_timer_closed);
}

/* ---- shutdown -------------------------------------------------------------------------------- */

static bool
is_ended(const struct entry *e)
{
	return worker_proc_pid(e->proc) == 0 && (!e->publish || e->tracks_closed);
}

static void
finish_shutdown(struct cameras *t, bool clean)
{
	void (*done)(void *, bool) = t->shutdown.done;

	uv_timer_stop(&t->shutdown.timer);
	t->shutdown.done = NULL;
	done(t->shutdown.arg, clean);
}

static void
check_shutdown(struct cameras *t)
{
	if (!t->shutdown.done)
		return;
	for (size_t i = 0; i < t->count; i++)
		if (!is_ended(&t->entries[i]))
			return;
	finish_shutdown(t, true);
}

static void
on_shutdown_due(uv_timer_t *timer)
{
	finish_shutdown(timer->data, false);
}

static void
on_tracks_closed(bool closed, void *arg)
{
	struct entry *e = arg;

	if (!closed)
		log_warn("publish tracks not closed in time", LOG_CAM(e->config->name));
	e->tracks_closed = true;
	check_shutdown(e->table);
}

void
cameras_shutdown(struct cameras *t, ms_t within_ms, void (*done)(void *arg, bool clean), void *arg)
{
	t->shutdown.done = done;
	t->shutdown.arg = arg;
	uv_timer_start(&t->shutdown.timer, on_shutdown_due, (uint64_t)within_ms, 0);
	for (size_t i = 0; i < t->count; i++) {
		struct entry *e = &t->entries[i];
		uv_timer_stop(&e->timer);
		worker_proc_stop(e->proc);
		if (e->publish)
			publish_stop(e->publish, within_ms, on_tracks_closed, e);
	}
	check_shutdown(t);
}

/* ---- what operators ask ---------------------------------------------------------------------- */

int
cameras_find(const struct cameras *t, const char *name)
{
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->entries[i].config->name, name) == 0)
			return (int)i;
	return -1;
}

size_t
cameras_count(const struct cameras *t)
{
	return t->count;
}

size_t
cameras_running(const struct cameras *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->count; i++)
		n += camera_view(t->entries[i].machine).state == CAMERA_RUNNING;
	return n;
}

void
cameras_command(struct cameras *t, int camera, enum camera_event ev)
{
	struct entry *e = &t->entries[camera];

	log_info("camera command", LOG_CAM(e->config->name),
		LOG_STR("command", camera_event_text(ev)));
	step(e, ev, NULL);
}

int
cameras_extend(struct cameras *t, int camera, char *why, size_t why_size)
{
	struct entry *e = &t->entries[camera];

	if (e->account && account_extend(e->account, camera) == 0)
		return 0;
	snprintf(why, why_size,
		e->account ? "%s has no stream to extend"
			   : "%s is a plain RTSP camera: nothing expires",
		e->config->name);
	return -1;
}

/* ---- the snapshot ---------------------------------------------------------------------------- */

static char *
copy(const char *s)
{
	char *c = s ? strdup(s) : NULL;

	if (s && !c)
		abort();
	return c;
}

static void
fill_stats(const struct entry *e, struct status_camera *row)
{
	const struct msg_stats *s = &e->stats.u.stats;

	if (e->stats.type == MSG_TYPES)
		return;
	row->width = s->width;
	row->height = s->height;
	row->fps = s->fps;
	row->bitrate = s->bitrate;
	row->gop_ms = s->gop_ms;
	row->keyframe_age_ms = s->keyframe_age_ms;
	row->jitter_ms = s->jitter_ms;
	row->frames = s->frames;
	row->gaps = s->gaps;
	row->late = s->late;
	row->packets = s->packets;
	row->bytes = s->bytes;
	row->dropped = s->dropped;
	row->nacks = s->nacks;
	row->resent = s->resent;
	row->plis = s->plis;
	row->firs = s->firs;
	row->loss_ratio = s->loss_ratio;
	row->rtt_ms = s->rtt_ms;
}

static void
fill_worker(const struct entry *e, ms_t now, struct status_camera *row)
{
	const struct msg_state *s = &e->state.u.state;

	row->pid = worker_proc_pid(e->proc);
	row->gen = worker_proc_gen(e->proc);
	row->restarts = row->gen > 1 ? row->gen - 1 : 0;
	row->uptime_ms = row->pid ? now - worker_proc_since(e->proc) : 0;
	row->phase = copy(e->state.type == MSG_TYPES ? "-" : s->phase);
	if (e->state.type == MSG_TYPES)
		return;
	row->reconnects = s->reconnects;
	row->rtsp_ms = s->rtsp_ms;
	row->offer_ms = s->offer_ms;
	row->answer_ms = s->answer_ms;
	row->ice_ms = s->ice_ms;
	row->dtls_ms = s->dtls_ms;
	row->first_packet_ms = s->first_packet_ms;
}

/* The last thing that went wrong and still counts: the stream's, the worker's, the SFU's. */
static const char *
last_error(const struct entry *e, const struct camera_view *view)
{
	bool worker = e->state.type != MSG_TYPES && e->state.u.state.reason;

	if (view->state != CAMERA_RUNNING && *view->why)
		return view->why;
	if (worker)
		return e->state.u.state.reason;
	if (e->publish && publish_state(e->publish) != PUBLISH_LIVE && *publish_why(e->publish))
		return publish_why(e->publish);
	return NULL;
}

void
cameras_status(const struct cameras *t, int camera, ms_t now, struct status_camera *row)
{
	const struct entry *e = &t->entries[camera];
	struct camera_view view = camera_view(e->machine);
	ms_t due = camera_due(e->machine);

	*row = (struct status_camera){
		.name = copy(e->config->name),
		.account = copy(e->config->google),
		.state = copy(camera_state_text(view.state)),
		.health = copy(camera_media_text(view.media)),
		.error = copy(last_error(e, &view)),
		.publication =
			copy(e->publish ? publish_state_name(publish_state(e->publish)) : "none"),
		.session = copy(e->publish ? publish_session(e->publish) : NULL),
		.state_ms = now - view.since,
		.expires_ms = e->account ? account_expires_ms(e->account, camera, now) : -1,
		.next_try_ms = due == MS_NEVER ? -1 : due - now,
		.generates = view.streams,
		.extends = e->account ? account_extends(e->account, camera) : 0,
		.failures = view.failures,
	};
	if (row->session && asprintf(&row->track, "%s-video", e->config->name) < 0)
		abort();
	fill_worker(e, now, row);
	fill_stats(e, row);
}
