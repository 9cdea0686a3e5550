#ifndef SUPERVISOR_HTTP_SERVER_FILE_H
#define SUPERVISOR_HTTP_SERVER_FILE_H

#include "supervisor/http_server_state.h"

/* A file as the body of a response. For http_server*.c. */

/* Sends the next piece, or has it read. Returns 1 when all was sent, 0: not yet, -1: it cannot be
 * read any more. */
int http_file_write(struct conn *c);

/* Frees it, once libuv has ended what it reads. */
void http_file_free(struct http_file *f);

#endif
