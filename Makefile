# camrelay: one file builds everything. Each program is the list of its objects.
#   make            the three programs and the scheduler's simulator, in build/
#   make check      style, layers, unit tests (scripts/check runs the integration tests too)
#   make install    DESTDIR= PREFIX=/usr/local
#   make deb        Debian packages, in build-deb/; make test-deb tries them out
#   SAN=address,undefined | SAN=thread   the same into a build folder of its own

VERSION = 0.1.0
PREFIX  = /usr/local
DESTDIR =
SAN     =
UNITDIR = $(PREFIX)/lib/systemd/system
# Where Debian's zsh looks for what packages bring, and for what the site has installed itself.
ZSHDIR  = $(PREFIX)/share/zsh/$(if $(filter /usr,$(PREFIX)),vendor-completions,site-functions)
# What a distribution adds to the compiler's options.
EXTRA_CFLAGS =
CC      = gcc

comma := ,
B = build$(if $(SAN),-$(subst $(comma),-,$(SAN)))

packages = libcurl json-c libavformat libavcodec libswresample libavutil libsrtp2 nanomsg libuv nice openssl \
	sqlite3 inih libbsd libwebsockets
package_flags := $(shell pkg-config --cflags $(packages))
warnings = -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 \
	-Wvla -Wconversion -Wno-sign-conversion
hardening = -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
CPPFLAGS = -I. -D_GNU_SOURCE $(if $(SAN),-DSANITIZED) -DVERSION='"$(VERSION)"' -DLIBEXEC_DIR='"$(PREFIX)/libexec/camrelay"' \
	-DSYSCONF_DIR='"/etc/camrelay"'
CFLAGS   = -std=c11 -O2 -g $(warnings) $(if $(SAN),,$(hardening)) $(sanitize) $(EXTRA_CFLAGS)
LDFLAGS  = $(if $(SAN),,-pie -Wl$(comma)-z$(comma)relro$(comma)-z$(comma)now) $(sanitize)
sanitize = $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all)

# ---- what is linked into what: this is the architecture --------------------------------------

common = common/backoff.o common/clock.o common/err.o common/ipc.o common/json.o common/log.o
proto  = proto/fields.o proto/msg.o proto/status.o

camrelayd_settings = common/settings.o common/value.o common/value_redact.o common/mistakes.o common/ini_file.o common/ini_edit.o
camrelayd_policy = supervisor/camera.o supervisor/camera_table.o supervisor/scheduler.o \
	supervisor/scheduler_call.o supervisor/scheduler_plan.o supervisor/scheduler_change.o supervisor/line.o supervisor/choice.o \
	supervisor/admission.o supervisor/breaker.o supervisor/quota.o supervisor/bucket.o
camrelayd_store = supervisor/store.o supervisor/store_rows.o supervisor/store_deliveries.o supervisor/store_consumers.o supervisor/store_schema.o \
	supervisor/store_file.o supervisor/store_checkpoint.o supervisor/keep.o supervisor/keep_clock.o
camrelayd_google = supervisor/account.o supervisor/account_parts.o supervisor/account_leases.o \
	supervisor/account_status.o supervisor/account_queue.o supervisor/account_buckets.o supervisor/call_tally.o supervisor/credentials.o \
	supervisor/stream.o supervisor/verdict.o \
	supervisor/oauth.o supervisor/token_trust.o supervisor/oauth_answer.o supervisor/login.o supervisor/sdm.o \
	supervisor/sdm_answer.o supervisor/naming.o supervisor/device_list.o supervisor/proposal.o \
	supervisor/discovery.o supervisor/inventory.o supervisor/known.o supervisor/federation.o
camrelayd_outputs = supervisor/outputs.o supervisor/output.o supervisor/sfu.o supervisor/sfu_answer.o \
	supervisor/publish.o supervisor/unpublish.o supervisor/whip.o supervisor/whip_answer.o supervisor/whip_session.o
camrelayd_notify = supervisor/notify.o supervisor/notify_target.o supervisor/webhook.o supervisor/hmac.o
camrelayd_guard = supervisor/guard.o supervisor/guard_policy.o supervisor/guard_ladder.o supervisor/leak.o supervisor/unit_guard.o
camrelayd_health = supervisor/health.o supervisor/check.o supervisor/readings.o supervisor/reach.o
camrelayd_consumers = supervisor/supervisor_consumers.o supervisor/consumers_view.o supervisor/consumers_end.o supervisor/consumers_keep.o supervisor/consumers.o supervisor/consumer.o supervisor/consumer_table.o supervisor/viewer_tracks.o supervisor/consumer_report.o
camrelayd_recording = supervisor/retention.o supervisor/recordings.o supervisor/survey.o supervisor/recording_day.o supervisor/sweeper.o supervisor/control_record.o proto/hour.o proto/playlist.o
# What is served by HTTP.
camrelayd_http = supervisor/http_server.o supervisor/http_server_conn.o supervisor/http_server_head.o supervisor/http_server_accept.o supervisor/http_server_tls.o supervisor/http_head_check.o supervisor/http_socket.o supervisor/http_server_file.o supervisor/http_listen.o supervisor/http_message.o supervisor/http_limit.o \
	supervisor/http_route.o supervisor/token.o supervisor/token_file.o supervisor/web.o supervisor/web_body.o supervisor/web_health.o supervisor/web_control.o supervisor/web_recordings.o supervisor/web_schema.o supervisor/web_openapi.o supervisor/web_metrics.o supervisor/metrics.o supervisor/metrics_table.o supervisor/web_consumer.o supervisor/web_consumers.o supervisor/web_whep.o \
	supervisor/web_assets.o supervisor/web_session.o supervisor/web_events.o supervisor/feed.o supervisor/web_history.o supervisor/samples.o supervisor/web_playback.o supervisor/web_snapshot.o
camrelayd = supervisor/main.o supervisor/supervisor.o supervisor/supervisor_view.o supervisor/supervisor_change.o supervisor/supervisor_watch.o supervisor/supervisor_listed.o supervisor/config.o supervisor/config_camera.o supervisor/config_notify.o supervisor/config_table.o supervisor/config_sections.o supervisor/config_check.o supervisor/config_publish.o supervisor/list_item.o supervisor/event_names.o supervisor/config_diff.o supervisor/config_file.o supervisor/supervisor_status.o \
	supervisor/cameras.o supervisor/cameras_change.o supervisor/cameras_command.o supervisor/cameras_choose.o supervisor/unit.o supervisor/unit_change.o supervisor/unit_outputs.o supervisor/unit_status.o supervisor/unit_record.o supervisor/unit_outage.o supervisor/outage.o supervisor/kept.o supervisor/tally.o supervisor/worker_proc.o supervisor/log_pipe.o supervisor/log_limit.o supervisor/worker_link.o supervisor/heartbeat.o supervisor/control.o supervisor/proc_usage.o supervisor/totals.o supervisor/usage.o supervisor/unit_counts.o \
	supervisor/control_request.o supervisor/control_message.o supervisor/control_config.o supervisor/control_google.o supervisor/control_token.o \
	supervisor/events.o supervisor/systemd.o supervisor/http_client.o supervisor/http_url.o supervisor/secret.o \
	supervisor/words.o supervisor/timestamp.o supervisor/timer.o $(camrelayd_policy) $(camrelayd_google) \
	$(camrelayd_outputs) $(camrelayd_consumers) $(camrelayd_recording) $(camrelayd_notify) $(camrelayd_health) $(camrelayd_guard) $(camrelayd_http) $(camrelayd_store) $(camrelayd_settings) $(common) $(proto)
camrelayd_libs = libcurl json-c nanomsg libuv inih sqlite3 libwebsockets openssl

# H.264 and H.265, which link what they read parameter sets by.
video_codecs = worker/video_codec.o worker/h264.o worker/h265.o worker/nal_sets.o worker/annexb.o worker/rbsp.o

worker_source = worker/source.o worker/tunnel.o worker/rtsp_relay.o worker/relay_data.o worker/departure.o worker/rtsp_session.o worker/rtsp_sdp.o worker/rtsp_base.o worker/relay_track.o worker/rtsp_setup.o worker/rtsp_play.o worker/rtp_info.o worker/udp_input.o worker/rtp_order.o worker/reception.o worker/held.o worker/rtsp_auth.o worker/rtsp_wire.o worker/rtsp_url.o \
	worker/demux.o worker/depacketizer.o worker/sound_track.o worker/fifo.o worker/loopback.o worker/source_error.o worker/camera_conn.o worker/resolve.o worker/wait_fd.o \
	worker/tls.o
worker_stream = worker/media.o worker/pictures.o worker/output.o worker/outbound.o worker/sent.o worker/path_watch.o worker/transport_cc.o $(video_codecs) worker/nal_stream.o worker/rtp.o worker/rtcp.o \
	worker/history.o worker/quality.o worker/freeze.o
worker_sound = worker/sound.o worker/aac_format.o worker/aac_payload.o worker/bits.o worker/arrival.o worker/timeline.o worker/audio.o worker/audio_aac.o worker/audio_decode.o worker/audio_drift.o \
	worker/audio_encode.o worker/audio_line.o worker/audio_place.o worker/audio_resample.o
worker_peer = worker/peer.o worker/negotiation.o worker/sdp.o worker/sdp_candidates.o worker/sdp_fingerprint.o worker/sdp_payload.o worker/sdp_text.o worker/sdp_offer.o worker/ice.o worker/consent.o worker/udp_path.o worker/dtls.o \
	worker/dtls_identity.o worker/srtp.o worker/srtp_openssl.o worker/sender.o
# What stays on this machine: recordings and snapshots.
worker_archive = worker/archive.o worker/recorder.o worker/recorder_queue.o worker/recorder_writer.o worker/segmenter.o worker/segmenter_repair.o \
	worker/hour_writer.o worker/reorder.o worker/outfile.o worker/mp4.o worker/aac_config.o worker/opus.o worker/snapshot.o worker/jpeg.o proto/hour.o proto/playlist.o
camrelay-worker = worker/main.o worker/worker.o worker/upstream.o worker/upstreams.o worker/report.o worker/health.o worker/origin.o worker/url_list.o worker/substream.o worker/prober.o worker/session.o worker/publication.o worker/ladder.o worker/link.o \
	worker/loop.o worker/draw.o common/proctitle.o \
	$(worker_source) $(worker_stream) $(worker_sound) $(worker_peer) $(worker_archive) $(common) $(proto)
camrelay-worker_libs = json-c nanomsg libavformat libavcodec libswresample libavutil libsrtp2 nice openssl libbsd

camctl = control/main.o control/ask.o control/discover.o control/login.o control/login_reply.o \
	control/paint.o control/pairs.o control/redirect.o control/render.o control/render_health.o control/snapshot.o control/terminal.o control/top.o $(common) $(proto) control/token.o
camctl_libs = json-c nanomsg

programs = camrelayd camrelay-worker camctl

# ---- unit tests: each links the module it tests and what that module cannot be without --------

include tests/unit/units.mk

.DEFAULT_GOAL := all

.PHONY: all deb test-deb check probes unit layers install clean format tidy cppcheck fuzz fuzz-long fuzz-keep bench-http bench-worker \
	soak lip-sync
.SECONDARY:

all: $(addprefix $(B)/,$(programs)) layers

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(package_flags) -MMD -MP -c -o $@ $<

# The files that are inside of it.
$(B)/supervisor/web_assets.o: $(wildcard supervisor/dashboard/* supervisor/dashboard/vendor/*/*)

# Only tests have cmocka: a machine that just runs camrelay builds without it.
$(B)/tests/unit/%.o: CPPFLAGS += $(shell pkg-config --cflags cmocka)

define program
$(B)/$(1): $$(addprefix $(B)/,$$($(1)))
	$$(CC) $$(LDFLAGS) -o $$@ $$^ $$(shell pkg-config --libs $$($(1)_libs)) -lpthread -lm
endef
$(foreach p,$(programs),$(eval $(call program,$(p))))

define unit_program
$(B)/tests/unit/test_$(1): $(B)/tests/unit/test_$(1).o $$(addprefix $(B)/,$$(unit_$(1)))
	$$(CC) $$(LDFLAGS) -o $$@ $$^ $$(shell pkg-config --libs cmocka $$(unit_$(1)_libs)) -lpthread -lm
endef
$(foreach u,$(units),$(eval $(call unit_program,$(u))))

define fuzz_program
$(B)/tests/fuzz/fuzz_$(1): $(B)/tests/fuzz/fuzz_$(1).o $(B)/tests/fuzz/driver.o \
		$$(addprefix $(B)/,$$(fuzz_$(1)))
	$$(CC) $$(LDFLAGS) -o $$@ $$^ $$(shell pkg-config --libs $$(fuzz_$(1)_libs) libbsd) -lpthread -lm
endef
$(foreach f,$(fuzzers),$(eval $(call fuzz_program,$(f))))

layers:
	@scripts/check-layers

# As many at once as make's -j says; with -k all of them, whatever fails.
unit_runs = $(units:%=unit-%)
.PHONY: $(unit_runs)
unit: $(unit_runs)
$(unit_runs): unit-%: $(B)/tests/unit/test_%
	@echo "== $<"; timeout 300 $<

fuzz_runs = $(fuzzers:%=fuzz-run-%)
.PHONY: $(fuzz_runs)
fuzz: $(fuzz_runs)
$(fuzz_runs): fuzz-run-%: $(B)/tests/fuzz/fuzz_%
	@echo "== fuzz_$*"; $< tests/fuzz/corpus/$*

# One of them, guided by what its inputs reach (clang's libFuzzer); tests/fuzz/README.md. What fails, and what reached
# something new, is kept in build-fuzz; fuzz-keep takes the latter into the corpus.
FUZZ    = config
SECONDS = 3600
fuzzer  = build-fuzz/fuzz_$(FUZZ)
.PHONY: $(fuzzer)
$(fuzzer):
	@mkdir -p build-fuzz/corpus/$(FUZZ) build-fuzz/found
	clang $(CPPFLAGS) -DSANITIZED -std=c11 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-fno-omit-frame-pointer $(package_flags) -o $@ tests/fuzz/fuzz_$(FUZZ).c $(patsubst %.o,%.c,$(fuzz_$(FUZZ))) \
		$(shell pkg-config --libs $(fuzz_$(FUZZ)_libs) libbsd) -lpthread -lm
fuzz-long: $(fuzzer)
	$< -max_total_time=$(SECONDS) -max_len=4096 -timeout=300 -print_final_stats=1 -artifact_prefix=build-fuzz/found/$(FUZZ)- \
		build-fuzz/corpus/$(FUZZ) tests/fuzz/corpus/$(FUZZ)
fuzz-keep: $(fuzzer)
	$< -merge=1 -max_len=4096 tests/fuzz/corpus/$(FUZZ) build-fuzz/corpus/$(FUZZ)

# What the integration tests drive.
probes = api_probe http_probe peer_probe source_probe store_probe
probes: $(probes:%=$(B)/tests/integration/%) $(B)/tests/bench/gst_peer

# Takes half an hour and proves nothing; tests/bench/README.md.
bench-worker: all $(B)/tests/bench/gst_peer $(B)/tests/bench/bare_loop
	/usr/bin/python3 tests/bench/bench_worker.py $(BENCH)

# Whether 200 dashboards and 50 scrapes a second cost the cameras anything; tests/bench/README.md.
bench-http: all
	/usr/bin/python3 tests/bench/bench_http.py $(BENCH)

# Memory of ten workers over an hour, its slope and its plot; tests/bench/README.md.
SOAK_SECONDS = 3600
soak: all
	/usr/bin/python3 tests/bench/soak.py --seconds $(SOAK_SECONDS) $(SOAK)

# Lip sync of one camera in a browser over an hour; tests/bench/README.md.
LIP_SYNC_SECONDS = 3600
lip-sync: all $(B)/tests/bench/gst_peer
	/usr/bin/python3 tests/bench/lip_sync.py --seconds $(LIP_SYNC_SECONDS)

# A peer to compare with: GStreamer. Its webrtc library's development files are not needed.
$(B)/tests/bench/gst_peer: tests/bench/gst_peer.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 -g -Wall -Wextra -o $@ $< $(shell pkg-config --cflags --libs gstreamer-sdp-1.0) \
		-l:libgstwebrtc-1.0.so.0

# And one that does the least.
$(B)/tests/bench/bare_loop: tests/bench/bare_loop.c
	@mkdir -p $(@D)
	$(CC) -std=gnu11 -O2 -g -Wall -Wextra -o $@ $< $(shell pkg-config --cflags --libs libsrtp2 openssl)

check: all unit

install: all
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin \
		$(DESTDIR)$(PREFIX)/libexec/camrelay $(DESTDIR)$(PREFIX)/share/doc/camrelay \
		$(DESTDIR)/etc/init.d $(DESTDIR)/etc/logrotate.d $(DESTDIR)$(UNITDIR)
	install -m 755 $(B)/camrelayd $(DESTDIR)$(PREFIX)/sbin/camrelayd
	install -m 755 $(B)/camrelay-worker $(DESTDIR)$(PREFIX)/libexec/camrelay/camrelay-worker
	install -m 755 $(B)/camctl $(DESTDIR)$(PREFIX)/bin/camctl
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5 \
		$(DESTDIR)$(PREFIX)/share/man/man8
	install -m 644 docs/man/camctl.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 docs/man/camrelay.conf.5 $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 644 docs/man/camrelayd.8 docs/man/camrelay-worker.8 $(DESTDIR)$(PREFIX)/share/man/man8
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 644 etc/completion/camctl.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/camctl
	install -d $(DESTDIR)$(ZSHDIR)
	install -m 644 etc/completion/_camctl $(DESTDIR)$(ZSHDIR)
	install -d $(DESTDIR)$(PREFIX)/share/doc/camrelay/prometheus $(DESTDIR)$(PREFIX)/share/doc/camrelay/grafana
	install -m 644 docs/*.md $(DESTDIR)$(PREFIX)/share/doc/camrelay
	install -m 644 etc/prometheus/prometheus.yml $(DESTDIR)$(PREFIX)/share/doc/camrelay/prometheus
	sed 's|@PREFIX@|$(PREFIX)|g' etc/prometheus/camrelay.rules.yml \
		>$(DESTDIR)$(PREFIX)/share/doc/camrelay/prometheus/camrelay.rules.yml
	install -m 644 etc/grafana/camrelay-overview.json $(DESTDIR)$(PREFIX)/share/doc/camrelay/grafana
	install -m 644 etc/camrelay.conf $(DESTDIR)$(PREFIX)/share/doc/camrelay/camrelay.conf.example
	sed 's|@PREFIX@|$(PREFIX)|g' etc/init.d/camrelay >$(DESTDIR)/etc/init.d/camrelay
	chmod 755 $(DESTDIR)/etc/init.d/camrelay
	sed 's|@PREFIX@|$(PREFIX)|g' etc/systemd/camrelay.service \
		>$(DESTDIR)$(UNITDIR)/camrelay.service
	sed 's|@PREFIX@|$(PREFIX)|g' etc/logrotate/camrelay >$(DESTDIR)/etc/logrotate.d/camrelay

# Built from a copy of what git knows, as files stand now: debian/ has the recipe.
deb:
	rm -rf build-deb/camrelay*
	mkdir -p build-deb/camrelay-$(VERSION)
	git ls-files -z | tar --null -T - -c | tar -x -C build-deb/camrelay-$(VERSION)
	cd build-deb/camrelay-$(VERSION) && dpkg-buildpackage --build=binary --no-sign

# Installs, upgrades, removes and purges them in a Debian 12 of its own, while streams run. Needs root; the first
# time the network, for debootstrap.
test-deb: all deb
	/usr/bin/python3 -m pytest -q -p no:cacheprovider tests/deb

sources = $(shell git ls-files '*.c' '*.h')

format:
	clang-format -i $(sources)

clean:
	rm -rf build-deb/camrelay* build build-address-undefined build-thread build-fuzz

-include $(shell find $(B) -name '*.d' 2>/dev/null)
