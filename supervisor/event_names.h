#ifndef SUPERVISOR_EVENT_NAMES_H
#define SUPERVISOR_EVENT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every event by its name, in groups, and which of them somebody wants to be told of. Pure. */

/* A bit for each event of the table; all bits: those that are not in it, too, since a worker of
 * another version may have others. */
typedef uint64_t event_set;
#define EVENT_SET_ALL UINT64_MAX

/* Reads a list of names and groups, "offline, online, account". "all" is everything. Returns 0, or
 * -1 with a sentence in why that names the item and all that is known (EVENT_NAMES_WHY_MAX bytes
 * hold it). */
#define EVENT_NAMES_WHY_MAX 2048
int event_set_read(const char *list, event_set *out, char *why, size_t why_size);

/* Whether it wants that event; one that the table does not have is wanted by "all" only. */
bool event_set_has(event_set set, const char *event);

#endif
