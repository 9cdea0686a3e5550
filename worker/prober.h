#ifndef WORKER_PROBER_H
#define WORKER_PROBER_H

#include <glib.h>
#include <stdbool.h>

#include "worker/source.h"

/* Asks cameras whether they can be had: one OPTIONS and one DESCRIBE, no session. Loop thread; each
 * question has a thread of its own. */
struct prober;

/* Never NULL. on_answer comes from the loop, once for each prober_ask: good is true if the camera
 * describes H.264 or H.265. */
struct prober *prober_new(GMainContext *loop, void (*on_answer)(void *arg, bool good), void *arg);

/* Nothing while a question is open. */
void prober_ask(struct prober *p, const struct source_config *source);

/* The answer to an open question is not told. NULL is fine for free. */
void prober_cancel(struct prober *p);
void prober_free(struct prober *p);

#endif
