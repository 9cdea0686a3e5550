/* sdp.c - reads the other end's answer.
 * Keeps nothing and knows no transport. Reading is one pass over the lines, a table of attributes,
 * and a check of what must have been there. Pure, any thread. */
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "worker/sdp.h"
#include "worker/sdp_candidates.h"
#include "worker/sdp_fingerprint.h"
#include "worker/sdp_payload.h"
#include "worker/sdp_text.h"

static const char *const setups[] = {
	[SDP_SETUP_ACTPASS] = "actpass",
	[SDP_SETUP_ACTIVE] = "active",
	[SDP_SETUP_PASSIVE] = "passive",
};

/* ---- the answer, line by line ---------------------------------------------------------------- */

struct parser {
	struct sdp_remote *out;
	struct sdp_remote_media *media; /* the m-section we are in; NULL: session level */
	struct sdp_text rest;           /* the lines to come */
	unsigned line;
	bool has_setup;
	char *why;
	size_t why_size;
	/* Of session level, that of each section unless it says something else. */
	uint8_t transport_cc_id;
	const char *refusal;
	struct sdp_candidates candidates;
	struct sdp_fingerprints fingerprints[SDP_MEDIA_MAX + 1]; /* session level, then sections */
	struct sdp_text bundles[SDP_MEDIA_MAX];                  /* mids */
	size_t bundle_count;
};

/* Says why in a sentence, and returns err. */
__attribute__((format(printf, 3, 4))) static int
fail(struct parser *p, int err, const char *format, ...)
{
	size_t at = 0;
	va_list ap;

	if (p->why_size == 0)
		return err;
	if (p->line)
		at = (size_t)snprintf(p->why, p->why_size, "line %u: ", p->line);
	if (at >= p->why_size)
		return err;
	va_start(ap, format);
	vsnprintf(p->why + at, p->why_size - at, format, ap);
	va_end(ap);
	return err;
}

/* Of BUNDLEd sections the first that has it counts; all say the same. */
static int
take_secret(struct parser *p, struct sdp_text value, const char *name, size_t min, char *out)
{
	struct sdp_text v = sdp_text_word(&value);

	if (out[0])
		return 0;
	if (v.len < min || !sdp_text_copy(v, out, SDP_ICE_CHARS_MAX + 1))
		return fail(p, ERR_RANGE, "a=%s has %zu characters, not %zu to %d", name, v.len,
			min, SDP_ICE_CHARS_MAX);
	return 0;
}

static int
on_ice_ufrag(struct parser *p, struct sdp_text value)
{
	sdp_candidates_set_ufrag(&p->candidates, p->out, value);
	return take_secret(p, value, "ice-ufrag", 4, p->out->ice_ufrag);
}

static int
on_ice_pwd(struct parser *p, struct sdp_text value)
{
	return take_secret(p, value, "ice-pwd", 22, p->out->ice_pwd);
}

static int
on_ice_lite(struct parser *p, struct sdp_text value)
{
	(void)value;
	p->out->ice_lite = true;
	return 0;
}

static int
on_setup(struct parser *p, struct sdp_text value)
{
	struct sdp_text v = sdp_text_word(&value);

	if (p->has_setup)
		return 0;
	for (size_t i = 0; i < sizeof(setups) / sizeof(setups[0]); i++)
		if (sdp_text_is_any_case(v, setups[i])) {
			p->out->setup = (enum sdp_setup)i;
			p->has_setup = true;
			return 0;
		}
	if (sdp_text_is_any_case(v, "holdconn"))
		return fail(p, ERR_UNSUPPORTED, "a=setup:holdconn asks for no connection");
	return fail(p, ERR_PARSE, "a=setup is not active, passive or actpass");
}

static int
on_fingerprint(struct parser *p, struct sdp_text value)
{
	const struct sdp_hash *odd =
		sdp_fingerprint_add(&p->fingerprints[p->out->media_count], value);

	if (odd)
		return fail(p, ERR_PARSE, "a=fingerprint:%s is not %zu pairs of hex digits",
			odd->name, odd->bytes);
	return 0;
}

static int
on_candidate(struct parser *p, struct sdp_text value)
{
	sdp_candidates_add(&p->candidates, p->out, value);
	return 0;
}

static int
on_mid(struct parser *p, struct sdp_text value)
{
	struct sdp_text v = sdp_text_word(&value);

	if (p->media && !sdp_text_copy(v, p->media->mid, sizeof(p->media->mid)))
		return fail(p, ERR_RANGE, "a=mid has %zu characters, more than %zu", v.len,
			sizeof(p->media->mid) - 1);
	return 0;
}

/* RFC 3264 6.1: we offer to send, and who takes that says recvonly, or nothing. */
static int
set_refusal(struct parser *p, const char *refusal)
{
	if (p->media)
		p->media->refusal = refusal;
	else
		p->refusal = refusal;
	return 0;
}

static int
on_inactive(struct parser *p, struct sdp_text value)
{
	(void)value;
	return set_refusal(p, "a=inactive");
}

static int
on_sendonly(struct parser *p, struct sdp_text value)
{
	(void)value;
	return set_refusal(p, "a=sendonly");
}

static int
on_receiving(struct parser *p, struct sdp_text value)
{
	(void)value;
	return set_refusal(p, NULL);
}

static int
on_group(struct parser *p, struct sdp_text value)
{
	if (sdp_text_is(sdp_text_word(&value), "BUNDLE") && p->bundle_count < SDP_MEDIA_MAX)
		p->bundles[p->bundle_count++] = value;
	return 0;
}

/* Takes the payload type off value. True if it is the section's media. */
static bool
is_our_pt(const struct parser *p, struct sdp_text *value)
{
	int64_t pt = sdp_text_number(sdp_text_word(value), 127);

	return p->media && pt == p->media->pt;
}

static int
on_rtpmap(struct parser *p, struct sdp_text value)
{
	if (!is_our_pt(p, &value))
		return 0;
	struct sdp_text codec = sdp_text_word(&value);
	codec = sdp_text_cut(&codec, '/');
	if (codec.len == 0 || !sdp_text_copy(codec, p->media->codec, sizeof(p->media->codec)))
		return fail(p, ERR_PARSE, "a=rtpmap names no codec, or one of over %zu characters",
			sizeof(p->media->codec) - 1);
	return 0;
}

/* RFC 4588 8.1: "a=fmtp:105 rtx-time=3000;apt=106" makes 105 the retransmissions of 106. */
static void
note_rtx(struct parser *p, struct sdp_text fmtp)
{
	int64_t pt = sdp_text_number(sdp_text_word(&fmtp), 127);

	while (p->media && pt >= 0 && fmtp.len) {
		struct sdp_text one = sdp_text_cut(&fmtp, ';');
		struct sdp_text parameter = sdp_text_word(&one);
		bool apt = sdp_text_is_any_case(sdp_text_cut(&parameter, '='), "apt");
		if (apt && sdp_text_number(parameter, 127) == p->media->pt)
			p->media->rtx_pt = (uint8_t)pt;
	}
}

/* RFC 8285 8: "id[/direction] URI ...". Of session level it is every section's. */
static int
on_extmap(struct parser *p, struct sdp_text value)
{
	struct sdp_text first = sdp_text_word(&value);
	int64_t id = sdp_text_number(sdp_text_cut(&first, '/'), 14);

	if (id < 1 || !sdp_text_is(sdp_text_word(&value), SDP_TRANSPORT_CC))
		return 0;
	if (p->media)
		p->media->transport_cc_id = (uint8_t)id;
	else
		p->transport_cc_id = (uint8_t)id;
	return 0;
}

static int
on_fmtp(struct parser *p, struct sdp_text value)
{
	note_rtx(p, value);
	if (is_our_pt(p, &value))
		sdp_text_copy(value, p->media->fmtp, sizeof(p->media->fmtp));
	return 0;
}

static int
on_rtcp_fb(struct parser *p, struct sdp_text value)
{
	struct sdp_text all = value;
	bool ours = sdp_text_is(sdp_text_word(&all), "*") && p->media;

	if (!is_our_pt(p, &value) && !ours)
		return 0;
	struct sdp_text what = sdp_text_word(&value);
	struct sdp_text detail = sdp_text_word(&value);
	if (sdp_text_is(what, "nack") && detail.len == 0)
		p->media->nack = true;
	if (sdp_text_is(what, "nack") && sdp_text_is(detail, "pli"))
		p->media->nack_pli = true;
	if (sdp_text_is(what, "ccm") && sdp_text_is(detail, "fir"))
		p->media->ccm_fir = true;
	return 0;
}

static const struct {
	const char *name;
	int (*on)(struct parser *p, struct sdp_text value);
} attributes[] = {
	{ .name = "candidate", .on = on_candidate },
	{ .name = "extmap", .on = on_extmap },
	{ .name = "fingerprint", .on = on_fingerprint },
	{ .name = "fmtp", .on = on_fmtp },
	{ .name = "group", .on = on_group },
	{ .name = "ice-lite", .on = on_ice_lite },
	{ .name = "ice-pwd", .on = on_ice_pwd },
	{ .name = "ice-ufrag", .on = on_ice_ufrag },
	{ .name = "inactive", .on = on_inactive },
	{ .name = "mid", .on = on_mid },
	{ .name = "recvonly", .on = on_receiving },
	{ .name = "rtcp-fb", .on = on_rtcp_fb },
	{ .name = "rtpmap", .on = on_rtpmap },
	{ .name = "sendonly", .on = on_sendonly },
	{ .name = "sendrecv", .on = on_receiving },
	{ .name = "setup", .on = on_setup },
};

static int
on_attribute(struct parser *p, struct sdp_text value)
{
	struct sdp_text name = sdp_text_cut(&value, ':');

	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++)
		if (sdp_text_is(name, attributes[i].name))
			return attributes[i].on(p, value);
	return 0;
}

static bool
is_secure_profile(struct sdp_text profile)
{
	return sdp_text_is(profile, "UDP/TLS/RTP/SAVPF") ||
	       sdp_text_is(profile, "UDP/TLS/RTP/SAVP") || sdp_text_is(profile, "RTP/SAVPF");
}

/* Of a section that is rejected (port 0) no more than that counts: RFC 3264 6. */
static int
on_media(struct parser *p, struct sdp_text value)
{
	struct sdp_remote *r = p->out;
	struct sdp_text kind = sdp_text_word(&value);
	struct sdp_text ports = sdp_text_word(&value);
	int64_t port = sdp_text_number(sdp_text_cut(&ports, '/'), UINT16_MAX);
	struct sdp_text profile = sdp_text_word(&value);
	int pt = sdp_payload_find(value, p->rest);

	if (!sdp_text_is(kind, "audio") && !sdp_text_is(kind, "video"))
		return fail(p, ERR_UNSUPPORTED, "an m-section is neither audio nor video");
	if (r->media_count == SDP_MEDIA_MAX)
		return fail(p, ERR_RANGE, "more than %d m-sections", SDP_MEDIA_MAX);
	if (port < 0 || (port > 0 && pt < 0))
		return fail(p, ERR_PARSE, "m= has no port or no payload type");
	if (port > 0 && !is_secure_profile(profile))
		return fail(p, ERR_UNSUPPORTED, "m= is not of UDP/TLS/RTP/SAVPF");
	p->media = &r->media[r->media_count++];
	*p->media = (struct sdp_remote_media){
		.kind = sdp_text_is(kind, "audio") ? SDP_AUDIO : SDP_VIDEO,
		.accepted = port != 0,
		.pt = pt < 0 ? 0 : (uint8_t)pt,
		.transport_cc_id = p->transport_cc_id,
		.refusal = p->refusal,
	};
	return 0;
}

static int
on_line(struct parser *p, struct sdp_text line)
{
	for (size_t i = 0; i < line.len; i++)
		if (iscntrl((unsigned char)line.s[i]) && line.s[i] != '\t')
			return fail(p, ERR_PARSE, "a control character");
	if (line.len < 2 || line.s[1] != '=')
		return fail(p, ERR_PARSE, "not of the form x=value");
	struct sdp_text value = { .s = line.s + 2, .len = line.len - 2 };
	if (p->line == 1 && !sdp_text_is(line, "v=0"))
		return fail(p, ERR_PARSE, "SDP begins with v=0");
	if (line.s[0] == 'm')
		return on_media(p, value);
	return line.s[0] == 'a' ? on_attribute(p, value) : 0;
}

static bool
is_in(struct sdp_text bundle, const char *mid)
{
	while (bundle.len)
		if (sdp_text_is(sdp_text_word(&bundle), mid))
			return mid[0] != '\0';
	return false;
}

/* All accepted sections are in that bundle. */
static bool
holds_all(const struct sdp_remote *r, struct sdp_text bundle)
{
	for (size_t i = 0; i < r->media_count; i++)
		if (r->media[i].accepted && !is_in(bundle, r->media[i].mid))
			return false;
	return true;
}

/* The codec of a section whose payload type has no rtpmap. */
static void
name_codec(struct sdp_remote_media *m)
{
	const char *codec = m->kind == SDP_AUDIO ? sdp_payload_static(m->pt) : NULL;

	if (codec && !m->codec[0])
		snprintf(m->codec, sizeof(m->codec), "%s", codec);
}

/* What was taken of our offer: one transport, which several sections share. */
static int
check_media(struct parser *p)
{
	struct sdp_remote *r = p->out;
	const char *refusal = NULL;
	size_t accepted = 0;

	for (size_t i = 0; i < r->media_count; i++) {
		struct sdp_remote_media *m = &r->media[i];
		name_codec(m);
		m->accepted = m->accepted && m->codec[0] && !m->refusal;
		accepted += m->accepted;
		refusal = refusal ? refusal : m->refusal;
	}
	if (accepted == 0)
		return fail(p, ERR_REFUSED, "every m-section is rejected%s%s", refusal ? ": " : "",
			refusal ? refusal : "");
	/* Who knows no groups (RFC 8843 came late) may mean one transport all the same. */
	bool bundled = accepted == 1 ||
		       (p->bundle_count == 0 && sdp_candidates_share_transport(&p->candidates, r));
	for (size_t i = 0; i < p->bundle_count; i++)
		bundled = bundled || holds_all(r, p->bundles[i]);
	if (!bundled)
		return fail(p, ERR_UNSUPPORTED,
			"the m-sections are not in one a=group:BUNDLE: more than one transport is "
			"not supported");
	return 0;
}

/* RFC 8122 5: those of session level are of the sections that have none of their own. */
static void
choose_fingerprints(struct parser *p)
{
	p->out->fingerprints = p->fingerprints[0];
	for (size_t i = p->out->media_count; i > 0; i--)
		if (p->out->media[i - 1].accepted && p->fingerprints[i].count > 0)
			p->out->fingerprints = p->fingerprints[i];
}

/* What must have been there. */
static int
check(struct parser *p)
{
	const struct sdp_remote *r = p->out;

	p->line = 0;
	if (r->media_count == 0)
		return fail(p, ERR_PARSE, "m= is missing");
	int err = check_media(p);
	if (err)
		return err;
	if (!r->ice_ufrag[0])
		return fail(p, ERR_PARSE, "a=ice-ufrag is missing");
	if (!r->ice_pwd[0])
		return fail(p, ERR_PARSE, "a=ice-pwd is missing");
	choose_fingerprints(p);
	if (r->fingerprints.count == 0)
		return fail(p, ERR_PARSE, "a=fingerprint is missing, or of no hash we trust");
	if (!p->has_setup)
		return fail(p, ERR_PARSE, "a=setup is missing");
	sdp_candidates_choose(&p->candidates, p->out);
	return 0;
}

int
sdp_parse(const char *text, size_t len, struct sdp_remote *out, char *why, size_t why_size)
{
	struct parser p = {
		.out = out, .rest = { .s = text, .len = len }, .why = why, .why_size = why_size
	};
	int err = 0;

	*out = (struct sdp_remote){ 0 };
	while (p.rest.len && !err) {
		struct sdp_text line = sdp_text_line(&p.rest);
		p.line++;
		if (line.len || p.line == 1)
			err = on_line(&p, line);
	}
	return err ? err : check(&p);
}
