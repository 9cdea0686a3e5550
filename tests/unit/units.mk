# units.mk - the unit tests and fuzzers, and the objects that each needs beside itself.
# unit_X is for tests/unit/test_X.c, fuzz_X for tests/fuzz/fuzz_X.c; X_libs are pkg-config names.

units = backoff json log
unit_backoff = common/backoff.o
unit_json = common/json.o
unit_json_libs = json-c
unit_log = common/log.o common/clock.o common/err.o

fuzzers =

# The worker's pure modules.
-include tests/unit/worker.mk
# The worker's wrapped libraries.
-include tests/unit/transport.mk
# The supervisor's policy.
-include tests/unit/supervisor.mk
# The supervisor's clients of Google and Cloudflare.
-include tests/unit/api.mk
# What processes say to each other, settings.
-include tests/unit/proto.mk
