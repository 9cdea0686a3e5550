/* config_table.c - camrelayd's settings: the table of their keys.
 * A row says all of one key, also whether a reload can change it. Keeps nothing. Any thread. */
#include <string.h>

#include "supervisor/config.h"
#include "supervisor/config_camera.h"
#include "supervisor/config_cloudflare.h"
#include "supervisor/config_google.h"
#include "supervisor/config_notify.h"
#include "supervisor/config_recording.h"
#include "supervisor/config_sections.h"
#include "supervisor/config_table.h"
#include "supervisor/config_whip.h"

/* Nest's URLs reach 1,000 bytes (docs/sources.md, Google: streams): this is four times that. */
#define URL_BYTES_MAX 4096
/* No service documents how long its ids may be: a bound to keep URLs sane, not a fact. */
#define ID_BYTES_MAX 256

#define MINUTE_MS 60000LL
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

#define IN_SUPERVISOR(field) .section = "supervisor", .at = offsetof(struct config, field)
#define IN_HEALTH(field) .section = "health", .at = offsetof(struct config_health, field)
#define IN_GUARD(field) .section = "guard", .at = offsetof(struct config_guard, field)
#define IN_GOOGLE(field) .section = "google", .at = offsetof(struct config_google, field)
#define IN_CLOUDFLARE(field)                                                                       \
	.section = "cloudflare", .at = offsetof(struct config_cloudflare, field)
#define IN_RECORDING(field) .section = "recording", .at = offsetof(struct config_recording, field)
#define IN_CONSUMERS(field) .section = "consumers", .at = offsetof(struct config_consumers, field)
#define IN_WHIP(field) .section = "whip", .at = offsetof(struct config_whip, field)
#define IN_NOTIFY(field) .section = "notify", .at = offsetof(struct config_notify, field)
#define IN_CAMERA(field) .section = "camera", .at = offsetof(struct config_camera, field)

/* clang-format off */
static const struct setting rows[] = {
	{ IN_SUPERVISOR(run_dir), .key = "run_dir", .type = SET_PATH, .def = "/run/camrelay",
	  .help = "Where the sockets are" },
	{ IN_SUPERVISOR(log_format), .key = "log", .type = SET_ENUM, .choices = "logfmt json",
	  .def = "logfmt", .help = "What a log line looks like" },
	{ IN_SUPERVISOR(log_level), .key = "log_level", .live = true, .type = SET_ENUM,
	  .choices = "debug info warn error", .def = "info", .help = "The least that is logged" },
	{ IN_SUPERVISOR(log_file), .key = "log_file", .type = SET_PATH,
	  .help = "Where the log goes. Left out, it is the standard error output; for a daemon what camrelayd -l "
		  "says, or else run_dir/camrelayd.log" },
	{ IN_SUPERVISOR(worker), .key = "worker", .live = true, .type = SET_PATH,
	  .help = "The program that moves one camera's media. Left out, it is the camrelay-worker "
		  "beside camrelayd, or else the installed one" },
	{ IN_SUPERVISOR(start_stagger_ms), .key = "start_stagger", .live = true,
	  .type = SET_DURATION,
	  .min = 0, .max = 10 * MINUTE_MS, .def = "12s",
	  .help = "Pause between the first Generates of two cameras" },
	{ IN_SUPERVISOR(kill_timeout_ms), .key = "kill_timeout", .live = true, .type = SET_DURATION,
	  .min = 100, .max = MINUTE_MS, .def = "5s",
	  .help = "How long a worker has between SIGTERM and SIGKILL" },
	{ IN_SUPERVISOR(respawn_first_ms), .key = "respawn_first", .live = true,
	  .type = SET_DURATION,
	  .min = 100, .max = 10 * MINUTE_MS, .def = "1s",
	  .help = "Pause after a worker that died before it was ready; doubles each time" },
	{ IN_SUPERVISOR(respawn_cap_ms), .key = "respawn_cap", .live = true, .type = SET_DURATION,
	  .min = 100, .max = HOUR_MS, .def = "1m", .help = "The longest of these pauses" },
	{ IN_SUPERVISOR(failed_retry_first_ms), .key = "failed_retry_first", .live = true,
	  .type = SET_DURATION,
	  .min = 100, .max = HOUR_MS, .def = "10s",
	  .help = "Pause before the Generate that replaces a lost stream; doubles each time" },
	{ IN_SUPERVISOR(failed_retry_cap_ms), .key = "failed_retry_cap", .live = true,
	  .type = SET_DURATION,
	  .min = 100, .max = HOUR_MS, .def = "160s", .help = "The longest of these pauses" },
	{ IN_SUPERVISOR(degraded_after), .key = "degraded_after", .live = true, .type = SET_INT,
	  .min = 1, .max = 100, .def = "5",
	  .help = "Failures in a row after which a camera is DEGRADED" },
	{ IN_SUPERVISOR(degraded_retry_ms), .key = "degraded_retry", .live = true,
	  .type = SET_DURATION,
	  .min = 100, .max = DAY_MS, .def = "5m",
	  .help = "Pause between the Generates of a DEGRADED camera" },
	{ IN_SUPERVISOR(media_stall_ms), .key = "media_stall", .live = true, .type = SET_DURATION,
	  .min = 500, .max = 10 * MINUTE_MS, .def = "10s",
	  .help = "A camera that sent no packet for that long is connected anew" },
	{ IN_SUPERVISOR(offline_after), .key = "offline_after", .live = true, .type = SET_INT,
	  .min = 1, .max = 1000, .def = "8",
	  .help = "Failed tries to connect in a row, after which a camera is OFFLINE" },
	{ IN_SUPERVISOR(offline_retry_ms), .key = "offline_retry", .live = true,
	  .type = SET_DURATION,
	  .min = 100, .max = HOUR_MS, .def = "1m",
	  .help = "Pause between the tries to connect to a camera that is OFFLINE: they never end" },
	{ IN_SUPERVISOR(outage_after_ms), .key = "outage_after", .live = true,
	  .type = SET_DURATION,
	  .min = 1000, .max = HOUR_MS, .def = "30s",
	  .help = "A camera without pictures for that long is told to be offline even if it is still "
		  "being connected to: what is over sooner is no outage" },
	{ IN_SUPERVISOR(low_fps_percent), .key = "low_fps", .live = true, .type = SET_PERCENT,
	  .min = 1, .max = 100, .def = "50%",
	  .help = "A camera that sends less than that of the pictures a second that are usual for it "
		  "has health DEGRADED" },
	{ IN_SUPERVISOR(high_loss_percent), .key = "high_loss", .live = true, .type = SET_PERCENT,
	  .min = 1, .max = 100, .def = "5%",
	  .help = "And so has one of whose packets the far end misses so many" },
	{ IN_SUPERVISOR(frozen_after_ms), .key = "frozen_after", .live = true,
	  .type = SET_DURATION,
	  .min = 1000, .max = HOUR_MS, .def = "10s",
	  .help = "And one that has sent the same picture again and again for so long" },
	{ IN_SUPERVISOR(state_dir), .key = "state_dir", .type = SET_PATH,
	  .help = "Where the streams are kept over a restart: a directory of camrelayd's own. Left out, "
		  "every restart asks Google for new streams" },
	{ IN_SUPERVISOR(http), .key = "http", .type = SET_ADDRESS, .choices = "none",
	  .def = "127.0.0.1:8080",
	  .help = "Where the HTTP API is served: an address of this machine in numbers "
		  "and a port, 0 for any that is free. One that others can reach needs tokens: camctl "
		  "token add. none: not at all" },
	{ IN_SUPERVISOR(http_names), .key = "http_names", .type = SET_LIST, .choices = "NAME", .max = 1024,
	  .help = "Names under which browsers reach it, beside addresses and localhost. While there is no "
		  "token, requests for other names are refused: any page on the Internet could have its "
		  "name resolved to this machine" },
	{ IN_SUPERVISOR(http_cert), .key = "http_cert", .type = SET_PATH,
	  .help = "PEM file of the certificate and its chain, for HTTPS; read again by camctl reload, and "
		  "when it changes. Left out, it is plain HTTP" },
	{ IN_SUPERVISOR(http_key), .key = "http_key", .type = SET_PATH, .help = "PEM file of its key" },

	{ IN_HEALTH(interval_ms), .key = "interval", .live = true, .type = SET_DURATION,
	  .min = 100, .max = HOUR_MS, .def = "30s", .help = "How often all is looked at" },
	{ IN_HEALTH(disk_warn), .key = "disk_warn", .live = true, .type = SET_PERCENT,
	  .min = 1, .max = 100, .def = "85%",
	  .help = "Of the disks of state_dir, run_dir and recordings: with so much used, a warning" },
	{ IN_HEALTH(disk_error), .key = "disk_error", .live = true, .type = SET_PERCENT,
	  .min = 1, .max = 100, .def = "95%", .help = "An error" },
	{ IN_HEALTH(memory_warn), .key = "memory_warn", .live = true, .type = SET_PERCENT,
	  .min = 1, .max = 100, .def = "80%", .help = "Of the machine's memory" },
	{ IN_HEALTH(memory_error), .key = "memory_error", .live = true, .type = SET_PERCENT,
	  .min = 1, .max = 100, .def = "90%", .help = "An error" },
	{ IN_HEALTH(cpu_warn), .key = "cpu_warn", .live = true, .type = SET_PERCENT,
	  .min = 1, .max = 100, .def = "90%",
	  .help = "Of all its cores, busy from one look to the next" },
	{ IN_HEALTH(cpu_error), .key = "cpu_error", .live = true, .type = SET_PERCENT,
	  .min = 1, .max = 100, .def = "99%", .help = "An error" },
	{ IN_HEALTH(clock_warn_ms), .key = "clock_warn", .live = true, .type = SET_DURATION,
	  .min = 1000, .max = DAY_MS, .def = "5s",
	  .help = "So far the clock may be off by what services' answers say; by more, a warning" },
	{ IN_HEALTH(clock_error_ms), .key = "clock_error", .live = true, .type = SET_DURATION,
	  .min = 1000, .max = DAY_MS, .def = "1m", .help = "An error" },

	{ IN_GUARD(interval_ms), .key = "interval", .live = true, .type = SET_DURATION,
	  .min = 100, .max = MINUTE_MS, .def = "5s", .help = "How often the workers are looked at" },
	/* Workers take some 40 MB; the kernel lets them have 512 of data (worker/main.c): before that. */
	{ IN_GUARD(worker_memory_bytes), .key = "worker_memory", .live = true, .type = SET_BYTES,
	  .min = 0, .max = INT64_MAX, .def = "256M",
	  .help = "What one worker may have in memory: with more its camera does without recording, then "
		  "takes its substream, and if neither helps the worker is restarted. So is one whose "
		  "memory will come to that. 0: no limit" },
	{ IN_GUARD(worker_cpu_percent), .key = "worker_cpu", .live = true, .type = SET_INT,
	  .min = 0, .max = 10000, .def = "0",
	  .help = "Percent of one core that one worker may take. 0: no limit" },
	{ IN_GUARD(worker_fps), .key = "worker_fps", .live = true, .type = SET_INT,
	  .min = 0, .max = 1000, .def = "0", .help = "Pictures a second of one camera. 0: no limit" },
	{ IN_GUARD(total_memory_bytes), .key = "total_memory", .live = true, .type = SET_BYTES,
	  .min = 0, .max = INT64_MAX, .def = "0",
	  .help = "What all workers together may have: with more all do without recording, then take "
		  "their substreams, then the cameras of the lowest priority are paused. 0: no limit" },
	{ IN_GUARD(total_cpu_percent), .key = "total_cpu", .live = true, .type = SET_INT,
	  .min = 0, .max = 100000, .def = "0",
	  .help = "Percent of one core that all workers together may take: 300 is three cores. 0: no "
		  "limit" },
	{ IN_GUARD(leak_window_ms), .key = "leak_window", .live = true, .type = SET_DURATION,
	  .min = 1000, .max = 7 * DAY_MS, .def = "1h",
	  .help = "A worker whose memory has grown all through this time, and would come to worker_memory "
		  "within as long again, is restarted. No worker is restarted for its memory more often" },

	{ IN_GOOGLE(project_id), .key = "project_id", .type = SET_TOKEN, .max = ID_BYTES_MAX,
	  .help = "The Device Access project. Left out, it is GOOGLE_PROJECT_ID of the environment" },
	{ IN_GOOGLE(client_id), .key = "client_id", .type = SET_TOKEN, .max = ID_BYTES_MAX,
	  .help = "The OAuth client. Left out, it is GOOGLE_CLIENT_ID of the environment" },
	{ IN_GOOGLE(client_secret_file), .key = "client_secret_file", .type = SET_SECRET,
	  .help = "Where its secret is. Left out, it is the systemd credential "
		  "NAME.client_secret_file, or else GOOGLE_CLIENT_SECRET of the environment" },
	{ IN_GOOGLE(refresh_token_file), .key = "refresh_token_file", .type = SET_SECRET,
	  .help = "Where the user's refresh token is; camctl login writes it there. Left out, it "
		  "is the systemd credential "
		  "NAME.refresh_token_file, or else GOOGLE_REFRESH_TOKEN of the environment" },
	/* Of a Sandbox project: docs/sources.md, Google: limits. */
	{ IN_GOOGLE(qpm), .key = "qpm", .live = true,
	  .type = SET_INT, .min = 1, .max = 100000, .def = "10",
	  .help = "Commands that Google allows in a window, all cameras together" },
	{ IN_GOOGLE(device_qpm), .key = "device_qpm", .live = true, .type = SET_INT,
	  .min = 1, .max = 100000, .def = "5",
	  .help = "The same command to the same camera in a window" },
	{ IN_GOOGLE(camera_qpm), .key = "camera_qpm", .live = true, .type = SET_INT,
	  .min = 1, .max = 100000, .def = "30", .help = "All commands to one camera in a window" },
	{ IN_GOOGLE(camera_qph), .key = "camera_qph", .live = true, .type = SET_INT,
	  .min = 1, .max = 100000, .def = "100",
	  .help = "All commands to one camera in a long window" },
	{ IN_GOOGLE(list_qpm), .key = "list_qpm", .live = true, .type = SET_INT,
	  .min = 1, .max = 100000, .def = "5", .help = "Lists of devices in a window" },
	{ IN_GOOGLE(window_ms), .key = "window", .type = SET_DURATION,
	  .min = 100, .max = HOUR_MS, .def = "60s",
	  .help = "What Google counts commands in. Shorter only against stand-ins" },
	{ IN_GOOGLE(long_window_ms), .key = "long_window", .type = SET_DURATION,
	  .min = 100, .max = DAY_MS, .def = "1h", .help = "The window of camera_qph" },
	{ IN_GOOGLE(early_percent), .key = "early", .live = true, .type = SET_INT, .min = 1,
	  .max = 99, .def = "60",
	  .help = "Percent of its life after which a stream is extended in a slot that nobody needs" },
	{ IN_GOOGLE(rotate_ms), .key = "rotate", .live = true, .type = SET_DURATION,
	  .min = 0, .max = DAY_MS, .def = "30m",
	  .help = "With more cameras than Google's limits can hold: a stream that lived that long makes "
		  "room for a camera that has waited as long. 0s: those that wait go on waiting" },
	{ IN_GOOGLE(discover_every_ms), .key = "discover_every", .live = true, .type = SET_DURATION,
	  .min = 0, .max = DAY_MS, .def = "5m",
	  .help = "How often the devices are listed, to learn of cameras that came, went or changed "
		  "their protocol. 0s: only when camctl discover asks" },
	{ IN_GOOGLE(auto_add), .key = "auto_add", .live = true, .type = SET_BOOL, .def = "no",
	  .help = "Add RTSP cameras that are newly listed to this file, which camrelayd must be allowed "
		  "to replace, and start them. Those that were configured before are left alone" },
	{ IN_GOOGLE(api_url), .key = "api_url", .type = SET_URL, .choices = "https http",
	  .max = URL_BYTES_MAX, .def = "https://smartdevicemanagement.googleapis.com/v1",
	  .help = "The Smart Device Management API. Plain http only to this machine" },
	{ IN_GOOGLE(token_url), .key = "token_url", .type = SET_URL, .choices = "https http",
	  .max = URL_BYTES_MAX, .def = "https://oauth2.googleapis.com/token",
	  .help = "Where access tokens come from. Plain http only to this machine" },
	{ IN_GOOGLE(login_url), .key = "login_url", .live = true, .type = SET_URL,
	  .choices = "https http",
	  .max = URL_BYTES_MAX, .def = "https://nestservices.google.com/partnerconnections",
	  .help = "Where a user links the project: camctl login. Plain http only to this machine" },
	{ IN_GOOGLE(redirect_uri), .key = "redirect_uri", .live = true, .type = SET_URL,
	  .choices = "https http",
	  .max = URL_BYTES_MAX, .def = "http://127.0.0.1:8712/",
	  .help = "Where that page sends the browser: it must stand in the OAuth client, letter by "
		  "letter. If it is this machine, camctl login listens there; else the address is "
		  "pasted" },
	{ IN_GOOGLE(ca_file), .key = "ca_file", .type = SET_PATH,
	  .help = "PEM file of the authorities that may certify both, instead of the system's" },
	{ IN_GOOGLE(call_timeout_ms), .key = "call_timeout", .type = SET_DURATION,
	  .min = 100, .max = 5 * MINUTE_MS, .def = "30s",
	  .help = "A call that is not answered by then has failed; an Extend whose stream would end "
		  "sooner, once half of this is left for another. A path on which nothing arrives is "
		  "given up after 10 s" },

	{ IN_CLOUDFLARE(app_id), .key = "app_id", .type = SET_TOKEN, .max = ID_BYTES_MAX,
	  .required = true, .help = "The Realtime SFU application" },
	{ IN_CLOUDFLARE(app_secret_file), .key = "app_secret_file", .type = SET_SECRET,
	  .help = "Where its secret is. Left out, it is the systemd credential "
		  "cloudflare.app_secret_file" },
	{ IN_CLOUDFLARE(api_url), .key = "api_url", .type = SET_URL, .choices = "https http",
	  .max = URL_BYTES_MAX, .def = "https://rtc.live.cloudflare.com/v1",
	  .help = "The SFU's API. Plain http only to this machine" },
	{ IN_CLOUDFLARE(ca_file), .key = "ca_file", .type = SET_PATH,
	  .help = "PEM file of the authorities that may certify it, instead of the system's" },
	{ IN_CLOUDFLARE(call_timeout_ms), .key = "call_timeout", .type = SET_DURATION,
	  .min = 100, .max = 5 * MINUTE_MS, .def = "10s",
	  .help = "A call that is not answered by then has failed" },

	{ IN_RECORDING(dir), .key = "dir", .live = true, .type = SET_PATH, .required = true,
	  .help = "Where the recordings are, a folder for each camera" },
	{ IN_RECORDING(max_age_ms), .key = "max_age", .live = true, .type = SET_DURATION,
	  .min = MINUTE_MS, .max = 3650 * DAY_MS, .def = "7d",
	  .help = "An hour of recording that ended so long ago is deleted" },
	{ IN_RECORDING(max_bytes), .key = "max_bytes", .live = true, .type = SET_BYTES,
	  .min = 0, .max = INT64_MAX, .def = "0",
	  .help = "With more, all cameras together, the oldest is deleted. 0: no limit" },
	{ IN_RECORDING(max_bytes_per_camera), .key = "max_bytes_per_camera", .live = true,
	  .type = SET_BYTES, .min = 0, .max = INT64_MAX, .def = "0",
	  .help = "With more of one camera, its oldest is deleted. 0: no limit" },
	{ IN_RECORDING(min_free_percent), .key = "min_free", .live = true, .type = SET_PERCENT,
	  .min = 1, .max = 90, .def = "10%",
	  .help = "With less of the disk free the oldest is deleted. With less than half of that "
		  "nothing is recorded until there is more" },
	{ IN_CONSUMERS(max), .key = "max", .live = true, .type = SET_INT,
	  .min = 0, .max = 10000, .def = "100", .help = "Viewers at once, of all cameras together" },
	{ IN_CONSUMERS(max_per_camera), .key = "max_per_camera", .live = true, .type = SET_INT,
	  .min = 0, .max = 10000, .def = "20", .help = "Viewers of one camera at once" },
	{ IN_CONSUMERS(heartbeat_ms), .key = "heartbeat", .live = true, .type = SET_DURATION,
	  .min = 100, .max = HOUR_MS, .def = "30s",
	  .help = "How often a viewer is to say that it is still there. A WHEP player cannot: the SFU is "
		  "asked that often whether it is" },
	{ IN_CONSUMERS(heartbeat_timeout_ms), .key = "heartbeat_timeout", .live = true,
	  .type = SET_DURATION,
	  .min = 200, .max = DAY_MS, .def = "60s",
	  .help = "A viewer that has said nothing for so long is ended" },
	{ IN_CONSUMERS(stun_server), .key = "stun_server", .live = true, .type = SET_ADDRESS,
	  .help = "host:port of a STUN server that WHEP players are told of. The SFU needs none" },
	{ IN_WHIP(url), .key = "url", .type = SET_URL, .choices = "https http", .secret = true,
	  .secret_path = true, .max = URL_BYTES_MAX, .required = true,
	  .help = "The WHIP endpoint. Plain http only to this machine" },
	{ IN_WHIP(token_file), .key = "token_file", .type = SET_SECRET,
	  .help = "Where the bearer token is: an absolute path, or the name of a systemd credential. It "
		  "is read for every request. Left out, none is sent" },
	{ IN_WHIP(token_anywhere), .key = "token_anywhere", .type = SET_BOOL, .def = "no",
	  .help = "Send the token to other hosts than that of url too, where its answers redirect to. "
		  "Servers that share their load among hosts may need it" },
	{ IN_WHIP(two_tracks), .key = "two_tracks", .type = SET_ENUM, .choices = "auto yes no",
	  .def = "auto",
	  .help = "Offer an audio track even for a camera without sound: servers such as Cloudflare "
		  "Stream take no offer of one track. auto: only for Cloudflare Stream" },
	{ IN_WHIP(ca_file), .key = "ca_file", .type = SET_PATH,
	  .help = "PEM file of the authorities that may certify it, instead of the system's" },
	{ IN_WHIP(call_timeout_ms), .key = "call_timeout", .type = SET_DURATION,
	  .min = 100, .max = 5 * MINUTE_MS, .def = "10s",
	  .help = "A request that is not answered by then has failed" },

	{ IN_NOTIFY(url), .key = "url", .live = true, .type = SET_URL, .choices = "https http",
	  .secret = true, .secret_path = true, .max = URL_BYTES_MAX, .required = true,
	  .help = "Where events are posted as JSON. Redirects are not followed" },
	{ IN_NOTIFY(events), .key = "events", .live = true, .type = SET_LIST,
	  .choices = "all GROUP EVENT", .max = 2048, .def = "camera, account, recording, webhook",
	  .help = "Which: names of events and of groups of them, as camrelayd -t lists them if one is "
		  "wrong" },
	{ IN_NOTIFY(cameras), .key = "cameras", .live = true, .type = SET_LIST,
	  .choices = "CAMERA", .max = 4096,
	  .help = "Only events of these cameras. Left out, those of all, and those that are no camera's" },
	{ IN_NOTIFY(secret_file), .key = "secret_file", .live = true, .type = SET_SECRET,
	  .help = "Where the word is that deliveries are signed with: an absolute path, or the name of a "
		  "systemd credential. Left out, they are not signed" },
	{ IN_NOTIFY(ca_file), .key = "ca_file", .live = true, .type = SET_PATH,
	  .help = "PEM file of the authorities that may certify it, instead of the system's" },
	{ IN_NOTIFY(call_timeout_ms), .key = "call_timeout", .live = true, .type = SET_DURATION,
	  .min = 100, .max = 5 * MINUTE_MS, .def = "10s",
	  .help = "A delivery that is not answered by then is tried again" },
	{ IN_NOTIFY(max_queue), .key = "max_queue", .live = true, .type = SET_INT,
	  .min = 10, .max = 100000, .def = "1000",
	  .help = "With more that wait, the oldest is dropped" },
	{ IN_NOTIFY(max_age_ms), .key = "max_age", .live = true, .type = SET_DURATION,
	  .min = 1000, .max = 30 * DAY_MS, .def = "1d",
	  .help = "What has waited that long is dropped" },

	{ IN_CAMERA(google), .key = "google", .live = true, .type = SET_NAME,
	  .help = "The [google] section of a Nest camera. auto: of those whose lists have the device the "
		  "one with the fewest cameras" },
	{ IN_CAMERA(device), .key = "device", .live = true, .type = SET_TOKEN, .max = ID_BYTES_MAX,
	  .help = "Its device id there" },
	{ IN_CAMERA(url), .key = "url", .live = true,
	  .type = SET_URL, .choices = "rtsp rtsps", .secret = true,
	  .max = URL_BYTES_MAX, .help = "Any other camera" },
	{ IN_CAMERA(url2), .key = "url2", .live = true,
	  .type = SET_URL, .choices = "rtsp rtsps", .secret = true, .max = URL_BYTES_MAX,
	  .help = "Tried when url has failed twice in a row, and url again when this one fails" },
	{ IN_CAMERA(url3), .key = "url3", .live = true,
	  .type = SET_URL, .choices = "rtsp rtsps", .secret = true, .max = URL_BYTES_MAX,
	  .help = "Tried when url2 has failed so" },
	{ IN_CAMERA(url4), .key = "url4", .live = true,
	  .type = SET_URL, .choices = "rtsp rtsps", .secret = true, .max = URL_BYTES_MAX,
	  .help = "Tried when url3 has failed so" },
	{ IN_CAMERA(substream), .key = "substream", .live = true,
	  .type = SET_URL, .choices = "rtsp rtsps", .secret = true, .max = URL_BYTES_MAX,
	  .help = "A smaller stream of the camera, taken while the path to the receiver does not carry "
		  "the main one: an SFU that gives transport-wide feedback says so. The main one is "
		  "tried again after a minute, then more rarely" },
	{ IN_CAMERA(url_return_ms), .key = "url_return", .live = true, .type = SET_DURATION,
	  .min = 0, .max = DAY_MS, .def = "5m",
	  .help = "While another URL is in use, url is asked that often whether it can be had again; if "
		  "so it is taken. 0s: only when the other one is lost" },
	{ IN_CAMERA(transport), .key = "transport", .live = true, .type = SET_ENUM,
	  .choices = "auto tcp udp", .def = "auto",
	  .help = "How its media comes. auto: TCP, and UDP if it refuses that or sends nothing. rtsps:// "
		  "always goes by TCP" },
	{ IN_CAMERA(publish), .key = "publish", .live = true,
	  .type = SET_LIST, .choices = "cloudflare whip:NAME whip:https://... none", .secret = true,
	  .max = 4 * URL_BYTES_MAX, .def = "cloudflare",
	  .help = "Where its media goes: up to four places at once, each with a connection of its own. "
		  "whip:NAME is a [whip] section's endpoint, whip:https://... one without a section. "
		  "none stands alone" },
	{ IN_CAMERA(whip_token_file), .key = "whip_token_file", .live = true, .type = SET_SECRET,
	  .help = "Where the bearer token of the whip:https://... in publish is, as token_file in "
		  "[whip]. Only by hand: camctl add and the HTTP API cannot set it" },
	{ IN_CAMERA(tls_verify), .key = "tls_verify", .live = true, .type = SET_BOOL, .def = "yes",
	  .help = "Refuse a camera server whose certificate does not verify" },
	{ IN_CAMERA(ca_file), .key = "ca_file", .live = true, .type = SET_PATH,
	  .help = "PEM file of the authorities that may certify it, instead of the system's" },
	{ IN_CAMERA(media_stall_ms), .key = "media_stall", .live = true, .type = SET_DURATION,
	  .min = 500, .max = 10 * MINUTE_MS,
	  .help = "As in [supervisor], for this camera. Left out, it is as there" },
	{ IN_CAMERA(priority), .key = "priority", .live = true, .type = SET_INT,
	  .min = 0, .max = 100, .def = "50",
	  .help = "Of cameras that together take too much, see [guard], the lowest is paused first" },
	{ IN_CAMERA(record), .key = "record", .live = true, .type = SET_ENUM,
	  .choices = "no yes events", .def = "no",
	  .help = "Keep its pictures and sound in [recording]. events: only from camctl record CAMERA on "
		  "to camctl record CAMERA off, since nothing detects events yet" },
	{ IN_CAMERA(audio), .key = "audio", .live = true, .type = SET_BOOL, .def = "yes",
	  .help = "Publish its sound too, if it has any" },
	{ IN_CAMERA(bframes), .key = "bframes", .live = true,
	  .type = SET_ENUM, .choices = "pass drop refuse", .def = "pass",
	  .help = "B-frames come in another order than they are shown in, which WebRTC viewers do not "
		  "mend: they stutter. pass: send them. drop: leave out, in recordings too, those that no "
		  "other picture refers to; the others of a pyramid must stay, and with them the "
		  "stutter. refuse: do not publish such a camera; it takes a whole GOP to know that "
		  "one is none" },
	{ IN_CAMERA(gop_replay), .key = "gop_replay", .live = true,
	  .type = SET_ENUM, .choices = "auto on off", .def = "auto",
	  .help = "Show a viewer who comes in between two key pictures the pictures since the last one, "
		  "quickly, instead of nothing until the next: others see a jump. auto: if there is "
		  "more than a second between key pictures" },
};
/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct settings_table config_table = {
	.sections = config_sections,
	.section_count = CONFIG_SECTIONS,
	.rows = rows,
	.row_count = COUNT(rows),
};

bool
config_key_is_secret_file(const char *section, const char *key)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].type == SET_SECRET && strcmp(rows[i].section, section) == 0 &&
			strcmp(rows[i].key, key) == 0)
			return true;
	return false;
}
