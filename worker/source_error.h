#ifndef WORKER_SOURCE_ERROR_H
#define WORKER_SOURCE_ERROR_H

#include <stdbool.h>

#include "worker/source.h"
#include "worker/tunnel.h"

/* Says why libavformat gave up, from what the tunnel saw: it knows better than libavformat's error
 * code. opening: before PLAY was answered, when every status that is no success is the reason. */
void source_error_explain(struct source_error *e, struct tunnel_outcome seen, bool opening);

#endif
