/* udp_path.c - sends batches of datagrams over one UDP path, by GSO where the kernel can, and takes
 * what comes back.
 * Owns a duplicate of the socket. Knows nothing of what the datagrams are. Any thread sends; one
 * sets it and receives. */
#include "worker/udp_path.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/err.h"

/* A key frame of 4 Mbit leaves at once; the kernel allows at most twice net.core.wmem_max. */
#define SEND_BUFFER_BYTES (1 << 20)

struct udp_path {
	pthread_mutex_t lock; /* guards what follows */
	int fd;               /* -1: not set yet */
	struct sockaddr_storage to;
	socklen_t to_len;
	bool gso; /* until the kernel refuses it */
};

struct udp_path *
udp_path_new(void)
{
	struct udp_path *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	pthread_mutex_init(&p->lock, NULL);
	p->fd = -1;
	return p;
}

void
udp_path_free(struct udp_path *p)
{
	if (p == NULL)
		return;
	if (p->fd >= 0)
		close(p->fd);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

int
udp_path_set(struct udp_path *p, int fd, const struct sockaddr *to, socklen_t to_len)
{
	const int size = SEND_BUFFER_BYTES;
	const int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	assert(to_len <= sizeof(p->to));
	if (own < 0)
		return ERR_SYS;
	setsockopt(own, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	pthread_mutex_lock(&p->lock);
	if (p->fd >= 0)
		close(p->fd);
	p->fd = own;
	p->gso = true;
	p->to_len = to_len;
	memcpy(&p->to, to, to_len);
	pthread_mutex_unlock(&p->lock);
	return 0;
}

/* segment 0: one plain datagram. Returns 0 or the errno. */
static int
send_message(const struct udp_path *p, const uint8_t *bytes, size_t len, size_t segment)
{
	union {
		char bytes[CMSG_SPACE(sizeof(uint16_t))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { .iov_base = (void *)bytes, .iov_len = len };
	struct msghdr msg = {
		.msg_name = (void *)&p->to,
		.msg_namelen = p->to_len,
		.msg_iov = &iov,
		.msg_iovlen = 1,
	};
	const uint16_t segment16 = (uint16_t)segment;
	struct cmsghdr *cmsg;

	if (segment != 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_UDP;
		cmsg->cmsg_type = UDP_SEGMENT;
		cmsg->cmsg_len = CMSG_LEN(sizeof(segment16));
		memcpy(CMSG_DATA(cmsg), &segment16, sizeof(segment16));
	}
	return sendmsg(p->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 ? 0 : errno;
}

/* The kernel's ways to say that GSO does not work here: no checksum offload (EIO), too old (EINVAL,
 * EOPNOTSUPP), a segment above the route's MTU (EINVAL, EMSGSIZE). */
static bool
gso_refused(int error)
{
	return error == EIO || error == EINVAL || error == EOPNOTSUPP || error == EMSGSIZE;
}

static int
send_singly(const struct udp_path *p, const uint8_t *bytes, size_t len, size_t segment)
{
	int sent = 0;

	for (size_t at = 0; at < len; at += segment) {
		const size_t n = len - at < segment ? len - at : segment;

		sent += send_message(p, bytes + at, n, 0) == 0;
	}
	return sent;
}

static int
send_batch(struct udp_path *p, const uint8_t *bytes, size_t len, size_t segment)
{
	int error;

	if (p->fd < 0)
		return ERR_AGAIN;
	if (len > segment && p->gso) {
		error = send_message(p, bytes, len, segment);
		if (!gso_refused(error))
			return error == 0 ? (int)((len + segment - 1) / segment) : 0;
		p->gso = false;
	}
	return send_singly(p, bytes, len, segment);
}

int
udp_path_send(struct udp_path *p, const uint8_t *bytes, size_t len, size_t segment)
{
	int sent;

	assert(segment > 0 && len <= UDP_BATCH_BYTES && len <= segment * UDP_BATCH_SEGMENTS);
	pthread_mutex_lock(&p->lock);
	sent = send_batch(p, bytes, len, segment);
	pthread_mutex_unlock(&p->lock);
	return sent;
}

int
udp_path_fd(const struct udp_path *p)
{
	return p->fd;
}

const struct sockaddr_storage *
udp_path_peer(const struct udp_path *p, socklen_t *len)
{
	*len = p->to_len;
	return &p->to;
}

union address {
	struct sockaddr_storage any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static bool
is_peer(const struct udp_path *p, const union address *a)
{
	const union address *peer = (const void *)&p->to;

	switch (a->any.ss_family) {
	case AF_INET:
		return peer->v4.sin_family == AF_INET && peer->v4.sin_port == a->v4.sin_port &&
		       peer->v4.sin_addr.s_addr == a->v4.sin_addr.s_addr;
	case AF_INET6:
		return peer->v6.sin6_family == AF_INET6 && peer->v6.sin6_port == a->v6.sin6_port &&
		       IN6_ARE_ADDR_EQUAL(&peer->v6.sin6_addr, &a->v6.sin6_addr);
	}
	return false;
}

ssize_t
udp_path_receive(struct udp_path *p, uint8_t *bytes, size_t size)
{
	union address from = { 0 };
	socklen_t from_len = sizeof(from);
	const ssize_t len = recvfrom(p->fd, bytes, size, MSG_DONTWAIT, (void *)&from, &from_len);

	return len >= 0 && is_peer(p, &from) ? len : ERR_AGAIN;
}
