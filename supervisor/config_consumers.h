#ifndef SUPERVISOR_CONFIG_CONSUMERS_H
#define SUPERVISOR_CONFIG_CONSUMERS_H

#include "common/clock.h"

/* [consumers]: who watches, how many and for how long. */
struct config_consumers {
	int max;                   /* viewers at once */
	int max_per_camera;        /* of one camera */
	ms_t heartbeat_ms;         /* how often viewers are to say that they are there */
	ms_t heartbeat_timeout_ms; /* one who has not for so long is ended */
	char *stun_server;         /* host:port, told to WHEP players; NULL: none */
};

#endif
