#!/usr/bin/python3
"""viewer_aiortc.py - watches cameras through the SFU with aiortc: lighter than a browser.

Same options and output as viewer.py. It decodes H.264 with libavcodec, counts each frame when it
comes out of the decoder, and offers only what aiortc 1.4 can: no H.264 but 42001f and 42e01f.
"""
import asyncio
import contextlib
import time
from fractions import Fraction

import aioice.ice
import av
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

import viewer_common

TIMER_S, LATE_S = 0.05, 0.1
# aioice drops loopback addresses, and there is nothing else to be reached here.
aioice.ice.get_host_addresses = lambda use_ipv4=True, use_ipv6=True: ["127.0.0.1"]


def png(picture):
    """A decoded picture as PNG, by libavcodec."""
    encoder = av.CodecContext.create("png", "w")
    encoder.width, encoder.height, encoder.pix_fmt = picture.width, picture.height, "rgb24"
    encoder.time_base = Fraction(1, 30)
    return b"".join(bytes(p) for p in encoder.encode(picture.reformat(format="rgb24")))


class Pull:
    """One PeerConnection and what came out of it."""

    def __init__(self):
        self.pc = RTCPeerConnection()
        self.frames, self.ticks, self.last, self.readers = 0, [], None, []
        self.pc.on("track", self.on_track)

    def on_track(self, track):
        if track.kind == "video":
            self.readers.append(asyncio.create_task(self.read(track)))

    async def read(self, track):
        with contextlib.suppress(MediaStreamError):
            while True:
                self.last = await track.recv()
                self.frames += 1
                self.ticks.append((time.time() * 1000,))

    async def poll(self):
        ticks, self.ticks = self.ticks, []
        out = {"framesDecoded": self.frames, "state": self.pc.connectionState, "ticks": ticks,
               "until": time.time() * 1000}
        if self.last is not None:
            out.update(width=self.last.width, height=self.last.height)
        for stats in (await self.pc.getStats()).values():
            if stats.type == "inbound-rtp" and stats.kind == "video":
                out.update(packetsLost=stats.packetsLost, packetsReceived=stats.packetsReceived)
        return out

    async def close(self):
        for reader in self.readers:
            reader.cancel()
        await self.pc.close()


class Aiortc:
    """The backend."""

    def __init__(self):
        self.pulls, self.late = {}, []
        self.timer = asyncio.create_task(self.watch_timer())

    @classmethod
    async def open(cls):
        return cls()

    async def watch_timer(self):
        """How late the loop is, in which all of the media is handled."""
        while True:
            due = time.time() + TIMER_S
            await asyncio.sleep(TIMER_S)
            if time.time() - due > LATE_S:
                self.late.append((due * 1000, time.time() * 1000))

    async def answer(self, key, offer):
        pull = self.pulls[key] = Pull()
        await pull.pc.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await pull.pc.setLocalDescription(await pull.pc.createAnswer())
        return pull.pc.localDescription.sdp

    async def offer(self, key, kinds):
        pull = self.pulls[key] = Pull()
        for kind in kinds:
            pull.pc.addTransceiver(kind, direction="recvonly")
        await pull.pc.setLocalDescription(await pull.pc.createOffer())
        return pull.pc.localDescription.sdp

    async def accept(self, key, answer):
        await self.pulls[key].pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def drop(self, key):
        pull = self.pulls.pop(key, None)
        if pull:
            await pull.close()

    async def poll(self):
        late, self.late = self.late, []
        return {key: await pull.poll() for key, pull in list(self.pulls.items())}, late

    async def screenshot(self, path):
        """The newest picture of each camera; FILE-2.png and so on for the second and later."""
        pictures = [p.last for p in self.pulls.values() if p.last is not None]
        stem, dot, suffix = path.rpartition(".")
        for number, picture in enumerate(pictures, 1):
            name = path if number == 1 else f"{stem}-{number}{dot}{suffix}"
            with open(name, "wb") as file:
                file.write(png(picture))

    async def close(self):
        self.timer.cancel()
        for key in list(self.pulls):
            await self.drop(key)


if __name__ == "__main__":
    OPTIONS = viewer_common.parse_arguments(__doc__.splitlines()[0])
    asyncio.run(viewer_common.run_viewer(OPTIONS, Aiortc.open))
