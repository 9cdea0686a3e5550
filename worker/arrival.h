#ifndef WORKER_ARRIVAL_H
#define WORKER_ARRIVAL_H

#include <stdbool.h>
#include <stdint.h>

/* A difference of more than this is put right at once, a smaller one bit by bit. Twice what lip
 * sync may be off. */
#define ARRIVAL_STEP_US 80000

/* When units of one media clock arrive that nothing delays, by our clock: the lower edge of all
 * arrivals, a line that bends once a second and follows a clock that drifts by up to 1.5 %. Its
 * fields are its own; `= {0}` is valid. */
struct arrival {
	bool running;
	/* The line: the unit of media time `media_us` arrives at media_us + offset_us, and what is
	 * later by one second is later than that by rate seconds more. */
	int64_t media_us;
	double offset_us;
	double rate;  /* of the line now: the drift, and what corrects the offset */
	double drift; /* of the clock: above 0, it is slow */
	/* This second. */
	int64_t window_us; /* when it began */
	double least_us;   /* the least lateness behind the line; valid if `any` */
	bool any;
	bool known;       /* a second has passed since the line began */
	unsigned windows; /* since begin, or since the line was far off */
	unsigned far;     /* windows in a row in which all was late by more than a step */
};

/* A unit arrived. Returns what arrival_at would say now. */
int64_t arrival_note(struct arrival *a, int64_t media_us, int64_t arrived_us);

/* When the unit of a media time arrives if nothing delays it. Only of one that is running. */
int64_t arrival_at(const struct arrival *a, int64_t media_us);

/* The line has seen a second of arrivals. */
bool arrival_known(const struct arrival *a);

/* The media clock was set anew: the next unit begins the line; the drift is kept. */
void arrival_restart(struct arrival *a);

#endif
