#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "supervisor/device_list.h"

#define CAMERA "sdm.devices.types.CAMERA"

/* ---- lists ----------------------------------------------------------------------------------- */

static void
add(struct sdm_answer *a, const char *id, const char *name, const char *type, const char *protocol)
{
	a->devices = realloc(a->devices, (a->device_count + 1) * sizeof(*a->devices));
	a->devices[a->device_count++] = (struct sdm_device){ .id = strdup(id),
		.name = strdup(name),
		.type = strdup(type),
		.rtsp = strcmp(protocol, "RTSP") == 0 || strcmp(protocol, "both") == 0,
		.webrtc = strcmp(protocol, "WEB_RTC") == 0 || strcmp(protocol, "both") == 0 };
}

/* A list of cameras from "id protocol" pairs. */
static struct device_list
list(const char *pairs)
{
	struct sdm_answer a = { 0 };
	struct device_list l = { 0 };
	char text[200];

	snprintf(text, sizeof(text), "%s", pairs);
	for (char *id = strtok(text, " "); id; id = strtok(NULL, " "))
		add(&a, id, id, CAMERA, strtok(NULL, " "));
	device_list_take(&l, &a);
	assert_null(a.devices);
	return l;
}

static char told[1000];

static void
on_change(void *arg, const struct device_change *change)
{
	char text[200];

	(void)arg;
	snprintf(told + strlen(told), sizeof(told) - strlen(told), "%s: %s\n",
		device_change_name(change->kind), device_change_text(change, text, sizeof(text)));
}

static const char *
compare(const char *before, const char *now)
{
	struct device_list one = list(before);
	struct device_list two = list(now);

	told[0] = '\0';
	device_list_compare(&one, &two, on_change, NULL);
	device_list_clear(&one);
	device_list_clear(&two);
	return told;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void
only_cameras_are_taken_each_once_and_by_name(void **state)
{
	struct sdm_answer a = { 0 };
	struct device_list l = { 0 };

	(void)state;
	add(&a, "d1", "Yard", CAMERA, "RTSP");
	add(&a, "d2", "Heating", "sdm.devices.types.THERMOSTAT", "");
	add(&a, "d3", "Bell", "sdm.devices.types.DOORBELL", "");
	add(&a, "d1", "Yard", CAMERA, "RTSP");
	add(&a, "d4", "Hub", "a type of tomorrow", "WEB_RTC");
	device_list_take(&l, &a);
	assert_int_equal(l.count, 3);
	assert_string_equal(l.devices[0].id, "d3");
	assert_string_equal(l.devices[1].id, "d4");
	assert_string_equal(l.devices[2].id, "d1");
	assert_null(device_list_find(&l, "d2"));
	assert_int_equal(device_protocol(device_list_find(&l, "d3")), DEVICE_NO_STREAM);
	assert_int_equal(device_protocol(device_list_find(&l, "d1")), DEVICE_RTSP);
	device_list_clear(&l);
}

static void
a_device_that_has_both_protocols_takes_web_rtc_commands_only(void **state)
{
	struct device_list l = list("d1 both");

	(void)state;
	assert_int_equal(device_protocol(&l.devices[0]), DEVICE_WEB_RTC);
	device_list_clear(&l);
}

static void
the_same_list_is_no_change(void **state)
{
	(void)state;
	assert_string_equal(compare("d1 RTSP d2 WEB_RTC", "d2 WEB_RTC d1 RTSP"), "");
	assert_string_equal(compare("", ""), "");
}

static void
what_came_and_what_went_is_told(void **state)
{
	(void)state;
	assert_string_equal(compare("d1 RTSP d2 RTSP", "d2 RTSP d3 WEB_RTC"),
		"device vanished: d1 (d1) is no longer listed by Google\n"
		"device added: d3 (d3) is listed by Google now, protocol WEB_RTC\n");
	assert_string_equal(
		compare("d1 RTSP", ""), "device vanished: d1 (d1) is no longer listed by Google\n");
}

static void
another_protocol_is_told(void **state)
{
	(void)state;
	assert_string_equal(compare("d1 RTSP", "d1 WEB_RTC"),
		"device changed: d1 (d1) changed its protocol from RTSP to WEB_RTC\n");
	assert_string_equal(compare("d1 WEB_RTC", "d1 RTSP"),
		"device changed: d1 (d1) changed its protocol from WEB_RTC to RTSP\n");
	assert_string_equal(compare("d1 RTSP", "d1 none"),
		"device changed: d1 (d1) changed its protocol from RTSP to none\n");
}

static void
what_is_expected_is_taken_for_an_rtsp_camera(void **state)
{
	struct device_list expected = { 0 };
	struct device_list now = list("d2 WEB_RTC d3 RTSP");

	(void)state;
	device_list_expect(&expected, "d1", "porch");
	device_list_expect(&expected, "d2", "hall");
	told[0] = '\0';
	device_list_compare(&expected, &now, on_change, NULL);
	assert_string_equal(told,
		"device vanished: porch (d1) is no longer listed by Google\n"
		"device changed: d2 (d2) changed its protocol from RTSP to WEB_RTC\n"
		"device added: d3 (d3) is listed by Google now, protocol RTSP\n");
	device_list_clear(&expected);
	device_list_clear(&now);
}

static void
trouble_is_a_sentence_and_a_good_camera_has_none(void **state)
{
	struct device_list l = list("d1 RTSP d2 WEB_RTC d3 none");

	(void)state;
	assert_null(device_list_trouble(&l, "d1"));
	assert_non_null(strstr(device_list_trouble(&l, "d2"), "WEB_RTC only"));
	assert_non_null(strstr(device_list_trouble(&l, "d3"), "without a live stream"));
	assert_non_null(strstr(device_list_trouble(&l, "d4"), "does not list this device"));
	device_list_clear(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_cameras_are_taken_each_once_and_by_name),
		cmocka_unit_test(a_device_that_has_both_protocols_takes_web_rtc_commands_only),
		cmocka_unit_test(the_same_list_is_no_change),
		cmocka_unit_test(what_came_and_what_went_is_told),
		cmocka_unit_test(another_protocol_is_told),
		cmocka_unit_test(what_is_expected_is_taken_for_an_rtsp_camera),
		cmocka_unit_test(trouble_is_a_sentence_and_a_good_camera_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
