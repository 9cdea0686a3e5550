# source.mk - the RTSP input of the worker.
units += fifo rtsp_url rtsp_wire access_unit rtsp_relay tunnel
unit_fifo = worker/fifo.o
unit_rtsp_url = worker/rtsp_url.o
unit_rtsp_wire = worker/rtsp_wire.o
unit_access_unit = worker/access_unit.o
unit_rtsp_relay = worker/rtsp_relay.o worker/rtsp_wire.o worker/fragments.o worker/access_unit.o \
	worker/fifo.o
unit_tunnel = worker/tunnel.o worker/rtsp_relay.o worker/rtsp_wire.o worker/fragments.o worker/access_unit.o \
	worker/fifo.o worker/wait_fd.o worker/camera_conn.o worker/resolve.o worker/tls.o common/clock.o \
	common/err.o
unit_tunnel_libs = openssl

fuzzers += rtsp_relay
fuzz_rtsp_relay = worker/rtsp_relay.o worker/rtsp_wire.o worker/fragments.o worker/access_unit.o \
	worker/fifo.o

# What the worker's RTSP input is made of; the worker and source_probe link it.
source_objects = worker/source.o worker/tunnel.o worker/rtsp_relay.o worker/rtsp_wire.o \
	worker/rtsp_url.o worker/fragments.o worker/access_unit.o worker/fifo.o worker/camera_conn.o worker/resolve.o \
	worker/wait_fd.o worker/tls.o
source_libs = libavformat libavcodec libavutil openssl

$(B)/tests/integration/source_probe: $(addprefix $(B)/,tests/integration/source_probe.o \
		$(source_objects) common/clock.o common/err.o)
	$(CC) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs $(source_libs)) -lpthread
