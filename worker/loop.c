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

GSource *
loop_readable(GMainContext *loop, int fd, GUnixFDSourceFunc f, void *arg)
{
	GSource *source = g_unix_fd_source_new(fd, G_IO_IN);

	g_source_set_can_recurse(source, TRUE);
	return loop_attach(loop, source, G_SOURCE_FUNC(f), arg);
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
