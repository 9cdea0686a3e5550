/* peer_probe.c - one peer, driven by hand or by test_peer.py.
 *   peer_probe FILE.h264 [FPS]
 * Prints the offer and a line with a dot; reads the answer up to a line with a dot; then sends the
 * file's pictures, again and again, until stdin ends. Prints what happens, a line each:
 *   phase NAME MICROSECONDS DETAIL | failed ERR SENTENCE | refused ERR SENTENCE
 *   stats packets=N bytes=N dropped=N batches=N rejected=N rtcp=N      twice a second */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <glib-unix.h>
#include <glib.h>

#include "common/clock.h"
#include "common/err.h"
#include "worker/dtls.h"
#include "worker/peer.h"
#include "worker/rtp.h"
#include "worker/video_codec.h"

#define SSRC 0x00c0ffee
#define PT 106
#define FPS 30
#define ANSWER_MAX 65536
/* One key frame of 1080p. */
#define PICTURE_PACKETS_MAX 600

struct probe {
	GMainLoop *loop;
	struct peer *peer;
	unsigned rtcp;
	int exit_code;
	/* the sending thread's */
	pthread_t thread;
	bool sending; /* thread runs */
	atomic_bool stop;
	uint8_t *file;
	size_t file_len;
	unsigned fps;
	uint16_t seq;
	uint8_t bytes[PICTURE_PACKETS_MAX][RTP_PACKET_MAX];
	struct peer_packet packets[PICTURE_PACKETS_MAX];
	size_t count;
};

/* ---- media: Annex B, one slice a picture ----------------------------------------------------- */

static uint8_t *
room(struct rtp_slot slot, void *arg)
{
	struct probe *p = arg;
	const struct rtp_header h = { .marker = slot.marker,
		.pt = PT,
		.seq = p->seq++,
		.timestamp = slot.timestamp,
		.ssrc = SSRC };
	uint8_t *packet = p->bytes[p->count];

	if (p->count == PICTURE_PACKETS_MAX || slot.len > RTP_PAYLOAD_MAX)
		abort();
	rtp_write_header(packet, &h);
	p->packets[p->count++] =
		(struct peer_packet){ .data = packet, .len = RTP_HEADER_BYTES + slot.len };
	return packet + RTP_HEADER_BYTES;
}

/* Where the NAL unit after the next start code begins; the file's end if there is none. */
static const uint8_t *
find_nal(const uint8_t *at, const uint8_t *end)
{
	for (; at + 3 < end; at++)
		if (at[0] == 0 && at[1] == 0 && at[2] == 1)
			return at + 3;
	return end;
}

/* Packetizes the NAL units up to the next slice; returns where that ends, NULL at the file's end.
 */
static const uint8_t *
next_picture(struct probe *p, struct rtp_packetizer *r, const uint8_t *nal, uint32_t timestamp)
{
	const uint8_t *end = p->file + p->file_len;

	while (nal < end) {
		const uint8_t *next = find_nal(nal, end);
		const uint8_t *nal_end = next == end ? end : next - 3;
		const bool slice = (nal[0] & 31) == 1 || (nal[0] & 31) == 5;

		while (nal_end > nal && nal_end[-1] == 0)
			nal_end--;
		rtp_packetizer_nal(r, nal, (size_t)(nal_end - nal), timestamp, slice);
		nal = next;
		if (slice)
			return nal;
	}
	return NULL;
}

static void *
send_pictures(void *arg)
{
	struct probe *p = arg;
	const struct rtp_config config = { .payload_max = RTP_PAYLOAD_MAX, .room = room, .arg = p };
	struct rtp_packetizer *r = rtp_packetizer_new(&config);
	const uint8_t *first = find_nal(p->file, p->file + p->file_len);
	const uint8_t *at = first;
	int64_t due_us = clock_now_us();

	rtp_packetizer_set_codec(r, &video_h264);
	for (uint32_t n = 0; !atomic_load(&p->stop); n++) {
		struct timespec due = { due_us / 1000000, due_us % 1000000 * 1000 };

		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
		due_us += 1000000 / p->fps;
		p->count = 0;
		at = next_picture(p, r, at, n * (90000 / p->fps));
		if (at == NULL)
			at = first;
		peer_send(p->peer, p->packets, p->count);
	}
	rtp_packetizer_free(r);
	return NULL;
}

static void
read_file(struct probe *p, const char *path)
{
	gchar *bytes = NULL;
	gsize len = 0;

	if (!g_file_get_contents(path, &bytes, &len, NULL) || len < 100) {
		fprintf(stderr, "peer_probe: cannot read %s\n", path);
		exit(66);
	}
	p->file = (uint8_t *)bytes;
	p->file_len = len;
}

/* ---- events ---------------------------------------------------------------------------------- */

static void
on_phase(void *arg, enum peer_phase phase, int64_t since_start_us, const char *detail)
{
	struct probe *p = arg;

	printf("phase %s %" PRId64 " %s\n", peer_phase_name(phase), since_start_us, detail);
	if (phase == PEER_DTLS)
		p->sending = pthread_create(&p->thread, NULL, send_pictures, p) == 0;
}

static void
on_failed(void *arg, int err, const char *why)
{
	struct probe *p = arg;

	printf("failed %d %s\n", err, why);
	p->exit_code = 1;
	g_main_loop_quit(p->loop);
}

static void
on_rtcp(void *arg, const uint8_t *bytes, size_t len)
{
	struct probe *p = arg;

	(void)bytes;
	(void)len;
	p->rtcp++;
}

static gboolean
on_stats(gpointer arg)
{
	struct probe *p = arg;
	struct peer_stats s;

	peer_stats(p->peer, &s);
	printf("stats packets=%" PRIu64 " bytes=%" PRIu64 " dropped=%" PRIu64 " batches=%" PRIu64
	       " rejected=%" PRIu64 " rtcp=%u\n",
		s.packets, s.bytes, s.dropped, s.batches, s.rejected, p->rtcp);
	return G_SOURCE_CONTINUE;
}

static gboolean
on_stdin(gint fd, GIOCondition condition, gpointer arg)
{
	struct probe *p = arg;
	char junk[100];

	(void)condition;
	if (read(fd, junk, sizeof(junk)) > 0)
		return G_SOURCE_CONTINUE;
	g_main_loop_quit(p->loop);
	return G_SOURCE_REMOVE;
}

/* ---- the conversation ------------------------------------------------------------------------ */

static size_t
read_answer(char *answer)
{
	char line[2048];
	size_t len = 0;

	while (fgets(line, sizeof(line), stdin) != NULL && strcmp(line, ".\n") != 0) {
		const size_t n = strlen(line);

		if (len + n > ANSWER_MAX)
			exit(65);
		memcpy(answer + len, line, n);
		len += n;
	}
	return len;
}

static int
offer_and_answer(struct probe *p)
{
	static char answer[ANSWER_MAX];
	char *offer = peer_offer(p->peer);
	char why[200];
	int err;

	if (offer == NULL)
		return ERR_NOMEM;
	printf("%s.\n", offer);
	free(offer);
	err = peer_answer(p->peer, answer, read_answer(answer), why, sizeof(why));
	if (err != 0)
		printf("refused %d %s\n", err, why);
	return err;
}

static void
run(struct probe *p)
{
	g_timeout_add(500, on_stats, p);
	g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, on_stdin, p);
	g_main_loop_run(p->loop);
	atomic_store(&p->stop, true);
	peer_close(p->peer);
	if (p->sending)
		pthread_join(p->thread, NULL);
	on_stats(p);
}

int
main(int argc, char **argv)
{
	static struct probe p;
	const struct sdp_media video = {
		.kind = SDP_VIDEO,
		.mid = "0",
		.pt = PT,
		.rtpmap = "H264/90000",
		.fmtp = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
		.ssrc = SSRC,
		.track_id = "video",
		.feedback = true,
	};
	struct dtls_identity *identity = NULL;
	struct peer_config config = {
		.loop = g_main_context_default(),
		.camera = "probe",
		.cname = "probe",
		.stream_id = "probe",
		.media = &video,
		.media_count = 1,
		.events = { on_phase, on_failed, on_rtcp, &p },
	};

	if (argc < 2)
		return 64;
	setvbuf(stdout, NULL, _IOLBF, 0);
	read_file(&p, argv[1]);
	p.seq = 30000; /* so that ten seconds of tests do not wrap it, and longer ones do */
	p.fps = argc > 2 ? (unsigned)atoi(argv[2]) : FPS;
	p.loop = g_main_loop_new(NULL, FALSE);
	if (dtls_identity_new(&identity) != 0)
		return 70;
	config.identity = identity;
	if (peer_new(&p.peer, &config) != 0)
		return 70;
	p.exit_code = offer_and_answer(&p) != 0;
	if (p.exit_code == 0)
		run(&p);
	peer_free(p.peer);
	dtls_identity_free(identity);
	g_main_loop_unref(p.loop);
	g_free(p.file);
	return p.exit_code;
}
