/* loop.c - GLib sources that are kept. */
#include "worker/loop.h"

GSource *
loop_attach(GMainContext *loop, GSource *source, GSourceFunc f, void *arg)
{
	g_source_set_callback(source, f, arg, NULL);
	g_source_attach(source, loop);
	return source;
}

void
loop_timer(GMainContext *loop, GSource **slot, ms_t delay_ms, GSourceFunc f, void *arg)
{
	loop_clear(slot);
	*slot = loop_attach(loop, g_timeout_source_new(delay_ms > 0 ? (guint)delay_ms : 0), f, arg);
}

static gboolean
dispatch(GSource *source, GSourceFunc f, gpointer arg)
{
	g_source_set_ready_time(source, -1);
	return f(arg);
}

GSource *
loop_alarm(GMainContext *loop, GSourceFunc f, void *arg)
{
	static GSourceFuncs funcs = { .dispatch = dispatch };

	return loop_attach(loop, g_source_new(&funcs, sizeof(GSource)), f, arg);
}

void
loop_clear(GSource **slot)
{
	if (!*slot)
		return;
	g_source_destroy(*slot);
	g_source_unref(*slot);
	*slot = NULL;
}

guint
loop_mark(GMainContext *loop)
{
	GSource *source = g_idle_source_new();
	const guint id = g_source_attach(source, loop);

	loop_clear(&source);
	return id;
}

void
loop_stay_polled(GMainContext *loop, guint mark)
{
	const guint end = loop_mark(loop);

	for (guint id = mark + 1; id < end; id++) {
		GSource *source = g_main_context_find_source_by_id(loop, id);
		if (source)
			g_source_set_can_recurse(source, TRUE);
	}
}
