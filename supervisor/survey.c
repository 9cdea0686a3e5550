/* survey.c - what operators ask of the recordings on the disk.
 * Owns those who ask and the one look that goes on. Loop thread; work: a thread of the pool. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/xmalloc.h"
#include "supervisor/recordings.h"
#include "supervisor/survey.h"

/* Which files are looked at, and what becomes of them. */
struct scope {
	char *dir;    /* owned, as camera */
	char *camera; /* NULL: every one */
	int64_t cutoff_us;
};

struct asker {
	struct scope scope;
	void (*done)(const struct survey_result *result, void *arg);
	void *arg;
	TAILQ_ENTRY(asker) link;
};

TAILQ_HEAD(askers, asker);

/* Its own object: it may outlive the survey. */
struct look {
	uv_work_t request;
	struct survey *survey; /* NULL: it was freed */
	struct askers askers;  /* owned; all of that scope */
	struct scope scope;
	ms_t began;
	int64_t now_us;
	struct survey_result result;
};

struct survey {
	uv_loop_t *loop;
	struct look *look;     /* NULL: none goes on */
	struct askers waiting; /* owned, in their order */
};

static struct scope
scope_copy(const char *dir, const char *camera, int64_t cutoff_us)
{
	return (struct scope){
		.dir = xstrdup(dir), .camera = xstrdup(camera), .cutoff_us = cutoff_us
	};
}

static void
scope_clear(struct scope *scope)
{
	free(scope->dir);
	free(scope->camera);
}

/* Answers them. Returns how many. */
static int
answer(struct askers *askers, const struct survey_result *result)
{
	struct asker *a;
	int count = 0;

	while ((a = TAILQ_FIRST(askers))) {
		TAILQ_REMOVE(askers, a, link);
		a->done(result, a->arg);
		scope_clear(&a->scope);
		free(a);
		count++;
	}
	return count;
}

/* ---- the pool's thread ----------------------------------------------------------------------- */

static struct survey_row *
row_of(struct survey_result *result, const char *camera)
{
	assert(camera);
	for (size_t i = 0; i < result->count; i++)
		if (strcmp(result->rows[i].camera, camera) == 0)
			return &result->rows[i];
	result->rows = xrealloc(result->rows, (result->count + 1) * sizeof(*result->rows));
	result->rows[result->count] = (struct survey_row){ .camera = xstrdup(camera) };
	return &result->rows[result->count++];
}

static void
count_item(struct survey_row *row, const struct retention_item *item)
{
	row->items++;
	row->kept += item->is_protected;
	row->bytes += item->bytes;
	if (row->oldest_us == 0 || item->start_us < row->oldest_us)
		row->oldest_us = item->start_us;
	if (item->end_us > row->newest_us)
		row->newest_us = item->end_us;
}

static void
work(uv_work_t *request)
{
	struct look *look = request->data;
	const struct scope *scope = &look->scope;
	struct survey_result *result = &look->result;
	struct recordings *r = recordings_scan(scope->dir, scope->camera, look->now_us);
	size_t count;
	struct retention_item *items = recordings_items(r, &count);

	for (size_t i = 0; i < count; i++) {
		struct survey_row *row = row_of(result, recordings_camera(r, items[i].camera));
		items[i].doomed = !items[i].is_protected && items[i].end_us <= scope->cutoff_us;
		if (!items[i].doomed)
			count_item(row, &items[i]);
	}
	result->deleted_bytes = recordings_delete(r, &result->deleted);
	if (recordings_space(scope->dir, &result->free_bytes, &result->disk_bytes) != 0)
		result->free_bytes = result->disk_bytes = -1;
	recordings_free(r);
}

/* ---- looks ----------------------------------------------------------------------------------- */

static void
look_free(struct look *look)
{
	for (size_t i = 0; i < look->result.count; i++)
		free(look->result.rows[i].camera);
	free(look->result.rows);
	scope_clear(&look->scope);
	free(look);
}

static void start_next(struct survey *s);

static void
on_worked(uv_work_t *request, int status)
{
	struct look *look = request->data;
	struct survey *s = look->survey;

	(void)status; /* nobody cancels it */
	if (s) {
		int askers = answer(&look->askers, &look->result);
		log_debug("recordings looked through", LOG_INT("askers", askers),
			LOG_INT("cameras", look->result.count),
			LOG_INT("took_ms", clock_now() - look->began));
		s->look = NULL;
		start_next(s);
	}
	look_free(look);
}

static bool
is_same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Who deletes is answered by what he has deleted himself. */
static bool
is_shared(const struct scope *a, const struct scope *b)
{
	return a->cutoff_us == 0 && b->cutoff_us == 0 && is_same(a->dir, b->dir) &&
	       is_same(a->camera, b->camera);
}

/* The first that waits, and those that ask the same. */
static void
start_next(struct survey *s)
{
	struct asker *first = TAILQ_FIRST(&s->waiting);

	if (s->look || !first)
		return;
	struct look *look = xcalloc(1, sizeof(*look));
	*look = (struct look){ .survey = s,
		.scope = scope_copy(first->scope.dir, first->scope.camera, first->scope.cutoff_us),
		.began = clock_now(),
		.now_us = clock_wall_us() };
	TAILQ_INIT(&look->askers);
	for (struct asker *a = first, *next; a; a = next) {
		next = TAILQ_NEXT(a, link);
		if (a != first && !is_shared(&first->scope, &a->scope))
			continue;
		TAILQ_REMOVE(&s->waiting, a, link);
		TAILQ_INSERT_TAIL(&look->askers, a, link);
	}
	look->request.data = look;
	s->look = look;
	uv_queue_work(s->loop, &look->request, work, on_worked);
}

void
survey_ask(struct survey *s, const struct survey_question *question)
{
	struct asker *a = xcalloc(1, sizeof(*a));

	*a = (struct asker){ .scope = scope_copy(
				     question->dir, question->camera, question->cutoff_us),
		.done = question->done,
		.arg = question->arg };
	TAILQ_INSERT_TAIL(&s->waiting, a, link);
	start_next(s);
}

struct survey *
survey_new(uv_loop_t *loop)
{
	struct survey *s = xcalloc(1, sizeof(*s));

	s->loop = loop;
	TAILQ_INIT(&s->waiting);
	return s;
}

void
survey_free(struct survey *s)
{
	if (!s)
		return;
	if (s->look) {
		s->look->survey = NULL;
		answer(&s->look->askers, NULL);
	}
	answer(&s->waiting, NULL);
	free(s);
}
