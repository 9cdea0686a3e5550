/* consumer_table.c - the states of a viewer and what leads from one to the other. Pure. */
#include "supervisor/consumer_table.h"

#include <stddef.h>

/* clang-format off */
static const struct {
	enum consumer_state from;
	enum consumer_event event;
	enum consumer_state to;
} transitions[] = {
	{ .from = CONSUMER_IDLE,      .event = EV_PULL,    .to = CONSUMER_OPENING   },
	{ .from = CONSUMER_IDLE,      .event = EV_END,     .to = CONSUMER_ENDED     },
	{ .from = CONSUMER_OPENING,   .event = EV_OPENED,  .to = CONSUMER_PULLING   },
	{ .from = CONSUMER_OPENING,   .event = EV_AGAIN,   .to = CONSUMER_PAUSING   },
	{ .from = CONSUMER_OPENING,   .event = EV_FAILED,  .to = CONSUMER_IDLE      },
	{ .from = CONSUMER_OPENING,   .event = EV_END,     .to = CONSUMER_ENDED     },
	{ .from = CONSUMER_PULLING,   .event = EV_OFFERED, .to = CONSUMER_OFFERED   },
	{ .from = CONSUMER_PULLING,   .event = EV_AGREED,  .to = CONSUMER_LIVE      },
	{ .from = CONSUMER_PULLING,   .event = EV_AGAIN,   .to = CONSUMER_PAUSING   },
	{ .from = CONSUMER_PULLING,   .event = EV_FAILED,  .to = CONSUMER_IDLE      },
	{ .from = CONSUMER_PULLING,   .event = EV_END,     .to = CONSUMER_CLOSING   },
	{ .from = CONSUMER_PAUSING,   .event = EV_TIMER,   .to = CONSUMER_OPENING   },
	{ .from = CONSUMER_PAUSING,   .event = EV_END,     .to = CONSUMER_ENDED     },
	{ .from = CONSUMER_OFFERED,   .event = EV_PULL,    .to = CONSUMER_OPENING   },
	{ .from = CONSUMER_OFFERED,   .event = EV_ANSWER,  .to = CONSUMER_ANSWERING },
	{ .from = CONSUMER_OFFERED,   .event = EV_STALE,   .to = CONSUMER_IDLE      },
	{ .from = CONSUMER_OFFERED,   .event = EV_TIMER,   .to = CONSUMER_IDLE      },
	{ .from = CONSUMER_OFFERED,   .event = EV_END,     .to = CONSUMER_ENDED     },
	{ .from = CONSUMER_ANSWERING, .event = EV_AGREED,  .to = CONSUMER_LIVE      },
	{ .from = CONSUMER_ANSWERING, .event = EV_FAILED,  .to = CONSUMER_IDLE      },
	{ .from = CONSUMER_ANSWERING, .event = EV_END,     .to = CONSUMER_CLOSING   },
	{ .from = CONSUMER_LIVE,      .event = EV_PULL,    .to = CONSUMER_OPENING   },
	{ .from = CONSUMER_LIVE,      .event = EV_STALE,   .to = CONSUMER_IDLE      },
	{ .from = CONSUMER_LIVE,      .event = EV_SWAP,    .to = CONSUMER_SWAPPING  },
	{ .from = CONSUMER_LIVE,      .event = EV_FAILED,  .to = CONSUMER_IDLE      },
	{ .from = CONSUMER_LIVE,      .event = EV_END,     .to = CONSUMER_ENDED     },
	{ .from = CONSUMER_SWAPPING,  .event = EV_AGREED,  .to = CONSUMER_LIVE      },
	{ .from = CONSUMER_SWAPPING,  .event = EV_AGAIN,   .to = CONSUMER_LIVE      },
	{ .from = CONSUMER_SWAPPING,  .event = EV_FAILED,  .to = CONSUMER_IDLE      },
	{ .from = CONSUMER_SWAPPING,  .event = EV_END,     .to = CONSUMER_CLOSING   },
	/* Whatever became of the mutation: now it is over. */
	{ .from = CONSUMER_CLOSING,   .event = EV_OFFERED, .to = CONSUMER_ENDED     },
	{ .from = CONSUMER_CLOSING,   .event = EV_AGREED,  .to = CONSUMER_ENDED     },
	{ .from = CONSUMER_CLOSING,   .event = EV_FAILED,  .to = CONSUMER_ENDED     },
};
/* clang-format on */

static const char *const state_names[CONSUMER_STATES] = {
	[CONSUMER_IDLE] = "idle",
	[CONSUMER_OPENING] = "opening",
	[CONSUMER_PULLING] = "pulling",
	[CONSUMER_PAUSING] = "pausing",
	[CONSUMER_OFFERED] = "offered",
	[CONSUMER_ANSWERING] = "answering",
	[CONSUMER_LIVE] = "live",
	[CONSUMER_SWAPPING] = "swapping",
	[CONSUMER_CLOSING] = "closing",
	[CONSUMER_ENDED] = "ended",
};

enum consumer_state
consumer_table_next(enum consumer_state from, enum consumer_event event)
{
	for (size_t i = 0; i < sizeof(transitions) / sizeof(*transitions); i++)
		if (transitions[i].from == from && transitions[i].event == event)
			return transitions[i].to;
	return CONSUMER_STATES;
}

const char *
consumer_state_name(enum consumer_state state)
{
	return state_names[state];
}
