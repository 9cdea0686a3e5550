#ifndef SUPERVISOR_TOKEN_TRUST_H
#define SUPERVISOR_TOKEN_TRUST_H

#include <stdbool.h>

#include "common/clock.h"

/* Whose fault a 401 is: the access token's, or the device's that the call was about. Pure. All
 * zero: the first token is awaited. */
struct token_trust {
	bool replaces; /* the token, or the one asked for, is to replace one answered 401 */
	bool forgives; /* the next 401 of such a token is its device's own */
	char *own;     /* owned; the device whose 401 was its own last, or NULL */
	ms_t proven;   /* when the token was granted, or last worked */
};

enum token_fault {
	TOKEN_REJECTED,       /* the token is to be replaced */
	TOKEN_REJECTED_AGAIN, /* the same, but it was got for that reason: after a pause */
	TOKEN_GOOD,           /* the device's own */
};

void token_trust_clear(struct token_trust *t);

/* A token was granted; it worked; it is renewed without a 401, so the next 401 is news. */
void token_trust_granted(struct token_trust *t, ms_t now);
void token_trust_worked(struct token_trust *t, ms_t now);
void token_trust_renewed(struct token_trust *t);

/* A call about this device ("": about none) was answered 401. TOKEN_GOOD is the first such answer
 * to a token that replaces another, the first after a call that worked, and for five minutes after
 * one each as long as no other device has it too. */
enum token_fault token_trust_rejected(struct token_trust *t, const char *device, ms_t now);

#endif
