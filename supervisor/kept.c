/* kept.c - a worker's newest word of a kind. Owns no message. Loop thread. */
#include <stdlib.h>
#include <string.h>

#include "supervisor/kept.h"

void
kept_forget(struct msg *kept)
{
	if (kept->type != MSG_TYPES)
		msg_clear(kept);
	kept->type = MSG_TYPES;
}

void
kept_set(struct msg *kept, const struct msg *m)
{
	char why[80];
	char *text = msg_encode(m);

	kept_forget(kept);
	if (msg_decode(text, strlen(text), MSG_BY_WORKER, kept, why, sizeof(why)) != 0)
		kept->type = MSG_TYPES;
	free(text);
}
