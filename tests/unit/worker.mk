# worker.mk - the worker's pure modules: each links itself alone, h264_stream what it is built on.
units += h264 h264_stream history output quality rtcp rtp sdp sent
unit_h264 = worker/h264.o
unit_h264_stream = worker/h264_stream.o worker/h264.o
unit_history = worker/history.o
unit_output = worker/output.o worker/history.o worker/rtp.o worker/rtcp.o worker/sent.o common/clock.o
unit_sent = worker/sent.o
unit_quality = worker/quality.o
unit_rtcp = worker/rtcp.o
unit_rtp = worker/rtp.o
unit_sdp = worker/sdp.o worker/sdp_offer.o

fuzzers += h264 rtcp sdp
fuzz_h264 = worker/h264_stream.o worker/h264.o
fuzz_rtcp = worker/rtcp.o
fuzz_sdp = worker/sdp.o
