#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "supervisor/config.h"
#include "supervisor/config_camera.h"
#include "supervisor/config_cloudflare.h"
#include "supervisor/config_google.h"
#include "supervisor/proposal.h"

/* ---- a configuration of two accounts and three cameras --------------------------------------- */

static struct config_google away = { .name = "away" };
static struct config_google home = { .name = "home", .next = &away };
static struct config_camera yard = { .name = "yard", .url = "rtsp://yard" };
static struct config_camera porch_away = {
	.next = &yard, .name = "porch-away", .google = "away", .device = "d1"
};
static struct config_camera porch = {
	.next = &porch_away, .name = "porch", .google = "home", .device = "d1"
};
static struct config_cloudflare cloudflare;
static struct config config = {
	.googles = &home, .cameras = &porch, .cloudflare = &cloudflare, .camera_count = 3
};

static struct sdm_device
device(const char *id, const char *name, bool rtsp)
{
	return (struct sdm_device){
		.id = (char *)(uintptr_t)id,
		.name = (char *)(uintptr_t)name,
		.type = (char *)(uintptr_t) "",
		.rtsp = rtsp,
		.webrtc = !rtsp,
	};
}

static struct proposals
propose(const struct config_google *google, struct sdm_device *devices, size_t n)
{
	struct device_list l = { .devices = devices, .count = n };
	struct proposal_names *names = proposal_names_new(&config);
	struct proposals p;

	proposals_make(&config, google, &l, names, &p);
	proposal_names_free(names);
	assert_int_equal(p.count, n);
	return p;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void
a_new_camera_gets_a_section_that_can_be_copied(void **state)
{
	struct sdm_device d = device("AVPHwE_1", "Front Door", true);
	struct proposals p = propose(&home, &d, 1);

	(void)state;
	assert_null(p.list[0].camera);
	assert_string_equal(p.list[0].name, "front-door");
	assert_string_equal(p.list[0].section, "; Front Door\n"
					       "[camera \"front-door\"]\n"
					       "google = home\n"
					       "device = AVPHwE_1\n");
	proposals_clear(&p);
}

static void
without_an_sfu_the_section_publishes_nothing(void **state)
{
	struct sdm_device d = device("d9", "", true);

	(void)state;
	config.cloudflare = NULL;
	struct proposals p = propose(&home, &d, 1);
	config.cloudflare = &cloudflare;
	assert_string_equal(p.list[0].section, "[camera \"camera\"]\n"
					       "google = home\n"
					       "device = d9\n"
					       "publish = none\n");
	proposals_clear(&p);
}

static void
a_camera_that_is_configured_needs_no_section(void **state)
{
	struct sdm_device d = device("d1", "Porch", true);
	struct proposals at_home = propose(&home, &d, 1);
	struct proposals at_away = propose(&away, &d, 1);

	(void)state;
	assert_string_equal(at_home.list[0].camera, "porch");
	assert_string_equal(at_away.list[0].camera, "porch-away");
	assert_null(at_home.list[0].section);
	assert_string_equal(at_home.list[0].name, "");
	assert_false(proposal_is_new(&at_home.list[0], NULL));
	proposals_clear(&at_home);
	proposals_clear(&at_away);
}

static void
a_device_that_another_account_has_a_camera_for_is_configured(void **state)
{
	struct config_google third = { .name = "third" };
	struct sdm_device d = device("d1", "Porch", true);
	struct proposals p = propose(&third, &d, 1);

	(void)state;
	assert_non_null(p.list[0].camera);
	assert_false(proposal_is_new(&p.list[0], NULL));
	proposals_clear(&p);
}

static void
names_are_unique_among_cameras_and_proposals_of_all_accounts(void **state)
{
	struct sdm_device devices[] = {
		device("d2", "Yard", true), /* a camera of the configuration has that */
		device("d3", "Yard!", true),
		device("d4", "All", true), /* camctl's word for every camera */
	};
	struct sdm_device other = device("d5", "yard", true);
	struct device_list l = { .devices = devices, .count = 3 };
	struct device_list l2 = { .devices = &other, .count = 1 };
	struct proposal_names *names = proposal_names_new(&config);
	struct proposals p;
	struct proposals p2;

	(void)state;
	proposals_make(&config, &home, &l, names, &p);
	proposals_make(&config, &away, &l2, names, &p2);
	assert_string_equal(p.list[0].name, "yard-2");
	assert_string_equal(p.list[1].name, "yard-3");
	assert_string_equal(p.list[2].name, "all-2");
	assert_string_equal(p2.list[0].name, "yard-4");
	proposals_clear(&p);
	proposals_clear(&p2);
	proposal_names_free(names);
}

static void
a_camera_of_webrtc_alone_is_not_proposed(void **state)
{
	struct sdm_device d = device("d2", "Hall", false);
	struct proposals p = propose(&home, &d, 1);

	(void)state;
	assert_null(p.list[0].section);
	assert_false(proposal_is_new(&p.list[0], NULL));
	proposals_clear(&p);
}

static void
new_is_what_no_list_before_has_had_with_rtsp(void **state)
{
	struct sdm_device now[] = { device("d2", "Hall", true), device("d3", "Attic", true),
		device("d4", "Shed", true) };
	struct sdm_device old[] = { device("d2", "Hall", true), device("d3", "Attic", false) };
	struct device_list before = { .devices = old, .count = 2 };
	struct proposals p = propose(&home, now, 3);

	(void)state;
	assert_true(proposal_is_new(&p.list[0], NULL)); /* the first list */
	assert_false(proposal_is_new(&p.list[0], &before));
	assert_true(proposal_is_new(&p.list[1], &before)); /* was WEB_RTC */
	assert_true(proposal_is_new(&p.list[2], &before));
	proposals_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_camera_gets_a_section_that_can_be_copied),
		cmocka_unit_test(without_an_sfu_the_section_publishes_nothing),
		cmocka_unit_test(a_camera_that_is_configured_needs_no_section),
		cmocka_unit_test(a_device_that_another_account_has_a_camera_for_is_configured),
		cmocka_unit_test(names_are_unique_among_cameras_and_proposals_of_all_accounts),
		cmocka_unit_test(a_camera_of_webrtc_alone_is_not_proposed),
		cmocka_unit_test(new_is_what_no_list_before_has_had_with_rtsp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
