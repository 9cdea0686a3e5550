"""rtsp_stub.py - an RTSP server that a test scripts to the byte, to misbehave as no real one does.

Real media come from tests/sim/camera.py. This one answers as it is told, and keeps all that it was sent.
"""

import contextlib
import hashlib
import re
import socket
import struct
import threading
import time

# libavformat 5.1 takes a first RTP timestamp of 0 for "not known yet" and counts from the second picture.
EPOCH = 90000

SPS = bytes.fromhex("674d4016da0280bfe5c044000003000400000300783c58ba80")
PPS = bytes.fromhex("68ef3c80")
IDR = b"\x65\x88" + b"\x42" * 40
SLICE = b"\x41\x9a" + b"\x43" * 40        # first_mb_in_slice 0
SECOND_SLICE = b"\x41\x42" + b"\x44" * 40  # first_mb_in_slice > 0
SECOND_IDR_SLICE = b"\x65\x42" + b"\x44" * 40

SDP = ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=stub\r\nt=0 0\r\na=control:*\r\n"
       "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
       "a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z01AFtoCgL/lwEQAAAMABAAAAwB4PFi6gA==,aO88gA==\r\n"
       "a=control:trackID=0\r\n")


class Closed(Exception):
    """The client has closed the connection."""


class Connection:
    """One client. Keeps every request and every byte."""

    def __init__(self, sock):
        self.sock = sock
        self.received = b""
        self.buffer = b""
        self.requests = []
        self.seq = 100

    def read_request(self):
        """The next request as (method, uri, headers); interleaved frames are skipped."""
        while True:
            while self.buffer[:1] == b"$" and len(self.buffer) >= 4:
                size = 4 + struct.unpack(">H", self.buffer[2:4])[0]
                if len(self.buffer) < size:
                    break
                self.buffer = self.buffer[size:]
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            if found and self.buffer[:1] != b"$":
                self.buffer = rest
                lines = head.decode().split("\r\n")
                method, uri, _ = lines[0].split(" ")
                headers = dict(line.split(": ", 1) for line in lines[1:])
                self.requests.append((method, uri, headers))
                return self.requests[-1]
            self.more()

    def more(self):
        data = self.sock.recv(65536)
        if not data:
            raise Closed()
        self.received += data
        self.buffer += data

    def answer(self, headers, status="200 OK", body="", behind="", **more):
        """behind: what comes after the answer, beyond its Content-Length."""
        lines = [f"RTSP/1.0 {status}", f"CSeq: {headers['CSeq']}"]
        lines += [f"{k.replace('_', '-')}: {v}" for k, v in more.items()]
        if body:
            lines += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
        self.sock.sendall(("\r\n".join(lines) + "\r\n\r\n" + body + behind).encode())

    def frame(self, payload, timestamp, marker=False, seq=None, channel=0, pt=96, first=0x80, extra=b"", tail=b""):
        """One RTP packet as an interleaved frame, not sent. timestamp counts from EPOCH."""
        if seq is not None:
            self.seq = seq
        head = struct.pack(">BBHII", first, pt | (0x80 if marker else 0), self.seq & 0xffff,
                           (timestamp + EPOCH) & 0xffffffff, 0x1234)
        self.seq += 1
        rtp = head + extra + payload + tail
        return b"$" + struct.pack(">BH", channel, len(rtp)) + rtp

    def send(self, *frames):
        """Sends frames with one write and returns when that was, on the clock of CLOCK_MONOTONIC, in us."""
        data = b"".join(frames)
        now = time.monotonic_ns() // 1000
        self.sock.sendall(data)
        return now

    def fragments(self, nal, timestamp, size=1000, marker=True):
        """FU-A fragments of a NAL unit as frames."""
        body, out = nal[1:], []
        for i in range(0, len(body), size):
            start, end = i == 0, i + size >= len(body)
            fu = bytes([nal[0] & 0xe0 | 28, (0x80 if start else 0) | (0x40 if end else 0) | nal[0] & 0x1f])
            out.append(self.frame(fu + body[i:i + size], timestamp, marker and end))
        return out

    def picture(self, timestamp, nal=SLICE, marker=True):
        return self.send(self.frame(nal, timestamp, marker))

    def wait_for(self, method):
        """Reads requests until one has this method."""
        while True:
            request = self.read_request()
            if request[0] == method:
                return request

    def drain(self):
        """Reads until the client closes; answers what it asks."""
        with contextlib.suppress(Closed, OSError):
            while True:
                method, _, headers = self.read_request()
                self.answer(headers, Session="1")
                if method == "TEARDOWN":
                    return


class StrictDigest:
    """A server that holds a client to RFC 7616: the uri= of each answer is that of the request line, the nonce is the
    newest, nc counts up from 1, CSeq is never used twice. A nonce serves uses times, then it is stale."""

    def __init__(self, user, password, algorithm="MD5", qop="auth", uses=1000):
        self.user, self.password, self.algorithm, self.qop, self.uses = user, password, algorithm, qop, uses
        self.hash = hashlib.sha256 if algorithm.startswith("SHA-256") else hashlib.md5
        self.nonces = self.count = 0
        self.seen = set()
        self.admitted = self.refused = self.stale = 0

    def digest(self, *parts):
        return self.hash(":".join(parts).encode()).hexdigest()

    def challenge(self, stale):
        self.nonces += 1
        self.count = 0
        value = f'Digest realm="the \\"cam\\"", nonce="nonce{self.nonces}", opaque="o"'
        value += f", algorithm={self.algorithm}" if self.algorithm != "MD5" else ""
        value += f', qop="{self.qop}"' if self.qop else ""
        return value + (", stale=true" if stale else "")

    def expected(self, method, uri, said):
        a1 = self.digest(self.user, 'the "cam"', self.password)
        if self.algorithm.endswith("-sess"):
            a1 = self.digest(a1, said["nonce"], said["cnonce"])
        middle = [said["nc"], said["cnonce"], "auth"] if self.qop else []
        return self.digest(a1, said["nonce"], *middle, self.digest(method, uri))

    def admits(self, connection, method, uri, headers):
        """True if the request is let through; else it has been answered."""
        assert headers["CSeq"] not in self.seen, "CSeq used twice"
        self.seen.add(headers["CSeq"])
        said = {k: v.strip('"') for k, v in re.findall(r'(\w+)=("(?:[^"\\]|\\.)*"|[^,\s]+)',
                                                       headers.get("Authorization", ""))}
        fresh = said.get("nonce") == f"nonce{self.nonces}" and self.count < self.uses
        right = bool(said) and said["uri"] == uri and said["username"] == self.user and said["opaque"] == "o" \
            and said["response"] == self.expected(method, uri, said)
        if right and fresh:
            self.count += 1
            assert not self.qop or int(said["nc"], 16) == self.count
            self.admitted += 1
            return True
        self.refused += bool(said) and not right
        self.stale += right
        connection.answer(headers, "401 Unauthorized", WWW_Authenticate=self.challenge(right))
        return False


class Stub:
    """Serves each connection with script(connection) on a thread of its own."""

    def __init__(self, script, tls=None, host="127.0.0.1"):
        self.script, self.tls = script, tls
        self.listener = socket.create_server((host, 0))
        self.port = self.listener.getsockname()[1]
        self.connections = []
        self.errors = []
        self.threads = []
        self.thread = threading.Thread(target=self.accept, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(10)

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                connection = Connection(sock)
                self.connections.append(connection)
                thread = threading.Thread(target=self.serve, args=(connection,), daemon=True)
                self.threads.append(thread)
                thread.start()

    def serve(self, connection):
        try:
            if self.tls:
                connection.sock = self.tls.wrap_socket(connection.sock, server_side=True)
            self.script(connection)
        except (Closed, OSError) as e:
            self.errors.append(e)
        finally:
            connection.sock.close()

    def url(self, path="/cam", scheme="rtsp"):
        return f"{scheme}://127.0.0.1:{self.port}{path}"


def open_session(c, sdp=SDP, base="auto", session="1", guard=None, behind="", transport=lambda asked: asked, **statuses):
    """Answers a client until its PLAY; statuses={"DESCRIBE": "404 Not Found"} for other answers, or of a track:
    {"trackID=1": ...}. guard: StrictDigest. transport: what a SETUP that asks for that is answered; None: nothing of it."""
    while True:
        method, uri, headers = c.read_request()
        if guard and not guard.admits(c, method, uri, headers):
            continue
        status = statuses.get(uri.split("/")[-1], statuses.get(method, "200 OK"))
        more = {}
        body = ""
        if status.startswith("200") and method == "OPTIONS":
            more["Public"] = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"
        if status.startswith("200") and method == "DESCRIBE":
            body = sdp
            if base == "auto":
                more["Content_Base"] = uri.split("?")[0] + "/"
            elif base:
                more["Content_Base"] = base
        if status.startswith("200") and method == "SETUP":
            more["Session"] = session
            more["Transport"] = transport(headers["Transport"])
        c.answer(headers, status, body, behind, **{name: value for name, value in more.items() if value is not None})
        if method == "PLAY":
            return


def play(media, **how):
    """A script: the usual opening, then media(connection), then the end as the client wishes."""
    def script(c):
        open_session(c, **how)
        media(c)
        c.drain()
    return script
