/* scenario.c - scenario files: plain JSON into a struct, or a sentence that says what is wrong.
 * Owns the names of keys and the ranges of values. Tests only. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "supervisor/scheduler.h"
#include "tests/sim/scheduler/scenario.h"

#define FILE_MAX (1 << 20)
#define YEAR_S 31536000.0

/* One object of the file: where its values go, and what to call it in a sentence. */
struct reading {
	const struct json *from;
	char prefix[32]; /* "" or "events[3]: " */
	char *why;
	size_t why_size;
	bool failed;
};

struct number {
	const char *key;
	size_t at; /* of a double, or of an int if whole */
	bool whole;
	double min;
	double max;
};

/* clang-format off */
#define IN_SCENARIO(member) .key = #member, .at = offsetof(struct scenario, member)
#define IN_EVENT(member) .key = #member, .at = offsetof(struct scenario_event, member)

static const struct number scenario_numbers[] = {
	{ IN_SCENARIO(hours), .min = 0.01, .max = 8760 },
	{ IN_SCENARIO(cameras), .whole = true, .min = 0, .max = SCENARIO_CAMERAS_MAX },
	{ IN_SCENARIO(accounts), .whole = true, .min = 1, .max = SCENARIO_ACCOUNTS_MAX },
	{ IN_SCENARIO(qpm), .whole = true, .min = 1, .max = 1000 },
	{ IN_SCENARIO(stream_life_s), .min = 10, .max = 86400 },
	{ IN_SCENARIO(fail_ratio), .min = 0, .max = 1 },
	{ IN_SCENARIO(lost_call_ratio), .min = 0, .max = 1 },
	{ IN_SCENARIO(rotate_s), .min = 0, .max = YEAR_S },
	{ IN_SCENARIO(guard_permille), .whole = true, .min = 0, .max = 1000 },
	{ IN_SCENARIO(early_percent), .whole = true, .min = 0, .max = 100 },
	{ IN_SCENARIO(minute_ms), .whole = true, .min = 600, .max = 60000 },
};

static const struct number event_numbers[] = {
	{ IN_EVENT(for_s), .min = 0.001, .max = YEAR_S },
	{ IN_EVENT(camera), .whole = true, .min = 0, .max = SCENARIO_CAMERAS_MAX - 1 },
	{ IN_EVENT(cameras), .whole = true, .min = 1, .max = SCENARIO_CAMERAS_MAX },
	{ IN_EVENT(account), .whole = true, .min = 0, .max = SCENARIO_ACCOUNTS_MAX - 1 },
	{ IN_EVENT(http), .whole = true, .min = 429, .max = 599 },
	{ IN_EVENT(retry_after_s), .min = 0, .max = 86400 },
	{ IN_EVENT(life_s), .min = 10, .max = 86400 },
	{ IN_EVENT(other_qpm), .whole = true, .min = 1, .max = 1000 },
	{ .key = "outage_s", .at = offsetof(struct scenario_event, for_s), .min = 0.001, .max = YEAR_S },
	{ .key = "offline_s", .at = offsetof(struct scenario_event, for_s), .min = 0.001, .max = YEAR_S },
	{ .key = "broken_s", .at = offsetof(struct scenario_event, for_s), .min = 0.001, .max = YEAR_S },
	{ .key = "stopped_s", .at = offsetof(struct scenario_event, for_s), .min = 0.001, .max = YEAR_S },
	{ .key = "restart_s", .at = offsetof(struct scenario_event, for_s), .min = 0.001, .max = YEAR_S },
	{ .key = "add_cameras", .at = offsetof(struct scenario_event, cameras), .whole = true,
	  .min = 1, .max = SCENARIO_CAMERAS_MAX },
};

/* The key that says what kind of event it is, the keys it must have, those it may have. */
static const struct shape {
	const char *key;
	enum scenario_event_kind kind;
	const char *must;
	const char *may;
} shapes[] = {
	{ .key = "outage_s", .kind = EVENT_OUTAGE, .must = "", .may = "hang account" },
	{ .key = "http", .kind = EVENT_HTTP, .must = "for_s", .may = "retry_after_s account" },
	{ .key = "offline_s", .kind = EVENT_OFFLINE, .must = "camera", .may = "cameras" },
	{ .key = "broken_s", .kind = EVENT_BROKEN, .must = "camera", .may = "cameras" },
	{ .key = "stopped_s", .kind = EVENT_STOPPED, .must = "camera", .may = "cameras" },
	{ .key = "stream_lost", .kind = EVENT_STREAM_LOST, .must = "camera", .may = "cameras" },
	{ .key = "restart_s", .kind = EVENT_RESTART, .must = "", .may = "" },
	{ .key = "add_cameras", .kind = EVENT_ADD, .must = "", .may = "" },
	{ .key = "life_s", .kind = EVENT_LIFE, .must = "for_s", .may = "" },
	{ .key = "other_qpm", .kind = EVENT_OTHER, .must = "for_s", .may = "account" },
};

static const char *const start_names[STARTS] = {
	[START_STAGGERED] = "staggered",
	[START_SYNCHRONISED] = "synchronised",
	[START_RESTORED] = "restored",
};
/* clang-format on */

struct scenario
scenario_default(void)
{
	struct scheduler_settings s = scheduler_settings_default(10, 60000);

	return (struct scenario){
		.name = "",
		.hours = 24,
		.cameras = 20,
		.accounts = 1,
		.qpm = 10,
		.stream_life_s = 300,
		.latency_s = { 0.5, 2.0 },
		.guard_permille = s.quota.guard_permille,
		.early_percent = s.early_percent,
		.minute_ms = 60000,
	};
}

int
scenario_cameras(const struct scenario *sc)
{
	int n = sc->cameras;

	for (int i = 0; i < sc->event_count; i++)
		n += sc->events[i].kind == EVENT_ADD ? sc->events[i].cameras : 0;
	return n;
}

/* ---- values ---------------------------------------------------------------------------------- */

/* Only the first thing that is wrong is told. */
__attribute__((format(printf, 2, 3))) static void
fail(struct reading *r, const char *format, ...)
{
	va_list args;

	if (r->failed)
		return;
	r->failed = true;
	int n = snprintf(r->why, r->why_size, "%s", r->prefix);
	va_start(args, format);
	vsnprintf(r->why + n, r->why_size - (size_t)n, format, args);
	va_end(args);
}

static bool
in_range(struct reading *r, const char *key, double value, const struct number *n)
{
	if (isnan(value)) {
		fail(r, "%s is not a number", key);
		return false;
	}
	if (value < n->min || value > n->max || (n->whole && value != floor(value))) {
		fail(r, "%s is %g, must be %s%g to %g", key, value,
			n->whole ? "a whole number from " : "", n->min, n->max);
		return false;
	}
	return true;
}

static void
read_number(struct reading *r, const struct number *n, void *into)
{
	char *at = (char *)into + n->at;

	if (!json_get(r->from, n->key))
		return;
	double value = json_real(r->from, n->key, NAN);
	if (!in_range(r, n->key, value, n))
		return;
	if (n->whole)
		*(int *)(void *)at = (int)value;
	else
		*(double *)(void *)at = value;
}

/* [least, most]. */
static void
read_pair(struct reading *r, const struct number *n, double out[2])
{
	const struct json *pair = json_get(r->from, n->key);
	double value[2] = { 0 };

	if (json_len(pair) != 2) {
		fail(r, "%s must be two numbers, [least, most]", n->key);
		return;
	}
	for (size_t i = 0; i < 2; i++) {
		value[i] = json_real(json_at(pair, i), "", NAN);
		if (!in_range(r, n->key, value[i], n))
			return;
	}
	if (value[0] > value[1]) {
		fail(r, "%s is [%g, %g], the first must not be more than the second", n->key,
			value[0], value[1]);
		return;
	}
	out[0] = value[0];
	out[1] = value[1];
}

static void
read_start(struct reading *r, struct scenario *sc)
{
	const char *text = json_str(r->from, "start");

	if (!json_get(r->from, "start"))
		return;
	for (int i = 0; i < STARTS; i++) {
		if (text && strcmp(text, start_names[i]) == 0) {
			sc->start = (enum scenario_start)i;
			return;
		}
	}
	fail(r, "start is %s, must be staggered, synchronised or restored",
		text ? text : "not a string");
}

static bool
is_word_of(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = words; (at = strstr(at, word)); at += n) {
		if ((at == words || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0'))
			return true;
	}
	return false;
}

/* ---- events ---------------------------------------------------------------------------------- */

static const struct shape *
find_shape(struct reading *r)
{
	const struct shape *found = NULL;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		if (!json_get(r->from, shapes[i].key))
			continue;
		if (found) {
			fail(r, "%s and %s are two events: write two objects", found->key,
				shapes[i].key);
			return NULL;
		}
		found = &shapes[i];
	}
	if (!found)
		fail(r, "says no event: one of outage_s, http, offline_s, broken_s, "
			"stopped_s, "
			"stream_lost, restart_s, add_cameras, life_s");
	return found;
}

struct event_keys {
	struct reading *r;
	const struct shape *shape;
};

static void
check_event_key(const char *key, struct json *value, void *arg)
{
	struct event_keys *k = arg;

	if (!value)
		fail(k->r, "%s is null", key);
	if (strcmp(key, "at_s") == 0 || strcmp(key, k->shape->key) == 0 ||
		is_word_of(k->shape->must, key) || is_word_of(k->shape->may, key))
		return;
	fail(k->r, "%s is not a key of an event with %s", key, k->shape->key);
}

static void
read_moment(struct reading *r, struct scenario_event *e)
{
	static const struct number moment = { .key = "at_s", .min = 0, .max = YEAR_S };
	double drawn[2] = { 0 };

	if (!json_get(r->from, "at_s")) {
		fail(r, "at_s is missing");
	} else if (json_is_array(json_get(r->from, "at_s"))) {
		read_pair(r, &moment, drawn);
		if (r->failed)
			return;
		e->at_s = drawn[0];
		e->at_latest_s = drawn[1];
	} else {
		e->at_s = json_real(r->from, "at_s", NAN);
		in_range(r, "at_s", e->at_s, &moment);
		e->at_latest_s = e->at_s;
	}
}

static void
check_event(struct reading *r, const struct scenario_event *e)
{
	if (e->http > 429 && e->http < 500)
		fail(r, "http is %d, must be 429 or 500 to 599", e->http);
	if (e->kind == EVENT_STREAM_LOST && !json_truth(r->from, "stream_lost", false))
		fail(r, "stream_lost must be true");
	if (json_get(r->from, "hang") &&
		json_truth(r->from, "hang", false) != json_truth(r->from, "hang", true))
		fail(r, "hang must be true or false");
}

static void
read_event(struct reading *r, struct scenario_event *e)
{
	const struct shape *shape = find_shape(r);
	struct event_keys keys = { .r = r, .shape = shape };

	if (!shape)
		return;
	*e = (struct scenario_event){ .kind = shape->kind, .cameras = 1, .account = -1 };
	json_each(r->from, check_event_key, &keys);
	if (*shape->must && !json_get(r->from, shape->must))
		fail(r, "%s is missing", shape->must);
	read_moment(r, e);
	for (size_t i = 0; i < sizeof(event_numbers) / sizeof(event_numbers[0]); i++)
		read_number(r, &event_numbers[i], e);
	e->hang = json_truth(r->from, "hang", false);
	check_event(r, e);
}

static void
read_events(struct reading *r, struct scenario *sc)
{
	const struct json *events = json_get(r->from, "events");

	if (!events)
		return;
	if (!json_is_array(events) || json_len(events) > SCENARIO_EVENTS_MAX) {
		fail(r, "events must be an array of at most %d objects", SCENARIO_EVENTS_MAX);
		return;
	}
	for (size_t i = 0; i < json_len(events) && !r->failed; i++) {
		struct reading one = {
			.from = json_at(events, i), .why = r->why, .why_size = r->why_size
		};

		snprintf(one.prefix, sizeof(one.prefix), "events[%zu]: ", i);
		if (json_is_object(one.from))
			read_event(&one, &sc->events[sc->event_count++]);
		else
			fail(r, "events[%zu] is not an object", i);
		r->failed |= one.failed;
	}
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void
check_scenario_key(const char *key, struct json *value, void *arg)
{
	static const char others[] = "name start latency_s events comment";

	if (!value)
		fail(arg, "%s is null", key);
	for (size_t i = 0; i < sizeof(scenario_numbers) / sizeof(scenario_numbers[0]); i++) {
		if (strcmp(key, scenario_numbers[i].key) == 0)
			return;
	}
	if (!is_word_of(others, key))
		fail(arg, "%s is not a key of a scenario", key);
}

/* What only the whole can tell. */
static void
check_together(struct reading *r, const struct scenario *sc)
{
	int cameras = scenario_cameras(sc);

	if (cameras > SCENARIO_CAMERAS_MAX)
		fail(r, "%d cameras with those added, at most %d are possible", cameras,
			SCENARIO_CAMERAS_MAX);
	for (int i = 0; i < sc->event_count; i++) {
		const struct scenario_event *e = &sc->events[i];

		if (e->kind != EVENT_ADD && e->camera + e->cameras > cameras)
			fail(r, "events[%d]: camera %d does not exist, they are 0 to %d", i,
				e->camera + e->cameras - 1, cameras - 1);
		if (e->account >= sc->accounts)
			fail(r, "events[%d]: account %d does not exist, they are 0 to %d", i,
				e->account, sc->accounts - 1);
	}
}

static void
read_scenario(struct reading *r, struct scenario *sc)
{
	static const struct number latency = { .key = "latency_s", .min = 0, .max = 60 };
	const char *name = json_str(r->from, "name");

	if (!json_is_object(r->from)) {
		fail(r, "a scenario is one JSON object");
		return;
	}
	json_each(r->from, check_scenario_key, r);
	snprintf(sc->name, sizeof(sc->name), "%s", name ? name : "");
	for (size_t i = 0; i < sizeof(scenario_numbers) / sizeof(scenario_numbers[0]); i++)
		read_number(r, &scenario_numbers[i], sc);
	if (json_get(r->from, "latency_s"))
		read_pair(r, &latency, sc->latency_s);
	read_start(r, sc);
	read_events(r, sc);
	check_together(r, sc);
}

int
scenario_parse(const char *text, size_t len, struct scenario *out, char *why, size_t why_size)
{
	struct scenario sc = scenario_default();
	struct json *root = json_parse(text, len, why, why_size);
	struct reading r = { .from = root, .why = why, .why_size = why_size };

	if (!root)
		return -1;
	read_scenario(&r, &sc);
	json_free(root);
	if (r.failed)
		return -1;
	*out = sc;
	return 0;
}

int
scenario_load(const char *path, struct scenario *out, char *why, size_t why_size)
{
	FILE *f = fopen(path, "re");
	char *text = malloc(FILE_MAX);
	char sentence[300];

	if (!text)
		abort();
	if (!f) {
		snprintf(why, why_size, "%s: %s", path, strerror(errno));
		free(text);
		return -1;
	}
	size_t len = fread(text, 1, FILE_MAX, f);
	int err = scenario_parse(text, len, out, sentence, sizeof(sentence));
	if (err)
		snprintf(why, why_size, "%s: %s", path, sentence);
	fclose(f);
	free(text);
	return err;
}
