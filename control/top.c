/* top.c - camctl top: the status, again and again.
 * Owns the order of the rows and what is said of a camrelayd that is gone; render.c has the table,
 * terminal.c the terminal. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xmalloc.h"
#include "control/paint.h"
#include "control/render.h"
#include "control/terminal.h"
#include "control/top.h"
#include "proto/status_camera.h"

#define PERIOD_MS 1000
/* Shorter than the period: keys are looked at between the questions. */
#define TOP_ANSWER_TIMEOUT_MS 900

struct order {
	int key;
	const char *name;
	int (*compare)(const void *a, const void *b); /* rows; equals are by name */
};

struct top {
	struct status status; /* the newest */
	ms_t seen;            /* when it came; 0: never yet */
	char *gone;           /* why there is none now, owned; NULL: there is */
	const struct order *order;
	bool colour;
};

/* ---- the order of the rows ------------------------------------------------------------------- */

static int
by_name(const void *a, const void *b)
{
	const struct status_camera *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* The greater first. */
static int
by_number(double x, double y, const void *a, const void *b)
{
	return x > y ? -1 : x < y ? 1 : by_name(a, b);
}

static int
by_fps(const void *a, const void *b)
{
	const struct status_camera *x = a, *y = b;

	return by_number(x->fps, y->fps, a, b);
}

static int
by_bitrate(const void *a, const void *b)
{
	const struct status_camera *x = a, *y = b;

	return by_number((double)x->bitrate, (double)y->bitrate, a, b);
}

/* The soonest first; what does not expire comes last. */
static int
by_expiry(const void *a, const void *b)
{
	const struct status_camera *x = a, *y = b;
	double left_x = x->expires_ms < 0 ? 1e18 : (double)x->expires_ms;
	double left_y = y->expires_ms < 0 ? 1e18 : (double)y->expires_ms;

	return by_number(-left_x, -left_y, a, b);
}

/* How much somebody should look at it. What was stopped on purpose is offline and no trouble. */
static int
trouble(const struct status_camera *c)
{
	static const char *const healths[] = { "healthy", "degraded", "reconnecting", "offline" };

	if (!c->state || !c->health || strcmp(c->state, "stopped") == 0)
		return -1;
	for (size_t i = 0; i < sizeof(healths) / sizeof(healths[0]); i++)
		if (strcmp(c->health, healths[i]) == 0)
			return (int)i;
	return 0;
}

static int
by_health(const void *a, const void *b)
{
	return by_number(trouble(a), trouble(b), a, b);
}

static const struct order orders[] = {
	{ .key = 'h', .name = "health", .compare = by_health },
	{ .key = 'n', .name = "name", .compare = by_name },
	{ .key = 'e', .name = "expiry", .compare = by_expiry },
	{ .key = 'f', .name = "fps", .compare = by_fps },
	{ .key = 'b', .name = "bitrate", .compare = by_bitrate },
};
#define ORDERS (sizeof(orders) / sizeof(orders[0]))

/* ---- asking and drawing ---------------------------------------------------------------------- */

/* The newest status, or the sentence that says why there is none. */
static void
ask_again(struct top *t, const struct invocation *in)
{
	struct invocation quiet = *in;
	struct status now = { 0 };
	size_t size;

	free(t->gone);
	t->gone = NULL;
	quiet.timeout_ms = TOP_ANSWER_TIMEOUT_MS;
	quiet.complaints = xopen_memstream(&t->gone, &size);
	int code = ask_status(&quiet, &now);
	fclose(quiet.complaints);
	if (code) {
		t->gone[strcspn(t->gone, "\n")] = '\0';
		return;
	}
	free(t->gone);
	t->gone = NULL;
	status_clear(&t->status);
	t->status = now;
	t->seen = clock_now();
}

static void
write_gone(const struct top *t, FILE *out)
{
	fputs(t->colour ? PAINT_BAD : "", out);
	if (t->seen)
		fprintf(out, "%lld s old; ", (long long)(clock_now() - t->seen) / 1000);
	fprintf(out, "%s%s\n", t->gone, t->colour ? PAINT_END : "");
}

static void
write_keys(const struct top *t, FILE *out)
{
	fprintf(out, "by %s; ", t->order->name);
	for (size_t i = 0; i < ORDERS; i++)
		fprintf(out, "%c %s, ", orders[i].key, orders[i].name);
	fprintf(out, "q quit");
}

static int
draw(struct top *t)
{
	char *text;
	size_t len;
	FILE *out = xopen_memstream(&text, &len);

	if (t->gone)
		write_gone(t, out);
	if (t->seen) {
		qsort(t->status.cameras, t->status.camera_count, sizeof(t->status.cameras[0]),
			t->order->compare);
		render_status(&t->status, out, t->colour);
	}
	write_keys(t, out);
	fclose(out);
	int err = terminal_draw(text, len);
	free(text);
	return err;
}

/* Returns whether the key was q. */
static bool
press(struct top *t, int key)
{
	for (size_t i = 0; i < ORDERS; i++)
		if (orders[i].key == key)
			t->order = &orders[i];
	return key == 'q' || key == 'Q';
}

static void
watch(struct top *t, const struct invocation *in)
{
	for (;;) {
		ms_t next = clock_now() + PERIOD_MS;
		int key;
		ask_again(t, in);
		do {
			if (draw(t) < 0)
				return;
			key = terminal_wait(next);
			if (key == TERMINAL_END || press(t, key))
				return;
		} while (key != TERMINAL_TIME);
	}
}

int
top_run(const struct invocation *in)
{
	struct top t = { .order = &orders[0], .colour = paint_wanted(stdout) };

	if (in->json || terminal_open() < 0) {
		fprintf(stderr, "camctl: top draws on a terminal, %s; try camctl%s status\n",
			in->json ? "not as JSON" : "and this is none", in->json ? " --json" : "");
		return EXIT_REFUSED;
	}
	watch(&t, in);
	terminal_close();
	status_clear(&t.status);
	free(t.gone);
	return 0;
}
