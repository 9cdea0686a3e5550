/* bench_sender.c - CPU time of sending a packet: sealed and sent singly, or in batches by GSO.
 *   make build/tests/bench/bench_sender && build/tests/bench/bench_sender
 * A picture is 7 packets of 1200 bytes (720p30 at 2 Mbit/s); the receiver is drained beside it and
 * not counted, but what loopback does inside sendmsg is. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "worker/sender.h"
#include "worker/srtp.h"
#include "worker/udp_path.h"

#define PICTURES 20000
#define PACKETS 7
#define BYTES 1200

struct bench {
	struct sender *sender;
	struct udp_path *path;
	struct srtp *srtp;
	uint16_t seq;
};

static int64_t
cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void *
drain(void *arg)
{
	char bytes[2048];

	while (recv(*(int *)arg, bytes, sizeof(bytes), 0) > 0)
		;
	return NULL;
}

static void
on_first(void *arg)
{
	(void)arg;
}

/* per_call: packets handed over at a time. */
static double
run(struct bench *b, size_t per_call)
{
	static uint8_t bytes[PACKETS][BYTES];
	struct peer_packet packets[PACKETS];
	const int64_t start = cpu_ns();

	for (int picture = 0; picture < PICTURES; picture++) {
		for (size_t i = 0; i < PACKETS; i++, b->seq++) {
			memcpy(bytes[i],
				(uint8_t[12]){ 0x80, 96, (uint8_t)(b->seq >> 8), (uint8_t)b->seq },
				12);
			packets[i] = (struct peer_packet){ .data = bytes[i], .len = BYTES };
		}
		for (size_t i = 0; i < PACKETS; i += per_call)
			sender_send(b->sender, packets + i, per_call);
	}
	return (double)(cpu_ns() - start) / PICTURES / PACKETS;
}

static double
seal_only(struct srtp *srtp)
{
	static uint8_t bytes[BYTES + SRTP_TRAILER_MAX];
	const int64_t start = cpu_ns();

	for (int i = 0; i < PICTURES * PACKETS; i++) {
		size_t len = BYTES;

		memcpy(bytes, (uint8_t[12]){ 0x80, 96, (uint8_t)(i >> 8), (uint8_t)i, [11] = 7 },
			12);
		srtp_seal_rtp(srtp, bytes, &len);
	}
	return (double)(cpu_ns() - start) / PICTURES / PACKETS;
}

static void
bench(enum srtp_profile profile, struct udp_path *path)
{
	const struct srtp_keys keys = { .profile = profile };
	struct bench b = { .path = path };
	struct peer_stats stats;
	double seal, singly, batched;

	if (srtp_new(&b.srtp, &keys) != 0)
		exit(1);
	b.sender = sender_new(path, on_first, NULL);
	sender_open(b.sender, b.srtp);
	run(&b, PACKETS); /* warm */
	seal = seal_only(b.srtp);
	singly = run(&b, 1);
	batched = run(&b, PACKETS);
	sender_stats(b.sender, &stats);
	printf("%-22s seal %5.0f ns, sent singly %5.0f ns, %d at once %5.0f ns a packet; "
	       "%llu dropped\n",
		srtp_profile_name(profile), seal, singly, PACKETS, batched,
		(unsigned long long)stats.dropped);
	sender_free(b.sender);
	srtp_free(b.srtp);
}

int
main(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(to);
	int sink = socket(AF_INET, SOCK_DGRAM, 0), source = socket(AF_INET, SOCK_DGRAM, 0);
	struct udp_path *path = udp_path_new();
	pthread_t drainer;

	if (bind(sink, (struct sockaddr *)&to, len) != 0 ||
		getsockname(sink, (struct sockaddr *)&to, &len) != 0 ||
		udp_path_set(path, source, (struct sockaddr *)&to, len) != 0 ||
		pthread_create(&drainer, NULL, drain, &sink) != 0)
		return 1;
	bench(SRTP_AES128_GCM, path);
	bench(SRTP_AES128_CM_SHA1, path);
	shutdown(sink, SHUT_RD);
	pthread_join(drainer, NULL);
	udp_path_free(path);
	return 0;
}
