/* fuzz_http_body.c - any bytes as the JSON body of any request of the HTTP API: what a new viewer,
 * an answer, a heartbeat, a new camera, a login say. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "supervisor/consumer_report.h"
#include "supervisor/control_message.h"
#include "supervisor/web_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* An answer or a sentence, never neither. */
static void
check_strings(const struct json *body)
{
	char why[128] = "";
	const char *camera = web_body_camera(body, why, sizeof(why));

	assert(camera || *why);
	why[0] = '\0';
	const char *token = web_body_token(body, why, sizeof(why));
	assert(token || *why);
	why[0] = '\0';
	const char *sdp = web_body_answer(body, why, sizeof(why));
	assert(sdp ? strncmp(sdp, "v=0", 3) == 0 : *why);
}

static bool
is_same(const struct consumer_report *a, const struct consumer_report *b)
{
	return a->frames == b->frames && a->bytes == b->bytes && a->packets == b->packets &&
	       a->lost == b->lost && a->freezes == b->freezes && a->width == b->width &&
	       a->height == b->height;
}

/* What was taken is told as it came, and read back as the same; what was refused changes nothing.
 */
static void
check_heartbeat(const struct json *body)
{
	const struct consumer_report none = consumer_report_none();
	struct consumer_report r = none, again = none;
	char why[128] = "";

	if (consumer_report_read(&r, body, why, sizeof(why)) < 0) {
		assert(*why && is_same(&r, &none));
		return;
	}
	struct json *told = consumer_report_json(&r);
	int err = consumer_report_read(&again, told, why, sizeof(why));
	assert(err == 0 && is_same(&r, &again));
	json_free(told);
}

/* It becomes a request as camctl makes them, of that name. */
static void
check_camera(const struct json *body)
{
	char why[160] = "";
	struct json *fields = web_body_add(body, why, sizeof(why));
	struct control_message m;

	if (!fields) {
		assert(*why);
		return;
	}
	why[0] = '\0';
	if (control_message_read(fields, &m, why, sizeof(why)) < 0) {
		assert(*why);
	} else {
		assert(m.command == CONTROL_ADD);
		assert(strcmp(m.camera, json_str(body, "name")) == 0);
		control_message_clear(&m);
	}
	json_free(fields);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char why[200] = "";
	struct json *body = web_body_parse((const char *)data, len, why, sizeof(why));

	assert(body ? json_is_object(body) : *why);
	if (!body)
		return 0;
	check_strings(body);
	check_heartbeat(body);
	check_camera(body);
	json_free(body);
	return 0;
}
