#ifndef SUPERVISOR_USAGE_H
#define SUPERVISOR_USAGE_H

#include <stdint.h>

/* What a process takes of the machine, as the kernel counts it: proc(5). */
struct usage {
	int64_t cpu_ms; /* in user and kernel mode, of all its threads, since it was started */
	int64_t memory_bytes; /* resident */
	int64_t virtual_bytes;
};

/* Reads it of a process that is ours. Returns 0, or ERR_SYS when there is no such process,
 * ERR_PARSE when the kernel speaks otherwise; *out is all 0 then. */
int usage_read(int64_t pid, struct usage *out);

/* The same from the text of /proc/PID/stat, with the kernel's ticks per second and page size. */
int usage_parse(const char *stat, long ticks, long page_bytes, struct usage *out);

/* Descriptors that this process has open; -1 if that cannot be seen. */
int64_t usage_open_fds(void);

/* How many it may open. */
int64_t usage_max_fds(void);

#endif
