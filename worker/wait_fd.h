#ifndef WORKER_WAIT_FD_H
#define WORKER_WAIT_FD_H

#include "common/clock.h"

/* Waits until fd is ready for events of poll(2) (or failed). Returns 0, ERR_TIMEOUT at the
 * deadline, ERR_CLOSED as soon as cancel_fd is readable, ERR_SYS. */
int wait_fd(int fd, short events, ms_t deadline, int cancel_fd);

#endif
