/* http_server_file.c - files as responses, one or several on end: the whole, or one range.
 * Owns the descriptor and one piece at a time. Loop thread; what touches the disk, the functions
 * called work_*: a thread of libuv's pool. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/xmalloc.h"
#include "supervisor/http_server_file.h"

/* A second of a 4 Mbit/s camera in eight. */
#define PIECE 65536

/* One of the files that are sent as one. */
struct part {
	char *path;
	int64_t begin, end; /* of the whole */
};

struct http_file {
	struct conn *conn; /* NULL: it is gone */
	struct part *parts;
	size_t count;
	const struct part *open; /* that fd is of; NULL: none */
	int fd;
	int64_t size, newest_ns; /* of all parts: bytes, and when the last was written */
	int64_t at, end;         /* what is still to be read */
	uv_work_t request;
	bool reading; /* all of this is the thread's, but conn */
	ssize_t have; /* bytes of piece to be sent */
	unsigned char piece[LWS_PRE + PIECE];
};

static void
close_part(struct http_file *f)
{
	if (f->open)
		close(f->fd);
	f->open = NULL;
}

static void
file_close(struct http_file *f)
{
	close_part(f);
	for (size_t i = 0; i < f->count; i++)
		free(f->parts[i].path);
	free(f->parts);
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

/* ---- reading --------------------------------------------------------------------------------- */

/* A descriptor of the regular file at path, or -1. */
static int
open_regular(const char *path, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 || (fstat(fd, st) == 0 && S_ISREG(st->st_mode)))
		return fd;
	close(fd);
	return -1;
}

/* Opens the part that at is in. One of another size than was promised cannot be sent. */
static int
open_part(struct http_file *f)
{
	struct stat st;

	if (f->open && f->at >= f->open->begin && f->at < f->open->end)
		return 0;
	close_part(f);
	const struct part *p = f->parts;
	while (f->at >= p->end)
		p++;
	f->fd = open_regular(p->path, &st);
	if (f->fd < 0)
		return -1;
	f->open = p;
	return st.st_size < p->end - p->begin ? -1 : 0;
}

static void
work_read(uv_work_t *request)
{
	struct http_file *f = request->data;

	f->have = -1;
	if (open_part(f) < 0)
		return;
	int64_t end = f->end < f->open->end ? f->end : f->open->end;
	int64_t n = end - f->at;
	f->have = pread(
		f->fd, f->piece + LWS_PRE, (size_t)(n < PIECE ? n : PIECE), f->at - f->open->begin);
}

static void
on_read(uv_work_t *request, int status)
{
	struct http_file *f = request->data;

	f->reading = false;
	if (!f->conn) {
		file_close(f);
		return;
	}
	/* Cut off meanwhile: on_writable sees it. */
	if (status < 0 || f->have <= 0)
		f->have = -1;
	if (f->conn->wsi)
		lws_callback_on_writable(f->conn->wsi);
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
	f->request.data = f;
	f->reading = true;
	uv_queue_work(c->server->loop, &f->request, work_read, on_read);
	return 0;
}

/* ---- the response ---------------------------------------------------------------------------- */

/* Adds a part; the file has room for it. */
static void
add_part(struct http_file *f, const char *path, int64_t bytes, int64_t written_ns)
{
	struct part *p = &f->parts[f->count++];

	*p = (struct part){ .path = xstrdup(path), .begin = f->size, .end = f->size + bytes };
	f->size = p->end;
	f->newest_ns = written_ns > f->newest_ns ? written_ns : f->newest_ns;
}

static struct http_file *
file_new(size_t count)
{
	struct http_file *f = xcalloc(1, sizeof(*f));

	f->parts = xcalloc(count, sizeof(*f->parts));
	return f;
}

/* Sets what is sent of it. Returns the status. */
static int
choose_range(const struct http_message *m, const char *tag, struct http_file *f)
{
	const char *if_range = m->fields[HTTP_IF_RANGE];
	const char *if_none = m->fields[HTTP_IF_NONE_MATCH];

	f->end = f->size;
	if (if_none && strstr(if_none, tag))
		return 304;
	/* RFC 9110 14.2: only of GET. */
	if (m->method != HTTP_GET || !m->fields[HTTP_RANGE] ||
		(if_range && strcmp(if_range, tag) != 0))
		return 200;
	int found = http_range_parse(m->fields[HTTP_RANGE], f->size, &f->at, &f->end);
	return found < 0 ? 416 : found > 0 ? 206 : 200;
}

static void
refuse(struct http_exchange *x, int status, const char *why)
{
	struct http_response r = http_response_error(status, why);

	http_respond(x, &r);
}

/* Takes f over. */
static void
respond(struct http_exchange *x, struct http_file *f, const char *type, const char *disposition)
{
	char tag[64], range[80], length[24];

	snprintf(tag, sizeof(tag), "\"%" PRIx64 "-%" PRIx64 "\"", (uint64_t)f->newest_ns,
		(uint64_t)f->size);
	struct http_response r = { .status = choose_range(&x->message, tag, f), .type = type };
	if (r.status == 416) {
		snprintf(range, sizeof(range), "bytes */%" PRId64, f->size);
		r = http_response_error(416, "there is no such range of it");
	} else {
		snprintf(range, sizeof(range), "bytes %" PRId64 "-%" PRId64 "/%" PRId64, f->at,
			f->end - 1, f->size);
		snprintf(length, sizeof(length), "%" PRId64, f->end - f->at);
		http_response_add(&r, "Content-Length", length);
		http_response_add(&r, "ETag", tag);
		http_response_add(&r, "Accept-Ranges", "bytes");
		http_response_add(&r, "Cache-Control", "private, no-cache");
		if (disposition)
			http_response_add(&r, "Content-Disposition", disposition);
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

void
http_respond_files(struct http_exchange *x, const struct http_part *parts, size_t count,
	const char *type, const char *disposition)
{
	struct http_file *f = file_new(count);

	for (size_t i = 0; i < count; i++)
		add_part(f, parts[i].path, parts[i].bytes, parts[i].written_ns);
	respond(x, f, type, disposition);
}

/* ---- one file, as it is when it is opened ---------------------------------------------------- */

struct opening {
	uv_work_t request;
	struct http_exchange *exchange;
	char *path, *type;
	int fd; /* -1: there is no such file */
	struct stat st;
};

static void
work_open(uv_work_t *request)
{
	struct opening *o = request->data;

	o->fd = open_regular(o->path, &o->st);
}

static void
respond_opened(struct opening *o)
{
	struct http_file *f = file_new(1);

	add_part(f, o->path, o->st.st_size,
		(int64_t)o->st.st_mtim.tv_sec * 1000000000 + o->st.st_mtim.tv_nsec);
	f->open = f->parts;
	f->fd = o->fd;
	respond(o->exchange, f, o->type, NULL);
}

static void
on_opened(uv_work_t *request, int status)
{
	struct opening *o = request->data;

	if (status == 0 && o->fd >= 0)
		respond_opened(o);
	else
		refuse(o->exchange, 404, "there is no such file");
	free(o->path);
	free(o->type);
	free(o);
}

void
http_respond_file(struct http_exchange *x, const char *path, const char *type)
{
	if (!x->conn) {
		refuse(x, 404, "nobody waits for it");
		return;
	}
	struct opening *o = xmalloc(sizeof(*o));
	*o = (struct opening){
		.exchange = x, .path = xstrdup(path), .type = xstrdup(type), .fd = -1
	};
	o->request.data = o;
	uv_queue_work(x->conn->server->loop, &o->request, work_open, on_opened);
}
