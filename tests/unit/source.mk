# source.mk - the RTSP input of the worker.

# What the worker and source_probe link.
source_objects = $(worker_source) worker/aac_format.o worker/aac_payload.o worker/bits.o worker/arrival.o worker/timeline.o \
	worker/rtp.o worker/draw.o $(video_codecs)
source_libs = libavformat libavcodec libavutil openssl

units += fifo rtsp_url rtsp_wire rtsp_auth rtp_info rtp_order reception depacketizer demux departure rtsp_relay resolve loopback tunnel
unit_fifo = worker/fifo.o
unit_rtsp_url = worker/rtsp_url.o
unit_rtsp_wire = worker/rtsp_wire.o
unit_depacketizer = worker/depacketizer.o $(video_codecs)
unit_demux = worker/demux.o worker/depacketizer.o worker/sound_track.o worker/timeline.o worker/arrival.o worker/aac_payload.o worker/bits.o \
	worker/aac_format.o worker/rtp.o $(video_codecs)
unit_rtp_info = worker/rtp_info.o worker/rtsp_wire.o
unit_rtp_order = worker/rtp_order.o
unit_reception = worker/reception.o
unit_rtsp_auth = worker/rtsp_auth.o worker/rtsp_wire.o
unit_rtsp_auth_libs = libavutil
unit_departure = worker/departure.o
unit_rtsp_relay = worker/rtsp_relay.o worker/relay_data.o worker/departure.o worker/rtsp_session.o worker/rtsp_sdp.o worker/rtsp_base.o worker/relay_track.o worker/rtsp_setup.o worker/rtsp_play.o worker/rtp_info.o worker/rtsp_auth.o worker/rtsp_wire.o worker/fifo.o $(video_codecs)
unit_rtsp_relay_libs = libavutil
unit_resolve = worker/resolve.o worker/wait_fd.o common/clock.o
unit_loopback = worker/loopback.o worker/fifo.o
unit_tunnel = worker/tunnel.o worker/udp_input.o worker/rtp_order.o worker/reception.o worker/held.o worker/loopback.o worker/camera_conn.o worker/resolve.o worker/tls.o worker/wait_fd.o \
	common/clock.o common/err.o $(unit_rtsp_relay)
unit_tunnel_libs = openssl libavutil

fuzzers += rtp_info rtsp_relay udp_input
fuzz_rtp_info = $(unit_rtp_info)
fuzz_rtsp_relay_libs = libavutil
fuzz_rtsp_relay = $(unit_rtsp_relay) $(unit_demux)

fuzz_udp_input_libs = libavutil
fuzz_udp_input = worker/udp_input.o worker/rtp_order.o worker/reception.o worker/rtcp.o worker/transport_cc.o $(fuzz_rtsp_relay)

$(B)/tests/integration/source_probe: $(addprefix $(B)/,tests/integration/source_probe.o \
		$(source_objects) common/clock.o common/err.o)
	$(CC) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs $(source_libs)) -lpthread -lm
