/* main.c - camrelayd's command line, its signals and its start and end as a daemon.
 * Owns the pid file and what the parent of a daemon is told. All else is supervisor.c's. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>
#include <uv.h>

#include "common/log.h"
#include "common/xmalloc.h"
#include "supervisor/cameras.h"
#include "supervisor/config.h"
#include "supervisor/supervisor.h"
#include "supervisor/systemd.h"

struct options {
	const char *config_path;
	const char *pid_path; /* NULL: none is written */
	const char *log_path; /* of a daemon without log_file; NULL: camrelayd.log in run_dir */
	bool foreground;
	bool test;
	bool print;
};

struct daemon {
	uv_loop_t loop;
	struct supervisor *supervisor;
	uv_signal_t term, interrupt, hangup, user1;
	const char *pid_path;
	char *log_file; /* NULL: stderr */
	int parent;     /* the pipe to the parent that waits for the start, -1 in the foreground */
};

static const char usage[] =
	"usage: camrelayd [-f] [-c FILE] [-l LOGFILE] [-p PIDFILE] [-t | -T | -M] [-V] [-h]\n"
	"  -f             stay in the foreground\n"
	"  -c FILE        configuration (" SYSCONF_DIR "/camrelay.conf)\n"
	"  -l LOGFILE     a daemon's log, if the configuration names none\n"
	"  -p PIDFILE     write the process id there\n"
	"  -t             test the configuration: exit 0, or 78 with every mistake named\n"
	"  -T             test it and print what is effective, secrets redacted\n"
	"  -M             print the settings as a manual page's section\n"
	"  -V, --version  version\n"
	"  -h, --help     this\n"
	"Signals: HUP reloads, USR1 opens the log anew, TERM and INT stop.\n";

/* ---- signals --------------------------------------------------------------------------------- */

static void
on_stopped(void *arg)
{
	uv_stop(arg);
}

static void
on_term(uv_signal_t *handle, int signum)
{
	struct daemon *d = handle->data;

	(void)signum;
	supervisor_stop(d->supervisor, on_stopped, &d->loop);
}

static void
on_hangup(uv_signal_t *handle, int signum)
{
	struct daemon *d = handle->data;
	struct supervisor_answer answer;

	(void)signum;
	supervisor_reload(d->supervisor, &answer);
	supervisor_answer_clear(&answer);
}

/* Workers' lines (log_pipe.c), and what a library may have to say, go to descriptor 2: it has to be
 * the log as well. */
static int
send_stderr_to(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);

	if (fd < 0)
		return -1;
	dup2(fd, STDERR_FILENO);
	close(fd);
	return 0;
}

static void
on_user1(uv_signal_t *handle, int signum)
{
	struct daemon *d = handle->data;

	(void)signum;
	if (d->log_file && (log_reopen() < 0 || send_stderr_to(d->log_file) < 0))
		log_error("log cannot be reopened", LOG_STR("path", d->log_file),
			LOG_STR("error", strerror(errno)));
}

static void
watch_signals(struct daemon *d)
{
	struct {
		uv_signal_t *handle;
		uv_signal_cb cb;
		int signum;
	} const signals[] = {
		{ &d->term, on_term, SIGTERM },
		{ &d->interrupt, on_term, SIGINT },
		{ &d->hangup, on_hangup, SIGHUP },
		{ &d->user1, on_user1, SIGUSR1 },
	};

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		uv_signal_init(&d->loop, signals[i].handle);
		signals[i].handle->data = d;
		uv_signal_start(signals[i].handle, signals[i].cb, signals[i].signum);
	}
}

static void
unwatch_signals(struct daemon *d)
{
	uv_close((uv_handle_t *)&d->term, NULL);
	uv_close((uv_handle_t *)&d->interrupt, NULL);
	uv_close((uv_handle_t *)&d->hangup, NULL);
	uv_close((uv_handle_t *)&d->user1, NULL);
}

/* ---- as a daemon ----------------------------------------------------------------------------- */

/* Forks. The parent waits until the child says that it runs, and ends with what became of it; the
 * child returns the pipe to say so. Before anything else is opened: nanomsg and libuv do not
 * survive a fork. */
static int
become_daemon(void)
{
	int fds[2];
	char status = EX_SOFTWARE;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	pid_t pid = fork();
	if (pid != 0) {
		close(fds[1]);
		if (pid < 0)
			exit(EX_OSERR);
		ssize_t n = read(fds[0], &status, 1);
		exit(n == 1 ? status : EX_SOFTWARE);
	}
	close(fds[0]);
	setsid();
	return fds[1];
}

static void
tell_parent(struct daemon *d, char status)
{
	if (d->parent < 0)
		return;
	ssize_t n = write(d->parent, &status, 1);
	(void)n;
	close(d->parent);
	d->parent = -1;
}

/* Cuts off the terminal; stderr is the log by then. */
static void
detach(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	close(null);
	if (chdir("/") < 0)
		log_warn("supervisor chdir failed", LOG_STR("error", strerror(errno)));
}

static int
write_pid(const char *path)
{
	FILE *f = path ? fopen(path, "we") : NULL;

	if (!f)
		return path ? -1 : 0;
	fprintf(f, "%d\n", getpid());
	return fclose(f);
}

/* A camera takes about ten descriptors: take what the system allows. */
static void
raise_limits(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		log_warn("supervisor file limit", LOG_STR("error", strerror(errno)));
	/* A core file would hold every secret. */
	struct rlimit none = { 0 };
	setrlimit(RLIMIT_CORE, &none);
}

/* ---- running --------------------------------------------------------------------------------- */

static void
run_loop(struct daemon *d)
{
	supervisor_start(d->supervisor);
	log_info("supervisor started", LOG_STR("version", VERSION), LOG_INT("pid", getpid()),
		LOG_INT("cameras", cameras_count(supervisor_cameras(d->supervisor))));
	systemd_notify("READY=1");
	tell_parent(d, 0);
	uv_run(&d->loop, UV_RUN_DEFAULT);
}

/* Lets libuv close what is open. */
static void
close_loop(struct daemon *d)
{
	unwatch_signals(d);
	uv_run(&d->loop, UV_RUN_DEFAULT);
	uv_loop_close(&d->loop);
	free(d->log_file);
}

static void
end(struct daemon *d)
{
	supervisor_free(d->supervisor);
	close_loop(d);
	if (d->pid_path)
		unlink(d->pid_path);
}

/* The path of the log, NULL for stderr. A daemon has no terminal: without a file it logs to its
 * run_dir. */
static char *
choose_log(const struct config *c, const struct options *o)
{
	const char *named = c->log_file ? c->log_file : o->foreground ? NULL : o->log_path;

	if (named || o->foreground)
		return xstrdup(named);
	if (mkdir(c->run_dir, 0750) < 0 && errno != EEXIST)
		fprintf(stderr, "camrelayd: %s: %s\n", c->run_dir, strerror(errno));
	return xasprintf("%s/camrelayd.log", c->run_dir);
}

static int
open_log(const struct config *c, const char *path)
{
	if (log_open(path, c->log_format, c->log_level) == 0 &&
		(!path || send_stderr_to(path) == 0)) {
		log_hurry();
		return 0;
	}
	fprintf(stderr, "camrelayd: %s: %s\n", path, strerror(errno));
	return -1;
}

static int
serve(const struct options *o, struct config *config)
{
	struct daemon d = { .parent = -1, .pid_path = o->pid_path };
	int terminal = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
	char why[512];

	d.log_file = choose_log(config, o);
	if (!o->foreground)
		d.parent = become_daemon();
	if (open_log(config, d.log_file) < 0) {
		tell_parent(&d, EX_CANTCREAT);
		return EX_CANTCREAT;
	}
	raise_limits();
	uv_loop_init(&d.loop);
	watch_signals(&d);
	int status =
		supervisor_new(&d.loop, o->config_path, config, &d.supervisor, why, sizeof(why));
	if (status) {
		log_error("supervisor cannot start", LOG_STR("why", why));
		if (d.log_file)
			dprintf(terminal, "camrelayd: %s\n", why);
		tell_parent(&d, (char)status);
		close_loop(&d);
		return status;
	}
	if (write_pid(o->pid_path) < 0)
		log_error("supervisor pid file", LOG_STR("path", o->pid_path),
			LOG_STR("error", strerror(errno)));
	close(terminal);
	if (!o->foreground)
		detach();
	run_loop(&d);
	end(&d);
	return 0;
}

static int
parse_options(int argc, char **argv, struct options *o)
{
	static const struct option long_options[] = {
		{ .name = "help", .val = 'h' },
		{ .name = "version", .val = 'V' },
		{ .name = NULL },
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "fc:l:p:tTMVh", long_options, NULL)) != -1) {
		switch (opt) {
		case 'f':
			o->foreground = true;
			break;
		case 'c':
			o->config_path = optarg;
			break;
		case 'l':
			o->log_path = optarg;
			break;
		case 'p':
			o->pid_path = optarg;
			break;
		case 't':
			o->test = true;
			break;
		case 'T':
			o->test = o->print = true;
			break;
		case 'M':
			config_print_manual(stdout);
			exit(0);
		case 'V':
			printf("camrelayd %s\n", VERSION);
			exit(0);
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			return -1;
		}
	}
	return optind == argc ? 0 : -1;
}

int
main(int argc, char **argv)
{
	struct options o = { .config_path = SYSCONF_DIR "/camrelay.conf" };
	struct config *config;

	if (parse_options(argc, argv, &o) < 0) {
		fputs(usage, stderr);
		return EX_USAGE;
	}
	/* Members of our group may use camctl: its sockets take this mode. */
	umask(007);
	if (config_load(o.config_path, &config, stderr) < 0)
		return EX_CONFIG;
	if (!o.test)
		return serve(&o, config);
	if (o.print)
		config_print(config, stdout);
	else
		printf("%s: configuration is sound\n", o.config_path);
	config_free(config);
	return 0;
}
