#ifndef SUPERVISOR_ACCOUNT_VIEW_H
#define SUPERVISOR_ACCOUNT_VIEW_H

#include "supervisor/account.h"

/* What people see of an account. */
struct json;
struct status_account;
struct status_bucket;
struct call_tally;

/* "ok", "needs login", "no token yet", "api down", "held by 429", "half pace", "overloaded". */
const char *account_state(const struct account *a, ms_t now);

/* Why no call can be made at all, in the token endpoint's words; lent until the loop turns. "" if
 * the first token is still to come, NULL if calls can be made. */
const char *account_trouble(const struct account *a);

/* What else there is to say of a camera, a sentence, lent: that no slots can be spared for it, or
 * what speaks against it in the newest list of devices. NULL: nothing. */
const char *account_notice(const struct account *a, int camera);

/* What is left in Google's buckets: the account's if camera is -1, else that camera's. The rows are
 * yours, as in a snapshot. */
struct status_bucket *account_buckets(const struct account *a, int camera, ms_t now, size_t *count);

/* How the calls for a camera went, since it is this account's. Lent. */
const struct call_tally *account_calls(const struct account *a, int camera);

/* account_status fills a row whose strings are the row's; account_plan is the calls that are
 * planned: {"camera","call","in_ms"}; account_queue is these, and the buckets. */
void account_status(const struct account *a, ms_t now, struct status_account *row);
struct json *account_plan(const struct account *a, ms_t now);
struct json *account_queue(const struct account *a, ms_t now);

#endif
