/* ice.c - finds a path to the peer and keeps it (RFC 8445, RFC 7675).
 * Owns the libnice agent and the way a batch of media leaves by the agent's socket. Knows nothing
 * of DTLS or RTP. Loop thread, but for ice_send_batch. */
#include "worker/ice.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gio/gio.h>
#include <nice/agent.h>

#include "common/err.h"
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

/* RFC 7675 5.1: consent ends 30 s after the last answer. libnice 0.1.21 says after 10 s that it
 * has. */
#define LAPSE_MS (30000 - 10000)

/* It says so once more meanwhile, since it counts from the next check. What it says more often has
 * another reason: it remembers no more than 200 checks that were not answered. */
#define ASKED_MAX 2

struct ice {
	struct ice_events events;
	GMainContext *loop;
	NiceAgent *agent;
	guint stream;
	gchar *ufrag;
	gchar *pwd;
	struct udp_path *path; /* the selected pair, for media */
	bool asking;           /* what libnice says of the selected pair is no answer */
	unsigned asked;        /* so often since consent lapsed; 0: it has not */
	GSource *lapse;        /* then it ends */
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

/* ---- what libnice says ----------------------------------------------------------------------- */

static void
fail(struct ice *ice, int err, const char *why)
{
	if (ice->state == ENDED)
		return;
	ice->state = ENDED;
	loop_clear(&ice->lapse);
	ice->events.on_failed(ice->events.arg, err, why);
}

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
	if (ice->asking || ice->state == ENDED) {
		g_object_unref(socket);
		return;
	}
	err = udp_path_set(ice->path, g_socket_get_fd(socket), (struct sockaddr *)&to, to_len);
	g_object_unref(socket);
	if (err != 0) {
		fail(ice, err, "cannot duplicate the media socket");
		return;
	}
	if (ice->asked > 0) {
		ice->asked = 0;
		loop_clear(&ice->lapse);
		return;
	}
	ice->state = CONNECTED;
	describe(local, pair.local, sizeof(pair.local));
	describe(remote, pair.remote, sizeof(pair.remote));
	ice->events.on_connected(ice->events.arg, &pair);
}

/* Whether libnice's timer says so, and not a packet: a 403, by which the peer takes its consent
 * back (RFC 7675 5.2), ends it at once. */
static bool
is_timeout(void)
{
	GSource *source = g_main_current_source();

	return source != NULL && g_source_get_ready_time(source) >= 0;
}

static void
end_consent(struct ice *ice)
{
	fail(ice, ERR_UNREACHABLE, "the peer stopped answering ICE consent checks");
}

static gboolean
on_lapse(gpointer arg)
{
	end_consent(arg);
	return G_SOURCE_REMOVE;
}

/* Selects the pair again, which also ends the checks that were begun before: answered while libnice
 * holds that the pair failed, they have it abort. False if it has become another pair. */
static bool
select_again(struct ice *ice, const NiceCandidate *local, const NiceCandidate *remote)
{
	const NiceAddress ours = local->addr, theirs = remote->addr;
	NiceCandidate *l, *r;

	return nice_agent_set_selected_pair(
		       ice->agent, ice->stream, COMPONENT, local->foundation, remote->foundation) &&
	       nice_agent_get_selected_pair(ice->agent, ice->stream, COMPONENT, &l, &r) &&
	       nice_address_equal(&l->addr, &ours) && nice_address_equal(&r->addr, &theirs);
}

/* Has libnice begin a check of the pair, as it does for a candidate that is new: one of the same
 * address, but of another type. The priority is higher, so that an answer has it selected. */
static bool
check_again(struct ice *ice, const NiceCandidate *remote)
{
	NiceCandidate host = *remote, srflx = *remote;
	GSList second = { .data = &srflx }, first = { .data = &host, .next = &second };

	host.type = NICE_CANDIDATE_TYPE_HOST;
	srflx.type = NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE;
	host.priority = srflx.priority = remote->priority + 1;
	return nice_agent_set_remote_candidates(ice->agent, ice->stream, COMPONENT, &first) > 0;
}

/* libnice 0.1.21 asks every 4 to 6 s, as RFC 7675 says, but lets consent end 10 s after the last
 * answer where the RFC says 30: one answer that is lost can be enough. It is given its 10 s again,
 * but does not tell of the answers. So the peer is also asked by a check, which is sent again while
 * it is not answered, and whose answer is told of: the pair is selected. */
static bool
ask_again(struct ice *ice)
{
	NiceCandidate *local, *remote;
	bool asked;

	if (!nice_agent_get_selected_pair(ice->agent, ice->stream, COMPONENT, &local, &remote))
		return false;
	NiceCandidate *copy = nice_candidate_copy(remote);
	ice->asking = true;
	asked = select_again(ice, local, remote) && check_again(ice, copy);
	ice->asking = false;
	nice_candidate_free(copy);
	return asked;
}

static void
on_state(NiceAgent *agent, guint stream, guint component, guint state, gpointer arg)
{
	struct ice *ice = arg;

	(void)agent;
	(void)stream;
	(void)component;
	if (state != NICE_COMPONENT_STATE_FAILED)
		return;
	if (ice->state == TRYING) {
		fail(ice, ERR_UNREACHABLE, "no candidate of the answer replied to ICE checks");
		return;
	}
	if (ice->state == ENDED || !is_timeout() || ice->asked == ASKED_MAX || !ask_again(ice)) {
		end_consent(ice);
		return;
	}
	if (ice->asked++ == 0)
		loop_timer(ice->loop, &ice->lapse, LAPSE_MS, on_lapse, ice);
}

static void
on_receive(NiceAgent *agent, guint stream, guint component, guint len, gchar *bytes, gpointer arg)
{
	struct ice *ice = arg;

	(void)agent;
	(void)stream;
	(void)component;
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
	/* Not keepalive-conncheck, which waits for 50 s and does not understand a 403.
	 *
	 * Aggressive nomination (no REGULAR_NOMINATION): one round trip less, and an ice-lite peer
	 * understands both. */
	ice->agent = nice_agent_new_full(
		loop, NICE_COMPATIBILITY_RFC5245, NICE_AGENT_OPTION_CONSENT_FRESHNESS);
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
	loop_clear(&ice->lapse);
	g_signal_handlers_disconnect_by_data(ice->agent, ice);
	if (ice->stream != 0)
		nice_agent_remove_stream(ice->agent, ice->stream);
	g_object_unref(ice->agent);
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
		/* One of its own each, so that select_again finds it; libnice only checks more at
		 * once by that. */
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
	guint mark;

	if (remote->candidate_count == 0) {
		snprintf(why, why_size, "the answer has no UDP candidate with a literal address");
		return ERR_UNSUPPORTED;
	}
	if (add_local_addresses(ice, remote) == 0) {
		snprintf(why, why_size, "no route to any candidate, the first is %s",
			remote->candidates[0].address);
		return ERR_UNREACHABLE;
	}
	nice_agent_attach_recv(ice->agent, ice->stream, COMPONENT, ice->loop, on_receive, ice);
	mark = loop_mark(ice->loop);
	if (!nice_agent_gather_candidates(ice->agent, ice->stream)) {
		snprintf(why, why_size, "cannot open a UDP socket for ICE");
		return ERR_LIBRARY;
	}
	loop_stay_polled(ice->loop, mark);
	if (!nice_agent_set_remote_credentials(
		    ice->agent, ice->stream, remote->ice_ufrag, remote->ice_pwd) ||
		!set_remote_candidates(ice, remote)) {
		snprintf(why, why_size, "libnice refuses the answer's credentials or candidates");
		return ERR_LIBRARY;
	}
	return 0;
}

int
ice_send(struct ice *ice, const uint8_t *bytes, size_t len)
{
	const int sent = nice_agent_send(
		ice->agent, ice->stream, COMPONENT, (guint)len, (const gchar *)bytes);

	return sent == (int)len ? 0 : ERR_AGAIN;
}
