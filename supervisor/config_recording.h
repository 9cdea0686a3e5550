#ifndef SUPERVISOR_CONFIG_RECORDING_H
#define SUPERVISOR_CONFIG_RECORDING_H

#include <stdint.h>

#include "common/clock.h"

/* [recording]: where recordings are and how long. */
struct config_recording {
	char *dir;
	ms_t max_age_ms;
	int64_t max_bytes;            /* of all cameras; 0: no limit */
	int64_t max_bytes_per_camera; /* 0: no limit */
	int min_free_percent;         /* of the disk */
};

#endif
