/* fuzz_rtp_info.c - the header lines of an answer to PLAY: what is read of them lies within them.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "worker/rtp_info.h"

#define HEAD "RTSP/1.0 200 OK\r\nRTP-Info: "
#define TAIL "\r\n\r\n"
#define MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const size_t n = strlen(HEAD) + len + strlen(TAIL);
	uint8_t *answer = malloc(n);
	struct rtsp_piece piece;
	struct rtp_info infos[MAX];

	if (!answer)
		abort();
	memcpy(answer, HEAD, strlen(HEAD));
	if (len)
		memcpy(answer + strlen(HEAD), data, len);
	memcpy(answer + n - strlen(TAIL), TAIL, strlen(TAIL));
	if (rtsp_split(answer, n, &piece) == 1) {
		const size_t count = rtp_info_read(&piece, infos, MAX);
		assert(count <= MAX);
		for (size_t i = 0; i < count; i++) {
			const char *end = infos[i].url + infos[i].url_len;
			assert(infos[i].url >= (const char *)answer &&
				end <= (const char *)answer + n);
			rtp_info_is_of(&infos[i], "trackID=1");
			rtp_info_is_of(&infos[i], "rtsp://camera/path/trackID=1");
		}
	}
	free(answer);
	return 0;
}
