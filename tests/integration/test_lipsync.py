"""Flash and beep in a real browser: sound and picture of one moment are claimed to be of one moment.

What is judged behind an SFU is what is wrong beyond what the browser knows of (tests/sim/lipsync.py): how soon it moves
sound and picture together, and how far a busy machine drives them apart, is its own doing. The SFU's stand-in is Janus, whose sender
reports are of its own making (tests/sim/README-sfu.md); so what that shows is the time stamps and their order of sending. A
browser that the worker sends to itself shows the worker's sender reports, and with them what it makes of the camera's. aiortc
(tests/sim/whip_clock.py) says what these are to the millisecond, whatever the machine does meanwhile.
"""
import math
import statistics

import pytest

import lipsync
from gst import GstPeer
from lab import Lab, http, until

pytestmark = pytest.mark.alone

FLASHES = 9
# The limit, at the viewer.
OFF_MS = 40
# By time stamps alone; an audio sample and a picture have theirs to less than a millisecond.
EXACT_MS = 5


def meter(viewer, track):
    row = (viewer.last or {"cameras": {}})["cameras"].get(track) or {}
    return row.get("meter") or {"flashes": [], "beeps": [], "playouts": []}


@pytest.fixture(name="seen")
def flashing_cameras():
    """(lab, viewer): cam1; and "gst", a camera like it that GStreamer publishes."""
    with Lab(cameras=2, camera_args=("--flash", "--fps", 30)) as lab:
        lab.names = ["cam1"]  # the other is GStreamer's
        lab.write_config()
        lease = http("POST", lab.cam["control"] + "/leases", {"camera": "cam2", "lifetime_s": 1000000})
        peer = GstPeer(lab.directory, "gst", "sound", lease["rtsp_url"])
        try:
            peer.publish(lab.cf, "gst")
            lab.start()
            yield lab, lab.view("viewer", [*lab.names, "gst"], "--sound", "--meter")
        finally:
            peer.stop()


def measured(viewer, *names):
    """wrong_ms of the FLASHES flashes from now on, of each at the same time."""
    meters = lambda: [meter(viewer, f"{name}-video") for name in names]
    start = [len(list(lipsync.pairs(m))) for m in meters()]
    until(lambda: all(len(list(lipsync.pairs(m))) >= n + FLASHES for m, n in zip(meters(), start)), f"{names} flash and beep")
    return until(lambda: None not in (off := [lipsync.wrong_ms(m, FLASHES) for m in meters()]) and off, f"{names} measured")


def test_time_stamps_say_what_is_of_one_moment(seen):
    """What the browser is told, against what is seen and heard; GStreamer's stream shows the meter's own offset."""
    lab, viewer = seen
    until(lambda: lab.rows()["cam1"]["sound_packets"] > 500, "the camera's own reports have come")
    own, ours = measured(viewer, "gst", "cam1")
    shown = [lipsync.shown_ms(meter(viewer, f"{name}-video"), FLASHES) for name in ("cam1", "gst")]
    print(f"sound is {ours - own:+.0f} ms off; the meter itself {own:+.0f} ms; shown just now {shown[0]:+.0f} ms, "
          f"GStreamer's {shown[1]:+.0f} ms")
    assert abs(ours - own) <= OFF_MS


DELAYS = {"cam1": "in time", "cam2": "sound late", "cam3": "pictures late"}
LATE_MS = 300


@pytest.fixture(name="direct", scope="module")
def flashing_cameras_in_a_browser_without_sfu():
    """(lab, viewer): DELAYS; and "gst", a camera in time that GStreamer publishes."""
    late = ("--sound-delay", f"0,{LATE_MS},0,0", "--picture-delay", f"0,0,{LATE_MS},0")
    with Lab(cameras=len(DELAYS) + 1, camera_args=("--flash", "--fps", 30, *late)) as lab:
        lab.names = list(DELAYS)
        viewer = lab.view_directly("--meter")
        lease = http("POST", lab.cam["control"] + "/leases", {"camera": f"cam{len(DELAYS) + 1}", "lifetime_s": 1000000})
        peer = GstPeer(lab.directory, "gst", "sound", lease["rtsp_url"])
        try:
            peer.publish_whip(viewer.base + "gst")
            yield lab.start(), viewer
        finally:
            peer.stop()


@pytest.mark.parametrize("name", DELAYS)
def test_what_a_camera_sends_late_is_shown_in_step(direct, name):
    """Once the browser has moved the two together, which takes it a minute; without the worker's doing LATE_MS would stay."""
    _, viewer = direct

    def off(of):
        ours, own = [of(meter(viewer, f"{n}-video"), FLASHES) for n in (name, "gst")]
        return math.inf if None in (ours, own) else ours - own

    def told():
        return f"{DELAYS[name]}: sound is {off(lipsync.shown_ms):+.0f} ms off as shown, {off(lipsync.wrong_ms):+.0f} ms by its time stamps"

    try:
        until(lambda: abs(off(lipsync.shown_ms)) <= OFF_MS and abs(off(lipsync.wrong_ms)) <= OFF_MS, "in step", 240)
    finally:
        print(told())


def test_time_stamps_of_a_moment_are_the_same():
    """To a few milliseconds: what a camera sends late has the time at which it was."""
    late = ("--sound-delay", f"0,{LATE_MS},0", "--picture-delay", f"0,0,{LATE_MS}")
    with Lab(cameras=len(DELAYS), camera_args=("--flash", "--fps", 30, *late)) as lab:
        clock = lab.publish_to("whip_clock")
        lab.start()
        beeps = {name: [] for name in lab.names}

        def heard():
            for _ in range(clock.lines.qsize()):
                row = clock.lines.get()
                beeps[row["name"]].append(row["beep_ms"])
            return all(len(rows) >= 2 * FLASHES for rows in beeps.values())

        until(heard, "flashes and beeps of all", 120)
        # The first come before the camera's own reports have: by when they came.
        off = {name: statistics.median(rows[-FLASHES:]) for name, rows in beeps.items()}
        print(off)
        assert all(abs(ms) <= EXACT_MS for ms in off.values()), off
