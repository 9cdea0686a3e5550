#ifndef SUPERVISOR_EVENTS_H
#define SUPERVISOR_EVENTS_H

struct json;
struct store;

/* What happens, told to whoever listens (`camctl events`, the dashboard, webhooks) and kept in the
 * store. Loop thread. */
struct events;

/* Binds the PUB socket at path. store is lent; NULL: there is no history. Returns 0 or what
 * ipc_bind does. */
int events_open(const char *path, struct store *store, struct events **out);

/* The account that a camera has now; NULL: none. */
typedef const char *events_account_of(void *arg, const char *camera);
void events_set_account_of(struct events *e, events_account_of *account_of, void *arg);

/* Is told of every event after it was published; names of cameras may be NULL, event is as on the
 * wire. May publish others. */
typedef void events_listener(
	void *arg, const char *camera, const char *name, const struct json *event);
#define EVENTS_LISTENERS_MAX 4 /* more are a bug */
void events_add_listener(struct events *e, events_listener *listener, void *arg);
void events_remove_listener(struct events *e, events_listener *listener, const void *arg);

/* One event as a line of JSON:
 * {"time":"2026-...Z","camera":...,"account":...,"event":...,"text":...}. camera and text may be
 * NULL; the account is the camera's. Listeners that are slow lose events; nobody waits for them. */
void events_publish(struct events *e, const char *camera, const char *event, const char *text);

/* The same of an account; camera may be NULL. */
void events_publish_account(struct events *e, const char *account, const char *camera,
	const char *event, const char *text);

/* The newest events, at most limit, of one camera or (NULL) of all, oldest first, in the same form:
 * an array. NULL: there is no history. */
struct json *events_history(struct events *e, const char *camera, int limit);

void events_close(struct events *e); /* NULL is fine */

#endif
