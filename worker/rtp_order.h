#ifndef WORKER_RTP_ORDER_H
#define WORKER_RTP_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RTP packets that came by UDP, in the order of their sequence numbers. One that is missing is
 * waited for; so long or so many packets, then it is lost. Pure. */
struct rtp_order;

#define RTP_ORDER_WAIT_US 50000
/* A picture of 4K at 20 Mbit/s is 300 packets at most. */
#define RTP_ORDER_PACKETS 512
/* RFC 3550 A.1, MAX_DROPOUT: a step of more is another stream, not a loss. */
#define RTP_ORDER_STEP_MAX 3000
/* So many in a row that are too late are another stream too. */
#define RTP_ORDER_LATE_MAX 64

/* Never NULL; NULL is fine for free. */
struct rtp_order *rtp_order_new(void);
void rtp_order_free(struct rtp_order *r);

/* A packet of at least 4 bytes, copied. After each, rtp_order_next is called until it has no more.
 */
void rtp_order_put(struct rtp_order *r, const uint8_t *packet, size_t len, int64_t now_us);

/* The next packet, lent (for writing too) until the next call here; NULL if there is none yet. */
uint8_t *rtp_order_next(struct rtp_order *r, int64_t now_us, size_t *len);

/* When to call rtp_order_next again though nothing came; INT64_MAX: no packet is kept. */
int64_t rtp_order_due_us(const struct rtp_order *r);

#endif
