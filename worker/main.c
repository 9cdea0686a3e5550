/* main.c - camrelay-worker's command line and limits. Started by camrelayd, not by people. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "common/log.h"
#include "common/proctitle.h"
#include "common/xmalloc.h"
#include "proto/contract.h"
#include "worker/worker.h"

/* A worker holds some fifteen descriptors: camera, tunnel, SFU, nanomsg, eventfds. */
#define FILES_MAX 256
/* One measures 10 MiB; what grows to this is a leak or an attack, and ends alone. */
#define DATA_MAX_BYTES (512UL * 1024 * 1024)

static void
limit(int resource, const char *name, rlim_t max)
{
	struct rlimit l = { .rlim_cur = max, .rlim_max = max };

	if (setrlimit(resource, &l) < 0)
		log_warn("session limit", LOG_STR("resource", name),
			LOG_STR("error", strerror(errno)));
}

/* What this process parses comes from cameras: it gets no more than it needs. */
static void
set_limits(void)
{
	limit(RLIMIT_CORE, "core", 0); /* it would hold the stream's token */
	limit(RLIMIT_NOFILE, "nofile", FILES_MAX);
#ifndef SANITIZED
	limit(RLIMIT_DATA, "data", DATA_MAX_BYTES);
#endif
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static int
parse_gen(const char *text, int64_t *gen)
{
	char *end;

	errno = 0;
	long long n = strtoll(text, &end, 10);
	if (errno || *end || end == text || n < 1)
		return -1;
	*gen = n;
	return 0;
}

static int
parse_arguments(char **argv, struct worker_config *config)
{
	enum log_format format;
	enum log_level level;

	if (parse_gen(argv[2], &config->gen) < 0 || log_format_parse(argv[4], &format) < 0 ||
		log_level_parse(argv[5], &level) < 0)
		return -1;
	log_open(NULL, format, level);
	/* Copies: the title is written where argv was. */
	config->camera = xstrdup(argv[1]);
	config->socket = xstrdup(argv[3]);
	return 0;
}

int
main(int argc, char **argv, char **envp)
{
	struct worker_config config;
	struct worker *worker;

	if (argc != 6 || fcntl(CONTRACT_LIFE_FD, F_GETFD) < 0 ||
		parse_arguments(argv, &config) < 0) {
		fprintf(stderr, "camrelay-worker is started by camrelayd (proto/contract.h)\n");
		return CONTRACT_EXIT_USAGE;
	}
	proctitle_init(argc, argv, envp);
	signal(SIGPIPE, SIG_IGN);
	set_limits();
	if (worker_new(&config, &worker) != 0)
		return CONTRACT_EXIT_SOFTWARE;
	int code = worker_run(worker);
	worker_free(worker);
	free((char *)(uintptr_t)config.camera);
	free((char *)(uintptr_t)config.socket);
	return code;
}
