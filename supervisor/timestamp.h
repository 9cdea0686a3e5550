#ifndef SUPERVISOR_TIMESTAMP_H
#define SUPERVISOR_TIMESTAMP_H

#include <stdint.h>

#include "common/clock.h"

/* Wall time as others write it. Pure. */

/* "2018-01-04T18:30:00.000Z" (RFC 3339, with or without fraction, any offset) to microseconds since
 * 1970. Returns 0, or ERR_PARSE or ERR_RANGE; text may be NULL. */
int timestamp_rfc3339(const char *text, int64_t *us);

/* "Sun, 06 Nov 1994 08:49:37 GMT" (IMF-fixdate of RFC 9110 5.6.7, the only form that may be sent)
 * to microseconds since 1970; 0 when it is anything else, or NULL. */
int64_t timestamp_http(const char *text);

/* Retry-After (RFC 9110 10.2.3): seconds, or a date, which is by the server's clock as its Date
 * header is. server_us is that Date, wall_us our own clock for when there was none (0). -1 when
 * text is NULL or neither; at most a day, so that a broken answer cannot park anything for ever. */
ms_t timestamp_retry_after(const char *text, int64_t server_us, int64_t wall_us);

#endif
