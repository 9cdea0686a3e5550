#ifndef WORKER_LOOP_H
#define WORKER_LOOP_H

#include <glib-unix.h>
#include <glib.h>

#include "common/clock.h"

/* A GLib source that somebody keeps: NULL while there is none. */

/* Attaches a new source, which the caller keeps, to the loop. Returns it. */
GSource *loop_attach(GMainContext *loop, GSource *source, GSourceFunc f, void *arg);

/* Replaces *slot by a timer that calls f in delay_ms, once if f returns G_SOURCE_REMOVE. */
void loop_timer(GMainContext *loop, GSource **slot, ms_t delay_ms, GSourceFunc f, void *arg);

/* A source that calls f each time that g_source_set_ready_time, which any thread may call, says
 * when; f sets the next time. Attached, and the caller keeps it. */
GSource *loop_alarm(GMainContext *loop, GSourceFunc f, void *arg);

/* A source that calls f each time that fd can be read, which the caller keeps. It stays in what
 * GLib polls while f runs: GLib takes others out, lest the loop be run from there, and wakes itself
 * for that and for putting them back, so that each packet would cost a second turn. */
GSource *loop_readable(GMainContext *loop, int fd, GUnixFDSourceFunc f, void *arg);

/* Ends and forgets it; may be called while it runs. */
void loop_clear(GSource **slot);

#endif
