/* http_server.c - the server: sets libwebsockets up, listens, looks at the time, ends.
 * What becomes of a connection is http_server_accept.c's, then http_server_conn.c's. Loop thread.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xmalloc.h"
#include "supervisor/http_listen.h"
#include "supervisor/http_server_accept.h"
#include "supervisor/http_socket.h"

/* How often the files of the certificate and its key are looked at: one is written after the other.
 */
#define CERT_INTERVAL_MS 5000
/* How often deadlines are looked at. */
#define SWEEP_INTERVAL_MS 1000

/* Connections beyond the limit that are still told so. */
#define SPARE_CONNECTIONS 32
/* Descriptors of libwebsockets' own beside these. */
#define OWN_DESCRIPTORS 8
#define ACCEPTS_PER_WAKEUP 16
/* What libwebsockets keeps of a head: what we take, and 8 bytes for each header that it does not
 * know.
 */
#define HEAD_POOL_BYTES (2 * HTTP_HEAD_MAX)
/* The part of libwebsockets that runs on a libuv loop; it looks for it there alone. */
#define LIBUV_PLUGIN LWS_INSTALL_LIBDIR "/libwebsockets-evlib_uv.so"
/* What no client asks for: of "http/1.1" libwebsockets would make HTTP of what is to be passed on
 * raw.
 */
#define NO_ALPN "none"
/* libwebsockets' own timers come after ours. */
#define LIBRARY_TIMEOUT_S 120

/* ---- libwebsockets --------------------------------------------------------------------------- */

static void
on_library_log(int level, const char *line)
{
	size_t n = strcspn(line, "\n");
	char text[200];

	snprintf(text, sizeof(text), "%.*s", (int)n, line);
	log_at(level == LLL_ERR ? LOG_WARN : LOG_DEBUG, "http library", LOG_STR("says", text));
}

/* A WebSocket that nothing came from is asked whether it is there, and closed if it is not. */
static const lws_retry_bo_t idle = { .secs_since_valid_ping = 30, .secs_since_valid_hangup = 45 };

/* The end of a connection is told to the first protocol, whatever its own. */
static int
on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	const struct lws_protocols *its = wsi ? lws_get_protocol(wsi) : NULL;

	if (its && its->callback == http_tls_event)
		return http_tls_event(wsi, reason, user, in, len);
	return http_conn_event(wsi, reason, user, in, len);
}

static const struct lws_protocols protocols[] = {
	/* Without data of a session, of which none are used, LWS_CALLBACK_HTTP_DROP_PROTOCOL lacks.
	 */
	{ .name = "camrelay",
		.callback = on_event,
		.rx_buffer_size = HTTP_SOCKET_TEXT_MAX,
		.per_session_data_size = 1 },
	{ .name = HTTP_TLS_PROTOCOL, .callback = http_tls_event, .rx_buffer_size = HTTP_TLS_PIECE },
	{ .name = NULL },
};

/* Whether the file is there and was written at another time than *at, which is set to that. */
static bool
note_change(const char *path, struct timespec *at)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return false;
	bool changed = st.st_mtim.tv_sec != at->tv_sec || st.st_mtim.tv_nsec != at->tv_nsec;
	*at = st.st_mtim;
	return changed;
}

/* Of either. */
static bool
note_cert_change(struct http_server *s)
{
	bool cert = note_change(s->config.cert, &s->cert_changed);
	bool key = note_change(s->config.key, &s->key_changed);

	return cert || key;
}

static struct lws_context_creation_info
vhost_info(const struct http_server *s, const char *name)
{
	const size_t conns = s->config.limits.connections + SPARE_CONNECTIONS;
	const size_t most = (s->config.cert ? 2 * conns : conns) + OWN_DESCRIPTORS;
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.protocols = protocols,
		.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
			   LWS_SERVER_OPTION_VALIDATE_UTF8,
		.fd_limit_per_thread = (unsigned)most,
		.max_http_header_data2 = HEAD_POOL_BYTES,
		.max_http_header_pool2 = (unsigned)most,
		.timeout_secs = LIBRARY_TIMEOUT_S,
		.timeout_secs_ah_idle = LIBRARY_TIMEOUT_S,
		.keepalive_timeout = LIBRARY_TIMEOUT_S,
		.alpn = NO_ALPN,
		.vhost_name = name,
		.pt_serv_buf_size = HTTP_TLS_PIECE,
		.ssl_cert_filepath = s->config.cert,
		.ssl_private_key_filepath = s->config.key,
		.retry_and_idle_policy = &idle,
		.gid = (gid_t)-1,
		.uid = (uid_t)-1,
	};

	if (s->config.cert)
		info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
	return info;
}

static int
make_context(struct http_server *s, char *why, size_t why_size)
{
	void *loops[1] = { s->loop };
	struct lws_context_creation_info info = vhost_info(s, "camrelay");

	info.foreign_loops = loops;
	lws_set_log_level(LLL_ERR | LLL_WARN, on_library_log);
	s->context = lws_create_context(&info);
	/* lws_context_destroy unloads it while libuv has callbacks into it: keep it. */
	void *plugin = dlopen(LIBUV_PLUGIN, RTLD_NOW | RTLD_NODELETE);
	if (plugin)
		dlclose(plugin);
	if (s->context)
		s->vhost = lws_create_vhost(s->context, &info);
	if (s->config.cert)
		note_cert_change(s);
	if (s->vhost)
		return 0;
	if (!s->context && !plugin)
		snprintf(why, why_size,
			"libwebsockets lacks its part for libuv, Debian's package "
			"libwebsockets-evlib-uv: %s",
			dlerror());
	else
		snprintf(why, why_size,
			s->config.cert ? "http_cert and http_key cannot be used"
				       : "libwebsockets cannot be set up");
	return -1;
}

/* libwebsockets replaces the certificate of a vhost in place: connections that are there keep
 * theirs. A pair that does not fit together is tried on another vhost first, which is thrown away.
 */
int
http_server_reload_cert(struct http_server *s, char *why, size_t why_size)
{
	if (!s->config.cert)
		return 0;
	struct lws_context_creation_info info = vhost_info(s, "probe");
	struct lws_vhost *probe = lws_create_vhost(s->context, &info);
	if (probe)
		lws_vhost_destroy(probe);
	if (probe && lws_tls_cert_updated(
			     s->context, s->config.cert, s->config.key, NULL, 0, NULL, 0) == 0)
		return 0;
	snprintf(why, why_size, "http_cert %s and http_key %s cannot be used: the old ones stay",
		s->config.cert, s->config.key);
	return -1;
}

/* Whoever renews certificates need not know of us. */
static void
look_at_cert(struct http_server *s, ms_t now)
{
	char why[512];

	if (!s->config.cert || now < s->cert_look)
		return;
	s->cert_look = now + CERT_INTERVAL_MS;
	if (!note_cert_change(s))
		return;
	if (http_server_reload_cert(s, why, sizeof(why)) < 0)
		log_error("http certificate", LOG_STR("why", why));
	else
		log_info("http certificate read again", LOG_STR("path", s->config.cert));
}

/* ---- accepting ------------------------------------------------------------------------------- */

static void
on_listen(uv_poll_t *poll, int status, int events)
{
	struct http_server *s = poll->data;
	char peer[HTTP_PEER_SIZE];

	(void)status;
	(void)events;
	for (int i = 0; i < ACCEPTS_PER_WAKEUP; i++) {
		int fd = http_listen_accept(s->fd, peer, sizeof(peer));
		if (fd >= 0 && http_limit_connections(s->limit) <
				       s->config.limits.connections + SPARE_CONNECTIONS) {
			http_accept(s, fd, peer);
		} else if (fd >= 0) {
			s->stats.accepted++;
			s->stats.turned_away++;
			close(fd);
		} else {
			/* Without descriptors it would be readable for ever. */
			if (errno == EMFILE || errno == ENFILE)
				uv_poll_stop(&s->listen);
			return;
		}
	}
}

/* ---- time ------------------------------------------------------------------------------------ */

static void
on_sweep(uv_timer_t *timer)
{
	struct http_server *s = timer->data;
	ms_t now = clock_now();

	for (struct conn *c = LIST_FIRST(&s->conns), *next; c; c = next) {
		next = LIST_NEXT(c, link);
		if ((c->look || c->tls) && now >= c->deadline)
			http_accept_deadline(c);
		else if (c->wsi && now >= c->deadline)
			http_conn_deadline(c);
	}
	look_at_cert(s, now);
	uv_poll_start(&s->listen, UV_READABLE, on_listen);
}

/* ---- the server ------------------------------------------------------------------------------ */

static void
free_server(struct http_server *s)
{
	http_limit_free(s->limit);
	free((char *)s->config.cert);
	free((char *)s->config.key);
	free(s);
}

static void
start(struct http_server *s)
{
	char name[80];

	snprintf(s->url, sizeof(s->url), "%s://%s", s->config.cert ? "https" : "http",
		http_listen_name(s->fd, name, sizeof(name)));
	uv_poll_init(s->loop, &s->listen, s->fd);
	uv_timer_init(s->loop, &s->timer);
	s->listen.data = s->timer.data = s;
	s->open_handles = 2;
	uv_poll_start(&s->listen, UV_READABLE, on_listen);
	uv_timer_start(&s->timer, on_sweep, SWEEP_INTERVAL_MS, SWEEP_INTERVAL_MS);
	log_info("http listens", LOG_STR("url", s->url));
}

int
http_server_new(const struct http_server_config *config, struct http_server **out, char *why,
	size_t why_size)
{
	struct http_server *s = xcalloc(1, sizeof(*s));

	s->loop = config->loop;
	s->config = *config;
	s->config.address = NULL;
	s->config.cert = xstrdup(config->cert);
	s->config.key = xstrdup(config->key);
	s->limit = http_limit_new(&config->limits);
	LIST_INIT(&s->conns);
	s->fd = http_listen_open(config->address, why, why_size);
	if (s->fd < 0) {
		free_server(s);
		return -1;
	}
	if (make_context(s, why, why_size) < 0) {
		close(s->fd);
		if (s->context)
			lws_context_destroy(s->context);
		free_server(s);
		return -1;
	}
	start(s);
	*out = s;
	return 0;
}

static void
on_closed(uv_handle_t *handle)
{
	struct http_server *s = handle->data;

	if (--s->open_handles == 0)
		free_server(s);
}

static void
find_closing(uv_handle_t *handle, void *arg)
{
	if (uv_is_closing(handle))
		*(bool *)arg = true;
}

/* With a loop of ours libwebsockets is destroyed in two steps: the first closes its handles, and
 * when libuv has let go of them it wants to be told again (its issue 1969). */
static void
on_end(uv_timer_t *timer)
{
	struct http_server *s = timer->data;

	bool closing = false;

	/* Its handles are part of what the last call frees, so libuv must be through with all. */
	uv_walk(s->loop, find_closing, &closing);
	if (!LIST_EMPTY(&s->conns) || s->open_handles > 1 || closing)
		return;
	lws_context_destroy(s->context);
	uv_close((uv_handle_t *)&s->timer, on_closed);
}

void
http_server_free(struct http_server *s)
{
	if (!s)
		return;
	for (struct conn *c = LIST_FIRST(&s->conns), *next; c; c = next) {
		next = LIST_NEXT(c, link);
		if (c->look)
			http_accept_abort(c);
	}
	uv_close((uv_handle_t *)&s->listen, on_closed);
	close(s->fd);
	lws_context_destroy(s->context);
	uv_timer_start(&s->timer, on_end, 1, 1);
}

const char *
http_server_url(const struct http_server *s)
{
	return s->url;
}

void
http_server_stats(const struct http_server *s, struct http_server_stats *out)
{
	*out = s->stats;
}
