#ifndef CONTROL_TOP_H
#define CONTROL_TOP_H

#include "control/ask.h"

/* camctl top: the status as a table that is drawn anew each second, until q or Ctrl-C. A camrelayd
 * that is not there, or not any more, is said above the last table, and found again when it is
 * back. Returns the exit code. */
int top_run(const struct invocation *in);

#endif
