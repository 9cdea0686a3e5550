#ifndef SUPERVISOR_STORE_FILE_H
#define SUPERVISOR_STORE_FILE_H

#include <stddef.h>
#include <stdint.h>

/* The store's directory and the files in it, as files: who may read them, who holds them, and where
 * damaged ones go. All return 0, or an enum err with a sentence in why. */

/* Makes dir (0750) if it is missing and holds it against other processes until *fd is closed, which
 * the kernel does for a process that dies. ERR_SYS, or ERR_REFUSED if another one holds it. A
 * directory that every user may write to is refused. */
int store_file_hold(const char *dir, int *fd, char *why, size_t why_size);

/* Makes path (0600, empty) if it is missing, and takes group and others their rights to it and to
 * what SQLite keeps beside it. Never call it while the file is open: closing any descriptor of it
 * drops the process's locks (fcntl(2)). ERR_SYS, or ERR_PARSE: damaged, it was cut to nothing. */
int store_file_make(const char *path, char *why, size_t why_size);

/* Renames path and what SQLite keeps beside it to PATH.damaged-TIME..., and writes that to aside.
 * dir_fd is of its directory. Nothing is ever overwritten. ERR_SYS. */
int store_file_set_aside(
	const char *path, int dir_fd, char *aside, size_t aside_size, char *why, size_t why_size);

/* How large path is; 0 if that cannot be seen. */
int64_t store_file_bytes(const char *path);

#endif
