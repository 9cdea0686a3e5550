#ifndef SUPERVISOR_LOG_PIPE_H
#define SUPERVISOR_LOG_PIPE_H

#include <uv.h>

/* A worker's standard error output on its way into our log. A pipe, so that the log's file can be
 * opened anew under running workers, and so that what is no log line of ours (a library's
 * complaint, a sanitizer's report) becomes one. Loop thread. */
struct log_pipe;

/* A pipe whose lines are about camera (lent for as long as it lives). *write_fd is for the worker:
 * the caller closes its own copy once the worker has it. Returns 0 or -1 with errno. */
int log_pipe_open(uv_loop_t *loop, const char *camera, struct log_pipe **out, int *write_fd);

/* The worker is gone: reads what it still left there and lets go of everything. NULL is fine; freed
 * when libuv has let go of its handle. */
void log_pipe_close(struct log_pipe *p);

#endif
