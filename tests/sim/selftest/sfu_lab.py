"""sfu_lab.py - what the self-tests of the SFU stand-in share: processes, HTTP, conditions."""
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

SIM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, SIM)
from lab import until  # noqa: E402  pylint: disable=wrong-import-position
DEADLINE_S = 60

# An offer such as the SFU takes, with a key that nobody holds
FINGERPRINT = ":".join(["AB"] * 32)
OFFER = "\r\n".join(f"""v=0
o=- 4611732054175 1 IN IP4 0.0.0.0
s=-
t=0 0
a=group:BUNDLE 0 1
a=extmap-allow-mixed
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=ice-ufrag:abcd
a=ice-pwd:abcdefghijklmnopqrstuvwx
a=fingerprint:sha-256 {FINGERPRINT}
a=setup:actpass
a=mid:0
a=sendonly
a=msid:cam audio
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;useinbandfec=1
a=ssrc:1001 cname:cam
m=video 9 UDP/TLS/RTP/SAVPF 106
c=IN IP4 0.0.0.0
a=ice-ufrag:abcd
a=ice-pwd:abcdefghijklmnopqrstuvwx
a=fingerprint:sha-256 {FINGERPRINT}
a=setup:actpass
a=mid:1
a=sendonly
a=msid:cam video
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:106 H264/90000
a=fmtp:106 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d0028
a=rtcp-fb:106 nack
a=rtcp-fb:106 nack pli
a=rtcp-fb:106 x-unknown
a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
a=ssrc:1002 cname:cam
""".split("\n"))


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


class Process:
    """A tool of tests/sim, run as a user would; its JSON lines can be read with a deadline."""

    def __init__(self, name, *arguments):
        self.name = name
        self.process = subprocess.Popen([os.path.join(SIM, name), *arguments],
                                        stdout=subprocess.PIPE)
        self.buffer = b""
        self.lines = []

    def line(self, deadline_s=DEADLINE_S):
        """The next JSON line; None at the end of output."""
        end = time.monotonic() + deadline_s
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            assert left > 0, f"{self.name}: no line within {deadline_s} s"
            if select.select([self.process.stdout], [], [], left)[0]:
                piece = os.read(self.process.stdout.fileno(), 65536)
                if not piece:
                    return None
                self.buffer += piece
        text, self.buffer = self.buffer.split(b"\n", 1)
        self.lines.append(json.loads(text))
        return self.lines[-1]

    def line_with(self, condition, what, deadline_s=DEADLINE_S):
        """The first JSON line for which condition holds."""
        end = time.monotonic() + deadline_s
        while time.monotonic() < end:
            line = self.line(max(0.01, end - time.monotonic()))
            assert line is not None, f"{self.name} ended before: {what}"
            if condition(line):
                return line
        raise AssertionError(f"{self.name}, not within {deadline_s} s: {what}; "
                             f"last {self.lines[-1:]}")

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        """SIGTERM and the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
        try:
            code = self.process.wait(DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.process.stdout.close()
        return code


class Sfu(Process):
    """cloudflare.py and calls to it."""

    def __init__(self, *arguments):
        super().__init__("cloudflare.py", *arguments)
        self.ready = self.line()
        self.api = self.ready["api"]
        self.context = None

    def request(self, method, url, body=None, bearer="sim-secret", raw=None):
        """(status, JSON or text)"""
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, method=method)
        request.add_header("Authorization", f"Bearer {bearer}")
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE_S,
                                        context=self.context) as response:
                status, text = response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                status, text = error.code, error.read().decode()
        with contextlib.suppress(ValueError):
            return status, json.loads(text)
        return status, text

    def call(self, method, path, body=None, app="sim-app", **more):
        return self.request(method, f"{self.api}/apps/{app}/sessions{path}", body, **more)

    def session(self):
        status, reply = self.call("POST", "/new")
        assert status == 201, reply
        return reply["sessionId"]

    def push(self, session, offer=OFFER, tracks=(("0", "cam-audio"), ("1", "cam"))):
        return self.call("POST", f"/{session}/tracks/new", {
            "sessionDescription": {"type": "offer", "sdp": offer},
            "tracks": [{"location": "local", "mid": m, "trackName": n} for m, n in tracks]})

    def pull(self, session, publisher, name):
        return self.call("POST", f"/{session}/tracks/new", {"tracks": [
            {"location": "remote", "sessionId": publisher, "trackName": name}]})

    def close(self, session, *mids):
        return self.call("PUT", f"/{session}/tracks/close",
                         {"tracks": [{"mid": m} for m in mids], "force": True})

    def sim(self, path, body=None, method=None):
        method = method or ("GET" if body is None else "POST")
        return self.request(method, self.ready["sim"] + path, body)[1]

    def fault(self, **spec):
        reply = self.sim("/faults", spec)
        assert "ids" in reply, reply

    def published(self, name):
        return [t for t in self.sim("/state?light=1")["published"] if t["trackName"] == name]

    def track(self, session, name):
        """State of one track, with its counters."""
        for entry in self.sim("/state")["sessions"]:
            if entry["id"] == session:
                return next(dict(t, session=entry) for t in entry["tracks"]
                            if t["trackName"] == name)
        raise AssertionError("no such session")


@contextlib.contextmanager
def running(process):
    try:
        yield process
    finally:
        process.stop()


@contextlib.contextmanager
def publishing(sfu, *arguments, name="check"):
    """A publisher that is connected; yields it with .session."""
    with running(Process("publisher_check.py", "--api", sfu.api, "--name", name, "--size",
                         "320x180", *arguments)) as publisher:
        publisher.session = publisher.line()["sessionId"]
        yield publisher
