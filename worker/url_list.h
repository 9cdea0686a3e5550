#ifndef WORKER_URL_LIST_H
#define WORKER_URL_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "common/clock.h"

/* Which of a camera's URLs is tried: url, url2 ... in this order, and the first again as soon as it
 * can be had. Pure. */

#define URL_LIST_MAX 4
/* Tries in a row without a picture after which the next URL has its turn. */
#define URL_LIST_TRIES 2

struct url_list {
	size_t count;
	size_t at;         /* which is in use, from 0 */
	unsigned failures; /* of it, in a row */
	unsigned given_up; /* URLs, since pictures came last */
	bool played;       /* it has brought pictures */
	ms_t return_ms;    /* how often the first is asked for meanwhile; 0: never */
	ms_t ask_at;       /* when next; MS_NEVER */
};

/* What follows a failure. */
enum url_list_next {
	URL_LIST_STAY,  /* nothing but what would follow with one URL */
	URL_LIST_NEXT,  /* another URL that this round has not tried yet: at once */
	URL_LIST_ROUND, /* all have been tried: the next round begins after a pause */
};

/* From the first on. */
struct url_list url_list_new(size_t count, ms_t return_ms);

/* The URL in use brings pictures. */
void url_list_on_pictures(struct url_list *l, ms_t now);

/* It was lost, or could not be had. hopeless: trying it again would not help. When one that had
 * played is lost, the first has its turn, for one try. */
enum url_list_next url_list_on_failure(struct url_list *l, bool hopeless);

/* True when the first is to be asked whether it can be had; then not again for return_ms. */
bool url_list_asks(struct url_list *l, ms_t now);

/* It can: it is in use from now on. */
void url_list_return(struct url_list *l);

#endif
