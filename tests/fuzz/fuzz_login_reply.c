/* fuzz_login_reply.c - any bytes as what a person pasted, and as a browser's request. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "control/login_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check(const char *value, size_t size)
{
	assert(memchr(value, '\0', size));
	for (; *value; value++)
		assert(*value > ' ' && *value <= '~');
}

static void
check_reply(const struct login_reply *r, int found)
{
	check(r->code, sizeof(r->code));
	check(r->state, sizeof(r->state));
	check(r->error, sizeof(r->error));
	assert(!found == !(*r->code || *r->error));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct login_reply r;
	char *text = malloc(len + 1);

	if (!text)
		abort();
	memcpy(text, data, len);
	text[len] = '\0';
	int found = login_reply_of_text(text, &r);
	check_reply(&r, found);
	found = login_reply_of_request(text, "/", &r);
	check_reply(&r, found);
	free(text);
	return 0;
}
