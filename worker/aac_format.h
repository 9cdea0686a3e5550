#ifndef WORKER_AAC_FORMAT_H
#define WORKER_AAC_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An AudioSpecificConfig is 2 to 7 bytes as cameras write it; with a program config element more.
 */
#define AAC_CONFIG_MAX 64

/* How the RTP packets of an AAC track are made. */
enum aac_packing {
	AAC_GENERIC, /* RFC 3640 */
	AAC_LATM,    /* RFC 3016 */
};

/* What an SDP says about the packets of one AAC track. */
struct aac_format {
	enum aac_packing packing;
	uint8_t config[AAC_CONFIG_MAX]; /* AudioSpecificConfig, ISO 14496-3: what a decoder wants */
	size_t config_len;              /* 2 at least */
	/* The rest is of RFC 3640 4.1. Lengths in bits of an AU header's fields; 0: not there. */
	unsigned size_bits;
	unsigned index_bits;
	unsigned index_delta_bits;
	unsigned cts_delta_bits;
	unsigned dts_delta_bits;
	unsigned stream_state_bits;
	unsigned auxiliary_size_bits;
	bool random_access;
	uint32_t constant_size; /* bytes of each access unit, where headers do not say; 0: none */
	uint32_t duration;      /* of an access unit, in RTP ticks; 0: not said */
};

/* Parses an rtpmap's encoding name ("mpeg4-generic", "MP4A-LATM", in any case) and its fmtp line
 * ("97 mode=AAC-hbr;...", with or without the payload type). Understood are RFC 3640 with any
 * lengths, and RFC 3016 where the SDP holds the mux configuration (cpresent=0) of one program, one
 * layer, one access unit an element. Returns 0, or ERR_PARSE, ERR_RANGE, ERR_UNSUPPORTED and a
 * sentence in why. */
int aac_format_parse(
	const char *encoding, const char *fmtp, struct aac_format *out, char *why, size_t why_size);

#endif
