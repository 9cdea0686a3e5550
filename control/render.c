/* render.c - what camctl shows of a snapshot. Pure but for common/json: text out, nothing asked. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "control/paint.h"
#include "control/render.h"
#include "proto/status_account.h"
#include "proto/status_camera.h"

/* What the others of a row and their blanks leave of a window of that width is the last error's. */
#define COLUMNS 100
#define ERROR_COLUMNS (COLUMNS - (16 + 8 + 12 + 6 + 5 + 5 + 9 + 7 + 8))

/* "4:31", "1h12m", "3d04h": at most six columns. */
static const char *
format_span(int64_t ms, char *out, size_t size)
{
	long long s = ms / 1000;

	if (ms < 0)
		snprintf(out, size, "-");
	else if (s < 3600)
		snprintf(out, size, "%lld:%02lld", s / 60, s % 60);
	else if (s < 86400)
		snprintf(out, size, "%lldh%02lldm", s / 3600, s / 60 % 60);
	else
		snprintf(out, size, "%lldd%02lldh", s / 86400, s / 3600 % 24);
	return out;
}

/* Below the smallest sample but one of 16 bits: digital silence, which no microphone gives. */
#define SILENT_DBFS (-96)

static const char *
or_dash(const char *s)
{
	return s && *s ? s : "-";
}

static void
render_account(const struct status_account *a, FILE *out)
{
	fprintf(out,
		"account %.16s: %s, %lld streams, %lld of %lld commands used in the last minute",
		a->name, a->state, (long long)a->streams, (long long)a->used, (long long)a->qpm);
	if (a->waiting > 0)
		fprintf(out, ", %lld waiting", (long long)a->waiting);
	fprintf(out, "\n");
	if (a->error)
		fprintf(out, "  %.*s\n", COLUMNS - 2, a->error);
	if (a->unconfigured > 0)
		fprintf(out, "  %lld more at Google that no section is for: camctl discover\n",
			(long long)a->unconfigured);
}

/* A state or a health in a column of that width. */
static void
render_word(const char *word, int width, FILE *out, bool colour)
{
	fprintf(out, "%s%-*.*s%s ", colour ? paint_of_word(word) : "", width, width, word,
		colour ? PAINT_END : "");
}

static void
render_row(const struct status_camera *c, FILE *out, bool colour)
{
	char expires[24];
	char video[24] = "-";
	char pid[24] = "-";

	if (c->width > 0)
		snprintf(video, sizeof(video), "%lldx%lld", (long long)c->width,
			(long long)c->height);
	if (c->pid > 0)
		snprintf(pid, sizeof(pid), "%lld", (long long)c->pid);
	fprintf(out, "%-16.16s ", c->name);
	render_word(or_dash(c->state), 8, out, colour);
	render_word(or_dash(c->health), 12, out, colour);
	fprintf(out, "%6s %5.1f %5.2f %9.9s %7s %.*s\n",
		format_span(c->expires_ms, expires, sizeof(expires)), c->fps,
		(double)c->bitrate / 1e6, video, pid, ERROR_COLUMNS,
		or_dash(c->error ? c->error : c->notice));
}

void
render_status(const struct status *s, FILE *out, bool colour)
{
	char up[24];

	fprintf(out, "camrelayd %s, pid %lld, up %s\n", s->version, (long long)s->pid,
		format_span(s->uptime_ms, up, sizeof(up)));
	for (size_t i = 0; i < s->account_count; i++)
		render_account(&s->accounts[i], out);
	fprintf(out, "%s%-16s %-8s %-12s %6s %5s %5s %9s %7s %s%s\n", colour ? PAINT_HEADING : "",
		"CAMERA", "STATE", "HEALTH", "EXPIRY", "FPS", "MBIT", "VIDEO", "PID", "LAST ERROR",
		colour ? PAINT_END : "");
	for (size_t i = 0; i < s->camera_count; i++)
		render_row(&s->cameras[i], out, colour);
}

static void
line(FILE *out, const char *label, const char *text)
{
	fprintf(out, "  %-14s %s\n", label, or_dash(text));
}

/* What the camera should not send. */
static void
render_b_frames(const struct status_camera *c, FILE *out)
{
	if (c->b_dropped > 0)
		fprintf(out, "  %-14s B-frames: %lld left out\n", "", (long long)c->b_dropped);
	if (c->b_frames > c->b_dropped && c->b_dropped > 0)
		line(out, "",
			"others cannot be, pictures refer to them: viewers stutter; "
			"let the camera make none");
	else if (c->b_frames > c->b_dropped)
		line(out, "",
			"B-frames: viewers by WebRTC stutter; let the camera leave them out, "
			"or set bframes = drop");
}

static void
render_media(const struct status_camera *c, FILE *out)
{
	fprintf(out,
		"  %-14s %lldx%lld, %.1f fps, %.2f Mbit/s, GOP %lld ms, jitter %.1f ms, "
		"%lld frames, %lld gaps, %lld late\n",
		"video", (long long)c->width, (long long)c->height, c->fps,
		(double)c->bitrate / 1e6, (long long)c->gop_ms, c->jitter_ms, (long long)c->frames,
		(long long)c->gaps, (long long)c->late);
	if (c->frozen_ms > 0)
		fprintf(out, "  %-14s the same picture for %.1f s\n", "",
			(double)c->frozen_ms / 1000);
	render_b_frames(c, out);
	if (c->sound_level < 0 && c->sound_level <= SILENT_DBFS)
		line(out, "sound", "silent: digital silence, or none came");
	else if (c->sound_level < 0)
		fprintf(out,
			"  %-14s %.0f dBFS, %lld packets, clock %+.0f ppm, "
			"%.1f s of silence put in\n",
			"sound", c->sound_level, (long long)c->sound_packets, c->sound_drift,
			(double)c->sound_silence_ms / 1000);
	else
		line(out, "sound", NULL);
	fprintf(out, "  %-14s %lld packets, %lld bytes, %lld not taken\n", "sent",
		(long long)c->packets, (long long)c->bytes, (long long)c->dropped);
	fprintf(out,
		"  %-14s loss %.1f %%, RTT %.1f ms, %lld NACKed, %lld resent, "
		"%lld PLI, %lld FIR, %lld replays\n",
		"far end", c->loss_ratio * 100, c->rtt_ms, (long long)c->nacks,
		(long long)c->resent, (long long)c->plis, (long long)c->firs,
		(long long)c->replays);
	if (c->path_bitrate > 0)
		fprintf(out, "  %-14s %.2f Mbit/s arrive, %.1f %% lost, packets wait %.0f ms\n",
			"path", (double)c->path_bitrate / 1e6, c->path_loss * 100,
			c->path_queue_ms);
	fprintf(out,
		"  %-14s RTSP %lld, offer %lld, answer %lld, ICE %lld, DTLS %lld, "
		"first packet %lld ms\n",
		"last start", (long long)c->rtsp_ms, (long long)c->offer_ms,
		(long long)c->answer_ms, (long long)c->ice_ms, (long long)c->dtls_ms,
		(long long)c->first_packet_ms);
}

static void
render_stream(const struct status_camera *c, FILE *out)
{
	char text[24];

	line(out, "account", c->account);
	if (c->choice)
		line(out, "google = auto", c->choice);
	if (c->account)
		fprintf(out, "  %-14s expires in %s, %lld generated, %lld extensions of this one\n",
			"stream", format_span(c->expires_ms, text, sizeof(text)),
			(long long)c->generates, (long long)c->extends);
	fprintf(out, "  %-14s %lld streams, %lld extensions, %lld streams lost, %lld workers\n",
		"ever", (long long)c->ever_generated, (long long)c->ever_extended,
		(long long)c->ever_lost, (long long)c->ever_workers);
	if (c->next_try_ms >= 0)
		fprintf(out, "  %-14s in %s\n", "next step",
			format_span(c->next_try_ms, text, sizeof(text)));
}

static void
render_recording(const struct status_camera *c, FILE *out)
{
	if (!c->recording)
		return;
	fprintf(out, "  %-14s %s, %lld segments, %.1f MB, %lld gaps, %lld pictures dropped\n",
		"recording", c->recording, (long long)c->recorded_segments,
		(double)c->recorded_bytes / 1e6, (long long)c->recording_gaps,
		(long long)c->recording_dropped);
	if (c->recording_why)
		line(out, "", c->recording_why);
}

static void
render_outputs(const struct status_camera *c, FILE *out)
{
	fprintf(out, "  %-14s %s, session %s, track %s\n", "publication", or_dash(c->publication),
		or_dash(c->session), or_dash(c->track));
	for (size_t i = 0; i < c->output_count; i++) {
		const struct status_output *o = &c->outputs[i];
		char label[32];
		snprintf(label, sizeof(label), "output %zu", i + 1);
		fprintf(out, "  %-14s %s: %s, media %s, session %s\n", label, o->name, o->state,
			or_dash(o->media), or_dash(o->session));
		if (o->error)
			line(out, "", o->error);
	}
}

int
render_camera(const struct status *s, const char *name, FILE *out)
{
	const struct status_camera *c = NULL;
	char text[24];

	for (size_t i = 0; i < s->camera_count; i++)
		if (strcmp(s->cameras[i].name, name) == 0)
			c = &s->cameras[i];
	if (!c)
		return -1;
	fprintf(out, "%s\n  %-14s %s for %s, media %s, %lld failures in a row\n", c->name, "state",
		c->state, format_span(c->state_ms, text, sizeof(text)), c->health,
		(long long)c->failures);
	line(out, "last error", c->error);
	if (c->notice)
		line(out, "notice", c->notice);
	render_stream(c, out);
	fprintf(out, "  %-14s pid %lld, generation %lld, up %s, %s, %lld reconnects\n", "worker",
		(long long)c->pid, (long long)c->gen, format_span(c->uptime_ms, text, sizeof(text)),
		or_dash(c->phase), (long long)c->reconnects);
	if (c->url)
		line(out, "url", c->url);
	render_outputs(c, out);
	render_media(c, out);
	render_recording(c, out);
	return 0;
}

/* ---- queue ----------------------------------------------------------------------------------- */

/* "3/10", with what a 429 has done to it: "3/10 held 12 s", "3/10 slow". */
static const char *
format_bucket(const struct json *bucket, char *out, size_t size)
{
	const long long used = json_int(bucket, "used", 0), limit = json_int(bucket, "limit", 0);
	const long long held_ms = json_int(bucket, "held_ms", 0);

	if (held_ms > 0)
		snprintf(out, size, "%lld/%lld held %lld s", used, limit, (held_ms + 999) / 1000);
	else
		snprintf(out, size,
			json_int(bucket, "slow_ms", 0) > 0 ? "%lld/%lld slow" : "%lld/%lld", used,
			limit);
	return out;
}

/* The columns are the buckets' names. */
static void
render_quota(const struct json *cameras, FILE *out)
{
	char text[64];
	const struct json *names = json_get(json_at(cameras, 0), "buckets");

	fprintf(out, "  %-16s", "CAMERA");
	for (size_t i = 0; i < json_len(names); i++)
		fprintf(out, " %-9s", json_str(json_at(names, i), "bucket"));
	fprintf(out, "\n");
	for (size_t i = 0; i < json_len(cameras); i++) {
		fprintf(out, "  %-16s", json_str(json_at(cameras, i), "camera"));
		const struct json *buckets = json_get(json_at(cameras, i), "buckets");
		for (size_t k = 0; k < json_len(buckets); k++)
			fprintf(out, " %-9s",
				format_bucket(json_at(buckets, k), text, sizeof(text)));
		fprintf(out, "\n");
	}
}

static void
render_account_queue(const struct json *account, FILE *out)
{
	const struct json *buckets = json_get(account, "buckets");
	const struct json *cameras = json_get(account, "cameras");
	const struct json *calls = json_get(account, "calls");

	fprintf(out, "account %s: one command every %.2f s", json_str(account, "account"),
		(double)json_int(account, "pace_ms", 0) / 1000);
	for (size_t i = 0; i < json_len(buckets); i++) {
		char text[64];
		fprintf(out, ", %s %s", json_str(json_at(buckets, i), "bucket"),
			format_bucket(json_at(buckets, i), text, sizeof(text)));
	}
	fprintf(out, "\n");
	for (size_t i = 0; i < json_len(calls); i++) {
		const struct json *call = json_at(calls, i);
		fprintf(out, "  in %7.1f s  %-10s %s\n", (double)json_int(call, "in_ms", 0) / 1000,
			json_str(call, "call"), json_str(call, "camera"));
	}
	if (json_len(cameras))
		render_quota(cameras, out);
}

void
render_queue(const struct json *accounts, FILE *out)
{
	for (size_t i = 0; i < json_len(accounts); i++)
		render_account_queue(json_at(accounts, i), out);
}
