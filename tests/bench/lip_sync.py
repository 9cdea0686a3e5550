#!/usr/bin/python3
"""lip_sync.py - lip sync over an hour: a camera flashes and beeps once a second, a browser sees and hears it.

The worker sends to the browser itself (tests/sim/whip_browser.py), so that what is seen is what the worker's time stamps and sender reports
make of it. Beside it GStreamer sends another camera of the same kind: its figure is the meter's own offset (tests/sim/lipsync.py).
A line each minute; ends with 1 if a minute's median was more than OFF_MS off, once the browser had moved the two together.
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
from lab import Lab, http  # noqa: E402  pylint: disable=wrong-import-position

# The limit, at the viewer.
OFF_MS = 40
# A browser moves the two together by a few ms a second.
SETTLED_S = 120
EVERY_S = 60
# Of the page's lists: pictures of two minutes.
KEEP = 3600


def figures(viewer, name):
    """(shown, by the time stamps) of the last minute: medians; None before there is one."""
    meter = ((viewer.last or {"cameras": {}})["cameras"].get(f"{name}-video") or {}).get("meter")
    if not meter:
        return None, None
    return lipsync.shown_ms(meter, EVERY_S - 10), lipsync.wrong_ms(meter, EVERY_S - 10)


def watch(options, viewer):
    """[(minutes, shown, by the time stamps)], each less GStreamer's."""
    rows, start = [], time.monotonic()
    while (passed := time.monotonic() - start) < options.seconds:
        time.sleep(max(0, (len(rows) + 1) * EVERY_S - passed))
        ours, own = figures(viewer, "cam1"), figures(viewer, "gst")
        if None in (*ours, *own):
            rows.append((len(rows) + 1, None, None))
            print(f"{len(rows):4d} min  not enough flashes and beeps", flush=True)
            continue
        rows.append((len(rows) + 1, ours[0] - own[0], ours[1] - own[1]))
        print(f"{len(rows):4d} min  sound is {rows[-1][1]:+6.1f} ms off as shown, {rows[-1][2]:+6.1f} ms by its time stamps; the meter's own offset "
              f"{own[0]:+.1f}, {own[1]:+.1f}", flush=True)
    return rows


def judge(rows):
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
    return 1 if bad else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3600, help="(3600)")
    options = parser.parse_args()
    with Lab(cameras=2, camera_args=("--flash", "--fps", 30), log_level="info") as lab:
        lab.names = ["cam1"]  # the other is GStreamer's
        viewer = lab.view_directly("--meter", "--keep", KEEP)
        lease = http("POST", lab.cam["control"] + "/leases", {"camera": "cam2", "lifetime_s": 1000000})
        peer = GstPeer(lab.directory, "gst", "sound", lease["rtsp_url"])
        try:
            peer.publish_whip(viewer.base + "gst")
            lab.start()
            rows = watch(options, viewer)
        finally:
            peer.stop()
        if lab.close() != 0:
            print("lip sync: camrelayd did not end well", file=sys.stderr)
            return 1
    return judge(rows)


if __name__ == "__main__":
    sys.exit(main())
