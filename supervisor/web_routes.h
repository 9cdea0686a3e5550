#ifndef SUPERVISOR_WEB_ROUTES_H
#define SUPERVISOR_WEB_ROUTES_H

#include "supervisor/http_route.h"

/* The tables of routes that camrelayd serves. */

extern const struct http_route web_health_routes[];  /* web_health.c: state, read only */
extern const struct http_route web_control_routes[]; /* web_control.c: what operators do */

#endif
