/* web_schema.c - the members of every JSON object of the HTTP API. Tables only. */
#include <stddef.h>

#include "supervisor/web_schema.h"

/* clang-format off */
#define SCHEMA(n, ...) \
	static const struct web_member n##_members[] = { __VA_ARGS__, { .name = NULL } }; \
	const struct web_schema web_schema_##n = { .name = #n, .members = n##_members }
#define INNER(n, ...) \
	static const struct web_member n##_members[] = { __VA_ARGS__, { .name = NULL } }; \
	static const struct web_schema n = { .name = #n, .members = n##_members }

SCHEMA(alive,
	{ .name = "status", .type = WEB_STR, .help = "ok" });

INNER(parts,
	{ .name = "configuration", .type = WEB_STR, .help = "ok" },
	{ .name = "store", .type = WEB_STR, .help = "ok; failing: it cannot be written to; or none: nothing is kept over a restart" },
	{ .name = "accounts", .type = WEB_STR_MAP, .help = "each [google] section's state: ok, needs login, ..." });
SCHEMA(ready,
	{ .name = "ready", .type = WEB_BOOL },
	{ .name = "parts", .type = WEB_OBJECT, .of = &parts });

INNER(components,
	{ .name = "supervisor", .type = WEB_STR },
	{ .name = "store", .type = WEB_STR, .help = "ok, failing or none" },
	{ .name = "accounts", .type = WEB_STR_MAP, .optional = true, .help = "not for a token for some cameras" });
INNER(stream_counts,
	{ .name = "total", .type = WEB_INT },
	{ .name = "by_state", .type = WEB_INT_MAP, .help = "starting, running, failed, degraded, stopped" });
INNER(consumer_counts,
	{ .name = "active", .type = WEB_INT });
INNER(check,
	{ .name = "status", .type = WEB_STR, .help = "ok, warn, error" },
	{ .name = "text", .type = WEB_STR, .help = "what was read, for people" },
	{ .name = "since_seconds", .type = WEB_REAL, .help = "so long with this status" },
	{ .name = "age_seconds", .type = WEB_REAL, .help = "of the last reading" });
INNER(limit,
	{ .name = "step", .type = WEB_STR, .help = "none, warn, recording off, substream, paused; the latter ones include the others" },
	{ .name = "why", .type = WEB_STR, .optional = true, .help = "what of it is over which limit" });
SCHEMA(system,
	{ .name = "status", .type = WEB_STR, .help = "healthy, degraded, unhealthy: the worst of cameras, accounts and checks" },
	{ .name = "version", .type = WEB_STR },
	{ .name = "uptime_seconds", .type = WEB_REAL },
	{ .name = "components", .type = WEB_OBJECT, .of = &components },
	{ .name = "streams", .type = WEB_OBJECT, .of = &stream_counts },
	{ .name = "consumers", .type = WEB_OBJECT, .of = &consumer_counts },
	{ .name = "checks", .type = WEB_MAP, .of = &check, .optional = true,
	  .help = "of the machine, by their names; not for a token for some cameras" },
	{ .name = "limits", .type = WEB_MAP, .of = &limit, .help = "what each camera does without, by its name" });

INNER(worker,
	{ .name = "is_healthy", .type = WEB_BOOL },
	{ .name = "pid", .type = WEB_INT, .help = "0: there is none" },
	{ .name = "cpu_percent", .type = WEB_REAL, .help = "of one processor, since the look before" },
	{ .name = "memory_mb", .type = WEB_REAL, .help = "resident, of 1000000 bytes" },
	{ .name = "uptime_seconds", .type = WEB_REAL },
	{ .name = "restarts", .type = WEB_INT });
INNER(producer,
	{ .name = "session", .type = WEB_STR, .optional = true, .help = "of the first place that it is published to" },
	{ .name = "ssrc", .type = WEB_INT, .help = "of its pictures; 0: none yet" },
	{ .name = "uptime_seconds", .type = WEB_REAL, .help = "of that session; 0: there is none" });
SCHEMA(stream,
	{ .name = "camera", .type = WEB_STR },
	{ .name = "state", .type = WEB_STR, .help = "starting, running, failed, degraded, stopped" },
	{ .name = "health", .type = WEB_STR, .help = "healthy, degraded, offline, reconnecting" },
	{ .name = "error", .type = WEB_STR, .optional = true },
	{ .name = "worker", .type = WEB_OBJECT, .of = &worker },
	{ .name = "producer", .type = WEB_OBJECT, .of = &producer },
	{ .name = "consumers", .type = WEB_INT });
SCHEMA(streams,
	{ .name = "streams", .type = WEB_LIST, .of = &web_schema_stream });

INNER(ingest,
	{ .name = "camera", .type = WEB_STR },
	{ .name = "account", .type = WEB_STR, .optional = true, .help = "null: a plain RTSP camera" },
	{ .name = "state", .type = WEB_STR },
	{ .name = "health", .type = WEB_STR },
	{ .name = "width", .type = WEB_INT },
	{ .name = "height", .type = WEB_INT },
	{ .name = "fps", .type = WEB_REAL },
	{ .name = "bitrate_bps", .type = WEB_INT },
	{ .name = "gop_seconds", .type = WEB_REAL },
	{ .name = "keyframe_age_seconds", .type = WEB_REAL },
	{ .name = "jitter_ms", .type = WEB_REAL },
	{ .name = "frames", .type = WEB_INT },
	{ .name = "gaps", .type = WEB_INT },
	{ .name = "late", .type = WEB_INT },
	{ .name = "reconnects", .type = WEB_INT },
	{ .name = "sound", .type = WEB_BOOL },
	{ .name = "expires_in_seconds", .type = WEB_REAL, .optional = true, .help = "absent: it has no end" },
	{ .name = "extensions", .type = WEB_INT },
	{ .name = "failures", .type = WEB_INT, .help = "in a row" });
SCHEMA(ingestion,
	{ .name = "ingestion", .type = WEB_LIST, .of = &ingest });

INNER(output,
	{ .name = "camera", .type = WEB_STR },
	{ .name = "name", .type = WEB_STR, .help = "cloudflare, whip:NAME" },
	{ .name = "kind", .type = WEB_STR, .help = "cloudflare, whip" },
	{ .name = "state", .type = WEB_STR },
	{ .name = "media", .type = WEB_STR, .optional = true, .help = "connecting, sending, failed" },
	{ .name = "session", .type = WEB_STR, .optional = true },
	{ .name = "track", .type = WEB_STR, .optional = true },
	{ .name = "uptime_seconds", .type = WEB_REAL, .help = "of that session; 0: there is none" },
	{ .name = "ssrc", .type = WEB_INT },
	{ .name = "error", .type = WEB_STR, .optional = true },
	{ .name = "packets", .type = WEB_INT, .help = "this and what follows: to all of the camera's places" },
	{ .name = "bytes", .type = WEB_INT },
	{ .name = "nacks", .type = WEB_INT },
	{ .name = "plis", .type = WEB_INT },
	{ .name = "loss_ratio", .type = WEB_REAL },
	{ .name = "rtt_ms", .type = WEB_REAL });
SCHEMA(producers,
	{ .name = "producers", .type = WEB_LIST, .of = &output });

SCHEMA(recording,
	{ .name = "camera", .type = WEB_STR },
	{ .name = "state", .type = WEB_STR, .optional = true,
	  .help = "off, waiting, recording, ...; null: it is not to be recorded" },
	{ .name = "why", .type = WEB_STR, .optional = true, .help = "why it does not record" },
	{ .name = "segments", .type = WEB_INT, .help = "written by this worker, as gaps" },
	{ .name = "gaps", .type = WEB_INT },
	{ .name = "count", .type = WEB_INT, .help = "hours, and segments of the hour that is being written" },
	{ .name = "protected_count", .type = WEB_INT },
	{ .name = "size_mb", .type = WEB_REAL },
	{ .name = "oldest_time", .type = WEB_TIME, .optional = true },
	{ .name = "newest_time", .type = WEB_TIME, .optional = true });
INNER(disk,
	{ .name = "free_mb", .type = WEB_REAL },
	{ .name = "total_mb", .type = WEB_REAL });
SCHEMA(recordings,
	{ .name = "total_size_mb", .type = WEB_REAL },
	{ .name = "disk", .type = WEB_OBJECT, .of = &disk, .optional = true },
	{ .name = "recordings", .type = WEB_LIST, .of = &web_schema_recording });
SCHEMA(cleanup,
	{ .name = "deleted_count", .type = WEB_INT, .help = "hours and segments" },
	{ .name = "deleted_size_mb", .type = WEB_REAL },
	{ .name = "cutoff_time", .type = WEB_TIME, .help = "what ended before was deleted" });

SCHEMA(done,
	{ .name = "ok", .type = WEB_BOOL },
	{ .name = "text", .type = WEB_STR, .help = "what was done, for people" },
	{ .name = "data", .type = WEB_ANY, .optional = true });
SCHEMA(new_camera,
	{ .name = "name", .type = WEB_STR },
	{ .name = "settings", .type = WEB_STR_MAP, .help = "the keys of a section [camera], see camrelay.conf(5)" });

const struct web_schema web_schema_camera = { .name = "camera", .camera = true };
SCHEMA(cameras,
	{ .name = "cameras", .type = WEB_LIST, .of = &web_schema_camera });

SCHEMA(new_consumer,
	{ .name = "camera", .type = WEB_STR });
SCHEMA(description,
	{ .name = "type", .type = WEB_STR, .help = "offer, answer" },
	{ .name = "sdp", .type = WEB_STR });
SCHEMA(heartbeat,
	{ .name = "frames", .type = WEB_INT, .optional = true, .help = "decoded so far" },
	{ .name = "bytes", .type = WEB_INT, .optional = true, .help = "received so far, as packets" },
	{ .name = "packets", .type = WEB_INT, .optional = true },
	{ .name = "lost", .type = WEB_INT, .optional = true, .help = "packets" },
	{ .name = "freezes", .type = WEB_INT, .optional = true },
	{ .name = "width", .type = WEB_INT, .optional = true },
	{ .name = "height", .type = WEB_INT, .optional = true });
SCHEMA(consumer,
	{ .name = "id", .type = WEB_STR },
	{ .name = "camera", .type = WEB_STR },
	{ .name = "state", .type = WEB_STR, .help = "offered, live, idle, ..." },
	{ .name = "session", .type = WEB_STR, .optional = true, .help = "at the SFU" },
	{ .name = "repull", .type = WEB_BOOL, .help = "the camera is published elsewhere: POST .../pull" },
	{ .name = "heartbeat_interval_seconds", .type = WEB_REAL },
	{ .name = "heartbeat_timeout_seconds", .type = WEB_REAL },
	{ .name = "offer", .type = WEB_OBJECT, .of = &web_schema_description, .optional = true });
SCHEMA(watcher,
	{ .name = "id", .type = WEB_STR },
	{ .name = "camera", .type = WEB_STR },
	{ .name = "kind", .type = WEB_STR, .help = "api, whep" },
	{ .name = "owner", .type = WEB_STR, .optional = true, .help = "the token's name" },
	{ .name = "state", .type = WEB_STR },
	{ .name = "end", .type = WEB_STR, .optional = true, .help = "closed, lapsed, failed, ...; absent: it watches" },
	{ .name = "error", .type = WEB_STR, .optional = true },
	{ .name = "repull", .type = WEB_BOOL },
	{ .name = "pulls", .type = WEB_INT },
	{ .name = "since", .type = WEB_TIME },
	{ .name = "duration_seconds", .type = WEB_REAL },
	{ .name = "heartbeat_age_seconds", .type = WEB_REAL },
	{ .name = "stats", .type = WEB_OBJECT, .of = &web_schema_heartbeat },
	{ .name = "session", .type = WEB_STR, .optional = true, .help = "at the SFU, for its owner" });
SCHEMA(watchers,
	{ .name = "active", .type = WEB_INT },
	{ .name = "consumers", .type = WEB_LIST, .of = &web_schema_watcher },
	{ .name = "ended", .type = WEB_INT_MAP, .optional = true,
	  .help = "since the start, by how they did; not for a token for some cameras" });

SCHEMA(login,
	{ .name = "token", .type = WEB_STR });
SCHEMA(session,
	{ .name = "needs_token", .type = WEB_BOOL, .help = "false: there is none, and this machine may do all" },
	{ .name = "role", .type = WEB_STR, .optional = true, .help = "view, operate, admin; null: no token was given" },
	{ .name = "name", .type = WEB_STR, .optional = true, .help = "the token's" },
	{ .name = "cameras", .type = WEB_STRS, .optional = true, .help = "that it is for; null: all" },
	{ .name = "version", .type = WEB_STR });

INNER(camera_history,
	{ .name = "camera", .type = WEB_STR },
	{ .name = "fps", .type = WEB_REALS, .help = "oldest first" },
	{ .name = "bitrate", .type = WEB_REALS, .help = "bit/s, of what the camera sent" });
SCHEMA(history,
	{ .name = "step_seconds", .type = WEB_INT, .help = "each number is the mean of so long" },
	{ .name = "end", .type = WEB_TIME, .help = "of the last" },
	{ .name = "cameras", .type = WEB_LIST, .of = &camera_history });

INNER(recorded_day,
	{ .name = "day", .type = WEB_STR, .help = "2026-11-21, of UTC" },
	{ .name = "hours", .type = WEB_INT, .help = "of which there is something" },
	{ .name = "protected_hours", .type = WEB_INT });
SCHEMA(recording_days,
	{ .name = "camera", .type = WEB_STR },
	{ .name = "days", .type = WEB_LIST, .of = &recorded_day, .help = "newest first" });
INNER(recorded_span,
	{ .name = "start", .type = WEB_TIME },
	{ .name = "end", .type = WEB_TIME });
INNER(recorded_hour,
	{ .name = "hour", .type = WEB_STR, .help = "06" },
	{ .name = "size_mb", .type = WEB_REAL },
	{ .name = "protected", .type = WEB_BOOL },
	{ .name = "ended", .type = WEB_BOOL, .help = "nothing will be added" },
	{ .name = "playlist", .type = WEB_STR, .help = "the path of its HLS playlist" },
	{ .name = "downloads", .type = WEB_STRS, .help = "paths of MP4 files: one for each format of the camera's" });
SCHEMA(recording_day,
	{ .name = "camera", .type = WEB_STR },
	{ .name = "day", .type = WEB_STR },
	{ .name = "spans", .type = WEB_LIST, .of = &recorded_span, .help = "without a gap" },
	{ .name = "hours", .type = WEB_LIST, .of = &recorded_hour });

INNER(error_detail,
	{ .name = "status", .type = WEB_INT },
	{ .name = "code", .type = WEB_STR, .help = "for programs: not_found" },
	{ .name = "message", .type = WEB_STR, .help = "for people" });
SCHEMA(error,
	{ .name = "error", .type = WEB_OBJECT, .of = &error_detail });
/* clang-format on */
