#ifndef SUPERVISOR_CAMERAS_CHANGE_H
#define SUPERVISOR_CAMERAS_CHANGE_H

#include <stddef.h>

struct cameras;
struct config;
struct config_diff;
struct sfu;

/* The camera table under another configuration. Loop thread. */

/* A configuration that differs from the one in force, in two steps. What a change does not name is
 * not touched. cameras_prepare makes what may fail, for the cameras that are new; returns 0, or -1
 * with a sentence in why and nothing prepared. Then cameras_apply, which cannot fail, or
 * cameras_give_up, within the same turn of the loop. */
int cameras_prepare(struct cameras *t, const struct config_diff *diff, char *why, size_t why_size);
void cameras_give_up(struct cameras *t);
/* config and sfu are lent as those before; the accounts are to be those of config by now. */
void cameras_apply(struct cameras *t, const struct config_diff *diff, const struct config *config,
	struct sfu *sfu);

#endif
