/* test_recorder.c - real H.264 and AAC are recorded; ffmpeg and ffprobe judge what is on the disk.
 * The clips are ffmpeg's, made anew for each run. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/log.h"
#include "worker/nal_stream.h"
#include "worker/recorder.h"

#define FPS 15
#define AAC_RATE 16000
#define AAC_FRAME_US (INT64_C(1024) * 1000000 / AAC_RATE)
/* AAC LC, 16 kHz, mono. */
static const uint8_t sound_config[] = { 0x14, 0x08 };

static char top[64]; /* the folder of this run */

/* ---- helpers --------------------------------------------------------------------------------- */

/* The formats are this file's, with a path or two in them. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

/* Runs a shell command; its output's first line in out if that is no NULL. Returns the exit code.
 */
static int
shell(char *out, size_t size, const char *fmt, ...)
{
	char command[2048];
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	FILE *f = popen(command, "r");
	assert_non_null(f);
	if (out)
		*out = '\0';
	for (bool first = true; fgets(line, sizeof(line), f); first = false)
		if (out && first)
			snprintf(out, size, "%.*s", (int)strcspn(line, "\n"), line);
	return pclose(f);
}

static double
number(const char *fmt, const char *path)
{
	char out[64];
	char command[1024];

	snprintf(command, sizeof(command), fmt, path);
	if (shell(out, sizeof(out), "%s", command) != 0)
		fail_msg("failed: %s", command);
	return strtod(out, NULL);
}

struct clip {
	const struct video_codec *codec;
	struct nal_bytes video;
	struct nal_bytes sound;
};

static struct nal_bytes
load(const char *name)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	uint8_t *bytes = malloc((size_t)st.st_size);
	assert_int_equal(fread(bytes, 1, (size_t)st.st_size, f), st.st_size);
	fclose(f);
	return (struct nal_bytes){ .bytes = bytes, .len = (size_t)st.st_size };
}

static struct clip small, large; /* 320x180 and 640x360, 20 s, an IDR picture a second */
static struct clip b_frames;     /* as small, with B-frames as references */
static struct clip h265, h265_b; /* the same two in H.265; of the latter GOPs are of 13 pictures */

static int
make_clips(void **state)
{
	static const char video[] =
		"ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=%s:rate=15 -t 20 -c:v libx264 "
		"-preset ultrafast -pix_fmt yuv420p -x264-params "
		"keyint=15:min-keyint=15:scenecut=0:bframes=0 -f h264 %s/%s.h264";

	static const char h265_of[] =
		"ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=320x180:rate=15 -frames:v "
		"%d -c:v libx265 -preset ultrafast -pix_fmt yuv420p -x265-params "
		"log-level=error:keyint=%d:min-keyint=%d:scenecut=0:open-gop=0:%s -f hevc "
		"%s/%s.h265";

	(void)state;
	snprintf(top, sizeof(top), "/tmp/test_recorder.XXXXXX");
	assert_non_null(mkdtemp(top));
	assert_int_equal(shell(NULL, 0, video, "320x180", top, "small"), 0);
	assert_int_equal(shell(NULL, 0, video, "640x360", top, "large"), 0);
	assert_int_equal(
		shell(NULL, 0,
			"ffmpeg -nostdin -v error -f lavfi -i sine=frequency=440:sample_rate=16000 "
			"-t 20 -c:a aac -b:a 32k -ac 1 -f adts %s/tone.aac",
			top),
		0);
	assert_int_equal(
		shell(NULL, 0,
			"ffmpeg -nostdin -v error -f lavfi -i testsrc2=size=320x180:rate=15 -t 20 "
			"-c:v libx264 -pix_fmt yuv420p -x264-params keyint=15:min-keyint=15:"
			"scenecut=0:bframes=3:b-adapt=0:b-pyramid=normal:open-gop=0 -f h264 "
			"%s/b.h264",
			top),
		0);
	small.codec = large.codec = b_frames.codec = &video_h264;
	assert_int_equal(shell(NULL, 0, h265_of, 300, 15, 15, "bframes=0", top, "small"), 0);
	assert_int_equal(shell(NULL, 0, h265_of, 23 * 13, 13, 13, "bframes=3:b-adapt=0:b-pyramid=1",
				 top, "b"),
		0);
	h265.codec = h265_b.codec = &video_h265;
	h265.video = load("small.h265");
	h265_b.video = load("b.h265");
	h265.sound = small.sound = large.sound = load("tone.aac");
	b_frames.video = load("b.h264");
	b_frames.sound = (struct nal_bytes){ 0 };
	small.video = load("small.h264");
	large.video = load("large.h264");
	return 0;
}

static int
remove_clips(void **state)
{
	(void)state;
	free((void *)(uintptr_t)small.video.bytes);
	free((void *)(uintptr_t)large.video.bytes);
	free((void *)(uintptr_t)b_frames.video.bytes);
	free((void *)(uintptr_t)h265.video.bytes);
	free((void *)(uintptr_t)h265_b.video.bytes);
	free((void *)(uintptr_t)small.sound.bytes);
	return shell(NULL, 0, "rm -rf %s", top);
}

/* A folder of the test's own. */
static char *
folder(const char *test)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s/cam", top, test) > 0);
	return path;
}

/* ---- a camera -------------------------------------------------------------------------------- */

/* Where in a clip it is. */
struct camera {
	struct recorder *r;
	const struct video_codec *codec;
	struct nal_bytes video;
	struct nal_bytes sound;
	int64_t start_us;
	int pictures; /* since then */
	int64_t video_us;
	int64_t sound_us;
	bool b_frames;    /* it has such */
	int64_t shown_us; /* the latest that was */
};

/* The next picture with what stands before it; each is one slice. False at the clip's end. */
static bool
send_picture(struct camera *c)
{
	struct nal_bytes nal;
	bool first = true;

	while (annexb_next(&c->video, &nal)) {
		const enum nal_kind kind = c->codec->kind(nal.bytes, nal.len);
		const struct stream_nal n = { .codec = c->codec,
			.bytes = nal.bytes,
			.len = nal.len,
			.kind = kind,
			.first = first,
			.last = kind == NAL_SLICE || kind == NAL_KEY,
			.b = c->b_frames && c->video_us < c->shown_us };
		recorder_video(c->r, &n, c->video_us);
		first = false;
		if (n.last) {
			if (c->video_us > c->shown_us)
				c->shown_us = c->video_us;
			c->video_us = c->start_us + ++c->pictures * INT64_C(1000000) / FPS;
			return true;
		}
	}
	return false;
}

/* An ADTS frame: a header of seven bytes that says how long it is. */
static bool
send_sound(struct camera *c)
{
	const uint8_t *p = c->sound.bytes;

	if (c->sound.len < 7)
		return false;
	size_t len = (p[3] & 3u) << 11 | (size_t)p[4] << 3 | p[5] >> 5;
	recorder_audio(c->r, p + 7, len - 7, c->sound_us);
	c->sound.bytes += len;
	c->sound.len -= len;
	c->sound_us += AAC_FRAME_US;
	return true;
}

/* Plays a clip until it ends, or for so many pictures. */
static void
play(struct camera *c, const struct clip *clip, int pictures, bool sound)
{
	c->codec = clip->codec;
	c->video = clip->video;
	c->sound = clip->sound;
	if (c->sound_us < c->video_us)
		c->sound_us = c->video_us;
	for (int i = 0; i < pictures && send_picture(c); i++)
		while (sound && c->sound_us < c->video_us && send_sound(c))
			;
}

/* The middle of an hour, so that none ends during a test. */
static struct camera
camera(struct recorder *r)
{
	int64_t wall = clock_wall_us();
	int64_t hour = INT64_C(3600) * 1000000;
	int64_t middle = wall - wall % hour + hour / 2;

	int64_t at = clock_now_us() + middle - wall;
	return (struct camera){
		.r = r, .codec = &video_h264, .start_us = at, .video_us = at, .sound_us = at
	};
}

static void
pass_over(struct camera *c, int64_t us)
{
	c->start_us += us;
	c->video_us += us;
	c->sound_us = c->video_us;
}

#define PLAYLIST "$(find %s -name index.m3u8)"

/* Every picture and frame decodes, and nothing is to be said about any of them. That FFmpeg does
 * not look at a second init segment is its own business. */
static void
assert_plays(const char *dir)
{
	char said[512];

	assert_int_equal(
		shell(said, sizeof(said),
			"ffmpeg -nostdin -v repeat+warning -xerror -err_detect explode -i " PLAYLIST
			" -f null - 2>%s/said; code=$?; grep -v duplicated.MOOV %s/said; "
			"exit $code",
			dir, top, top),
		0);
	assert_string_equal(said, "");
}

/* Each segment decodes with nothing but its init segment before it. Returns how many there are,
 * with sound or all. */
static double
segments_that_play(const char *dir, bool sound)
{
	char out[64];

	assert_int_equal(
		shell(out, sizeof(out),
			"cd $(dirname " PLAYLIST ") || exit 1; n=0; "
			"awk -F'\"' '/EXT-X-MAP/ {m=$2} /m4s$/ {print m, $0}' index.m3u8 >%s/list; "
			"while read map segment; do cat $map $segment >%s/one.mp4; "
			"ffmpeg -nostdin -v error -xerror -i %s/one.mp4 -f null - || exit 1; "
			"ffprobe -v error -show_streams %s/one.mp4 | grep -q codec_type=%s && "
			"n=$((n+1)); "
			"done <%s/list; echo $n",
			dir, top, top, top, top, sound ? "audio" : "video", top),
		0);
	return strtod(out, NULL);
}

static double
count(const char *dir, const char *stream, const char *what)
{
	char command[512];

	snprintf(command, sizeof(command),
		"ffprobe -v error -count_frames -select_streams %s -show_entries stream=%s -of "
		"default=nw=1:nk=1 " PLAYLIST,
		stream, what, "%s");
	return number(command, dir);
}

static double
lines(const char *dir, const char *pattern)
{
	char command[512];

	snprintf(command, sizeof(command), "cat " PLAYLIST " | grep -c -- '%s' || true", "%s",
		pattern);
	return number(command, dir);
}

/* The same in all of a camera's playlists. */
static double
lines_of_all(const char *dir, const char *pattern)
{
	char command[512];

	snprintf(command, sizeof(command),
		"find %s -name index.m3u8 -exec grep -h -- '%s' {} + | wc -l", "%s", pattern);
	return number(command, dir);
}

static double
files(const char *dir, const char *pattern)
{
	char command[512];

	snprintf(command, sizeof(command), "find %s -name '%s' | wc -l", "%s", pattern);
	return number(command, dir);
}

static struct recorder_stats
stats_when(struct recorder *r, uint64_t segments)
{
	struct recorder_stats s;
	ms_t deadline = clock_now() + 20000;

	for (recorder_stats(r, &s); s.segments < segments && clock_now() < deadline;
		recorder_stats(r, &s))
		usleep(1000);
	assert_true(s.segments >= segments);
	return s;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void
pictures_and_sound_are_all_there(void **state)
{
	char *dir = folder("all");
	struct recorder *r = recorder_new("cam");
	struct camera c = camera(r);

	(void)state;
	recorder_audio_config(r, sound_config, sizeof(sound_config));
	recorder_start(r, dir, 0);
	play(&c, &small, 300, true);
	recorder_free(r);
	assert_plays(dir);
	assert_int_equal(count(dir, "v:0", "nb_read_frames"), 300);
	assert_in_range(count(dir, "a:0", "nb_read_frames"), 311, 313);
	/* 20 s with an IDR picture each: 6, 6, 6 and 2. */
	assert_int_equal(lines(dir, "^#EXTINF:6.0000"), 3);
	assert_int_equal(lines(dir, "^#EXTINF:2.0000"), 1);
	assert_int_equal(segments_that_play(dir, true), 4);
	assert_int_equal(lines(dir, "PROGRAM-DATE-TIME"), 4);
	assert_int_equal(lines(dir, "DISCONTINUITY$"), 0);
	assert_int_equal(lines(dir, "EXT-X-MAP"), 1);
	assert_int_equal(lines(dir, "ENDLIST"), 1);
	assert_int_equal(lines(dir, "TARGETDURATION:6$"), 1);
	assert_int_equal(files(dir, "*.part"), 0);
	free(dir);
}

/* Each segment begins where the last ended, to the millisecond, in pictures and in sound. */
static void
times_go_on_from_segment_to_segment(void **state)
{
	char *dir = folder("all");
	static const char *const command =
		"ffprobe -v error -show_entries packet=pts_time -select_streams %s -of "
		"csv=p=0 " PLAYLIST " | awk -F, 'NR>1 {d=$1-last; if (d<%s || d>%s) bad++} "
		"{last=$1} END {print bad+0}'";
	char out[32];

	(void)state;
	assert_int_equal(shell(out, sizeof(out), command, "v", dir, "0.0655", "0.0680"), 0);
	assert_string_equal(out, "0");
	assert_int_equal(shell(out, sizeof(out), command, "a", dir, "0.0635", "0.0645"), 0);
	assert_string_equal(out, "0");
	free(dir);
}

static void
without_sound_there_is_one_track(void **state)
{
	char *dir = folder("mute");
	struct recorder *r = recorder_new("cam");
	struct camera c = camera(r);

	(void)state;
	recorder_start(r, dir, 0);
	play(&c, &small, 100, false);
	recorder_free(r);
	assert_plays(dir);
	assert_int_equal(count(dir, "v:0", "nb_read_frames"), 100);
	assert_int_equal(
		number("ffprobe -v error -show_entries format=nb_streams -of csv=p=0 " PLAYLIST,
			dir),
		1);
	free(dir);
}

/* channelConfiguration 0. (What gives the rate itself instead of an index, ffmpeg does not decode.)
 */
static void
sound_whose_channels_a_program_config_element_tells_is_recorded(void **state)
{
	static const uint8_t program[] = { 0x14, 0x00, 0x06, 0x04, 0x00, 0x00, 0x00, 0x00 };
	char *dir = folder("program");
	struct recorder *r = recorder_new("cam");
	struct camera c = camera(r);

	(void)state;
	recorder_audio_config(r, program, sizeof(program));
	recorder_start(r, dir, 0);
	play(&c, &small, 90, true);
	recorder_free(r);
	assert_plays(dir);
	assert_int_equal(segments_that_play(dir, true), 1);
	free(dir);
}

static void
sound_that_mp4_cannot_hold_leaves_the_pictures(void **state)
{
	static const uint8_t reserved[] = { 0x14, 0x48 }; /* channelConfiguration 9 */
	char *dir = folder("reserved");
	struct recorder *r = recorder_new("cam");
	struct recorder_stats stats;
	struct camera c = camera(r);

	(void)state;
	recorder_audio_config(r, reserved, sizeof(reserved));
	recorder_start(r, dir, 0);
	play(&c, &small, 100, true);
	stats = stats_when(r, 1);
	assert_int_equal(stats.state, RECORDER_RECORDING);
	recorder_free(r);
	assert_plays(dir);
	assert_int_equal(count(dir, "v:0", "nb_read_frames"), 100);
	assert_int_equal(segments_that_play(dir, true), 0);
	free(dir);
}

static void
other_parameter_sets_begin_a_new_init_segment(void **state)
{
	char *dir = folder("sets");
	struct recorder *r = recorder_new("cam");
	struct recorder_stats stats;
	struct camera c = camera(r);

	(void)state;
	recorder_audio_config(r, sound_config, sizeof(sound_config));
	recorder_start(r, dir, 0);
	play(&c, &small, 130, true);
	play(&c, &large, 130, true);
	recorder_stats(r, &stats);
	recorder_free(r);
	assert_plays(dir);
	assert_int_equal(count(dir, "v:0", "nb_read_frames"), 260);
	assert_int_equal(lines(dir, "DISCONTINUITY$"), 1);
	assert_int_equal(lines(dir, "EXT-X-MAP"), 2);
	assert_int_equal(stats.gaps, 0);
	free(dir);
}

static void
sound_that_comes_later_begins_a_new_init_segment(void **state)
{
	char *dir = folder("late");
	struct recorder *r = recorder_new("cam");
	struct camera c = camera(r);

	(void)state;
	recorder_start(r, dir, 0);
	play(&c, &small, 100, false);
	recorder_audio_config(r, sound_config, sizeof(sound_config));
	play(&c, &small, 100, true);
	recorder_free(r);
	/* 90 + 10, and 90 + 10 with sound. */
	assert_int_equal(segments_that_play(dir, false), 4);
	assert_int_equal(segments_that_play(dir, true), 2);
	assert_int_equal(lines(dir, "DISCONTINUITY$"), 1);
	assert_int_equal(lines(dir, "EXT-X-MAP"), 2);
	free(dir);
}

/* Where the picture is shown that comes as number n of GOPs of 15, or of 13, with three B-frames:
 * x264 sends 0 4 2 1 3 8 6 5 7 12 10 9 11 14 13, and x265 the same. */
static int
shown_number(int n, int gop)
{
	static const int order[15] = { 0, 4, 2, 1, 3, 8, 6, 5, 7, 12, 10, 9, 11, 14, 13 };

	return n / gop * gop + order[n % gop];
}

static void
b_frames_are_shown_in_order_and_are_no_gap(void **state)
{
	char *dir = folder("b");
	struct recorder *r = recorder_new("cam");
	struct recorder_stats s;
	struct camera c = camera(r);
	char out[32];

	(void)state;
	recorder_start(r, dir, 0);
	c.video = b_frames.video;
	c.b_frames = true;
	for (int n = 0; n < 300; n++) {
		c.video_us = c.start_us + shown_number(n, 15) * INT64_C(1000000) / FPS;
		assert_true(send_picture(&c));
	}
	s = stats_when(r, 3);
	recorder_free(r);
	assert_int_equal(s.gaps, 0);
	assert_plays(dir);
	assert_int_equal(count(dir, "v:0", "nb_read_frames"), 300);
	assert_int_equal(lines(dir, "DISCONTINUITY$"), 0);
	assert_int_equal(lines(dir, "^#EXTINF:6.0000"), 3);
	/* As the decoder gives them: 66.7 ms apart, all of them. */
	assert_int_equal(
		shell(out, sizeof(out),
			"ffprobe -v error -select_streams v -show_entries frame=pts_time -of "
			"csv=p=0 " PLAYLIST
			" | grep ^1 | awk -F, 'NR>1 {d=$1-last; if (d<0.0655 || d>0.0680) bad++} "
			"{last=$1} END {print bad+0}'",
			dir),
		0);
	assert_string_equal(out, "0");
	free(dir);
}

/* As when a sender report tells that the pictures come later than was thought. */
static void
a_clock_that_steps_back_once_is_no_b_frame(void **state)
{
	char *dir = folder("back");
	struct recorder *r = recorder_new("cam");
	struct recorder_stats s;
	struct camera c = camera(r);
	char said[256];

	(void)state;
	recorder_start(r, dir, 0);
	play(&c, &small, 100, false);
	c.start_us -= 117000;
	c.video_us -= 117000;
	while (send_picture(&c))
		;
	s = stats_when(r, 3);
	recorder_free(r);
	assert_int_equal(s.gaps, 0);
	/* FFmpeg's demuxer and decoder have nothing to say; its muxers would, of two pictures at
	 * one time. */
	assert_int_equal(
		shell(said, sizeof(said),
			"ffprobe -v warning -show_frames " PLAYLIST " 2>&1 >/dev/null", dir),
		0);
	assert_string_equal(said, "");
	assert_int_equal(count(dir, "v:0", "nb_read_frames"), 300);
	assert_int_equal(count(dir, "v:0", "has_b_frames"), 0);
	assert_int_equal(lines(dir, "DISCONTINUITY$"), 0);
	assert_int_equal(files(dir, "*.init.mp4"), 1);
	free(dir);
}

/* Every picture of the recording is the clip's, by FFmpeg's decoder. */
static void
assert_same_pictures(const char *dir, const char *clip)
{
	static const char digests[] =
		" -map 0:v -f framehash - | grep -v '^#' | awk '{print $NF}' ";

	assert_int_equal(shell(NULL, 0, "ffmpeg -nostdin -v error -i %s%s%s >%s/sent", top, clip,
				 digests, top),
		0);
	assert_int_equal(shell(NULL, 0, "ffmpeg -nostdin -v error -i " PLAYLIST "%s >%s/kept", dir,
				 digests, top),
		0);
	assert_int_equal(
		shell(NULL, 0, "test -s %s/sent && cmp %s/sent %s/kept", top, top, top), 0);
}

static void
h265_is_recorded_bit_by_bit(void **state)
{
	char *dir = folder("h265");
	struct recorder *r = recorder_new("cam");
	struct camera c = camera(r);
	char out[64];

	(void)state;
	recorder_audio_config(r, sound_config, sizeof(sound_config));
	recorder_start(r, dir, 0);
	play(&c, &h265, 300, true);
	recorder_free(r);
	assert_plays(dir);
	assert_int_equal(segments_that_play(dir, true), 4);
	assert_int_equal(
		shell(out, sizeof(out),
			"ffprobe -v error -select_streams v -show_entries stream=codec_tag_string "
			"-of default=nw=1:nk=1 " PLAYLIST " | head -1",
			dir),
		0);
	assert_string_equal(out, "hvc1");
	assert_same_pictures(dir, "/small.h265");
	free(dir);
}

static void
b_frames_of_h265_are_shown_in_order(void **state)
{
	char *dir = folder("h265-b");
	struct recorder *r = recorder_new("cam");
	struct camera c = camera(r);
	struct recorder_stats s;

	(void)state;
	recorder_start(r, dir, 0);
	c.codec = h265_b.codec;
	c.video = h265_b.video;
	c.b_frames = true;
	for (int n = 0; n < 23 * 13; n++) {
		c.video_us = c.start_us + shown_number(n, 13) * INT64_C(1000000) / FPS;
		assert_true(send_picture(&c));
	}
	s = stats_when(r, 3);
	recorder_free(r);
	assert_int_equal(s.gaps, 0);
	assert_plays(dir);
	assert_int_equal(lines(dir, "DISCONTINUITY$"), 0);
	assert_same_pictures(dir, "/b.h265");
	free(dir);
}

static void
a_camera_that_changes_to_h265_begins_a_new_init_segment(void **state)
{
	char *dir = folder("change");
	struct recorder *r = recorder_new("cam");
	struct camera c = camera(r);

	(void)state;
	recorder_start(r, dir, 0);
	play(&c, &small, 100, false);
	play(&c, &h265, 100, false);
	recorder_free(r);
	assert_int_equal(segments_that_play(dir, false), 4);
	assert_int_equal(lines(dir, "EXT-X-MAP"), 2);
	free(dir);
}

static void
a_gap_is_marked_and_counted(void **state)
{
	char *dir = folder("gap");
	struct recorder *r = recorder_new("cam");
	struct camera c = camera(r);

	(void)state;
	recorder_audio_config(r, sound_config, sizeof(sound_config));
	recorder_start(r, dir, 0);
	play(&c, &small, 100, true);
	recorder_gap(r); /* the source said so */
	pass_over(&c, 500000);
	play(&c, &small, 100, true);
	pass_over(&c, 5000000); /* nobody said so */
	play(&c, &small, 200, true);
	struct recorder_stats s = stats_when(r, 5);
	assert_int_equal(s.gaps, 2);
	assert_int_equal(s.dropped, 0);
	assert_int_equal(s.state, RECORDER_RECORDING);
	recorder_free(r);
	assert_plays(dir);
	assert_int_equal(count(dir, "v:0", "nb_read_frames"), 400);
	assert_int_equal(lines(dir, "DISCONTINUITY$"), 2);
	free(dir);
}

static void
a_camera_that_is_away_leaves_no_open_segment(void **state)
{
	char *dir = folder("away");
	struct recorder *r = recorder_new("cam");
	struct recorder_stats s;
	struct camera c = camera(r);

	(void)state;
	recorder_start(r, dir, 0);
	play(&c, &small, 100, false);
	s = stats_when(r, 2); /* 90 and 10 */
	assert_int_equal(files(dir, "*.part"), 0);
	assert_int_equal(segments_that_play(dir, false), 2);
	pass_over(&c, 5000000);
	play(&c, &small, 100, false);
	s = stats_when(r, 3);
	assert_int_equal(s.gaps, 1);
	recorder_free(r);
	assert_plays(dir);
	assert_int_equal(count(dir, "v:0", "nb_read_frames"), 200);
	assert_int_equal(lines(dir, "DISCONTINUITY$"), 1);
	free(dir);
}

static void
it_begins_with_an_idr_picture_and_is_continued(void **state)
{
	char *dir = folder("again");
	struct recorder *r = recorder_new("cam");
	struct camera c = camera(r);

	(void)state;
	recorder_start(r, dir, 0);
	c.video = small.video;
	play(&c, &small, 100, false);
	recorder_stop(r);
	play(&c, &small, 52, false); /* nobody records them */
	recorder_start(r, dir, 0);
	/* On from the 53rd picture: the next IDR picture is the 61st. */
	for (int i = 0; i < 38; i++)
		send_picture(&c);
	recorder_free(r);
	assert_plays(dir);
	assert_int_equal(count(dir, "v:0", "nb_read_frames"), 130);
	assert_int_equal(lines(dir, "DISCONTINUITY$"), 1);
	assert_int_equal(lines(dir, "ENDLIST"), 1);
	free(dir);
}

static void
one_that_ends_has_what_was_given_to_it_and_the_next_only_what_comes_since(void **state)
{
	char *dir = folder("turns");
	struct recorder *r = recorder_new("cam");
	struct camera c = camera(r);
	const int turns = 5;

	(void)state;
	c.video = small.video;
	/* Faster than the disk: all of it waits in the queue. An IDR picture is every 15th. */
	for (int turn = 0; turn < turns; turn++) {
		recorder_start(r, dir, 0);
		for (int i = 0; i < 22; i++)
			send_picture(&c);
		recorder_stop(r);
		for (int i = 0; i < 13; i++) /* nobody records them */
			send_picture(&c);
	}
	recorder_free(r);
	assert_plays(dir);
	/* Turns begin at the pictures 0, 35, 70, 105 and 140, the next IDR pictures are 0, 45, 75,
	 * 105 and 150. */
	assert_int_equal(count(dir, "v:0", "nb_read_frames"), 22 + 12 + 17 + 22 + 12);
	assert_int_equal(lines(dir, "DISCONTINUITY$"), turns - 1);
	free(dir);
}

static void
an_hour_has_a_playlist_of_its_own(void **state)
{
	char *dir = folder("hours");
	struct recorder *r = recorder_new("cam");
	struct camera c = camera(r);

	(void)state;
	/* Ten seconds before the next hour. */
	pass_over(&c, INT64_C(1790) * 1000000);
	recorder_audio_config(r, sound_config, sizeof(sound_config));
	recorder_start(r, dir, 0);
	play(&c, &small, 300, true);
	recorder_free(r);
	assert_int_equal(files(dir, "index.m3u8"), 2);
	assert_int_equal(files(dir, "*.init.mp4"), 2);
	assert_int_equal(lines(dir, "ENDLIST"), 2);
	/* 12 s, then 8 s: a segment is in the hour in which it begins. */
	assert_int_equal(shell(NULL, 0,
				 "for p in " PLAYLIST
				 "; do ffmpeg -nostdin -v error -xerror -i $p -f null - || exit 1; "
				 "done",
				 dir),
		0);
	free(dir);
}

static void
a_disk_that_refuses_is_told_and_tried_again(void **state)
{
	char *dir = folder("refused");
	struct recorder *r = recorder_new("cam");
	struct recorder_stats s;
	struct camera c = camera(r);
	ms_t deadline = clock_now() + 20000;

	(void)state;
	/* A file where the folder should be: that stops root, too. */
	assert_int_equal(shell(NULL, 0, "mkdir -p $(dirname %s) && touch %s", dir, dir), 0);
	recorder_start(r, dir, 0);
	play(&c, &small, 30, false);
	for (recorder_stats(r, &s); s.state != RECORDER_FAILED && clock_now() < deadline;
		recorder_stats(r, &s))
		usleep(1000);
	assert_int_equal(s.state, RECORDER_FAILED);
	assert_non_null(strstr(s.why, "Not a directory"));
	assert_non_null(strstr(s.why, dir));
	assert_int_equal(unlink(dir), 0);
	/* It is tried again when something is to be written. */
	while (s.segments == 0 && clock_now() < deadline) {
		play(&c, &small, 100, false);
		usleep(10000);
		recorder_stats(r, &s);
	}
	assert_int_equal(s.state, RECORDER_RECORDING);
	assert_string_equal(s.why, "");
	recorder_free(r);
	assert_plays(dir);
	free(dir);
}

/* Pictures are sent until it fails, and for two more tries: nothing changes, and one line is
 * logged. */
static void
assert_stays_failed(struct camera *c, const char *why)
{
	const int64_t warnings = log_lines(LOG_WARN), words = log_lines(LOG_INFO);
	const ms_t deadline = clock_now() + 20000;
	struct recorder_stats s;

	do {
		play(c, &small, 30, false);
		usleep(10000);
		recorder_stats(c->r, &s);
	} while (s.state != RECORDER_FAILED && clock_now() < deadline);
	for (ms_t end = clock_now() + 5000; clock_now() < end; usleep(10000)) {
		play(c, &small, 30, false);
		recorder_stats(c->r, &s);
		assert_int_equal(s.state, RECORDER_FAILED);
		assert_non_null(strstr(s.why, why));
	}
	assert_int_equal(log_lines(LOG_WARN) - warnings, 1);
	assert_int_equal(log_lines(LOG_INFO), words);
}

static void
assert_goes_on(struct camera *c)
{
	const int64_t words = log_lines(LOG_INFO);
	const ms_t deadline = clock_now() + 20000;
	struct recorder_stats s;

	recorder_stats(c->r, &s);
	for (const uint64_t segments = s.segments; s.segments == segments && clock_now() < deadline;
		usleep(10000)) {
		play(c, &small, 100, false);
		recorder_stats(c->r, &s);
	}
	assert_int_equal(s.state, RECORDER_RECORDING);
	assert_string_equal(s.why, "");
	assert_int_equal(log_lines(LOG_INFO) - words, 1);
}

/* Where the next playlist would be written is a folder: statvfs and the repair of an hour that
 * ended well see nothing of it. */
static void
trouble_lasts_until_a_segment_is_on_the_disk(void **state)
{
	char *dir = folder("flaps");
	struct recorder *r = recorder_new("cam");
	struct camera c = camera(r);

	(void)state;
	recorder_start(r, dir, 0);
	play(&c, &small, 100, false);
	recorder_free(r);
	assert_int_equal(shell(NULL, 0, "mkdir $(dirname " PLAYLIST ")/index.m3u8.part", dir), 0);
	r = c.r = recorder_new("cam");
	recorder_start(r, dir, 0);
	assert_stays_failed(&c, "index.m3u8: Is a directory");
	assert_int_equal(shell(NULL, 0, "rmdir $(dirname " PLAYLIST ")/index.m3u8.part", dir), 0);
	assert_goes_on(&c);
	recorder_free(r);
	assert_plays(dir);
	free(dir);
}

/* As a disk without a block: names and an init segment are taken, pictures are not. */
static void
a_segment_that_was_begun_is_not_on_the_disk(void **state)
{
	char *dir = folder("bytes");
	struct recorder *r = recorder_new("cam");
	struct camera c = camera(r);
	struct rlimit before;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	const struct rlimit little = { .rlim_cur = 4096, .rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	recorder_start(r, dir, 0);
	assert_stays_failed(&c, "File too large");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_goes_on(&c);
	recorder_free(r);
	assert_int_equal(files(dir, "*.part"), 0);
	assert_plays(dir);
	free(dir);
}

static void
too_little_room_is_a_full_disk(void **state)
{
	char *dir = folder("full");
	struct recorder *r = recorder_new("cam");
	struct recorder_stats s;
	struct camera c = camera(r);
	ms_t deadline = clock_now() + 20000;

	(void)state;
	recorder_start(r, dir, 100); /* nothing is that empty */
	play(&c, &small, 30, false);
	for (recorder_stats(r, &s); s.state != RECORDER_FULL && clock_now() < deadline;
		recorder_stats(r, &s))
		usleep(1000);
	assert_int_equal(s.state, RECORDER_FULL);
	assert_non_null(strstr(s.why, "less than 100 %"));
	recorder_free(r);
	assert_int_not_equal(access(dir, F_OK), 0);
	free(dir);
}

/* As a killed process leaves it: no end, a segment that no playlist names, one that is not whole.
 */
static void
what_was_left_is_repaired(void **state)
{
	char *dir = folder("repair");
	struct recorder *r = recorder_new("cam");
	struct recorder_stats s;
	struct camera c = camera(r);

	(void)state;
	recorder_start(r, dir, 0);
	play(&c, &small, 300, false);
	recorder_free(r);
	assert_int_equal(
		shell(NULL, 0,
			"cd $(dirname " PLAYLIST ") && sed -i /ENDLIST/d index.m3u8 && "
			"cp $(ls *.m4s | tail -1) 20990101T000000.000Z.m4s && "
			"head -c 100 $(ls *.m4s | head -1) >20990101T000006.000Z.m4s.part && "
			"rm $(ls *.m4s | sed -n 2p) && printf '#EXT-X-PROGRAM' >>index.m3u8",
			dir),
		0);
	r = recorder_new("cam");
	c.r = r;
	recorder_start(r, dir, 0);
	play(&c, &small, 100, false);
	s = stats_when(r, 1);
	recorder_free(r);
	assert_plays(dir);
	assert_int_equal(count(dir, "v:0", "nb_read_frames"), 300 - 90 + 100);
	assert_int_equal(files(dir, "2099*"), 0);
	/* The hole, and where it went on. */
	assert_int_equal(lines(dir, "DISCONTINUITY$"), 2);
	assert_int_equal(lines(dir, "ENDLIST"), 1);
	assert_int_equal(s.gaps, 1);
	free(dir);
}

static void
what_a_lost_playlist_named_is_not_swept(void **state)
{
	static const char *const losses[] = { ": >", "head -c 3 index.m3u8.old >", "rm -f " };
	char *dir = folder("lost");
	struct recorder *r = recorder_new("cam");
	struct camera c = camera(r);

	(void)state;
	recorder_start(r, dir, 0);
	play(&c, &small, 300, false);
	recorder_free(r);
	const double segments = files(dir, "*.m4s");
	assert_true(segments >= 3);
	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
		assert_int_equal(shell(NULL, 0,
					 "cd $(dirname " PLAYLIST ") && "
					 "cp index.m3u8 index.m3u8.old && %sindex.m3u8 && "
					 "touch 20990101T000006.000Z.m4s.part",
					 dir, losses[i]),
			0);
		r = recorder_new("cam");
		c.r = r;
		recorder_start(r, dir, 0);
		stats_when(r, 0);
		recorder_free(r);
		assert_int_equal(files(dir, "*.m4s"), segments);
		assert_int_equal(files(dir, "*.init.mp4"), 1);
		assert_int_equal(files(dir, "*.part"), 0);
	}
	/* Nor once the hour has gone on. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(shell(NULL, 0, "sed -i /ENDLIST/d " PLAYLIST, dir), 0);
		r = recorder_new("cam");
		c.r = r;
		recorder_start(r, dir, 0);
		play(&c, &small, 100, false);
		recorder_free(r);
	}
	assert_true(files(dir, "*.m4s") >= segments + 2);
	assert_plays(dir);
	assert_true(count(dir, "v:0", "nb_read_frames") >= 100);
	free(dir);
}

/* What a process does that is killed: records as fast as it can, hour after hour. */
__attribute__((noreturn)) static void
record_until_killed(const char *dir, int round)
{
	struct recorder *r = recorder_new("cam");
	struct camera c = camera(r);

	pass_over(&c, round * INT64_C(25) * 1000000);
	recorder_audio_config(r, sound_config, sizeof(sound_config));
	recorder_start(r, dir, 0);
	for (;;)
		play(&c, &small, 300, true);
}

/* As it is right after the kill, before anybody has repaired it: what the playlists name is there
 * and whole. */
static void
assert_names_what_is_there(const char *dir)
{
	assert_int_equal(shell(NULL, 0,
				 "for p in $(find %s -name index.m3u8); do cd $(dirname $p); "
				 "for f in $(grep -v ^# index.m3u8) $(sed -n "
				 "'s/^.*URI=\"\\(.*\\)\"$/\\1/p' index.m3u8); "
				 "do test -s $f || exit 1; done; done",
				 dir),
		0);
}

static void
a_process_killed_at_any_moment_leaves_what_plays(void **state)
{
	char *dir = folder("killed");
	unsigned seed = 11;

	(void)state;
	for (int round = 0; round < 60; round++) {
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			record_until_killed(dir, round);
		usleep((useconds_t)(rand_r(&seed) % 60000));
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		assert_names_what_is_there(dir);
	}
	struct recorder *r = recorder_new("cam");
	struct recorder_stats s;
	ms_t deadline = clock_now() + 20000;
	recorder_start(r, dir, 0);
	for (recorder_stats(r, &s); s.state != RECORDER_WAITING && clock_now() < deadline;
		recorder_stats(r, &s))
		usleep(1000);
	recorder_free(r);
	assert_int_equal(files(dir, "*.part"), 0);
	double playlists = files(dir, "index.m3u8");
	assert_true(playlists > 0);
	/* All but that of the hour that it is now, which goes on. */
	assert_in_range(lines_of_all(dir, "ENDLIST"), playlists - 1, playlists);
	assert_int_equal(
		shell(NULL, 0,
			"for p in $(find %s -name index.m3u8); do sed '/ENDLIST/d' $p >$p.m3u8; "
			"echo '#EXT-X-ENDLIST' >>$p.m3u8; grep -q m4s $p || continue; "
			"ffmpeg -nostdin -v error -xerror -i $p.m3u8 -f null - || exit 1; done",
			dir),
		0);
	free(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pictures_and_sound_are_all_there),
		cmocka_unit_test(times_go_on_from_segment_to_segment),
		cmocka_unit_test(without_sound_there_is_one_track),
		cmocka_unit_test(sound_whose_channels_a_program_config_element_tells_is_recorded),
		cmocka_unit_test(sound_that_mp4_cannot_hold_leaves_the_pictures),
		cmocka_unit_test(other_parameter_sets_begin_a_new_init_segment),
		cmocka_unit_test(sound_that_comes_later_begins_a_new_init_segment),
		cmocka_unit_test(a_gap_is_marked_and_counted),
		cmocka_unit_test(b_frames_are_shown_in_order_and_are_no_gap),
		cmocka_unit_test(a_clock_that_steps_back_once_is_no_b_frame),
		cmocka_unit_test(h265_is_recorded_bit_by_bit),
		cmocka_unit_test(b_frames_of_h265_are_shown_in_order),
		cmocka_unit_test(a_camera_that_changes_to_h265_begins_a_new_init_segment),
		cmocka_unit_test(a_process_killed_at_any_moment_leaves_what_plays),
		cmocka_unit_test(a_camera_that_is_away_leaves_no_open_segment),
		cmocka_unit_test(it_begins_with_an_idr_picture_and_is_continued),
		cmocka_unit_test(
			one_that_ends_has_what_was_given_to_it_and_the_next_only_what_comes_since),
		cmocka_unit_test(an_hour_has_a_playlist_of_its_own),
		cmocka_unit_test(a_disk_that_refuses_is_told_and_tried_again),
		cmocka_unit_test(trouble_lasts_until_a_segment_is_on_the_disk),
		cmocka_unit_test(a_segment_that_was_begun_is_not_on_the_disk),
		cmocka_unit_test(too_little_room_is_a_full_disk),
		cmocka_unit_test(what_was_left_is_repaired),
		cmocka_unit_test(what_a_lost_playlist_named_is_not_swept),
	};

	return cmocka_run_group_tests_name("recorder", tests, make_clips, remove_clips);
}
