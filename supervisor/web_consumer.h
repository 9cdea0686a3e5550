#ifndef SUPERVISOR_WEB_CONSUMER_H
#define SUPERVISOR_WEB_CONSUMER_H

#include "supervisor/consumers.h"
#include "supervisor/web.h"

struct consumer_row;

/* What the routes of viewers have in common: who may touch whom, and how refusals are said. For
 * web_consumers.c and web_whep.c. */

/* The consumer {id} of the path, if the caller may do that to it; else NULL, and the call has been
 * answered: 404, whether it is another's or nobody's. row is filled, lent until the loop turns.
 * Its owner may use it while it watches, who may operate may end it too, and see it when it has
 * ended. */
const char *web_consumer_to_use(struct web_call *c, struct consumer_row *row);
const char *web_consumer_to_end(struct web_call *c, struct consumer_row *row);
const char *web_consumer_to_show(struct web_call *c, struct consumer_row *row);

/* Whose it will be: NULL without tokens. Lent as the call's token. */
const char *web_consumer_owner(const struct web_call *c);

/* Whether row is the caller's own. */
bool web_consumer_is_own(const struct web_call *c, const struct consumer_row *row);

/* False: there is no such camera, and the call has been answered. */
bool web_consumer_has_camera(struct web_call *c, const char *camera);

/* What a refusal or a failure is told as: 409 and 503 with Retry-After where it is worth trying
 * again. The answer is the caller's to complete and to send. */
struct http_response web_consumer_refusal(enum consumers_refusal refusal);
struct http_response web_consumer_failure(const struct consumer_result *result);

#endif
