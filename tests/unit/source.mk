# source.mk - the RTSP input of the worker.

# What it is made of; the worker and source_probe link it.
source_objects = worker/source.o worker/source_error.o worker/tunnel.o worker/loopback.o \
	worker/rtsp_relay.o worker/rtsp_wire.o worker/rtsp_url.o worker/depacketizer.o \
	worker/fifo.o worker/camera_conn.o worker/resolve.o worker/tls.o worker/wait_fd.o
source_libs = libavformat libavcodec libavutil openssl

units += fifo rtsp_url rtsp_wire depacketizer rtsp_relay resolve loopback tunnel
unit_fifo = worker/fifo.o
unit_rtsp_url = worker/rtsp_url.o
unit_rtsp_wire = worker/rtsp_wire.o
unit_depacketizer = worker/depacketizer.o
unit_rtsp_relay = worker/rtsp_relay.o worker/rtsp_wire.o worker/fifo.o
unit_resolve = worker/resolve.o worker/wait_fd.o common/clock.o
unit_loopback = worker/loopback.o worker/fifo.o
unit_tunnel = worker/tunnel.o worker/loopback.o worker/camera_conn.o worker/resolve.o worker/tls.o worker/wait_fd.o \
	common/clock.o common/err.o $(unit_rtsp_relay)
unit_tunnel_libs = openssl

fuzzers += rtsp_relay
fuzz_rtsp_relay = $(unit_rtsp_relay) worker/depacketizer.o

$(B)/tests/integration/source_probe: $(addprefix $(B)/,tests/integration/source_probe.o \
		$(source_objects) common/clock.o common/err.o)
	$(CC) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs $(source_libs)) -lpthread
