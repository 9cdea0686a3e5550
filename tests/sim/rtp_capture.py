"""rtp_capture.py - every RTP packet that a viewer of one camera gets, and the access units in them.

A pull through the SFU's API like any viewer's; aiortc does ICE, DTLS, SRTP and the NACKs, nothing is decoded. For tests that
compare what arrives with what the camera sent, byte by byte. The SFU passes RTP payloads on as they are.
"""
import asyncio
import logging
import re
import threading
import time
import types
from dataclasses import dataclass, field

import aiohttp
import av

import clips
import viewer_common
from viewer_aiortc import Pull
from aiortc import RTCSessionDescription

# It joins in the middle of a GOP, and aiortc does not keep its decoder from trying.
av.logging.set_level(av.logging.PANIC)
logging.getLogger("aiortc.codecs.h264").setLevel(logging.ERROR)

HEADER_BYTES = 12
CONNECT_S, TRIES = 15, 3
# aiortc takes no other H.264; what the SFU really offers is kept in Capture.offer.
AIORTC_PROFILE = "42e01f"


@dataclass
class Packet:
    seq: int  # extended: never wraps
    timestamp: int
    marker: bool
    payload: bytes
    codec: clips.Codec = clips.H264
    arrived: float = field(default_factory=time.monotonic)

    @property
    def kind(self):
        """NAL unit type of the payload: aggregate, fragment or that of the one NAL unit in it."""
        return self.codec.kind(self.payload)

    @property
    def rtp_bytes(self):
        return HEADER_BYTES + len(self.payload)


@dataclass
class AccessUnit:
    timestamp: int
    nals: list = field(default_factory=list)
    packets: list = field(default_factory=list)

    @property
    def types(self):
        return [packet.codec.kind(nal) for packet in self.packets[:1] for nal in self.nals]


def extend(seq, near):
    """The number congruent to seq modulo 2^16 that is nearest to `near`."""
    return near + (seq - near + 0x8000) % 0x10000 - 0x8000


def unpack(packets):
    """RTP payloads -> NAL units, RFC 6184 5.6 to 5.8 and RFC 7798 4.4. Fails on anything that is not packetization-mode 1."""
    nals, open_fu = [], None
    for packet in packets:
        kind, data, codec = packet.kind, packet.payload, packet.codec
        assert open_fu is None or kind == codec.fragment, "a fragmented NAL unit does not end"
        if kind == codec.aggregate:
            nals += aggregated(data[codec.header:])
        elif kind != codec.fragment:
            assert kind < codec.aggregate, f"payload type {kind}"
            nals.append(data)
        else:
            fu = data[codec.header]
            start, end = fu & 0x80, fu & 0x40
            assert bool(start) == (open_fu is None) and not (start and end), "the fragment's start bit"
            open_fu = (header_of(codec, data, fu) if start else open_fu) + data[codec.header + 1:]
            if end:
                nals.append(open_fu)
                open_fu = None
    assert open_fu is None, "a fragmented NAL unit does not end"
    return nals


def header_of(codec, data, fu):
    """The NAL unit's header: the fragment's with the type that its third byte (H.264: second) says."""
    first = data[0] & ~(codec.mask << codec.shift) | (fu & codec.mask) << codec.shift
    return bytes([first]) + data[1:codec.header]


def aggregated(data):
    while data:
        size = int.from_bytes(data[:2], "big")
        assert 0 < size <= len(data) - 2, "the aggregate's sizes"
        yield data[2:2 + size]
        data = data[2 + size:]


def access_units(packets):
    """Packets in order -> access units, each ended by the marker; the first and the last may be cut and are left out."""
    units, now = [], []
    for before, packet in zip([None, *packets], packets):
        assert before is None or packet.seq == before.seq + 1, f"packet {before.seq + 1} is missing"
        assert not now or packet.timestamp == now[0].timestamp, "a new timestamp without a marker before it"
        now.append(packet)
        if packet.marker:
            units.append(now)
            now = []
    return [AccessUnit(unit[0].timestamp, unpack(unit), unit) for unit in units[1:]]


class Capture:
    """with Capture(lab, "cam1") as capture: ... capture.units()

    aiortc knows no H.265: it is told that it is H.264, which it need not decode, and the SFU hears what it offered.
    """

    def __init__(self, lab, name, codec=clips.H264):
        self.codec = codec
        self.lab, self.track_name = lab, f"{name}-video"
        self.offer = None  # of the SFU, as it came
        self.packets = {}  # extended sequence number -> Packet
        self.first = self.newest = None
        self.error = None
        self.ready, self.over = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=lambda: asyncio.run(self.run()), daemon=True)

    def __enter__(self):
        self.thread.start()
        assert self.ready.wait(60) and not self.error, f"no pull of {self.track_name}: {self.error}"
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join(10)

    def in_order(self):
        return [packet for _, packet in sorted(self.packets.copy().items())]

    def units(self):
        return access_units(self.in_order())

    def settled(self, age_s=2):
        """How many packets are so old that what the network lost of them has been sent again, if ever."""
        before = time.monotonic() - age_s
        return sum(packet.arrived < before for packet in self.in_order())

    # ---- the thread ----

    async def run(self):
        try:
            async with aiohttp.ClientSession() as http:
                pull = await self.connect(http)
                self.ready.set()
                while not self.over.is_set():
                    await asyncio.sleep(0.05)
                await pull.close()
        except Exception as error:  # for the test to say
            self.error = error
        self.ready.set()

    async def connect(self, http):
        """A pull that is connected. On a busy machine aiortc's ICE and DTLS may give up: then anew."""
        for _ in range(TRIES):
            pull = await self.pull(http)
            end = time.monotonic() + CONNECT_S
            while pull.pc.connectionState in ("new", "connecting") and time.monotonic() < end:
                await asyncio.sleep(0.05)
            if pull.pc.connectionState == "connected":
                return pull
            await pull.close()
        raise ConnectionError(f"not connected in {TRIES} tries")

    async def pull(self, http):
        options = types.SimpleNamespace(api=self.lab.cf["api"], app_id=self.lab.cf["app_id"], secret="sim-secret", offer=False)
        pull = Pull()
        published = [p for p in self.lab.sfu_state()["published"] if p["trackName"] == self.track_name]
        await viewer_common.Api(options, http).connect(pull, (published[-1]["sessionId"], self.track_name), self)
        return pull

    async def answer(self, pull, offer):
        """As a viewer's backend: the SFU's offer to our answer."""
        self.offer = offer
        await pull.pc.setRemoteDescription(RTCSessionDescription(
            self.as_h264(re.sub("profile-level-id=[0-9a-fA-F]{6}", "profile-level-id=" + AIORTC_PROFILE, offer)), "offer"))
        self.listen(pull.pc.getReceivers()[0])
        await pull.pc.setLocalDescription(await pull.pc.createAnswer())
        return pull.pc.localDescription.sdp.replace(" H264/90000", f" {self.codec.name.upper()}/90000")

    def as_h264(self, sdp):
        if self.codec is clips.H264:
            return sdp
        own = re.search(r"a=rtpmap:(\d+) H265/90000", sdp)[1]
        without = re.sub(rf"a=fmtp:{own} .*\r\n", "", sdp)
        return without.replace(f"a=rtpmap:{own} H265/90000", f"a=rtpmap:{own} H264/90000\r\na=fmtp:{own} "
                               f"packetization-mode=1;profile-level-id={AIORTC_PROFILE}")

    def listen(self, receiver):
        """Sees each packet before aiortc does."""
        original = receiver._handle_rtp_packet  # pylint: disable=protected-access

        async def handle(packet, arrival_time_ms):
            self.take(packet)
            await original(packet, arrival_time_ms=arrival_time_ms)

        receiver._handle_rtp_packet = handle  # pylint: disable=protected-access

    def is_rtx(self, payload_type):
        return re.search(rf"a=rtpmap:{payload_type} rtx/", self.offer) is not None

    def take(self, packet):
        seq, payload = packet.sequence_number, packet.payload
        if self.is_rtx(packet.payload_type):  # RFC 4588 4
            seq, payload = int.from_bytes(payload[:2], "big"), payload[2:]
        if not payload:
            return
        if self.first is None:
            self.first = self.newest = seq
        seq = extend(seq, self.newest)
        self.newest = max(seq, self.newest)
        if seq >= self.first:  # older ones were lost before we came and are sent again now
            self.packets[seq] = Packet(seq, packet.timestamp, bool(packet.marker), bytes(payload), self.codec)
