#ifndef WORKER_LOOP_H
#define WORKER_LOOP_H

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

/* Ends and forgets it; may be called while it runs. */
void loop_clear(GSource **slot);

/* The number of the newest source, to give to loop_stay_polled. */
guint loop_mark(GMainContext *loop);

/* For the sources that a library attached since the mark. GLib takes a source out of what it polls
 * while it is dispatched, lest it recurse, and wakes itself for that and for putting it back: a
 * second turn of the loop for each packet that libnice reads. Here no callback runs the loop, so
 * they may as well stay. */
void loop_stay_polled(GMainContext *loop, guint mark);

#endif
