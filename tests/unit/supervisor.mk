# The supervisor's policy: pure modules, and a day of them in virtual time.

policy = supervisor/scheduler.o supervisor/scheduler_call.o supervisor/scheduler_plan.o \
	supervisor/choice.o supervisor/admission.o supervisor/line.o supervisor/breaker.o \
	supervisor/quota.o
machine = supervisor/camera.o supervisor/camera_table.o common/backoff.o

units += quota camera scheduler scheduler_day
unit_quota = supervisor/quota.o
unit_camera = $(machine)
unit_scheduler = $(policy)
unit_scheduler_day = $(policy) $(machine) tests/unit/day.o
