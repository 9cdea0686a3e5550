/* fuzz_sdp.c - any bytes as an answer: strings end, counts are in bounds, a failure has a sentence.
 */
#include <assert.h>
#include <string.h>

#include "worker/sdp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sdp_remote r;
	char why[64] = "";

	int err = sdp_parse((const char *)data, len, &r, why, sizeof(why));
	assert((err == 0) == (why[0] == '\0'));
	assert(memchr(why, '\0', sizeof(why)));
	assert(r.candidate_count <= SDP_CANDIDATES_MAX && r.media_count <= SDP_MEDIA_MAX);
	assert(r.fingerprints.count <= SDP_FINGERPRINTS_MAX);
	assert(strlen(r.ice_ufrag) <= SDP_ICE_CHARS_MAX);
	for (size_t i = 0; i < r.media_count; i++)
		assert(memchr(r.media[i].fmtp, '\0', sizeof(r.media[i].fmtp)));
	assert(err || (r.ice_pwd[0] && r.fingerprints.count > 0));
	return 0;
}
