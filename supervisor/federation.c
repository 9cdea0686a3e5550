/* federation.c - which of several accounts a camera belongs to. Pure. Any thread. */
#include "supervisor/federation.h"

static bool
may_stay(const struct federation_account *a)
{
	return a->usable && a->sight != FEDERATION_BLIND;
}

static bool
is_any_pending(const struct federation_account *accounts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (accounts[i].usable && accounts[i].sight == FEDERATION_PENDING)
			return true;
	return false;
}

int
federation_choose(const struct federation_account *accounts, size_t count, int current)
{
	int best = -1;

	if (current >= 0 && may_stay(&accounts[current]))
		return current;
	if (is_any_pending(accounts, count))
		return current;
	for (size_t i = 0; i < count; i++) {
		const struct federation_account *a = &accounts[i];
		if (!a->usable || a->sight != FEDERATION_SEES)
			continue;
		if (best < 0 || a->cameras < accounts[best].cameras)
			best = (int)i;
	}
	return best >= 0 ? best : current;
}
