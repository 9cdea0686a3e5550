"""cloudflare_take.py - pulls that the viewer offers: Janus' NoSIP plugin answers it, the VideoRoom forwards RTP there.

VideoRoom subscribers and, in Janus 1.1.2, the Streaming plugin only make offers. NoSIP takes a WebRTC offer on one side and
plain RTP on the other, which is what the VideoRoom's RTP forwarders send. Owns the two UDP ports of each m-section that are
NoSIP's peer: it takes RTP from nowhere else, so it is passed on there; and the RTCP that it sends is for the publisher. One
asyncio loop.
"""
import asyncio
import contextlib
import random

import cloudflare_sdp as sdp_shape
from cloudflare_janus import NOSIP, ROOM, JanusError, JanusGone

CODECS = {"h264": "H264", "h265": "H265", "vp8": "VP8", "vp9": "VP9", "av1": "AV1", "opus": "opus", "pcmu": "PCMU",
          "pcma": "PCMA"}
PSFB = 206                              # RFC 4585: PLI and FIR are such


def payload_type(lines, codec):
    """The offered payload type that the codec goes by; None if it was not offered."""
    wanted = CODECS.get(codec, codec or "").lower()
    modes = {v.split()[0]: v for v in sdp_shape.attributes(lines, "fmtp")}
    for value in sdp_shape.attributes(lines, "rtpmap"):
        number, name = value.split()[:2]
        if name.split("/")[0].lower() == wanted and (wanted != "h264" or "packetization-mode=1" in modes.get(number, "")):
            return number
    return None


def plain_answer(offer, chosen, ports):
    """What a telephone would say: chosen {mid: payload type}, ports {mid: ours}."""
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0"]
    for section in offer.media:
        mid, kind = sdp_shape.attribute(section, "mid"), section[0].split()[0]
        if mid not in chosen:
            lines.append(f"{kind} 0 RTP/AVP 0")
            continue
        lines += [f"{kind} {ports[mid]} RTP/AVP {chosen[mid]}"]
        lines += [f"a=rtpmap:{v}" for v in sdp_shape.attributes(section, "rtpmap") if v.split()[0] == chosen[mid]]
        lines += [f"a=fmtp:{v}" for v in sdp_shape.attributes(section, "fmtp") if v.split()[0] == chosen[mid]]
        lines.append("a=sendonly")
    return "\r\n".join(lines) + "\r\n"


class Relay(asyncio.DatagramProtocol):
    """RTP from the forwarder to NoSIP."""

    def __init__(self, taken, mid):
        self.taken, self.mid = taken, mid
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        port = self.taken.ports.get(self.mid)
        if port and address[1] != port:
            self.transport.sendto(data, ("127.0.0.1", port))


class Feedback(asyncio.DatagramProtocol):
    """Wants a key picture of the publisher when the viewer does."""

    def __init__(self, taken, mid):
        self.taken, self.mid = taken, mid

    def datagram_received(self, data, _address):
        if len(data) > 1 and any(kind == PSFB for kind in packet_types(data)):
            self.taken.want_keyframe(self.mid)


def packet_types(compound):
    """Of the RTCP packets in a compound one (RFC 3550 6.1)."""
    while len(compound) >= 4:
        yield compound[1]
        compound = compound[4 * (1 + int.from_bytes(compound[2:4], "big")):]


class Taken:
    """One viewer's PeerConnection, and what is forwarded to it."""

    def __init__(self, session):
        self.session = session
        self.sockets = []
        self.ports = {}                 # mid -> the UDP port that NoSIP listens on
        self.own_ports = {}             # mid -> ours
        self.chosen = {}                # mid -> payload type
        self.forwards = {}              # mid -> (the publisher's session, its track, stream id)
        self.tasks = set()

    async def open(self, offer, sources):
        """Returns Cloudflare's answer and {source: mid}. offer as check_offer gives it."""
        session = self.session
        session.handle = await session.engine.attach(NOSIP)
        session.handle.on_hangup = self.end
        session.role = "viewer"
        _, plain = await self.ask({"request": "generate"}, {"type": "offer", "sdp": sdp_shape.offer_for_janus(offer, True)})
        mids = await self.choose(offer, sources)
        self.own_ports = {mid: await self.listen(mid) for mid in self.chosen}
        for lines, told in zip(offer.media, sdp_shape.Sdp(plain["sdp"]).media):
            self.ports[sdp_shape.attribute(lines, "mid")] = int(told[0].split()[1])
        jsep, _ = await self.ask({"request": "process", "type": "answer", "sdp": plain_answer(offer, self.chosen, self.own_ports)})
        for source, mid in mids.items():
            await self.forward(mid, source)
        # Without the blank last line, as for pull offers: Chromium refuses it.
        return sdp_shape.shape_answer(offer, jsep["sdp"], True).removesuffix("\r\n"), mids

    async def ask(self, body, jsep=None):
        data, answer = await self.session.handle.message(body, jsep)
        return answer, data["result"]

    async def choose(self, offer, sources):
        """The first m-section of the source's kind that takes its codec."""
        mids = {}
        for source in sources:
            info = await source.session.counters()
            codec = info["webrtc"]["media"][source.mid].get("codecs", {}).get("codec")
            for lines in offer.media:
                mid, pt = sdp_shape.attribute(lines, "mid"), payload_type(lines, codec)
                if lines[0].startswith(f"m={source.kind} ") and mid not in self.chosen and pt and \
                        sdp_shape.direction(lines) in ("recvonly", "sendrecv"):
                    self.chosen[mid], mids[source] = pt, mid
                    break
            else:
                raise sdp_shape.BadSdp(f"no m= line for {source.name} ({codec})")
        return mids

    async def listen(self, mid):
        """Two neighbouring ports, RTP and RTCP; the first."""
        loop = asyncio.get_running_loop()
        for _ in range(50):
            port = 2 * random.randrange(15000, 30000)
            with contextlib.suppress(OSError):
                rtp, _ = await loop.create_datagram_endpoint(lambda: Relay(self, mid), ("127.0.0.1", port))
                self.sockets.append(rtp)
                rtcp, _ = await loop.create_datagram_endpoint(lambda: Feedback(self, mid), ("127.0.0.1", port + 1))
                self.sockets.append(rtcp)
                return port
        raise JanusGone("no two neighbouring UDP ports are free")

    async def forward(self, mid, source):
        """Let the publisher's track through to this m-section, in the place of what came before."""
        await self.stop(mid)
        data, _ = await source.session.handle.message(
            {"request": "rtp_forward", "room": ROOM, "publisher_id": source.session.id, "host": "127.0.0.1",
             "streams": [{"mid": source.mid, "port": self.own_ports[mid], "pt": int(self.chosen[mid])}]})
        stream = data.get("forwarders", data.get("streams"))[0]["stream_id"]
        self.forwards[mid] = (source.session, source, stream)
        self.want_keyframe(mid)

    async def stop(self, mid):
        publisher, _, stream = self.forwards.pop(mid, (None, None, None))
        if publisher and not publisher.dead:
            with contextlib.suppress(JanusError, JanusGone):
                await publisher.handle.message({"request": "stop_rtp_forward", "room": ROOM, "publisher_id": publisher.id,
                                                "stream_id": stream})

    def want_keyframe(self, mid):
        publisher, source, _ = self.forwards.get(mid, (None, None, None))
        if publisher and source.kind == "video" and not publisher.dead:
            task = asyncio.create_task(self.ask_keyframe(publisher))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def ask_keyframe(self, publisher):
        with contextlib.suppress(JanusError, JanusGone):
            await publisher.handle.message({"request": "configure", "keyframe": True})

    def end(self, why):
        """The PeerConnection is gone: so is the session, and nothing is forwarded any more."""
        self.session.end(why)
        for mid in list(self.forwards):
            task = asyncio.create_task(self.stop(mid))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        for socket in self.sockets:
            socket.close()
