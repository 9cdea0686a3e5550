#ifndef SUPERVISOR_CONFIG_GUARD_H
#define SUPERVISOR_CONFIG_GUARD_H

#include <stdint.h>

#include "common/clock.h"

/* [guard]: what workers may take of the machine. A limit of 0 is none. */
struct config_guard {
	ms_t interval_ms;
	int64_t worker_memory_bytes; /* resident */
	int worker_cpu_percent;      /* of one core */
	int worker_fps;
	int64_t total_memory_bytes; /* of all workers together, as the next */
	int total_cpu_percent;
	ms_t leak_window_ms;
};

#endif
