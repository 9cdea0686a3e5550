/* unit_status.c - what is shown of one camera. Reads the unit, changes nothing. Loop thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/xmalloc.h"
#include "proto/status_camera.h"
#include "supervisor/account_view.h"
#include "supervisor/camera_view.h"
#include "supervisor/config_camera.h"
#include "supervisor/outputs.h"
#include "supervisor/unit_counts.h"
#include "supervisor/unit_guard.h"
#include "supervisor/unit_outputs.h"
#include "supervisor/unit_status.h"

static void
fill_stats(const struct unit *u, struct status_camera *row)
{
	const struct msg_stats *s = &u->stats.u.stats;

	if (u->stats.type == MSG_TYPES)
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
	row->path_loss = s->path_loss;
	row->path_queue_ms = s->path_queue_ms;
	row->path_bitrate = s->path_bitrate;
	row->replays = s->replays;
	row->frozen_ms = s->frozen_ms;
	row->b_frames = s->b_frames;
	row->b_dropped = s->b_dropped;
	row->sound_packets = s->sound_packets;
	row->sound_level = s->sound_level;
	row->sound_drift = s->sound_drift;
	row->sound_silence_ms = s->sound_silence_ms;
	row->loss_ratio = s->loss_ratio;
	row->rtt_ms = s->rtt_ms;
}

/* "url2 rtsp://host/path" without secrets; NULL if the camera has but one. */
static char *
url_in_use(const struct unit *u)
{
	const struct config_camera *c = u->config;
	const char *const urls[] = { c->url, c->url2, c->url3, c->url4, c->substream };
	static const char *const names[] = { "url", "url2", "url3", "url4", "substream" };
	int64_t number = u->state.type == MSG_TYPES ? 0 : u->state.u.state.url_number;
	char shown[200], *text;

	if (number == 1 && unit_guard_takes_substream(u))
		number = 5;
	if ((!c->url2 && !c->substream) || number < 1 || number > 5 || !urls[number - 1])
		return NULL;
	log_redact_url(urls[number - 1], shown, sizeof(shown));
	text = xasprintf("%s %s", names[number - 1], shown);
	return text;
}

static void
fill_worker(const struct unit *u, ms_t now, struct status_camera *row)
{
	const struct msg_state *s = &u->state.u.state;

	row->pid = worker_proc_pid(u->proc);
	row->gen = worker_proc_gen(u->proc);
	row->restarts = row->gen > 1 ? row->gen - 1 - u->guard.restarts : 0;
	row->uptime_ms = row->pid ? now - worker_proc_since(u->proc) : 0;
	struct proc_usage usage = worker_proc_usage(u->proc, now);
	row->cpu_percent = usage.cpu_percent;
	row->memory_bytes = usage.memory_bytes;
	row->url = url_in_use(u);
	row->phase = xstrdup(u->state.type == MSG_TYPES ? "-" : s->phase);
	if (u->state.type == MSG_TYPES)
		return;
	row->reconnects = s->reconnects;
	row->rtsp_ms = s->rtsp_ms;
	row->offer_ms = s->offer_ms;
	row->answer_ms = s->answer_ms;
	row->ice_ms = s->ice_ms;
	row->dtls_ms = s->dtls_ms;
	row->first_packet_ms = s->first_packet_ms;
}

/* The last thing that went wrong and still counts: the account's, the stream's, the worker's, the
 * SFU's. */
static const char *
last_error(const struct unit *u, const struct camera_view *view)
{
	const char *account = u->account ? account_trouble(u->account) : NULL;
	bool asks = view->state != CAMERA_RUNNING && view->state != CAMERA_STOPPED;

	if (asks && account && *account)
		return account;
	if (view->state != CAMERA_RUNNING && *view->why)
		return view->why;
	if (u->state.type != MSG_TYPES && u->state.u.state.reason)
		return u->state.u.state.reason;
	for (size_t i = 0; i < outputs_count(u->outputs); i++)
		if (output_error(outputs_get(u->outputs, i)))
			return output_error(outputs_get(u->outputs, i));
	return NULL;
}

static void
fill_outputs(const struct unit *u, ms_t now, struct status_camera *row)
{
	size_t n = outputs_count(u->outputs);
	struct output_source source;

	row->publication = xstrdup(n ? output_state_name(outputs_get(u->outputs, 0)) : "none");
	row->session = xstrdup(unit_outputs_get_source(u, &source) ? source.session : NULL);
	if (row->session)
		row->track = xasprintf("%s-video", u->name);
	row->output_count = n;
	row->outputs = xcalloc(n + 1, sizeof(*row->outputs));
	for (size_t i = 0; i < n; i++)
		output_status(outputs_get(u->outputs, i), now, &row->outputs[i]);
}

static const char *
notice(const struct unit *u)
{
	if (u->account)
		return account_notice(u->account, u->number);
	return config_is_auto(u->config) ? "no account lists the device yet" : NULL;
}

/* NULL: its section says which, or there is none yet. */
static const char *
auto_account(const struct unit *u)
{
	return config_is_auto(u->config) && u->account ? account_name(u->account) : NULL;
}

static void
fill_recording(const struct unit *u, struct status_camera *row)
{
	const struct msg_recording *r = &u->record.state.u.recording;

	if (u->config->record == CONFIG_RECORD_NO)
		return;
	row->recording = xstrdup(u->record.state.type == MSG_TYPES ? "off" : r->state);
	if (u->record.state.type == MSG_TYPES)
		return;
	row->recording_why = xstrdup(r->why);
	row->recorded_bytes = r->bytes;
	row->recorded_segments = r->segments;
	row->recording_gaps = r->gaps;
	row->recording_dropped = r->dropped;
}

void
unit_status(const struct unit *u, ms_t now, struct status_camera *row)
{
	struct camera_view view = camera_view(u->machine);
	ms_t due = camera_due(u->machine);

	*row = (struct status_camera){
		.name = xstrdup(u->name),
		.account = xstrdup(auto_account(u) ? auto_account(u) : u->config->google),
		.choice = xstrdup(*u->choice ? u->choice : NULL),
		.state = xstrdup(camera_state_text(view.state)),
		.health = xstrdup(camera_media_text(view.media)),
		.error = xstrdup(last_error(u, &view)),
		.notice = xstrdup(notice(u)),
		.state_ms = now - view.since,
		.expires_ms = u->account ? account_expires_ms(u->account, u->number, now) : -1,
		.next_try_ms = due == MS_NEVER ? -1 : due - now,
		.generates = view.streams,
		.ever_generated = u->tally.counts[TALLY_GENERATED],
		.ever_extended = u->tally.counts[TALLY_EXTENDED],
		.ever_lost = u->tally.counts[TALLY_LOST],
		.ever_workers = u->tally.counts[TALLY_WORKERS],
		.extends = u->account ? account_extends(u->account, u->number) : 0,
		.failures = view.failures,
	};
	fill_outputs(u, now, row);
	fill_worker(u, now, row);
	fill_stats(u, row);
	fill_recording(u, row);
	unit_counts_status(u, now, row);
}
