#ifndef SUPERVISOR_KNOWN_H
#define SUPERVISOR_KNOWN_H

#include <stdbool.h>

struct config;

struct store;

/* Which of Google's devices were ever configured, remembered by the store: one that is configured
 * no more was removed on purpose, and auto_add leaves it alone. Without a store (NULL) none is
 * known. Loop thread. */

/* This configuration is in force. */
void known_note(struct store *s, const struct config *config);

/* Whether any configuration that was in force had it; false if the store cannot be read. */
bool known_device(struct store *s, const char *device);

#endif
