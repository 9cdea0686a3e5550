#ifndef CONTROL_RENDER_H
#define CONTROL_RENDER_H

#include <stdbool.h>
#include <stdio.h>

#include "proto/status.h"

struct json;

/* The accounts and cameras as tables of at most 100 columns; colour: with states in colours. */
void render_status(const struct status *s, FILE *out, bool colour);

/* All that is known of the camera of that name. Returns -1 if there is none. */
int render_camera(const struct status *s, const char *name, FILE *out);

/* What is about camrelayd itself, as supervisor's `health` answers it. */
void render_health(const struct json *health, FILE *out);

/* The planned calls, as supervisor's `queue` answers them. */
void render_queue(const struct json *accounts, FILE *out);

#endif
