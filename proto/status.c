/* status.c - the snapshot's tables: which members there are and how they are called outside.
 * Pure but for common/json. */
#include <stdlib.h>

#include "common/err.h"
#include "common/json.h"
#include "common/xmalloc.h"
#include "proto/fields.h"
#include "proto/status.h"
#include "proto/status_account.h"
#include "proto/status_camera.h"
#include "proto/status_count.h"
#include "proto/status_health.h"
#include "proto/status_webhook.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* clang-format off */
#define ROW(in, t, n) { .name = #n, .type = FIELD_##t, .offset = offsetof(struct in, n) }
#define CAMERA(t, n) ROW(status_camera, t, n)
#define ACCOUNT(t, n) ROW(status_account, t, n)
#define OUTPUT(t, n) ROW(status_output, t, n)
#define TOTAL(n) { .name = "total_" #n, .type = FIELD_INT, .offset = offsetof(struct status_camera, totals.n) }
#define PART(p, n) { .name = #p "_" #n, .type = FIELD_INT, .offset = offsetof(struct status, p.n) }

static const struct field output_fields[] = {
	OUTPUT(STR, name), OUTPUT(STR, kind), OUTPUT(STR, state), OUTPUT(STR, media), OUTPUT(STR, session),
	OUTPUT(STR, error), OUTPUT(INT, session_ms), OUTPUT(INT, ssrc),
};

static const struct field count_fields[] = { ROW(status_count, STR, name), ROW(status_count, INT, count) };

static const struct field bucket_fields[] = {
	ROW(status_bucket, STR, name), ROW(status_bucket, INT, limit), ROW(status_bucket, INT, used),
	ROW(status_bucket, INT, held_ms), ROW(status_bucket, INT, slow_ms),
};

static const struct field camera_fields[] = {
	CAMERA(STR, name), CAMERA(STR, account), CAMERA(STR, choice), CAMERA(STR, state), CAMERA(STR, health),
	CAMERA(STR, phase), CAMERA(STR, url), CAMERA(STR, error), CAMERA(STR, notice), CAMERA(STR, publication),
	CAMERA(STR, session), CAMERA(STR, track), CAMERA(STR, recording), CAMERA(STR, recording_why),
	CAMERA(INT, recorded_bytes), CAMERA(INT, recorded_segments), CAMERA(INT, recording_gaps),
	CAMERA(INT, recording_dropped), CAMERA(INT, state_ms), CAMERA(INT, pid), CAMERA(INT, gen),
	CAMERA(INT, uptime_ms), CAMERA(REAL, cpu_percent), CAMERA(INT, memory_bytes), CAMERA(INT, expires_ms), CAMERA(INT, next_try_ms),
	CAMERA(INT, consumers), CAMERA(INT, generates), CAMERA(INT, extends),
	CAMERA(INT, ever_generated), CAMERA(INT, ever_extended), CAMERA(INT, ever_lost),
	CAMERA(INT, ever_workers), CAMERA(INT, failures), CAMERA(INT, restarts),
	CAMERA(INT, width), CAMERA(INT, height), CAMERA(REAL, fps), CAMERA(INT, bitrate),
	CAMERA(INT, gop_ms), CAMERA(INT, keyframe_age_ms), CAMERA(REAL, jitter_ms),
	CAMERA(INT, frames), CAMERA(INT, gaps), CAMERA(INT, late), CAMERA(INT, packets),
	CAMERA(INT, bytes), CAMERA(INT, dropped), CAMERA(INT, nacks), CAMERA(INT, resent),
	CAMERA(INT, plis), CAMERA(INT, firs), CAMERA(INT, replays), CAMERA(INT, reconnects),
	CAMERA(INT, frozen_ms), CAMERA(INT, b_frames), CAMERA(INT, b_dropped),
	CAMERA(REAL, path_loss), CAMERA(REAL, path_queue_ms), CAMERA(INT, path_bitrate),
	CAMERA(INT, sound_packets), CAMERA(INT, sound_silence_ms),
	CAMERA(REAL, sound_level), CAMERA(REAL, sound_drift), CAMERA(REAL, loss_ratio),
	CAMERA(REAL, rtt_ms), CAMERA(INT, rtsp_ms), CAMERA(INT, offer_ms), CAMERA(INT, answer_ms),
	CAMERA(INT, ice_ms), CAMERA(INT, dtls_ms), CAMERA(INT, first_packet_ms),
	CAMERA(INT, keyframe_ms), CAMERA(INT, stored_bytes),
	CAMERA(INT, stored_oldest_ms), CAMERA(INT, extend_calls), CAMERA(INT, generate_calls),
	TOTAL(frames), TOTAL(keyframes), TOTAL(bytes_in), TOTAL(packets_in), TOTAL(gaps), TOTAL(late), TOTAL(b_frames),
	TOTAL(b_dropped), TOTAL(packets), TOTAL(bytes), TOTAL(dropped), TOTAL(nacks), TOTAL(resent),
	TOTAL(plis), TOTAL(firs), TOTAL(replays), TOTAL(reconnects), TOTAL(sound_packets),
	TOTAL(sound_silence_ms), TOTAL(recorded_bytes), TOTAL(recorded_segments),
	TOTAL(recording_gaps), TOTAL(recording_dropped), TOTAL(cpu_ms),
};

static const struct field account_fields[] = {
	ACCOUNT(STR, name), ACCOUNT(STR, state), ACCOUNT(STR, error), ACCOUNT(INT, streams),
	ACCOUNT(INT, qpm), ACCOUNT(INT, used), ACCOUNT(INT, waiting), ACCOUNT(INT, turned_away), ACCOUNT(INT, calls),
	ACCOUNT(INT, refused), ACCOUNT(INT, failed), ACCOUNT(INT, unconfigured), ACCOUNT(INT, expired),
	ACCOUNT(INT, waits), ACCOUNT(INT, waited_ms), ACCOUNT(INT, longest_wait_ms),
};

#define CHECK(t, n) ROW(status_check, t, n)
static const struct field check_fields[] = {
	CHECK(STR, name), CHECK(STR, status), CHECK(STR, text), CHECK(REAL, value), CHECK(INT, since_ms),
	CHECK(INT, age_ms),
};

#define LIMIT(t, n) ROW(status_limit, t, n)
static const struct field limit_fields[] = {
	LIMIT(STR, camera), LIMIT(STR, step), LIMIT(STR, own), LIMIT(STR, why), LIMIT(INT, priority),
	LIMIT(INT, memory_bytes), LIMIT(REAL, cpu_percent), LIMIT(REAL, fps), LIMIT(INT, restarts),
};

#define WEBHOOK(t, n) ROW(status_webhook, t, n)
static const struct field webhook_fields[] = {
	WEBHOOK(STR, name), WEBHOOK(STR, url), WEBHOOK(STR, state), WEBHOOK(STR, error), WEBHOOK(INT, queued),
	WEBHOOK(INT, delivered), WEBHOOK(INT, refused), WEBHOOK(INT, dropped), WEBHOOK(INT, failures),
	WEBHOOK(INT, failed), WEBHOOK(INT, next_try_ms),
};

static const struct field head_fields[] = {
	ROW(status, STR, version), ROW(status, STR, http), ROW(status, INT, pid), ROW(status, INT, uptime_ms),
	ROW(status, INT, at_ms),
	PART(process, started_ms), PART(process, cpu_ms), PART(process, memory_bytes),
	PART(process, virtual_bytes), PART(process, open_fds), PART(process, max_fds),
	PART(process, logged_debug), PART(process, logged_info), PART(process, logged_warn),
	PART(process, logged_error), PART(disk, recording_free_bytes), PART(disk, recording_bytes),
	PART(disk, recording_min_free_bytes),
	PART(disk, deleted_bytes), PART(disk, store_bytes), PART(disk, store_writes),
	PART(disk, store_failures), PART(web, connections), PART(web, sockets), PART(web, accepted),
	PART(web, refused), PART(web, code_1xx), PART(web, code_2xx), PART(web, code_3xx),
	PART(web, code_4xx), PART(web, code_5xx), PART(web, bytes_out), PART(web, slow_sockets),
};

static const struct field own_fields[] = {
	ROW(status, STR, health), ROW(status, INT, limit_level), ROW(status, STR, limit_why),
	ROW(status, INT, consumer_pulls),
};
/* clang-format on */

/* A list of rows: where its table is and how large a row. */
struct rows {
	const char *key;
	const struct field *fields;
	size_t field_count;
	size_t size;
	/* What each row has lists of in turn. */
	const struct inner *inner;
	size_t inner_count;
};

struct inner {
	struct rows rows;
	size_t at, count_at; /* in the row: where, and how many */
};

/* clang-format off */
#define INNER(in, k, list, n, row, table) { \
	.rows = { .key = (k), .fields = (table), .field_count = COUNT(table), .size = sizeof(struct row) }, \
	.at = offsetof(struct in, list), .count_at = offsetof(struct in, n) }

static const struct inner camera_inner[] = {
	INNER(status_camera, "outputs", outputs, output_count, status_output, output_fields),
	INNER(status_camera, "restarts_by", restarts_by, restarts_by_count, status_count, count_fields),
	INNER(status_camera, "extend_failures", extend_failures, extend_failure_count, status_count,
		count_fields),
	INNER(status_camera, "generate_failures", generate_failures, generate_failure_count, status_count,
		count_fields),
	INNER(status_camera, "buckets", buckets, bucket_count, status_bucket, bucket_fields),
};

static const struct inner account_inner[] = {
	INNER(status_account, "buckets", buckets, bucket_count, status_bucket, bucket_fields),
};
/* clang-format on */

static const struct rows camera_rows = { .key = "cameras",
	.fields = camera_fields,
	.field_count = COUNT(camera_fields),
	.size = sizeof(struct status_camera),
	.inner = camera_inner,
	.inner_count = COUNT(camera_inner) };
static const struct rows account_rows = { .key = "accounts",
	.fields = account_fields,
	.field_count = COUNT(account_fields),
	.size = sizeof(struct status_account),
	.inner = account_inner,
	.inner_count = COUNT(account_inner) };

static const struct rows check_rows = { .key = "checks",
	.fields = check_fields,
	.field_count = COUNT(check_fields),
	.size = sizeof(struct status_check) };
static const struct rows limit_rows = { .key = "limits",
	.fields = limit_fields,
	.field_count = COUNT(limit_fields),
	.size = sizeof(struct status_limit) };
static const struct rows webhook_rows = { .key = "webhooks",
	.fields = webhook_fields,
	.field_count = COUNT(webhook_fields),
	.size = sizeof(struct status_webhook) };
static const struct rows consumer_end_rows = { .key = "consumer_ends",
	.fields = count_fields,
	.field_count = COUNT(count_fields),
	.size = sizeof(struct status_count) };

/* The snapshot's lists. */
static const struct {
	const struct rows *rows;
	size_t at, count_at;
	bool own; /* about camrelayd itself; an older one does not say it */
} lists[] = {
	{ .rows = &account_rows,
		.at = offsetof(struct status, accounts),
		.count_at = offsetof(struct status, account_count) },
	{ .rows = &camera_rows,
		.at = offsetof(struct status, cameras),
		.count_at = offsetof(struct status, camera_count) },
	{ .rows = &check_rows,
		.at = offsetof(struct status, checks),
		.count_at = offsetof(struct status, check_count),
		.own = true },
	{ .rows = &limit_rows,
		.at = offsetof(struct status, limits),
		.count_at = offsetof(struct status, limit_count),
		.own = true },
	{ .rows = &webhook_rows,
		.at = offsetof(struct status, webhooks),
		.count_at = offsetof(struct status, webhook_count),
		.own = true },
	{ .rows = &consumer_end_rows,
		.at = offsetof(struct status, consumer_ends),
		.count_at = offsetof(struct status, consumer_end_count),
		.own = true },
};

static void
encode_rows(struct json *j, const struct rows *r, const void *rows, size_t n)
{
	struct json *list = json_new_array();

	for (size_t i = 0; i < n; i++) {
		struct json *row = json_new_object();
		const char *object = (const char *)rows + i * r->size;
		fields_encode(row, r->fields, r->field_count, object);
		for (const struct inner *in = r->inner; in < r->inner + r->inner_count; in++)
			encode_rows(row, &in->rows, *(void *const *)(object + in->at),
				*(const size_t *)(object + in->count_at));
		json_add(list, row);
	}
	json_set(j, r->key, list);
}

static int decode_inner(
	const struct json *row, const struct rows *r, char *object, char *why, size_t why_size);

static int
decode_rows(const struct json *j, const struct rows *r, void **rows, size_t *n, char *why,
	size_t why_size)
{
	struct json *list = json_get(j, r->key);
	int err = 0;

	if (!json_is_array(list)) {
		json_why_not(j, r->key, "array", why, why_size);
		return ERR_PARSE;
	}
	*rows = xcalloc(json_len(list) + 1, r->size);
	*n = json_len(list);
	for (size_t i = 0; i < *n && !err; i++) {
		char *object = (char *)*rows + i * r->size;
		err = fields_decode(
			json_at(list, i), r->fields, r->field_count, object, why, why_size);
		if (!err)
			err = decode_inner(json_at(list, i), r, object, why, why_size);
	}
	return err;
}

/* An older camrelayd does not say some of it. */
static int
decode_inner(const struct json *row, const struct rows *r, char *object, char *why, size_t why_size)
{
	int err = 0;

	for (const struct inner *in = r->inner; in < r->inner + r->inner_count && !err; in++)
		if (json_get(row, in->rows.key))
			err = decode_rows(row, &in->rows, (void **)(object + in->at),
				(size_t *)(object + in->count_at), why, why_size);
	return err;
}

static void
clear_rows(const struct rows *r, void *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *object = (char *)rows + i * r->size;
		fields_clear(r->fields, r->field_count, object);
		for (const struct inner *in = r->inner; in < r->inner + r->inner_count; in++)
			clear_rows(&in->rows, *(void **)(object + in->at),
				*(size_t *)(object + in->count_at));
	}
	free(rows);
}

static void
encode_list(struct json *j, size_t i, const struct status *s)
{
	const char *object = (const char *)s;

	encode_rows(j, lists[i].rows, *(void *const *)(object + lists[i].at),
		*(const size_t *)(object + lists[i].count_at));
}

struct json *
status_to_json(const struct status *s)
{
	struct json *j = json_new_object();

	fields_encode(j, head_fields, COUNT(head_fields), s);
	fields_encode(j, own_fields, COUNT(own_fields), s);
	for (size_t i = 0; i < COUNT(lists); i++)
		encode_list(j, i, s);
	return j;
}

struct json *
status_health_to_json(const struct status *s)
{
	struct json *j = json_new_object();

	fields_encode(j, own_fields, COUNT(own_fields), s);
	for (size_t i = 0; i < COUNT(lists); i++)
		if (lists[i].own)
			encode_list(j, i, s);
	return j;
}

int
status_from_json(const struct json *j, struct status *s, char *why, size_t why_size)
{
	char *object = (char *)s;
	*s = (struct status){ 0 };

	int err = fields_decode(j, head_fields, COUNT(head_fields), s, why, why_size);
	if (!err)
		err = fields_decode(j, own_fields, COUNT(own_fields), s, why, why_size);
	for (size_t i = 0; i < COUNT(lists) && !err; i++)
		if (!lists[i].own || json_get(j, lists[i].rows->key))
			err = decode_rows(j, lists[i].rows, (void **)(object + lists[i].at),
				(size_t *)(object + lists[i].count_at), why, why_size);
	if (err)
		status_clear(s);
	return err;
}

const struct field *
status_camera_fields(size_t *n)
{
	*n = COUNT(camera_fields);
	return camera_fields;
}

bool
status_camera_list(size_t i, const char **key, const struct field **fields, size_t *n)
{
	if (i >= COUNT(camera_inner))
		return false;
	*key = camera_inner[i].rows.key;
	*fields = camera_inner[i].rows.fields;
	*n = camera_inner[i].rows.field_count;
	return true;
}

void
status_clear(struct status *s)
{
	char *object = (char *)s;

	fields_clear(head_fields, COUNT(head_fields), s);
	fields_clear(own_fields, COUNT(own_fields), s);
	for (size_t i = 0; i < COUNT(lists); i++)
		clear_rows(lists[i].rows, *(void **)(object + lists[i].at),
			*(size_t *)(object + lists[i].count_at));
	*s = (struct status){ 0 };
}
