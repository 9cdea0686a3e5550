/* loopback_ifaddrs.c - LD_PRELOAD shim that makes Debian's Janus usable as Cloudflare's stand-in.
 * Owns seven small lies, all about things Janus has no setting for:
 *   getifaddrs              127.0.0.1 is the only interface (Janus skips every loopback one)
 *   nice_agent_add_stream   ICE credentials as long as Cloudflare's (ufrag 64, pwd 32)
 *   nice_agent_attach_recv  keeps a ClientHello that arrives before libnice says "connected"
 *   SSL_CTX_set_tlsext_use_srtp  the profiles of CAMRELAY_SIM_SRTP instead of Janus' own
 *   socket                  room for what comes while a busy machine keeps Janus from reading
 *   srtp_unprotect          loses incoming RTP at random, before SRTP sees it
 *   srtp_protect_rtcp       counts the PLI, FIR and NACK that leave, per media SSRC
 * Loss and counters are in a file shared with cloudflare.py (CAMRELAY_SIM_SHM). Any thread.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define SLOTS 1024 /* a power of two; cloudflare_janus.py has the same number */
#define UFRAG_CHARS 64
#define PWD_CHARS 32
#define SRTP_ERR_REPLAY_FAIL 9 /* Janus passes over it without a word */

/* A stream's 2 Mbit/s for seconds; the kernel's own 208 kB are a key picture and 300 ms. */
#define DATAGRAM_BUFFER_BYTES (4 << 20)
#define SOCKET_TYPE_MASK 0xf /* without SOCK_CLOEXEC, SOCK_NONBLOCK */

#define NICE_COMPONENT_STATE_CONNECTED 3 /* enum NiceComponentState */
#define DTLS_FIRST_BYTE_MIN 20           /* RFC 7983 */
#define DTLS_FIRST_BYTE_MAX 63
#define EARLY_BYTES 2048
#define EARLY_POLL_MS 3
#define EARLY_POLLS_MAX 100

#define RTCP_RTPFB 205 /* RFC 4585 6.1 */
#define RTCP_PSFB 206
#define FMT_NACK 1
#define FMT_PLI 1
#define FMT_FIR 4

struct counters {
	_Atomic uint32_t ssrc, pli, fir, nack_packets, nacked_seqs, lost;
};

struct shared {
	_Atomic uint32_t loss_ppm;
	uint32_t reserved;
	struct counters slots[SLOTS];
};

static struct shared *shared;

static void *
real(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

__attribute__((constructor)) static void
shared_open(void)
{
	const char *path = getenv("CAMRELAY_SIM_SHM");
	int fd = path ? open(path, O_RDWR) : -1;
	void *at;

	if (fd < 0)
		return;
	at = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (at != MAP_FAILED)
		shared = at;
}

static struct counters *
counters_of(uint32_t ssrc)
{
	uint32_t i, free_ssrc;

	for (i = 0; shared && ssrc && i < SLOTS; i++) {
		struct counters *c = &shared->slots[(ssrc + i) & (SLOTS - 1)];
		free_ssrc = 0;
		if (c->ssrc == ssrc || atomic_compare_exchange_strong(&c->ssrc, &free_ssrc, ssrc) ||
			free_ssrc == ssrc)
			return c;
	}
	return NULL;
}

static uint32_t
be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

int
getifaddrs(struct ifaddrs **list)
{
	int (*next)(struct ifaddrs **) = real("getifaddrs");
	int rc = next(list);

	for (struct ifaddrs *i = rc == 0 ? *list : NULL; i; i = i->ifa_next) {
		if (i->ifa_flags & IFF_LOOPBACK)
			i->ifa_flags &= ~(unsigned)IFF_LOOPBACK;
		else
			i->ifa_flags &= ~(unsigned)IFF_UP;
	}
	return rc;
}

/* net.core.rmem_max may allow less, which is no reason to fail. */
int
socket(int domain, int type, int protocol)
{
	int (*next)(int, int, int) = real("socket");
	int fd = next(domain, type, protocol);
	const int size = DATAGRAM_BUFFER_BYTES;

	if (fd >= 0 && (type & SOCKET_TYPE_MASK) == SOCK_DGRAM)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd;
}

static void
random_text(char *out, size_t chars, const char *alphabet)
{
	uint8_t random[UFRAG_CHARS];
	size_t n = strlen(alphabet);

	if (getrandom(random, chars, 0) != (ssize_t)chars)
		abort();
	for (size_t i = 0; i < chars; i++)
		out[i] = alphabet[random[i] % n];
	out[chars] = '\0';
}

unsigned
nice_agent_add_stream(void *agent, unsigned components)
{
	unsigned (*next)(void *, unsigned) = real("nice_agent_add_stream");
	int (*set)(void *, unsigned, const char *, const char *) =
		real("nice_agent_set_local_credentials");
	char ufrag[UFRAG_CHARS + 1], pwd[PWD_CHARS + 1];
	unsigned stream = next(agent, components);

	random_text(ufrag, UFRAG_CHARS, "0123456789abcdef");
	random_text(pwd, PWD_CHARS, "abcdefghijklmnopqrstuvwxyz");
	if (stream != 0)
		set(agent, stream, ufrag, pwd);
	return stream;
}

/* One PeerConnection's way from libnice to Janus. Lives as long as the process: 56 bytes each. */
struct receiver {
	void (*next)(void *, unsigned, unsigned, unsigned, char *, void *);
	void *agent, *data, *context;
	unsigned stream, component;
	unsigned early_bytes; /* of early; 0 = no packet is kept */
	unsigned polls;
	char *early;
};

static int
receiver_connected(const struct receiver *r)
{
	unsigned (*state)(void *, unsigned, unsigned) = real("nice_agent_get_component_state");

	return state(r->agent, r->stream, r->component) >= NICE_COMPONENT_STATE_CONNECTED;
}

static int
receiver_replay(void *arg)
{
	struct receiver *r = arg;

	int connected = receiver_connected(r);

	if (!connected && ++r->polls < EARLY_POLLS_MAX)
		return 1; /* G_SOURCE_CONTINUE */
	if (connected)
		r->next(r->agent, r->stream, r->component, r->early_bytes, r->early, r->data);
	free(r->early);
	r->early = NULL;
	r->early_bytes = 0;
	return 0;
}

static void
receiver_keep(struct receiver *r, const char *packet, unsigned bytes)
{
	void *(*timer_new)(unsigned) = real("g_timeout_source_new");
	void (*set)(void *, int (*)(void *), void *, void *) = real("g_source_set_callback");
	unsigned (*attach)(void *, void *) = real("g_source_attach");
	void (*unref)(void *) = real("g_source_unref");
	void *timer;

	r->early = malloc(bytes);
	if (!r->early)
		return;
	memcpy(r->early, packet, bytes);
	r->early_bytes = bytes;
	timer = timer_new(EARLY_POLL_MS);
	set(timer, receiver_replay, r, NULL);
	attach(timer, r->context);
	unref(timer);
}

static void
receiver_on_packet(
	void *agent, unsigned stream, unsigned component, unsigned bytes, char *packet, void *arg)
{
	struct receiver *r = arg;
	int dtls =
		bytes > 0 && packet[0] >= DTLS_FIRST_BYTE_MIN && packet[0] <= DTLS_FIRST_BYTE_MAX;

	/* Janus 1.1.2 drops DTLS until libnice's own check has been answered, 20 ms after a peer
	 * without candidates has nominated; the peer would wait a second for its retransmission.
	 * Cloudflare takes the first one. */
	if (dtls && !r->early && bytes <= EARLY_BYTES && !receiver_connected(r))
		receiver_keep(r, packet, bytes);
	else
		r->next(agent, stream, component, bytes, packet, r->data);
}

int
nice_agent_attach_recv(void *agent, unsigned stream, unsigned component, void *context,
	void (*func)(void *, unsigned, unsigned, unsigned, char *, void *), void *data)
{
	int (*next)(void *, unsigned, unsigned, void *, void *, void *) =
		real("nice_agent_attach_recv");
	struct receiver *r = func ? calloc(1, sizeof *r) : NULL;

	if (!r)
		return next(agent, stream, component, context, (void *)func, data);
	*r = (struct receiver){ .next = func,
		.agent = agent,
		.data = data,
		.context = context,
		.stream = stream,
		.component = component };
	return next(agent, stream, component, context, (void *)receiver_on_packet, r);
}

int
SSL_CTX_set_tlsext_use_srtp(void *context, const char *profiles)
{
	int (*next)(void *, const char *) = real("SSL_CTX_set_tlsext_use_srtp");
	const char *wanted = getenv("CAMRELAY_SIM_SRTP");

	return next(context, wanted ? wanted : profiles);
}

int
srtp_unprotect(void *ctx, void *packet, int *length)
{
	int (*next)(void *, void *, int *) = real("srtp_unprotect");
	static _Atomic uint32_t state = 1;
	struct counters *c;

	if (!shared || shared->loss_ppm == 0 || *length < 12)
		return next(ctx, packet, length);
	state = state * 1664525u + 1013904223u; /* Numerical Recipes; a race only adds noise */
	if ((uint64_t)state * 1000000u >> 32 >= shared->loss_ppm)
		return next(ctx, packet, length);
	c = counters_of(be32((uint8_t *)packet + 8));
	if (c)
		c->lost++;
	return SRTP_ERR_REPLAY_FAIL;
}

static void
count_nack(struct counters *c, const uint8_t *fci, size_t bytes)
{
	c->nack_packets++;
	for (; bytes >= 4; fci += 4, bytes -= 4)
		c->nacked_seqs += 1 + (uint32_t)__builtin_popcount(be32(fci) & 0xffff);
}

static void
count_feedback(const uint8_t *p, size_t bytes)
{
	unsigned type = p[1], fmt = p[0] & 31;
	int fir = type == RTCP_PSFB && fmt == FMT_FIR;
	struct counters *c;

	if ((type != RTCP_RTPFB && type != RTCP_PSFB) || bytes < (fir ? 16u : 12u))
		return;
	c = counters_of(be32(p + (fir ? 12 : 8))); /* RFC 5104 4.3.1: a FIR names it in its FCI */
	if (!c)
		return;
	if (fir)
		c->fir++;
	else if (type == RTCP_PSFB && fmt == FMT_PLI)
		c->pli++;
	else if (type == RTCP_RTPFB && fmt == FMT_NACK)
		count_nack(c, p + 12, bytes - 12);
}

int
srtp_protect_rtcp(void *ctx, void *packet, int *length)
{
	int (*next)(void *, void *, int *) = real("srtp_protect_rtcp");
	const uint8_t *p = packet;
	size_t left = *length > 0 ? (size_t)*length : 0;

	while (shared && left >= 8) {
		size_t bytes = 4 * (1 + ((size_t)p[2] << 8 | p[3]));
		if (bytes > left)
			break;
		count_feedback(p, bytes);
		p += bytes;
		left -= bytes;
	}
	return next(ctx, packet, length);
}
