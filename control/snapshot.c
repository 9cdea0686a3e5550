/* snapshot.c - camctl snapshot: has a picture made, and fetches it.
 * Owns the waiting and the file it is asked for. The picture comes by a file in run_dir, which
 * camrelayd names and removes again. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/json.h"
#include "common/xmalloc.h"
#include "control/snapshot.h"

/* A picture takes tens of milliseconds; on a machine that is too busy, seconds. */
#define POLL_MS 5
#define WAIT_TIMEOUT_MS 20000

static int
refuse(const char *what, const char *why)
{
	fprintf(stderr, "camctl: %s: %s\n", what, why);
	return EXIT_REFUSED;
}

static int
begin(const struct invocation *in, int64_t *id)
{
	struct json *answer;
	struct json *request = ask_request("snapshot");

	json_set_str(request, "camera", in->camera);
	int code = ask_done(in, request, &answer);
	if (code)
		return code;
	*id = json_int(answer, "data.id", 0);
	json_free(answer);
	return 0;
}

/* The file's path, to be freed; NULL while it is not there yet. */
static int
look(const struct invocation *in, int64_t id, char **file)
{
	struct json *answer;
	struct json *request = ask_request("snapshot_done");

	json_set_str(request, "camera", in->camera);
	json_set_int(request, "id", id);
	int code = ask_done(in, request, &answer);
	if (code)
		return code;
	*file = xstrdup(json_str(answer, "data.file"));
	json_free(answer);
	return 0;
}

static int
wait_for(const struct invocation *in, char **file)
{
	ms_t deadline = clock_now() + WAIT_TIMEOUT_MS;
	int64_t id = 0;

	int code = begin(in, &id);
	for (*file = NULL; !code && clock_now() < deadline; usleep(POLL_MS * 1000)) {
		code = look(in, id, file);
		if (code || *file)
			return code;
	}
	return code ? code : refuse(in->camera, "no picture came in time");
}

/* Returns 0, or -1 with errno of what failed, and *reading whether that was the reading. */
static int
copy_bytes(FILE *from, FILE *to, bool *reading)
{
	char bytes[65536];
	size_t n;

	*reading = false;
	while ((n = fread(bytes, 1, sizeof(bytes), from)) > 0)
		if (fwrite(bytes, 1, n, to) != n)
			return -1;
	*reading = true;
	if (ferror(from))
		return -1;
	*reading = false;
	return fflush(to) == 0 ? 0 : -1;
}

/* Half a picture is none; what is no file, as /dev/full, stays. */
static void
remove_half(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISREG(st.st_mode))
		unlink(path);
}

static int
copy_to(const char *file, FILE *from, const char *output)
{
	bool reading;
	bool to_stdout = strcmp(output, "-") == 0;
	FILE *to = to_stdout ? stdout : fopen(output, "wb");

	if (!to)
		return refuse(output, strerror(errno));
	int err = copy_bytes(from, to, &reading);
	int saved = errno;
	/* Some file systems say only here that they are full. */
	if (!to_stdout && fclose(to) != 0 && !err) {
		err = -1;
		saved = errno;
	}
	if (!err)
		return 0;
	if (!to_stdout)
		remove_half(output);
	return refuse(reading ? file : output, strerror(saved));
}

int
snapshot_run(const struct invocation *in)
{
	char *file;

	int code = wait_for(in, &file);
	if (code)
		return code;
	FILE *from = fopen(file, "rb");
	if (from) {
		code = copy_to(file, from, in->output);
		fclose(from);
	} else {
		code = refuse(file, strerror(errno));
	}
	free(file);
	return code;
}
