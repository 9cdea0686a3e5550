"""gst.py - GStreamer in the place of a worker: tests/bench/gst_peer.c, a process for each camera, and its signalling.

A peer to compare with: what it sends is not ours.
"""
import contextlib
import json
import os
import re
import subprocess
import urllib.error
import urllib.request

from lab import BUILD


def api(cf, path, body=None):
    request = urllib.request.Request(f"{cf['api']}/apps/{cf['app_id']}/sessions{path}", json.dumps(body).encode() if body else b"",
                                     {"Authorization": "Bearer sim-secret", "Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"the SFU: {error.code} {error.read()}") from error


def m_sections(sdp):
    """[(kind, mid)]"""
    return re.findall(r"^m=(\w+) .*?^a=mid:(\S+)", sdp, re.M | re.S)


class GstPeer:
    """A gst_peer process. SDPs end with a line of one dot."""

    def __init__(self, directory, name, *arguments):
        self.log = os.path.join(directory, f"{name}.log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([os.path.join(BUILD, "tests", "bench", "gst_peer"), *arguments], stderr=log,
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def tell(self, sdp):
        self.process.stdin.write(sdp + "\n.\n")
        self.process.stdin.flush()

    def hear(self):
        sdp = ""
        for line in iter(self.process.stdout.readline, ""):
            if line == ".\n":
                return sdp
            sdp += line
        with open(self.log, encoding="utf-8", errors="replace") as log:
            raise RuntimeError(f"gst_peer ended: {log.read()[-500:]}")

    def publish(self, cf, name):
        """By the SFU's API: NAME-video, and NAME-audio if it offers sound."""
        session = api(cf, "/new")["sessionId"]
        offer = self.hear()
        tracks = [{"location": "local", "mid": mid, "trackName": f"{name}-{kind}"} for kind, mid in m_sections(offer)]
        answer = api(cf, f"/{session}/tracks/new", {"sessionDescription": {"type": "offer", "sdp": offer}, "tracks": tracks})
        self.tell(answer["sessionDescription"]["sdp"])

    def publish_whip(self, url):
        """By WHIP."""
        request = urllib.request.Request(url, self.hear().encode(), {"Content-Type": "application/sdp"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            self.tell(answer.read().decode())

    def stop(self):
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(3)
        self.process.kill()
        self.process.wait()
