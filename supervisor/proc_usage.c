/* proc_usage.c - processor time and memory of a process. Any thread. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "supervisor/proc_usage.h"

/* Shorter spans say little: the kernel counts in ticks of 10 ms. */
#define SPAN_MS 1000

int
proc_usage_parse(const char *line, int64_t *ticks, int64_t *pages)
{
	int64_t user, system;

	/* The program's name is in brackets and may have any in it. */
	const char *rest = strrchr(line, ')');
	if (!rest || sscanf(rest + 1,
			     " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNd64 " %" SCNd64
			     " %*d %*d %*d %*d %*d %*d %*u %*u %" SCNd64,
			     &user, &system, pages) != 3)
		return -1;
	*ticks = user + system;
	return 0;
}

static int
read_stat(int64_t pid, int64_t *ticks, int64_t *pages)
{
	char path[40], line[1024];

	snprintf(path, sizeof(path), "/proc/%" PRId64 "/stat", pid);
	FILE *f = pid > 0 ? fopen(path, "re") : NULL;
	if (!f)
		return -1;
	char *got = fgets(line, sizeof(line), f);
	fclose(f);
	return got ? proc_usage_parse(line, ticks, pages) : -1;
}

void
proc_usage_look(struct proc_usage *u, int64_t pid, ms_t now)
{
	int64_t ticks, pages;

	if (u->pid == pid && pid > 0 && now - u->at < SPAN_MS)
		return;
	struct proc_usage before = *u;
	*u = (struct proc_usage){ .pid = pid, .at = now };
	if (read_stat(pid, &ticks, &pages) < 0)
		return;
	u->cpu_ms = ticks * 1000 / sysconf(_SC_CLK_TCK);
	u->memory_bytes = pages * sysconf(_SC_PAGESIZE);
	if (before.pid == pid)
		u->cpu_percent =
			(double)(u->cpu_ms - before.cpu_ms) * 100 / (double)(now - before.at);
}
