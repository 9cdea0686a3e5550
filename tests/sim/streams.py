"""streams.py - real H.264 with the odd things that cameras do, and a camera that sends it as told.

Clips are encoded by x264 once into the cache. Camera is a script for tests/integration/rtsp_stub.py's Stub.
"""
import base64
import hashlib
import itertools
import os
import socket
import threading

import av

import clips

FPS = 15
SLICES = (1, 5)
PREFIX = (6, 7, 8, 9)  # SEI, SPS, PPS, AUD: they open an access unit


def encode(cache, size=(320, 180), fps=FPS, gop=FPS, seconds=2, bitrate=300, more=""):
    """The access units of a clip, as lists of NAL units; all of them, as the encoder wrote them."""
    x264 = f"keyint={gop}:min-keyint={gop}:scenecut=0:open-gop=0:bframes=0:sliced-threads=0" + (":" + more if more else "")
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i",
               f"testsrc2=size={size[0]}x{size[1]}:rate={fps}", "-vf", "noise=alls=12:allf=t", "-frames:v",
               str(fps * seconds), "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-b:v",
               f"{bitrate}k", "-maxrate", f"{bitrate}k", "-bufsize", f"{bitrate}k", "-x264-params", x264, "-f", "h264", ""]
    os.makedirs(cache, exist_ok=True)
    return group(clips.split_nals(clips.cached(cache, ".h264", command)))


def group(nals):
    units, pending = [], []
    for nal in nals:
        kind = nal[0] & 31
        if kind in PREFIX:
            pending.append(nal)
        elif kind in SLICES and clips.H264.starts_picture(nal):
            units.append([*pending, nal])
            pending = []
        else:
            units[-1].append(nal)
    return units


def sets_of(units):
    """SPS and PPS."""
    return [next(n for u in units for n in u if n[0] & 31 == kind) for kind in (7, 8)]


def without(units, *kinds):
    return [[n for n in unit if n[0] & 31 not in kinds] for unit in units]


def digest(picture):
    return hashlib.md5(picture.reformat(format="yuv420p").to_ndarray().tobytes()).digest()


def decode(units):
    """Digests of the pictures that libavcodec makes of access units, from the first IDR on; what it conceals it would show."""
    decoder = av.CodecContext.create("h264", "r")
    out = []
    for packet in [*(b"".join(b"\0\0\0\1" + n for n in u) for u in units), None]:
        out += [digest(p) for p in decoder.decode(av.Packet(packet) if packet is not None else None)]
    return out


class Camera:
    """Sends access units in a circle. sprop: parameter sets in the SDP. ticks(i): RTP timestamp of the i-th picture.
    loses(i, n): the n-th datagram of the i-th picture is lost (by UDP)."""

    def __init__(self, units, fps=FPS, sprop=True, ticks=None, loses=None):
        self.units, self.fps, self.loses = units, fps, loses
        self.ticks = ticks or (lambda i: i * 90000 // fps)
        sets = ",".join(base64.b64encode(n).decode() for n in sets_of(units)) if sprop else ""
        self.sdp = ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\n"
                    "a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1"
                    + (f";sprop-parameter-sets={sets}" if sets else "") + "\r\na=control:trackID=0\r\n")
        self.lost = 0

    def session(self, c):
        """Until PLAY; the client's UDP port, or None."""
        port = None
        while True:
            method, uri, headers = c.read_request()
            if method == "DESCRIBE":
                c.answer(headers, body=self.sdp, Content_Base=uri + "/")
            elif method == "SETUP":
                transport = headers["Transport"]
                port = int(transport.split("client_port=")[1].split("-")[0]) if "client_port=" in transport else None
                c.answer(headers, Session="1", Transport=transport)
            else:
                c.answer(headers, Session="1")
            if method == "PLAY":
                return port

    def __call__(self, c):
        port = self.session(c)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        gone, pause = threading.Thread(target=c.drain, daemon=True), threading.Event()
        gone.start()
        for i, unit in enumerate(itertools.cycle(self.units)):
            if not gone.is_alive():
                return
            self.send(c, udp, port, i, unit)
            pause.wait(1 / self.fps)

    def send(self, c, udp, port, i, unit):
        frames = []
        for nal in unit:
            last = nal is unit[-1]
            at = self.ticks(i)
            frames += c.fragments(nal, at, 1200, last) if len(nal) > 1300 else [c.frame(nal, at, last)]
        if not port:
            c.send(*frames)
            return
        for n, frame in enumerate(frames):
            if self.loses and self.loses(i, n):
                self.lost += 1
            else:
                udp.sendto(frame[4:], ("127.0.0.1", port))
