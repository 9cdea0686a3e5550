/* fuzz_whip.c - any bytes as a WHIP server's answer to any request with any status, as a Link
 * header, and as words to take secrets out of. The first byte chooses. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/whip_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const int statuses[] = { 200, 201, 204, 307, 400, 404, 409, 503 };

static void
answer(uint8_t choice, const char *text, size_t len)
{
	struct whip_bytes in = { .status = statuses[choice & 7],
		.type = choice & 16 ? "application/sdp" : "text/plain",
		.location = choice & 32 ? "/s" : NULL,
		.body = text,
		.len = len };
	enum whip_request request = choice & 8 ? WHIP_DELETE : WHIP_POST;
	struct whip_answer a;

	whip_answer_parse(request, &in, &a);
	assert(memchr(a.words, '\0', sizeof(a.words)));
	assert(request == WHIP_DELETE || (a.error == WHIP_OK) == (a.sdp != NULL));
	whip_scrub(a.words, "https://h/SECRET-KEY/x?k=OTHER-KEY", "bearer-of-mine");
	assert(!strstr(a.words, "SECRET-KEY") && !strstr(a.words, "bearer-of-mine"));
	whip_answer_clear(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len == 0)
		return 0;
	char *text = malloc(len);
	if (!text)
		abort();
	memcpy(text, data + 1, len - 1);
	text[len - 1] = '\0';
	answer(data[0], text, len - 1);
	assert(whip_ice_servers(text) <= len);
	free(text);
	return 0;
}
