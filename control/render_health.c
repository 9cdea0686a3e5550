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

void
render_health(const struct json *health, FILE *out)
{
	const struct json *webhooks = json_get(health, "webhooks");

	for (size_t i = 0; i < json_len(webhooks); i++)
		render_webhook(json_at(webhooks, i), out);
}
