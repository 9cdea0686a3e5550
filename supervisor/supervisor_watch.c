/* supervisor_watch.c - what a supervisor has to watch itself and to tell others.
 * Owns nothing; supervisor.c says when. Loop thread. */
#include <sysexits.h>

#include "supervisor/events.h"
#include "supervisor/supervisor_state.h"

int
supervisor_make_notify(struct supervisor *s, char *why, size_t why_size)
{
	struct notify_shared shared = {
		.loop = s->loop, .http = s->http, .store = s->store, .events = s->events
	};

	s->notify = notify_new(&shared);
	if (notify_prepare(s->notify, s->config, why, why_size) < 0)
		return EX_CONFIG;
	notify_apply(s->notify, s->config, NULL);
	events_add_listener(s->events, notify_on_event, s->notify);
	return 0;
}
