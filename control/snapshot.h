#ifndef CONTROL_SNAPSHOT_H
#define CONTROL_SNAPSHOT_H

#include "control/ask.h"

/* camctl snapshot CAMERA -o FILE. Returns the exit code. */
int snapshot_run(const struct invocation *in);

#endif
