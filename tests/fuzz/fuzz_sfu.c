/* fuzz_sfu.c - any bytes as the SFU's answer to any request with any status. The first byte
 * chooses. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "supervisor/sfu_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const int statuses[] = { 200, 200, 201, 400, 404, 406, 410, 503 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sfu_answer a;

	if (len == 0)
		return 0;
	enum sfu_request request = data[0] >> 3 & 7;
	sfu_answer_parse(request, statuses[data[0] & 7], (const char *)data + 1, len - 1, &a);
	assert(memchr(a.words, '\0', sizeof(a.words)));
	assert(request != SFU_TRACKS_NEW || (a.error == SFU_OK) == (a.sdp != NULL));
	assert(request != SFU_TRACKS_TAKE || (a.error == SFU_OK) == (a.sdp != NULL));
	assert(request != SFU_SESSION_NEW || a.error != SFU_OK || a.session_id[0]);
	sfu_answer_clear(&a);
	return 0;
}
