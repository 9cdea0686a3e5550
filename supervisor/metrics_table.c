/* metrics_table.c - what camrelayd measures. Owns the families' names, help and where in the
 * snapshot they are. Pure. */
#include "supervisor/metrics_table.h"
#include "proto/status.h"
#include "proto/status_account.h"
#include "proto/status_camera.h"
#include "proto/status_count.h"
#include "proto/status_health.h"
#include "proto/status_webhook.h"

/* ---- objects --------------------------------------------------------------------------------- */

/* clang-format off */
#define ROWS(in, list, n, row, l) { .label = (l), .at = offsetof(struct in, list), \
	.count_at = offsetof(struct in, n), .size = sizeof(struct row) }

static const struct metric_rows accounts = ROWS(status, accounts, account_count, status_account, "account");
static const struct metric_rows cameras = ROWS(status, cameras, camera_count, status_camera, "camera");
static const struct metric_rows outputs = ROWS(status_camera, outputs, output_count, status_output, "output");
static const struct metric_rows restarts =
	ROWS(status_camera, restarts_by, restarts_by_count, status_count, "reason");
static const struct metric_rows extend_failures =
	ROWS(status_camera, extend_failures, extend_failure_count, status_count, "reason");
static const struct metric_rows generate_failures =
	ROWS(status_camera, generate_failures, generate_failure_count, status_count, "reason");
static const struct metric_rows account_buckets =
	ROWS(status_account, buckets, bucket_count, status_bucket, "bucket");
static const struct metric_rows camera_buckets =
	ROWS(status_camera, buckets, bucket_count, status_bucket, "bucket");
static const struct metric_rows webhooks = ROWS(status, webhooks, webhook_count, status_webhook, "webhook");
static const struct metric_rows checks = ROWS(status, checks, check_count, status_check, "check");
static const struct metric_rows limits = ROWS(status, limits, limit_count, status_limit, "camera");
static const struct metric_rows consumer_ends =
	ROWS(status, consumer_ends, consumer_end_count, status_count, "reason");

/* camera_state_text, camera_media_text, account_state, recorder_state_text, check_status_text and
 * guard_step_text. */
static const char *const states[] = { "starting", "running", "failed", "degraded", "stopped", NULL };
static const char *const healths[] = { "healthy", "degraded", "reconnecting", "offline", NULL };
static const char *const account_states[] = {
	"ok", "needs login", "no token yet", "api down", "held by 429", "half pace", "overloaded", NULL };
static const char *const recording_states[] = {
	"off", "waiting", "recording", "disk full", "failed", NULL };
static const char *const check_statuses[] = { "ok", "warn", "error", NULL };
static const char *const limit_steps[] = { "none", "warn", "recording off", "substream", "paused", NULL };
/* clang-format on */

static bool
is_googles(const void *camera)
{
	return ((const struct status_camera *)camera)->account != NULL;
}

static bool
has_worker(const void *camera)
{
	return ((const struct status_camera *)camera)->pid > 0;
}

static bool
has_heard(const void *camera)
{
	const struct status_camera *c = camera;

	return c->pid > 0 && c->packets > 0 && c->rtt_ms >= 0;
}

static bool
has_sound(const void *camera)
{
	return ((const struct status_camera *)camera)->totals.sound_packets > 0;
}

static bool
is_recorded(const void *camera)
{
	return ((const struct status_camera *)camera)->recording != NULL;
}

static bool
has_store(const void *snapshot)
{
	return ((const struct status *)snapshot)->disk.store_bytes >= 0;
}

static bool
has_http(const void *snapshot)
{
	return ((const struct status *)snapshot)->http != NULL;
}

static bool
has_recordings(const void *snapshot)
{
	return ((const struct status *)snapshot)->disk.recording_free_bytes >= 0;
}

/* ---- families -------------------------------------------------------------------------------- */

/* clang-format off */
#define GAUGE(n, u)   .name = (n), .type = METRIC_GAUGE, .unit = (u)
#define COUNTER(n, u) .name = (n), .type = METRIC_COUNTER, .unit = (u)
#define INFO(n)       .name = (n), .type = METRIC_INFO
#define OWN(r, m)     .read = METRIC_##r, .at = offsetof(struct status, m)
#define ACCOUNT(r, m) .rows = &accounts, .read = METRIC_##r, .at = offsetof(struct status_account, m)
#define CAMERA(r, m)  .rows = &cameras, .read = METRIC_##r, .at = offsetof(struct status_camera, m)
#define WEBHOOK(m)    .rows = &webhooks, .read = METRIC_INT, .at = offsetof(struct status_webhook, m)
#define EACH(of, in, r, row, m) .rows = &(of), .inner = &(in), .read = METRIC_##r, .at = offsetof(struct row, m)
#define MS .scale = 0.001

static const struct metric table[] = {
	/* camrelayd as a whole */
	{ INFO("camrelay_build"), OWN(STR, version), .label = "version", .help = "Which camrelayd this is" },
	{ GAUGE("camrelay_streams", NULL), .read = METRIC_TALLY, .at = offsetof(struct status_camera, state),
	  .label = "state", .words = states, .help = "Cameras in each state" },
	{ GAUGE("camrelay_cameras", NULL), .read = METRIC_TALLY, .at = offsetof(struct status_camera, health),
	  .label = "health", .words = healths, .help = "Cameras of each health of their media" },
	{ COUNTER("camrelay_log_lines", NULL), OWN(INT, process.logged_debug), .label = "level", .value = "debug",
	  .help = "Lines that camrelayd itself has logged" },
	{ COUNTER("camrelay_log_lines", NULL), OWN(INT, process.logged_info), .label = "level", .value = "info" },
	{ COUNTER("camrelay_log_lines", NULL), OWN(INT, process.logged_warn), .label = "level", .value = "warn" },
	{ COUNTER("camrelay_log_lines", NULL), OWN(INT, process.logged_error), .label = "level", .value = "error" },
	{ GAUGE("camrelay_health_check", NULL), .rows = &checks, .read = METRIC_WORD,
	  .at = offsetof(struct status_check, status), .label = "status", .words = check_statuses,
	  .help = "1 for the status of the check of the machine" },
	{ GAUGE("camrelay_store_size_bytes", "bytes"), OWN(INT, disk.store_bytes), .when = has_store,
	  .help = "What the store of state_dir takes of the disk" },
	{ COUNTER("camrelay_store_writes", NULL), OWN(INT, disk.store_writes), .when = has_store,
	  .help = "Writes to the store" },
	{ COUNTER("camrelay_store_write_failures", NULL), OWN(INT, disk.store_failures), .when = has_store,
	  .help = "Writes to the store that failed" },
	{ GAUGE("camrelay_recording_disk_size_bytes", "bytes"), OWN(INT, disk.recording_bytes), .when = has_recordings,
	  .help = "How large the disk of the recordings is" },
	{ GAUGE("camrelay_recording_disk_free_bytes", "bytes"), OWN(INT, disk.recording_free_bytes),
	  .when = has_recordings, .help = "What is free of it for camrelayd" },
	{ GAUGE("camrelay_recording_disk_min_free_bytes", "bytes"), OWN(INT, disk.recording_min_free_bytes),
	  .when = has_recordings, .help = "What retention is to keep free of it, min_free" },
	{ COUNTER("camrelay_recording_deleted_bytes", "bytes"), OWN(INT, disk.deleted_bytes), .when = has_recordings,
	  .help = "Recordings that retention has deleted" },
	{ GAUGE("camrelay_http_connections", NULL), OWN(INT, web.connections), .when = has_http,
	  .help = "Connections to the HTTP server that are open" },
	{ GAUGE("camrelay_http_websockets", NULL), OWN(INT, web.sockets), .when = has_http,
	  .help = "Of these, WebSockets" },
	{ COUNTER("camrelay_http_connections_accepted", NULL), OWN(INT, web.accepted), .when = has_http,
	  .help = "Connections accepted" },
	{ COUNTER("camrelay_http_connections_refused", NULL), OWN(INT, web.refused), .when = has_http,
	  .help = "Of these, closed because there were too many" },
	{ COUNTER("camrelay_http_requests", NULL), OWN(INT, web.code_1xx), .when = has_http,
	  .label = "code", .value = "1xx", .help = "Requests answered, by their status" },
	{ COUNTER("camrelay_http_requests", NULL), OWN(INT, web.code_2xx), .when = has_http,
	  .label = "code", .value = "2xx" },
	{ COUNTER("camrelay_http_requests", NULL), OWN(INT, web.code_3xx), .when = has_http,
	  .label = "code", .value = "3xx" },
	{ COUNTER("camrelay_http_requests", NULL), OWN(INT, web.code_4xx), .when = has_http,
	  .label = "code", .value = "4xx" },
	{ COUNTER("camrelay_http_requests", NULL), OWN(INT, web.code_5xx), .when = has_http,
	  .label = "code", .value = "5xx" },
	{ COUNTER("camrelay_http_response_bytes", "bytes"), OWN(INT, web.bytes_out), .when = has_http,
	  .help = "Bodies of answers" },
	{ COUNTER("camrelay_http_slow_websockets", NULL), OWN(INT, web.slow_sockets), .when = has_http,
	  .help = "WebSockets closed because their clients did not keep up" },

	/* accounts of Google's */
	{ GAUGE("camrelay_account_state", NULL), ACCOUNT(WORD, state), .label = "state", .words = account_states,
	  .help = "1 for the state that the account is in" },
	{ GAUGE("camrelay_account_streams", NULL), ACCOUNT(INT, streams), .help = "Streams that live" },
	{ GAUGE("camrelay_account_unconfigured_devices", NULL), ACCOUNT(INT, unconfigured),
	  .help = "Cameras that Google lists and no section is for" },
	{ COUNTER("camrelay_account_commands", NULL), ACCOUNT(INT, calls),
	  .help = "Commands sent to Google: Generate, Extend and Stop" },
	{ COUNTER("camrelay_account_commands_rate_limited", NULL), ACCOUNT(INT, refused),
	  .help = "Of these, answered by 429" },
	{ COUNTER("camrelay_account_command_failures", NULL), ACCOUNT(INT, failed),
	  .help = "Of these, failed otherwise" },
	{ COUNTER("camrelay_account_streams_expired", NULL), ACCOUNT(INT, expired),
	  .help = "Streams that ended because no Extend came in time" },
	{ GAUGE("camrelay_account_quota_limit_calls", "calls"),
	  EACH(accounts, account_buckets, INT, status_bucket, limit),
	  .help = "Calls that a window of the bucket holds" },
	{ GAUGE("camrelay_account_quota_used_calls", "calls"),
	  EACH(accounts, account_buckets, INT, status_bucket, used),
	  .help = "Calls in the last window" },
	{ GAUGE("camrelay_account_quota_left_calls", "calls"),
	  EACH(accounts, account_buckets, LEFT, status_bucket, limit),
	  .help = "Calls that the window still holds" },
	{ GAUGE("camrelay_account_quota_held_seconds", "seconds"), MS,
	  EACH(accounts, account_buckets, INT, status_bucket, held_ms),
	  .help = "How long the last 429 still forbids calls, 0 if it does not" },
	{ GAUGE("camrelay_queue_depth", NULL), ACCOUNT(INT, waiting), .help = "Generates that wait for a slot" },
	{ GAUGE("camrelay_queue_turned_away", NULL), ACCOUNT(INT, turned_away),
	  .help = "Of these, those for whom no slot can be spared" },
	{ GAUGE("camrelay_queue_longest_wait_seconds", "seconds"), MS, ACCOUNT(INT, longest_wait_ms),
	  .help = "How long the one that waits longest has waited" },
	{ COUNTER("camrelay_queue_waits", NULL), ACCOUNT(INT, waits), .help = "Generates that got their slot" },
	{ COUNTER("camrelay_queue_wait_seconds", "seconds"), MS, ACCOUNT(INT, waited_ms),
	  .help = "How long these had waited, together" },

	/* cameras: what they are */
	{ INFO("camrelay_camera"), CAMERA(STR, account), .label = "account",
	  .help = "A camera, and the account it is of, which is empty for a plain RTSP camera" },
	{ GAUGE("camrelay_camera_state", NULL), CAMERA(WORD, state), .label = "state", .words = states,
	  .help = "1 for the state that the camera is in" },
	{ GAUGE("camrelay_camera_health", NULL), CAMERA(WORD, health), .label = "health", .words = healths,
	  .help = "1 for the health of its media" },
	{ GAUGE("camrelay_camera_limit", NULL), .rows = &limits, .read = METRIC_WORD,
	  .at = offsetof(struct status_limit, step), .label = "step", .words = limit_steps,
	  .help = "1 for the step that the resource guard has taken with the camera" },
	{ GAUGE("camrelay_camera_consecutive_failures", NULL), CAMERA(INT, failures),
	  .help = "Tries to start it that failed in a row" },
	{ COUNTER("camrelay_camera_reconnects", NULL), CAMERA(INT, totals.reconnects),
	  .help = "Connections to the camera made anew" },

	/* their streams at Google */
	{ GAUGE("camrelay_stream_expiry_timestamp_seconds", "seconds"), MS, CAMERA(IN, expires_ms), .when = is_googles,
	  .help = "When the stream ends unless it is extended" },
	{ COUNTER("camrelay_stream_extensions", NULL), CAMERA(INT, extend_calls), .when = is_googles,
	  .help = "Extends that were answered, by success or not" },
	{ COUNTER("camrelay_stream_extension_failures", NULL), EACH(cameras, extend_failures, INT, status_count, count),
	  .help = "Of these, those that failed" },
	{ COUNTER("camrelay_stream_generations", NULL), CAMERA(INT, generate_calls), .when = is_googles,
	  .help = "Generates that were answered, by success or not" },
	{ COUNTER("camrelay_stream_generation_failures", NULL),
	  EACH(cameras, generate_failures, INT, status_count, count), .help = "Of these, those that failed" },
	{ COUNTER("camrelay_stream_losses", NULL), CAMERA(INT, ever_lost), .when = is_googles,
	  .help = "Streams that ended while they were wanted, restarts of camrelayd included" },
	{ GAUGE("camrelay_camera_quota_limit_calls", "calls"), EACH(cameras, camera_buckets, INT, status_bucket, limit),
	  .help = "Calls for the camera that a window of the bucket holds" },
	{ GAUGE("camrelay_camera_quota_used_calls", "calls"), EACH(cameras, camera_buckets, INT, status_bucket, used),
	  .help = "Calls for the camera in the last window" },
	{ GAUGE("camrelay_camera_quota_left_calls", "calls"), EACH(cameras, camera_buckets, LEFT, status_bucket, limit),
	  .help = "Calls for the camera that the window still holds" },

	/* their workers */
	{ GAUGE("camrelay_worker_running", NULL), CAMERA(SET, pid), .help = "1 while there is a worker process" },
	{ GAUGE("camrelay_worker_start_time_seconds", "seconds"), MS, CAMERA(AGO, uptime_ms), .when = has_worker,
	  .help = "When the worker was started" },
	{ COUNTER("camrelay_worker_restarts", NULL), EACH(cameras, restarts, INT, status_count, count),
	  .help = "Workers started after the first, by how the one before ended" },
	{ COUNTER("camrelay_worker_cpu_seconds", "seconds"), MS, CAMERA(INT, totals.cpu_ms),
	  .help = "CPU time of the camera's workers" },
	{ GAUGE("camrelay_worker_resident_memory_bytes", "bytes"), CAMERA(INT, memory_bytes),
	  .help = "Memory of the worker" },
	{ GAUGE("camrelay_session_setup_seconds", "seconds"), MS, CAMERA(INT, rtsp_ms), .when = has_worker,
	  .label = "phase", .value = "rtsp", .help = "How long each phase of the last start took, 0 while not known" },
	{ GAUGE("camrelay_session_setup_seconds", "seconds"), MS, CAMERA(INT, offer_ms), .when = has_worker,
	  .label = "phase", .value = "offer" },
	{ GAUGE("camrelay_session_setup_seconds", "seconds"), MS, CAMERA(INT, answer_ms), .when = has_worker,
	  .label = "phase", .value = "answer" },
	{ GAUGE("camrelay_session_setup_seconds", "seconds"), MS, CAMERA(INT, ice_ms), .when = has_worker,
	  .label = "phase", .value = "ice" },
	{ GAUGE("camrelay_session_setup_seconds", "seconds"), MS, CAMERA(INT, dtls_ms), .when = has_worker,
	  .label = "phase", .value = "dtls" },
	{ GAUGE("camrelay_session_setup_seconds", "seconds"), MS, CAMERA(INT, first_packet_ms), .when = has_worker,
	  .label = "phase", .value = "first_packet" },

	/* what cameras send */
	{ COUNTER("camrelay_media_received_bytes", "bytes"), CAMERA(INT, totals.bytes_in),
	  .help = "Video received from the camera, without headers of packets" },
	{ COUNTER("camrelay_media_received_packets", NULL), CAMERA(INT, totals.packets_in),
	  .help = "RTP received from the camera, sound included" },
	{ COUNTER("camrelay_media_received_frames", NULL), CAMERA(INT, totals.frames),
	  .help = "Frames received from the camera" },
	{ COUNTER("camrelay_media_received_keyframes", NULL), CAMERA(INT, totals.keyframes),
	  .help = "Of these, keyframes" },
	{ COUNTER("camrelay_media_gaps", NULL), CAMERA(INT, totals.gaps), .help = "Seconds and more without a frame" },
	{ COUNTER("camrelay_media_late_frames", NULL), CAMERA(INT, totals.late),
	  .help = "Frames that came 100 ms and more later than their timestamps say" },
	{ COUNTER("camrelay_media_bidirectional_slices", NULL), CAMERA(INT, totals.b_frames),
	  .help = "Slices of B frames, of which viewers stutter" },
	{ COUNTER("camrelay_media_dropped_bidirectional_slices", NULL), CAMERA(INT, totals.b_dropped),
	  .help = "Of these, left out" },
	{ GAUGE("camrelay_media_frames_per_second", NULL), CAMERA(REAL, fps),
	  .help = "Frames received in the last second" },
	{ GAUGE("camrelay_media_gop_seconds", "seconds"), MS, CAMERA(INT, gop_ms),
	  .help = "From keyframe to keyframe, of the last complete GOP" },
	{ GAUGE("camrelay_media_last_keyframe_timestamp_seconds", "seconds"), MS, CAMERA(AGO, keyframe_ms),
	  .help = "When the last keyframe came" },
	{ GAUGE("camrelay_media_jitter_seconds", "seconds"), MS, CAMERA(REAL, jitter_ms),
	  .help = "Jitter of the frames' arrival, as by RFC 3550 6.4.1" },
	{ GAUGE("camrelay_media_frozen_seconds", "seconds"), MS, CAMERA(INT, frozen_ms),
	  .help = "How long the camera has repeated one picture, 0 if it does not" },
	{ GAUGE("camrelay_media_width_pixels", "pixels"), CAMERA(INT, width), .help = "Width of the picture" },
	{ GAUGE("camrelay_media_height_pixels", "pixels"), CAMERA(INT, height), .help = "Height of the picture" },

	/* what goes out */
	{ GAUGE("camrelay_output_sending", NULL), EACH(cameras, outputs, IS, status_output, media), .value = "sending",
	  .help = "1 while media flow to that output" },
	{ COUNTER("camrelay_media_sent_bytes", "bytes"), CAMERA(INT, totals.bytes),
	  .help = "RTP sent to all outputs, without resends" },
	{ COUNTER("camrelay_media_sent_packets", NULL), CAMERA(INT, totals.packets), .help = "The same, in packets" },
	{ COUNTER("camrelay_media_unsent_packets", NULL), CAMERA(INT, totals.dropped),
	  .help = "Packets that could not be sent" },
	{ COUNTER("camrelay_media_nacks", NULL), CAMERA(INT, totals.nacks),
	  .help = "Packets that were asked for again" },
	{ COUNTER("camrelay_media_resent_packets", NULL), CAMERA(INT, totals.resent), .help = "Of these, sent again" },
	{ COUNTER("camrelay_media_plis", NULL), CAMERA(INT, totals.plis),
	  .help = "Keyframes that were asked for by PLI" },
	{ COUNTER("camrelay_media_firs", NULL), CAMERA(INT, totals.firs),
	  .help = "Keyframes that were asked for by FIR" },
	{ COUNTER("camrelay_media_replays", NULL), CAMERA(INT, totals.replays),
	  .help = "GOPs sent once more for viewers who came late" },
	{ GAUGE("camrelay_media_round_trip_seconds", "seconds"), MS, CAMERA(REAL, rtt_ms), .when = has_heard,
	  .help = "There and back, by the receiver's last report" },
	{ GAUGE("camrelay_media_loss_ratio", NULL), CAMERA(REAL, loss_ratio), .when = has_heard,
	  .help = "Of packets, by the receiver's last report" },
	{ GAUGE("camrelay_media_path_loss_ratio", NULL), CAMERA(REAL, path_loss), .when = has_heard,
	  .help = "Of packets in the last second, by transport-wide feedback" },
	{ GAUGE("camrelay_media_path_queue_seconds", "seconds"), MS, CAMERA(REAL, path_queue_ms), .when = has_heard,
	  .help = "How much longer than the quickest packets wait on their way" },
	{ COUNTER("camrelay_sound_sent_packets", NULL), CAMERA(INT, totals.sound_packets), .when = has_sound,
	  .help = "Packets made of the camera's sound" },
	{ COUNTER("camrelay_sound_inserted_silence_seconds", "seconds"), MS, CAMERA(INT, totals.sound_silence_ms),
	  .when = has_sound, .help = "Silence put in where sound was missing" },

	/* viewers */
	{ GAUGE("camrelay_consumers", NULL), CAMERA(INT, consumers), .help = "Viewers that watch the camera by camrelayd" },
	{ COUNTER("camrelay_consumers_ended", NULL), .rows = &consumer_ends, .read = METRIC_INT,
	  .at = offsetof(struct status_count, count), .help = "Viewers that ended, by how" },
	{ COUNTER("camrelay_consumer_pulls", NULL), OWN(INT, consumer_pulls),
	  .help = "Pulls at the SFU that were begun for viewers, first and later ones" },

	/* webhooks */
	{ GAUGE("camrelay_webhook_queue_depth", NULL), WEBHOOK(queued), .help = "Deliveries that wait" },
	{ COUNTER("camrelay_webhook_deliveries", NULL), WEBHOOK(delivered), .help = "Deliveries that the receiver took" },
	{ COUNTER("camrelay_webhook_failed_tries", NULL), WEBHOOK(failed),
	  .help = "Tries that failed or were refused, of which most are repeated" },
	{ COUNTER("camrelay_webhook_deliveries_refused", NULL), WEBHOOK(refused),
	  .help = "Deliveries that the receiver refused for good" },
	{ COUNTER("camrelay_webhook_deliveries_dropped", NULL), WEBHOOK(dropped),
	  .help = "Deliveries dropped: too many, too old, or the receiver is gone" },

	/* recordings */
	{ GAUGE("camrelay_recording_state", NULL), CAMERA(WORD, recording), .when = is_recorded, .label = "state",
	  .words = recording_states, .help = "1 for the state of the camera's recording" },
	{ COUNTER("camrelay_recording_written_bytes", "bytes"), CAMERA(INT, totals.recorded_bytes), .when = is_recorded,
	  .help = "Recorded of the camera" },
	{ COUNTER("camrelay_recording_written_segments", NULL), CAMERA(INT, totals.recorded_segments),
	  .when = is_recorded, .help = "The same, in segments" },
	{ COUNTER("camrelay_recording_gaps", NULL), CAMERA(INT, totals.recording_gaps), .when = is_recorded,
	  .help = "Holes in the recording" },
	{ COUNTER("camrelay_recording_dropped_frames", NULL), CAMERA(INT, totals.recording_dropped),
	  .when = is_recorded, .help = "Frames that the disk was too slow for" },
	{ GAUGE("camrelay_recording_stored_bytes", "bytes"), CAMERA(INT, stored_bytes), .when = is_recorded,
	  .help = "Recordings of the camera on the disk, as of the last hourly look" },
	{ GAUGE("camrelay_recording_oldest_timestamp_seconds", "seconds"), MS, CAMERA(TIME, stored_oldest_ms),
	  .when = is_recorded, .help = "When the oldest of them begins, as of the same look" },

	/* the process, by the names that all of Prometheus' clients give */
	{ COUNTER("process_cpu_seconds", "seconds"), MS, OWN(INT, process.cpu_ms),
	  .help = "CPU time of camrelayd itself" },
	{ GAUGE("process_resident_memory_bytes", "bytes"), OWN(INT, process.memory_bytes), .help = "Resident memory" },
	{ GAUGE("process_virtual_memory_bytes", "bytes"), OWN(INT, process.virtual_bytes), .help = "Virtual memory" },
	{ GAUGE("process_start_time_seconds", "seconds"), MS, OWN(TIME, process.started_ms),
	  .help = "When camrelayd was started" },
	{ GAUGE("process_open_fds", NULL), OWN(INT, process.open_fds), .help = "Open descriptors" },
	{ GAUGE("process_max_fds", NULL), OWN(INT, process.max_fds), .help = "Descriptors that may be open" },
};
/* clang-format on */

const struct metric *
metrics_table(size_t *count)
{
	*count = sizeof(table) / sizeof(table[0]);
	return table;
}
