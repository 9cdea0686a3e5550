#ifndef WORKER_SRTP_OPENSSL_H
#define WORKER_SRTP_OPENSSL_H

/* Makes libsrtp2, after its srtp_init, do AES-128-GCM, AES-128-CM and HMAC-SHA1 by OpenSSL, for
 * every context that is made from then on. libsrtp2 tries them on its own vectors and on those of
 * RFC 7714, RFC 3711 and RFC 2202 before it takes them. Once a process.
 *
 * Debian builds libsrtp2 with NSS, which sets the key up anew for each packet: sealing one of 1200
 * bytes took 929 ns by GCM and 4,291 by CM, and takes 476 and 1,031 (bench_sender, warm); after a
 * pause of 33 ms, as between two pictures, the first took 47 us by GCM and takes 30.
 *
 * Returns 0, or ERR_LIBRARY: OpenSSL lacks one of them, or libsrtp2 refused it.
 */
int srtp_use_openssl(void);

#endif
