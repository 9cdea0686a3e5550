/* status.c - the snapshot's tables: which members there are and how they are called outside.
 * Pure but for common/json. */
#include <stdlib.h>

#include "common/err.h"
#include "common/json.h"
#include "proto/status.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* clang-format off */
#define ROW(in, t, n) { .name = #n, .type = FIELD_##t, .offset = offsetof(struct in, n) }
#define CAMERA(t, n) ROW(status_camera, t, n)
#define ACCOUNT(t, n) ROW(status_account, t, n)
#define OUTPUT(t, n) ROW(status_output, t, n)

static const struct field output_fields[] = {
	OUTPUT(STR, name), OUTPUT(STR, kind), OUTPUT(STR, state), OUTPUT(STR, media), OUTPUT(STR, session),
	OUTPUT(STR, error), OUTPUT(INT, ssrc),
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
};

static const struct field account_fields[] = {
	ACCOUNT(STR, name), ACCOUNT(STR, state), ACCOUNT(STR, error), ACCOUNT(INT, streams),
	ACCOUNT(INT, qpm), ACCOUNT(INT, used), ACCOUNT(INT, waiting), ACCOUNT(INT, turned_away), ACCOUNT(INT, calls),
	ACCOUNT(INT, refused), ACCOUNT(INT, failed), ACCOUNT(INT, unconfigured),
};

static const struct field head_fields[] = {
	ROW(status, STR, version), ROW(status, STR, http), ROW(status, INT, pid), ROW(status, INT, uptime_ms),
};
/* clang-format on */

/* A list of rows: where its table is and how large a row. */
struct rows {
	const char *key;
	const struct field *fields;
	size_t field_count;
	size_t size;
	/* What each row has a list of in turn, NULL: nothing; and where, and how many. */
	const struct rows *inner;
	size_t inner_at, inner_count_at;
};

static const struct rows output_rows = { .key = "outputs",
	.fields = output_fields,
	.field_count = COUNT(output_fields),
	.size = sizeof(struct status_output) };

static const struct rows camera_rows = { .key = "cameras",
	.fields = camera_fields,
	.field_count = COUNT(camera_fields),
	.size = sizeof(struct status_camera),
	.inner = &output_rows,
	.inner_at = offsetof(struct status_camera, outputs),
	.inner_count_at = offsetof(struct status_camera, output_count) };
static const struct rows account_rows = { .key = "accounts",
	.fields = account_fields,
	.field_count = COUNT(account_fields),
	.size = sizeof(struct status_account) };

static void
encode_rows(struct json *j, const struct rows *r, const void *rows, size_t n)
{
	struct json *list = json_new_array();

	for (size_t i = 0; i < n; i++) {
		struct json *row = json_new_object();
		const char *object = (const char *)rows + i * r->size;
		fields_encode(row, r->fields, r->field_count, object);
		if (r->inner)
			encode_rows(row, r->inner, *(void *const *)(object + r->inner_at),
				*(const size_t *)(object + r->inner_count_at));
		json_add(list, row);
	}
	json_set(j, r->key, list);
}

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
	*rows = calloc(json_len(list) + 1, r->size);
	if (!*rows)
		abort();
	*n = json_len(list);
	for (size_t i = 0; i < *n && !err; i++) {
		char *object = (char *)*rows + i * r->size;
		err = fields_decode(
			json_at(list, i), r->fields, r->field_count, object, why, why_size);
		/* An older camrelayd does not say it. */
		if (!err && r->inner && json_get(json_at(list, i), r->inner->key))
			err = decode_rows(json_at(list, i), r->inner,
				(void **)(object + r->inner_at),
				(size_t *)(object + r->inner_count_at), why, why_size);
	}
	return err;
}

static void
clear_rows(const struct rows *r, void *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *object = (char *)rows + i * r->size;
		fields_clear(r->fields, r->field_count, object);
		if (r->inner)
			clear_rows(r->inner, *(void **)(object + r->inner_at),
				*(size_t *)(object + r->inner_count_at));
	}
	free(rows);
}

struct json *
status_to_json(const struct status *s)
{
	struct json *j = json_new_object();

	fields_encode(j, head_fields, COUNT(head_fields), s);
	encode_rows(j, &account_rows, s->accounts, s->account_count);
	encode_rows(j, &camera_rows, s->cameras, s->camera_count);
	return j;
}

int
status_from_json(const struct json *j, struct status *s, char *why, size_t why_size)
{
	void *accounts = NULL;
	void *cameras = NULL;
	*s = (struct status){ 0 };

	int err = fields_decode(j, head_fields, COUNT(head_fields), s, why, why_size);
	if (!err)
		err = decode_rows(j, &account_rows, &accounts, &s->account_count, why, why_size);
	s->accounts = accounts;
	if (!err)
		err = decode_rows(j, &camera_rows, &cameras, &s->camera_count, why, why_size);
	s->cameras = cameras;
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

void
status_clear(struct status *s)
{
	fields_clear(head_fields, COUNT(head_fields), s);
	clear_rows(&account_rows, s->accounts, s->account_count);
	clear_rows(&camera_rows, s->cameras, s->camera_count);
	*s = (struct status){ 0 };
}
