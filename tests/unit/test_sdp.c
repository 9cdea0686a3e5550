/* test_sdp.c - an offer to the letter, and answers in the manner of the ends we meet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "worker/sdp.h"

#define FP                                                                                         \
	"3A:91:0C:5E:77:B2:48:FD:10:2B:6C:9E:D3:04:85:F1:"                                         \
	"AA:37:59:C8:E0:1D:92:4B:63:BE:0F:7A:D5:26:88:14"
#define FP2                                                                                        \
	"00:91:0C:5E:77:B2:48:FD:10:2B:6C:9E:D3:04:85:F1:"                                         \
	"AA:37:59:C8:E0:1D:92:4B:63:BE:0F:7A:D5:26:88:14"
#define SHA_384 "a=fingerprint:sha-384 " FP ":3A:91:0C:5E:77:B2:48:FD:10:2B:6C:9E:D3:04:85:F1\r\n"
#define UFRAG64 "7d3a9f0b2c4e61587d3a9f0b2c4e61587d3a9f0b2c4e61587d3a9f0b2c4e6158"
#define PWD "qwertzuiopasdfghjklyxcvbnmqwertz"

/* Cloudflare: ice-lite, fingerprint at session level, every candidate twice and in the first
 * section only, RTX beside H.264, a blank after nack, an empty last line. */
#define CLOUDFLARE                                                                                 \
	"v=0\r\no=- 1403977160925522183 1784512345 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"             \
	"a=msid-semantic:WMS*\r\na=fingerprint:sha-256 " FP "\r\na=ice-lite\r\n"                   \
	"a=extmap-allow-mixed\r\na=group:BUNDLE 0 1\r\n"                                           \
	"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=setup:passive\r\na=mid:0\r\n"    \
	"a=ice-ufrag:" UFRAG64 "\r\na=ice-pwd:" PWD "\r\na=rtcp-mux\r\na=rtcp-rsize\r\n"           \
	"a=rtpmap:111 opus/48000/2\r\na=recvonly\r\n"                                              \
	"a=candidate:513273236 1 udp 2130706431 203.0.113.7 1473 typ host\r\n"                     \
	"a=candidate:513273236 2 udp 2130706431 203.0.113.7 1473 typ host\r\n"                     \
	"a=end-of-candidates\r\n"                                                                  \
	"m=video 9 UDP/TLS/RTP/SAVPF 106 105\r\nc=IN IP4 0.0.0.0\r\na=setup:passive\r\n"           \
	"a=mid:1\r\na=ice-ufrag:" UFRAG64 "\r\na=ice-pwd:" PWD "\r\na=rtcp-mux\r\n"                \
	"a=rtcp-rsize\r\na=rtpmap:106 H264/90000\r\n"                                              \
	"a=fmtp:106 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f\r\n"    \
	"a=rtcp-fb:106 nack \r\na=rtpmap:105 rtx/90000\r\na=fmtp:105 apt=106\r\na=recvonly\r\n"    \
	"\r\n"

/* Janus: active, full ICE, candidates in each section, feedback, rtpmaps with spaces after. */
#define JANUS                                                                                      \
	"v=0\r\no=- 1784512345 1 IN IP4 192.0.2.10\r\ns=VideoRoom 1234\r\nt=0 0\r\n"               \
	"a=group:BUNDLE v\r\na=ice-options:trickle\r\n"                                            \
	"a=fingerprint:sha-256 " FP "\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS *\r\n"       \
	"m=video 9 UDP/TLS/RTP/SAVPF 106\r\nc=IN IP4 192.0.2.10\r\na=recvonly\r\na=mid:v\r\n"      \
	"a=rtcp-mux\r\na=ice-ufrag:Xk2+\r\na=ice-pwd:jan0us/password+22chars\r\n"                  \
	"a=ice-options:trickle\r\na=setup:active\r\na=rtpmap:106 H264/90000\r\n"                   \
	"a=fmtp:106 profile-level-id=42e01f;packetization-mode=1\r\n"                              \
	"a=rtcp-fb:106 ccm fir\r\na=rtcp-fb:106 nack\r\na=rtcp-fb:106 nack pli\r\n"                \
	"a=rtcp-fb:106 goog-remb\r\na=msid:janus janusv\r\na=ssrc:99 cname:janus\r\n"              \
	"a=candidate:1 1 udp 2015363327 192.0.2.10 40123 typ host\r\n"                             \
	"a=candidate:2 1 udp 2015363583 2001:db8::10 40124 typ host\r\n"                           \
	"a=candidate:3 1 tcp 1010827775 192.0.2.10 9 typ host tcptype active\r\n"                  \
	"a=end-of-candidates\r\n"

/* A browser: lower-case hash digits never, .local candidates, trailing attributes of candidates. */
#define CHROMIUM                                                                                   \
	"v=0\r\no=- 5723098712309 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"                          \
	"a=group:BUNDLE 0\r\na=msid-semantic: WMS\r\n"                                             \
	"m=video 53124 UDP/TLS/RTP/SAVPF 106\r\nc=IN IP4 198.51.100.3\r\n"                         \
	"a=rtcp:9 IN IP4 0.0.0.0\r\n"                                                              \
	"a=candidate:842163049 1 udp 1677729535 198.51.100.3 53124 typ srflx raddr 0.0.0.0 "       \
	"rport 0 generation 0 network-cost 999\r\n"                                                \
	"a=candidate:11 1 udp 2113937151 0f2c4d5e-77aa-4b1c-9d2e-1f2a3b4c5d6e.local 53124 typ "    \
	"host generation 0 network-cost 999\r\n"                                                   \
	"a=ice-ufrag:bZ3o\r\na=ice-pwd:Wc1vA9mQkHf3nYt7rLxPzE2d\r\na=ice-options:trickle\r\n"      \
	"a=fingerprint:sha-256 " FP "\r\na=setup:active\r\na=mid:0\r\na=recvonly\r\n"              \
	"a=rtcp-mux\r\na=rtcp-rsize\r\na=rtpmap:106 H264/90000\r\na=rtcp-fb:* nack\r\n"            \
	"a=rtcp-fb:* nack pli\r\na=rtcp-fb:106 transport-cc\r\n"                                   \
	"a=fmtp:106 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n"

/* aiortc: bare LF, three hashes, candidates before the rest, audio rejected. */
#define AIORTC                                                                                     \
	"v=0\no=- 3989012345 3989012345 IN IP4 0.0.0.0\ns=-\nt=0 0\na=group:BUNDLE 1\n"            \
	"a=msid-semantic:WMS *\n"                                                                  \
	"m=audio 0 UDP/TLS/RTP/SAVPF 111\nc=IN IP4 0.0.0.0\na=inactive\na=mid:0\n"                 \
	"m=video 36001 UDP/TLS/RTP/SAVPF 106\nc=IN IP4 192.0.2.9\na=recvonly\na=mid:1\n"           \
	"a=rtcp:9 IN IP4 0.0.0.0\na=rtcp-mux\na=rtpmap:106 H264/90000\n"                           \
	"a=rtcp-fb:106 nack\na=rtcp-fb:106 nack pli\n"                                             \
	"a=candidate:c2d5 1 udp 2130706431 192.0.2.9 36001 typ host\n"                             \
	"a=candidate:ee01 1 udp 1694498815 198.51.100.9 36001 typ srflx raddr 192.0.2.9 rport "    \
	"36001\na=end-of-candidates\na=ice-ufrag:h4Tq\na=ice-pwd:0cQ5sJ8mZx2nVb7kLp3rTy\n"         \
	"a=fingerprint:sha-512 00\na=fingerprint:sha-256 " FP "\na=setup:active\n"

static char why[200];

/* On a copy of exactly len bytes, so that ASan sees a read past the end. */
static int
parse_bytes(const char *text, size_t len, struct sdp_remote *out)
{
	char *copy = malloc(len ? len : 1);

	memcpy(copy, text, len);
	why[0] = '\0';
	int err = sdp_parse(copy, len, out, why, sizeof(why));
	free(copy);
	return err;
}

static int
parse(const char *text, struct sdp_remote *out)
{
	return parse_bytes(text, strlen(text), out);
}

/* Our own offer as if it were an answer to one. */
static int
parse_offer(const char *offer, struct sdp_remote *out)
{
	char *text = strdup(offer);

	for (char *at = strstr(text, "a=sendonly"); at; at = strstr(at, "a=sendonly"))
		memcpy(at, "a=recvonly", 10);
	int err = parse(text, out);
	free(text);
	return err;
}

/* CLOUDFLARE with one piece of it replaced. */
static int
parse_with(const char *piece, const char *other, struct sdp_remote *out)
{
	char text[8192];
	const char *at = strstr(CLOUDFLARE, piece);

	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - CLOUDFLARE), CLOUDFLARE, other,
		at + strlen(piece));
	return parse(text, out);
}

static void
an_offer_is_written_to_the_letter(void **state)
{
	struct sdp_offer o = {
		.session_id = 42,
		.ice_ufrag = "abcd",
		.ice_pwd = PWD,
		.fingerprint = "AB:CD",
		.setup = SDP_SETUP_ACTPASS,
		.cname = "cam",
		.stream_id = "s",
		.media = { {
			.kind = SDP_VIDEO,
			.mid = "0",
			.pt = 106,
			.rtpmap = "H264/90000",
			.fmtp = "packetization-mode=1",
			.ssrc = 4000000000U,
			.track_id = "t",
			.feedback = true,
		} },
		.media_count = 1,
	};

	(void)state;
	char *text = sdp_write_offer(&o);
	assert_string_equal(text,
		"v=0\r\no=- 42 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
		"a=msid-semantic: WMS *\r\n"
		"m=video 9 UDP/TLS/RTP/SAVPF 106\r\nc=IN IP4 0.0.0.0\r\n"
		"a=ice-ufrag:abcd\r\na=ice-pwd:" PWD "\r\na=fingerprint:sha-256 AB:CD\r\n"
		"a=setup:actpass\r\na=rtcp-mux-only\r\na=rtcp-mux\r\na=rtcp-rsize\r\n"
		"a=mid:0\r\na=sendonly\r\n"
		"a=msid:s t\r\na=rtpmap:106 H264/90000\r\na=fmtp:106 packetization-mode=1\r\n"
		"a=rtcp-fb:106 nack\r\na=rtcp-fb:106 nack pli\r\na=rtcp-fb:106 ccm fir\r\n"
		"a=ssrc:4000000000 cname:cam\r\n");
	free(text);
}

static void
retransmission_and_transport_feedback_are_offered_and_found_in_an_answer(void **state)
{
	struct sdp_offer o = {
		.ice_ufrag = "abcd",
		.ice_pwd = PWD,
		.fingerprint = FP,
		.setup = SDP_SETUP_ACTIVE,
		.cname = "cam",
		.stream_id = "s",
		.media = { {
			.kind = SDP_VIDEO,
			.mid = "0",
			.pt = 106,
			.rtpmap = "H264/90000",
			.ssrc = 1,
			.track_id = "v",
			.rtx_pt = 107,
			.rtx_ssrc = 3,
			.transport_cc_id = 5,
		} },
		.media_count = 1,
	};
	struct sdp_remote r;

	(void)state;
	char *text = sdp_write_offer(&o);
	assert_non_null(strstr(text, "m=video 9 UDP/TLS/RTP/SAVPF 106 107\r\n"));
	assert_non_null(strstr(text, "a=extmap:5 " SDP_TRANSPORT_CC "\r\n"
				     "a=rtcp-fb:106 transport-cc\r\n"
				     "a=rtpmap:107 rtx/90000\r\na=fmtp:107 apt=106\r\n"
				     "a=ssrc-group:FID 1 3\r\n"
				     "a=ssrc:1 cname:cam\r\na=ssrc:3 cname:cam\r\n"));
	assert_int_equal(parse_offer(text, &r), 0);
	assert_int_equal(r.media[0].pt, 106);
	assert_int_equal(r.media[0].rtx_pt, 107);
	assert_int_equal(r.media[0].transport_cc_id, 5);
	free(text);
}

static void
an_offer_of_two_bundles_them_and_parses(void **state)
{
	struct sdp_media audio = {
		.kind = SDP_AUDIO,
		.mid = "0",
		.pt = 111,
		.rtpmap = "opus/48000/2",
		.ssrc = 1,
		.track_id = "a",
	};
	struct sdp_media video = {
		.kind = SDP_VIDEO,
		.mid = "1",
		.pt = 106,
		.rtpmap = "H264/90000",
		.ssrc = 2,
		.track_id = "v",
		.feedback = true,
	};
	struct sdp_offer o = {
		.ice_ufrag = "abcd",
		.ice_pwd = PWD,
		.fingerprint = FP,
		.setup = SDP_SETUP_ACTIVE,
		.cname = "cam",
		.stream_id = "s",
		.media = { audio, video },
		.media_count = 2,
	};
	struct sdp_remote r;

	(void)state;
	char *text = sdp_write_offer(&o);
	assert_non_null(strstr(text, "a=group:BUNDLE 0 1\r\n"));
	assert_int_equal(parse_offer(text, &r), 0);
	assert_int_equal(r.media_count, 2);
	assert_int_equal(r.setup, SDP_SETUP_ACTIVE);
	assert_false(r.media[0].nack);
	assert_true(r.media[1].ccm_fir);
	free(text);
}

static void
cloudflare_answers_lite_passive_and_twice(void **state)
{
	struct sdp_remote r;

	(void)state;
	assert_int_equal(parse(CLOUDFLARE, &r), 0);
	assert_string_equal(r.ice_ufrag, UFRAG64);
	assert_string_equal(r.ice_pwd, PWD);
	assert_true(r.ice_lite);
	assert_string_equal(r.fingerprints.hash, "sha-256");
	assert_string_equal(r.fingerprints.digits[0], FP);
	assert_int_equal(r.setup, SDP_SETUP_PASSIVE);
	assert_int_equal(r.candidate_count, 1);
	assert_string_equal(r.candidates[0].foundation, "513273236");
	assert_string_equal(r.candidates[0].address, "203.0.113.7");
	assert_int_equal(r.candidates[0].port, 1473);
	assert_int_equal(r.candidates[0].priority, 2130706431);
	assert_string_equal(r.candidates[0].type, "host");
	assert_int_equal(r.media_count, 2);
	assert_true(r.media[0].accepted);
	assert_int_equal(r.media[0].kind, SDP_AUDIO);
	assert_string_equal(r.media[0].codec, "opus");
}

static void
cloudflare_keeps_plain_nack_only(void **state)
{
	struct sdp_remote r;

	(void)state;
	assert_int_equal(parse(CLOUDFLARE, &r), 0);
	struct sdp_remote_media *v = &r.media[1];
	assert_true(v->accepted);
	assert_int_equal(v->kind, SDP_VIDEO);
	assert_string_equal(v->mid, "1");
	assert_int_equal(v->pt, 106);
	assert_string_equal(v->codec, "H264");
	assert_string_equal(
		v->fmtp, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d001f");
	assert_true(v->nack);
	assert_false(v->nack_pli);
	assert_false(v->ccm_fir);
}

static void
janus_answers_active_with_candidates_of_both_families(void **state)
{
	struct sdp_remote r;

	(void)state;
	assert_int_equal(parse(JANUS, &r), 0);
	assert_false(r.ice_lite);
	assert_int_equal(r.setup, SDP_SETUP_ACTIVE);
	assert_string_equal(r.ice_ufrag, "Xk2+");
	assert_int_equal(r.candidate_count, 2);
	assert_string_equal(r.candidates[1].address, "2001:db8::10");
	assert_true(r.media[0].nack && r.media[0].nack_pli && r.media[0].ccm_fir);
}

static void
a_browser_has_candidates_that_only_it_can_resolve(void **state)
{
	struct sdp_remote r;

	(void)state;
	assert_int_equal(parse(CHROMIUM, &r), 0);
	assert_int_equal(r.candidate_count, 1);
	assert_string_equal(r.candidates[0].type, "srflx");
	assert_true(r.media[0].nack);
	assert_true(r.media[0].nack_pli);
}

static void
aiortc_rejects_audio_and_ends_lines_with_lf(void **state)
{
	char text[4096];
	const char *bad = strstr(AIORTC, "a=fingerprint:sha-512 00\n");
	struct sdp_remote r;

	(void)state;
	assert_int_equal(parse(AIORTC, &r), ERR_PARSE); /* sha-512 of one byte */
	snprintf(text, sizeof(text), "%.*s%s", (int)(bad - AIORTC), AIORTC, strstr(bad, "\n") + 1);
	assert_int_equal(parse(text, &r), 0);
	assert_false(r.media[0].accepted);
	assert_true(r.media[1].accepted);
	assert_int_equal(r.candidate_count, 2);
	assert_string_equal(r.fingerprints.digits[0], FP);
}

static void
a_ufrag_may_have_256_characters_and_no_more(void **state)
{
	struct sdp_remote r;
	char ufrag[258];

	(void)state;
	memset(ufrag, 'u', 257);
	ufrag[256] = '\0';
	assert_int_equal(parse_with(UFRAG64, ufrag, &r), 0);
	assert_string_equal(r.ice_ufrag, ufrag);
	ufrag[256] = 'u';
	ufrag[257] = '\0';
	assert_int_equal(parse_with(UFRAG64, ufrag, &r), ERR_RANGE);
	assert_string_equal(why, "line 14: a=ice-ufrag has 257 characters, not 4 to 256");
	assert_int_equal(parse_with(PWD, "short", &r), ERR_RANGE);
	assert_string_equal(why, "line 15: a=ice-pwd has 5 characters, not 22 to 256");
}

static void
digits_of_a_fingerprint_come_in_upper_case(void **state)
{
	struct sdp_remote r;

	(void)state;
	assert_int_equal(parse_with("sha-256 3A:91:0C", "SHA-256 3a:91:0c", &r), 0);
	assert_string_equal(r.fingerprints.hash, "sha-256");
	assert_string_equal(r.fingerprints.digits[0], FP);
}

static void
sha_256_is_preferred_and_sha_1_is_not_trusted(void **state)
{
	struct sdp_remote r;

	(void)state;
	assert_int_equal(parse_with("a=msid", SHA_384 "a=msid", &r), 0);
	assert_string_equal(r.fingerprints.hash, "sha-256");
	assert_int_equal(parse_with("a=ice-lite\r\n", SHA_384 "a=ice-lite\r\n", &r), 0);
	assert_string_equal(r.fingerprints.hash, "sha-256");
	assert_int_equal(parse_with("fingerprint:sha-256", "fingerprint:sha-1", &r), ERR_PARSE);
	assert_string_equal(why, "a=fingerprint is missing, or of no hash we trust");
}

/* RFC 8122 5: one for each certificate that the other end may use. */
static void
each_fingerprint_of_the_preferred_hash_counts(void **state)
{
	static const char two[] = "a=fingerprint:sha-256 " FP2 "\r\n" SHA_384
				  "a=fingerprint:sha-256 " FP2 "\r\na=ice-lite\r\n";
	char many[2048] = "";
	struct sdp_remote r;

	(void)state;
	assert_int_equal(parse_with("a=ice-lite\r\n", two, &r), 0);
	assert_int_equal(r.fingerprints.count, 2);
	assert_string_equal(r.fingerprints.hash, "sha-256");
	assert_string_equal(r.fingerprints.digits[0], FP);
	assert_string_equal(r.fingerprints.digits[1], FP2);
	for (int i = 0; i < 9; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many),
			"a=fingerprint:sha-256 %02d%s\r\n", i, FP + 2);
	assert_int_equal(parse_with("a=extmap", strcat(many, "a=extmap"), &r), 0);
	assert_int_equal(r.fingerprints.count, SDP_FINGERPRINTS_MAX);
	/* No other hash than SHA-2 with 256 bits and more. */
	assert_int_equal(parse_with("fingerprint:sha-256 " FP,
				 "fingerprint:sha-224 "
				 "3A:91:0C:5E:77:B2:48:FD:10:2B:6C:9E:D3:04:"
				 "85:F1:AA:37:59:C8:E0:1D:92:4B:63:BE:0F:7A",
				 &r),
		ERR_PARSE);
	assert_string_equal(why, "a=fingerprint is missing, or of no hash we trust");
}

static void
fingerprints_of_a_section_count_before_those_of_session_level(void **state)
{
	struct sdp_remote r;

	(void)state;
	assert_int_equal(parse_with("a=mid:1", "a=mid:1\r\na=fingerprint:sha-256 " FP2, &r), 0);
	assert_int_equal(r.fingerprints.count, 1);
	assert_string_equal(r.fingerprints.digits[0], FP2);
	/* Not of one that was rejected. */
	assert_int_equal(parse_with("m=audio 9 UDP/TLS/RTP/SAVPF 111",
				 "m=audio 0 RTP/AVP 0\r\na=fingerprint:sha-256 " FP2, &r),
		0);
	assert_string_equal(r.fingerprints.digits[0], FP);
}

/* The answer without what piece says of it, and the sentence that names it. */
static void
expect_missing(const char *piece, const char *sentence)
{
	struct sdp_remote r;

	/* In Cloudflare's the attributes are in both sections: make all of them unknown. */
	char text[8192];
	snprintf(text, sizeof(text), "%s", CLOUDFLARE);
	for (char *at = strstr(text, piece); at; at = strstr(text, piece))
		at[2] = '_';
	assert_int_equal(parse(text, &r), ERR_PARSE);
	assert_string_equal(why, sentence);
}

static void
what_is_missing_is_named(void **state)
{
	struct sdp_remote r;

	(void)state;
	expect_missing("a=ice-ufrag:", "a=ice-ufrag is missing");
	expect_missing("a=ice-pwd:", "a=ice-pwd is missing");
	expect_missing("a=setup:", "a=setup is missing");
	expect_missing("a=fingerprint:", "a=fingerprint is missing, or of no hash we trust");
	assert_int_equal(parse("v=0\r\n", &r), ERR_PARSE);
	assert_string_equal(why, "m= is missing");
	assert_int_equal(parse("", &r), ERR_PARSE);
}

static void
an_answer_that_rejects_everything_says_so(void **state)
{
	struct sdp_remote r;

	(void)state;
	assert_int_equal(parse("v=0\nm=video 0 UDP/TLS/RTP/SAVPF 106\na=mid:0\n", &r), ERR_REFUSED);
	assert_string_equal(why, "every m-section is rejected");
}

static void
port_zero_rejects_a_section(void **state)
{
	struct sdp_remote r;

	(void)state;
	assert_int_equal(parse_with("m=video 9", "m=video 0", &r), 0);
	assert_true(r.media[0].accepted);
	assert_false(r.media[1].accepted);
}

/* RFC 3264 6: what a rejected section lists does not count. */
static void
a_rejected_section_may_be_of_any_profile_or_none(void **state)
{
	static const char *const rejected[] = { "m=audio 0 RTP/AVP 0",
		"m=audio 0 UDP/TLS/RTP/SAVPF", "m=audio 0" };
	struct sdp_remote r;

	(void)state;
	for (size_t i = 0; i < sizeof(rejected) / sizeof(rejected[0]); i++) {
		assert_int_equal(parse_with("m=audio 9 UDP/TLS/RTP/SAVPF 111", rejected[i], &r), 0);
		assert_false(r.media[0].accepted);
		assert_true(r.media[1].accepted);
	}
	assert_int_equal(parse_with("m=audio 9 UDP/TLS/RTP/SAVPF 111", "m=audio 9 RTP/AVP 0", &r),
		ERR_UNSUPPORTED);
	assert_int_equal(parse_with("SAVPF 111", "SAVPF", &r), ERR_PARSE);
}

/* RFC 3264 6.1 */
static void
a_section_that_does_not_receive_is_rejected(void **state)
{
	struct sdp_remote r;

	(void)state;
	assert_int_equal(
		parse_with("a=recvonly\r\na=candidate", "a=inactive\r\na=candidate", &r), 0);
	assert_false(r.media[0].accepted);
	assert_string_equal(r.media[0].refusal, "a=inactive");
	assert_true(r.media[1].accepted);
	assert_int_equal(parse_with("apt=106\r\na=recvonly", "apt=106\r\na=sendonly", &r), 0);
	assert_true(r.media[0].accepted);
	assert_false(r.media[1].accepted);
	/* Of session level it is that of a section that says nothing. */
	assert_int_equal(parse_with("s=-", "s=-\r\na=inactive", &r), 0);
	assert_true(r.media[0].accepted && r.media[1].accepted);
	assert_int_equal(parse("v=0\na=inactive\nm=video 9 UDP/TLS/RTP/SAVPF 106\n"
			       "a=rtpmap:106 H264/90000\n",
				 &r),
		ERR_REFUSED);
	assert_string_equal(why, "every m-section is rejected: a=inactive");
}

static void
sections_of_several_transports_are_refused(void **state)
{
	static const char sentence[] =
		"the m-sections are not in one a=group:BUNDLE: more than one "
		"transport is not supported";
	static const char *const groups[] = { "a=group:BUNDLE 0", "a=group:BUNDLE",
		"a=group:BUNDLE 0\r\na=group:BUNDLE 1" };
	static const char apart[] = "v=0\na=fingerprint:sha-256 " FP "\na=setup:passive\n"
				    "a=ice-pwd:" PWD "\nm=audio 9 UDP/TLS/RTP/SAVPF 111\n"
				    "a=ice-ufrag:one1\na=rtpmap:111 opus/48000/2\n"
				    "m=video 9 UDP/TLS/RTP/SAVPF 106\na=ice-ufrag:two2\n"
				    "a=rtpmap:106 H264/90000\n";
	struct sdp_remote r;

	(void)state;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		assert_int_equal(parse_with("a=group:BUNDLE 0 1", groups[i], &r), ERR_UNSUPPORTED);
		assert_string_equal(why, sentence);
	}
	assert_int_equal(parse_with("a=mid:1", "a=mid:2", &r), ERR_UNSUPPORTED);
	assert_int_equal(parse_with("a=group:BUNDLE 0 1", "a=group:BUNDLE 1 0", &r), 0);
	/* Without any group the credentials tell. */
	assert_int_equal(parse_with("a=group:BUNDLE 0 1", "a=group:LS 0 1", &r), 0);
	assert_int_equal(parse(apart, &r), ERR_UNSUPPORTED);
	assert_string_equal(why, sentence);
}

static void
candidates_of_another_transport_are_left_out(void **state)
{
	static const char other[] = "a=mid:1\r\na=ice-ufrag:other\r\n"
				    "a=candidate:1 1 udp 1 203.0.113.8 1474 typ host\r\na=x:";
	static const char same[] = "a=mid:1\r\na=ice-ufrag:" UFRAG64 "\r\n"
				   "a=candidate:1 1 udp 1 203.0.113.8 1474 typ host\r\n"
				   "a=candidate:1 1 udp 1 203.0.113.7 1473 typ host\r\na=x:";
	struct sdp_remote r;

	(void)state;
	assert_int_equal(parse_with("a=mid:1\r\na=ice-ufrag:", other, &r), 0);
	assert_int_equal(r.candidate_count, 1);
	assert_string_equal(r.candidates[0].address, "203.0.113.7");
	assert_int_equal(parse_with("a=mid:1\r\na=ice-ufrag:", same, &r), 0);
	assert_int_equal(r.candidate_count, 2);
	assert_string_equal(r.candidates[1].address, "203.0.113.8");
}

static void
the_first_of_bundled_sections_counts(void **state)
{
	struct sdp_remote r;

	(void)state;
	assert_int_equal(parse_with("a=setup:passive", "a=setup:active", &r), 0);
	assert_int_equal(r.setup, SDP_SETUP_ACTIVE);
	assert_int_equal(parse_with(UFRAG64, "first", &r), 0);
	assert_string_equal(r.ice_ufrag, "first");
}

static void
a_candidate_counts_once_and_of_component_one_only(void **state)
{
	struct sdp_remote r;

	(void)state;
	assert_int_equal(parse_with("2 udp 2130706431 203.0.113.7 1473",
				 "2 udp 2130706431 203.0.113.7 1474", &r),
		0);
	assert_int_equal(r.candidate_count, 1);
	assert_int_equal(parse_with("2 udp", "1 UDP", &r), 0);
	assert_int_equal(r.candidate_count, 1);
}

/* Nobody needs it: ice_start tells if no other is left. */
static void
an_odd_candidate_is_left_out(void **state)
{
	static const char *const odd[] = { "a=candidate:1 1 udp 1 203.0.113.7 x typ host\r\na=cand",
		"a=candidate:" PWD "-too-long 1 tcp 1 203.0.113.7 9 typ host\r\na=cand",
		"a=candidate:1 0x1 udp 1 203.0.113.8 9 typ host\r\na=cand",
		"a=candidate:1 1 udp 4294967296 203.0.113.8 9 typ host\r\na=cand",
		"a=candidate:1 1 udp 1 203.0.113.8 9 host\r\na=cand", "a=candidate:\r\na=cand",
		"a=candidate\r\na=cand" };
	struct sdp_remote r;

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		assert_int_equal(parse_with("a=cand", odd[i], &r), 0);
		assert_int_equal(r.candidate_count, 1);
		assert_string_equal(r.candidates[0].foundation, "513273236");
	}
}

static void
a_long_fmtp_is_passed_over(void **state)
{
	struct sdp_remote r;
	char fmtp[400];

	(void)state;
	snprintf(fmtp, sizeof(fmtp), "a=fmtp:106 x=%0300d;", 0);
	assert_int_equal(parse_with("a=fmtp:106 ", fmtp, &r), 0);
	assert_string_equal(r.media[1].fmtp, "");
	assert_true(r.media[1].accepted);
	assert_int_equal(r.media[1].rtx_pt, 105);
}

static void
a_section_without_its_codec_is_not_accepted(void **state)
{
	struct sdp_remote r;

	(void)state;
	assert_int_equal(parse_with("a=rtpmap:106 H264/90000", "a=rtpmap:107 H264/90000", &r), 0);
	assert_true(r.media[0].accepted);
	assert_false(r.media[1].accepted);
}

static void
retransmissions_and_error_correction_may_stand_first(void **state)
{
	struct sdp_remote r;

	(void)state;
	assert_int_equal(parse_with("SAVPF 106 105", "SAVPF 105 106", &r), 0);
	assert_int_equal(r.media[1].pt, 106);
	assert_string_equal(r.media[1].codec, "H264");
	assert_int_equal(r.media[1].rtx_pt, 105);
	assert_true(r.media[1].nack);
	assert_int_equal(parse_with("SAVPF 106 105\r\n",
				 "SAVPF 120 121 122 105 106\r\na=rtpmap:120 red/90000\r\n"
				 "a=rtpmap:121 ulpfec/90000\r\na=rtpmap:122 flexfec-03/90000\r\n"
				 "a=fmtp:105 apt=106\r\n",
				 &r),
		0);
	assert_int_equal(r.media[1].pt, 106);
	assert_int_equal(r.media[1].rtx_pt, 105);
	/* What the next section says of 106 is of the next section. */
	assert_int_equal(parse_with("SAVPF 111", "SAVPF 106 111", &r), 0);
	assert_int_equal(r.media[0].pt, 111);
}

/* RFC 8866 6.6, RFC 3551 6 */
static void
a_static_payload_type_needs_no_rtpmap(void **state)
{
	static const char of_both[] = "SAVPF 0 101\r\na=rtpmap:101 telephone-event/8000";
	struct sdp_remote r;

	(void)state;
	assert_int_equal(parse_with("SAVPF 111", "SAVPF 0", &r), 0);
	assert_true(r.media[0].accepted);
	assert_string_equal(r.media[0].codec, "PCMU");
	assert_int_equal(parse_with("SAVPF 111", "SAVPF 8", &r), 0);
	assert_true(r.media[0].accepted);
	assert_string_equal(r.media[0].codec, "PCMA");
	assert_int_equal(parse_with("SAVPF 111", of_both, &r), 0);
	assert_int_equal(r.media[0].pt, 0);
	/* Others, and those of sound for pictures, are none that were offered. */
	assert_int_equal(parse_with("SAVPF 111", "SAVPF 9", &r), 0);
	assert_false(r.media[0].accepted);
	assert_int_equal(parse_with("SAVPF 106 105", "SAVPF 0", &r), 0);
	assert_false(r.media[1].accepted);
}

/* RFC 4588 8: parameters have no order. */
static void
apt_may_stand_behind_other_parameters(void **state)
{
	static const char *const fmtps[] = { "rtx-time=3000;apt=106", "rtx-time=3000; apt=106",
		"apt=106;rtx-time=3000", " APT=106 ; rtx-time=3000" };
	char line[80];
	struct sdp_remote r;

	(void)state;
	for (size_t i = 0; i < sizeof(fmtps) / sizeof(fmtps[0]); i++) {
		snprintf(line, sizeof(line), "a=fmtp:105 %s", fmtps[i]);
		assert_int_equal(parse_with("a=fmtp:105 apt=106", line, &r), 0);
		assert_int_equal(r.media[1].rtx_pt, 105);
	}
	assert_int_equal(
		parse_with("a=fmtp:105 apt=106", "a=fmtp:105 rtx-time=106;apt=96", &r), 0);
	assert_int_equal(r.media[1].rtx_pt, 0);
}

static void
what_does_not_follow_the_grammar_is_named_by_line(void **state)
{
	static const struct {
		const char *piece, *other;
		int err;
		const char *sentence;
	} rows[] = {
		{ "v=0", "v=1", ERR_PARSE, "line 1: SDP begins with v=0" },
		{ "s=-", "hello", ERR_PARSE, "line 3: not of the form x=value" },
		{ "s=-", "s=\x01", ERR_PARSE, "line 3: a control character" },
		{ "a=setup:passive", "a=setup:both", ERR_PARSE,
			"line 12: a=setup is not active, passive or actpass" },
		{ "a=setup:passive", "a=setup:holdconn", ERR_UNSUPPORTED,
			"line 12: a=setup:holdconn asks for no connection" },
		{ "m=audio", "m=application", ERR_UNSUPPORTED,
			"line 10: an m-section is neither audio nor video" },
		{ "m=audio 9", "m=audio 99999", ERR_PARSE,
			"line 10: m= has no port or no payload type" },
		{ "9 UDP/TLS/RTP/SAVPF", "9 RTP/AVP", ERR_UNSUPPORTED,
			"line 10: m= is not of UDP/TLS/RTP/SAVPF" },
		{ "a=mid:0", "a=mid:12345678901234567", ERR_RANGE,
			"line 13: a=mid has 17 characters, more than 16" },
		{ "3A:91", "3A-91", ERR_PARSE,
			"line 6: a=fingerprint:sha-256 is not 32 pairs of hex digits" },
	};
	struct sdp_remote r;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse_with(rows[i].piece, rows[i].other, &r), rows[i].err);
		assert_string_equal(why, rows[i].sentence);
	}
}

static void
more_sections_and_candidates_than_fit_are_bounded(void **state)
{
	struct sdp_remote r;
	char text[16384] = "v=0\na=setup:active\na=ice-ufrag:abcd\na=ice-pwd:" PWD
			   "\na=fingerprint:sha-256 " FP "\n";
	size_t at = strlen(text);

	(void)state;
	at += (size_t)snprintf(text + at, sizeof(text) - at,
		"m=video 9 UDP/TLS/RTP/SAVPF 106\na=rtpmap:106 H264/90000\n");
	for (int i = 0; i < 100; i++) {
		at += (size_t)snprintf(text + at, sizeof(text) - at,
			"a=candidate:1 1 UDP 1 192.0.2.1 %d typ host\n", 1000 + i);
		/* The one that can be reached may be far behind. */
		assert_int_equal(parse(text, &r), 0);
		assert_int_equal(r.candidates[r.candidate_count - 1].port,
			i < SDP_CANDIDATES_MAX ? 1000 + i : 1000 + SDP_CANDIDATES_MAX - 1);
	}
	assert_int_equal(r.candidate_count, SDP_CANDIDATES_MAX);
	for (int i = 0; i < 2; i++)
		at += (size_t)snprintf(
			text + at, sizeof(text) - at, "m=audio 9 UDP/TLS/RTP/SAVPF 111\n");
	assert_int_equal(parse(text, &r), ERR_RANGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_offer_is_written_to_the_letter),
		cmocka_unit_test(
			retransmission_and_transport_feedback_are_offered_and_found_in_an_answer),
		cmocka_unit_test(an_offer_of_two_bundles_them_and_parses),
		cmocka_unit_test(cloudflare_answers_lite_passive_and_twice),
		cmocka_unit_test(cloudflare_keeps_plain_nack_only),
		cmocka_unit_test(janus_answers_active_with_candidates_of_both_families),
		cmocka_unit_test(a_browser_has_candidates_that_only_it_can_resolve),
		cmocka_unit_test(aiortc_rejects_audio_and_ends_lines_with_lf),
		cmocka_unit_test(a_ufrag_may_have_256_characters_and_no_more),
		cmocka_unit_test(digits_of_a_fingerprint_come_in_upper_case),
		cmocka_unit_test(sha_256_is_preferred_and_sha_1_is_not_trusted),
		cmocka_unit_test(each_fingerprint_of_the_preferred_hash_counts),
		cmocka_unit_test(fingerprints_of_a_section_count_before_those_of_session_level),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(an_answer_that_rejects_everything_says_so),
		cmocka_unit_test(port_zero_rejects_a_section),
		cmocka_unit_test(a_rejected_section_may_be_of_any_profile_or_none),
		cmocka_unit_test(a_section_that_does_not_receive_is_rejected),
		cmocka_unit_test(sections_of_several_transports_are_refused),
		cmocka_unit_test(candidates_of_another_transport_are_left_out),
		cmocka_unit_test(the_first_of_bundled_sections_counts),
		cmocka_unit_test(a_candidate_counts_once_and_of_component_one_only),
		cmocka_unit_test(an_odd_candidate_is_left_out),
		cmocka_unit_test(a_long_fmtp_is_passed_over),
		cmocka_unit_test(a_section_without_its_codec_is_not_accepted),
		cmocka_unit_test(retransmissions_and_error_correction_may_stand_first),
		cmocka_unit_test(a_static_payload_type_needs_no_rtpmap),
		cmocka_unit_test(apt_may_stand_behind_other_parameters),
		cmocka_unit_test(what_does_not_follow_the_grammar_is_named_by_line),
		cmocka_unit_test(more_sections_and_candidates_than_fit_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
