/* test_config.c - camrelayd's own settings: defaults, what must agree, what the environment gives,
 * and that the example and the manual page say what the table says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "supervisor/config.h"
#include "supervisor/config_camera.h"
#include "supervisor/config_cloudflare.h"
#include "supervisor/config_google.h"
#include "supervisor/config_recording.h"

#define CLOUDFLARE "[cloudflare]\napp_id = a\napp_secret_file = /s\n"
#define HOME                                                                                       \
	"[google \"home\"]\nproject_id = p\nclient_id = c\nclient_secret_file = /s\n"              \
	"refresh_token_file = /t\n"
#define PORCH "[camera \"porch\"]\ngoogle = home\ndevice = D1\n"

struct fixture {
	struct config *c;
	char *said;
	char path[64];
};

static int
load_again(struct fixture *f, const char *text, const struct config *old)
{
	size_t size;
	FILE *errors = open_memstream(&f->said, &size);

	strcpy(f->path, "/tmp/test_config.XXXXXX");
	int fd = mkstemp(f->path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	f->c = NULL;
	int result = old ? config_parse(f->path, text, strlen(text), old, &f->c, errors)
			 : config_load(f->path, &f->c, errors);
	fclose(errors);
	unlink(f->path);
	return result;
}

static int
load(struct fixture *f, const char *text)
{
	return load_again(f, text, NULL);
}

static void
clear(struct fixture *f)
{
	config_free(f->c);
	free(f->said);
}

static void
assert_good(struct fixture *f, const char *text)
{
	int result = load(f, text);

	assert_string_equal(f->said, "");
	assert_int_equal(result, 0);
}

/* text is refused with one sentence, whose part after the file's name is this. */
static void
assert_says(const char *text, const char *sentence)
{
	struct fixture f;
	char whole[512];

	assert_int_equal(load(&f, text), -1);
	assert_null(f.c);
	snprintf(whole, sizeof(whole), "%s%s\n", f.path, sentence);
	assert_string_equal(f.said, whole);
	clear(&f);
}

static void
a_full_example_is_understood(void **state)
{
	struct fixture f;

	(void)state;
	assert_good(&f,
		"[supervisor]\nrun_dir = /tmp/r\nlog = json\nlog_level = debug\nworker = /w\n" HOME
		"qpm = 50\nwindow = 3s\n" CLOUDFLARE PORCH
		"[camera \"yard\"]\nurl = rtsps://10.0.0.7/stream1\npublish = none\n"
		"tls_verify = no\nmedia_stall = 2s\n");
	assert_string_equal(f.c->run_dir, "/tmp/r");
	assert_int_equal(f.c->log_format, LOG_JSON);
	assert_int_equal(f.c->log_level, LOG_DEBUG);
	assert_string_equal(f.c->worker, "/w");
	assert_int_equal(f.c->camera_count, 2);
	assert_int_equal(f.c->googles->qpm, 50);
	assert_int_equal(f.c->googles->window_ms, 3000);
	const struct config_camera *cam = f.c->cameras;
	assert_string_equal(cam->name, "porch");
	assert_ptr_equal(cam->account, f.c->googles);
	assert_string_equal(cam->publish, "cloudflare");
	assert_true(cam->tls_verify);
	assert_int_equal(cam->media_stall_ms, 10000);
	cam = cam->next;
	assert_null(cam->account);
	assert_string_equal(cam->url, "rtsps://10.0.0.7/stream1");
	assert_string_equal(cam->publish, "none");
	assert_false(cam->tls_verify);
	assert_int_equal(cam->media_stall_ms, 2000);
	clear(&f);
}

static void
defaults_are_those_of_the_design(void **state)
{
	struct fixture f;

	(void)state;
	assert_good(&f, HOME CLOUDFLARE);
	assert_string_equal(f.c->run_dir, "/run/camrelay");
	assert_int_equal(f.c->start_stagger_ms, 12000);
	assert_int_equal(f.c->kill_timeout_ms, 5000);
	assert_int_equal(f.c->failed_retry_first_ms, 10000);
	assert_int_equal(f.c->failed_retry_cap_ms, 160000);
	assert_int_equal(f.c->degraded_after, 5);
	assert_int_equal(f.c->degraded_retry_ms, 300000);
	assert_int_equal(f.c->googles->qpm, 10);
	assert_int_equal(f.c->googles->window_ms, 60000);
	assert_int_equal(f.c->googles->rotate_ms, 1800000);
	assert_int_equal(f.c->cloudflare->call_timeout_ms, 10000);
	assert_string_equal(
		f.c->googles->api_url, "https://smartdevicemanagement.googleapis.com/v1");
	clear(&f);
}

static void
the_worker_is_the_one_beside_camrelayd_or_the_installed_one(void **state)
{
	struct fixture f;
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	(void)state;
	assert_true(n > 0);
	self[n] = '\0';
	strcpy(strrchr(self, '/') + 1, "camrelay-worker");
	unlink(self);
	assert_good(&f, "");
	assert_string_equal(f.c->worker, LIBEXEC_DIR "/camrelay-worker");
	clear(&f);
	assert_int_equal(symlink("/bin/true", self), 0);
	assert_good(&f, "");
	assert_string_equal(f.c->worker, self);
	clear(&f);
	unlink(self);
}

static void
a_camera_is_googles_or_a_url(void **state)
{
	(void)state;
	assert_says(CLOUDFLARE "[camera \"x\"]\n",
		":4: [camera \"x\"]: needs google and device, or url");
	assert_says(HOME CLOUDFLARE PORCH "url = rtsp://h/\n",
		":12: [camera \"porch\"] url = ***: a camera has either google and device, or url");
	assert_says(HOME CLOUDFLARE "[camera \"x\"]\ngoogle = home\n",
		":9: [camera \"x\"] device: is missing: a camera of google needs its id");
	assert_says(CLOUDFLARE "[camera \"x\"]\nurl = rtsp://h/\ndevice = D\n",
		":6: [camera \"x\"] device = D: is only for a camera that has google");
}

static void
names_must_exist(void **state)
{
	(void)state;
	assert_says(CLOUDFLARE "[camera \"x\"]\ngoogle = hme\ndevice = D\n",
		":5: [camera \"x\"] google = hme: there is no section [google \"hme\"]");
	assert_says("[camera \"x\"]\nurl = rtsp://h/\n",
		":1: [camera \"x\"] publish: there is no section [cloudflare] to publish to; it is "
		"the default, and none is another choice");
	assert_says("[camera \"x\"]\nurl = rtsp://h/\npublish = cloudflare\n",
		":3: [camera \"x\"] publish = cloudflare: there is no section [cloudflare] to "
		"publish "
		"to; it is the default, and none is another choice");
}

static void
two_cameras_of_one_device_are_refused(void **state)
{
	struct fixture f;

	(void)state;
	assert_says(HOME CLOUDFLARE PORCH "[camera \"twin\"]\ngoogle = home\ndevice = D1\n",
		":14: [camera \"twin\"] device = D1: is already [camera \"porch\"]'s");
	/* Another user's view of a device is another device, and budget. */
	assert_good(&f, HOME CLOUDFLARE PORCH "[google \"two\"]\nproject_id = q\nclient_id = c\n"
					      "client_secret_file = /s\nrefresh_token_file = /u\n"
					      "[camera \"twin\"]\ngoogle = two\ndevice = D1\n");
	clear(&f);
}

#define AUTO(name) "[camera \"" name "\"]\ngoogle = auto\ndevice = D1\n"

static void
a_camera_may_leave_its_account_open(void **state)
{
	struct fixture f;

	(void)state;
	assert_good(&f, HOME CLOUDFLARE AUTO("any"));
	assert_null(f.c->cameras->account);
	assert_true(config_is_auto(f.c->cameras));
	clear(&f);
	assert_says(HOME CLOUDFLARE PORCH AUTO("any"),
		":14: [camera \"any\"] device = D1: is already [camera \"porch\"]'s");
	assert_says(HOME "discover_every = 0s\n" CLOUDFLARE AUTO("any"),
		":11: [camera \"any\"] google = auto: auto needs a section [google \"NAME\"] with "
		"discover_every above 0");
	assert_says("[google \"auto\"]\nproject_id = p\nclient_id = c\nclient_secret_file = /s\n"
		    "refresh_token_file = /t\n" CLOUDFLARE,
		":1: [google \"auto\"]: must have another name: google = auto means any section");
}

static void
no_camera_is_called_what_means_every_camera(void **state)
{
	(void)state;
	assert_says(HOME CLOUDFLARE PORCH "[camera \"all\"]\nurl = rtsp://h/\n",
		":12: [camera \"all\"]: must have another name: to camctl all means every camera");
}

static void
socket_paths_must_fit(void **state)
{
	struct fixture f;
	char text[512];
	char dir[128];

	(void)state;
	/* /worker/.ipc, one letter and the NUL leave 94 of 108 bytes. */
	memset(dir, 'd', sizeof(dir));
	dir[0] = '/';
	dir[94] = '\0';
	snprintf(text, sizeof(text),
		"[supervisor]\nrun_dir = %s\n[camera \"x\"]\nurl = rtsp://h/\n"
		"publish = none\n",
		dir);
	assert_good(&f, text);
	clear(&f);
	snprintf(text, sizeof(text),
		"[supervisor]\nrun_dir = %s\n[camera \"xy\"]\nurl = rtsp://h/\n"
		"publish = none\n",
		dir);
	assert_int_equal(load(&f, text), -1);
	assert_non_null(strstr(f.said, ":3: [camera \"xy\"]: /ddd"));
	assert_non_null(strstr(f.said, "/worker/xy.ipc is 1 bytes too long for a socket"));
	clear(&f);
}

static void
secrets_go_by_plain_http_to_this_machine_only(void **state)
{
	static const char *const good[] = { "http://127.0.0.1:8080/v1", "http://localhost/",
		"http://[::1]:1", "http://127.1.2.3", "https://elsewhere.example" };
	static const char *const bad[] = { "http://elsewhere.example",
		"http://localhost.evil.example", "http://127.evil.example",
		"http://127.0.0.1@evil.example/" };
	struct fixture f;
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(text, sizeof(text), CLOUDFLARE "api_url = %s\n", good[i]);
		assert_good(&f, text);
		clear(&f);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), CLOUDFLARE "api_url = %s\n", bad[i]);
		assert_int_equal(load(&f, text), -1);
		assert_non_null(strstr(f.said, "must be https://, since secrets go there"));
		clear(&f);
	}
}

static void
pauses_must_be_in_order(void **state)
{
	(void)state;
	assert_says("[supervisor]\nrespawn_first = 2m\n",
		":1: [supervisor] respawn_cap: must not be less than respawn_first");
	assert_says("[supervisor]\nfailed_retry_cap = 9s\n",
		":2: [supervisor] failed_retry_cap = 9s: must not be less than failed_retry_first");
	assert_says(HOME "window = 1h\nlong_window = 59m\n",
		":7: [google \"home\"] long_window = 59m: must not be less than window");
}

static void
a_file_of_authorities_is_of_no_use_without_verification(void **state)
{
	(void)state;
	assert_says("[camera \"x\"]\nurl = rtsps://h/\npublish = none\ntls_verify = no\nca_file = "
		    "/ca\n",
		":5: [camera \"x\"] ca_file = /ca: is of no use with tls_verify = no");
}

static void
a_camera_that_is_recorded_needs_a_place(void **state)
{
	struct fixture f;

	(void)state;
	assert_says("[camera \"x\"]\nurl = rtsp://h/\npublish = none\nrecord = yes\n",
		":4: [camera \"x\"] record = yes: there is no section [recording] that says where "
		"to");
	assert_says("[recording]\nmax_age = 1h\n",
		":1: [recording] dir: is missing: Where the recordings are, a folder for each "
		"camera");
	assert_good(&f, "[recording]\ndir = /r\nmax_age = 30d\nmax_bytes = 2T\nmin_free = 20%\n"
			"[camera \"x\"]\nurl = rtsp://h/\npublish = none\nrecord = events\n");
	assert_int_equal(f.c->recording->max_age_ms, 30LL * 86400000);
	assert_int_equal(f.c->recording->max_bytes, 2LL << 40);
	assert_int_equal(f.c->recording->max_bytes_per_camera, 0);
	assert_int_equal(f.c->recording->min_free_percent, 20);
	assert_int_equal(f.c->cameras->record, CONFIG_RECORD_EVENTS);
	clear(&f);
}

static void
a_refused_value_is_one_mistake_not_two(void **state)
{
	(void)state;
	assert_says(
		"[supervisor]\nrun_dir = run\n[camera \"x\"]\nurl = rtsp://h/\npublish = none\n",
		":2: [supervisor] run_dir = run: must be an absolute path");
	assert_says("[camera \"x\"]\nurl = rtsp:///\npublish = none\n",
		":2: [camera \"x\"] url = ***: must be a URL that begins with rtsp:// or rtsps://, "
		"with "
		"a host, of at most 4096 bytes");
}

static void
what_google_needs_may_come_from_the_environment(void **state)
{
	struct fixture f, g;
	static const char text[] =
		"[google \"home\"]\n[google \"two\"]\nproject_id = q\nclient_id = c\n"
		"client_secret_file = /s\nrefresh_token_file = /t\n";

	(void)state;
	setenv("GOOGLE_PROJECT_ID", "envp", 1);
	setenv("GOOGLE_CLIENT_ID", "envc", 1);
	setenv("GOOGLE_CLIENT_SECRET", "x", 1);
	setenv("GOOGLE_REFRESH_TOKEN", "x", 1);
	assert_good(&f, text);
	assert_string_equal(f.c->googles->project_id, "envp");
	assert_string_equal(f.c->googles->client_id, "envc");
	assert_null(f.c->googles->client_secret_file);
	assert_string_equal(f.c->googles->next->project_id, "q");
	setenv("GOOGLE_PROJECT_ID", "en/vp", 1);
	assert_says("[google \"home\"]\n",
		":1: [google \"home\"] project_id: is not here, and the "
		"environment's GOOGLE_PROJECT_ID must be letters, digits and . _ -");
	unsetenv("GOOGLE_PROJECT_ID");
	unsetenv("GOOGLE_CLIENT_ID");
	unsetenv("GOOGLE_CLIENT_SECRET");
	unsetenv("GOOGLE_REFRESH_TOKEN");
	/* Once taken, it is gone from the environment, and a reload remembers. */
	assert_int_equal(load_again(&g, text, f.c), 0);
	assert_string_equal(g.c->googles->project_id, "envp");
	clear(&f);
	clear(&g);
}

static void
without_environment_google_needs_all_four(void **state)
{
	struct fixture f;

	(void)state;
	assert_int_equal(load(&f, "[google \"home\"]\n"), -1);
	assert_non_null(strstr(f.said, ":1: [google \"home\"] project_id: is missing here, and the "
				       "environment has no GOOGLE_PROJECT_ID for this section\n"));
	assert_non_null(strstr(f.said, "client_id: is missing here"));
	assert_non_null(strstr(f.said, "client_secret_file: is missing here"));
	assert_non_null(strstr(f.said, "refresh_token_file: is missing here"));
	clear(&f);
}

static void
systemds_credentials_may_stand_in_for_files(void **state)
{
	struct fixture f;

	(void)state;
	assert_says("[cloudflare]\napp_id = a\n", ":1: [cloudflare] app_secret_file: is missing "
						  "here, and systemd has given no credentials");
	setenv("CREDENTIALS_DIRECTORY", "/run/credentials/camrelay.service", 1);
	assert_good(
		&f, "[cloudflare]\napp_id = a\n[google \"home\"]\nproject_id = p\nclient_id = c\n");
	assert_null(f.c->cloudflare->app_secret_file);
	clear(&f);
	unsetenv("CREDENTIALS_DIRECTORY");
}

static char *
printed(const struct config *c)
{
	char *out;
	size_t size;
	FILE *to = open_memstream(&out, &size);

	config_print(c, to);
	fclose(to);
	return out;
}

static void
what_is_printed_is_a_valid_file_without_secrets(void **state)
{
	struct fixture f, g;

	(void)state;
	assert_good(&f, HOME CLOUDFLARE PORCH
		"[camera \"yard\"]\nurl = rtsps://me:pw@10.0.0.7/s?auth=t0k\n");
	char *first = printed(f.c);
	assert_null(strstr(first, "pw"));
	assert_null(strstr(first, "t0k"));
	assert_good(&g, first);
	char *second = printed(g.c);
	assert_string_equal(first, second);
	free(first);
	free(second);
	clear(&f);
	clear(&g);
}

static void
a_thousand_cameras_are_read(void **state)
{
	struct fixture f;
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	(void)state;
	fputs(HOME CLOUDFLARE, to);
	for (int i = 0; i < 1000; i++)
		fprintf(to, "[camera \"c%d\"]\ngoogle = home\ndevice = D%d\n", i, i);
	fclose(to);
	assert_good(&f, text);
	assert_int_equal(f.c->camera_count, 1000);
	free(text);
	clear(&f);
}

/* ---- the documents ---- */

static char *
file_text(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 20);

	assert_non_null(f);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
	fclose(f);
	return text;
}

static void
the_example_file_is_valid(void **state)
{
	struct fixture f;
	char *text = file_text("etc/camrelay.conf");

	(void)state;
	assert_good(&f, text);
	assert_int_equal(f.c->camera_count, 2);
	clear(&f);
	free(text);
}

/* Every setting of the printed defaults stands in the example, in use or as "; key = default". */
static void
the_example_file_shows_every_default(void **state)
{
	struct fixture f;
	char *example = file_text("etc/camrelay.conf");

	(void)state;
	assert_good(&f, HOME CLOUDFLARE "[camera \"x\"]\nurl = rtsp://h/\n");
	free(f.c->worker);
	f.c->worker = NULL; /* depends on the machine */
	char *text = printed(f.c);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		char commented[128];
		size_t key = strcspn(line, " ");
		snprintf(commented, sizeof(commented), "\n; %s\n", line);
		bool shown = strstr(example, commented) != NULL;
		/* What has no default is compared by its key alone. */
		if (strstr(" project_id client_id client_secret_file refresh_token_file app_id "
			   "app_secret_file url ",
			    strndupa(line, key)))
			shown = strstr(example, strndupa(line, key)) != NULL;
		if (*line != '[' && !shown)
			fail_msg("etc/camrelay.conf does not show: %s", line);
	}
	free(text);
	free(example);
	clear(&f);
}

static void
the_manual_page_says_what_the_table_says(void **state)
{
	char *page = file_text("docs/man/camrelay.conf.5");
	char *manual;
	size_t size;
	FILE *to = open_memstream(&manual, &size);

	(void)state;
	config_print_manual(to);
	fclose(to);
	if (!strstr(page, manual))
		fail_msg("docs/man/camrelay.conf.5 is behind the table: scripts/settings-man");
	free(manual);
	free(page);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_example_is_understood),
		cmocka_unit_test(defaults_are_those_of_the_design),
		cmocka_unit_test(the_worker_is_the_one_beside_camrelayd_or_the_installed_one),
		cmocka_unit_test(a_camera_is_googles_or_a_url),
		cmocka_unit_test(names_must_exist),
		cmocka_unit_test(two_cameras_of_one_device_are_refused),
		cmocka_unit_test(a_camera_may_leave_its_account_open),
		cmocka_unit_test(no_camera_is_called_what_means_every_camera),
		cmocka_unit_test(socket_paths_must_fit),
		cmocka_unit_test(secrets_go_by_plain_http_to_this_machine_only),
		cmocka_unit_test(pauses_must_be_in_order),
		cmocka_unit_test(a_file_of_authorities_is_of_no_use_without_verification),
		cmocka_unit_test(a_camera_that_is_recorded_needs_a_place),
		cmocka_unit_test(a_refused_value_is_one_mistake_not_two),
		cmocka_unit_test(what_google_needs_may_come_from_the_environment),
		cmocka_unit_test(without_environment_google_needs_all_four),
		cmocka_unit_test(systemds_credentials_may_stand_in_for_files),
		cmocka_unit_test(what_is_printed_is_a_valid_file_without_secrets),
		cmocka_unit_test(a_thousand_cameras_are_read),
		cmocka_unit_test(the_example_file_is_valid),
		cmocka_unit_test(the_example_file_shows_every_default),
		cmocka_unit_test(the_manual_page_says_what_the_table_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
