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

/* When the supervisor stops, what it waits for has this long: workers' ends, tracks to be closed,
 * answers of Google's. kill_timeout of the configuration is how long a worker has otherwise between
 * SIGTERM and SIGKILL. camrelayd is to be gone within five seconds, and lets go of the rest in the
 * last of them. */
#define CONTRACT_STOP_TIMEOUT_MS 4000

/* The supervisor pings; a worker whose loop has not answered for this long hangs and is killed. */
#define CONTRACT_PING_INTERVAL_MS 5000
#define CONTRACT_PING_TIMEOUT_MS (4 * CONTRACT_PING_INTERVAL_MS)

#endif
