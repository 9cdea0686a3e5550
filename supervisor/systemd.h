#ifndef SUPERVISOR_SYSTEMD_H
#define SUPERVISOR_SYSTEMD_H

#include "common/clock.h"

/* Tells systemd about us: sd_notify(3)'s protocol, one datagram to $NOTIFY_SOCKET (a path, or an
 * abstract address that begins with '@'). state is "READY=1", "STATUS=3 of 3 cameras running",
 * "WATCHDOG=1", "STOPPING=1", or several on lines of their own. Returns 1 if sent, 0 if nobody
 * listens ($NOTIFY_SOCKET is not set), or ERR_RANGE (not an address), ERR_SYS (errno is set). Never
 * blocks. */
int systemd_notify(const char *state);

/* The same, formatted; what is longer than 1 KB is cut. */
int systemd_notifyf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* How often to say WATCHDOG=1: half of $WATCHDOG_USEC, as sd_watchdog_enabled(3) advises. MS_NEVER
 * if systemd does not ask this process for it. */
ms_t systemd_watchdog_interval(void);

#endif
