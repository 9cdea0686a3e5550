#ifndef PROTO_CONTRACT_H
#define PROTO_CONTRACT_H

/* What camrelayd and camrelay-worker promise each other beside the messages of proto/msg.h.
 *
 * The worker is exec'd as
 *     camrelay-worker CAMERA GENERATION SOCKET LOG_FORMAT LOG_LEVEL
 * where SOCKET is the nanomsg PAIR socket that the supervisor has bound for this camera, and the
 * last two are what log_format_name and log_level_name say. Its log goes to stderr, a pipe that
 * does not block and that the supervisor reads into its own log. Nothing secret is in argv or the
 * environment: the stream's URL comes by message, after `hello`.
 */

/* Inherited pipe. The supervisor holds the write end and never writes: end of file here means that
 * it is gone, however it died. nanomsg would not tell. */
#define CONTRACT_LIFE_FD 3

/* How a worker ends, beside by signal. Of sysexits where one fits. */
#define CONTRACT_EXIT_OK 0        /* it was told to stop */
#define CONTRACT_EXIT_USAGE 64    /* started by hand, or by another version */
#define CONTRACT_EXIT_ORPHAN 69   /* its supervisor is gone */
#define CONTRACT_EXIT_SOFTWARE 70 /* a library could not be set up */

/* A worker that was told to stop (message or SIGTERM) has this long before SIGKILL. */
#define CONTRACT_KILL_TIMEOUT_MS 5000

/* The supervisor's own stop must fit in five seconds, the workers' into that. */
#define CONTRACT_STOP_TIMEOUT_MS (CONTRACT_KILL_TIMEOUT_MS - 1000)

/* The supervisor pings; a worker whose loop has not answered for this long hangs and is killed. */
#define CONTRACT_PING_INTERVAL_MS 5000
#define CONTRACT_PING_TIMEOUT_MS (4 * CONTRACT_PING_INTERVAL_MS)

/* Statistics come once a second (DESIGN 6). */
#define CONTRACT_STATS_INTERVAL_MS 1000

#endif
