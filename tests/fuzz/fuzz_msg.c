/* fuzz_msg.c - the supervisor reads what a worker, which parses hostile bytes, may write. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "proto/msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct msg m;
	char why[160];

	if (msg_decode((const char *)data, len, MSG_BY_WORKER, &m, why, sizeof(why)) != 0)
		return 0;
	free(msg_encode(&m));
	msg_clear(&m);
	return 0;
}
