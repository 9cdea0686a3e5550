#!/usr/bin/python3
"""lip_sync.py - whether lip sync holds for an hour: a camera flashes and beeps once a second, and the worker's time stamps say when.

The worker sends straight to aiortc (tests/sim/whip_clock.py), whose figures no busy machine changes: flash and beep on the worker's
own clock, by its time stamps and sender reports, which is all that a viewer can go by. Before it FFmpeg reads the camera itself: what
sound is off there is the camera's own, and is taken off.
A line each minute; ends with 1 if a minute's median was more than OFF_MS off, or a flash or beep is missing.
"""
import argparse
import statistics
import sys
import os
import time

import av

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "sim"))
import whip_clock  # noqa: E402  pylint: disable=wrong-import-position
from lab import Lab, http, until  # noqa: E402  pylint: disable=wrong-import-position

# The limit, at the viewer.
OFF_MS = 40
EVERY_S = 60
# A minute has so many flashes, less those at its ends.
FLASHES = EVERY_S - 3
OWN_S = 20


def own_ms(url):
    """How much later than its flash the camera's beep is, as FFmpeg reads it."""
    pairs = []
    match = whip_clock.Pairs(lambda _flash, late: pairs.append(late * 1000))
    bright, loud_at = True, None
    with av.open(url, options={"rtsp_transport": "tcp"}) as camera:
        for frame in camera.decode(camera.streams.video[0], camera.streams.audio[0]):
            if isinstance(frame, av.VideoFrame):
                now = frame.to_ndarray(format="gray")[frame.height // 4, frame.width // 2] > whip_clock.BRIGHT
                if now and not bright:
                    match.flash(frame.time)
                bright = now
            else:
                for i in (abs(frame.to_ndarray()[0]) >= whip_clock.LOUD).nonzero()[0]:
                    at = frame.time + i / frame.sample_rate
                    if loud_at is not None and at - loud_at > whip_clock.QUIET_S:
                        match.beep(at)
                    loud_at = at
            if len(pairs) >= OWN_S:
                return statistics.median(pairs)
    raise RuntimeError("the camera ended")


def watch(options, clock, own):
    """[(minute, median, least, most)] of the beeps' lateness; None where too few came."""
    rows, start = [], time.monotonic()
    while time.monotonic() - start < options.seconds:
        time.sleep(max(0, start + (len(rows) + 1) * EVERY_S - time.monotonic()))
        late = [clock.lines.get()["beep_ms"] - own for _ in range(clock.lines.qsize())]
        if len(late) < FLASHES:
            rows.append(None)
            print(f"{len(rows):4d} min  only {len(late)} flashes with a beep", flush=True)
            continue
        rows.append((statistics.median(late), min(late), max(late)))
        print(f"{len(rows):4d} min  sound is {rows[-1][0]:+6.1f} ms off, from {rows[-1][1]:+6.1f} to {rows[-1][2]:+6.1f}", flush=True)
    return rows


def judge(rows):
    bad = [n for n, row in enumerate(rows, 1) if row is None or abs(row[0]) > OFF_MS]
    medians = [row[0] for row in rows if row]
    if medians:
        print(f"sound off by {statistics.median(medians):+.1f} ms, from {min(medians):+.1f} to {max(medians):+.1f}, medians of {len(medians)} minutes; "
              f"any one from {min(r[1] for r in rows if r):+.1f} to {max(r[2] for r in rows if r):+.1f}")
    for minute in bad:
        print(f"lip sync: minute {minute}: over {OFF_MS} ms, or too few flashes", file=sys.stderr)
    return 1 if bad or not medians else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3600, help="(3600)")
    options = parser.parse_args()
    with Lab(cameras=1, camera_args=("--flash", "--fps", 30), log_level="info") as lab:
        lease = http("POST", lab.cam["control"] + "/leases", {"camera": "cam1", "lifetime_s": 1000000})
        own = own_ms(lease["rtsp_url"])
        print(f"the camera's own, by FFmpeg: {own:+.1f} ms", flush=True)
        clock = lab.publish_to("whip_clock")
        lab.start()
        until(lambda: clock.lines.qsize() >= 5, "flashes and beeps")
        while clock.lines.qsize():
            clock.lines.get()
        rows = watch(options, clock, own)
        if lab.close() != 0:
            print("lip sync: camrelayd did not end well", file=sys.stderr)
            return 1
    return judge(rows)


if __name__ == "__main__":
    sys.exit(main())
