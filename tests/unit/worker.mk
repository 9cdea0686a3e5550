# worker.mk - the worker's pure modules: each links itself alone, h264_stream what it is built on.
units += aac_format aac_payload h264 h264_stream history quality rtcp rtp sdp
unit_aac_format = worker/aac_format.o
unit_aac_payload = worker/aac_payload.o worker/rtp.o
unit_h264 = worker/h264.o
unit_h264_stream = worker/h264_stream.o worker/h264.o
unit_history = worker/history.o
unit_quality = worker/quality.o
unit_rtcp = worker/rtcp.o
unit_rtp = worker/rtp.o
unit_sdp = worker/sdp.o worker/sdp_offer.o

fuzzers += aac h264 rtcp sdp
fuzz_aac = worker/aac_payload.o worker/aac_format.o worker/rtp.o
fuzz_h264 = worker/h264_stream.o worker/h264.o
fuzz_rtcp = worker/rtcp.o
fuzz_sdp = worker/sdp.o
