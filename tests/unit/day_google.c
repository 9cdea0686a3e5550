/* day_google.c - Google as a day of cameras sees it: buckets, leases and faults.
 * Counts sliding windows, the strictest reading of the limits page. Tests only. */
#include "tests/unit/day_world.h"

static int
in_window(const ms_t *at, int count, ms_t window, ms_t now)
{
	int n = 0;

	while (n < count && at[count - 1 - n] > now - window)
		n++;
	return n;
}

static bool
within_buckets(struct world *w, struct unit *u, enum call_kind kind)
{
	ms_t minute = day_span(w, 60);
	int a = u->account;
	ms_t *ring = u->command_arrivals[kind];
	int n = u->command_count[kind];

	w->arrivals[a][w->arrival_count[a]++] = w->now;
	u->arrivals[u->arrival_count++] = w->now;
	ring[n % 8] = w->now;
	u->command_count[kind]++;
	int account = in_window(w->arrivals[a], w->arrival_count[a], minute, w->now);
	int camera_minute = in_window(u->arrivals, u->arrival_count, minute, w->now);
	int camera_hour = in_window(u->arrivals, u->arrival_count, 60 * minute, w->now);
	bool command = n < 5 || ring[(n - 5) % 8] <= w->now - minute;

	day_most(&w->result.max_minute, account);
	day_most(&w->result.max_hour, camera_hour);
	return account <= 10 && camera_minute <= 30 && camera_hour <= 100 && command;
}

static enum call_result
judge(struct world *w, struct unit *u, enum call_kind kind)
{
	if (!within_buckets(w, u, kind)) {
		w->result.refused++;
		return CALL_RATE_LIMITED;
	}
	if (day_fault_now(w, DAY_RATE_LIMITED))
		return CALL_RATE_LIMITED;
	if (day_hit(w, DAY_OFFLINE, u))
		return CALL_REFUSED;
	if (kind == CALL_EXTEND && u->expires_at <= w->now)
		return CALL_STREAM_GONE;
	if (day_fault_now(w, DAY_OUTAGE) || day_fault_now(w, DAY_HANG) ||
		day_hit(w, DAY_BROKEN, u) || day_uniform(w, 0, 1) < w->day->fail_ratio)
		return CALL_FAILED;
	return CALL_OK;
}

static void
grant(struct world *w, struct unit *u, enum call_kind kind)
{
	const struct day_fault *brief = day_fault_now(w, DAY_SHORT_LIFE);
	int life = brief ? brief->life_s : day_either(w->day->life_s, 300);
	double margin = (double)(u->expires_at - w->now) / w->second;

	if (kind == CALL_EXTEND && margin < w->result.worst_margin_s)
		w->result.worst_margin_s = margin;
	u->expires_at = w->now + day_span(w, life);
}

void
day_arrive(struct world *w, struct unit *u)
{
	struct flight *f = &u->flight;
	const struct day_fault *limited = day_fault_now(w, DAY_RATE_LIMITED);
	enum call_result result = judge(w, u, f->call.kind);

	if (result == CALL_OK)
		grant(w, u, f->call.kind);
	if (day_fault_now(w, DAY_HANG) || day_uniform(w, 0, 1) < w->day->lost_ratio) {
		result = CALL_FAILED;
		f->answered += day_span(w, CALL_TIMEOUT_S);
	}
	f->arrives = MS_NEVER;
	f->answer = (struct call_answer){
		.result = result,
		.expires_at = u->expires_at,
		.bucket = QUOTA_EXECUTE,
		.retry_after_ms = limited ? day_span(w, limited->retry_after_s) : 0,
	};
}
