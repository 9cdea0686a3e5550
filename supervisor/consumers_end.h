#ifndef SUPERVISOR_CONSUMERS_END_H
#define SUPERVISOR_CONSUMERS_END_H

/* How those who watch end. Pure. */
enum consumers_end {
	CONSUMERS_WATCHING,    /* not ended */
	CONSUMERS_CLOSED,      /* by its owner */
	CONSUMERS_LAPSED,      /* no heartbeat */
	CONSUMERS_FAILED,      /* its first pull, or that of a player that cannot pull again */
	CONSUMERS_LEFT,        /* nobody waited for its first offer any more */
	CONSUMERS_REVOKED,     /* the token that it was made with was taken away */
	CONSUMERS_NO_CAMERA,   /* the camera is configured no more */
	CONSUMERS_STOPPED,     /* camrelayd was */
	CONSUMERS_INTERRUPTED, /* camrelayd ended without a chance to end it: told at the next start
				*/
	CONSUMERS_ENDS
};

/* "closed", ...; consumers_end_parse: CONSUMERS_ENDS for any other word. */
const char *consumers_end_name(enum consumers_end end);
enum consumers_end consumers_end_parse(const char *word);

#endif
