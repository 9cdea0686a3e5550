#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "supervisor/config.h"
#include "supervisor/config_camera.h"
#include "supervisor/known.h"
#include "supervisor/store.h"

static char dir[64];
static char command[128];
static struct config_camera url = { .name = "yard" };
static struct config_camera nest = { .next = &url, .name = "door", .device = "AVPHwE-1" };
static const struct config with = { .cameras = &nest };
static const struct config without = { .cameras = &url };

static struct store *
must_open(void)
{
	struct store *s = NULL;
	char why[256];

	if (store_open(dir, &s, why, sizeof(why)))
		fail_msg("%s", why);
	return s;
}

static int
set_up(void **state)
{
	strcpy(dir, "/tmp/test_known.XXXXXX");
	assert_non_null(mkdtemp(dir));
	*state = must_open();
	return 0;
}

static int
tear_down(void **state)
{
	store_close(*state);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static void
a_device_is_known_once_it_was_configured(void **state)
{
	assert_false(known_device(*state, "AVPHwE-1"));
	known_note(*state, &with);
	assert_true(known_device(*state, "AVPHwE-1"));
	assert_false(known_device(*state, "AVPHwE-2"));
	assert_false(known_device(*state, "AVPHwE-"));
}

static void
it_stays_known_after_it_was_removed_and_after_a_restart(void **state)
{
	known_note(*state, &with);
	known_note(*state, &without);
	assert_true(known_device(*state, "AVPHwE-1"));
	store_close(*state);
	*state = must_open();
	known_note(*state, &without);
	assert_true(known_device(*state, "AVPHwE-1"));
}

static void
without_a_store_nothing_is_known(void **state)
{
	(void)state;
	known_note(NULL, &with);
	assert_false(known_device(NULL, "AVPHwE-1"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_device_is_known_once_it_was_configured),
		TEST(it_stays_known_after_it_was_removed_and_after_a_restart),
		TEST(without_a_store_nothing_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
