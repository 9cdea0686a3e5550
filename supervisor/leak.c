/* leak.c - whether a process's memory grows without end. Pure. */
#include <string.h>

#include "supervisor/leak.h"

#define QUARTER (LEAK_SAMPLES / 4)
/* What grows by less in a window is an allocator at work. */
#define GROWTH_MIN 1.1

static void
add(struct leak *l, double bytes)
{
	if (l->count == LEAK_SAMPLES)
		memmove(&l->bytes[0], &l->bytes[1], --l->count * sizeof(l->bytes[0]));
	l->bytes[l->count++] = bytes;
}

/* The least of a quarter: what is taken and given back does not count. */
static double
least(const struct leak *l, int quarter)
{
	const double *b = &l->bytes[quarter * QUARTER];
	double min = b[0];

	for (int i = 1; i < QUARTER; i++)
		min = b[i] < min ? b[i] : min;
	return min;
}

/* Of least squares, per sample. */
static double
slope(const struct leak *l)
{
	double mean_x = (LEAK_SAMPLES - 1) / 2.0;
	double mean_y = 0, above = 0, below = 0;

	for (int i = 0; i < LEAK_SAMPLES; i++)
		mean_y += l->bytes[i] / LEAK_SAMPLES;
	for (int i = 0; i < LEAK_SAMPLES; i++) {
		above += (i - mean_x) * (l->bytes[i] - mean_y);
		below += (i - mean_x) * (i - mean_x);
	}
	return above / below;
}

static bool
leaks(const struct leak *l, double limit)
{
	for (int q = 1; q < 4; q++)
		if (least(l, q) <= least(l, q - 1))
			return false;
	return least(l, 3) > GROWTH_MIN * least(l, 0) &&
	       l->bytes[LEAK_SAMPLES - 1] + slope(l) * LEAK_SAMPLES >= limit;
}

bool
leak_look(struct leak *l, int64_t pid, int64_t bytes, int64_t limit_bytes, ms_t window_ms, ms_t now)
{
	if (pid != l->pid)
		*l = (struct leak){ .pid = pid, .next = now };
	if (pid == 0 || limit_bytes == 0 || now < l->next)
		return false;
	l->next = now + window_ms / LEAK_SAMPLES;
	add(l, (double)bytes);
	if (l->count < LEAK_SAMPLES || !leaks(l, (double)limit_bytes))
		return false;
	l->count = 0;
	return true;
}
