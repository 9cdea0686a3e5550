# store.mk - what outlives the supervisor. The test looks into the file with sqlite3 itself.
store_objects = supervisor/store.o supervisor/store_rows.o supervisor/store_deliveries.o supervisor/store_consumers.o supervisor/store_schema.o \
	supervisor/store_file.o supervisor/store_checkpoint.o

units += store
unit_store = $(store_objects) common/log.o common/clock.o common/err.o
unit_store_libs = sqlite3

# Store and log, with a clock of the test's own.
units += keep_clock
unit_keep_clock = supervisor/keep_clock.o $(store_objects) common/log.o common/err.o
unit_keep_clock_libs = sqlite3

# Which devices were ever configured: kept by a store on a disk.
units += known
unit_known = supervisor/known.o $(unit_store)
unit_known_libs = sqlite3

# Writes until it is killed: tests/integration/test_store_kill.py.
$(B)/tests/integration/store_probe: $(addprefix $(B)/,tests/integration/store_probe.o $(unit_store))
	$(CC) $(LDFLAGS) -o $@ $^ $$(pkg-config --libs sqlite3) -lpthread
