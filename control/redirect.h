#ifndef CONTROL_REDIRECT_H
#define CONTROL_REDIRECT_H

#include <stdbool.h>
#include <stddef.h>

#include "control/login_reply.h"

/* Waits on this machine's loopback for the browser that a login's page sends back. */
struct redirect;

/* Listens where uri says, "http://127.0.0.1:8712/" (or localhost). Returns 0, or -1 with a sentence
 * in why: uri is no place of this machine, or somebody else is there. */
int redirect_open(const char *uri, struct redirect **out, char *why, size_t why_size);

int redirect_fd(const struct redirect *r); /* readable: call redirect_take */

/* Takes one connection, within a few seconds, and answers it with a small page. True if it brought
 * a reply with this state; anybody else is sent away. */
bool redirect_take(struct redirect *r, const char *state, struct login_reply *out);

void redirect_close(struct redirect *r); /* NULL is fine */

#endif
