/* supervisor_status.c - the one snapshot that camctl, HTTP and metrics render. Changes nothing.
 * Loop thread. */
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "proto/status.h"
#include "proto/status_account.h"
#include "proto/status_camera.h"
#include "proto/status_count.h"
#include "supervisor/account_view.h"
#include "supervisor/cameras.h"
#include "supervisor/consumers_view.h"
#include "supervisor/http_server.h"
#include "supervisor/recordings.h"
#include "supervisor/store.h"
#include "supervisor/supervisor_state.h"
#include "supervisor/usage.h"
#include "supervisor/web.h"

static void
fill_accounts(struct supervisor *s, ms_t now, struct status *out)
{
	for (struct google *g = s->googles; g; g = g->next)
		out->account_count++;
	out->accounts = xcalloc(out->account_count + 1, sizeof(*out->accounts));
	struct status_account *row = out->accounts;
	for (struct google *g = s->googles; g; g = g->next, row++) {
		struct discovery_view view = discovery_view(account_discovery(g->account), now);
		account_status(g->account, now, row);
		row->unconfigured = inventory_unconfigured(s->inventory, g->config, &view);
	}
}

static void
fill_process(const struct supervisor *s, struct status_process *out)
{
	struct usage usage;

	usage_read(getpid(), &usage);
	*out = (struct status_process){ .started_ms = s->started_us / 1000,
		.cpu_ms = usage.cpu_ms,
		.memory_bytes = usage.memory_bytes,
		.virtual_bytes = usage.virtual_bytes,
		.open_fds = usage_open_fds(),
		.max_fds = usage_max_fds(),
		.logged_debug = log_lines(LOG_DEBUG),
		.logged_info = log_lines(LOG_INFO),
		.logged_warn = log_lines(LOG_WARN),
		.logged_error = log_lines(LOG_ERROR) };
}

static void
fill_disk(const struct supervisor *s, struct status_disk *out)
{
	const struct sweeper_disk disk = sweeper_disk(s->sweeper);

	*out = (struct status_disk){ .recording_free_bytes = disk.free_bytes,
		.recording_bytes = disk.bytes,
		.recording_min_free_bytes = disk.min_free_bytes,
		.deleted_bytes = disk.deleted_bytes,
		.store_bytes = -1 };
	if (!s->store)
		return;
	const struct store_stats stats = store_stats(s->store);
	out->store_bytes = stats.bytes;
	out->store_writes = stats.writes;
	out->store_failures = stats.failures;
}

static void
fill_web(const struct supervisor *s, struct status_http *out)
{
	struct http_server_stats stats;

	if (!s->web)
		return;
	web_stats(s->web, &stats);
	*out = (struct status_http){ .connections = (int64_t)stats.connections,
		.sockets = (int64_t)stats.sockets,
		.accepted = (int64_t)stats.accepted,
		.refused = (int64_t)stats.turned_away,
		.code_1xx = (int64_t)stats.by_class[1],
		.code_2xx = (int64_t)stats.by_class[2],
		.code_3xx = (int64_t)stats.by_class[3],
		.code_4xx = (int64_t)stats.by_class[4],
		.code_5xx = (int64_t)stats.by_class[5],
		.bytes_out = (int64_t)stats.bytes_out,
		.slow_sockets = (int64_t)stats.slow_sockets };
}

static void
fill_camera(const struct supervisor *s, size_t i, ms_t now, struct status_camera *row)
{
	struct recordings_stored stored;

	cameras_status(s->cameras, i, now, row);
	row->consumers = (int64_t)consumers_count(s->consumers, row->name);
	if (!sweeper_stored(s->sweeper, row->name, &stored))
		return;
	row->stored_bytes = stored.bytes;
	row->stored_oldest_ms = stored.oldest_us / 1000;
}

static void
fill_consumers(const struct supervisor *s, struct status *out)
{
	out->consumer_pulls = consumers_pulls(s->consumers);
	out->consumer_ends = xcalloc(CONSUMERS_ENDS, sizeof(*out->consumer_ends));
	for (int end = CONSUMERS_WATCHING + 1; end < CONSUMERS_ENDS; end++)
		out->consumer_ends[out->consumer_end_count++] =
			(struct status_count){ .name = xstrdup(consumers_end_name(end)),
				.count = consumers_ended(s->consumers, end) };
}

void
supervisor_status(struct supervisor *s, struct status *out)
{
	ms_t now = clock_now();

	*out = (struct status){ .version = xstrdup(VERSION),
		.pid = getpid(),
		.uptime_ms = now - s->started,
		.at_ms = clock_wall_us() / 1000,
		.camera_count = cameras_count(s->cameras) };
	fill_process(s, &out->process);
	fill_disk(s, &out->disk);
	fill_web(s, &out->web);
	fill_accounts(s, now, out);
	out->cameras = xcalloc(out->camera_count + 1, sizeof(*out->cameras));
	out->http = xstrdup(web_url(s->web));
	for (size_t i = 0; i < out->camera_count; i++)
		fill_camera(s, i, now, &out->cameras[i]);
	health_status(s->health, now, out);
	guard_status(s->guard, out);
	notify_status(s->notify, now, out);
	fill_consumers(s, out);
}

struct json *
supervisor_health(struct supervisor *s)
{
	struct status now;

	supervisor_status(s, &now);
	struct json *j = status_health_to_json(&now);
	json_set(j, "history", health_history(s->health));
	status_clear(&now);
	return j;
}
