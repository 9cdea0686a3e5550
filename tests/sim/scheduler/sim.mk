# camrelay-sim: the scheduler of camrelayd against a model of Google, in virtual time. Its policy is
# the list of objects that camrelayd links, not another.

sim_world = tests/sim/scheduler/scenario.o tests/sim/scheduler/world.o tests/sim/scheduler/google.o \
	tests/sim/scheduler/daemon.o tests/sim/scheduler/events.o tests/sim/scheduler/count.o \
	tests/sim/scheduler/policy.o tests/sim/scheduler/fixed60.o \
	$(camrelayd_policy) common/backoff.o common/json.o
camrelay-sim = tests/sim/scheduler/main.o tests/sim/scheduler/report.o $(sim_world)
camrelay-sim_libs = json-c

programs += camrelay-sim
