# proto.mk - what processes say to each other, and the worker's session.
units += fields msg status publication session
unit_fields = proto/fields.o common/json.o
unit_fields_libs = json-c
unit_msg = proto/msg.o proto/fields.o common/json.o
unit_msg_libs = json-c
unit_status = proto/status.o proto/fields.o common/json.o
unit_status_libs = json-c
unit_session = worker/session.o worker/ladder.o common/backoff.o
unit_publication = worker/publication.o worker/ladder.o common/backoff.o

fuzzers += msg
fuzz_msg = proto/msg.o proto/fields.o common/json.o
fuzz_msg_libs = json-c
