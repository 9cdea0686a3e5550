/* token.c - camctl token: who may use the HTTP API. Keeps nothing. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "common/json.h"
#include "control/ask.h"
#include "control/token.h"

void
token_add_camera(struct invocation *in, const char *camera)
{
	struct json *one = json_new_object();

	if (!in->cameras)
		in->cameras = json_new_array();
	json_set_str(one, "name", camera);
	json_add(in->cameras, one);
}

static int
usage(const char *why)
{
	fprintf(stderr, "camctl: %s\n", why);
	return EX_USAGE;
}

/* The answer's sentence is no part of what a script takes. */
static int
add(const struct invocation *in)
{
	struct json *request = ask_request("token_add");
	struct json *answer;

	json_set_str(request, "name", in->argument);
	json_set_str(request, "role", in->role);
	if (in->cameras)
		json_set(request, "cameras", json_copy(in->cameras));
	int code = ask_done(in, request, &answer);
	if (code)
		return code;
	if (in->json) {
		ask_print(answer);
	} else {
		printf("%s\n", json_str(answer, "data.token"));
		fprintf(stderr, "camctl: %s\n", json_str(answer, "text"));
	}
	json_free(answer);
	return 0;
}

static void
print_token(const struct json *t)
{
	struct json *cameras = json_get(t, "cameras");

	printf("%-24s %-8s %-24s", json_str(t, "name"), json_str(t, "role"), json_str(t, "made"));
	for (size_t i = 0; i < json_len(cameras); i++)
		printf(" %s", json_str(json_at(cameras, i), "name"));
	puts(json_len(cameras) ? "" : " all");
}

static int
list(const struct invocation *in)
{
	struct json *answer;

	int code = ask_done(in, ask_request("token_list"), &answer);
	if (code)
		return code;
	const struct json *tokens = json_get(answer, "data");
	if (in->json)
		ask_print(answer);
	for (size_t i = 0; !in->json && i < json_len(tokens); i++)
		print_token(json_at(tokens, i));
	json_free(answer);
	return 0;
}

static int
take_away(const struct invocation *in)
{
	struct json *request = ask_request("token_remove");
	struct json *answer;

	json_set_str(request, "name", in->argument);
	int code = ask_send(in, request, &answer);
	if (code)
		return code;
	code = ask_conclude(in, answer);
	json_free(answer);
	return code;
}

int
token_run(const struct invocation *in)
{
	if (strcmp(in->camera, "list") == 0)
		return in->argument ? usage("token list takes no name") : list(in);
	if (!in->argument)
		return usage("token add and token remove need a name");
	if (strcmp(in->camera, "remove") == 0)
		return take_away(in);
	if (strcmp(in->camera, "add") != 0)
		return usage("it is token add, token list or token remove");
	return in->role ? add(in) : usage("token add needs --role view, operate or admin");
}
