/* fuzz_sdm.c - any bytes as Google's answer to any command with any status. The first byte chooses.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/sdm_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const int statuses[] = { 200, 200, 200, 400, 401, 404, 429, 500 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sdm_answer a;

	if (len == 0)
		return 0;
	enum sdm_command command = data[0] >> 3 & 3;
	sdm_answer_parse(command, statuses[data[0] & 7], (const char *)data + 1, len - 1, 0, 0, &a);
	assert(memchr(a.words, '\0', sizeof(a.words)));
	assert(a.error == SDM_OK || !a.stream.extension_token);
	/* They go to terminals and into files. */
	for (size_t i = 0; i < a.device_count; i++)
		for (const char *c = a.devices[i].name; *c; c++)
			assert((unsigned char)*c >= ' ' && *c != 0x7f);
	if (a.stream.rtsp_url)
		free(sdm_url_with_token(a.stream.rtsp_url, a.stream.stream_token));
	sdm_answer_clear(&a);
	return 0;
}
