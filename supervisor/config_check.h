#ifndef SUPERVISOR_CONFIG_CHECK_H
#define SUPERVISOR_CONFIG_CHECK_H

#include "common/settings.h"

struct config;

/* What values must agree on with each other and with the environment. c is as read, its mistakes
 * included: a value that was refused is NULL or its default. Complains to s, and takes from c->env
 * what the first [google] leaves out. */
void config_check(struct config *c, struct settings *s);

#endif
