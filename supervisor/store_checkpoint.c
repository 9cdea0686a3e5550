/* store_checkpoint.c - when and in which thread the write-ahead log goes back into the file.
 * Owns the thread; what it does is store.c's. Loop thread. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "supervisor/store_checkpoint.h"
#include "common/xmalloc.h"

struct store_checkpoint {
	int (*run)(void *arg);
	void *arg;
	int pages; /* in the log */
	int next;  /* pages at which to start the next one */
	pthread_t thread;
	bool made;           /* thread is to be joined */
	atomic_bool running; /* so is run */
	int code;            /* of the last one; the thread's until running is false */
};

struct store_checkpoint *
store_checkpoint_new(int (*run)(void *arg), void *arg)
{
	struct store_checkpoint *c = xcalloc(1, sizeof(*c));

	c->run = run;
	c->arg = arg;
	c->next = STORE_CHECKPOINT_PAGES;
	return c;
}

void
store_checkpoint_grown(struct store_checkpoint *c, int pages)
{
	if (pages < c->pages)
		c->next = STORE_CHECKPOINT_PAGES;
	c->pages = pages;
}

static void *
run_thread(void *arg)
{
	struct store_checkpoint *c = arg;

	c->code = c->run(c->arg);
	atomic_store(&c->running, false);
	return NULL;
}

/* Signals are the loop's. Without a thread to be had, the loop itself waits. */
static void
start(struct store_checkpoint *c)
{
	sigset_t all, old;

	c->next = c->pages + STORE_CHECKPOINT_PAGES;
	atomic_store(&c->running, true);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	c->made = pthread_create(&c->thread, NULL, run_thread, c) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!c->made)
		run_thread(c);
}

static bool
join(struct store_checkpoint *c, int *code)
{
	if (!c->made)
		return false;
	pthread_join(c->thread, NULL);
	c->made = false;
	*code = c->code;
	return true;
}

bool
store_checkpoint_step(struct store_checkpoint *c, int *code)
{
	bool ended = false;
	bool due = c->pages >= c->next;
	bool outrun = due && c->pages >= STORE_WAL_PAGES_MAX;

	if (outrun || !atomic_load(&c->running))
		ended = join(c, code);
	if (due && !c->made)
		start(c);
	/* With nobody writing meanwhile it reaches the end, and the log begins anew. */
	if (outrun)
		ended = join(c, code) || ended;
	return ended;
}

void
store_checkpoint_free(struct store_checkpoint *c)
{
	int code;

	if (!c)
		return;
	join(c, &code);
	free(c);
}
