/* url_list.c - which of a camera's URLs has its turn. Pure. */
#include "worker/url_list.h"

struct url_list
url_list_new(size_t count, ms_t return_ms)
{
	return (struct url_list){ .count = count, .return_ms = return_ms, .ask_at = MS_NEVER };
}

void
url_list_on_pictures(struct url_list *l, ms_t now)
{
	l->failures = 0;
	l->given_up = 0;
	l->played = true;
	l->ask_at = l->at && l->return_ms ? now + l->return_ms : MS_NEVER;
}

enum url_list_next
url_list_on_failure(struct url_list *l, bool hopeless)
{
	const bool had_played = l->played;

	l->played = false;
	l->ask_at = MS_NEVER;
	if (had_played && !hopeless) {
		l->failures = l->at ? URL_LIST_TRIES - 1 : 0;
		l->at = 0;
		return URL_LIST_STAY;
	}
	if (l->count < 2 || (++l->failures < URL_LIST_TRIES && !hopeless))
		return URL_LIST_STAY;
	l->failures = 0;
	l->at = (l->at + 1) % l->count;
	return ++l->given_up % l->count ? URL_LIST_NEXT : URL_LIST_ROUND;
}

bool
url_list_asks(struct url_list *l, ms_t now)
{
	if (now < l->ask_at)
		return false;
	l->ask_at = now + l->return_ms;
	return true;
}

void
url_list_return(struct url_list *l)
{
	*l = url_list_new(l->count, l->return_ms);
}
