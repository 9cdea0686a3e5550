/* err.c - the texts of enum err. Pure. */
#include <stddef.h>

#include "common/err.h"

static const char *const texts[] = {
	[0] = "ok",
	[-ERR_AGAIN] = "not ready",
	[-ERR_NOMEM] = "out of memory",
	[-ERR_SYS] = "system call failed",
	[-ERR_EOF] = "closed by the other side",
	[-ERR_TIMEOUT] = "no answer in time",
	[-ERR_PARSE] = "malformed",
	[-ERR_RANGE] = "out of range",
	[-ERR_UNSUPPORTED] = "not supported",
	[-ERR_NOT_FOUND] = "not found",
	[-ERR_REFUSED] = "refused",
	[-ERR_UNTRUSTED] = "does not verify",
	[-ERR_CLOSED] = "closed",
	[-ERR_UNREACHABLE] = "unreachable",
	[-ERR_LIBRARY] = "library error",
};

const char *
err_text(int err)
{
	size_t i = err <= 0 ? (size_t)-err : sizeof(texts);

	if (i >= sizeof(texts) / sizeof(texts[0]) || !texts[i])
		return "unknown error";
	return texts[i];
}
