/* usage.c - what a process takes of the machine. Owns nothing: reads /proc. Any thread. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/err.h"
#include "supervisor/usage.h"

/* proc(5): 52 fields, of at most 20 digits, and a name of 16. */
#define STAT_BYTES 2048

int
usage_parse(const char *stat, long ticks, long page_bytes, struct usage *out)
{
	/* The name is in brackets, and may have brackets and blanks inside. */
	const char *after = strrchr(stat, ')');
	unsigned long long user, system, size;
	long long pages;

	*out = (struct usage){ 0 };
	/* Fields 14, 15, 23 and 24 of proc(5); the bracket ends the second. */
	if (!after ||
		sscanf(after + 1,
			" %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %llu %*s %*s %*s %*s "
			"%*s %*s %*s %llu %lld",
			&user, &system, &size, &pages) != 4)
		return ERR_PARSE;
	*out = (struct usage){ .cpu_ms = (int64_t)((user + system) * 1000 / (unsigned long)ticks),
		.memory_bytes = (int64_t)pages * page_bytes,
		.virtual_bytes = (int64_t)size };
	return 0;
}

int
usage_read(int64_t pid, struct usage *out)
{
	char path[64], text[STAT_BYTES];

	*out = (struct usage){ 0 };
	snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return ERR_SYS;
	ssize_t n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return ERR_SYS;
	text[n] = '\0';
	return usage_parse(text, sysconf(_SC_CLK_TCK), sysconf(_SC_PAGESIZE), out);
}

int64_t
usage_open_fds(void)
{
	struct stat folder;
	int64_t n = 0;

	/* Since Linux 6.2 the folder's size is their number, which costs no entry for each; 0
	 * before. */
	if (stat("/proc/self/fd", &folder) == 0 && folder.st_size > 0)
		return folder.st_size;
	DIR *dir = opendir("/proc/self/fd");
	if (!dir)
		return -1;
	for (const struct dirent *e = readdir(dir); e; e = readdir(dir))
		n += *e->d_name != '.';
	closedir(dir);
	return n - 1; /* the folder's own */
}

int64_t
usage_max_fds(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? (int64_t)limit.rlim_cur : -1;
}
