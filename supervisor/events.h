#ifndef SUPERVISOR_EVENTS_H
#define SUPERVISOR_EVENTS_H

/* What happens, told to whoever listens: `camctl events`, later the dashboard. Loop thread. */
struct events;

/* Binds the PUB socket at path. Returns 0 or what ipc_bind does. */
int events_open(const char *path, struct events **out);

/* One event as a line of JSON: {"time":"2026-...Z","camera":...,"event":...,"text":...}. camera and
 * text may be NULL. Listeners that are slow lose events; nobody waits for them. */
void events_publish(struct events *e, const char *camera, const char *event, const char *text);

void events_close(struct events *e); /* NULL is fine */

#endif
