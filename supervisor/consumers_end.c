/* consumers_end.c - how those who watch end, in words.
 * Pure. */
#include <string.h>

#include "supervisor/consumers_end.h"

static const char *const end_names[CONSUMERS_ENDS] = {
	[CONSUMERS_WATCHING] = "watching",
	[CONSUMERS_CLOSED] = "closed",
	[CONSUMERS_LAPSED] = "lapsed",
	[CONSUMERS_FAILED] = "failed",
	[CONSUMERS_LEFT] = "left",
	[CONSUMERS_REVOKED] = "revoked",
	[CONSUMERS_NO_CAMERA] = "no-camera",
	[CONSUMERS_STOPPED] = "stopped",
	[CONSUMERS_INTERRUPTED] = "interrupted",
};

const char *
consumers_end_name(enum consumers_end end)
{
	return end_names[end];
}

enum consumers_end
consumers_end_parse(const char *word)
{
	int end = CONSUMERS_CLOSED;

	while (end < CONSUMERS_ENDS && strcmp(end_names[end], word) != 0)
		end++;
	return (enum consumers_end)end;
}
