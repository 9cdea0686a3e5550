# What is served by HTTP: the pure parts.

units += http_message http_head_check http_route http_limit http_listen token proc_usage samples
unit_samples = supervisor/samples.o
unit_http_message = supervisor/http_message.o common/json.o
unit_http_message_libs = json-c
unit_http_head_check = supervisor/http_head_check.o $(unit_http_message)
unit_http_head_check_libs = json-c
unit_http_route = supervisor/http_route.o $(unit_http_message)
unit_http_route_libs = json-c
unit_http_limit = supervisor/http_limit.o
unit_http_listen = supervisor/http_listen.o
unit_token = supervisor/token.o supervisor/token_file.o $(settings_objects)
unit_token_libs = inih libcrypto
unit_proc_usage = supervisor/proc_usage.o supervisor/usage.o common/clock.o

fuzzers += http
fuzz_http = $(unit_http_route) supervisor/http_head_check.o supervisor/token.o $(settings_objects)
fuzz_http_libs = json-c inih

# What is asked by camctl's socket, and by bodies that become the same.
control_message_objects = supervisor/control_message.o supervisor/token.o common/json.o common/ini_edit.o $(settings_objects)
units += control_message web_body
unit_control_message = $(control_message_objects)
unit_control_message_libs = json-c inih
unit_web_body = supervisor/web_body.o $(control_message_objects)
unit_web_body_libs = json-c inih
fuzzers += control http_body
fuzz_control = $(control_message_objects)
fuzz_control_libs = json-c inih
fuzz_http_body = supervisor/web_body.o supervisor/consumer_report.o $(control_message_objects)
fuzz_http_body_libs = json-c inih

# The server with handlers of the tests': WebSockets, late answers, files.
$(B)/tests/integration/http_probe: $(addprefix $(B)/,tests/integration/http_probe.o supervisor/http_server.o \
		supervisor/http_server_conn.o supervisor/http_server_head.o supervisor/http_server_accept.o \
		supervisor/http_server_tls.o supervisor/http_head_check.o supervisor/http_socket.o \
		supervisor/http_server_file.o supervisor/http_listen.o supervisor/http_message.o supervisor/http_limit.o $(common))
	$(CC) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs libwebsockets openssl libuv json-c nanomsg) -lpthread
