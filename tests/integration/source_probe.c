/* source_probe.c - opens a camera with worker/source.h and tells as JSON lines what comes out.
 * For tests/integration/test_source.py and for measuring by hand. */
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/err.h"
#include "worker/source.h"

struct probe {
	struct source_config config;
	const char *dump;     /* file for the NAL units in Annex B */
	int64_t interrupt_us; /* from the start on; 0: never */
	int64_t seconds;      /* of media, by the clock; 0: until the end */
	int64_t nals;         /* 0: no limit */
	int64_t pause_us;     /* before each read: a slow reader */
	bool quiet;           /* no line for each NAL unit */
	struct source *source;
	int64_t first_timestamp; /* times are told from there */
	int64_t interrupted_us;  /* when source_interrupt was called */
	int64_t count;
	int64_t units; /* NAL units that ended an access unit */
	FILE *out;
};

static const struct option options[] = {
	{ .name = "ca-file", .has_arg = required_argument, .val = 'c' },
	{ .name = "no-verify", .has_arg = no_argument, .val = 'n' },
	{ .name = "answer-ms", .has_arg = required_argument, .val = 'a' },
	{ .name = "stall-ms", .has_arg = required_argument, .val = 's' },
	{ .name = "interrupt-ms", .has_arg = required_argument, .val = 'i' },
	{ .name = "seconds", .has_arg = required_argument, .val = 't' },
	{ .name = "nals", .has_arg = required_argument, .val = 'N' },
	{ .name = "pause-ms", .has_arg = required_argument, .val = 'p' },
	{ .name = "dump", .has_arg = required_argument, .val = 'd' },
	{ .name = "udp", .has_arg = no_argument, .val = 'u' },
	{ .name = "sound", .has_arg = no_argument, .val = 'S' },
	{ .name = "quiet", .has_arg = no_argument, .val = 'q' },
	{ .name = NULL },
};

static void
parse_option(struct probe *p, int c)
{
	switch (c) {
	case 'c':
		p->config.ca_file = optarg;
		break;
	case 'n':
		p->config.tls_verify = false;
		break;
	case 'a':
		p->config.answer_ms = atoll(optarg);
		break;
	case 's':
		p->config.stall_ms = atoll(optarg);
		break;
	case 'i':
		p->interrupt_us = atoll(optarg) * 1000;
		break;
	case 't':
		p->seconds = atoll(optarg);
		break;
	case 'N':
		p->nals = atoll(optarg);
		break;
	case 'p':
		p->pause_us = atoll(optarg) * 1000;
		break;
	case 'd':
		p->dump = optarg;
		break;
	case 'u':
		p->config.udp = true;
		break;
	case 'S':
		p->config.sound = true;
		break;
	case 'q':
		p->quiet = true;
		break;
	default:
		exit(64);
	}
}

static void *
interrupt_later(void *arg)
{
	struct probe *p = arg;

	usleep((useconds_t)p->interrupt_us);
	p->interrupted_us = clock_now_us();
	source_interrupt(p->source);
	return NULL;
}

static double
cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void
tell_open(const struct probe *p)
{
	const struct source_times *t = source_times(p->source);
	size_t len;
	const uint8_t *sets = source_parameter_sets(p->source, &len);

	printf("{\"event\":\"open\",\"connect_us\":%" PRId64 ",\"secure_us\":%" PRId64
	       ",\"play_us\":%" PRId64 ",\"parameter_sets\":\"",
		t->connected_us - t->started_us, t->secured_us - t->connected_us,
		t->playing_us - t->secured_us);
	for (size_t i = 0; i < len; i++)
		printf("%02x", sets[i]);
	printf("\"}\n");
	fflush(stdout);
}

static void
tell_nal(struct probe *p, const struct nal_unit *n)
{
	static const uint8_t code[] = { 0, 0, 0, 1 };

	if (p->count++ == 0)
		p->first_timestamp = n->timestamp;
	p->units += n->last;
	if (p->out) {
		fwrite(code, 1, sizeof(code), p->out);
		fwrite(n->data, 1, n->len, p->out);
	}
	if (p->quiet)
		return;
	printf("{\"event\":\"nal\",\"type\":%d,\"len\":%zu,\"ts\":%" PRId64 ",\"at_us\":%" PRId64
	       ",\"us\":%" PRId64 ",\"handed_us\":%" PRId64 ",\"last\":%s,\"gap\":%s}\n",
		n->data[0] & 0x1f, n->len, n->timestamp - p->first_timestamp, n->at_us,
		n->arrived_us, clock_now_us(), n->last ? "true" : "false",
		n->gap ? "true" : "false");
	fflush(stdout);
}

/* Its RTP timestamp is told as it came. */
static void
tell_sound(const struct probe *p, const struct audio_unit *u)
{
	if (p->quiet)
		return;
	printf("{\"event\":\"sound\",\"len\":%zu,\"rtp\":%u,\"at_us\":%" PRId64 ",\"us\":%" PRId64
	       ",\"gap\":%s}\n",
		u->len, u->rtp_timestamp, u->at_us, u->now_us, u->gap ? "true" : "false");
	fflush(stdout);
}

static int
read_all(struct probe *p)
{
	int64_t until = p->seconds ? clock_now_us() + p->seconds * 1000000 : INT64_MAX;
	struct source_unit unit;
	int err = 0;

	while (!err && clock_now_us() < until && (!p->nals || p->count < p->nals)) {
		if (p->pause_us)
			usleep((useconds_t)p->pause_us);
		err = source_read(p->source, &unit);
		if (!err && unit.kind == SOURCE_PICTURE)
			tell_nal(p, &unit.nal);
		else if (!err)
			tell_sound(p, &unit.sound);
	}
	return err;
}

static void
tell_end(const struct probe *p, int err, int64_t ended_us, double cpu, double wall)
{
	const struct source_error *e = source_error(p->source);

	printf("{\"event\":\"end\",\"err\":%d,\"err_text\":\"%s\",\"rtsp_status\":%d,"
	       "\"text\":\"%s\",\"nals\":%" PRId64 ",\"units\":%" PRId64
	       ",\"after_interrupt_us\":%" PRId64 ",\"cpu\":%.4f,\"wall\":%.4f}\n",
		err, err_text(err), err ? e->rtsp_status : 0, err ? e->text : "", p->count,
		p->units, p->interrupted_us ? ended_us - p->interrupted_us : -1, cpu, wall);
	fflush(stdout);
}

static int
run(struct probe *p)
{
	pthread_t thread;
	int64_t started = clock_now_us();

	p->source = source_new(&p->config);
	if (p->interrupt_us)
		pthread_create(&thread, NULL, interrupt_later, p);
	int err = source_open(p->source);
	double cpu = cpu_seconds();
	int64_t opened = clock_now_us();
	if (!err) {
		tell_open(p);
		err = read_all(p);
	}
	int64_t ended = clock_now_us();
	cpu = cpu_seconds() - cpu;
	if (p->interrupt_us)
		pthread_join(thread, NULL);
	tell_end(p, err, ended, cpu, (double)(ended - (err == 0 ? opened : started)) / 1e6);
	source_free(p->source);
	printf("{\"event\":\"freed\",\"us\":%" PRId64 "}\n", clock_now_us() - ended);
	return err;
}

int
main(int argc, char **argv)
{
	struct probe p = { .config = { .tls_verify = true } };
	int c;

	signal(SIGPIPE, SIG_IGN);
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		parse_option(&p, c);
	if (optind != argc - 1) {
		fprintf(stderr, "usage: source_probe [options] URL\n");
		return 64;
	}
	p.config.url = argv[optind];
	p.out = p.dump ? fopen(p.dump, "wb") : NULL;
	int err = run(&p);
	if (p.out)
		fclose(p.out);
	return err ? 1 : 0;
}
