# worker.mk - the worker's pure modules: each links itself alone, nal_stream what it is built on. Sound
# is the only one with a library.
units += aac_format aac_payload audio audio_line audio_place freeze h264 h265 health history lip_sync nal_stream origin output path_watch pictures audio_aac \
	quality rtcp rtp sdp \
	sent sound substream timeline transport_cc url_list
unit_url_list = worker/url_list.o
unit_substream = worker/substream.o
unit_aac_format = worker/aac_format.o
unit_aac_payload = worker/aac_payload.o worker/bits.o worker/rtp.o
audio = worker/audio.o worker/audio_decode.o worker/audio_drift.o worker/audio_encode.o worker/audio_line.o worker/audio_place.o \
	worker/audio_resample.o
audio_libs = libavcodec libswresample libavutil
unit_audio = $(audio) tests/unit/sound.o
unit_audio_libs = $(audio_libs)
unit_audio_aac = worker/audio_aac.o worker/audio_decode.o tests/unit/sound.o
unit_audio_aac_libs = $(audio_libs)
unit_audio_line = worker/audio_line.o
unit_audio_place = worker/audio_place.o worker/audio_line.o worker/audio_drift.o worker/audio_resample.o
unit_audio_place_libs = $(audio_libs)
unit_freeze = worker/freeze.o $(video_codecs)
unit_h264 = $(video_codecs)
unit_h265 = $(video_codecs)
unit_nal_stream = worker/nal_stream.o $(video_codecs)
unit_health = worker/health.o
unit_origin = worker/origin.o worker/url_list.o worker/substream.o common/clock.o common/log.o common/err.o
unit_origin_libs = glib-2.0
unit_history = worker/history.o
unit_output = worker/output.o worker/outbound.o worker/history.o worker/rtp.o worker/rtcp.o worker/sent.o worker/path_watch.o \
	worker/transport_cc.o common/clock.o
unit_sent = worker/sent.o
unit_sound = worker/sound.o $(audio)
unit_sound_libs = $(audio_libs)
unit_path_watch = worker/path_watch.o
unit_pictures = worker/pictures.o worker/nal_stream.o worker/rtp.o worker/history.o worker/quality.o worker/freeze.o worker/draw.o \
	$(video_codecs) common/clock.o
unit_pictures_libs = glib-2.0 libbsd
unit_transport_cc = worker/transport_cc.o
unit_lip_sync = $(unit_timeline) $(unit_audio_place)
unit_lip_sync_libs = $(audio_libs)
unit_quality = worker/quality.o
unit_rtcp = worker/rtcp.o worker/transport_cc.o
unit_rtp = worker/rtp.o $(video_codecs)
unit_timeline = worker/timeline.o worker/arrival.o
unit_sdp = worker/sdp.o worker/sdp_candidates.o worker/sdp_fingerprint.o worker/sdp_payload.o worker/sdp_text.o worker/sdp_offer.o

fuzzers += aac nal_stream rtcp sdp
fuzz_aac = worker/aac_payload.o worker/aac_config.o worker/bits.o worker/aac_format.o worker/rtp.o
fuzz_nal_stream = worker/nal_stream.o $(video_codecs)
fuzz_rtcp = worker/rtcp.o worker/transport_cc.o
fuzz_sdp = $(unit_sdp)

# What sound costs: not a test.
.PHONY: bench-audio
bench-audio: $(B)/tests/bench/bench_audio
	$<

$(B)/tests/bench/bench_audio: $(addprefix $(B)/,tests/bench/bench_audio.o tests/unit/sound.o $(audio))
	$(CC) $(LDFLAGS) -o $@ $^ $$(pkg-config --libs $(audio_libs)) -lpthread -lm
