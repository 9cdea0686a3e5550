/* unit_counts.c - what is counted of one camera. Owns the unit's counts. Loop thread. */
#include <stdlib.h>
#include <string.h>

#include "common/xmalloc.h"
#include "proto/status_camera.h"
#include "proto/status_count.h"
#include "supervisor/account_view.h"
#include "supervisor/config_camera.h"
#include "supervisor/unit_counts.h"

void
unit_counts_on_start(struct unit *u)
{
	if (worker_proc_gen(u->proc) > 0)
		u->counts.restarts[u->counts.last_end]++;
}

void
unit_counts_on_stats(struct unit *u, const struct msg_stats *s)
{
	totals_on_stats(&u->counts.totals, s, clock_now());
	totals_on_cpu(&u->counts.totals, worker_proc_usage(u->proc, clock_now()).cpu_ms);
}

void
unit_counts_on_death(struct unit *u, enum worker_end end)
{
	totals_worker_gone(&u->counts.totals);
	u->counts.last_end = end;
}

void
unit_counts_on_detach(struct unit *u)
{
	if (u->account)
		call_tally_merge(&u->counts.calls, account_calls(u->account, u->number));
}

static void *
rows(size_t n, size_t size)
{
	void *list = xcalloc(n + 1, size);

	return list;
}

static void
set_row(struct status_count *row, const char *name, int64_t count)
{
	*row = (struct status_count){ .name = xstrdup(name), .count = count };
	if (!row->name)
		abort();
}

static struct status_count *
failures(const struct call_tally *t, enum call_kind kind)
{
	struct status_count *list = rows(CALL_FAILURES, sizeof(*list));

	for (int i = 0; i < CALL_FAILURES; i++)
		set_row(&list[i], call_failure_name((enum call_failure)i), t->failed[kind][i]);
	return list;
}

static void
fill_calls(const struct unit *u, ms_t now, struct status_camera *row)
{
	struct call_tally t = u->counts.calls;

	if (u->account) {
		call_tally_merge(&t, account_calls(u->account, u->number));
		row->buckets = account_buckets(u->account, u->number, now, &row->bucket_count);
	}
	row->extend_calls = t.answered[CALL_EXTEND];
	row->generate_calls = t.answered[CALL_GENERATE];
	row->extend_failures = failures(&t, CALL_EXTEND);
	row->generate_failures = failures(&t, CALL_GENERATE);
	row->extend_failure_count = row->generate_failure_count = CALL_FAILURES;
}

void
unit_counts_status(const struct unit *u, ms_t now, struct status_camera *row)
{
	const struct totals *t = &u->counts.totals;

	row->totals = totals_sum(t);
	row->keyframe_ms = t->keyframe_at ? now - t->keyframe_at : -1;
	row->restarts_by = rows(WORKER_ENDS, sizeof(*row->restarts_by));
	row->restarts_by_count = WORKER_ENDS;
	for (int i = 0; i < WORKER_ENDS; i++)
		set_row(&row->restarts_by[i], worker_end_name((enum worker_end)i),
			u->counts.restarts[i]);
	if (u->config->google)
		fill_calls(u, now, row);
}
