# units.mk - the unit tests and fuzzers, and the objects that each needs beside itself.
# unit_X is for tests/unit/test_X.c, fuzz_X for tests/fuzz/fuzz_X.c; X_libs are pkg-config names.

units = backoff json log
unit_backoff = common/backoff.o
unit_json = common/json.o
unit_json_libs = json-c
unit_log = common/log.o common/clock.o common/err.o

fuzzers =

# The worker's pure modules, its RTSP input, its WebRTC transport.
-include tests/unit/worker.mk
-include tests/unit/source.mk
-include tests/unit/transport.mk
# The supervisor's policy, and its clients of Google and Cloudflare.
-include tests/unit/supervisor.mk
-include tests/unit/api.mk
# Settings, and what processes say to each other.
-include tests/unit/config.mk
-include tests/unit/proto.mk
# What outlives the supervisor.
-include tests/unit/store.mk
# Recordings.
-include tests/unit/recording.mk
# HTTP.
-include tests/unit/http.mk
# camctl.
-include tests/unit/control.mk
