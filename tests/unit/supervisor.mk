# The supervisor's policy: pure modules, and days of them in virtual time.

include tests/sim/scheduler/sim.mk

machine = supervisor/camera.o supervisor/camera_table.o common/backoff.o

units += federation
unit_federation = supervisor/federation.o
units += quota camera scheduler scheduler_share scheduler_day scheduler_property scenario
unit_quota = supervisor/quota.o supervisor/bucket.o
unit_camera = $(machine)
units += log_limit
unit_log_limit = supervisor/log_limit.o
units += heartbeat
unit_heartbeat = supervisor/heartbeat.o
units += outage
unit_outage = supervisor/outage.o
unit_scheduler = $(camrelayd_policy) common/backoff.o
unit_scheduler_share = $(camrelayd_policy) common/backoff.o
unit_scheduler_day = $(sim_world)
unit_scheduler_day_libs = json-c
unit_scheduler_property = $(sim_world)
unit_scheduler_property_libs = json-c
unit_scenario = tests/sim/scheduler/scenario.o supervisor/scheduler.o supervisor/quota.o supervisor/bucket.o common/json.o
unit_scenario_libs = json-c

# The table of docs/scheduling.md: every policy, 20 seeds each. plots: its figures.
.PHONY: bench-scheduler plots
bench-scheduler: $(B)/tests/bench/bench_scheduler
	$< 20 $(sort $(wildcard tests/sim/scheduler/scenarios/*.json))

plots: $(B)/camrelay-sim
	tests/sim/scheduler/plots.py --sim $< --into docs/plots

$(B)/tests/bench/bench_scheduler: $(addprefix $(B)/,tests/bench/bench_scheduler.o $(sim_world))
	$(CC) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs json-c) -lm

# From Google's answers to the scheduler, and what is kept of them.
units += verdict stream
unit_verdict = supervisor/verdict.o
unit_stream = supervisor/stream.o supervisor/sdm_answer.o supervisor/naming.o supervisor/words.o \
	supervisor/timestamp.o common/json.o
unit_stream_libs = json-c

# What is counted, and how it is told to Prometheus.
units += totals usage call_tally metrics
unit_totals = supervisor/totals.o
unit_usage = supervisor/usage.o
unit_call_tally = supervisor/call_tally.o
unit_metrics = supervisor/metrics.o supervisor/metrics_table.o supervisor/camera.o supervisor/camera_table.o supervisor/check.o \
	supervisor/guard_policy.o supervisor/guard_ladder.o supervisor/leak.o common/backoff.o
