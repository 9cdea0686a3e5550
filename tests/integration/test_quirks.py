"""What cameras do to H.264 and to its clock, end to end: x264's stream through a camera that is odd, worker and SFU, to
access units that a decoder makes the very pictures of that the encoder meant."""
import contextlib
import os
import sys

import pytest

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__))]
import streams
from lab import CACHE, Lab, until
from rtp_capture import Capture, access_units
from rtsp_stub import Stub
from streams import FPS, Camera, decode, encode, without

IDR, SEI, SPS, PPS, AUD = 5, 6, 7, 8, 9
# H.264 7.3.2.7: what an encoder of constant bit rate puts behind a small picture; x264 would rather make it better.
FILLER_NAL = b"\x0c" + b"\xff" * 500 + b"\x80"
TICKS = 90000 // FPS
ODD = "aud=1:slices=3"


def plain():
    return encode(CACHE)


def in_band(units):
    """Parameter sets before each IDR, as x264 writes them."""
    assert all(SPS in {n[0] & 31 for n in u} for u in units if any(n[0] & 31 == IDR for n in u))
    return units


QUIRKS = {
    "sets-in-sdp": lambda: SdpOnly(plain()),
    "sets-in-band": lambda: Camera(in_band(plain()), sprop=False),
    "slices-sei-aud": lambda: Camera(has(encode(CACHE, more=ODD), SEI, AUD)),
    "filler": lambda: Camera([[*unit, FILLER_NAL] for unit in plain()]),
    "interlaced": lambda: Camera(encode(CACHE, more="tff=1")),
    "5-fps": lambda: Camera(encode(CACHE, fps=5, gop=5, seconds=4), fps=5),
    "60-fps": lambda: Camera(encode(CACHE, fps=60, gop=60), fps=60),
    "jump": lambda: Camera(plain(), ticks=lambda i: i * TICKS + i // 20 * 10 ** 8),
    "wrap": lambda: Camera(plain(), ticks=lambda i: i * TICKS + 2 ** 32 - 90000 * 12),
    "restart": lambda: Camera(plain(), ticks=lambda i: i % 40 * TICKS),
    "fast-clock": lambda: Camera(plain(), ticks=lambda i: i * TICKS * 101 // 100),
}


def has(units, *kinds):
    found = {n[0] & 31 for unit in units for n in unit}
    assert found >= set(kinds), "x264 wrote what the test is about"
    return units


class SdpOnly(Camera):
    """Its SDP is made of the sets, its stream has none."""

    def __init__(self, units):
        super().__init__(units)
        self.units = without(self.units, SPS, PPS)


def sections(cameras):
    return "".join(f'[camera "{name}"]\npublish = cloudflare\nurl = {url}\n{more}' for name, (url, more) in cameras.items())


@contextlib.contextmanager
def world(cameras, **more):
    """A lab with these cameras: {name: script}; more: lines of their sections."""
    with contextlib.ExitStack() as stack:
        stubs = {name: stack.enter_context(Stub(camera)) for name, camera in cameras.items()}
        lab = stack.enter_context(Lab(cameras=1, camera={"publish": "none"}, supervisor={"start_stagger": "100ms"}))
        lab.write_config()
        with open(lab.config, "a", encoding="utf-8") as file:
            file.write(sections({name: (s.url(), more.get("lines", "")) for name, s in stubs.items()}))
        lab.start()
        yield lab
        assert lab.close() == 0


@pytest.fixture(name="odd", scope="module")
def odd_cameras():
    cameras = {name: make() for name, make in QUIRKS.items()}
    with world(cameras) as lab:
        lab.odd = cameras
        yield lab


def seen(lab, name, seconds=4, fps=FPS):
    """Access units of the camera at the SFU's far end, from an IDR on."""
    lab.until_running([name])
    with Capture(lab, name) as capture:
        wanted = seconds * fps
        # What the network lost of them has been sent again.
        settled = lambda: access_units(capture.in_order()[:capture.settled()])
        units = until(lambda: len(settled()) >= wanted + fps and settled(), f"{wanted} access units")
    first = next(i for i, u in enumerate(units) if IDR in u.types)
    return units[first:]


def reference(camera):
    """The pictures of the camera's clip, twice in a row as it sends it."""
    units = camera.units
    if not any(n[0] & 31 == SPS for n in units[0]):
        units = [[*streams.sets_of(plain()), *units[0]], *units[1:]]
    return decode(units + units)


@pytest.mark.parametrize("name", QUIRKS)
def test_every_picture_is_the_encoders(odd, name):
    camera = odd.odd[name]
    units = seen(odd, name, fps=camera.fps)
    got, meant = decode([u.nals for u in units]), reference(camera)
    assert len(got) >= 2 * camera.fps
    strays = [i for i, picture in enumerate(got) if picture not in set(meant)]
    assert not strays, f"pictures {strays[:10]} of {len(got)} are not the camera's"
    row = odd.rows()[name]
    assert row["gaps"] == 0 or name in ("jump", "restart", "5-fps")
    # However the camera's clock goes, viewers get one that only goes forward, and by no more than a few seconds at once.
    steps = [(b.timestamp - a.timestamp) & 0xffffffff for a, b in zip(units, units[1:])]
    assert all(0 < s < 5 * 90000 for s in steps), steps


def whole_units(packets):
    """The access units of which nothing is missing: aiortc, in Python, is too slow for some bursts."""
    packets, runs = list(packets), [[]]
    for before, packet in zip([None, *packets], packets):
        if before and packet.seq != before.seq + 1:
            runs.append([])
        runs[-1].append(packet)
    for run in runs:
        marks = [i for i, packet in enumerate(run) if packet.marker]
        if len(marks) > 1:
            yield from access_units(run[:marks[-1] + 1])


# The far end, which is Python, keeps up with 2,000 packets a second only if nothing runs beside it.
@pytest.mark.alone
def test_4k_at_20_mbit():
    camera = Camera(encode(CACHE, size=(3840, 2160), fps=10, gop=10, seconds=1, bitrate=20000), fps=10)
    with world({"large": camera}) as lab:
        lab.until_running(["large"])
        with Capture(lab, "large") as capture:
            units = until(lambda: len(u := list(whole_units(capture.in_order()))) >= 15
                          and any(IDR in unit.types for unit in u) and u, "whole access units")
        sent = {bytes(n) for u in camera.units for n in u if n[0] & 31 in (1, 5)}
        got = [n for u in units for n in u.nals if n[0] & 31 in (1, 5)]
        assert all(n in sent for n in got)
        row = lab.rows()["large"]
        assert (row["width"], row["height"], row["gaps"], row["dropped"]) == (3840, 2160, 0, 0)
        assert row["bitrate"] > 10e6


def test_packets_lost_by_udp_freeze_the_picture_until_the_next_idr():
    """Never a picture that the camera did not send: what refers to a lost one is not shown."""
    units = encode(CACHE, bitrate=2000, more="slices=2")
    camera = Camera(units, loses=lambda i, n: i % 40 == 25 and n == 2)
    with world({"lossy": camera}, lines="transport = udp\n") as lab:
        shown = seen(lab, "lossy", 8)
        assert camera.lost >= 2 and lab.rows()["lossy"]["gaps"] + camera.lost >= 2
    meant = set(decode(units + units))
    whole = [u for u in shown if len([n for n in u.nals if n[0] & 31 in (1, 5)]) == 2]
    pictures = decode([u.nals for u in whole])
    assert len(pictures) > 4 * FPS
    strays = [i for i, p in enumerate(pictures) if p not in meant]
    assert not strays, f"{len(strays)} pictures of {len(pictures)} were never sent: {strays[:10]}"
    assert max((b.timestamp - a.timestamp) & 0xffffffff for a, b in zip(shown, shown[1:])) > 3 * TICKS, "it froze"
