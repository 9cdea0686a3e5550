#!/usr/bin/python3
"""lip_sync.py - lip sync over an hour: a camera flashes and beeps once a second, a browser sees and hears it.

The worker sends to the browser itself (tests/sim/whip_browser.py), so that what is seen is what the worker's time stamps and sender reports
make of it. The meter has an offset of its own (tests/sim/lipsync.py): GStreamer sends another camera of the same kind, for two minutes before
the hour and two after it, and what its time stamps seem to be wrong by is that offset. It does not send in between: after some minutes its own sound drifts.
A line each minute; ends with 1 if a minute's median was more than OFF_MS off, once the browser had moved the two together, or if the meter's
offset did not stay what it was.
"""
import argparse
import os
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "sim"))
import lipsync  # noqa: E402  pylint: disable=wrong-import-position
from gst import GstPeer  # noqa: E402  pylint: disable=wrong-import-position
from lab import Lab, http, until  # noqa: E402  pylint: disable=wrong-import-position

# The limit, at the viewer.
OFF_MS = 40
# A browser moves the two together by a few ms a second.
SETTLED_S = 120
EVERY_S = 60
# Of the meter's offset, from before the hour to after it.
MOVED_MS = 15
# Of the page's lists: pictures of two minutes.
KEEP = 3600


def figures(viewer, name):
    """(shown, by the time stamps) of the last minute: medians; None before there is one."""
    meter = ((viewer.last or {"cameras": {}})["cameras"].get(f"{name}-video") or {}).get("meter")
    if not meter:
        return None, None
    return lipsync.shown_ms(meter, EVERY_S - 10), lipsync.wrong_ms(meter, EVERY_S - 10)


def offset(lab, viewer, name):
    """The meter's own, by a new GStreamer that sends for two minutes."""
    lease = http("POST", lab.cam["control"] + "/leases", {"camera": "cam2", "lifetime_s": 1000})
    peer = GstPeer(lab.directory, name, "sound", lease["rtsp_url"])
    try:
        peer.publish_whip(viewer.base + name)
        until(lambda: None not in figures(viewer, name), f"{name} flashes and beeps", 240)
        time.sleep(EVERY_S)
        own = figures(viewer, name)[1]
    finally:
        peer.stop()
    print(f"the meter's own offset, by {name}: {own:+.1f} ms", flush=True)
    return own


def watch(options, viewer, own):
    """[(minutes, shown, by the time stamps)], less the meter's own offset."""
    rows, start = [], time.monotonic()
    while (passed := time.monotonic() - start) < options.seconds:
        time.sleep(max(0, (len(rows) + 1) * EVERY_S - passed))
        ours = figures(viewer, "cam1")
        if None in ours:
            rows.append((len(rows) + 1, None, None))
            print(f"{len(rows):4d} min  not enough flashes and beeps", flush=True)
            continue
        rows.append((len(rows) + 1, ours[0] - own, ours[1] - own))
        print(f"{len(rows):4d} min  sound is {rows[-1][1]:+6.1f} ms off as shown, {rows[-1][2]:+6.1f} ms by its time stamps", flush=True)
    return rows


def judge(rows, moved_ms):
    settled = [row for row in rows if row[0] * EVERY_S > SETTLED_S]
    if not settled or any(row[1] is None for row in settled):
        print("lip sync: minutes without a figure", file=sys.stderr)
        return 1
    for what, column in (("as shown", 1), ("by its time stamps", 2)):
        values = [row[column] for row in settled]
        print(f"{what}: median {statistics.median(values):+.1f} ms, from {min(values):+.1f} to {max(values):+.1f} over {len(values)} minutes")
    # What is shown is the browser's doing too, but it is what a person has.
    bad = [row for row in settled if max(abs(row[1]), abs(row[2])) > OFF_MS]
    for row in bad:
        print(f"lip sync: minute {row[0]}: over {OFF_MS} ms", file=sys.stderr)
    if abs(moved_ms) > MOVED_MS:
        print(f"lip sync: the meter's own offset moved by {moved_ms:+.1f} ms: no figure is worth anything", file=sys.stderr)
        return 1
    return 1 if bad else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3600, help="(3600)")
    options = parser.parse_args()
    with Lab(cameras=2, camera_args=("--flash", "--fps", 30), log_level="info") as lab:
        lab.names = ["cam1"]  # the other is GStreamer's
        viewer = lab.view_directly("--meter", "--keep", KEEP)
        before = offset(lab, viewer, "gst-before")
        lab.start()
        rows = watch(options, viewer, before)
        moved_ms = offset(lab, viewer, "gst-after") - before
        if lab.close() != 0:
            print("lip sync: camrelayd did not end well", file=sys.stderr)
            return 1
    return judge(rows, moved_ms)


if __name__ == "__main__":
    sys.exit(main())
