# The supervisor's policy: pure modules, and days of them in virtual time.

policy = supervisor/scheduler.o supervisor/scheduler_call.o supervisor/scheduler_plan.o \
	supervisor/choice.o supervisor/admission.o supervisor/line.o supervisor/breaker.o \
	supervisor/quota.o
machine = supervisor/camera.o supervisor/camera_table.o common/backoff.o
day = tests/unit/day.o tests/unit/day_google.o tests/unit/day_count.o $(policy) $(machine)

units += quota camera scheduler scheduler_day
unit_quota = supervisor/quota.o
unit_camera = $(machine)
unit_scheduler = $(policy)
unit_scheduler_day = $(day)

# The table of issue 3, 20 seeds each.
.PHONY: bench-scheduler
bench-scheduler: $(B)/tests/bench/bench_scheduler
	$<

$(B)/tests/bench/bench_scheduler: $(addprefix $(B)/,tests/bench/bench_scheduler.o $(day))
	$(CC) $(LDFLAGS) -o $@ $^ -lm
