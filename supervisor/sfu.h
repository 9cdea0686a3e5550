#ifndef SUPERVISOR_SFU_H
#define SUPERVISOR_SFU_H

#include <stdbool.h>

#include "common/clock.h"
#include "supervisor/http_client.h"
#include "supervisor/secret.h"
#include "supervisor/sfu_answer.h"

/* Sessions and tracks of one Cloudflare Realtime app. Holds the app's secret. Knows URLs and JSON;
 * one mutation at a time per session is the caller's duty, as are retries. */
struct sfu;
struct sfu_call; /* one call in flight; gone once its answer was given */

/* Cloudflare's own client waits 10 s for an answer (docs/sources.md). */
#define SFU_TIMEOUT_MS 10000

struct sfu_settings {
	const char *api_url; /* "https://rtc.live.cloudflare.com/v1"; strings are copied */
	const char *app_id;
	const char *ca_file;       /* NULL: the system's */
	struct secret *app_secret; /* becomes the sfu's */
	ms_t timeout_ms;           /* of one call; 0: SFU_TIMEOUT_MS */
};

/* The answer is lent for the length of the call. */
typedef void sfu_done(const struct sfu_answer *answer, void *arg);

/* http is lent and must outlive it. Never NULL. */
struct sfu *sfu_new(struct http_client *http, const struct sfu_settings *s);

/* The secret, which becomes the sfu's, for the calls from now on. True if it is another. */
bool sfu_set_secret(struct sfu *s, struct secret *app_secret);

/* Drops its calls without calling back. */
void sfu_free(struct sfu *s);

/* Each sends its request now and calls done once, later, from the loop. */
struct sfu_call *sfu_session_new(struct sfu *s, sfu_done *done, void *arg);
struct sfu_call *sfu_session_get(struct sfu *s, const char *session, sfu_done *done, void *arg);
/* Publishes tracks[0..count) of the offer. */
struct sfu_call *sfu_tracks_new(struct sfu *s, const char *session, const char *offer,
	const struct sfu_track *tracks, size_t count, sfu_done *done, void *arg);
/* Pulls tracks[0..count) (only their names count) of a publisher's session. offer is the viewer's,
 * then the SFU answers it; NULL: the SFU offers, and sfu_renegotiate brings the viewer's answer. */
struct sfu_call *sfu_tracks_pull(struct sfu *s, const char *session, const char *offer,
	const char *publisher, const struct sfu_track *tracks, size_t count, sfu_done *done,
	void *arg);
struct sfu_call *sfu_renegotiate(
	struct sfu *s, const char *session, const char *answer, sfu_done *done, void *arg);
/* Pulls the publisher's tracks into the m-sections where others came before: no SDP is exchanged.
 */
struct sfu_call *sfu_tracks_update(struct sfu *s, const char *session, const char *publisher,
	const struct sfu_track *tracks, size_t count, sfu_done *done, void *arg);
/* Closes tracks by their mids, with force: no SDP is exchanged, viewers lose them at once. */
struct sfu_call *sfu_tracks_close(struct sfu *s, const char *session,
	const struct sfu_track *tracks, size_t count, sfu_done *done, void *arg);

/* done will not come; whether the request was carried out is unknown. */
void sfu_cancel(struct sfu_call *call);

#endif
