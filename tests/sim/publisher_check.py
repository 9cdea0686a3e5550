#!/usr/bin/python3
"""publisher_check.py - an aiortc publisher, to prove the stand-ins without camrelay.

Pushes a moving H.264 picture (encoded here), or with --source what a camera sends, through the SFU's API, prints one JSON line when it is
connected and one a second with counters; closes its tracks at SIGTERM. README-sfu.md documents it.
"""
import argparse
import asyncio
import contextlib
import json
import signal
import ssl
import sys
from fractions import Fraction

import aiohttp
import aioice.ice
import av
import aiortc.codecs.h264
from aiortc import RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.contrib.media import MediaPlayer
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack

aioice.ice.get_host_addresses = lambda use_ipv4=True, use_ipv6=True: ["127.0.0.1"]

FPS = 30
GOP_FRAMES = 30
CONNECT_S, TRIES = 10, 4


def camera_encoder(name, width, height, bitrate):
    """aiortc's encoder with a camera's GOP: aiortc 1.4 never encodes a keyframe on request."""
    codec = av.CodecContext.create("libx264", "w")
    codec.width, codec.height, codec.bit_rate, codec.pix_fmt = width, height, bitrate, "yuv420p"
    codec.framerate, codec.time_base = Fraction(FPS, 1), Fraction(1, FPS)
    codec.options = {"profile": "baseline", "level": "31", "tune": "zerolatency",
                     "g": str(GOP_FRAMES)}
    codec.open()
    return codec, False


aiortc.codecs.h264.create_encoder_context = camera_encoder


class MovingPicture(VideoStreamTrack):
    """A bright bar that walks over a grey picture, 30 a second."""

    def __init__(self, width, height):
        super().__init__()
        self.width, self.height, self.count = width, height, 0

    async def recv(self):
        pts, time_base = await self.next_timestamp()
        frame = av.VideoFrame(self.width, self.height, "yuv420p")
        luma, *chroma = frame.planes
        at = self.count * 8 % (self.width - 32)
        row = bytes([90]) * at + bytes([220]) * 32
        row += bytes([90]) * (luma.line_size - len(row))
        luma.update(row * (luma.buffer_size // luma.line_size))
        for plane in chroma:
            plane.update(bytes([128]) * plane.buffer_size)
        frame.pts, frame.time_base = pts, time_base
        self.count += 1
        return frame


class Publisher:
    """One session of the API with one PeerConnection."""

    def __init__(self, options, http):
        self.options, self.http = options, http
        self.base = f"{options.api}/apps/{options.app_id}/sessions"
        self.pc = RTCPeerConnection()
        self.session = self.sent_offer = self.player = None
        self.mids = []

    async def call(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.options.secret}"}
        async with self.http.request(method, self.base + path, json=body,
                                     headers=headers) as response:
            reply = await response.json()
            if response.status >= 300:
                raise RuntimeError(f"{path}: {response.status} {reply}")
            return reply

    def pictures(self):
        if not self.options.source:
            return MovingPicture(*(int(n) for n in self.options.size.split("x")))
        # Kept: its thread ends with it. Not decoded: the camera's pictures are passed on as they are.
        self.player = MediaPlayer(self.options.source, options={"rtsp_transport": "tcp"}, decode=False)
        return self.player.video

    async def offer(self):
        video = self.pc.addTransceiver(self.pictures(), direction="sendonly")
        video.setCodecPreferences([c for c in RTCRtpSender.getCapabilities("video").codecs
                                   if c.mimeType == "video/H264"])
        if self.options.audio:
            self.pc.addTransceiver(AudioStreamTrack(), direction="sendonly")
        await self.pc.setLocalDescription(await self.pc.createOffer())
        lines = self.pc.localDescription.sdp.splitlines()
        if not self.options.candidates:
            lines = [line for line in lines if not line.startswith(("a=candidate",
                                                                    "a=end-of-candidates"))]
        return "\r\n".join(lines) + "\r\n"

    def tracks(self):
        """Name -> transceiver kind."""
        out = []
        for transceiver in self.pc.getTransceivers():
            suffix = "" if transceiver.kind == "video" else "-audio"
            out.append({"location": "local", "mid": transceiver.mid,
                        "trackName": self.options.name + suffix})
        return out

    async def publish(self):
        self.session = (await self.call("POST", "/new"))["sessionId"]
        self.sent_offer = offer = await self.offer()
        reply = await self.call("POST", f"/{self.session}/tracks/new",
                                {"sessionDescription": {"type": "offer", "sdp": offer},
                                 "tracks": self.tracks()})
        failed = [t for t in reply["tracks"] if "errorCode" in t]
        if failed:
            raise RuntimeError(str(failed))
        answer = reply["sessionDescription"]["sdp"]
        await self.pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        await self.connected()
        return answer

    async def connected(self):
        done = asyncio.Event()
        self.pc.on("connectionstatechange", done.set)
        while self.pc.connectionState != "connected":
            if self.pc.connectionState in ("failed", "closed"):
                raise ConnectionError(f"connection {self.pc.connectionState}")
            await asyncio.wait_for(done.wait(), CONNECT_S)
            done.clear()

    async def sent(self):
        for stats in (await self.pc.getStats()).values():
            if stats.type == "outbound-rtp" and stats.kind == "video":
                return stats.packetsSent
        return 0

    async def close(self):
        with contextlib.suppress(Exception):
            await self.call("PUT", f"/{self.session}/tracks/close", {
                "tracks": [{"mid": t["mid"]} for t in self.tracks()], "force": True})
        await self.pc.close()


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--api", required=True)
    add("--app-id", default="sim-app")
    add("--secret", default="sim-secret")
    add("--ca-file")
    add("--name", default="check", help="track name of the video; the audio's is NAME-audio")
    add("--size", default="640x360")
    add("--source", metavar="URL", help="RTSP: pass on this camera's H.264 instead")
    add("--audio", action="store_true")
    add("--no-candidates", dest="candidates", action="store_false",
        help="offer without any candidate, as the service allows")
    add("--print-answer", action="store_true", help="the SFU's answer, on stderr")
    return parser.parse_args()


async def connected_publisher(options, http):
    """(publisher, the SFU's answer). On a busy machine aiortc's ICE and DTLS may give up: then anew."""
    for left in reversed(range(TRIES)):
        publisher = Publisher(options, http)
        try:
            return publisher, await publisher.publish()
        except (asyncio.TimeoutError, ConnectionError):
            await publisher.close()
            if not left:
                raise
        except BaseException:
            await publisher.close()
            raise


async def run(options, stop):
    context = ssl.create_default_context(cafile=options.ca_file) if options.ca_file else None
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as http:
        publisher, answer = await connected_publisher(options, http)
        try:
            if options.print_answer:
                print(answer, file=sys.stderr, end="")
            print(json.dumps({"sessionId": publisher.session, "trackName": options.name,
                              "offer": publisher.sent_offer}), flush=True)
            while not stop.is_set():
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(stop.wait(), 1)
                print(json.dumps({"packetsSent": await publisher.sent()}), flush=True)
        finally:
            await publisher.close()


async def main():
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await run(parse_arguments(), stop)


if __name__ == "__main__":
    asyncio.run(main())
