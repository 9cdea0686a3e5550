#ifndef SUPERVISOR_STORE_CHECKPOINT_H
#define SUPERVISOR_STORE_CHECKPOINT_H

#include <stdbool.h>

/* When the write-ahead log goes back into the store's file. That waits for the disk (two fsync), so
 * a thread does it, one at a time. Everything here is called by the loop thread. */
struct store_checkpoint;

/* The log goes back when it has this many pages: 4 MB, SQLite's own choice. A writer that outruns
 * the thread waits for it at eight times that. */
#define STORE_CHECKPOINT_PAGES 1000
#define STORE_WAL_PAGES_MAX (8 * STORE_CHECKPOINT_PAGES)

/* run does it, in the thread, and returns SQLite's code; arg is lent to it. */
struct store_checkpoint *store_checkpoint_new(int (*run)(void *arg), void *arg);

/* The log has so many pages now; fewer than before: it began anew. */
void store_checkpoint_grown(struct store_checkpoint *c, int pages);

/* Between two writes: starts the thread if it is time. True if one had ended, with its code. */
bool store_checkpoint_step(struct store_checkpoint *c, int *code);

/* Waits for the thread. NULL is fine. */
void store_checkpoint_free(struct store_checkpoint *c);

#endif
