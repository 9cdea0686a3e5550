/* account_buckets.c - what is left of Google's quotas, for people. Owns the buckets' names. Changes
 * nothing. Loop thread. */
#include <stdlib.h>
#include <string.h>

#include "common/xmalloc.h"
#include "proto/status_account.h"
#include "supervisor/account_state.h"
#include "supervisor/account_view.h"

struct named {
	const char *name;
	enum quota_bucket bucket;
	enum call_kind kind;
};

/* clang-format off */
static const struct named of_account[] = {
	{ .name = "commands", .bucket = QUOTA_EXECUTE, .kind = CALL_EXTEND },
	{ .name = "lists",    .bucket = QUOTA_LIST,    .kind = CALL_LIST },
};

static const struct named of_camera[] = {
	{ .name = "extend",   .bucket = QUOTA_COMMAND,       .kind = CALL_EXTEND },
	{ .name = "generate", .bucket = QUOTA_COMMAND,       .kind = CALL_GENERATE },
	{ .name = "stop",     .bucket = QUOTA_COMMAND,       .kind = CALL_STOP },
	{ .name = "minute",   .bucket = QUOTA_DEVICE_MINUTE, .kind = CALL_EXTEND },
	{ .name = "hour",     .bucket = QUOTA_DEVICE_HOUR,   .kind = CALL_EXTEND },
};
/* clang-format on */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct status_bucket *
account_buckets(const struct account *a, int camera, ms_t now, size_t *count)
{
	const struct named *named = camera < 0 ? of_account : of_camera;
	struct quota *q = scheduler_quota(a->scheduler);
	struct quota_device *d = camera < 0 ? NULL : scheduler_quota_device(a->scheduler, camera);

	*count = camera < 0 ? COUNT(of_account) : COUNT(of_camera);
	struct status_bucket *rows = xcalloc(*count, sizeof(*rows));
	for (size_t i = 0; i < *count; i++) {
		struct quota_usage usage = quota_usage(q, d, named[i].bucket, named[i].kind, now);
		rows[i] = (struct status_bucket){ .name = strdup(named[i].name),
			.limit = usage.limit,
			.used = usage.used,
			.held_ms = usage.held_ms,
			.slow_ms = usage.slow_ms };
		if (!rows[i].name)
			abort();
	}
	return rows;
}
