/* discover.c - camctl discover: the cameras that Google lists.
 * Owns the wait for Google's answer, and what is shown of it. */
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json.h"
#include "control/discover.h"

/* A window of the quota of devices.list, a minute, and the time that camrelayd gives Google to
 * answer: call_timeout, 10 s unless somebody has set it. */
#define LIST_TIMEOUT_MS 90000
#define POLL_MS 100

/* ---- asking ---------------------------------------------------------------------------------- */

static int
ask_devices(const struct invocation *in, const char *command, struct json **answer)
{
	struct json *request = ask_request(command);

	if (in->camera)
		json_set_str(request, "google", in->camera);
	return ask_done(in, request, answer);
}

static bool
any(const struct json *accounts, const char *key)
{
	for (size_t i = 0; i < json_len(accounts); i++)
		if (json_truth(json_at(accounts, i), key, false))
			return true;
	return false;
}

/* Why Google was not asked anew is in the first answer alone. */
static void
keep_reasons(const struct json *from, struct json *to)
{
	for (size_t i = 0; i < json_len(from) && i < json_len(to); i++)
		if (!json_truth(json_at(from, i), "asking", false))
			json_set_str(json_at(to, i), "why", json_str(json_at(from, i), "why"));
}

/* Looks until no account is asking, nor (patient) waits for its turn. */
static int
look(const struct invocation *in, bool patient, struct json **answer)
{
	ms_t deadline = clock_now() + LIST_TIMEOUT_MS;

	for (;;) {
		int code = ask_devices(in, "devices", answer);
		if (code)
			return code;
		const struct json *accounts = json_get(*answer, "data");
		bool more = any(accounts, "asking") || (patient && any(accounts, "waiting"));
		if (!more || clock_now() >= deadline)
			return 0;
		json_free(*answer);
		usleep(POLL_MS * 1000);
	}
}

int
discover_settled(const struct invocation *in, struct json **answer)
{
	return look(in, true, answer);
}

/* Has Google asked, and looks until it has answered. */
static int
ask_google(const struct invocation *in, struct json **answer)
{
	struct json *first;

	int code = ask_devices(in, "discover", &first);
	if (code)
		return code;
	code = look(in, false, answer);
	if (!code)
		keep_reasons(json_get(first, "data"), json_get(*answer, "data"));
	json_free(first);
	return code;
}

/* ---- showing --------------------------------------------------------------------------------- */

static void
render_age(const struct json *account, FILE *out)
{
	int64_t age_s = json_int(account, "age_ms", -1) / 1000;

	if (json_int(account, "age_ms", -1) < 0)
		fprintf(out, "not listed yet");
	else if (age_s == 0)
		fprintf(out, "listed just now");
	else
		fprintf(out, "listed %lld:%02lld ago", (long long)age_s / 60,
			(long long)age_s % 60);
}

/* A name may have characters of several bytes: the column is counted in characters. */
static int
padding(const char *name, int columns)
{
	for (; *name; name++)
		columns -= ((unsigned char)*name & 0xc0) != 0x80;
	return columns > 1 ? columns : 1;
}

static void
render_device(const struct json *device, FILE *out)
{
	const char *name = json_str(device, "name");
	const char *camera = json_str(device, "camera");
	const char *shown = name && *name ? name : "-";

	fprintf(out, "  %s%*s%-8s %-20s %s\n", shown, padding(shown, 24), "",
		json_str(device, "protocol"), camera ? camera : "-", json_str(device, "device"));
}

/* The sections, ready to be copied. */
static void
render_sections(const struct json *devices, FILE *out)
{
	const char *heading = "\nNot configured yet:\n";

	for (size_t i = 0; i < json_len(devices); i++) {
		const char *section = json_str(json_at(devices, i), "section");
		if (!section)
			continue;
		fprintf(out, "%s\n%s", heading, section);
		heading = "";
	}
}

static void
render_account(const struct json *account, FILE *out)
{
	const struct json *devices = json_get(account, "devices");
	const char *why = json_str(account, "why");

	fprintf(out, "account %s: ", json_str(account, "account"));
	render_age(account, out);
	fprintf(out, ", %zu cameras%s%s\n", json_len(devices), why && *why ? "; " : "",
		why ? why : "");
	if (json_len(devices) > 0)
		fprintf(out, "  %-23s %-8s %-20s %s\n", "NAME", "PROTOCOL", "CAMERA", "DEVICE");
	for (size_t i = 0; i < json_len(devices); i++)
		render_device(json_at(devices, i), out);
	render_sections(devices, out);
}

void
discover_render(const struct json *accounts, FILE *out)
{
	for (size_t i = 0; i < json_len(accounts); i++) {
		if (i > 0)
			fprintf(out, "\n");
		render_account(json_at(accounts, i), out);
	}
}

/* A list that is shown is success, also an old one; none at all is not. */
static int
exit_code(const struct json *accounts)
{
	for (size_t i = 0; i < json_len(accounts); i++)
		if (json_int(json_at(accounts, i), "age_ms", -1) < 0)
			return EXIT_REFUSED;
	return 0;
}

int
discover_run(const struct invocation *in)
{
	struct json *answer;

	int code = ask_google(in, &answer);
	if (code)
		return code;
	if (in->json)
		ask_print(json_get(answer, "data"));
	else
		discover_render(json_get(answer, "data"), stdout);
	code = exit_code(json_get(answer, "data"));
	json_free(answer);
	return code;
}
