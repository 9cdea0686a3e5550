#ifndef WORKER_SDP_H
#define WORKER_SDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One audio and one video: what a camera publishes (and all that WHIP allows). */
#define SDP_MEDIA_MAX 2
/* Cloudflare sends two, Janus one, a browser with several interfaces about ten; a server with many
 * networks may list dozens before the one that can be reached. */
#define SDP_CANDIDATES_MAX 64
/* A peer lists one for each certificate that it may use: one of RSA and one of ECDSA. */
#define SDP_FINGERPRINTS_MAX 4
/* RFC 8839 5.4: ice-ufrag is 4 to 256 characters, ice-pwd 22 to 256. */
#define SDP_ICE_CHARS_MAX 256

/* draft-holmer-rmcat-transport-wide-cc-extensions-01: a number in every packet of a connection, and
 * feedback that says when each came. */
#define SDP_TRANSPORT_CC "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

enum sdp_kind { SDP_AUDIO, SDP_VIDEO };

/* Who starts the DTLS handshake (RFC 8842): an active end is the client. */
enum sdp_setup { SDP_SETUP_ACTPASS, SDP_SETUP_ACTIVE, SDP_SETUP_PASSIVE };

/* One m-section that we send. Strings are lent. */
struct sdp_media {
	enum sdp_kind kind;
	const char *mid;    /* "0", "1": token of RFC 5888 */
	uint8_t pt;         /* payload type: 96 to 127, or of RFC 3551 */
	const char *rtpmap; /* "H264/90000", "opus/48000/2" */
	const char *fmtp;   /* NULL: none */
	uint32_t ssrc;
	const char *track_id; /* second half of msid */
	bool feedback;        /* offer nack, nack pli, ccm fir */
	uint8_t rtx_pt;       /* offer retransmission (RFC 4588) by this payload type, 0: do not */
	uint32_t rtx_ssrc;
	uint8_t transport_cc_id; /* offer transport-wide feedback by this header extension, 0: no */
};

/* Everything an offer says. Strings are lent. */
struct sdp_offer {
	uint64_t session_id;
	const char *ice_ufrag;
	const char *ice_pwd;
	const char *fingerprint; /* "AB:CD:...", of SHA-256 */
	enum sdp_setup setup;
	const char *cname;
	const char *stream_id; /* first half of msid */
	struct sdp_media media[SDP_MEDIA_MAX];
	size_t media_count;
};

/* The offer's text (sendonly, BUNDLE, rtcp-mux, no candidates), to be freed by the caller. */
char *sdp_write_offer(const struct sdp_offer *offer);

/* A UDP candidate with a literal IP address. Others (TCP, .local names) are skipped on parsing, and
 * what does not follow RFC 8839. */
struct sdp_candidate {
	char foundation[33]; /* RFC 8839 5.1: 1 to 32 ice-chars */
	char address[46];    /* IPv4 or IPv6 literal */
	uint16_t port;
	uint32_t priority;
	char type[8]; /* host, srflx, prflx, relay */
};

/* What the other end says of one of our m-sections, in our order. */
struct sdp_remote_media {
	enum sdp_kind kind;
	bool accepted; /* port not 0, a codec kept, and no refusal */
	const char *
		refusal; /* static: a direction in which we do not send, "a=inactive"; NULL: none */
	char mid[17];
	uint8_t pt;     /* first payload type that the answer kept, and that is media */
	char codec[32]; /* "H264", as its rtpmap says */
	char fmtp[256]; /* "" if it is absent, or longer */
	bool nack;
	bool nack_pli;
	bool ccm_fir;
	uint8_t rtx_pt;          /* retransmissions go by this payload type; 0: as they were */
	uint8_t transport_cc_id; /* packets carry this header extension; 0: none is wanted */
};

/* The peer's certificate has one of these. */
struct sdp_fingerprints {
	char hash[16];                             /* "sha-256", lower case; "" if there is none */
	char digits[SDP_FINGERPRINTS_MAX][3 * 64]; /* "AB:CD:...", upper case */
	size_t count;
};

struct sdp_remote {
	char ice_ufrag[SDP_ICE_CHARS_MAX + 1];
	char ice_pwd[SDP_ICE_CHARS_MAX + 1];
	bool ice_lite;
	struct sdp_fingerprints fingerprints;
	enum sdp_setup setup;
	struct sdp_candidate candidates[SDP_CANDIDATES_MAX];
	size_t candidate_count;
	struct sdp_remote_media media[SDP_MEDIA_MAX];
	size_t media_count;
};

/* Parses an answer of len bytes to an offer to send. Takes ICE and DTLS attributes from session
 * level or from the m-sections (BUNDLE: the first that has them; fingerprints of a section count
 * before those of session level), candidates of component 1 from
 * any section of that transport (with no other ufrag), each once; CRLF or LF, trailing blanks,
 * blank last lines. Accepted sections are in one BUNDLE. Returns 0, or ERR_PARSE / ERR_RANGE /
 * ERR_UNSUPPORTED / ERR_REFUSED (every section is rejected) with a sentence in why that names the
 * line or the attribute that lacks. */
int sdp_parse(const char *text, size_t len, struct sdp_remote *out, char *why, size_t why_size);

#endif
