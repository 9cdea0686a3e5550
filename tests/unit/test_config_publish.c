/* test_config_publish.c - the places that a camera is published to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "supervisor/config.h"
#include "supervisor/config_publish.h"

#define BASE                                                                                       \
	"[cloudflare]\napp_id = a\napp_secret_file = /s\n"                                         \
	"[whip \"edge\"]\nurl = https://edge.example:8443/KEY-OF-EDGE\ntoken_file = /t\n"          \
	"[camera \"porch\"]\nurl = rtsp://h/\n"

struct fixture {
	struct config *c;
	char errors[1024];
	struct config_outputs outputs;
};

/* Reads a camera whose keys those are; 0 if it is sound. */
static int
load(struct fixture *f, const char *keys)
{
	char text[2048];
	char why[256];
	FILE *errors = fmemopen(f->errors, sizeof(f->errors), "w");

	memset(&f->outputs, 0, sizeof(f->outputs));
	f->c = NULL;
	snprintf(text, sizeof(text), BASE "%s", keys);
	int err = config_parse("c", text, strlen(text), NULL, &f->c, errors);
	fclose(errors);
	if (!err)
		assert_int_equal(
			config_outputs_read(f->c, f->c->cameras, &f->outputs, why, sizeof(why)), 0);
	return err;
}

static void
clear(struct fixture *f)
{
	config_outputs_clear(&f->outputs);
	config_free(f->c);
}

static void
expect_says(const char *keys, const char *sentence)
{
	struct fixture f;

	assert_int_equal(load(&f, keys), -1);
	if (!strstr(f.errors, sentence))
		fail_msg("\"%s\" is not in: %s", sentence, f.errors);
	assert_null(strstr(f.errors, "SECRET"));
	assert_null(strstr(f.errors, "KEY-OF-EDGE"));
	clear(&f);
}

static void
a_list_is_read_in_its_order(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(
		load(&f, "publish = whip:edge , cloudflare,whip:https://far.example/p?k=SECRET\n"
			 "whip_token_file = /far\n"),
		0);
	assert_int_equal(f.outputs.count, 3);
	const struct config_output *o = f.outputs.list;
	assert_int_equal(o[0].kind, CONFIG_OUTPUT_WHIP);
	assert_string_equal(o[0].name, "whip:edge");
	assert_string_equal(o[0].url, "https://edge.example:8443/KEY-OF-EDGE");
	assert_string_equal(o[0].token_file, "/t");
	assert_int_equal(o[1].kind, CONFIG_OUTPUT_CLOUDFLARE);
	assert_string_equal(o[1].name, "cloudflare");
	assert_string_equal(o[2].name, "whip:https://far.example/");
	assert_string_equal(o[2].url, "https://far.example/p?k=SECRET");
	assert_string_equal(o[2].token_file, "/far");
	assert_int_equal(o[2].call_timeout_ms, 10000);
	clear(&f);
}

static void
cloudflare_is_the_default_and_none_is_nothing(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(load(&f, ""), 0);
	assert_int_equal(f.outputs.count, 1);
	clear(&f);
	assert_int_equal(load(&f, "publish = none\n"), 0);
	assert_int_equal(f.outputs.count, 0);
	clear(&f);
}

static void
a_section_without_its_url_is_one_mistake_and_no_place(void **state)
{
	(void)state;
	expect_says("publish = whip:bare, whip:edge\n[whip \"bare\"]\ntoken_file = /t\n",
		"[whip \"bare\"] url");
	expect_says("publish = whip:edge, whip:bare\n[whip \"bare\"]\ntoken_file = /t\n",
		"[whip \"bare\"] url");
}

static void
a_mistake_names_its_item_and_no_secret(void **state)
{
	(void)state;
	expect_says("publish = cloudflare, none\n", "item 2 must be cloudflare, whip:NAME");
	expect_says("publish = cloudflare,, whip:edge\n", "item 2 is empty");
	expect_says("publish = cloudflare, whip:nobody\n",
		"item 2: there is no section [whip \"nobody\"]");
	expect_says("publish = cloudflare, cloudflare\n", "item 2 is the same place as item 1");
	expect_says("publish = whip:https://a/SECRET, whip:https://a/SECRET\n",
		"item 2 is the same place as item 1");
	expect_says("publish = whip:http://far.example/SECRET\n", "item 1: must be https://");
	expect_says(
		"publish = whip:https://:7/SECRET\n", "item 1: the URL must begin with https://");
	expect_says("publish = whip:ftp://h/SECRET\n", "item 1: the URL must begin with https://");
	expect_says("publish = whip:https://h/a,SECRET\n", "item 2 must be cloudflare");
	expect_says("publish = whip:\n", "item 1 must be cloudflare");
	expect_says("publish = cloudflare, whip:edge, whip:https://a/1, whip:https://a/2, "
		    "whip:https://a/3\n",
		"at most 4 places at once");
}

static void
a_token_is_for_one_stranger(void **state)
{
	(void)state;
	expect_says("publish = whip:https://a/, whip:https://b/\nwhip_token_file = /t\n",
		"whip_token_file is for one whip:https://... only");
	expect_says("publish = whip:edge\nwhip_token_file = /t\n",
		"whip_token_file is for a whip:https://..., and there is none");
}

static void
plain_http_is_for_this_machine(void **state)
{
	static const char *const hosts[] = { "127.0.0.1:80", "localhost", "[::1]:8080" };
	struct fixture f;
	char keys[100];

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(*hosts); i++) {
		snprintf(keys, sizeof(keys), "publish = whip:http://%s/x\n", hosts[i]);
		assert_int_equal(load(&f, keys), 0);
		clear(&f);
	}
	expect_says("publish = whip:http://127.0.0.1.example/x\n", "must be https://");
	expect_says("publish = whip:http://localhost@far.example/x\n", "must be https://");
}

static void
cloudflare_stream_wants_two_tracks(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(
		load(&f, "publish = "
			 "whip:https://customer-x.CloudflareStream.com/SECRET/webRTC/publish,"
			 "whip:https://cloudflarestream.com.example/,whip:edge\n"),
		0);
	assert_true(f.outputs.list[0].two_tracks);
	assert_false(f.outputs.list[1].two_tracks);
	assert_false(f.outputs.list[2].two_tracks);
	clear(&f);
	assert_int_equal(load(&f, "publish = whip:two\n[whip \"two\"]\nurl = https://h/\n"
				  "two_tracks = yes\n"),
		0);
	assert_true(f.outputs.list[0].two_tracks);
	clear(&f);
}

static void
what_is_printed_can_be_read_and_holds_no_secret(void **state)
{
	struct fixture f, again;
	char printed[4096] = "";

	(void)state;
	assert_int_equal(load(&f, "publish = cloudflare,whip:edge, "
				  "whip:https://u:SECRET@far.example/SECRET?k=SECRET\n"),
		0);
	FILE *out = fmemopen(printed, sizeof(printed), "w");
	config_print(f.c, out);
	fclose(out);
	assert_null(strstr(printed, "SECRET"));
	assert_null(strstr(printed, "KEY-OF-EDGE"));
	assert_non_null(
		strstr(printed, "publish = cloudflare, whip:edge, whip:https://far.example/***\n"));
	assert_non_null(strstr(printed, "url = https://edge.example:8443/***\n"));
	assert_int_equal(config_parse("c", printed, strlen(printed), NULL, &again.c, stderr), 0);
	config_free(again.c);
	clear(&f);
}

static void
the_same_place_is_told_from_another(void **state)
{
	struct fixture a, b;

	(void)state;
	assert_int_equal(load(&a, "publish = cloudflare, whip:edge\n"), 0);
	assert_int_equal(load(&b, "publish = whip:edge, whip:https://edge.example:8443/x\n"), 0);
	assert_true(config_output_equal(&a.outputs.list[1], &b.outputs.list[0]));
	assert_false(config_output_equal(&a.outputs.list[0], &b.outputs.list[0]));
	assert_false(config_output_equal(&a.outputs.list[1], &b.outputs.list[1]));
	clear(&a);
	clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_read_in_its_order),
		cmocka_unit_test(cloudflare_is_the_default_and_none_is_nothing),
		cmocka_unit_test(a_section_without_its_url_is_one_mistake_and_no_place),
		cmocka_unit_test(a_mistake_names_its_item_and_no_secret),
		cmocka_unit_test(a_token_is_for_one_stranger),
		cmocka_unit_test(plain_http_is_for_this_machine),
		cmocka_unit_test(cloudflare_stream_wants_two_tracks),
		cmocka_unit_test(what_is_printed_can_be_read_and_holds_no_secret),
		cmocka_unit_test(the_same_place_is_told_from_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
