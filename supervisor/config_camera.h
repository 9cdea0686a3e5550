#ifndef SUPERVISOR_CONFIG_CAMERA_H
#define SUPERVISOR_CONFIG_CAMERA_H

#include <stdbool.h>

#include "common/clock.h"

struct config_google;

enum config_record { CONFIG_RECORD_NO, CONFIG_RECORD_YES, CONFIG_RECORD_EVENTS };

/* By which a camera sends RTP. */
enum config_transport { CONFIG_TRANSPORT_AUTO, CONFIG_TRANSPORT_TCP, CONFIG_TRANSPORT_UDP };

/* "auto", ... */
const char *config_transport_text(enum config_transport transport);

/* Whether a viewer who comes in mid-GOP is shown it at once. */
enum config_replay { CONFIG_REPLAY_AUTO, CONFIG_REPLAY_ON, CONFIG_REPLAY_OFF };

/* "auto", ... */
const char *config_replay_text(enum config_replay replay);

/* What becomes of B pictures. */
enum config_bframes { CONFIG_BFRAMES_PASS, CONFIG_BFRAMES_DROP, CONFIG_BFRAMES_REFUSE };

/* "pass", ... */
const char *config_bframes_text(enum config_bframes bframes);

/* [camera "NAME"]: google and device, or url. */
struct config_camera {
	struct config_camera *next;
	char *name;
	char *google;                        /* NULL if the camera is a URL */
	const struct config_google *account; /* lent: the section that google names */
	char *device;                        /* NULL if the camera is a URL */
	char *url;                /* NULL if the camera is Google's; may hold a password */
	char *url2, *url3, *url4; /* tried in turn when it fails; NULL: no more */
	char *substream;          /* taken while the path does not carry the stream; NULL: none */
	ms_t url_return_ms;       /* how often url is asked for meanwhile; 0: never */
	char *publish;            /* a list, which config_publish.h reads */
	char *whip_token_file;    /* of the whip:URL in it; NULL: no bearer */
	bool audio;
	enum config_replay gop_replay;
	enum config_bframes bframes;
	enum config_transport transport;
	enum config_record record;
	bool tls_verify;
	char *ca_file;       /* NULL: the system's */
	int priority;        /* higher: paused later when all together take too much */
	ms_t media_stall_ms; /* no packet so long: reconnect; [supervisor]'s unless set here */
};

/* What google is for a camera that takes whichever account sees it. */
#define CONFIG_GOOGLE_AUTO "auto"
bool config_is_auto(const struct config_camera *cam);

/* One camera's section for itself: without next and account. NULL is fine to free. */
struct config_camera *config_camera_copy(const struct config_camera *cam);
void config_camera_free(struct config_camera *cam);

#endif
