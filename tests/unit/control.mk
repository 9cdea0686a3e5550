# control.mk - camctl's pure parts.
units += login_reply
unit_login_reply = control/login_reply.o

fuzzers += login_reply
fuzz_login_reply = control/login_reply.o
