/* proc_usage.c - processor time and memory of a process, lately. What the kernel says is usage.c's.
 * Any thread. */
#include "supervisor/proc_usage.h"
#include "supervisor/usage.h"

/* Shorter spans say little: the kernel counts in ticks of 10 ms. */
#define SPAN_MS 1000

void
proc_usage_look(struct proc_usage *u, int64_t pid, ms_t now)
{
	struct usage usage;

	if (u->pid == pid && pid > 0 && now - u->at < SPAN_MS)
		return;
	struct proc_usage before = *u;
	*u = (struct proc_usage){ .pid = pid, .at = now };
	if (usage_read(pid, &usage) != 0)
		return;
	u->cpu_ms = usage.cpu_ms;
	u->memory_bytes = usage.memory_bytes;
	if (before.pid == pid)
		u->cpu_percent =
			(double)(u->cpu_ms - before.cpu_ms) * 100 / (double)(now - before.at);
}
