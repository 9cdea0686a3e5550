"""What is wrong with a request before anybody has handled it is answered in JSON, with TLS and without; and what else
http_probe does without TLS, it does with it."""
import asyncio
import contextlib
import json
import os
import random
import socket
import ssl

import aiohttp
import pytest

from http_server_probe import Probe, certificate, trusting
from lab import until

GOOD = b"GET /json?a=1 HTTP/1.1\r\nHost: x\r\nAccept: */*\r\nConnection: close\r\n\r\n"


@pytest.fixture(params=["http", "https"])
def probe(request, tmp_path):
    pair = []
    if request.param == "https":
        certificate(tmp_path, "probe")
        pair = [tmp_path / "cert.pem", tmp_path / "key.pem"]
    p = Probe(tmp_path, *pair)
    assert p.url.startswith(request.param + ":")
    yield p
    if p.process.poll() is None:
        p.end()


def all_of(s):
    """What comes until the other side closes or, since it was sent more than it wanted, resets."""
    text = b""
    with contextlib.suppress(ConnectionResetError):
        while part := s.recv(65536):
            text += part
    return text


def error_in(answer):
    """(status, message) of an answer that must be one JSON error and nothing else."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0].startswith("HTTP/1.1 ") and "Content-Type: application/json" in lines, answer
    error = json.loads(body)["error"]
    assert error["status"] == int(lines[0].split()[1])
    return error["status"], error["message"]


REFUSED = {
    "absolute": ("GET http://x/json HTTP/1.1", 400, "begins with /"),
    "asterisk": ("OPTIONS * HTTP/1.1", 400, "begins with /"),
    "escape": ("GET /%zz HTTP/1.1", 400, "%"),
    "zero byte": ("GET /a%00b HTTP/1.1", 400, "%"),
    "other protocol": ("GET /json HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: TLS/1.0", 400, "websocket"),
    "two protocols": ("GET /json HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c, websocket", 400, "websocket"),
    "long header": ("GET /json HTTP/1.1\r\nA: " + "b" * 100000, 431, "too long"),
    "many headers": ("GET /json HTTP/1.1\r\n" + "A: b\r\n" * 500 + "B: c", 431, "too long"),
    "long path": ("GET /json" + "/a" * 50000 + " HTTP/1.1", 414, "too long"),
    "no header": ("GET /json HTTP/1.1\r\nGET /json HTTP/1.1", 400, "no header"),
    "version": ("GET /json HTTP/3", 400, "HTTP/1.1"),
    "HTTP/2": ("PRI * HTTP/2.0\r\n\r\nSM", 400, "HTTP/1.1"),
    "CONNECT": ("CONNECT x:1 HTTP/1.1", 501, "method"),
}


@pytest.mark.parametrize("line, status, word", REFUSED.values(), ids=REFUSED)
def test_what_libwebsockets_would_refuse_is_refused_in_json(probe, line, status, word):
    is_status, message = error_in(probe.ask(f"{line}\r\nHost: x\r\n\r\n".encode()))
    assert is_status == status and word in message
    assert probe.ask(GOOD).startswith(b"HTTP/1.1 200 OK")
    probe.end()


def test_a_head_may_come_byte_by_byte(probe):
    with probe.connect() as s:
        for i in range(len(GOOD)):
            s.sendall(GOOD[i:i + 1])
        answer = b"".join(iter(lambda: s.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200 OK") and answer.endswith(b'"path":"/json","parameters":1,"body":0}')


def test_half_a_head_costs_no_time(probe):
    """Nothing is asked of the machine while the rest is awaited: less than a tenth of a core over two seconds."""
    def ticks():
        with open(f"/proc/{probe.process.pid}/stat") as stat:
            return sum(int(n) for n in stat.read().rsplit(")", 1)[1].split()[11:13])
    with probe.connect() as s:
        s.sendall(GOOD[:20])
        before = ticks()
        for _ in range(20):
            assert probe.ask(GOOD).startswith(b"HTTP/1.1 200 OK")
            with pytest.raises(socket.timeout):
                s.settimeout(0.1)
                s.recv(1)
        assert ticks() - before < 20
        s.settimeout(20)
        s.sendall(GOOD[20:])
        assert s.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_who_is_slow_with_a_head_is_told_so(probe):
    with probe.connect() as s, probe.connect() as silent:
        s.sendall(GOOD[:20])
        assert error_in(b"".join(iter(lambda: s.recv(65536), b"")))[0] == 408
        assert error_in(b"".join(iter(lambda: silent.recv(65536), b"")))[0] == 408


def test_a_head_that_ends_early_is_told_so(tmp_path):
    p = Probe(tmp_path)
    with p.connect() as s:
        s.sendall(GOOD[:20])
        s.shutdown(socket.SHUT_WR)
        status, message = error_in(b"".join(iter(lambda: s.recv(65536), b"")))
        assert status == 400 and "ended" in message
    with p.connect() as s:
        s.shutdown(socket.SHUT_WR)
        assert s.recv(1) == b""
    p.end()


def test_a_body_that_ends_early_is_told_so(tmp_path):
    p = Probe(tmp_path)
    with p.connect() as s:
        s.sendall(b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel")
        s.shutdown(socket.SHUT_WR)
        status, message = error_in(all_of(s))
    assert status == 400 and "ended" in message
    assert p.ask(GOOD).startswith(b"HTTP/1.1 200 OK")
    p.end()


def test_whatever_comes_is_answered_in_json(probe):
    """Heads with a few bytes changed, from a seed: one answer each, JSON whatever it says."""
    draw = random.Random(7)
    pieces = [b"\0", b"\r", b"\n", b" ", b"%", b"?", b"&", b";", b":", b"/", b"/../", b"//", b"Upgrade: x\r\n", b"\xff", b"\t", b"*",
              b"Content-Length: 9\r\n", b"GET ", b"HTTP/1.1", b"Host: y\r\n", b"+", b"=", b"%00", b"%2f", b"Upgrade: websocket\r\n"]
    for _ in range(300):
        data = bytearray(GOOD)
        for _ in range(draw.randint(1, 3)):
            at = draw.randrange(len(data) - 4)
            data[at:at + draw.randint(0, 2)] = draw.choice(pieces)
        with probe.connect() as s:
            s.sendall(data + b"\r\n\r\n" + b"x" * 9)  # what has become a longer head ends here, or its body
            answer = all_of(s)
        if not answer.startswith(b"HTTP/1.1 200 OK"):
            try:
                error_in(answer)
            except (AssertionError, ValueError) as why:
                raise AssertionError(f"{bytes(data)} -> {answer}") from why
    assert probe.ask(GOOD).startswith(b"HTTP/1.1 200 OK")


def test_who_stops_to_take_an_answer_is_dropped(probe):
    """Half a minute after the last piece that it took, and with it all descriptors."""
    descriptors = lambda: len(os.listdir(f"/proc/{probe.process.pid}/fd"))
    before = descriptors()
    with probe.connect() as s:
        s.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        assert s.recv(15) == b"HTTP/1.1 200 OK"
        assert descriptors() > before
        until(lambda: descriptors() == before, "the connection is gone")
    assert probe.ask(GOOD).startswith(b"HTTP/1.1 200 OK")
    probe.end()


# ---- TLS --------------------------------------------------------------------------------------------------------

@pytest.fixture
def secure(tmp_path):
    certificate(tmp_path, "probe")
    p = Probe(tmp_path, tmp_path / "cert.pem", tmp_path / "key.pem")
    yield p
    if p.process.poll() is None:
        p.end()


def test_who_speaks_no_tls_is_told_so(secure):
    status, message = error_in(secure.ask(GOOD, tls=False))
    assert status == 400 and "https" in message
    assert secure.ask(GOOD).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_a_handshake_that_fails_costs_nothing_else(secure):
    context = trusting()
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    host, port = secure.url.rsplit("/", 1)[1].split(":")
    for _ in range(20):
        with socket.create_connection((host, int(port)), timeout=20) as s, pytest.raises(OSError):
            context.wrap_socket(s)
        with socket.create_connection((host, int(port)), timeout=20) as s:
            s.sendall(b"\x16\x03\x01\x00\x05hello")
            assert s.recv(100)[:1] in (b"", b"\x15")
    assert secure.ask(GOOD).startswith(b"HTTP/1.1 200 OK")
    secure.end()


def test_large_answers_and_bodies_pass_through_tls(secure):
    answer = secure.ask(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
    body = answer.partition(b"\r\n\r\n")[2]
    assert len(body) == 20 << 20 and all(body[i] == ord("a") + i % 23 for i in range(0, len(body), 4093))
    size = 100000
    answer = secure.ask(b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)
    assert answer.endswith(b'"body":%d}' % size)


def test_what_nobody_reads_is_held_up_and_does_not_end_it(secure):
    """More than is taken, sent while the answer is awaited, and instead of a body that is refused: both answers arrive."""
    for head, status in ((b"GET /late HTTP/1.1\r\nHost: x\r\n\r\n", b"200"),
                         (b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", b"413")):
        with secure.connect() as s:
            s.sendall(head + b"x" * 400000)
            assert s.recv(65536).startswith(b"HTTP/1.1 " + status)
    assert secure.ask(GOOD).startswith(b"HTTP/1.1 200 OK")


def test_tls_ends_as_it_should(secure):
    """By close_notify: Python's ssl raises an error where it lacks (http_server_probe.py)."""
    with secure.connect() as s:
        s.sendall(GOOD)
        assert b"".join(iter(lambda: s.recv(65536), b"")).startswith(b"HTTP/1.1 200 OK")
    secure.end()


def test_websockets_within_tls(secure):
    async def talk():
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session, \
                session.ws_connect(secure.url + "/ws", ssl=trusting()) as ws:
            assert await ws.receive_str() == "hello"
            for text in ("a", "grüße", "x" * 4096):
                await ws.send_str(text)
                assert await ws.receive_str() == text
            await ws.send_str("bye")
            assert (await ws.receive()).type == aiohttp.WSMsgType.CLOSE
            return ws.close_code
    assert asyncio.run(talk()) == 1000
    assert [secure.process.stdout.readline() for _ in range(2)] == ["open\n", "close\n"]
    assert secure.ask(GOOD).startswith(b"HTTP/1.1 200 OK")


def test_who_holds_a_connection_within_tls_counts_until_he_lets_go(tmp_path, request):
    """He was answered and told goodbye, and the far end of the pair has ended."""
    certificate(tmp_path, "probe")
    probe = Probe(tmp_path, tmp_path / "cert.pem", tmp_path / "key.pem", "4")
    request.addfinalizer(probe.process.kill)
    with contextlib.ExitStack() as held:
        for _ in range(4):
            s = held.enter_context(probe.connect())
            s.sendall(GOOD)
            assert all_of(s).startswith(b"HTTP/1.1 200 OK")
        assert error_in(probe.ask(GOOD)) == (429, "too many connections from this address")
    until(lambda: probe.ask(GOOD).startswith(b"HTTP/1.1 200 OK"), "he is served again")
    probe.end()


def test_a_client_within_tls_that_takes_nothing_is_dropped(secure):
    with secure.connect() as s:
        s.sendall(b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
        s.sendall(b"\x81\x85\0\0\0\0flood")
        assert secure.process.stdout.readline() == "open\n"
        assert secure.process.stdout.readline().startswith("flood ")
        assert secure.process.stdout.readline() == "close\n"
    until(lambda: secure.ask(GOOD), "it goes on")
    assert secure.end()[-1].endswith(" 0 1")  # of slow sockets; connections may linger
