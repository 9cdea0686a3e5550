#ifndef SUPERVISOR_CONFIG_HEALTH_H
#define SUPERVISOR_CONFIG_HEALTH_H

#include "common/clock.h"

/* [health]: what camrelayd looks at of itself and its machine. Percent are of what there is. */
struct config_health {
	ms_t interval_ms;
	int disk_warn, disk_error;
	int memory_warn, memory_error;
	int cpu_warn, cpu_error;
	ms_t clock_warn_ms, clock_error_ms;
};

#endif
