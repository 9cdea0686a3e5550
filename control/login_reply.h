#ifndef CONTROL_LOGIN_REPLY_H
#define CONTROL_LOGIN_REPLY_H

#include <stdbool.h>

/* What a login's page sends the browser back with; to be wiped, the code is a secret. Pure. A value
 * that is absent, or too long, or holds what is not printable ASCII, is "". */
struct login_reply {
	char code[2049];
	char state[129];
	char error[129]; /* "access_denied", ... */
};

/* Reads what a person pasted: the address that the browser ended at, or the code alone. True if
 * there is a code or an error in it. */
bool login_reply_of_text(const char *text, struct login_reply *out);

/* Reads the first line of a browser's request, "GET /?code=... HTTP/1.1"; path is the redirect's.
 * True if it asks for that path and there is a code or an error in it. */
bool login_reply_of_request(const char *request, const char *path, struct login_reply *out);

#endif
