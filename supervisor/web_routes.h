#ifndef SUPERVISOR_WEB_ROUTES_H
#define SUPERVISOR_WEB_ROUTES_H

#include "supervisor/http_route.h"

/* The tables of routes that camrelayd serves. */

extern const struct http_route web_health_routes[];     /* web_health.c: state, read only */
extern const struct http_route web_recordings_routes[]; /* web_recordings.c: what is on the disk */
extern const struct http_route web_openapi_routes[];    /* web_openapi.c: the description of all */
extern const struct http_route web_control_routes[];    /* web_control.c: what operators do */
extern const struct http_route web_metrics_routes[];    /* web_metrics.c: for Prometheus */
extern const struct http_route web_consumer_routes[];   /* web_consumers.c: viewers */
extern const struct http_route web_whep_routes[];       /* web_whep.c: the same by WHEP */
extern const struct http_route web_assets_routes[];     /* web_assets.c: the dashboard */
extern const struct http_route web_session_routes[];    /* web_session.c: who looks at it */
extern const struct http_route web_events_routes[];     /* web_events.c: what it is told */
extern const struct http_route web_history_routes[];    /* web_history.c: the last hour */
extern const struct http_route web_playback_routes[];   /* web_playback.c: recordings to look at */
extern const struct http_route web_snapshot_routes[];   /* web_snapshot.c: the newest picture */

#endif
