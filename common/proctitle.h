#ifndef COMMON_PROCTITLE_H
#define COMMON_PROCTITLE_H

/* What ps shows of this process. Call once, first in main, before anything keeps a pointer into
 * argv or the environment: libbsd moves both away to make room. */
void proctitle_init(int argc, char *argv[], char *envp[]);

/* Replaces the title: proctitle_set("camrelay-worker: %s [running]", name). One thread. What does
 * not fit the room of argv and the environment is cut. Never put a secret in it. */
void proctitle_set(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
