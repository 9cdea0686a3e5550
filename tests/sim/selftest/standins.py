"""standins.py - starts the stand-ins for their own tests, and looks at them with code that is not theirs."""

import base64
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

SIM = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, SIM)
import lab  # noqa: E402  pylint: disable=wrong-import-position
PYTHON = "/usr/bin/python3"


class Standin:
    """One stand-in process. What it printed when ready is in .ready."""

    def __init__(self, script, *args, timeout=60):
        command = [PYTHON, os.path.join(SIM, script), "--quiet", *args]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        watchdog = threading.Timer(timeout, self.process.kill)
        watchdog.start()
        line = self.process.stdout.readline()
        watchdog.cancel()
        self.ready = json.loads(line) if line else self.fail()

    def fail(self):
        raise RuntimeError(f"stand-in did not start, exit code {self.process.wait()}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def until(condition, seconds=60, what="condition"):
    """As lab's, with the deadline first."""
    return lab.until(condition, what, seconds)


def http(method, url, body=None, headers=None, context=None, timeout=60):
    """-> (status, parsed JSON or text, headers). body: dict = JSON, bytes = as they are."""
    headers = dict(headers or {})
    if isinstance(body, (dict, list)):
        headers.setdefault("Content-Type", "application/json")
        body = json.dumps(body).encode()
    request = urllib.request.Request(url, data=body, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=timeout, context=context) as answer:
            status, text, fields = answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as e:
        status, text, fields = e.code, e.read().decode(), e.headers
    try:
        return status, json.loads(text), fields
    except ValueError:
        return status, text, fields


def form(**fields):
    return urllib.parse.urlencode(fields).encode()


def ffmpeg(*args, **options):
    return subprocess.Popen(["ffmpeg", "-nostdin", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def reader(url, *output):
    """ffmpeg that reads an RTSP URL; by default it passes the packets to nowhere until the end of the stream."""
    return ffmpeg("-v", "error", "-rtsp_transport", "tcp", "-i", url, *(output or ("-c", "copy", "-f", "null", "-")))


def probe(url):
    """-> (streams by type, error text)"""
    done = subprocess.run(["ffprobe", "-v", "error", "-rtsp_transport", "tcp", "-show_streams", "-of", "json", url],
                          capture_output=True, text=True, timeout=60)
    streams = json.loads(done.stdout or "{}").get("streams", [])
    return {s["codec_type"]: s for s in streams}, done.stderr


class Rtsp:
    """A bare RTSP client over TCP for what ffmpeg does not show: statuses, headers, and the packets themselves."""

    def __init__(self, url, timeout=20, receive_buffer=None):
        self.url = url
        parts = urllib.parse.urlsplit(url)
        self.socket = socket.socket()
        self.socket.settimeout(timeout)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect((parts.hostname, parts.port))
        if parts.scheme == "rtsps":
            context = ssl._create_unverified_context()
            self.socket = context.wrap_socket(self.socket, server_hostname=parts.hostname)
        self.cseq = 0
        self.session = None
        self.base = url
        self.data = b""

    def close(self):
        self.socket.close()

    def fill(self):
        more = self.socket.recv(65536)
        if not more:
            raise EOFError
        self.data += more

    def peek(self):
        if not self.data:
            self.fill()
        return self.data[:1]

    def take(self, count):
        while len(self.data) < count:
            self.fill()
        result, self.data = self.data[:count], self.data[count:]
        return result

    def take_head(self):
        while b"\r\n\r\n" not in self.data:
            self.fill()
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        return head.decode()

    def request(self, method, url, **headers):
        """-> (status, headers, body); media that comes before the answer is dropped."""
        self.cseq += 1
        lines = [f"{method} {url} RTSP/1.0", f"CSeq: {self.cseq}"] + [f"{k}: {v}" for k, v in headers.items()]
        if self.session:
            lines.append(f"Session: {self.session}")
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        while self.peek() == b"$":
            self.packet()
        status_line, *fields = self.take_head().split("\r\n")
        headers = {k.lower(): v for k, v in (f.split(": ", 1) for f in fields)}
        body = self.take(int(headers.get("content-length", 0))).decode()
        return int(status_line.split()[1]), headers, body

    def describe(self):
        status, headers, body = self.request("DESCRIBE", self.url, Accept="application/sdp")
        self.base = headers.get("content-base", self.url)
        return status, headers, body

    def setup(self, track, channel, url=None):
        status, headers, _ = self.request("SETUP", url or f"{self.base}stream={track}",
                                          Transport=f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}")
        self.session = headers.get("session", "").split(";")[0] or None
        return status

    def play(self):
        return self.request("PLAY", self.base, Range="npt=0.000-")[0]

    def start(self, tracks=1):
        """1: video only, 2: with sound. -> self"""
        assert self.describe()[0] == 200
        assert all(self.setup(track, 2 * track) == 200 for track in range(tracks))
        assert self.play() == 200
        return self

    def packet(self):
        """-> (channel, bytes)"""
        head = self.take(4)
        assert head[0] == 0x24, head
        return head[1], self.take(int.from_bytes(head[2:4], "big"))

    def rtp(self):
        """The next RTP packet of the video. -> (marker, time stamp, NAL types in it, payload)"""
        while True:
            channel, data = self.packet()
            if channel == 0:
                payload = data[12 + 4 * (data[0] & 15):]
                return data[1] >> 7, int.from_bytes(data[4:8], "big"), nal_types(payload), payload


def nal_types(payload):
    kind = payload[0] & 31
    if kind == 24:  # STAP-A
        types, at = [24], 1
        while at < len(payload):
            types.append(payload[at + 2] & 31)
            at += 2 + int.from_bytes(payload[at:at + 2], "big")
        return types
    if kind == 28:  # FU-A: the type only in the first fragment
        return [28, payload[1] & 31] if payload[1] & 0x80 else [28]
    return [kind]


def sprop(sdp):
    return [base64.b64decode(x) for x in re.search(r"sprop-parameter-sets=([^;\r\n]+)", sdp).group(1).split(",")]
