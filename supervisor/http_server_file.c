/* http_server_file.c - files as responses: the whole, or one range, read on libuv's pool.
 * Owns the descriptor and one piece at a time. Loop thread. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/xmalloc.h"
#include "supervisor/http_server_state.h"

/* A second of a 4 Mbit/s camera in eight. */
#define PIECE 65536

struct http_file {
	struct conn *conn; /* NULL: it is gone */
	int fd;
	int64_t at, end; /* what is still to be read */
	uv_fs_t request;
	bool reading;
	ssize_t have; /* bytes of piece to be sent */
	unsigned char piece[LWS_PRE + PIECE];
};

static void
file_close(struct http_file *f)
{
	close(f->fd);
	free(f);
}

void
http_file_free(struct http_file *f)
{
	if (!f)
		return;
	f->conn = NULL;
	if (!f->reading)
		file_close(f);
}

static void
on_read(uv_fs_t *request)
{
	struct http_file *f = request->data;

	f->reading = false;
	f->have = request->result;
	uv_fs_req_cleanup(request);
	if (!f->conn) {
		file_close(f);
		return;
	}
	/* Cut off meanwhile: on_writable sees it. */
	if (f->have <= 0)
		f->have = -1;
	if (f->conn->wsi)
		lws_callback_on_writable(f->conn->wsi);
}

static void
read_piece(struct http_file *f)
{
	int64_t n = f->end - f->at;
	uv_buf_t buf = uv_buf_init((char *)f->piece + LWS_PRE, (unsigned)(n < PIECE ? n : PIECE));

	f->request.data = f;
	f->reading = true;
	uv_fs_read(f->conn->server->loop, &f->request, f->fd, &buf, 1, f->at, on_read);
}

int
http_file_write(struct conn *c)
{
	struct http_file *f = c->file;

	if (f->reading)
		return 0;
	if (f->have < 0)
		return -1;
	if (f->have > 0) {
		size_t n = (size_t)f->have;
		f->at += f->have;
		f->have = 0;
		c->server->stats.bytes_out += n;
		if (lws_write(c->wsi, f->piece + LWS_PRE, n,
			    f->at == f->end ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < 0)
			return -1;
	}
	if (f->at == f->end)
		return 1;
	read_piece(f);
	return 0;
}

/* ---- the response ---------------------------------------------------------------------------- */

static struct http_file *
file_open(const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return NULL;
	if (fstat(fd, st) < 0 || !S_ISREG(st->st_mode)) {
		close(fd);
		return NULL;
	}
	struct http_file *f = xcalloc(1, sizeof(*f));
	f->fd = fd;
	return f;
}

/* Sets what is sent of size bytes. Returns the status. */
static int
choose_range(const struct http_message *m, const char *tag, int64_t size, struct http_file *f)
{
	const char *if_range = m->fields[HTTP_IF_RANGE];
	const char *if_none = m->fields[HTTP_IF_NONE_MATCH];

	f->end = size;
	if (if_none && strstr(if_none, tag))
		return 304;
	if (!m->fields[HTTP_RANGE] || (if_range && strcmp(if_range, tag) != 0))
		return 200;
	int found = http_range_parse(m->fields[HTTP_RANGE], size, &f->at, &f->end);
	return found < 0 ? 416 : found > 0 ? 206 : 200;
}

static void
refuse(struct http_exchange *x, int status, const char *why)
{
	struct http_response r = http_response_error(status, why);

	http_respond(x, &r);
}

void
http_respond_file(struct http_exchange *x, const char *path, const char *type)
{
	char tag[64], range[80], length[24];
	struct stat st;
	struct http_file *f = file_open(path, &st);

	if (!f) {
		refuse(x, 404, "there is no such file");
		return;
	}
	snprintf(tag, sizeof(tag), "\"%" PRIx64 "-%" PRIx64 "\"",
		(uint64_t)st.st_mtim.tv_sec * 1000000000 + (uint64_t)st.st_mtim.tv_nsec,
		(uint64_t)st.st_size);
	struct http_response r = { .status = choose_range(&x->message, tag, st.st_size, f),
		.type = type };
	if (r.status == 416) {
		snprintf(range, sizeof(range), "bytes */%" PRId64, (int64_t)st.st_size);
		r = http_response_error(416, "there is no such range of it");
	} else {
		snprintf(range, sizeof(range), "bytes %" PRId64 "-%" PRId64 "/%" PRId64, f->at,
			f->end - 1, (int64_t)st.st_size);
		snprintf(length, sizeof(length), "%" PRId64, f->end - f->at);
		http_response_add(&r, "Content-Length", length);
		http_response_add(&r, "ETag", tag);
		http_response_add(&r, "Accept-Ranges", "bytes");
		http_response_add(&r, "Cache-Control", "private, no-cache");
	}
	if (r.status == 206 || r.status == 416)
		http_response_add(&r, "Content-Range", range);
	bool sent = x->conn && x->message.method != HTTP_HEAD && r.status < 300 && f->at < f->end;
	f->conn = x->conn;
	if (sent)
		x->conn->file = f;
	else
		http_file_free(f);
	http_respond(x, &r);
}
