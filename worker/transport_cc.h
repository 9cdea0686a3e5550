#ifndef WORKER_TRANSPORT_CC_H
#define WORKER_TRANSPORT_CC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The feedback of draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1: when each of a
 * connection's packets came. */

/* One packet. at_us: on the receiver's clock, whose zero is anywhere and which wraps after 34 years
 * of microseconds cut to 2^24 * 64 ms: compare what is of one feedback or of the next few. */
struct transport_cc_packet {
	uint16_t seq;
	bool arrived;
	int64_t at_us; /* if it arrived */
};

/* Reads the feedback control information (what follows the two SSRCs) and tells of each packet, in
 * their order. Nothing is told of one that is broken anywhere. tell NULL: it is only checked. Pure.
 * Returns 0 or ERR_PARSE. */
int transport_cc_read(const uint8_t *fci, size_t len,
	void (*tell)(const struct transport_cc_packet *p, void *arg), void *arg);

#endif
