#ifndef CONTROL_DISCOVER_H
#define CONTROL_DISCOVER_H

#include <stdio.h>

#include "control/ask.h"

/* `camctl discover [GOOGLE]`: has Google asked for its devices and shows them. Returns the exit
 * code. */
int discover_run(const struct invocation *in);

/* Asks camrelayd for the devices that are known as soon as no other list is on its way or waits for
 * its turn. Returns 0 and the answer, yours, or an exit code with the sentence said. */
int discover_settled(const struct invocation *in, struct json **answer);

/* The rows of the answer "devices" (docs/protocol.md): accounts, their devices, and sections for
 * those that are not configured. */
void discover_render(const struct json *accounts, FILE *out);

#endif
