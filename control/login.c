/* login.c - camctl login: walks a user through Google's page, and carries the code that it brings
 * to camrelayd. Owns what is said to the user. Holds no secret but that code, and wipes it. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json.h"
#include "control/discover.h"
#include "control/login.h"
#include "control/redirect.h"

/* A user reads, ticks cameras, finds the right Google account. Google's codes last about as long.
 */
#define REPLY_TIMEOUT_MS (15 * 60 * 1000)
/* camrelayd waits for Google for call_timeout, which is 10 s unless somebody has set it. */
#define EXCHANGE_TIMEOUT_MS 60000
#define POLL_MS 100

struct attempt {
	const struct invocation *in;
	FILE *out; /* where people read: not among the JSON */
	const char *state;
	struct redirect *redirect; /* NULL: nobody can come there */
	bool typing;               /* standard input may still bring an address */
	char line[8192];           /* what it brought so far */
	size_t len;
	struct login_reply reply;
};

/* ---- requests -------------------------------------------------------------------------------- */

static struct json *
make_request(const struct invocation *in, const char *command)
{
	struct json *request = ask_request(command);

	json_set_str(request, "google", in->camera);
	return request;
}

/* ---- the user's part ------------------------------------------------------------------------- */

static void
explain(const struct attempt *a, const char *url, const char *redirect_uri, const char *why)
{
	fprintf(a->out,
		"Open this page in a browser, and tick the home and every camera in it:\n\n"
		"  %s\n\n",
		url);
	if (a->redirect)
		fprintf(a->out,
			"Waiting for the browser at %s. If it runs on another machine, it "
			"will find\nnothing there: ",
			redirect_uri);
	else
		fprintf(a->out, "(%s.)\nIn the end, ", why);
	fprintf(a->out, "paste the address that it ends at, or the code in it, here:\n");
	fflush(a->out);
}

static bool
complain(const struct attempt *a, const char *sentence)
{
	fprintf(a->out, "%s\n", sentence);
	fflush(a->out);
	return false;
}

/* True if the line is the answer that is waited for; else says what it is instead. */
static bool
judge_line(struct attempt *a, const char *line)
{
	if (!*line)
		return false;
	if (!login_reply_of_text(line, &a->reply))
		return complain(a, "There is no code in that. Paste the whole address:");
	if (*a->reply.state && strcmp(a->reply.state, a->state) != 0)
		return complain(a, "That is the answer to another login. Open the page above:");
	return true;
}

/* Judges and drops the whole lines of what was typed; the last one counts without its end too when
 * nothing can follow. */
static bool
judge_input(struct attempt *a, bool over)
{
	bool done = false;

	while (!done && a->len > 0) {
		char *end = strchr(a->line, '\n');
		if (!end && !over && a->len < sizeof(a->line) - 1)
			break;
		size_t taken = end ? (size_t)(end - a->line) + 1 : a->len;
		if (end)
			*end = '\0';
		done = judge_line(a, a->line);
		a->len -= taken;
		memmove(a->line, a->line + taken, a->len + 1);
	}
	return done;
}

static bool
read_input(struct attempt *a)
{
	ssize_t n = read(STDIN_FILENO, a->line + a->len, sizeof(a->line) - 1 - a->len);

	if (n > 0)
		a->len += (size_t)n;
	else
		a->typing = false;
	a->line[a->len] = '\0';
	return judge_input(a, n <= 0);
}

static bool
look(struct attempt *a, int timeout_ms)
{
	struct pollfd fds[2] = {
		{ .fd = a->typing ? STDIN_FILENO : -1, .events = POLLIN },
		{ .fd = a->redirect ? redirect_fd(a->redirect) : -1, .events = POLLIN },
	};

	if (poll(fds, 2, timeout_ms) <= 0)
		return false;
	if (fds[1].revents && redirect_take(a->redirect, a->state, &a->reply))
		return true;
	return fds[0].revents && read_input(a);
}

/* Until the browser or the user brings an answer. Returns 0, or an exit code with the sentence. */
static int
wait_for_reply(struct attempt *a)
{
	ms_t deadline = clock_now() + REPLY_TIMEOUT_MS;
	bool got = false;

	while (!got && (a->typing || a->redirect) && clock_now() < deadline)
		got = look(a, (int)(deadline - clock_now()));
	if (!got)
		fprintf(stderr, "camctl: no answer of Google's came\n");
	else if (!*a->reply.code)
		fprintf(stderr, "camctl: Google has not granted it: %s\n", a->reply.error);
	return got && *a->reply.code ? 0 : EXIT_REFUSED;
}

/* ---- camrelayd's part ------------------------------------------------------------------------ */

static int
hand_over(const struct attempt *a)
{
	struct json *request = make_request(a->in, "login_code");
	struct json *answer;

	json_set_str(request, "state", a->state);
	json_set_str(request, "code", a->reply.code);
	int code = ask_done(a->in, request, &answer);
	if (!code)
		json_free(answer);
	return code;
}

/* Looks until Google has answered. */
static int
wait_for_grant(const struct invocation *in, struct json **answer)
{
	ms_t deadline = clock_now() + EXCHANGE_TIMEOUT_MS;

	for (;;) {
		int code = ask_done(in, make_request(in, "login_status"), answer);
		if (code)
			return code;
		const char *state = json_str(*answer, "data.state");
		bool asking = state && strcmp(state, "exchanging") == 0;
		if (!asking || clock_now() >= deadline)
			return 0;
		json_free(*answer);
		usleep(POLL_MS * 1000);
	}
}

/* Google does not say whether the client is in testing: the warning is for everybody. */
static void
print_grant(const struct json *grant, FILE *out)
{
	fprintf(out,
		"\nGoogle has granted: %s\n"
		"The refresh token is in %s; camrelayd uses it from now on.\n"
		"It ends after 7 days if the OAuth consent screen is still in \"Testing\": publish "
		"it (\"In\nproduction\") and log in again, or log in every week.\n\n",
		json_str(grant, "scope"), json_str(grant, "file"));
	fflush(out); /* the devices may have to wait for their quota */
}

/* The grant and what devices there are, as one object. */
static void
print_json(struct json *grant, const struct json *devices)
{
	json_set(grant, "accounts", json_copy(devices));
	ask_print(grant);
}

static int
conclude(const struct invocation *in, struct json *answer, FILE *out)
{
	struct json *grant = json_get(answer, "data");
	const char *state = json_str(grant, "state");
	const char *why = json_str(grant, "why");
	struct json *devices = NULL;

	if (!state || strcmp(state, "granted") != 0) {
		fprintf(stderr, "camctl: not logged in: %s\n", why && *why ? why : state);
		return EXIT_REFUSED;
	}
	if (why && *why)
		fprintf(stderr, "camctl: %s\n", why);
	if (!in->json)
		print_grant(grant, out);
	int code = discover_settled(in, &devices);
	if (code)
		return code;
	if (in->json)
		print_json(grant, json_get(devices, "data"));
	else
		discover_render(json_get(devices, "data"), out);
	json_free(devices);
	return why && *why ? EXIT_REFUSED : 0;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static int
run(struct attempt *a, const struct json *begun)
{
	const char *redirect_uri = json_str(begun, "redirect_uri");
	const char *url = json_str(begun, "url");
	struct json *answer = NULL;
	char why[512] = "";

	a->state = json_str(begun, "state");
	if (!redirect_uri || !url || !a->state) {
		fprintf(stderr, "camctl: the answer is not understood\n");
		return EXIT_REFUSED;
	}
	redirect_open(redirect_uri, &a->redirect, why, sizeof(why));
	explain(a, url, redirect_uri, why);
	int code = wait_for_reply(a);
	redirect_close(a->redirect);
	if (!code)
		code = hand_over(a);
	if (!code)
		code = wait_for_grant(a->in, &answer);
	if (!code)
		code = conclude(a->in, answer, a->out);
	json_free(answer);
	return code;
}

int
login_run(const struct invocation *in)
{
	struct attempt a = { .in = in, .out = in->json ? stderr : stdout, .typing = true };
	struct json *begun;

	int code = ask_done(in, make_request(in, "login_begin"), &begun);
	if (code)
		return code;
	code = run(&a, json_get(begun, "data"));
	explicit_bzero(&a, sizeof(a));
	json_free(begun);
	return code;
}
