/* readings.c - reads disks, memory, CPU and permissions.
 * Owns the list of what is to be read. Judges nothing. A thread of the pool. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/xmalloc.h"
#include "supervisor/config.h"
#include "supervisor/config_cloudflare.h"
#include "supervisor/config_google.h"
#include "supervisor/config_notify.h"
#include "supervisor/config_recording.h"
#include "supervisor/config_whip.h"
#include "supervisor/http_url.h"
#include "supervisor/reach.h"
#include "supervisor/readings.h"

struct place {
	const char *name; /* a literal */
	char *path;       /* owned */
};

/* A file of a secret. */
struct plan_secret {
	char *path;      /* owned */
	bool made_later; /* by the first login; the account says that it is awaited */
};

struct readings_plan {
	struct place dirs[3]; /* state, recordings, run: those that are configured */
	size_t dir_count;
	struct plan_secret *secrets; /* owned */
	size_t secret_count;
	struct http_url *services; /* owned; each once */
	size_t service_count;
};

/* ---- the plan -------------------------------------------------------------------------------- */

static void
plan_dir(struct readings_plan *p, const char *name, const char *path)
{
	if (path)
		p->dirs[p->dir_count++] = (struct place){ .name = name, .path = xstrdup(path) };
}

/* Names of systemd's credentials are systemd's to look after. */
static void
plan_secret(struct readings_plan *p, const char *where, bool made_later)
{
	if (!where || !strchr(where, '/'))
		return;
	p->secrets = xrealloc(p->secrets, (p->secret_count + 1) * sizeof(*p->secrets));
	p->secrets[p->secret_count++] =
		(struct plan_secret){ .path = xstrdup(where), .made_later = made_later };
}

static void
plan_service(struct readings_plan *p, const char *text)
{
	struct http_url url;

	if (!text || http_url_parse(text, &url) < 0)
		return;
	for (size_t i = 0; i < p->service_count; i++)
		if (p->services[i].port == url.port && strcmp(p->services[i].host, url.host) == 0)
			return;
	p->services = xrealloc(p->services, (p->service_count + 1) * sizeof(url));
	p->services[p->service_count++] = url;
}

struct readings_plan *
readings_plan_new(const struct config *config)
{
	struct readings_plan *p = xcalloc(1, sizeof(*p));

	plan_dir(p, "state", config->state_dir);
	plan_dir(p, "recordings", config->recording ? config->recording->dir : NULL);
	plan_dir(p, "run", config->run_dir);
	for (const struct config_google *g = config->googles; g; g = g->next) {
		plan_secret(p, g->client_secret_file, false);
		plan_secret(p, g->refresh_token_file, true);
		plan_service(p, g->api_url);
		plan_service(p, g->token_url);
	}
	for (const struct config_whip *w = config->whips; w; w = w->next) {
		plan_secret(p, w->token_file, false);
		plan_service(p, w->url);
	}
	for (const struct config_notify *n = config->notifies; n; n = n->next)
		plan_secret(p, n->secret_file, false);
	if (config->cloudflare) {
		plan_secret(p, config->cloudflare->app_secret_file, false);
		plan_service(p, config->cloudflare->api_url);
	}
	return p;
}

void
readings_plan_free(struct readings_plan *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->dir_count; i++)
		free(p->dirs[i].path);
	for (size_t i = 0; i < p->secret_count; i++)
		free(p->secrets[i].path);
	free(p->secrets);
	free(p->services);
	free(p);
}

static void
name_service(const struct http_url *url, char name[CHECK_NAME_MAX])
{
	snprintf(name, CHECK_NAME_MAX, "network %s:%d", url->host, url->port);
}

static void
name_disk(const struct place *dir, char name[CHECK_NAME_MAX])
{
	snprintf(name, CHECK_NAME_MAX, "disk %s", dir->name);
}

bool
readings_plan_has(const struct readings_plan *p, enum check_kind kind, const char *name)
{
	char planned[CHECK_NAME_MAX];

	for (size_t i = 0; kind == CHECK_NETWORK && i < p->service_count; i++) {
		name_service(&p->services[i], planned);
		if (strcmp(planned, name) == 0)
			return true;
	}
	for (size_t i = 0; kind == CHECK_DISK && i < p->dir_count; i++) {
		name_disk(&p->dirs[i], planned);
		if (strcmp(planned, name) == 0)
			return true;
	}
	return kind != CHECK_NETWORK && kind != CHECK_DISK;
}

/* ---- the machine ----------------------------------------------------------------------------- */

/* As df counts: of what others than root may have. */
static bool
read_disk(const struct place *dir, struct check_reading *r)
{
	struct statvfs disk;

	if (statvfs(dir->path, &disk) < 0)
		return false;
	double used = (double)(disk.f_blocks - disk.f_bfree);
	double all = used + (double)disk.f_bavail;
	*r = (struct check_reading){ .kind = CHECK_DISK, .value = all > 0 ? 100 * used / all : 0 };
	name_disk(dir, r->name);
	snprintf(r->text, sizeof(r->text), "%.1f %% used, %.1f GB free in %.200s", r->value,
		(double)disk.f_bavail * (double)disk.f_frsize / 1e9, dir->path);
	return true;
}

static bool
read_memory(struct check_reading *r)
{
	long long total = 0, available = -1;
	char line[128];
	FILE *f = fopen("/proc/meminfo", "re");

	while (f && fgets(line, sizeof(line), f)) {
		sscanf(line, "MemTotal: %lld", &total);
		sscanf(line, "MemAvailable: %lld", &available);
	}
	if (f)
		fclose(f);
	if (total <= 0 || available < 0)
		return false;
	*r = (struct check_reading){ .kind = CHECK_MEMORY,
		.name = "memory",
		.value = 100 * (1 - (double)available / (double)total) };
	snprintf(r->text, sizeof(r->text), "%.1f %% used, %.0f MB available", r->value,
		(double)available / 1024);
	return true;
}

/* proc(5): user, nice, system, idle, iowait, irq, softirq, steal. What others of the host take
 * (steal) we do not have either. */
static bool
read_ticks(struct readings_cpu *out)
{
	long long t[8] = { 0 };
	FILE *f = fopen("/proc/stat", "re");

	int n = !f ? 0
		   : fscanf(f, "cpu %lld %lld %lld %lld %lld %lld %lld %lld", &t[0], &t[1], &t[2],
			     &t[3], &t[4], &t[5], &t[6], &t[7]);
	if (f)
		fclose(f);
	if (n < 4)
		return false;
	*out = (struct readings_cpu){ 0 };
	for (int i = 0; i < 8; i++)
		out->total += t[i];
	out->busy = out->total - t[3] - t[4];
	return true;
}

static bool
read_cpu(struct readings_cpu *last, struct check_reading *r)
{
	struct readings_cpu now;
	struct readings_cpu before = *last;

	if (!read_ticks(&now))
		return false;
	*last = now;
	if (before.total == 0 || now.total <= before.total)
		return false;
	*r = (struct check_reading){ .kind = CHECK_CPU,
		.name = "cpu",
		.value = 100 * (double)(now.busy - before.busy) /
			 (double)(now.total - before.total) };
	snprintf(r->text, sizeof(r->text), "%.0f %% of all cores busy", r->value);
	return true;
}

/* ---- permissions ----------------------------------------------------------------------------- */

static void
find_fault(struct check_reading *r, enum check_status status, const char *path, const char *what)
{
	if ((double)status <= r->value)
		return;
	r->value = status;
	snprintf(r->text, sizeof(r->text), "%.300s: %.60s", path, what);
}

static void
look_at_dir(const struct place *dir, struct check_reading *r)
{
	struct stat st;

	if (stat(dir->path, &st) < 0) {
		/* The first recording makes it. */
		if (errno != ENOENT || strcmp(dir->name, "recordings") != 0)
			find_fault(r, CHECK_ERROR, dir->path, strerror(errno));
		return;
	}
	if (!S_ISDIR(st.st_mode))
		find_fault(r, CHECK_ERROR, dir->path, "is no directory");
	else if (access(dir->path, R_OK | W_OK | X_OK) < 0)
		find_fault(r, CHECK_ERROR, dir->path, strerror(errno));
	else if (st.st_mode & S_IWOTH)
		find_fault(r, CHECK_ERROR, dir->path, "every user can write there");
	else if (strcmp(dir->name, "state") == 0 && st.st_mode & S_IROTH)
		find_fault(r, CHECK_WARN, dir->path, "every user can list it");
}

static void
look_at_secret(const struct plan_secret *secret, struct check_reading *r)
{
	const char *path = secret->path;
	struct stat st;

	if (stat(path, &st) < 0 && errno == ENOENT && secret->made_later)
		return;
	if (stat(path, &st) < 0 || access(path, R_OK) < 0)
		find_fault(r, CHECK_ERROR, path, strerror(errno));
	else if (st.st_mode & (S_IROTH | S_IWOTH))
		find_fault(r, CHECK_ERROR, path, "every user can read or write the secret");
	else if (st.st_mode & S_IWGRP)
		find_fault(r, CHECK_WARN, path, "its group can write the secret");
}

static void
read_permissions(const struct readings_plan *p, struct check_reading *r)
{
	*r = (struct check_reading){ .kind = CHECK_PERMISSIONS,
		.name = "permissions",
		.text = "directories and secrets are as they should be" };
	for (size_t i = 0; i < p->dir_count; i++)
		look_at_dir(&p->dirs[i], r);
	for (size_t i = 0; i < p->secret_count; i++)
		look_at_secret(&p->secrets[i], r);
}

struct check_reading *
readings_of_machine(const struct readings_plan *p, struct readings_cpu *cpu, size_t *count)
{
	struct check_reading *list = xcalloc(p->dir_count + 3, sizeof(*list));
	size_t n = 0;

	for (size_t i = 0; i < p->dir_count; i++)
		n += read_disk(&p->dirs[i], &list[n]);
	n += read_memory(&list[n]);
	n += read_cpu(cpu, &list[n]);
	read_permissions(p, &list[n++]);
	*count = n;
	return list;
}

/* ---- the network ----------------------------------------------------------------------------- */

static void
read_service(const struct http_url *url, struct check_reading *r)
{
	char why[200];
	ms_t took_ms = reach(url->host, url->port, why, sizeof(why));

	*r = (struct check_reading){ .kind = CHECK_NETWORK,
		.value = took_ms < 0 ? CHECK_ERROR : CHECK_OK };
	name_service(url, r->name);
	if (took_ms < 0)
		snprintf(r->text, sizeof(r->text), "%s", why);
	else
		snprintf(r->text, sizeof(r->text), "reached in %lld ms", (long long)took_ms);
}

struct check_reading *
readings_of_network(const struct readings_plan *p, size_t *count)
{
	struct check_reading *list = xcalloc(p->service_count + 1, sizeof(*list));

	for (size_t i = 0; i < p->service_count; i++)
		read_service(&p->services[i], &list[i]);
	*count = p->service_count;
	return list;
}
