/* token_trust.c - whose fault a 401 is.
 * Owns what is remembered of earlier ones. Pure. Any thread. */
#include <stdlib.h>
#include <string.h>

#include "common/xmalloc.h"
#include "supervisor/token_trust.h"

/* So long after it was granted or worked last a token is believed against the word of one device.
 */
#define PROOF_MS 300000

void
token_trust_clear(struct token_trust *t)
{
	free(t->own);
	*t = (struct token_trust){ 0 };
}

void
token_trust_granted(struct token_trust *t, ms_t now)
{
	t->proven = now;
}

void
token_trust_worked(struct token_trust *t, ms_t now)
{
	t->forgives = true;
	t->proven = now;
}

void
token_trust_renewed(struct token_trust *t)
{
	t->replaces = false;
}

static bool
is_own(const struct token_trust *t, const char *device, ms_t now)
{
	if (!t->replaces || t->forgives)
		return t->replaces;
	return t->own && strcmp(t->own, device) == 0 && now - t->proven < PROOF_MS;
}

enum token_fault
token_trust_rejected(struct token_trust *t, const char *device, ms_t now)
{
	bool again = t->replaces;

	if (!is_own(t, device, now)) {
		t->forgives = !again;
		t->replaces = true;
		return again ? TOKEN_REJECTED_AGAIN : TOKEN_REJECTED;
	}
	t->forgives = false;
	free(t->own);
	t->own = xstrdup(device);
	return TOKEN_GOOD;
}
