/* stream.c - what Google granted for one camera.
 * Owns URL and tokens. Asks nobody for them and tells nobody. Loop thread. */
#include "common/wipe.h"
#include "supervisor/stream.h"

void
stream_clear(struct stream *s)
{
	sdm_stream_clear(&s->sdm);
	*s = (struct stream){ 0 };
}

void
stream_take_generated(struct stream *s, struct sdm_answer *answer, ms_t expires_at)
{
	stream_clear(s);
	s->sdm = answer->stream;
	answer->stream = (struct sdm_stream){ 0 };
	s->expires_at = expires_at;
}

/* Moves a string out of an answer, over the old one, which stays if there is none. */
static void
take(char **own, char **fresh)
{
	if (!*fresh)
		return;
	wipe_free(*own);
	*own = *fresh;
	*fresh = NULL;
}

static void
take_tokens(struct stream *s, struct sdm_answer *answer)
{
	struct sdm_stream *fresh = &answer->stream;

	if (fresh->stream_token) {
		char *url = sdm_url_with_token(s->sdm.rtsp_url, fresh->stream_token);
		take(&s->sdm.rtsp_url, &url);
		take(&s->sdm.stream_token, &fresh->stream_token);
	}
	take(&s->sdm.extension_token, &fresh->extension_token);
}

void
stream_take_extended(struct stream *s, struct sdm_answer *answer, ms_t expires_at)
{
	take_tokens(s, answer);
	s->expires_at = expires_at;
	s->extends++;
}

ms_t
stream_left_ms(const struct stream *s, ms_t now)
{
	if (!s->sdm.rtsp_url)
		return -1;
	return s->expires_at > now ? s->expires_at - now : 0;
}
