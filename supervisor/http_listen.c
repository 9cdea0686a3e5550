/* http_listen.c - addresses and the sockets that listen on them. Keeps nothing. Any thread. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "supervisor/http_listen.h"

/* Clients that have connected and are not accepted yet. */
#define BACKLOG 128

/* host and port of "host:port" or "[host]:port". */
static int
split(const char *address, char *host, size_t host_size, const char **port)
{
	const char *colon = strrchr(address, ':');
	bool bracket = *address == '[';

	if (!colon || colon == address || (bracket && colon[-1] != ']'))
		return -1;
	const char *start = address + (bracket ? 1 : 0);
	size_t n = (size_t)(colon - start) - (bracket ? 1 : 0);
	if (n == 0 || n >= host_size || (!bracket && memchr(start, ':', n)))
		return -1;
	memcpy(host, start, n);
	host[n] = '\0';
	*port = colon + 1;
	/* getaddrinfo would take 65616 for 80. */
	size_t digits = strspn(*port, "0123456789");
	return digits > 0 && digits <= 5 && !(*port)[digits] && atoi(*port) <= UINT16_MAX ? 0 : -1;
}

int
http_listen_parse(const char *address, struct sockaddr_storage *out, socklen_t *len)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	char host[INET6_ADDRSTRLEN + 20]; /* fe80::1%interface */
	const char *port;

	if (split(address, host, sizeof(host), &port) < 0 ||
		getaddrinfo(host, port, &hints, &found) != 0)
		return -1;
	*out = (struct sockaddr_storage){ 0 };
	memcpy(out, found->ai_addr, found->ai_addrlen);
	*len = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

bool
http_listen_is_loopback(const char *address)
{
	struct sockaddr_storage s;
	socklen_t len;

	if (http_listen_parse(address, &s, &len) < 0)
		return false;
	if (s.ss_family == AF_INET6)
		return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)&s)->sin6_addr);
	return ntohl(((const struct sockaddr_in *)&s)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

int
http_listen_open(const char *address, char *why, size_t why_size)
{
	const int one = 1;
	struct sockaddr_storage s;
	socklen_t len;

	if (http_listen_parse(address, &s, &len) < 0) {
		snprintf(why, why_size,
			"http = %s: must be ADDRESS:PORT in numbers, as 127.0.0.1:8080 or "
			"[::1]:8080",
			address);
		return -1;
	}
	int fd = socket(s.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
		bind(fd, (struct sockaddr *)&s, len) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	snprintf(why, why_size, "http = %s: %s", address, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

char *
http_listen_name(int fd, char *out, size_t size)
{
	struct sockaddr_storage s = { 0 };
	socklen_t len = sizeof(s);
	char host[64], port[16];

	*out = '\0';
	if (getsockname(fd, (struct sockaddr *)&s, &len) == 0 &&
		getnameinfo((struct sockaddr *)&s, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		snprintf(out, size, s.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
	return out;
}

int
http_listen_accept(int fd, char *peer, size_t peer_size)
{
	struct sockaddr_storage s = { 0 };
	socklen_t len = sizeof(s);

	int client = accept4(fd, (struct sockaddr *)&s, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (client >= 0 && getnameinfo((struct sockaddr *)&s, len, peer, (socklen_t)peer_size, NULL,
				   0, NI_NUMERICHOST) != 0)
		*peer = '\0';
	return client;
}
