#ifndef WORKER_OUTFILE_H
#define WORKER_OUTFILE_H

#include <stddef.h>
#include <stdint.h>

/* A file that is there under its name only when it is whole. Errors are negative errno. */
struct outfile;

/* Opens folder/name.part for writing. Returns 0 with *out yours, or -errno: -EEXIST if there is
 * a folder/name. */
int outfile_open(const char *folder, const char *name, struct outfile **out);

/* Returns 0 when all was taken, or -errno. */
int outfile_write(struct outfile *f, const void *bytes, size_t len);

/* Gives it its name, once its bytes are on the disk. f is freed; unless 0 is returned, so is the
 * file. */
int outfile_commit(struct outfile *f);

/* Removes it. NULL is fine. */
void outfile_drop(struct outfile *f);

#endif
