#ifndef SUPERVISOR_CAMERAS_CHOOSE_H
#define SUPERVISOR_CAMERAS_CHOOSE_H

struct cameras;

/* Gives cameras with google = auto an account, or another where theirs will not do. To be called
 * now and then: lists, tokens and logins all bear on it. Loop thread. */
void cameras_choose(struct cameras *t);

#endif
