#ifndef PROTO_MSG_H
#define PROTO_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/name.h"
#include "proto/msg_by_supervisor.h"
#include "proto/msg_by_worker.h"
#include "proto/msg_stats.h"

/* Bump when a message changes its meaning. New messages and new optional fields need no bump:
 * unknown fields are ignored, unknown types are answered and logged once. Names are never reused.
 */
#define MSG_VERSION 1

enum msg_sender { MSG_BY_SUPERVISOR, MSG_BY_WORKER };

/* clang-format off */
/* The protocol is this list: what may be said, by whom, with which fields. F(S, type, name, need),
 * S being the message itself for those who expand it.
 * Times are in ms, counters since the worker started, sizes in bytes, ratios 0 to 1. */
#define MSG_LIST(M) \
	MSG_LIST_BY_SUPERVISOR(M) \
	MSG_LIST_BY_WORKER(M)

#define MSG_ENUM(upper, lower, sender) MSG_##upper,
enum msg_type { MSG_LIST(MSG_ENUM) MSG_TYPES };
#undef MSG_ENUM

#define MSG_C_STR char *
#define MSG_C_INT int64_t
#define MSG_C_REAL double
#define MSG_C_BOOL bool
#define MSG_MEMBER(in, type, name, need) MSG_C_##type name;
#define MSG_STRUCT(upper, lower, sender) \
	struct msg_##lower { \
		MSG_FIELDS_##lower(MSG_MEMBER, lower) char unused; /* a struct needs a member */ \
	};
MSG_LIST(MSG_STRUCT)
#undef MSG_STRUCT
#undef MSG_MEMBER

/* clang-format on */

/* One message. Strings inside are owned by it when it came from msg_decode, lent when it was filled
 * by hand for msg_encode. */
struct msg {
	enum msg_type type;
	char camera[NAME_BYTES];
	int64_t gen;
	int64_t pid;
#define MSG_IN_UNION(upper, lower, sender) struct msg_##lower lower;
	union {
		MSG_LIST(MSG_IN_UNION)
	} u;
#undef MSG_IN_UNION
};

/* More outputs than anybody has use for; a mask of them fits into two_tracks. */
#define MSG_OUTPUTS_MAX 4

/* How many outputs a source is for, 0 to MSG_OUTPUTS_MAX: a supervisor that knows of one only says
 * no more than `publish`. */
int msg_source_outputs(const struct msg_source *source);

/* "offer". Never NULL. */
const char *msg_name(enum msg_type type);

/* The text of m as one line of JSON; yours to free(). */
char *msg_encode(const struct msg *m);

/* Decodes text, checks its version, that `sender` may say it and that its fields are there with
 * their types. Returns 0; ERR_PARSE (not JSON, not our fields), ERR_UNSUPPORTED (version or type
 * unknown: from another release) or ERR_REFUSED (not the sender's to say), with a sentence in why
 * and nothing to clear. */
int msg_decode(const char *text, size_t len, enum msg_sender sender, struct msg *m, char *why,
	size_t why_size);

/* Frees what msg_decode gave. */
void msg_clear(struct msg *m);

#endif
