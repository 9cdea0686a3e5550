/* check.c - what a reading of the machine means. Pure. */
#include "supervisor/check.h"

/* Readings in a row that must agree. */
#define STREAK 2
/* A better status is believed so many percent below the limit. Of milliseconds: below its half. */
#define MARGIN_PERCENT 2

static const char *const status_texts[] = {
	[CHECK_OK] = "ok",
	[CHECK_WARN] = "warn",
	[CHECK_ERROR] = "error",
};

struct limits {
	double warn, error;               /* at and above */
	double warn_margin, error_margin; /* below, by so much */
};

const char *
check_status_text(enum check_status status)
{
	return status_texts[status];
}

enum check_status
check_worse(enum check_status a, enum check_status b)
{
	return a > b ? a : b;
}

static struct limits
percent(int warn, int error)
{
	return (struct limits){ .warn = warn,
		.error = error,
		.warn_margin = MARGIN_PERCENT,
		.error_margin = MARGIN_PERCENT };
}

static struct limits
limits_of(enum check_kind kind, const struct config_health *c)
{
	switch (kind) {
	case CHECK_DISK:
		return percent(c->disk_warn, c->disk_error);
	case CHECK_MEMORY:
		return percent(c->memory_warn, c->memory_error);
	case CHECK_CPU:
		return percent(c->cpu_warn, c->cpu_error);
	case CHECK_CLOCK:
		return (struct limits){ .warn = (double)c->clock_warn_ms,
			.error = (double)c->clock_error_ms,
			.warn_margin = (double)c->clock_warn_ms / 2,
			.error_margin = (double)c->clock_error_ms / 2 };
	case CHECK_NETWORK:
	case CHECK_PERMISSIONS:
	case CHECK_KINDS:
		break;
	}
	return (struct limits){ .warn = CHECK_WARN, .error = CHECK_ERROR };
}

/* Above a limit that it is at already, the margin counts. */
static enum check_status
read_status(const struct limits *l, enum check_status now, double value)
{
	double error = l->error - (now == CHECK_ERROR ? l->error_margin : 0);
	double warn = l->warn - (now == CHECK_OK ? 0 : l->warn_margin);

	if (value >= error)
		return CHECK_ERROR;
	return value >= warn ? CHECK_WARN : CHECK_OK;
}

static bool
change(struct check *c, enum check_status status, ms_t now)
{
	c->status = status;
	c->since = now;
	c->streak = 0;
	return true;
}

bool
check_judge(struct check *c, const struct config_health *limits, const struct check_reading *r,
	ms_t now)
{
	struct limits l = limits_of(r->kind, limits);
	bool first = !c->known;

	c->last = *r;
	c->read_at = now;
	c->known = true;
	enum check_status status = read_status(&l, first ? CHECK_OK : c->status, r->value);
	if (first) {
		change(c, status, now);
		return status != CHECK_OK;
	}
	if (status == c->status) {
		c->streak = 0;
		return false;
	}
	c->streak = status == c->next && c->streak > 0 ? c->streak + 1 : 1;
	c->next = status;
	return c->streak >= STREAK && change(c, status, now);
}
