/* web_body.c - what the JSON bodies of requests say. Pure. */
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "supervisor/control_message.h"
#include "supervisor/web_body.h"

struct json *
web_body_parse(const char *text, size_t len, char *why, size_t why_size)
{
	char mistake[160] = "";
	struct json *body = json_parse(text, len, mistake, sizeof(mistake));

	if (json_is_object(body))
		return body;
	snprintf(why, why_size, "the body is no JSON object%s%s", body ? "" : ": ", mistake);
	json_free(body);
	return NULL;
}

const char *
web_body_camera(const struct json *body, char *why, size_t why_size)
{
	const char *camera = json_str(body, "camera");

	if (!camera)
		snprintf(why, why_size, "camera must be a string: the name of one");
	return camera;
}

const char *
web_body_token(const struct json *body, char *why, size_t why_size)
{
	const char *token = json_str(body, "token");

	if (!token)
		snprintf(why, why_size, "token must be a string: what camctl token add has shown");
	return token;
}

const char *
web_body_answer(const struct json *body, char *why, size_t why_size)
{
	const char *type = json_str(body, "type");
	const char *sdp = json_str(body, "sdp");

	if (sdp && strncmp(sdp, "v=0", 3) == 0 && type && strcmp(type, "answer") == 0)
		return sdp;
	snprintf(why, why_size, "the body must be {\"type\": \"answer\", \"sdp\": \"v=0...\"}");
	return NULL;
}

static void
add_pair(const char *key, struct json *value, void *arg)
{
	struct json *pair = json_new_object();

	json_set_str(pair, "key", key);
	json_set(pair, "value", json_copy(value));
	json_add(arg, pair);
}

struct json *
web_body_add(const struct json *body, char *why, size_t why_size)
{
	const char *name = json_str(body, "name");
	const struct json *settings = json_get(body, "settings");

	if (!name || !json_is_object(settings)) {
		snprintf(why, why_size, "a camera needs a name and settings, an object of strings");
		return NULL;
	}
	struct json *fields = json_new_object();
	struct json *pairs = json_new_array();
	json_set_str(fields, "command", control_command_name(CONTROL_ADD));
	json_set_str(fields, "camera", name);
	json_each(settings, add_pair, pairs);
	json_set(fields, "settings", pairs);
	return fields;
}
