#ifndef CONTROL_LOGIN_H
#define CONTROL_LOGIN_H

#include "control/ask.h"

/* `camctl login GOOGLE`: walks a user through Google's page. Returns the exit code. */
int login_run(const struct invocation *in);

#endif
