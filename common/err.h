#ifndef COMMON_ERR_H
#define COMMON_ERR_H

/* What the world did to us. Functions return 0 or one of these; our own bugs are asserts, and
 * configuration errors are -1 with a sentence. */
enum err {
	ERR_AGAIN = -1, /* nothing there yet, or no room yet: try again when told to */
	ERR_NOMEM = -2,
	ERR_SYS = -3,         /* a system call failed; errno was logged or is still set */
	ERR_EOF = -4,         /* the other side closed in an orderly way */
	ERR_TIMEOUT = -5,     /* no answer within the time allowed */
	ERR_PARSE = -6,       /* bytes from outside that do not follow their grammar */
	ERR_RANGE = -7,       /* well formed, but outside what is allowed */
	ERR_UNSUPPORTED = -8, /* well formed, and we cannot do that */
	ERR_NOT_FOUND = -9,
	ERR_REFUSED = -10,     /* the other side said no */
	ERR_UNTRUSTED = -11,   /* certificate or fingerprint does not verify */
	ERR_CLOSED = -12,      /* the object was closed or interrupted by ourselves */
	ERR_UNREACHABLE = -13, /* name does not resolve, no route, connection refused or reset */
	ERR_LIBRARY = -14,     /* a library failed in a way that none of the above says */
};

/* A few words for people: "no answer in time". Never NULL; 0 is "ok". */
const char *err_text(int err);

#endif
