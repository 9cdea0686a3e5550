"""test_api_http2.py - the HTTP client speaks HTTP/2, and does not go on trusting a connection that is dead.

The other end is python3-h2 (Debian), which shares no code with curl's nghttp2.
"""

import socket
import ssl
import threading

import pytest

from test_api import Probe, certs

h2_connection = pytest.importorskip("h2.connection", reason="python3-h2 is not installed")
h2_config = pytest.importorskip("h2.config")
h2_events = pytest.importorskip("h2.events")

ANSWER = [(":status", "200"), ("date", "Sat, 21 Nov 2026 06:00:00 GMT"), ("retry-after", "5")]


class Http2Server:
    """Answers every stream, but for those of its first connection after the first: that path goes dead."""

    def __init__(self, context):
        self.context = context
        self.streams = []  # (number of the connection, id of the stream)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self.listener.getsockname()[1]}/"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        number = 0
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            number += 1
            threading.Thread(target=self.serve, args=(connection, number), daemon=True).start()

    def serve(self, connection, number):
        connection = self.context.wrap_socket(connection, server_side=True)
        protocol = h2_connection.H2Connection(h2_config.H2Configuration(client_side=False))
        protocol.initiate_connection()
        connection.sendall(protocol.data_to_send())
        while True:
            received = connection.recv(65536)
            if not received:
                return
            dead = number == 1 and (1, 1) in self.streams
            for event in protocol.receive_data(received):
                if isinstance(event, h2_events.StreamEnded):
                    self.answer(protocol, number, event.stream_id)
            if not dead:
                connection.sendall(protocol.data_to_send())

    def answer(self, protocol, number, stream):
        self.streams.append((number, stream))
        protocol.send_headers(stream, ANSWER)
        protocol.send_data(stream, b"hello", end_stream=True)


@pytest.fixture
def server(tmp_path):
    lab = certs.ensure(str(tmp_path))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*lab["server"])
    context.set_alpn_protocols(["h2"])
    made = Http2Server(context)
    made.ca = lab["ca"]
    yield made
    made.listener.close()


def test_a_dead_http2_connection_costs_one_call(server):
    probe = Probe()
    answers = [probe.ask("http", n, "POST", server.url, 1000, "body", server.ca) for n in range(4)]
    probe.end()
    assert [(a["err"], a["status"]) for a in answers] == [(0, 200), (-5, 0), (0, 200), (0, 200)]
    assert answers[0]["retry_after_ms"] == 5000 and answers[0]["date_us"] > 0
    assert answers[1]["sent"] is True
    assert server.streams[:2] == [(1, 1), (1, 3)]
    assert all(number > 1 for number, _ in server.streams[2:])
