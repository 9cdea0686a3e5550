#ifndef PROTO_STATUS_COUNT_H
#define PROTO_STATUS_COUNT_H

#include <stdint.h>

/* A row of the snapshot (status.h). How often something came to be for that reason; every reason
 * that there is has a row. */
struct status_count {
	char *name; /* of the reason: hung, rate_limited, ... */
	int64_t count;
};

#endif
