/* worker_proc.c - one camera's process: spawn, reap, kill ladder.
 * Owns the child, its life pipe and its log pipe. Knows nothing of what is said, decides nothing.
 * Loop thread. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xmalloc.h"
#include "proto/contract.h"
#include "supervisor/log_pipe.h"
#include "supervisor/worker_proc.h"

/* A running child. Its own object since libuv lets go of a handle only after the close callback,
 * when the next child may be running already. */
struct child {
	uv_process_t process;
	struct worker_proc *owner; /* NULL once the owner was freed */
	struct log_pipe *log;      /* what it writes to stderr */
	int life_fd;               /* write end: closed, the worker knows that we are gone */
};

struct worker_proc {
	struct worker_proc_config config;
	char *program;       /* owned */
	struct child *child; /* NULL when nothing runs */
	uv_timer_t timer;    /* TERM to KILL; or at once, to tell that the spawn failed */
	int64_t gen;
	ms_t since;
	bool stopping; /* somebody asked for its end */
	bool hung;     /* it was killed for that */
	struct proc_usage usage;
};

/* What a worker may inherit: nothing of the supervisor's but where things are. */
static const char *const inherited[] = {
	"PATH",
	"LANG",
	"TZ",
	"LD_LIBRARY_PATH",
	"SSL_CERT_FILE",
	"SSL_CERT_DIR",
	"ASAN_OPTIONS",
	"LSAN_OPTIONS",
	"TSAN_OPTIONS",
	"UBSAN_OPTIONS",
};
#define INHERITED (sizeof(inherited) / sizeof(inherited[0]))

static void
make_env(char **env)
{
	size_t n = 0;

	for (size_t i = 0; i < INHERITED; i++) {
		const char *value = getenv(inherited[i]);
		if (value)
			env[n] = xasprintf("%s=%s", inherited[i], value);
		n += value != NULL;
	}
	env[n] = NULL;
}

static void
on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void
describe_death(int64_t code, int sig, char *why, size_t size)
{
	if (sig)
		snprintf(why, size, "signal %d (%s)", sig, strsignal(sig));
	else
		snprintf(why, size, "exit code %d", (int)code);
}

static enum worker_end
end_of(const struct worker_proc *w, int64_t code, int sig)
{
	if (w->stopping || (sig == 0 && code == CONTRACT_EXIT_OK))
		return WORKER_END_ASKED;
	if (w->hung)
		return WORKER_END_HUNG;
	return sig ? WORKER_END_CRASHED : WORKER_END_EXITED;
}

const char *
worker_end_name(enum worker_end end)
{
	static const char *const names[WORKER_ENDS] = {
		[WORKER_END_ASKED] = "asked",
		[WORKER_END_EXITED] = "exited",
		[WORKER_END_CRASHED] = "crashed",
		[WORKER_END_HUNG] = "hung",
		[WORKER_END_UNSTARTABLE] = "unstartable",
	};

	return names[end];
}

static void
on_child_exit(uv_process_t *process, int64_t code, int sig)
{
	struct child *child = process->data;
	struct worker_proc *w = child->owner;
	char why[80];

	if (w)
		log_pipe_close(child->log);
	close(child->life_fd);
	uv_close((uv_handle_t *)process, on_closed);
	if (!w)
		return;
	uv_timer_stop(&w->timer);
	w->child = NULL;
	describe_death(code, sig, why, sizeof(why));
	log_at(w->stopping ? LOG_INFO : LOG_WARN, "worker died", LOG_CAM(w->config.camera),
		LOG_INT("pid", process->pid), LOG_INT("gen", w->gen), LOG_STR("why", why),
		LOG_INT("after_ms", clock_now() - w->since));
	w->config.on_death(w->config.arg, end_of(w, code, sig), why);
}

static int
spawn_child(struct worker_proc *w, struct child *child, int life_read, int log_write)
{
	char gen[24];
	char *env[INHERITED + 1];
	char *argv[] = { "camrelay-worker", (char *)(uintptr_t)w->config.camera, gen,
		(char *)(uintptr_t)w->config.socket,
		(char *)(uintptr_t)log_format_name(log_format()),
		(char *)(uintptr_t)log_level_name(log_level()), NULL };
	uv_stdio_container_t stdio[] = {
		{ .flags = UV_IGNORE },
		{ .flags = UV_IGNORE },
		{ .flags = UV_INHERIT_FD, .data.fd = log_write },
		[CONTRACT_LIFE_FD] = { .flags = UV_INHERIT_FD, .data.fd = life_read },
	};
	uv_process_options_t options = {
		.exit_cb = on_child_exit,
		.file = w->program,
		.args = argv,
		.env = env,
		.stdio = stdio,
		.stdio_count = sizeof(stdio) / sizeof(stdio[0]),
	};

	snprintf(gen, sizeof(gen), "%lld", (long long)w->gen);
	make_env(env);
	int err = uv_spawn(w->config.loop, &child->process, &options);
	for (size_t i = 0; env[i]; i++)
		free(env[i]);
	return err;
}

/* The two ends of pipes that are the worker's. */
static int
spawn_with_ends(struct worker_proc *w, struct child *child, int life_read, int log_write)
{
	int err = spawn_child(w, child, life_read, log_write);

	/* libuv has made it blocking for the child, whose descriptor is the same file. */
	fcntl(log_write, F_SETFL, O_NONBLOCK);
	close(log_write);
	close(life_read);
	return err;
}

static int
spawn_with_pipes(struct worker_proc *w, struct child *child)
{
	int life[2];
	int log_write;

	if (pipe2(life, O_CLOEXEC) < 0)
		return uv_translate_sys_error(errno);
	child->life_fd = life[1];
	if (log_pipe_open(w->config.loop, w->config.camera, &child->log, &log_write) < 0) {
		int err = uv_translate_sys_error(errno);
		close(life[0]);
		close(life[1]);
		return err;
	}
	int err = spawn_with_ends(w, child, life[0], log_write);
	if (err) {
		log_pipe_close(child->log);
		close(life[1]);
	}
	return err;
}

/* A child that never was. libuv knows its handle only if it came to uv_spawn. */
static void
drop(struct child *child)
{
	if (child->process.loop)
		uv_close((uv_handle_t *)&child->process, on_closed);
	else
		free(child);
}

static void
on_spawn_failed(uv_timer_t *timer)
{
	struct worker_proc *w = timer->data;

	w->config.on_death(w->config.arg, WORKER_END_UNSTARTABLE, "could not be started");
}

static void
on_kill_due(uv_timer_t *timer)
{
	worker_proc_kill(timer->data);
}

void
worker_proc_configure(struct worker_proc *w, const char *program, ms_t kill_timeout_ms)
{
	char *copy = xstrdup(program);

	free(w->program);
	w->program = copy;
	w->config.kill_timeout_ms = kill_timeout_ms;
}

struct worker_proc *
worker_proc_new(const struct worker_proc_config *config)
{
	struct worker_proc *w = xcalloc(1, sizeof(*w));

	w->config = *config;
	worker_proc_configure(w, config->program, config->kill_timeout_ms);
	uv_timer_init(config->loop, &w->timer);
	w->timer.data = w;
	return w;
}

void
worker_proc_start(struct worker_proc *w)
{
	struct child *child = xcalloc(1, sizeof(*child));

	assert(!w->child);
	w->gen++;
	w->stopping = w->hung = false;
	child->owner = w;
	child->process.data = child;
	int err = spawn_with_pipes(w, child);
	if (err) {
		log_error("worker spawn failed", LOG_CAM(w->config.camera),
			LOG_STR("program", w->program), LOG_STR("error", uv_strerror(err)));
		drop(child);
		uv_timer_start(&w->timer, on_spawn_failed, 0, 0);
		return;
	}
	w->child = child;
	w->since = clock_now();
	log_info("worker started", LOG_CAM(w->config.camera), LOG_INT("pid", child->process.pid),
		LOG_INT("gen", w->gen));
}

void
worker_proc_stop(struct worker_proc *w)
{
	if (!w->child || w->stopping)
		return;
	w->stopping = true;
	uv_process_kill(&w->child->process, SIGTERM);
	uv_timer_start(&w->timer, on_kill_due, (uint64_t)w->config.kill_timeout_ms, 0);
}

void
worker_proc_kill(struct worker_proc *w)
{
	if (!w->child)
		return;
	w->hung = true;
	log_warn("worker killed", LOG_CAM(w->config.camera), LOG_INT("pid", w->child->process.pid));
	uv_process_kill(&w->child->process, SIGKILL);
}

int64_t
worker_proc_pid(const struct worker_proc *w)
{
	return w->child ? w->child->process.pid : 0;
}

int64_t
worker_proc_gen(const struct worker_proc *w)
{
	return w->gen;
}

struct proc_usage
worker_proc_usage(struct worker_proc *w, ms_t now)
{
	proc_usage_look(&w->usage, worker_proc_pid(w), now);
	return w->usage;
}

ms_t
worker_proc_since(const struct worker_proc *w)
{
	return w->child ? w->since : 0;
}

void
worker_proc_free(struct worker_proc *w)
{
	if (!w)
		return;
	if (w->child) {
		log_pipe_close(w->child->log);
		w->child->owner = NULL;
		uv_process_kill(&w->child->process, SIGKILL);
	}
	free(w->program);
	w->program = NULL;
	uv_close((uv_handle_t *)&w->timer, on_closed);
}
