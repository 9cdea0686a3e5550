#ifndef WORKER_RTCP_H
#define WORKER_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* NTP time (RFC 3550 4): seconds since 1900 in the upper 32 bits, fractions in the lower. */
uint64_t rtcp_ntp(int64_t wall_us);

/* Its middle 32 bits, 1/65536 s: what LSR, DLSR and RTT are counted in. */
uint32_t rtcp_ntp_middle(uint64_t ntp);

/* What we say of one source we send. */
struct rtcp_sender {
	uint32_t ssrc;
	const char *cname; /* at most 255 bytes go out */
	uint64_t ntp;      /* now, and the same moment on the RTP clock */
	uint32_t rtp_timestamp;
	uint32_t packets;
	uint32_t octets; /* of payload */
	bool bye;        /* the source leaves: appends a BYE */
};

/* SR of 28, SDES of up to 268 and BYE of 8 bytes. */
#define RTCP_REPORT_MAX 304

/* Writes a compound of SR, SDES(CNAME) and, if asked for, BYE. Returns its length. */
size_t rtcp_write_report(uint8_t out[RTCP_REPORT_MAX], const struct rtcp_sender *sender);

enum rtcp_event_type { RTCP_REPORT, RTCP_NACK, RTCP_PLI, RTCP_FIR, RTCP_TRANSPORT_CC, RTCP_BYE };

/* One report block (RFC 3550 6.4.1). */
struct rtcp_report {
	double loss_ratio; /* since their last report: 0 to 255/256 */
	int32_t lost;      /* ever; negative with duplicates */
	uint32_t highest_seq;
	uint32_t jitter; /* of arrival, timestamp units */
	int32_t rtt_us;  /* -1: not known, they have not seen a sender report */
};

/* For transport_cc_read, which takes it. */
struct rtcp_transport_cc {
	const uint8_t *fci; /* lent for the call */
	size_t len;
};

/* One thing that the other end says. */
struct rtcp_event {
	enum rtcp_event_type type;
	uint32_t from; /* the SSRC that says it; of BYE: that leaves */
	uint32_t ssrc; /* ours, that it is about; any for RTCP_TRANSPORT_CC and BYE */
	union {
		struct rtcp_report report; /* RTCP_REPORT */
		uint16_t nack_seq;         /* RTCP_NACK: one event for each lost packet */
		uint8_t fir_seq;           /* RTCP_FIR: a repeat has the number of the first */
		struct rtcp_transport_cc transport_cc; /* RTCP_TRANSPORT_CC */
	} u;
};

/* How to read: which SSRCs are ours, what time it is, whom to tell. */
struct rtcp_reader {
	const uint32_t *ssrcs; /* lent; events about others are passed over */
	size_t ssrc_count;
	uint32_t now; /* rtcp_ntp_middle */
	void (*on_event)(const struct rtcp_event *e, void *arg);
	void *arg;
};

/* Reads a compound or reduced-size (RFC 5506) packet, decrypted. Types we do not know, and REMB,
 * are passed over. Nothing is told of a compound whose versions and lengths do not add up (RFC 3550
 * A.2), nor of one packet in it that cannot be read; the others are told. Returns how many could
 * not be read, or ERR_PARSE. */
int rtcp_parse(const uint8_t *packet, size_t len, const struct rtcp_reader *r);

#endif
