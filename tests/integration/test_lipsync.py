"""Flash and beep in a real browser: sound and picture of one moment are claimed to be of one moment.

What is judged is what is wrong beyond what the browser knows of (tests/sim/lipsync.py): how soon it moves sound and picture
together, and how far a busy machine drives them apart, is its own doing. The SFU's stand-in is Janus, whose sender
reports are of its own making (tests/sim/README-sfu.md); so what this shows is the time stamps and their order of sending. What the worker
does with the camera's reports is in tests/unit/test_timeline.c and test_lip_sync.c.
"""
import pytest

import lipsync
from gst import GstPeer
from lab import Lab, http, until

pytestmark = pytest.mark.alone

FLASHES = 9
# The limit, at the viewer.
OFF_MS = 40


def meter(viewer, track):
    row = (viewer.last or {"cameras": {}})["cameras"].get(track) or {}
    return row.get("meter") or {"flashes": [], "beeps": [], "playouts": []}


@pytest.fixture(name="seen", scope="module")
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


def measured(viewer, name, of=lipsync.wrong_ms):
    """The median of FLASHES flashes from now on."""
    start = len(list(lipsync.pairs(meter(viewer, f"{name}-video"))))
    until(lambda: len(list(lipsync.pairs(meter(viewer, f"{name}-video")))) >= start + FLASHES, f"{name} flashes and beeps")
    return until(lambda: (ms := of(meter(viewer, f"{name}-video"), FLASHES)) is not None and [ms], f"{name} measured")[0]


def test_time_stamps_say_what_is_of_one_moment(seen):
    """What the browser is told, against what is seen and heard; GStreamer's stream shows the meter's own offset."""
    lab, viewer = seen
    until(lambda: lab.rows()["cam1"]["sound_packets"] > 500, "the camera's own reports have come")
    own, ours = measured(viewer, "gst"), measured(viewer, "cam1")
    shown = [lipsync.shown_ms(meter(viewer, f"{name}-video"), FLASHES) for name in ("cam1", "gst")]
    print(f"sound is {ours - own:+.0f} ms off; the meter itself {own:+.0f} ms; shown just now {shown[0]:+.0f} ms, "
          f"GStreamer's {shown[1]:+.0f} ms")
    assert abs(ours - own) <= OFF_MS
