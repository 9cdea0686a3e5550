#!/usr/bin/python3
"""whip_clock.py - a WHIP server that says when a camera flashed and beeped, by its publisher's time stamps and sender reports.

aiortc does ICE, DTLS and SRTP; libavcodec decodes, here, what came in order. When anything arrives does not matter, so that a
busy machine changes nothing: the moments are on the publisher's own wall clock (RFC 3550 6.4.1). For `camera.py --flash`.
A line for each flash: {"name", "flash": s, "beep_ms": how much later the beep was}.
"""
import argparse
import asyncio
import json
import os
import re
import signal
import sys

import av
from aiohttp import web
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.rtp import RtcpSrPacket

import viewer_aiortc  # it makes aioice use the loopback interface
from rtp_capture import AIORTC_PROFILE, Packet, extend, unpack

VIDEO_HZ, SOUND_HZ = 90000, 48000
PROFILE = re.compile("profile-level-id=[0-9a-fA-F]{6}")
# Of a sample's range, of a picture's, and how long silence lasts at least.
LOUD, BRIGHT, QUIET_S = 0.1, 128, 0.25
# A flash and a beep a second: what is further apart does not belong together.
PAIR_S = 0.5
START_CODE = b"\x00\x00\x00\x01"
NTP_UNIX_S = 2208988800


class Clock:
    """A stream's time stamps on its sender's wall clock, by the sender report that is the last."""

    def __init__(self, rate):
        self.rate, self.report = rate, None

    def take(self, ntp, rtp):
        self.report = (ntp / 2**32 - NTP_UNIX_S, rtp)

    def at(self, timestamp):
        """None before the first report."""
        if self.report is None:
            return None
        moment, rtp = self.report
        return moment + ((timestamp - rtp + 2**31) % 2**32 - 2**31) / self.rate


class InOrder:
    """Packets by their number; what is missing for so long is skipped."""

    WAIT = 64

    def __init__(self):
        self.waiting, self.next, self.newest = {}, None, None

    def take(self, packet):
        seq = packet.sequence_number if self.newest is None else extend(packet.sequence_number, self.newest)
        self.newest = seq if self.newest is None else max(seq, self.newest)
        self.next = seq if self.next is None else self.next
        self.waiting[seq] = packet
        if self.newest - self.next > self.WAIT:
            self.next = min(self.waiting)
        while self.next in self.waiting:
            yield self.waiting.pop(self.next)
            self.next += 1
        self.waiting = {n: p for n, p in self.waiting.items() if n > self.next}


class Flashes:
    """Pictures -> moments at which one is bright after one that was not."""

    def __init__(self):
        self.clock, self.order = Clock(VIDEO_HZ), InOrder()
        self.decoder = av.CodecContext.create("h264", "r")
        self.unit, self.bright = [], True

    def feed(self, packet):
        for p in self.order.take(packet):
            self.unit.append(Packet(p.sequence_number, p.timestamp, bool(p.marker), bytes(p.payload)))
            if p.marker:
                unit, self.unit = self.unit, []
                yield from self.picture(unit)

    def picture(self, unit):
        try:
            nals = unpack(unit)
        except AssertionError:  # a packet of it was lost, or we came in the middle of it
            return
        data = av.Packet(b"".join(START_CODE + nal for nal in nals))
        data.pts = unit[0].timestamp
        try:
            frames = self.decoder.decode(data)
        except av.AVError:      # before the first key picture
            return
        for frame in frames:
            bright = frame.to_ndarray(format="gray")[frame.height // 4, frame.width // 2] > BRIGHT
            if bright and not self.bright and (moment := self.clock.at(frame.pts)) is not None:
                yield moment
            self.bright = bright


class Beeps:
    """Opus -> moments of the first loud sample after silence."""

    def __init__(self):
        self.clock, self.order = Clock(SOUND_HZ), InOrder()
        self.decoder = av.CodecContext.create("libopus", "r")
        self.decoder.sample_rate, self.decoder.layout = SOUND_HZ, "mono"  # 16 bits
        self.loud_at = None     # the last loud sample's time stamp; None: none yet

    def feed(self, packet):
        for p in self.order.take(packet):
            at = p.timestamp
            for frame in self.decoder.decode(av.Packet(bytes(p.payload))):
                yield from self.listen(frame.to_ndarray()[0], at)
                at += frame.samples

    def listen(self, samples, at):
        for i in (abs(samples / 32768) >= LOUD).nonzero()[0]:
            quiet = self.loud_at is not None and at + i - self.loud_at > QUIET_S * SOUND_HZ
            self.loud_at = int(at + i)
            if quiet and (moment := self.clock.at(at + int(i))) is not None:
                yield moment


class Pairs:
    """Flashes and beeps that belong together, in the order of the flashes."""

    def __init__(self, told):
        self.told, self.flashes, self.beeps = told, [], []

    def flash(self, moment):
        self.flashes.append(moment)
        self.match()

    def beep(self, moment):
        self.beeps.append(moment)
        self.match()

    def match(self):
        for flash in list(self.flashes):
            near = [beep for beep in self.beeps if abs(beep - flash) < PAIR_S]
            if near:
                self.flashes.remove(flash)
                self.told(flash, min(near, key=lambda beep: abs(beep - flash)) - flash)
        newest = max([*self.flashes, *self.beeps], default=0)
        self.flashes = [m for m in self.flashes if m > newest - 2]
        self.beeps = [m for m in self.beeps if m > newest - 2]


class Session:
    """One publisher."""

    def __init__(self, told):
        self.pc, self.pairs = RTCPeerConnection(), Pairs(told)

    async def answer(self, offer):
        """aiortc takes one profile of H.264 only: it reads that, and the publisher its own."""
        profile = PROFILE.search(offer)[0]
        await self.pc.setRemoteDescription(RTCSessionDescription(PROFILE.sub("profile-level-id=" + AIORTC_PROFILE, offer), "offer"))
        for transceiver in self.pc.getTransceivers():
            self.watch(transceiver)
        await self.pc.setLocalDescription(await self.pc.createAnswer())
        return PROFILE.sub(profile, self.pc.localDescription.sdp)

    def watch(self, transceiver):
        """Sees each packet, and aiortc's own decoders none."""
        receiver = transceiver.receiver
        stream, told = (Flashes(), self.pairs.flash) if transceiver.kind == "video" else (Beeps(), self.pairs.beep)
        original = receiver._handle_rtcp_packet  # pylint: disable=protected-access

        async def on_rtp(packet, arrival_time_ms):  # pylint: disable=unused-argument
            if packet.payload:
                for moment in stream.feed(packet):
                    told(moment)

        async def on_rtcp(packet):
            if isinstance(packet, RtcpSrPacket):
                stream.clock.take(packet.sender_info.ntp_timestamp, packet.sender_info.rtp_timestamp)
            await original(packet)

        receiver._handle_rtp_packet, receiver._handle_rtcp_packet = on_rtp, on_rtcp  # pylint: disable=protected-access


class Server:
    """Endpoints of one publisher each: who comes later takes the place of who was there."""

    def __init__(self):
        self.sessions = {}

    async def post(self, request):
        name = request.match_info["name"]
        await self.drop(name)
        self.sessions[name] = Session(
            lambda flash, late: print(json.dumps({"name": name, "flash": flash, "beep_ms": late * 1000}), flush=True))
        return web.Response(status=201, headers={"Location": f"/session/{name}"}, content_type="application/sdp",
                            text=await self.sessions[name].answer(await request.text()))

    async def delete(self, request):
        await self.drop(request.match_info["name"])
        return web.Response(status=200)

    async def drop(self, name):
        if name in self.sessions:
            await self.sessions.pop(name).pc.close()


async def main():
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server, app = Server(), web.Application()
    app.add_routes([web.post("/live/{name}", server.post), web.delete("/session/{name}", server.delete)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, shutdown_timeout=1).start()
    print(json.dumps({"base": f"http://127.0.0.1:{runner.addresses[0][1]}/live/", "pid": os.getpid()}), flush=True)
    await stop.wait()
    for name in list(server.sessions):
        await server.drop(name)
    await runner.cleanup()


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    sys.exit(asyncio.run(main()))
