/* ice.c - finds a path to the peer by libnice and keeps it (RFC 8445, RFC 7675).
 * Owns the agent until it has found the path, and then what keeps it; and the path. Knows nothing
 * of DTLS or RTP. Loop thread. */
#include "worker/ice.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gio/gio.h>
#include <nice/agent.h>

#include "common/clock.h"
#include "common/err.h"
#include "worker/consent.h"
#include "worker/loop.h"
#include "worker/udp_path.h"

/* RTP and RTCP share it (RFC 8843 9.3 with rtcp-mux). */
#define COMPONENT 1

/* RFC 8445 14.2: Ta is 5 ms at least. libnice sends its first check one Ta after the answer, and
 * its own 20 ms would be most of the time that ICE takes to an SFU with one candidate. */
#define PACING_MS 5

/* RFC 8489 6.2.1: a request is sent seven times, first after 500 ms and then after twice as long
 * each time. libnice's own three are over after 1.5 s, and it asks no more. */
#define CHECKS_MAX 7

/* A pair that is better than the one that was found may be found for so long: as long as the first
 * may take (peer.c). */
#define SETTLE_MS 10000

/* RFC 8445 8.3.1: an agent that has concluded goes on answering on its other candidates for 3 s,
 * since the peer may have chosen another pair until then. */
#define CONCLUDED_MS 3000

/* RFC 768: its length has 16 bits. */
#define DATAGRAM_MAX 65536

/* libnice compares 20 bytes from where a MESSAGE-INTEGRITY begins, however short it says it is. */
#define BEYOND 20

struct ice {
	struct ice_events events;
	GMainContext *loop;
	NiceAgent *agent; /* NULL once the path is kept without it */
	guint stream;
	gchar *ufrag;
	gchar *pwd;
	struct udp_path *path;   /* the selected pair */
	struct consent *consent; /* from ice_start on */
	ms_t selected;           /* when the peer answered for that pair */
	GSource *settle;         /* CONNECTED, until it is kept */
	GSource *readable;       /* since it is: what comes by it, */
	GSource *due;            /* and what consent has to do */
	enum { TRYING, CONNECTED, ENDED } state;
};

/* ---- addresses ------------------------------------------------------------------------------- */

static bool
parse_address(const char *address, uint16_t port, NiceAddress *out)
{
	nice_address_init(out);
	if (!nice_address_set_from_string(out, address))
		return false;
	nice_address_set_port(out, port);
	return true;
}

static socklen_t
to_sockaddr(const NiceAddress *address, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof(*out));
	nice_address_copy_to_sockaddr(address, (struct sockaddr *)out);
	return nice_address_ip_version(address) == 6 ? sizeof(struct sockaddr_in6)
						     : sizeof(struct sockaddr_in);
}

/* The local address that the kernel would send from: connect(2) on UDP looks up the route and sends
 * nothing. */
static bool
find_route(const NiceAddress *remote, NiceAddress *local)
{
	struct sockaddr_storage sa;
	socklen_t len = to_sockaddr(remote, &sa);
	int fd = socket(sa.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok;

	if (fd < 0)
		return false;
	ok = connect(fd, (struct sockaddr *)&sa, len) == 0 &&
	     getsockname(fd, (struct sockaddr *)&sa, &len) == 0;
	close(fd);
	if (!ok)
		return false;
	nice_address_init(local);
	nice_address_set_from_sockaddr(local, (struct sockaddr *)&sa);
	nice_address_set_port(local, 0);
	return true;
}

static void
describe(NiceCandidate *c, char *out, size_t size)
{
	char address[NICE_ADDRESS_STRING_LEN];

	nice_address_to_string(&c->addr, address);
	snprintf(out, size, nice_address_ip_version(&c->addr) == 6 ? "[%s]:%u %s" : "%s:%u %s",
		address, nice_address_get_port(&c->addr), nice_candidate_type_to_string(c->type));
}

/* ---- the agent ------------------------------------------------------------------------------- */

static void
free_agent(struct ice *ice)
{
	if (ice->agent == NULL)
		return;
	g_signal_handlers_disconnect_by_data(ice->agent, ice);
	if (ice->stream != 0)
		nice_agent_remove_stream(ice->agent, ice->stream);
	g_object_unref(ice->agent);
	ice->agent = NULL;
}

/* ---- the path, once it is found -------------------------------------------------------------- */

static void
clear_sources(struct ice *ice)
{
	loop_clear(&ice->settle);
	loop_clear(&ice->readable);
	loop_clear(&ice->due);
}

static void
fail(struct ice *ice, int err, const char *why)
{
	if (ice->state == ENDED)
		return;
	ice->state = ENDED;
	clear_sources(ice);
	ice->events.on_failed(ice->events.arg, err, why);
}

static gboolean on_due(gpointer arg);

/* Asks if it is time, and ends what has no consent. */
static void
advance(struct ice *ice)
{
	const ms_t now = clock_now();
	uint8_t check[CONSENT_MESSAGE_MAX];
	size_t len;

	switch (consent_state(ice->consent, now)) {
	case CONSENT_GIVEN:
		break;
	case CONSENT_EXPIRED:
		fail(ice, ERR_UNREACHABLE, "the peer stopped answering ICE consent checks");
		return;
	case CONSENT_REVOKED:
		fail(ice, ERR_UNREACHABLE, "the peer took its ICE consent back (403)");
		return;
	}
	len = consent_ask(ice->consent, now, check);
	if (len > 0)
		udp_path_send(ice->path, check, len, len);
	loop_timer(ice->loop, &ice->due, consent_due(ice->consent) - now, on_due, ice);
}

static gboolean
on_due(gpointer arg)
{
	advance(arg);
	return G_SOURCE_REMOVE;
}

static void
on_stun(struct ice *ice, const uint8_t *bytes, size_t len)
{
	uint8_t answer[CONSENT_MESSAGE_MAX];
	socklen_t peer_len;
	const struct sockaddr_storage *peer = udp_path_peer(ice->path, &peer_len);
	const size_t answer_len =
		consent_receive(ice->consent, bytes, len, peer, peer_len, clock_now(), answer);

	if (answer_len > 0)
		udp_path_send(ice->path, answer, answer_len, answer_len);
	advance(ice);
}

/* One at a time: the loop comes back while there are more, and there is rarely a second. */
static gboolean
on_readable(gint fd, GIOCondition condition, gpointer arg)
{
	struct ice *ice = arg;
	uint8_t bytes[DATAGRAM_MAX + BEYOND];
	const ssize_t len = udp_path_receive(ice->path, bytes, DATAGRAM_MAX);

	(void)fd;
	(void)condition;
	if (len <= 0)
		return G_SOURCE_CONTINUE;
	if (bytes[0] < 4) { /* RFC 7983 7 */
		memset(bytes + len, 0, BEYOND);
		on_stun(ice, bytes, (size_t)len);
	} else {
		ice->events.on_packet(ice->events.arg, bytes, (size_t)len);
	}
	return G_SOURCE_CONTINUE;
}

/* The path is kept without libnice from here on. Its agent (0.1.21) would let consent end 10 s
 * after the last answer, where RFC 7675 says 30, and stop asking once 200 answers were lost; and it
 * takes two calls and GLib's sockets to read a packet of RTCP. */
static gboolean
keep(gpointer arg)
{
	struct ice *ice = arg;

	clear_sources(ice);
	free_agent(ice);
	consent_begin(ice->consent, ice->selected, clock_now());
	ice->readable = loop_readable(ice->loop, udp_path_fd(ice->path), on_readable, ice);
	advance(ice);
	return G_SOURCE_REMOVE;
}

/* ---- what libnice says ----------------------------------------------------------------------- */

static void
on_selected_pair(NiceAgent *agent, guint stream, guint component, NiceCandidate *local,
	NiceCandidate *remote, gpointer arg)
{
	struct ice *ice = arg;
	GSocket *socket = nice_agent_get_selected_socket(agent, stream, component);
	struct sockaddr_storage to;
	const socklen_t to_len = to_sockaddr(&remote->addr, &to);
	struct ice_pair pair = { 0 };
	int err;

	if (socket == NULL)
		return; /* only for relays and TCP, which we do not have */
	if (ice->state == ENDED) {
		g_object_unref(socket);
		return;
	}
	err = udp_path_set(ice->path, g_socket_get_fd(socket), (struct sockaddr *)&to, to_len);
	g_object_unref(socket);
	if (err != 0) {
		fail(ice, err, "cannot duplicate the media socket");
		return;
	}
	if (ice->state == TRYING)
		loop_timer(ice->loop, &ice->settle, SETTLE_MS, keep, ice);
	ice->state = CONNECTED;
	ice->selected = clock_now();
	describe(local, pair.local, sizeof(pair.local));
	describe(remote, pair.remote, sizeof(pair.remote));
	ice->events.on_connected(ice->events.arg, &pair);
}

static void
on_state(NiceAgent *agent, guint stream, guint component, guint state, gpointer arg)
{
	struct ice *ice = arg;

	(void)agent;
	(void)stream;
	(void)component;
	if (state == NICE_COMPONENT_STATE_READY && ice->state == CONNECTED)
		loop_timer(ice->loop, &ice->settle, CONCLUDED_MS, keep, ice);
	if (state == NICE_COMPONENT_STATE_FAILED && ice->state == TRYING)
		fail(ice, ERR_UNREACHABLE, "no candidate of the answer replied to ICE checks");
}

static void
on_receive(NiceAgent *agent, guint stream, guint component, guint len, gchar *bytes, gpointer arg)
{
	struct ice *ice = arg;

	(void)agent;
	(void)stream;
	(void)component;
	if (ice->state != ENDED)
		ice->events.on_packet(ice->events.arg, (uint8_t *)bytes, len);
}

/* ---- life ------------------------------------------------------------------------------------ */

int
ice_new(struct ice **out, GMainContext *loop, const struct ice_events *events)
{
	struct ice *ice = calloc(1, sizeof(*ice));

	if (ice == NULL)
		return ERR_NOMEM;
	ice->events = *events;
	ice->loop = g_main_context_ref(loop);
	ice->path = udp_path_new();
	/* Aggressive nomination (no REGULAR_NOMINATION): one round trip less, and an ice-lite peer
	 * understands both. No CONSENT_FRESHNESS: see keep. */
	ice->agent = nice_agent_new_full(loop, NICE_COMPATIBILITY_RFC5245, NICE_AGENT_OPTION_NONE);
	g_object_set(ice->agent, "controlling-mode", TRUE, "ice-tcp", FALSE, "upnp", FALSE,
		"stun-pacing-timer", PACING_MS, "stun-max-retransmissions", CHECKS_MAX, NULL);
	ice->stream = nice_agent_add_stream(ice->agent, 1);
	if (ice->stream == 0 || !nice_agent_get_local_credentials(
					ice->agent, ice->stream, &ice->ufrag, &ice->pwd)) {
		ice_free(ice);
		return ERR_LIBRARY;
	}
	g_signal_connect(ice->agent, "new-selected-pair-full", G_CALLBACK(on_selected_pair), ice);
	g_signal_connect(ice->agent, "component-state-changed", G_CALLBACK(on_state), ice);
	*out = ice;
	return 0;
}

void
ice_free(struct ice *ice)
{
	if (ice == NULL)
		return;
	clear_sources(ice);
	free_agent(ice);
	consent_free(ice->consent);
	g_main_context_unref(ice->loop);
	g_free(ice->ufrag);
	g_free(ice->pwd);
	udp_path_free(ice->path);
	free(ice);
}

const char *
ice_ufrag(const struct ice *ice)
{
	return ice->ufrag;
}

const char *
ice_pwd(const struct ice *ice)
{
	return ice->pwd;
}

struct udp_path *
ice_path(const struct ice *ice)
{
	return ice->path;
}

/* ---- start ----------------------------------------------------------------------------------- */

/* Adds each local address that leads to a candidate, once. Returns how many. */
static size_t
add_local_addresses(struct ice *ice, const struct sdp_remote *remote)
{
	NiceAddress added[SDP_CANDIDATES_MAX];
	size_t count = 0;

	for (size_t i = 0; i < remote->candidate_count; i++) {
		const struct sdp_candidate *c = &remote->candidates[i];
		NiceAddress to, local;
		size_t known = 0;

		if (!parse_address(c->address, c->port, &to) || !find_route(&to, &local))
			continue;
		while (known < count && !nice_address_equal_no_port(&added[known], &local))
			known++;
		if (known == count && nice_agent_add_local_address(ice->agent, &local))
			added[count++] = local;
	}
	return count;
}

static NiceCandidateType
candidate_type(const char *type)
{
	if (strcmp(type, "srflx") == 0)
		return NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE;
	if (strcmp(type, "prflx") == 0)
		return NICE_CANDIDATE_TYPE_PEER_REFLEXIVE;
	if (strcmp(type, "relay") == 0)
		return NICE_CANDIDATE_TYPE_RELAYED;
	return NICE_CANDIDATE_TYPE_HOST;
}

static bool
set_remote_candidates(struct ice *ice, const struct sdp_remote *remote)
{
	GSList *list = NULL;
	int added;

	for (size_t i = 0; i < remote->candidate_count; i++) {
		const struct sdp_candidate *c = &remote->candidates[i];
		NiceCandidate *candidate = nice_candidate_new(candidate_type(c->type));

		candidate->stream_id = ice->stream;
		candidate->component_id = COMPONENT;
		candidate->transport = NICE_CANDIDATE_TRANSPORT_UDP;
		candidate->priority = c->priority;
		/* One of its own each: libnice only checks more at once by that. */
		snprintf(candidate->foundation, sizeof(candidate->foundation), "%zu", i + 1);
		if (parse_address(c->address, c->port, &candidate->addr))
			list = g_slist_append(list, candidate);
		else
			nice_candidate_free(candidate);
	}
	added = nice_agent_set_remote_candidates(ice->agent, ice->stream, COMPONENT, list);
	g_slist_free_full(list, (GDestroyNotify)nice_candidate_free);
	return added > 0;
}

int
ice_start(struct ice *ice, const struct sdp_remote *remote, char *why, size_t why_size)
{
	if (remote->candidate_count == 0) {
		snprintf(why, why_size, "the answer has no UDP candidate with a literal address");
		return ERR_UNSUPPORTED;
	}
	if (add_local_addresses(ice, remote) == 0) {
		snprintf(why, why_size, "no route to any candidate, the first is %s",
			remote->candidates[0].address);
		return ERR_UNREACHABLE;
	}
	ice->consent = consent_new(ice->ufrag, ice->pwd, remote->ice_ufrag, remote->ice_pwd);
	nice_agent_attach_recv(ice->agent, ice->stream, COMPONENT, ice->loop, on_receive, ice);
	if (!nice_agent_gather_candidates(ice->agent, ice->stream)) {
		snprintf(why, why_size, "cannot open a UDP socket for ICE");
		return ERR_LIBRARY;
	}
	if (!nice_agent_set_remote_credentials(
		    ice->agent, ice->stream, remote->ice_ufrag, remote->ice_pwd) ||
		!set_remote_candidates(ice, remote)) {
		snprintf(why, why_size, "libnice refuses the answer's credentials or candidates");
		return ERR_LIBRARY;
	}
	return 0;
}
