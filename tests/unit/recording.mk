# recording.mk - recordings on the disk: written by the worker, swept by the supervisor.
units += playlist recorder_queue recorder reorder retention opus aac_config
unit_playlist = proto/playlist.o proto/hour.o common/clock.o
unit_recorder_queue = worker/recorder_queue.o
unit_opus = worker/opus.o
unit_aac_config = worker/aac_config.o worker/bits.o
unit_reorder = worker/reorder.o
unit_retention = supervisor/retention.o

# What it is made of; the worker links it. The test has ffmpeg make its pictures and judge the files.
recorder_objects = worker/recorder.o worker/recorder_queue.o worker/recorder_writer.o worker/segmenter.o worker/segmenter_repair.o \
	worker/hour_writer.o worker/reorder.o worker/mp4.o worker/aac_config.o worker/bits.o worker/opus.o worker/outfile.o
unit_recorder = $(recorder_objects) $(video_codecs) proto/playlist.o proto/hour.o common/clock.o \
	common/log.o common/err.o
unit_recorder_libs = libavformat libavcodec libavutil
