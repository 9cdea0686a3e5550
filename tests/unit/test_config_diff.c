/* test_config_diff.c - what one configuration has that another has not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "supervisor/config.h"
#include "supervisor/config_diff.h"

#define HOME                                                                                       \
	"[google \"home\"]\nproject_id = p\nclient_id = c\nclient_secret_file = /s\n"              \
	"refresh_token_file = /t\n"
#define CLOUDFLARE "[cloudflare]\napp_id = a\napp_secret_file = /s\n"
#define BASE HOME CLOUDFLARE
#define PORCH "[camera \"porch\"]\ngoogle = home\ndevice = D1\n"
#define YARD "[camera \"yard\"]\nurl = rtsp://u:secret@h/one\n"

static struct config *
parse(const char *text)
{
	char path[] = "/tmp/test_config_diff.XXXXXX";
	struct config *c = NULL;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	assert_int_equal(config_load(path, &c, stderr), 0);
	unlink(path);
	return c;
}

/* The changes from was to is are these lines. */
static void
assert_changes(const char *was, const char *is, const char *lines)
{
	struct config *a = parse(was);
	struct config *b = parse(is);
	struct config_diff d;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	config_diff(a, b, &d);
	for (size_t i = 0; i < d.count; i++) {
		config_change_print(&d.changes[i], out);
		fputc('\n', out);
	}
	fclose(out);
	assert_string_equal(text, lines);
	free(text);
	config_diff_clear(&d);
	config_free(a);
	config_free(b);
}

static void
assert_restart(const char *was, const char *is, const char *words, int count)
{
	struct config *a = parse(was);
	struct config *b = parse(is);
	struct config_diff d;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	config_diff(a, b, &d);
	assert_int_equal(config_diff_restart(&d, out), count);
	fclose(out);
	assert_string_equal(text, words);
	free(text);
	config_diff_clear(&d);
	config_free(a);
	config_free(b);
}

static void
the_same_file_changes_nothing(void **state)
{
	(void)state;
	assert_changes(BASE PORCH YARD, BASE PORCH YARD, "");
}

static void
comments_order_and_written_defaults_are_no_change(void **state)
{
	(void)state;
	assert_changes(BASE PORCH YARD,
		"; a comment\n" BASE YARD "tls_verify = yes\nmedia_stall = 10000ms\n" PORCH, "");
}

static void
cameras_come_and_go(void **state)
{
	(void)state;
	assert_changes(BASE PORCH, BASE YARD, "removed camera porch\nadded camera yard\n");
}

static void
a_changed_camera_names_its_keys_and_what_follows(void **state)
{
	(void)state;
	assert_changes(BASE YARD, BASE YARD "tls_verify = no\nmedia_stall = 3s\n",
		"changed camera yard: tls_verify, media_stall (connects anew)\n");
	assert_changes(BASE YARD, BASE YARD "publish = none\nmedia_stall = 3s\n",
		"changed camera yard: publish, media_stall (published anew)\n");
	assert_changes(BASE PORCH,
		BASE "[camera \"porch\"]\ngoogle = home\ndevice = D2\npublish = none\n",
		"changed camera porch: device, publish (another stream)\n");
}

static void
a_changed_password_is_a_change_and_is_not_shown(void **state)
{
	(void)state;
	assert_changes(BASE YARD, BASE "[camera \"yard\"]\nurl = rtsp://u:other@h/one\n",
		"changed camera yard: url (another stream)\n");
}

static void
a_camera_that_becomes_a_url_is_another_stream(void **state)
{
	(void)state;
	assert_changes(BASE PORCH, BASE "[camera \"porch\"]\nurl = rtsp://h/\n",
		"changed camera porch: google, device, url (another stream)\n");
}

static void
a_default_of_the_supervisor_reaches_the_cameras_that_have_no_value_of_their_own(void **state)
{
	(void)state;
	assert_changes(BASE PORCH YARD "media_stall = 10s\n",
		"[supervisor]\nmedia_stall = 7s\n" BASE PORCH YARD "media_stall = 10s\n",
		"changed [supervisor]: media_stall\n"
		"changed camera porch: media_stall (connects anew)\n");
}

static void
sections_of_services_are_compared(void **state)
{
	(void)state;
	assert_changes(HOME YARD "publish = none\n",
		HOME "qpm = 20\n" CLOUDFLARE YARD "publish = none\n",
		"changed [google \"home\"]: qpm\nadded [cloudflare]\n");
}

static void
what_a_reload_applies_needs_no_restart(void **state)
{
	(void)state;
	assert_restart(BASE PORCH,
		"[supervisor]\nlog_level = debug\nkill_timeout = 1s\n" HOME "qpm = 20\n" CLOUDFLARE
		"[google \"two\"]\nproject_id = p\nclient_id = c\nclient_secret_file = /s\n"
		"refresh_token_file = /t\n" YARD,
		"", 0);
}

static void
what_takes_a_restart_is_named_key_by_key(void **state)
{
	(void)state;
	assert_restart(BASE PORCH,
		"[supervisor]\nrun_dir = /x\nlog_level = debug\nstate_dir = /y\n" HOME
		"api_url = https://h/\nqpm = 3\n" CLOUDFLARE "ca_file = /c\n" PORCH,
		"[supervisor] run_dir, [supervisor] state_dir, [google \"home\"] api_url, "
		"[cloudflare] ca_file",
		4);
}

static void
a_service_that_is_gone_takes_a_restart(void **state)
{
	(void)state;
	assert_restart(BASE YARD "publish = none\n", YARD "publish = none\n",
		"[google \"home\"] is gone, [cloudflare] is gone", 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_file_changes_nothing),
		cmocka_unit_test(comments_order_and_written_defaults_are_no_change),
		cmocka_unit_test(cameras_come_and_go),
		cmocka_unit_test(a_changed_camera_names_its_keys_and_what_follows),
		cmocka_unit_test(a_changed_password_is_a_change_and_is_not_shown),
		cmocka_unit_test(a_camera_that_becomes_a_url_is_another_stream),
		cmocka_unit_test(
			a_default_of_the_supervisor_reaches_the_cameras_that_have_no_value_of_their_own),
		cmocka_unit_test(sections_of_services_are_compared),
		cmocka_unit_test(what_a_reload_applies_needs_no_restart),
		cmocka_unit_test(what_takes_a_restart_is_named_key_by_key),
		cmocka_unit_test(a_service_that_is_gone_takes_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
