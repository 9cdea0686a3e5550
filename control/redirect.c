/* redirect.c - waits on loopback for the browser that a login's page sends back.
 * Owns the listening socket and the little HTTP that a browser needs. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "control/redirect.h"
#include "common/xmalloc.h"

/* Browsers also open connections that they do not use yet: such a one holds up the others. */
#define REQUEST_TIMEOUT_MS 2000
/* The headers of a browser; a code and its scopes have some 300 bytes. */
#define REQUEST_BYTES_MAX 16384

struct redirect {
	int fd;
	char path[256];
};

static const char page_done[] =
	"<p>camrelay has Google's answer. Go back to the terminal; this page can be closed.";
static const char page_wrong[] =
	"<p>This is not the answer to the login that camctl waits for. Open the address that it "
	"printed.";

/* ---- the place ------------------------------------------------------------------------------- */

/* Cuts "http://127.0.0.1:8712/" into port and path. Returns -1 if it is no place of this machine.
 */
static int
parse_uri(const char *uri, unsigned *port, char *path, size_t size)
{
	static const char *const hosts[] = { "http://127.0.0.1", "http://localhost" };
	const char *rest = NULL;
	char *end;

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]) && !rest; i++)
		if (strncmp(uri, hosts[i], strlen(hosts[i])) == 0)
			rest = uri + strlen(hosts[i]);
	if (!rest || !strchr(":/", *rest))
		return -1;
	*port = 80;
	if (*rest == ':') {
		unsigned long number = strtoul(rest + 1, &end, 10);
		if (end == rest + 1 || number == 0 || number > 65535)
			return -1;
		*port = (unsigned)number;
		rest = end;
	}
	if ((*rest && *rest != '/') || strlen(rest) >= size)
		return -1;
	snprintf(path, size, "%s", *rest ? rest : "/");
	return 0;
}

static int
listen_at(unsigned port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int yes = 1;

	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, 8) == 0)
		return fd;
	int saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

int
redirect_open(const char *uri, struct redirect **out, char *why, size_t why_size)
{
	struct redirect *r = xcalloc(1, sizeof(*r));
	unsigned port;

	if (parse_uri(uri, &port, r->path, sizeof(r->path)) < 0) {
		snprintf(why, why_size, "%s is not on this machine", uri);
		free(r);
		return -1;
	}
	r->fd = listen_at(port);
	if (r->fd < 0) {
		snprintf(why, why_size, "cannot listen at %s: %s", uri, strerror(errno));
		free(r);
		return -1;
	}
	*out = r;
	return 0;
}

int
redirect_fd(const struct redirect *r)
{
	return r->fd;
}

void
redirect_close(struct redirect *r)
{
	if (!r)
		return;
	close(r->fd);
	free(r);
}

/* ---- one connection -------------------------------------------------------------------------- */

static bool
wait_for(int fd, short events, ms_t deadline)
{
	struct pollfd p = { .fd = fd, .events = events };
	ms_t left = deadline - clock_now();

	return left > 0 && poll(&p, 1, (int)left) > 0;
}

/* Reads until the headers are over: a browser that is answered before that sees a reset. */
static bool
read_request(int fd, char *text, size_t size)
{
	ms_t deadline = clock_now() + REQUEST_TIMEOUT_MS;
	size_t len = 0;

	text[0] = '\0';
	while (len + 1 < size && wait_for(fd, POLLIN, deadline)) {
		ssize_t n = read(fd, text + len, size - 1 - len);
		if (n <= 0)
			return false;
		len += (size_t)n;
		text[len] = '\0';
		if (strstr(text, "\r\n\r\n"))
			return true;
	}
	return false;
}

static void
send_page(int fd, const char *status, const char *words)
{
	char text[1024];
	int n = snprintf(text, sizeof(text),
		"HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n"
		"Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\n\r\n"
		"<!DOCTYPE html><title>camrelay</title>%s\n",
		status, words);

	/* A page fits into any socket's buffer; a browser that is gone needs none. */
	(void)!send(fd, text, (size_t)n, MSG_NOSIGNAL);
}

bool
redirect_take(struct redirect *r, const char *state, struct login_reply *out)
{
	char *request = xmalloc(REQUEST_BYTES_MAX);
	bool taken = false;

	int fd = accept4(r->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0 && read_request(fd, request, REQUEST_BYTES_MAX)) {
		bool reply = login_reply_of_request(request, r->path, out);
		taken = reply && strcmp(out->state, state) == 0;
		if (taken)
			send_page(fd, "200 OK", page_done);
		else
			send_page(fd, reply ? "400 Bad Request" : "404 Not Found", page_wrong);
	}
	if (fd >= 0)
		close(fd);
	explicit_bzero(request, REQUEST_BYTES_MAX);
	free(request);
	return taken;
}
