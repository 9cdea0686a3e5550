"""test_api_path.py - what becomes of the supervisor's calls over HTTP when the path to a server goes dead: nothing that is
sent on a connection is acknowledged any more, and a new connection takes another path."""
import ctypes
import socket
import struct
import threading
import time

import pytest

from test_api import Probe, Server, ok

SO_ATTACH_FILTER = 26  # socket(7)


def deafen(connection):
    """Its kernel drops whatever arrives for it: a filter of one instruction, "return 0"."""
    instruction = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0))
    connection.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", 1, ctypes.addressof(instruction)))


class Keeper(Server):
    """Keeps its connections, which it has when as many as that have asked."""

    def __init__(self, count):
        self.kept = []
        self.everybody = threading.Barrier(count, timeout=30)
        super().__init__(self.together)

    def together(self, number, _request):
        if number <= self.everybody.parties:
            self.everybody.wait()
        return ok()

    def serve(self, connection):
        self.kept.append(connection)
        super().serve(connection)


@pytest.fixture
def probe():
    made = Probe()
    yield made
    made.end()


def test_connections_of_a_path_that_went_dead_cost_one_call(probe):
    server = Keeper(3)
    for n in range(3):
        probe.do("http", n, "POST", server.url, 30000, "x")
    assert [probe.wait("http")["err"] for _ in range(3)] == [0, 0, 0]
    for connection in server.kept:
        deafen(connection)
    began = time.monotonic()
    answer = probe.ask("http", "dead", "POST", server.url, 30000, "x")
    assert answer["err"] != 0 and answer["sent"] is True
    assert 8 < time.monotonic() - began < 20
    answer = probe.ask("http", "anew", "POST", server.url, 30000, "x")
    assert (answer["err"], answer["status"]) == (0, 200)
    server.close()
