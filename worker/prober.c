/* prober.c - whether a camera that is not in use could be.
 * Owns the thread that asks and the connection it asks on. Loop thread, but for ask. */
#include <pthread.h>
#include <stdlib.h>

#include "worker/loop.h"
#include "worker/prober.h"

struct prober {
	void (*on_answer)(void *arg, bool good);
	void *arg;
	GSource *answered;     /* on the loop; the thread sets it off as its last deed */
	struct source *source; /* NULL: no question is open */
	pthread_t thread;
	bool good; /* the thread's until it has ended */
};

static void *
ask(void *arg)
{
	struct prober *p = arg;

	p->good = source_open(p->source) == 0;
	g_source_set_ready_time(p->answered, 0);
	return NULL;
}

/* Waits for the thread. */
static void
close_question(struct prober *p)
{
	pthread_join(p->thread, NULL);
	g_source_set_ready_time(p->answered, -1);
	source_free(p->source);
	p->source = NULL;
}

static gboolean
on_answered(gpointer arg)
{
	struct prober *p = arg;

	close_question(p);
	p->on_answer(p->arg, p->good);
	return G_SOURCE_CONTINUE;
}

struct prober *
prober_new(GMainContext *loop, void (*on_answer)(void *arg, bool good), void *arg)
{
	struct prober *p = g_new0(struct prober, 1);

	p->on_answer = on_answer;
	p->arg = arg;
	p->answered = loop_alarm(loop, on_answered, p);
	return p;
}

void
prober_ask(struct prober *p, const struct source_config *source)
{
	struct source_config config = *source;

	if (p->source)
		return;
	config.describe_only = true;
	p->source = source_new(&config);
	if (pthread_create(&p->thread, NULL, ask, p) != 0)
		abort();
}

void
prober_cancel(struct prober *p)
{
	if (!p->source)
		return;
	source_interrupt(p->source);
	close_question(p);
}

void
prober_free(struct prober *p)
{
	if (!p)
		return;
	prober_cancel(p);
	loop_clear(&p->answered);
	g_free(p);
}
