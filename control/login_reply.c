/* login_reply.c - what a login's page sends the browser back with. Pure. */
#include <stddef.h>
#include <string.h>

#include "control/login_reply.h"

/* ---- values ---------------------------------------------------------------------------------- */

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The character at text of a form, and how many bytes it takes there; '\0' if it is none. */
static char
form_char(const char *text, size_t len, size_t *taken)
{
	*taken = 1;
	if (text[0] == '+')
		return ' ';
	if (text[0] != '%')
		return text[0];
	if (len < 3 || hex_digit(text[1]) < 0 || hex_digit(text[2]) < 0)
		return '\0';
	*taken = 3;
	return (char)(hex_digit(text[1]) << 4 | hex_digit(text[2]));
}

/* Decodes len bytes into out, which becomes "" if they are not what it may hold. */
static void
decode(const char *text, size_t len, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0, taken; i < len; i += taken) {
		char c = form_char(text + i, len - i, &taken);
		if (c <= ' ' || c > '~' || n + 1 >= size) {
			n = 0;
			break;
		}
		out[n++] = c;
	}
	out[n] = '\0';
}

/* The first value of key in a query of len bytes. */
static void
find(const char *query, size_t len, const char *key, char *out, size_t size)
{
	size_t key_len = strlen(key);
	const char *end = query + len;

	out[0] = '\0';
	for (const char *field = query; field < end;) {
		const char *amp = memchr(field, '&', (size_t)(end - field));
		const char *stop = amp ? amp : end;
		if ((size_t)(stop - field) > key_len && strncmp(field, key, key_len) == 0 &&
			field[key_len] == '=') {
			field += key_len + 1;
			decode(field, (size_t)(stop - field), out, size);
			return;
		}
		field = stop + 1;
	}
}

static bool
read_query(const char *query, size_t len, struct login_reply *out)
{
	find(query, len, "code", out->code, sizeof(out->code));
	find(query, len, "state", out->state, sizeof(out->state));
	find(query, len, "error", out->error, sizeof(out->error));
	return *out->code || *out->error;
}

/* ---- where they stand ------------------------------------------------------------------------ */

bool
login_reply_of_text(const char *text, struct login_reply *out)
{
	*out = (struct login_reply){ 0 };
	text += strspn(text, " \t");
	size_t len = strcspn(text, " \t\r\n#");
	const char *query = memchr(text, '?', len);

	if (query)
		return read_query(query + 1, len - (size_t)(query + 1 - text), out);
	/* A piece of an address without its query has no code, whatever it looks like. */
	if (memchr(text, '=', len) || memchr(text, ':', len))
		return false;
	decode(text, len, out->code, sizeof(out->code));
	return *out->code != '\0';
}

bool
login_reply_of_request(const char *request, const char *path, struct login_reply *out)
{
	static const char get[] = "GET ";
	size_t path_len = strlen(path);

	*out = (struct login_reply){ 0 };
	if (strncmp(request, get, strlen(get)) != 0)
		return false;
	const char *target = request + strlen(get);
	size_t len = strcspn(target, " \r\n");
	if (len <= path_len || strncmp(target, path, path_len) != 0 || target[path_len] != '?')
		return false;
	return read_query(target + path_len + 1, len - path_len - 1, out);
}
