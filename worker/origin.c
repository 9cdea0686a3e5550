/* origin.c - the stream that a worker was told of, and its URLs.
 * Owns copies of what the supervisor said, the choice among the URLs and who asks for the first.
 * Which has its turn is url_list's. Loop thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/err.h"
#include "common/log.h"
#include "worker/origin.h"
#include "worker/prober.h"
#include "worker/substream.h"
#include "worker/url_list.h"

#define TEXT_MAX 300

enum transport { TRANSPORT_AUTO, TRANSPORT_TCP, TRANSPORT_UDP };

struct origin {
	struct origin_config config;
	bool named; /* a stream was */
	char *urls[URL_LIST_MAX];
	char *substream_url; /* NULL: there is none */
	struct substream substream;
	char *ca_file;
	struct source_config source; /* what does not depend on the URL */
	enum transport transport;
	bool udp; /* of the URL in use */
	struct url_list list;
	struct prober *prober;
};

static char *
copy(const char *s)
{
	return s ? g_strdup(s) : NULL;
}

static void
forget(struct origin *o)
{
	for (size_t i = 0; i < URL_LIST_MAX; i++) {
		g_free(o->urls[i]);
		o->urls[i] = NULL;
	}
	g_free(o->ca_file);
	g_free(o->substream_url);
	o->ca_file = o->substream_url = NULL;
}

static const char *
name(size_t at)
{
	static const char *const names[URL_LIST_MAX] = { "url", "url2", "url3", "url4" };

	return names[at];
}

static bool
is_tls(const char *url)
{
	return !strncasecmp(url, "rtsps:", 6);
}

static void
tell_names(struct origin *o, const char *to, const char *from, const char *why)
{
	char text[TEXT_MAX];

	snprintf(text, sizeof(text), "%s instead of %s: %s", to, from, why);
	struct msg m = { .type = MSG_EVENT,
		.u.event = { .event = (char *)(uintptr_t) "other url", .text = text } };
	log_info("source other url", LOG_CAM(o->config.camera), LOG_STR("from", from),
		LOG_STR("to", to), LOG_STR("why", why));
	link_send(o->config.link, &m);
}

static enum transport
transport_of(const char *word)
{
	if (word && !strcmp(word, "tcp"))
		return TRANSPORT_TCP;
	return word && !strcmp(word, "udp") ? TRANSPORT_UDP : TRANSPORT_AUTO;
}

/* What a URL is tried with first. */
static void
set_first_transport(struct origin *o)
{
	o->udp = o->transport == TRANSPORT_UDP;
}

static void
tell(struct origin *o, size_t from, const char *why)
{
	tell_names(o, name(o->list.at), name(from), why);
}

static void
on_answer(void *arg, bool good)
{
	struct origin *o = arg;
	const size_t from = o->list.at;

	if (!good || from == 0)
		return;
	url_list_return(&o->list);
	set_first_transport(o);
	tell(o, from, "it answers again");
	if (!o->substream.active)
		o->config.on_other(o->config.arg);
}

struct origin *
origin_new(const struct origin_config *config)
{
	struct origin *o = g_new0(struct origin, 1);

	o->config = *config;
	o->prober = prober_new(config->loop, on_answer, o);
	return o;
}

void
origin_free(struct origin *o)
{
	if (!o)
		return;
	prober_free(o->prober);
	forget(o);
	g_free(o);
}

bool
origin_set(struct origin *o, const struct msg_source *s)
{
	const char *const urls[URL_LIST_MAX] = { s->url, s->url2, s->url3, s->url4 };
	const bool other_tracks = o->named && o->source.sound != s->sound;
	size_t count = 0;

	prober_cancel(o->prober);
	forget(o);
	o->named = true;
	while (count < URL_LIST_MAX && urls[count]) {
		o->urls[count] = copy(urls[count]);
		count++;
	}
	o->ca_file = copy(s->ca_file);
	o->substream_url = copy(s->substream);
	o->substream = (struct substream){ 0 };
	o->source = (struct source_config){
		.tls_verify = s->tls_verify, .stall_ms = s->stall_ms, .sound = s->sound
	};
	o->list = url_list_new(count, s->url_return_ms);
	o->transport = transport_of(s->transport);
	set_first_transport(o);
	return other_tracks;
}

void
origin_extend(struct origin *o, const char *url)
{
	if (!o->named)
		return;
	g_free(o->urls[0]);
	o->urls[0] = copy(url);
}

static struct source_config
source_of(const struct origin *o, size_t at)
{
	struct source_config config = o->source;

	config.url = o->urls[at];
	config.udp = o->udp && !is_tls(config.url);
	config.ca_file = o->ca_file;
	return config;
}

struct source_config
origin_source(const struct origin *o)
{
	struct source_config config = source_of(o, o->list.at);

	if (o->substream.active) {
		config.url = o->substream_url;
		config.udp = o->udp && !is_tls(config.url);
	}
	return config;
}

void
origin_on_pictures(struct origin *o)
{
	if (!o->substream.active)
		url_list_on_pictures(&o->list, clock_now());
}

static enum session_event
classify(const struct source_error *error)
{
	if (error->err == ERR_CLOSED)
		return SESSION_CLOSED;
	if (error->rtsp_status == 404)
		return SESSION_NOT_FOUND;
	if (error->rtsp_status == 401 || error->rtsp_status == 403)
		return SESSION_DENIED;
	if (error->err == ERR_UNTRUSTED || error->err == ERR_UNSUPPORTED || error->err == ERR_RANGE)
		return SESSION_UNUSABLE;
	return SESSION_LOST;
}

/* The camera does not interleave. Others say they do, and send nothing. */
static bool
wants_udp(const struct origin *o, const struct source_error *error)
{
	return o->transport == TRANSPORT_AUTO && !o->udp && !o->list.played &&
	       !is_tls(o->urls[o->list.at]) && (error->not_by_tcp || error->silent);
}

enum session_event
origin_on_ended(struct origin *o, const struct source_error *error)
{
	const enum session_event ev = classify(error);
	const size_t from = o->list.at;

	if (ev == SESSION_CLOSED)
		return ev;
	if (o->substream.active) {
		substream_on_failure(&o->substream, clock_now());
		tell_names(o, name(from), "substream", error->text);
		return SESSION_ELSEWHERE;
	}
	prober_cancel(o->prober);
	if (wants_udp(o, error)) {
		o->udp = true;
		log_info(
			"source tries udp", LOG_CAM(o->config.camera), LOG_STR("why", error->text));
		return SESSION_ELSEWHERE;
	}
	if (!o->list.played)
		o->udp = false;
	const enum url_list_next next = url_list_on_failure(&o->list, ev == SESSION_UNUSABLE);
	if (!o->udp || o->list.at != from)
		set_first_transport(o);
	if (o->list.at != from)
		tell(o, from, error->text);
	return next == URL_LIST_NEXT ? SESSION_ELSEWHERE : ev;
}

static void
choose_substream(struct origin *o, bool overloaded)
{
	const char *main = name(o->list.at);

	if (!o->substream_url || !substream_step(&o->substream, overloaded, clock_now()))
		return;
	if (o->substream.active)
		tell_names(o, "substream", main, "the path does not carry it");
	else
		tell_names(o, main, "substream", "the path may carry it again");
	o->config.on_other(o->config.arg);
}

void
origin_tick(struct origin *o, bool overloaded)
{
	choose_substream(o, overloaded);
	if (!o->named || !url_list_asks(&o->list, clock_now()))
		return;
	const struct source_config first = source_of(o, 0);
	prober_ask(o->prober, &first);
}

int
origin_number(const struct origin *o)
{
	if (o->substream.active)
		return ORIGIN_SUBSTREAM;
	return o->named ? (int)o->list.at + 1 : 0;
}
