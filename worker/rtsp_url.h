#ifndef WORKER_RTSP_URL_H
#define WORKER_RTSP_URL_H

#include <stdbool.h>

/* An RTSP URL in its parts. All strings are owned by the struct. */
struct rtsp_url {
	bool tls;       /* rtsps */
	char *user;     /* percent-decoded; NULL if the URL names none */
	char *password; /* the same; "" if it names only a user, NULL without one */
	char *host;     /* without the brackets of an IPv6 literal */
	char *port;     /* "554" for rtsp and "322" for rtsps unless the URL names one */
	char *uri;      /* what goes into request lines: the URL without userinfo and fragment */
};

/* Takes url apart; any length. Returns 0, or ERR_RANGE (scheme, host, port, or a character that no
 * request line can carry, also after decoding) with a sentence in *why, which lives for ever and
 * quotes nothing. */
int rtsp_url_parse(const char *url, struct rtsp_url *out, const char **why);

void rtsp_url_clear(struct rtsp_url *u);

#endif
