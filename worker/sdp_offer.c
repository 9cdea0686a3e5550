/* sdp_offer.c - writes our offer. Keeps nothing. Pure, any thread. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/xmalloc.h"
#include "worker/sdp.h"

static const char *const kinds[] = { [SDP_AUDIO] = "audio", [SDP_VIDEO] = "video" };

static const char *const setups[] = {
	[SDP_SETUP_ACTPASS] = "actpass",
	[SDP_SETUP_ACTIVE] = "active",
	[SDP_SETUP_PASSIVE] = "passive",
};

static void
write_transport(FILE *f, const struct sdp_offer *o)
{
	fprintf(f, "a=ice-ufrag:%s\r\n", o->ice_ufrag);
	fprintf(f, "a=ice-pwd:%s\r\n", o->ice_pwd);
	fprintf(f, "a=fingerprint:sha-256 %s\r\n", o->fingerprint);
	fprintf(f, "a=setup:%s\r\n", setups[o->setup]);
	/* That we can do nothing else (RFC 8858) is what WHIP clients say (RFC 9725 4.4). */
	fprintf(f, "a=rtcp-mux-only\r\n");
	/* Both are the same in all sections of a BUNDLE (RFC 8859 5.12, 5.13). */
	fprintf(f, "a=rtcp-mux\r\n");
	fprintf(f, "a=rtcp-rsize\r\n");
}

static void
write_feedback(FILE *f, uint8_t pt)
{
	fprintf(f, "a=rtcp-fb:%u nack\r\n", pt);
	fprintf(f, "a=rtcp-fb:%u nack pli\r\n", pt);
	fprintf(f, "a=rtcp-fb:%u ccm fir\r\n", pt);
}

/* RFC 4588 8.1, RFC 5576 4.2 */
static void
write_rtx(FILE *f, const struct sdp_media *m)
{
	fprintf(f, "a=rtpmap:%u rtx/90000\r\n", m->rtx_pt);
	fprintf(f, "a=fmtp:%u apt=%u\r\n", m->rtx_pt, m->pt);
	fprintf(f, "a=ssrc-group:FID %" PRIu32 " %" PRIu32 "\r\n", m->ssrc, m->rtx_ssrc);
}

static void
write_ssrc(FILE *f, uint32_t ssrc, const struct sdp_offer *o)
{
	fprintf(f, "a=ssrc:%" PRIu32 " cname:%s\r\n", ssrc, o->cname);
}

static void
write_media(FILE *f, const struct sdp_offer *o, const struct sdp_media *m)
{
	/* Port 9 is a placeholder: candidates follow by other means (RFC 8839 4.1.1). */
	fprintf(f, "m=%s 9 UDP/TLS/RTP/SAVPF %u", kinds[m->kind], m->pt);
	if (m->rtx_pt)
		fprintf(f, " %u", m->rtx_pt);
	fprintf(f, "\r\n");
	fprintf(f, "c=IN IP4 0.0.0.0\r\n");
	write_transport(f, o);
	fprintf(f, "a=mid:%s\r\n", m->mid);
	fprintf(f, "a=sendonly\r\n");
	fprintf(f, "a=msid:%s %s\r\n", o->stream_id, m->track_id);
	fprintf(f, "a=rtpmap:%u %s\r\n", m->pt, m->rtpmap);
	if (m->fmtp)
		fprintf(f, "a=fmtp:%u %s\r\n", m->pt, m->fmtp);
	if (m->feedback)
		write_feedback(f, m->pt);
	if (m->transport_cc_id) {
		fprintf(f, "a=extmap:%u " SDP_TRANSPORT_CC "\r\n", m->transport_cc_id);
		fprintf(f, "a=rtcp-fb:%u transport-cc\r\n", m->pt);
	}
	if (m->rtx_pt)
		write_rtx(f, m);
	write_ssrc(f, m->ssrc, o);
	if (m->rtx_pt)
		write_ssrc(f, m->rtx_ssrc, o);
}

char *
sdp_write_offer(const struct sdp_offer *offer)
{
	char *text = NULL;
	size_t len;
	FILE *f = xopen_memstream(&text, &len);

	fprintf(f, "v=0\r\n");
	fprintf(f, "o=- %" PRIu64 " 1 IN IP4 0.0.0.0\r\n", offer->session_id);
	fprintf(f, "s=-\r\n");
	fprintf(f, "t=0 0\r\n");
	fprintf(f, "a=group:BUNDLE");
	for (size_t i = 0; i < offer->media_count; i++)
		fprintf(f, " %s", offer->media[i].mid);
	fprintf(f, "\r\n");
	fprintf(f, "a=msid-semantic: WMS *\r\n");
	for (size_t i = 0; i < offer->media_count; i++)
		write_media(f, offer, &offer->media[i]);
	if (fclose(f) != 0)
		abort();
	return text;
}
