/* test_metrics.c - the snapshot as Prometheus and OpenMetrics text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/status.h"
#include "proto/status_account.h"
#include "proto/status_camera.h"
#include "proto/status_count.h"
#include "proto/status_health.h"
#include "proto/status_webhook.h"
#include "supervisor/camera_view.h"
#include "supervisor/check.h"
#include "supervisor/guard_policy.h"
#include "supervisor/metrics.h"
#include "supervisor/metrics_table.h"

/* Lent strings: nothing here is cleared. */
static struct status_count restarts[] = { { .name = "asked", .count = 0 },
	{ .name = "crashed", .count = 4 } };
static struct status_bucket buckets[] = { { .name = "commands", .limit = 10, .used = 3 } };
static struct status_output outputs[] = { { .name = "cloudflare", .media = "sending" },
	{ .name = "whip:edge", .media = NULL } };

static struct status_account accounts[] = { { .name = "home",
	.state = "needs login",
	.buckets = buckets,
	.bucket_count = 1,
	.waited_ms = 1250 } };

static struct status_camera cameras[] = {
	{ .name = "porch",
		.account = "home",
		.state = "running",
		.health = "healthy",
		.recording = "disk full",
		.pid = 7,
		.packets = 1,
		.rtt_ms = 12.5,
		.fps = 14.93,
		.consumers = 1,
		.expires_ms = 250000,
		.keyframe_ms = 1500,
		.totals = { .bytes_in = 123456789012 },
		.restarts_by = restarts,
		.restarts_by_count = 2,
		.outputs = outputs,
		.output_count = 2 },
	{ .name = "back \"yard\"\\\n",
		.state = "starting",
		.health = "offline",
		.expires_ms = -1,
		.keyframe_ms = -1,
		.rtt_ms = -1 },
};

static struct status_check checks[] = { { .name = "disk state", .status = "warn" } };

static struct status_limit limits[] = { { .camera = "porch", .step = "recording off" } };

static struct status_webhook webhooks[] = {
	{ .name = "pager", .queued = 3, .delivered = 40, .failed = 5 },
};

static struct status_count ends[] = { { .name = "closed", .count = 2 }, { .name = "lapsed" } };

static const struct status snapshot = { .version = "9",
	.at_ms = 1795000000000,
	.disk = { .recording_free_bytes = -1, .store_bytes = -1 },
	.accounts = accounts,
	.account_count = 1,
	.cameras = cameras,
	.camera_count = 2,
	.checks = checks,
	.check_count = 1,
	.limits = limits,
	.limit_count = 1,
	.webhooks = webhooks,
	.webhook_count = 1,
	.consumer_ends = ends,
	.consumer_end_count = 2,
	.consumer_pulls = 9 };

static bool
says(const char *text, const char *line)
{
	const char *at = text;
	size_t len = strlen(line);

	while ((at = strstr(at, line)) && ((at > text && at[-1] != '\n') || at[len] != '\n'))
		at++;
	if (!at)
		print_message("not there: %s\n", line);
	return at != NULL;
}

static void
both_say(const char *line)
{
	char *text = metrics_text(&snapshot, METRICS_TEXT);
	char *open = metrics_text(&snapshot, METRICS_OPENMETRICS);

	assert_true(says(text, line));
	assert_true(says(open, line));
	free(text);
	free(open);
}

static void
none_says(const char *part)
{
	char *text = metrics_text(&snapshot, METRICS_TEXT);

	assert_null(strstr(text, part));
	free(text);
}

static void
values_are_in_base_units(void **state)
{
	(void)state;
	both_say("camrelay_media_frames_per_second{camera=\"porch\"} 14.93");
	both_say("camrelay_media_round_trip_seconds{camera=\"porch\"} 0.0125");
	both_say("camrelay_queue_wait_seconds_total{account=\"home\"} 1.25");
	both_say("camrelay_media_received_bytes_total{camera=\"porch\"} 123456789012");
	both_say("camrelay_stream_expiry_timestamp_seconds{camera=\"porch\"} 1795000250");
	both_say("camrelay_media_last_keyframe_timestamp_seconds{camera=\"porch\"} 1794999998.5");
}

static void
what_is_not_known_has_no_sample(void **state)
{
	(void)state;
	none_says("camrelay_stream_expiry_timestamp_seconds{camera=\"back");
	none_says("camrelay_media_last_keyframe_timestamp_seconds{camera=\"back");
	none_says("camrelay_media_round_trip_seconds{camera=\"back");
	none_says("camrelay_recording_state{camera=\"back");
	none_says("\ncamrelay_store_writes_total");
	none_says("\ncamrelay_recording_disk_free_bytes");
}

static void
counters_of_what_never_happened_are_0(void **state)
{
	(void)state;
	both_say("camrelay_worker_restarts_total{camera=\"porch\",reason=\"asked\"} 0");
	both_say("camrelay_worker_restarts_total{camera=\"porch\",reason=\"crashed\"} 4");
	both_say("camrelay_log_lines_total{level=\"error\"} 0");
}

static void
each_word_has_a_sample_and_one_of_them_is_1(void **state)
{
	(void)state;
	both_say("camrelay_camera_state{camera=\"porch\",state=\"running\"} 1");
	both_say("camrelay_camera_state{camera=\"porch\",state=\"failed\"} 0");
	both_say("camrelay_account_state{account=\"home\",state=\"needs_login\"} 1");
	both_say("camrelay_recording_state{camera=\"porch\",state=\"disk_full\"} 1");
	both_say("camrelay_output_sending{camera=\"porch\",output=\"cloudflare\"} 1");
	both_say("camrelay_output_sending{camera=\"porch\",output=\"whip:edge\"} 0");
	both_say("camrelay_health_check{check=\"disk state\",status=\"warn\"} 1");
	both_say("camrelay_health_check{check=\"disk state\",status=\"error\"} 0");
	both_say("camrelay_camera_limit{camera=\"porch\",step=\"recording_off\"} 1");
	both_say("camrelay_camera_limit{camera=\"porch\",step=\"paused\"} 0");
	both_say("camrelay_streams{state=\"running\"} 1");
	both_say("camrelay_streams{state=\"stopped\"} 0");
	both_say("camrelay_cameras{health=\"offline\"} 1");
}

static void
quotas_tell_what_is_left(void **state)
{
	(void)state;
	both_say("camrelay_account_quota_limit_calls{account=\"home\",bucket=\"commands\"} 10");
	both_say("camrelay_account_quota_used_calls{account=\"home\",bucket=\"commands\"} 3");
	both_say("camrelay_account_quota_left_calls{account=\"home\",bucket=\"commands\"} 7");
}

static void
webhooks_and_ends_of_viewers_have_a_sample_each(void **state)
{
	(void)state;
	both_say("camrelay_webhook_queue_depth{webhook=\"pager\"} 3");
	both_say("camrelay_webhook_deliveries_total{webhook=\"pager\"} 40");
	both_say("camrelay_webhook_failed_tries_total{webhook=\"pager\"} 5");
	both_say("camrelay_consumers_ended_total{reason=\"closed\"} 2");
	both_say("camrelay_consumers_ended_total{reason=\"lapsed\"} 0");
	both_say("camrelay_consumer_pulls_total 9");
	both_say("camrelay_consumers{camera=\"porch\"} 1");
}

static void
label_values_are_escaped(void **state)
{
	(void)state;
	both_say("camrelay_worker_running{camera=\"back \\\"yard\\\"\\\\\\n\"} 0");
}

static void
text_names_families_by_their_samples_and_openmetrics_does_not(void **state)
{
	char *text = metrics_text(&snapshot, METRICS_TEXT);
	char *open = metrics_text(&snapshot, METRICS_OPENMETRICS);

	(void)state;
	assert_true(says(text, "# TYPE camrelay_worker_cpu_seconds_total counter"));
	assert_true(says(open, "# TYPE camrelay_worker_cpu_seconds counter"));
	assert_true(says(open, "# UNIT camrelay_worker_cpu_seconds seconds"));
	assert_null(strstr(text, "# UNIT"));
	assert_true(says(text, "# TYPE camrelay_build_info gauge"));
	assert_true(says(open, "# TYPE camrelay_build info"));
	assert_true(says(open, "camrelay_build_info{version=\"9\"} 1"));
	assert_null(strstr(text, "# EOF"));
	assert_string_equal(open + strlen(open) - 6, "# EOF\n");
	free(text);
	free(open);
}

static void
a_supervisor_without_cameras_has_metrics(void **state)
{
	const struct status empty = { .version = "9" };
	char *text = metrics_text(&empty, METRICS_TEXT);

	(void)state;
	assert_true(says(text, "camrelay_streams{state=\"running\"} 0"));
	free(text);
}

/* ---- the table ------------------------------------------------------------------------------- */

static bool
ends_with(const char *s, const char *end)
{
	return strlen(s) >= strlen(end) && strcmp(s + strlen(s) - strlen(end), end) == 0;
}

static bool
is_name(const char *s)
{
	while (islower((unsigned char)*s) || isdigit((unsigned char)*s) || *s == '_')
		s++;
	return *s == '\0';
}

static void
names_follow_the_rules(void **state)
{
	size_t n;
	const struct metric *table = metrics_table(&n);

	(void)state;
	for (const struct metric *m = table; m < table + n; m++) {
		assert_true(is_name(m->name));
		assert_true(strncmp(m->name, "camrelay_", 9) == 0 ||
			    strncmp(m->name, "process_", 8) == 0);
		/* Added by the writer where they belong. */
		assert_false(ends_with(m->name, "_total") || ends_with(m->name, "_info"));
		if (m->unit)
			assert_true(ends_with(m->name, m->unit));
		bool time = ends_with(m->name, "_seconds");
		assert_true(time == (m->unit && strcmp(m->unit, "seconds") == 0) ||
			    strcmp(m->name, "camrelay_media_frames_per_second") == 0);
		assert_null(strstr(m->name, "_ms"));
		assert_null(strstr(m->name, "percent"));
		if (m->label)
			assert_true(is_name(m->label) && strcmp(m->label, "type") != 0);
	}
}

static void
a_family_is_declared_once_with_its_rows_together(void **state)
{
	size_t n;
	const struct metric *table = metrics_table(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		bool first = i == 0 || strcmp(table[i].name, table[i - 1].name) != 0;
		assert_true(first == (table[i].help != NULL));
		for (size_t k = i + 1; first && k < n; k++)
			if (strcmp(table[i].name, table[k].name) == 0)
				assert_string_equal(table[k].name, table[k - 1].name);
		if (!first)
			assert_true(table[i].type == table[i - 1].type && table[i].value);
	}
}

static const struct metric *
find(const char *name)
{
	size_t n;
	const struct metric *table = metrics_table(&n);

	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	fail_msg("no %s", name);
	return NULL;
}

static bool
has(const char *const *words, const char *word)
{
	while (*words && strcmp(*words, word) != 0)
		words++;
	return *words != NULL;
}

static void
every_state_health_check_and_limit_has_its_word(void **state)
{
	(void)state;
	for (int i = 0; i < CAMERA_STATES; i++)
		assert_true(has(find("camrelay_camera_state")->words,
			camera_state_text((enum camera_state)i)));
	for (int i = 0; i < CAMERA_MEDIAS; i++)
		assert_true(has(find("camrelay_camera_health")->words,
			camera_media_text((enum camera_media)i)));
	for (int i = CHECK_OK; i <= CHECK_ERROR; i++)
		assert_true(has(find("camrelay_health_check")->words,
			check_status_text((enum check_status)i)));
	for (int i = 0; i < GUARD_STEPS; i++)
		assert_true(has(find("camrelay_camera_limit")->words,
			guard_step_text((enum guard_step)i)));
}

/* ---- docs/metrics.md ------------------------------------------------------------------------- */

static void
print_labels(FILE *to, const struct metric *m)
{
	const char *labels[] = { m->rows ? m->rows->label : NULL, m->inner ? m->inner->label : NULL,
		m->label };
	const char *comma = "";

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		if (!labels[i])
			continue;
		fprintf(to, "%s%s", comma, labels[i]);
		comma = ", ";
	}
}

/* A row of Markdown for each family, as Prometheus knows it. */
static void
print_table(FILE *to)
{
	static const char *const types[] = { "gauge", "counter", "info" };
	static const char *const suffixes[] = { "", "_total", "_info" };
	size_t n;
	const struct metric *table = metrics_table(&n);

	fprintf(to, "| name | type | labels | what |\n|---|---|---|---|\n");
	for (const struct metric *m = table; m < table + n; m++) {
		if (!m->help)
			continue;
		fprintf(to, "| `%s%s` | %s | ", m->name, suffixes[m->type], types[m->type]);
		print_labels(to, m);
		fprintf(to, " | %s |\n", m->help);
	}
}

static void
the_document_has_the_table(void **state)
{
	char page[65536] = "";
	char *table;
	size_t size;
	FILE *to = open_memstream(&table, &size);
	FILE *from = fopen("docs/metrics.md", "r");

	(void)state;
	print_table(to);
	fclose(to);
	assert_non_null(from);
	page[fread(page, 1, sizeof(page) - 1, from)] = '\0';
	fclose(from);
	if (!strstr(page, table))
		fail_msg("docs/metrics.md is behind the table: scripts/metrics-doc");
	free(table);
}

/* ---- Accept ---------------------------------------------------------------------------------- */

static void
who_asks_for_openmetrics_gets_it(void **state)
{
	(void)state;
	/* Prometheus 2.42 */
	assert_int_equal(metrics_choose("application/openmetrics-text;version=1.0.0,"
					"application/openmetrics-text;version=0.0.1;q=0.75,"
					"text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
		METRICS_OPENMETRICS);
	assert_int_equal(metrics_choose("application/openmetrics-text"), METRICS_OPENMETRICS);
	assert_int_equal(metrics_choose("text/plain;q=0.2, Application/OpenMetrics-Text ; q=0.3"),
		METRICS_OPENMETRICS);
}

static void
everybody_else_gets_text(void **state)
{
	(void)state;
	assert_int_equal(metrics_choose(NULL), METRICS_TEXT);
	assert_int_equal(metrics_choose(""), METRICS_TEXT);
	assert_int_equal(metrics_choose("*/*"), METRICS_TEXT);
	assert_int_equal(metrics_choose("text/html,;q=,,;;"), METRICS_TEXT);
	assert_int_equal(metrics_choose("text/plain;version=0.0.4"), METRICS_TEXT);
	assert_int_equal(metrics_choose("text/plain, application/openmetrics-text"), METRICS_TEXT);
	assert_int_equal(metrics_choose("application/openmetrics-text;q=0.1, text/plain;q=0.9"),
		METRICS_TEXT);
	assert_int_equal(metrics_choose("application/openmetrics-text;q=0"), METRICS_TEXT);
	assert_int_equal(metrics_choose("application/openmetrics-texts"), METRICS_TEXT);
}

/* --table: prints what docs/metrics.md is to have. */
int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--table") == 0) {
		print_table(stdout);
		return 0;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_in_base_units),
		cmocka_unit_test(what_is_not_known_has_no_sample),
		cmocka_unit_test(counters_of_what_never_happened_are_0),
		cmocka_unit_test(each_word_has_a_sample_and_one_of_them_is_1),
		cmocka_unit_test(quotas_tell_what_is_left),
		cmocka_unit_test(webhooks_and_ends_of_viewers_have_a_sample_each),
		cmocka_unit_test(label_values_are_escaped),
		cmocka_unit_test(text_names_families_by_their_samples_and_openmetrics_does_not),
		cmocka_unit_test(a_supervisor_without_cameras_has_metrics),
		cmocka_unit_test(names_follow_the_rules),
		cmocka_unit_test(a_family_is_declared_once_with_its_rows_together),
		cmocka_unit_test(every_state_health_check_and_limit_has_its_word),
		cmocka_unit_test(the_document_has_the_table),
		cmocka_unit_test(who_asks_for_openmetrics_gets_it),
		cmocka_unit_test(everybody_else_gets_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
