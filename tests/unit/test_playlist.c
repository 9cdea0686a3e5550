/* test_playlist.c - playlists are read, changed and written; torn ones too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/hour.h"
#include "proto/playlist.h"

#define US INT64_C(1000000)
/* 2026-11-21T06:00:00.000Z, by date(1). */
#define MORNING (INT64_C(1795240800) * US)

static struct playlist *
make(int segments)
{
	struct playlist *p = playlist_new(6);

	for (int i = 0; i < segments; i++) {
		char uri[] = "0.m4s";
		char map[] = "a.init.mp4";
		uri[0] = (char)('0' + i);
		map[0] = i < 2 ? 'a' : 'b';
		playlist_add(p, &(struct playlist_entry){ .uri = uri,
					.map = map,
					.at_us = MORNING + i * 6 * US,
					.duration_us = 6 * US,
					.discontinuity = i == 2 });
	}
	return p;
}

static void
assert_text(const struct playlist *p, const char *wanted)
{
	char *text = playlist_text(p);

	assert_string_equal(text, wanted);
	free(text);
}

#define HEAD(target, sequence, discontinuities)                                                    \
	"#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:" target                                 \
	"\n#EXT-X-MEDIA-SEQUENCE:" sequence "\n#EXT-X-DISCONTINUITY-SEQUENCE:" discontinuities     \
	"\n#EXT-X-INDEPENDENT-SEGMENTS\n"
#define MAP(c) "#EXT-X-MAP:URI=\"" c ".init.mp4\"\n"
#define SEGMENT(n, s)                                                                              \
	"#EXT-X-PROGRAM-DATE-TIME:2026-11-21T06:00:" s ".000Z\n#EXTINF:6.000000,\n" n ".m4s\n"

static void
a_playlist_has_times_maps_and_discontinuities(void **state)
{
	struct playlist *p = make(4);

	(void)state;
	assert_text(p, HEAD("6", "0", "0") MAP("a") SEGMENT("0", "00")
			       SEGMENT("1", "06") "#EXT-X-DISCONTINUITY\n" MAP("b")
				       SEGMENT("2", "12") SEGMENT("3", "18"));
	p->ended = true;
	char *text = playlist_text(p);
	assert_string_equal(strstr(text, "3.m4s"), "3.m4s\n#EXT-X-ENDLIST\n");
	free(text);
	playlist_free(p);
}

static void
what_was_written_is_read(void **state)
{
	struct playlist *p = make(5);

	(void)state;
	p->ended = true;
	p->sequence = 7;
	p->discontinuities = 2;
	char *text = playlist_text(p);
	struct playlist *q = playlist_parse(text, strlen(text));
	assert_text(q, text);
	assert_int_equal(q->count, 5);
	assert_int_equal(q->entries[4].at_us, MORNING + 24 * US);
	assert_true(q->ended);
	playlist_free(q);
	free(text);
	playlist_free(p);
}

/* Wherever the text ends, what is whole before that is there. */
static void
a_torn_playlist_has_its_whole_segments(void **state)
{
	struct playlist *p = make(4);
	char *text = playlist_text(p);

	(void)state;
	for (size_t len = 0; len <= strlen(text); len++) {
		struct playlist *q = playlist_parse(text, len);
		size_t whole = 0;
		for (size_t i = 0; i < 4; i++) {
			char name[] = "0.m4s\n";
			name[0] = (char)('0' + i);
			const char *at = strstr(text, name);
			whole += at + strlen(name) <= text + len;
		}
		assert_int_equal(q->count, whole);
		for (size_t i = 0; i < q->count; i++)
			assert_int_equal(q->entries[i].duration_us, 6 * US);
		playlist_free(q);
	}
	free(text);
	playlist_free(p);
}

static bool
is_not(void *arg, const struct playlist_entry *e)
{
	return !strchr(arg, e->uri[0]);
}

static void
what_goes_off_the_front_is_counted(void **state)
{
	struct playlist *p = make(4);

	(void)state;
	assert_int_equal(playlist_filter(p, is_not, "012"), 3);
	assert_text(p, HEAD("6", "3", "1") MAP("b") SEGMENT("3", "18"));
	playlist_free(p);
}

static void
a_hole_is_a_discontinuity(void **state)
{
	struct playlist *p = make(4);

	(void)state;
	assert_int_equal(playlist_filter(p, is_not, "01"), 2);
	assert_text(p, HEAD("6", "2", "0") "#EXT-X-DISCONTINUITY\n" MAP("b") SEGMENT("2", "12")
			       SEGMENT("3", "18"));
	playlist_free(p);
	p = make(4);
	assert_int_equal(playlist_filter(p, is_not, "1"), 1);
	assert_text(p, HEAD("6", "0", "0") MAP("a") SEGMENT("0", "00") "#EXT-X-DISCONTINUITY\n" MAP(
			       "b") SEGMENT("2", "12") SEGMENT("3", "18"));
	playlist_free(p);
}

static void
the_target_is_never_below_a_duration(void **state)
{
	struct playlist *p = make(1);
	struct playlist_entry longer = {
		.uri = "x.m4s", .map = "a.init.mp4", .at_us = MORNING, .duration_us = 8499999
	};

	(void)state;
	playlist_add(p, &longer);
	assert_int_equal(p->target_s, 8);
	longer.duration_us = 8500000;
	playlist_add(p, &longer);
	assert_int_equal(p->target_s, 9);
	playlist_free(p);
}

static void
hours_have_names(void **state)
{
	char name[HOUR_NAME_BYTES];
	char stem[HOUR_STEM_BYTES];

	(void)state;
	assert_string_equal(hour_name(MORNING + 59 * 60 * US, name), "2026-11-21/06");
	assert_string_equal(hour_stem(MORNING + 123456, stem), "20261121T060000.123Z");
	assert_int_equal(hour_parse("2026-11-21/06"), MORNING);
	assert_int_equal(hour_parse("2026-11-21T06"), MORNING);
	assert_int_equal(hour_parse("2026-11-21"), -1);
	assert_int_equal(hour_parse("yesterday"), -1);
	assert_int_equal(hour_parse("2026-11-21T6"), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_playlist_has_times_maps_and_discontinuities),
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(a_torn_playlist_has_its_whole_segments),
		cmocka_unit_test(what_goes_off_the_front_is_counted),
		cmocka_unit_test(a_hole_is_a_discontinuity),
		cmocka_unit_test(the_target_is_never_below_a_duration),
		cmocka_unit_test(hours_have_names),
	};

	return cmocka_run_group_tests_name("playlist", tests, NULL, NULL);
}
