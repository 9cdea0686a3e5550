/* render_health.c - what camctl shows of camrelayd itself. Pure but for common/json: text out,
 * nothing asked. */
#include <stdio.h>

#include "common/json.h"
#include "control/render.h"

static void
render_webhook(const struct json *w, FILE *out)
{
	const char *error = json_str(w, "error");
	long long next_ms = json_int(w, "next_try_ms", -1);

	fprintf(out,
		"webhook %s %s: %s, %lld waiting, %lld delivered, %lld refused, %lld dropped\n",
		json_str(w, "name"), json_str(w, "url"), json_str(w, "state"),
		(long long)json_int(w, "queued", 0), (long long)json_int(w, "delivered", 0),
		(long long)json_int(w, "refused", 0), (long long)json_int(w, "dropped", 0));
	if (!error)
		return;
	fprintf(out, "  %s", error);
	if (next_ms >= 0)
		fprintf(out, ", next try in %.1f s", (double)next_ms / 1000);
	fprintf(out, "\n");
}

static void
render_check(const struct json *c, FILE *out)
{
	fprintf(out, "%-5s %s: %s\n", json_str(c, "status"), json_str(c, "name"),
		json_str(c, "text"));
}

static void
render_limit(const struct json *l, FILE *out)
{
	const char *why = json_str(l, "why");
	long long restarts = json_int(l, "restarts", 0);

	fprintf(out, "limit %s: %s, %.0f MB, CPU %.0f %%, %.1f fps", json_str(l, "camera"),
		json_str(l, "step"), (double)json_int(l, "memory_bytes", 0) / 1048576,
		json_real(l, "cpu_percent", 0), json_real(l, "fps", 0));
	if (restarts > 0)
		fprintf(out, ", %lld restarts", restarts);
	fprintf(out, "%s%s\n", why ? ": " : "", why ? why : "");
}

void
render_health(const struct json *health, FILE *out)
{
	const struct json *checks = json_get(health, "checks");
	const struct json *limits = json_get(health, "limits");
	const char *limit_why = json_str(health, "limit_why");
	const struct json *webhooks = json_get(health, "webhooks");

	fprintf(out, "health: %s\n", json_str(health, "health"));
	for (size_t i = 0; i < json_len(checks); i++)
		render_check(json_at(checks, i), out);
	if (limit_why)
		fprintf(out, "limits: %s\n", limit_why);
	for (size_t i = 0; i < json_len(limits); i++)
		render_limit(json_at(limits, i), out);
	for (size_t i = 0; i < json_len(webhooks); i++)
		render_webhook(json_at(webhooks, i), out);
}
