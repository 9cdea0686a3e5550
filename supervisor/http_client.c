/* http_client.c - HTTP and HTTPS requests on the libuv loop: curl's multi interface, driven by its
 * socket and timer callbacks. The only user of libcurl; its error codes end here. Loop thread. */
#include <assert.h>
#include <curl/curl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/err.h"
#include "supervisor/http_client.h"
#include "common/wipe.h"
#include "common/xmalloc.h"
#include "supervisor/timer.h"
#include "supervisor/timestamp.h"

/* Two services and an account or two: more idle connections than that are of no use. */
#define IDLE_CONNECTIONS_MAX 8
/* Google and Cloudflare close idle connections after some minutes; before that, ask the kernel
 * whether the other end is still there. */
#define KEEPALIVE_S 30
/* A server may take its time to answer, but what was sent is acknowledged by its kernel within
 * that, or the path to it is dead. */
#define PATH_MS 10000

struct http_call {
	struct http_client *client;
	CURL *easy;
	struct curl_slist *headers;
	http_done *done;
	void *arg;
	char *body; /* what is sent; body_given of body_len bytes are */
	size_t body_len;
	size_t body_given;
	char *answer; /* what came, NUL-terminated; NULL: nothing */
	size_t answer_len;
	char why[CURL_ERROR_SIZE];
	bool with_bearer;
	LIST_ENTRY(http_call) link;
};

struct http_client {
	uv_loop_t *loop;
	struct timer *timer; /* owned */
	CURLM *multi;
	size_t answer_max;
	ms_t distrust_ms; /* of older connections: when a call was last lost on its way; 0: never */
	bool calling_back;
	struct http_client_clock clock;
	LIST_HEAD(, http_call) calls; /* owned */
};

/* One of curl's sockets, watched; lives until libuv has closed the handle. */
struct watch {
	uv_poll_t poll;
	struct http_client *client;
	curl_socket_t fd;
};

static const struct {
	CURLcode code;
	enum err err;
} errors[] = {
	{ .code = CURLE_OPERATION_TIMEDOUT, .err = ERR_TIMEOUT },
	{ .code = CURLE_COULDNT_RESOLVE_HOST, .err = ERR_UNREACHABLE },
	{ .code = CURLE_COULDNT_CONNECT, .err = ERR_UNREACHABLE },
	{ .code = CURLE_SEND_ERROR, .err = ERR_UNREACHABLE },
	{ .code = CURLE_SEND_FAIL_REWIND, .err = ERR_UNREACHABLE },
	{ .code = CURLE_RECV_ERROR, .err = ERR_UNREACHABLE },
	{ .code = CURLE_SSL_CONNECT_ERROR, .err = ERR_UNREACHABLE },
	{ .code = CURLE_GOT_NOTHING, .err = ERR_EOF },
	{ .code = CURLE_PARTIAL_FILE, .err = ERR_EOF },
	{ .code = CURLE_PEER_FAILED_VERIFICATION, .err = ERR_UNTRUSTED },
	{ .code = CURLE_SSL_CACERT_BADFILE, .err = ERR_UNTRUSTED },
	{ .code = CURLE_WRITE_ERROR, .err = ERR_RANGE },
	{ .code = CURLE_FILESIZE_EXCEEDED, .err = ERR_RANGE },
	{ .code = CURLE_UNSUPPORTED_PROTOCOL, .err = ERR_UNSUPPORTED },
	{ .code = CURLE_URL_MALFORMAT, .err = ERR_UNSUPPORTED },
	{ .code = CURLE_WEIRD_SERVER_REPLY, .err = ERR_PARSE },
	{ .code = CURLE_HTTP2, .err = ERR_PARSE },
	{ .code = CURLE_HTTP2_STREAM, .err = ERR_PARSE },
};

static int
to_err(CURLcode code)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (errors[i].code == code)
			return errors[i].err;
	return code == CURLE_OK ? 0 : ERR_LIBRARY;
}

static void
call_free(struct http_call *call)
{
	LIST_REMOVE(call, link);
	if (call->easy) {
		curl_multi_remove_handle(call->client->multi, call->easy);
		curl_easy_cleanup(call->easy);
	}
	/* All three may hold tokens. */
	for (struct curl_slist *h = call->headers; h; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(call->headers);
	if (call->body)
		explicit_bzero(call->body, call->body_len);
	if (call->answer)
		explicit_bzero(call->answer, call->answer_len);
	free(call->body);
	free(call->answer);
	free(call);
}

/* ---- bytes in and out ------------------------------------------------------------------------ */

static size_t
on_answer_bytes(char *bytes, size_t one, size_t n, void *arg)
{
	struct http_call *call = arg;
	size_t len = call->answer_len + one * n;

	if (len > call->client->answer_max)
		return CURL_WRITEFUNC_ERROR;
	char *grown = xrealloc(call->answer, len + 1);
	memcpy(grown + call->answer_len, bytes, one * n);
	grown[len] = '\0';
	call->answer = grown;
	call->answer_len = len;
	return one * n;
}

static size_t
on_body_wanted(char *out, size_t one, size_t n, void *arg)
{
	struct http_call *call = arg;
	size_t len = call->body_len - call->body_given;

	if (len > one * n)
		len = one * n;
	memcpy(out, call->body + call->body_given, len);
	call->body_given += len;
	return len;
}

/* curl rewinds a body to send it once more; see http_client_start for why it may not. */
static int
on_rewind(void *arg, curl_off_t offset, int origin)
{
	struct http_call *call = arg;

	if (origin == SEEK_SET && offset == (curl_off_t)call->body_given)
		return CURL_SEEKFUNC_OK;
	return CURL_SEEKFUNC_FAIL;
}

/* ---- the answer ------------------------------------------------------------------------------ */

static const char *
header(CURL *easy, const char *name, size_t i)
{
	struct curl_header *h;

	return curl_easy_header(easy, name, i, CURLH_HEADER, -1, &h) == CURLHE_OK ? h->value : NULL;
}

const char *
http_answer_header(const struct http_answer *a, const char *name, size_t i)
{
	return a->call ? header(a->call->easy, name, i) : NULL;
}

static void
answer_fill(struct http_answer *a, struct http_call *call, CURLcode code)
{
	long status = 0;
	curl_off_t before_sending_us = 0;

	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(call->easy, CURLINFO_PRETRANSFER_TIME_T, &before_sending_us);
	*a = (struct http_answer){ .err = to_err(code), .why = "", .body = "", .call = call };
	a->retry_after_ms = -1;
	a->sent = code == CURLE_OK || before_sending_us > 0;
	if (code == CURLE_WRITE_ERROR)
		snprintf(call->why, sizeof(call->why), "answer is longer than %zu bytes",
			call->client->answer_max);
	if (code != CURLE_OK) {
		a->why = call->why[0] ? call->why : curl_easy_strerror(code);
		return;
	}
	a->status = (int)status;
	if (call->answer) {
		a->body = call->answer;
		a->body_len = call->answer_len;
	}
	a->date_us = timestamp_http(header(call->easy, "Date", 0));
	a->retry_after_ms = timestamp_retry_after(
		header(call->easy, "Retry-After", 0), a->date_us, clock_wall_us());
}

/* Half a second is what Date leaves out in the mean. */
static void
note_clock(struct http_client *c, const struct http_call *call, int64_t date_us)
{
	if (!call->with_bearer || date_us == 0)
		return;
	c->clock.answers++;
	c->clock.ahead_ms = (clock_wall_us() - date_us) / 1000 - 500;
}

struct http_client_clock
http_client_clock(const struct http_client *c)
{
	return c->clock;
}

static void
finish(struct http_call *call, CURLcode code)
{
	struct http_client *c = call->client;
	struct http_answer answer;

	answer_fill(&answer, call, code);
	note_clock(c, call, answer.date_us);
	if (answer.err == ERR_TIMEOUT || (answer.err == ERR_UNREACHABLE && answer.sent))
		c->distrust_ms = clock_now();
	c->calling_back = true;
	call->done(&answer, call->arg);
	c->calling_back = false;
	call_free(call);
}

static void
finish_all(struct http_client *c)
{
	CURLMsg *m;
	int left;

	for (m = curl_multi_info_read(c->multi, &left); m;
		m = curl_multi_info_read(c->multi, &left)) {
		struct http_call *call = NULL;
		CURLcode code = m->data.result; /* m is gone once its handle is removed */
		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&call);
		finish(call, code);
	}
}

/* ---- libuv and curl's sockets ---------------------------------------------------------------- */

static void
on_poll(uv_poll_t *poll, int status, int events)
{
	struct watch *w = (struct watch *)poll;
	struct http_client *c = w->client;
	int flags = 0;
	int running;

	/* libuv stops to watch what has an error. No CURL_CSELECT_ERR: it throws away an answer
	 * that came whole before the reset. Without flags curl looks for itself, and reads it. */
	if (status < 0)
		uv_poll_start(poll, UV_READABLE, on_poll);
	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	curl_multi_socket_action(c->multi, w->fd, flags, &running);
	finish_all(c);
}

static void
on_timer(void *arg)
{
	struct http_client *c = arg;
	int running;

	curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	finish_all(c);
}

/* Never calls into curl from here: zero becomes the loop's next turn. */
static int
on_timeout_wanted(CURLM *multi, long timeout_ms, void *arg)
{
	struct http_client *c = arg;

	(void)multi;
	if (timeout_ms < 0)
		timer_stop(c->timer);
	else
		timer_start(c->timer, timeout_ms);
	return 0;
}

static void
on_watch_closed(uv_handle_t *handle)
{
	free(handle);
}

static struct watch *
watch_new(struct http_client *c, curl_socket_t fd)
{
	struct watch *w = xcalloc(1, sizeof(*w));
	unsigned path_ms = PATH_MS;

	/* It may be no TCP socket: curl has others to wake itself. */
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &path_ms, sizeof(path_ms));
	w->client = c;
	w->fd = fd;
	if (uv_poll_init_socket(c->loop, &w->poll, fd) != 0) {
		free(w);
		return NULL;
	}
	curl_multi_assign(c->multi, fd, w);
	return w;
}

static int
on_socket_wanted(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct http_client *c = arg;
	struct watch *w = socket_arg;
	int events =
		(what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		curl_multi_assign(c->multi, fd, NULL);
		if (w)
			uv_close((uv_handle_t *)&w->poll, on_watch_closed);
		return 0;
	}
	if (!w)
		w = watch_new(c, fd);
	return w && uv_poll_start(&w->poll, events, on_poll) == 0 ? 0 : -1;
}

/* ---- the client and its calls ---------------------------------------------------------------- */

struct http_client *
http_client_new(uv_loop_t *loop, size_t answer_max_bytes)
{
	struct http_client *c = xcalloc(1, sizeof(*c));

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort();
	c->multi = curl_multi_init();
	if (!c->multi)
		abort();
	c->loop = loop;
	c->timer = timer_new(loop, on_timer, c);
	c->answer_max = answer_max_bytes;
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted);
	curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_timeout_wanted);
	curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
	curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS_MAX);
	return c;
}

void
http_client_free(struct http_client *c)
{
	if (!c)
		return;
	assert(!c->calling_back);
	while (!LIST_EMPTY(&c->calls))
		call_free(LIST_FIRST(&c->calls));
	curl_multi_cleanup(c->multi);
	curl_global_cleanup();
	timer_free(c->timer);
	free(c);
}

static void
header_add_line(struct http_call *call, const char *line)
{
	call->headers = curl_slist_append(call->headers, line);
	if (!call->headers)
		abort();
}

static void
header_add(struct http_call *call, const char *name, const char *value)
{
	char *line = xasprintf("%s %s", name, value);

	header_add_line(call, line);
	wipe_free(line);
}

static void
set_body(struct http_call *call, const struct http_request *r)
{
	bool posts = strcmp(r->method, "GET") != 0;

	if (posts)
		curl_easy_setopt(call->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(call->easy, CURLOPT_CUSTOMREQUEST, r->method);
	if (!posts)
		return;
	call->body_len = r->body ? r->body_len : 0;
	call->body = xmalloc(call->body_len + 1);
	if (call->body_len)
		memcpy(call->body, r->body, call->body_len);
	curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_len);
	curl_easy_setopt(call->easy, CURLOPT_READFUNCTION, on_body_wanted);
	curl_easy_setopt(call->easy, CURLOPT_READDATA, call);
	curl_easy_setopt(call->easy, CURLOPT_SEEKFUNCTION, on_rewind);
	curl_easy_setopt(call->easy, CURLOPT_SEEKDATA, call);
}

static void
set_headers(struct http_call *call, const struct http_request *r)
{
	/* An empty value keeps curl from making one up. */
	header_add(call, "Content-Type:", r->content_type ? r->content_type : "");
	if (r->bearer)
		header_add(call, "Authorization: Bearer", r->bearer);
	for (size_t i = 0; r->headers && r->headers[i]; i++)
		header_add_line(call, r->headers[i]);
	curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
}

/* After a call that was lost on its way, connections from before are not used again: they may be on
 * the same path, and every further call would wait in vain on it. curl counts in whole seconds. */
static void
set_trust(const struct http_client *c, CURL *easy)
{
	ms_t since_ms = clock_now() - c->distrust_ms;

	if (!c->distrust_ms)
		return;
	if (since_ms < 1000)
		curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	else
		curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, (long)(since_ms / 1000));
}

static void
set_connection(struct http_call *call, const struct http_request *r)
{
	CURL *easy = call->easy;

	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)r->timeout_ms);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
		(long)(r->timeout_ms < PATH_MS ? r->timeout_ms : PATH_MS));
	/* Without it a call that is cancelled or times out while its name is looked up waits for
	 * the resolver's thread, and the loop with it. The manual says that it leaks; in 7.88 the
	 * thread cleans up after itself. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_S);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_S);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (r->ca_file) {
		curl_easy_setopt(easy, CURLOPT_CAINFO, r->ca_file);
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	}
}

struct http_call *
http_client_start(struct http_client *c, const struct http_request *r, http_done *done, void *arg)
{
	struct http_call *call = xcalloc(1, sizeof(*call));

	assert(r->timeout_ms > 0);
	*call = (struct http_call){
		.client = c, .done = done, .arg = arg, .with_bearer = r->bearer
	};
	LIST_INSERT_HEAD(&c->calls, call, link);
	call->easy = curl_easy_init();
	if (!call->easy)
		abort();
	curl_easy_setopt(call->easy, CURLOPT_URL, r->url);
	curl_easy_setopt(call->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(call->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(call->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(call->easy, CURLOPT_USERAGENT, "camrelay/" VERSION);
	curl_easy_setopt(call->easy, CURLOPT_PRIVATE, call);
	curl_easy_setopt(call->easy, CURLOPT_ERRORBUFFER, call->why);
	curl_easy_setopt(call->easy, CURLOPT_WRITEFUNCTION, on_answer_bytes);
	curl_easy_setopt(call->easy, CURLOPT_WRITEDATA, call);
	set_body(call, r);
	set_headers(call, r);
	set_connection(call, r);
	set_trust(c, call->easy);
	if (curl_multi_add_handle(c->multi, call->easy) != CURLM_OK)
		abort();
	return call;
}

void
http_client_cancel(struct http_call *call)
{
	call_free(call);
}
