"""The HTTP server by itself (http_probe): WebSockets, files, answers that come late, clients that go."""
import asyncio
import os
import re
import socket
import subprocess

import aiohttp
import pytest

from lab import BUILD, until
from http_server_probe import Probe
from openapi_client import fetch
from recordings import SmallDisk

BACKLOG = 256 * 1024  # HTTP_SOCKET_BACKLOG_MAX
TEXT_MAX = 4096


@pytest.fixture
def probe(tmp_path):
    p = Probe(str(tmp_path))
    yield p
    if p.process.poll() is None:
        p.end()


def with_session(test):
    """Runs test(session) to its end."""
    async def run():
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60)) as session:
            return await test(session)
    return asyncio.run(run())


@pytest.mark.skipif(not SmallDisk.possible(), reason="user namespaces are needed to hide a file")
def test_libwebsockets_without_its_part_for_libuv_is_told_by_its_package(tmp_path):
    program = os.path.join(BUILD, "tests/integration/http_probe")
    with open(program, "rb") as file:
        plugin = re.search(rb"/[\w./+-]+/libwebsockets-evlib_uv\.so", file.read()).group().decode()
    hidden = ["unshare", "-rm", "sh", "-c", 'mount --bind /dev/null "$0" && exec "$@"', plugin]
    done = subprocess.run([*hidden, program, "127.0.0.1:0", str(tmp_path)], capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == 1
    assert "Debian's package libwebsockets-evlib-uv: " + plugin in done.stderr


# ---- WebSockets -------------------------------------------------------------------------------------------------

def test_texts_come_and_go(probe):
    async def talk(session):
        async with session.ws_connect(probe.url + "/ws") as ws:
            assert await ws.receive_str() == "hello"
            for text in ("a", "grüße", "x" * TEXT_MAX):
                await ws.send_str(text)
                assert await ws.receive_str() == text
            await ws.ping()
            await ws.send_str("bye")
            assert (await ws.receive()).type == aiohttp.WSMsgType.CLOSE
            return ws.close_code
    assert with_session(talk) == 1000
    assert probe.end() == ["open", "close", "stats 0 0 0"]


@pytest.mark.parametrize("send, code", [
    (lambda ws: ws.send_str("x" * (TEXT_MAX + 1)), 1009), (lambda ws: ws.send_bytes(b"x"), 1003)])
def test_what_is_not_taken_closes_it(probe, send, code):
    async def talk(session):
        async with session.ws_connect(probe.url + "/ws") as ws:
            await ws.receive_str()
            await send(ws)
            await ws.receive()
            return ws.close_code
    assert with_session(talk) == code


def test_an_upgrade_that_is_refused_is_answered_and_the_next_goes_on(probe):
    async def talk(session):
        with pytest.raises(aiohttp.WSServerHandshakeError) as error:
            await session.ws_connect(probe.url + "/nothing")
        async with session.ws_connect(probe.url + "/ws") as ws:
            assert await ws.receive_str() == "hello"
        return error.value.status
    assert with_session(talk) == 404


# ---- other protocols --------------------------------------------------------------------------------------------

def curl(url, *arguments):
    """What curl gets that would rather speak HTTP/2: (the version spoken, the status, the body)."""
    done = subprocess.run(["curl", "-s", "-m", "20", "--http2", "-w", "\n%{http_version} %{http_code}", *arguments, url],
                          capture_output=True, check=True)
    body, _, said = done.stdout.rpartition(b"\n")
    return *said.decode().split(), body


def test_who_would_rather_speak_http2_is_answered_in_http1(probe, content):
    assert curl(probe.url + "/json") == ("1.1", "200", b'{"method":"GET","path":"/json","parameters":0,"body":0}')
    assert curl(probe.url + "/late") == ("1.1", "200", b'{"method":"GET","path":"/late","parameters":0,"body":0}')
    assert curl(probe.url + "/p", "-d", "x" * 3000) == ("1.1", "200", b'{"method":"POST","path":"/p","parameters":0,"body":3000}')
    version, status, body = curl(probe.url + "/files/film.mp4")
    same = body == content
    assert (version, status, same) == ("1.1", "200", True)
    version, status, body = curl(probe.url + "/ws", "-H", "Upgrade: websocket")  # a second header: the first is curl's own
    assert (version, status, body[:16]) == ("1.1", "200", b'{"method":"GET",')
    assert fetch("GET", probe.url + "/")[0] == 200
    assert probe.end() == ["there", "stats 0 0 0"]


def test_a_client_that_takes_nothing_is_dropped_and_costs_a_backlog(probe):
    host, port = probe.url.rsplit("/", 1)[1].split(":")
    with socket.create_connection((host, int(port))) as s:
        s.sendall(b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
        # flood, masked with zeros, and nothing is read
        s.sendall(b"\x81\x85\0\0\0\0flood")
        assert probe.process.stdout.readline() == "open\n"
        word, sent = probe.process.stdout.readline().split()
        assert word == "flood" and int(sent) <= BACKLOG // 50000
        assert probe.process.stdout.readline() == "close\n"
    # The slow socket is counted; its connection may still be among those that are there.
    assert probe.end() in (["stats 0 0 1"], ["stats 1 0 1"])


def test_it_ends_with_sockets_open(probe):
    async def talk(session):
        sockets = [await session.ws_connect(probe.url + "/ws") for _ in range(20)]
        for ws in sockets:
            assert await ws.receive_str() == "hello"
        said = await asyncio.get_running_loop().run_in_executor(None, probe.end)
        for ws in sockets:
            assert (await ws.receive()).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE,
                                                 aiohttp.WSMsgType.CLOSING)
        return said
    said = with_session(talk)
    assert said.count("open") == said.count("close") == 20 and "stats 20 20 0" in said


# ---- answers ----------------------------------------------------------------------------------------------------

def test_a_late_answer_comes(probe):
    status, _, text = fetch("GET", probe.url + "/late?a=1&b=2")
    assert (status, text) == (200, b'{"method":"GET","path":"/late","parameters":2,"body":0}')


def test_a_client_may_be_gone_before_its_answer(probe):
    host, port = probe.url.rsplit("/", 1)[1].split(":")
    with socket.create_connection((host, int(port))) as s:
        s.sendall(b"GET /late HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: fetch("GET", probe.url + "/")[0] == 200, "it was read")
    assert probe.process.stdout.readline() in ("gone\n", "there\n")
    assert fetch("GET", probe.url + "/")[0] == 200


def test_it_ends_while_an_answer_is_awaited(probe):
    host, port = probe.url.rsplit("/", 1)[1].split(":")
    with socket.create_connection((host, int(port))) as s:
        s.sendall(b"GET /late HTTP/1.1\r\nHost: x\r\n\r\n")
        until(lambda: fetch("GET", probe.url + "/")[0] == 200, "it was read")
        assert "gone" in probe.end()


def test_a_large_answer_is_whole(probe):
    _, _, text = fetch("GET", probe.url + "/large")
    assert len(text) == 20 << 20
    assert all(text[i] == ord("a") + i % 23 for i in range(0, len(text), 4093))


@pytest.mark.parametrize("first", [b"GET /late HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n",
                                   b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"])
def test_there_is_one_request_on_a_connection(probe, first):
    """libwebsockets 4.1.6 loops for ever over a POST behind another request."""
    host, port = probe.url.rsplit("/", 1)[1].split(":")
    more = b"POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello" * 3
    with socket.create_connection((host, int(port)), timeout=20) as s:
        s.sendall(first + more)
        text = b""
        try:
            while part := s.recv(65536):
                text += part
        except ConnectionResetError:
            pass
    assert text.count(b"HTTP/1.1 200 OK") == 1 and b"Connection: close" in text
    assert fetch("GET", probe.url + "/")[0] == 200
    probe.end()


def test_a_body_is_waited_for_and_asked_for(probe):
    done = subprocess.run(["curl", "-s", "-m", "20", "-H", "Expect: 100-continue", "-d", "x" * 100000, "-w", "%{time_total}",
                           probe.url + "/body"], capture_output=True, text=True, check=True)
    body, _, seconds = done.stdout.partition("}")
    assert '"body":100000' in body and float(seconds) < 1, "curl waits a second for 100 Continue that does not come"


# ---- files ------------------------------------------------------------------------------------------------------

@pytest.fixture
def content(tmp_path):
    data = os.urandom(1 << 20)
    (tmp_path / "film.mp4").write_bytes(data)
    return data


@pytest.mark.parametrize("asked, status, first, last", [
    (None, 200, 0, 1 << 20), ("bytes=0-99", 206, 0, 100), ("bytes=1048570-", 206, 1048570, 1 << 20),
    ("bytes=-70000", 206, (1 << 20) - 70000, 1 << 20), ("bytes=100-99999999", 206, 100, 1 << 20),
    ("bytes=5-2", 200, 0, 1 << 20)])
def test_a_file_is_sent_whole_or_in_part(probe, content, asked, status, first, last):
    got = fetch("GET", probe.url + "/files/film.mp4", headers={"Range": asked} if asked else {})
    assert got[0] == status and got[1]["Accept-Ranges"] == "bytes"
    same = got[2] == content[first:last]
    assert same, f"{len(got[2])} other bytes"
    if status == 206:
        assert got[1]["Content-Range"] == f"bytes {first}-{last - 1}/{1 << 20}"


def test_what_is_no_range_or_no_file_is_an_error(probe, content, tmp_path):
    status, headers, _ = fetch("GET", probe.url + "/files/film.mp4", headers={"Range": "bytes=1048576-"})
    assert (status, headers["Content-Range"]) == (416, "bytes */1048576")
    (tmp_path / "link").symlink_to("film.mp4")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    for name in ("nothing", "link", "folder", "fifo"):
        assert fetch("GET", probe.url + f"/files/{name}")[0] == 404, name
    (tmp_path / "empty").write_bytes(b"")
    assert fetch("GET", probe.url + "/files/empty")[::2] == (200, b"")


@pytest.mark.parametrize("asked", ["bytes=0-9", "bytes=1048576-"])
def test_a_range_is_for_get_only(probe, content, asked):
    status, headers, body = fetch("HEAD", probe.url + "/files/film.mp4", headers={"Range": asked})
    assert (status, headers["Content-Length"], headers["Content-Range"], body) == (200, str(len(content)), None, b"")


def test_a_file_that_is_known_is_not_sent_again(probe, content):
    tag = fetch("HEAD", probe.url + "/files/film.mp4")[1]["ETag"]
    assert fetch("GET", probe.url + "/files/film.mp4", headers={"If-None-Match": tag})[0] == 304
    headers = {"Range": "bytes=0-9", "If-Range": tag}
    assert fetch("GET", probe.url + "/files/film.mp4", headers=headers)[0] == 206
    headers["If-Range"] = '"other"'
    assert fetch("GET", probe.url + "/files/film.mp4", headers=headers)[0] == 200


def test_who_leaves_in_the_middle_of_a_file_harms_nobody(probe, content):
    host, port = probe.url.rsplit("/", 1)[1].split(":")
    for _ in range(20):
        with socket.create_connection((host, int(port))) as s:
            s.sendall(b"GET /files/film.mp4 HTTP/1.1\r\nHost: x\r\n\r\n")
            s.recv(1000)
    assert fetch("GET", probe.url + "/")[0] == 200
    probe.end()
