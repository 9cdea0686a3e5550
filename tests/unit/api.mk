# api.mk - the supervisor's clients of Google and Cloudflare. Those that do I/O are tested with a
# network made of nothing, and with a clock and timers that the test moves (fake_time).
units += timestamp words naming secret oauth_answer oauth sdm_answer sfu_answer publish
unit_timestamp = supervisor/timestamp.o
unit_words = supervisor/words.o
unit_naming = supervisor/naming.o
unit_secret = supervisor/secret.o
unit_oauth_answer = supervisor/oauth_answer.o supervisor/words.o common/json.o
unit_oauth_answer_libs = json-c
unit_oauth = tests/unit/fake_time.o supervisor/oauth.o supervisor/token_trust.o supervisor/oauth_answer.o supervisor/words.o supervisor/secret.o \
	common/json.o common/backoff.o common/log.o common/err.o
unit_oauth_libs = json-c
sdm_answer_objects = supervisor/sdm_answer.o supervisor/naming.o supervisor/words.o supervisor/timestamp.o common/json.o
unit_sdm_answer = $(sdm_answer_objects)
unit_sdm_answer_libs = json-c
units += device_list proposal discovery
unit_device_list = supervisor/device_list.o
unit_proposal = supervisor/proposal.o supervisor/device_list.o supervisor/naming.o
unit_discovery = tests/unit/fake_time.o supervisor/discovery.o supervisor/device_list.o supervisor/quota.o supervisor/bucket.o common/backoff.o \
	common/log.o common/err.o $(sdm_answer_objects)
unit_discovery_libs = json-c
units += login
unit_login = tests/unit/fake_time.o supervisor/login.o supervisor/oauth_answer.o supervisor/words.o common/json.o common/log.o \
	common/err.o
unit_login_libs = json-c
sfu_answer_objects = supervisor/sfu_answer.o supervisor/words.o common/json.o
unit_sfu_answer = $(sfu_answer_objects)
unit_sfu_answer_libs = json-c
unit_publish = tests/unit/fake_time.o tests/unit/fake_sfu.o supervisor/publish.o supervisor/unpublish.o $(sfu_answer_objects) common/backoff.o \
	common/log.o common/err.o
unit_publish_libs = json-c

units += consumer consumers consumer_report viewer_tracks
unit_viewer_tracks = supervisor/viewer_tracks.o
unit_consumer_report = supervisor/consumer_report.o common/json.o
unit_consumer_report_libs = json-c
unit_consumers = supervisor/consumers.o supervisor/consumers_view.o supervisor/consumers_end.o supervisor/consumers_keep.o supervisor/consumer_report.o $(store_objects) $(unit_consumer)
unit_consumers_libs = json-c sqlite3
unit_consumer = tests/unit/fake_time.o tests/unit/fake_sfu.o supervisor/consumer.o supervisor/consumer_table.o supervisor/viewer_tracks.o supervisor/unpublish.o $(sfu_answer_objects) \
	common/backoff.o common/log.o common/err.o
unit_consumer_libs = json-c

units += http_url whip_answer whip_session outputs
unit_http_url = supervisor/http_url.o
unit_http_url_libs = libcurl
whip_answer_objects = supervisor/whip_answer.o supervisor/words.o common/json.o
unit_whip_answer = $(whip_answer_objects)
unit_whip_answer_libs = json-c
unit_whip_session = tests/unit/fake_time.o supervisor/whip_session.o supervisor/http_url.o $(whip_answer_objects) common/backoff.o \
	common/log.o common/err.o
unit_whip_session_libs = json-c libcurl
unit_outputs = supervisor/outputs.o supervisor/output.o $(config_objects)
unit_outputs_libs = inih

fuzzers += sdm sfu whip
fuzz_whip = $(whip_answer_objects)
fuzz_whip_libs = json-c
fuzz_sdm = $(sdm_answer_objects)
fuzz_sdm_libs = json-c
fuzz_sfu = $(sfu_answer_objects)
fuzz_sfu_libs = json-c

# Drives the clients from a script: tests/integration/test_api.py.
api_probe = tests/integration/api_probe.o supervisor/sdm.o supervisor/oauth.o supervisor/token_trust.o \
	supervisor/oauth_answer.o supervisor/http_client.o supervisor/sfu.o supervisor/publish.o \
	supervisor/unpublish.o supervisor/whip.o supervisor/whip_answer.o supervisor/whip_session.o \
	supervisor/http_url.o supervisor/timer.o supervisor/secret.o supervisor/sdm_answer.o \
	supervisor/sfu_answer.o supervisor/words.o supervisor/naming.o supervisor/timestamp.o common/backoff.o \
	common/clock.o common/err.o common/json.o common/log.o
$(B)/tests/integration/api_probe: $(addprefix $(B)/,$(api_probe))
	$(CC) $(LDFLAGS) -o $@ $^ $$(pkg-config --libs libcurl json-c libuv) -lpthread
