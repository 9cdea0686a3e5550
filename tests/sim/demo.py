#!/usr/bin/python3
"""demo.py - camrelay at work on loopback: cameras, Google, SFU and a browser are stand-ins with real media.

Prints where the dashboard is, and `camctl status` and what the browser decoded every few seconds. Run by scripts/demo, which installs
and builds.
"""
import argparse
import signal
import statistics
import sys
import tempfile
import time

import hearing
from lab import Lab, until
from late import LateViewers, until_mid_gop
from witness import WITNESS_MAX_MS

# --check: Google's five minutes and its minute, compressed to a twentieth.
LIFETIME_S, WINDOW_S = 15, 3
# With --check a gap in the decoded pictures must not be longer than this, but for what the machine took (witness.py).
GAP_MS = 1000
# With --check cameras send an IDR so seldom; and so many viewers come late, in mid-GOP.
GOP_S, LATE_VIEWERS = 4, 5


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cameras", type=int, default=3, help="how many (3)")
    parser.add_argument("--seconds", type=float, default=0, help="end after so long (0: at Ctrl-C; with --check 60)")
    parser.add_argument("--check", action="store_true",
                        help="stream lifetimes of 15 s, GOPs of 4 s; exit 0 only if every camera was decoded and heard "
                        "the whole time; the last line says when late viewers saw their first picture")
    parser.add_argument("--every", type=float, default=3, help="seconds between two tables (3)")
    return parser.parse_args()


def make_lab(options, disk):
    """Everything; recordings go to the folder disk."""
    common = {"cameras": options.cameras, "log_level": "info", "state": True, "recording": {"dir": disk, "min_free": "1%"},
              "camera": {"record": "yes"}}
    if not options.check:
        return Lab(**common)
    return Lab(camera_args=("--gop", GOP_S), lifetime=LIFETIME_S, window=WINDOW_S, supervisor={"start_stagger": "300ms"}, reference=True,
               **common)


def describe(name, row):
    sound = row.get("sound")
    heard = f"{sound['hz']:.0f} Hz" if sound and hearing.decoded(row) > 0 else "no sound"
    return f"{name} {row['framesDecoded']} frames {row['width']}x{row['height']}, {heard}"


def show(lab, viewer):
    print(lab.camctl("status"), end="")
    cameras = (viewer.last or {"cameras": {}})["cameras"]
    seen = [describe(name.removesuffix("-video"), row) for name, row in sorted(cameras.items())]
    print("browser sees and hears:", "; ".join(seen) or "nothing yet", flush=True)
    print()


def watch(lab, viewer, options, stopped):
    """Tables until the end; the viewer and camrelayd must live."""
    end = time.monotonic() + options.seconds if options.seconds else float("inf")
    table = 0.0
    while time.monotonic() < end and not stopped:
        if time.monotonic() >= table:
            show(lab, viewer)
            table = time.monotonic() + options.every
        for process in (lab.daemon, viewer):
            if process.process.poll() is not None:
                raise AssertionError(f"{process.name} ended:\n{process.log_tail()}")
        time.sleep(0.1)


def until_hearing(lab, viewer):
    """Every camera's own tone, in sound that goes on coming."""
    for name in lab.names:
        before = hearing.decoded(lab.seen(viewer, name))
        until(lambda name=name, before=before: hearing.decoded(lab.seen(viewer, name)) > before
              and hearing.hears(lab.seen(viewer, name), name), f"{name} heard; last {lab.seen(viewer, name)}")


def first_pictures(lab):
    """Viewers come in mid-GOP and see and hear their camera: ms from the start of each one's pull to its first picture."""
    late = LateViewers(lab)
    took = []
    for number in range(LATE_VIEWERS):
        name = lab.names[number % len(lab.names)]
        until_mid_gop(lab, name)
        took.append(late.join(name))
    print("first pictures of viewers who came in mid-GOP:", ", ".join(f"{ms} ms" for ms in took))
    return took


def complaints(lab, viewer):
    """Why the check fails, as sentences."""
    reference = viewer.last["witness"]["reference"]
    if reference["longest_gap_ms"] > WITNESS_MAX_MS:
        yield f"the reference stream stopped for {reference['longest_gap_ms']} ms: nothing can be said of the cameras"
    cameras = viewer.last["cameras"]
    for name in lab.names:
        row = cameras[f"{name}-video"]
        if row["longest_own_gap_ms"] > GAP_MS:
            yield f"{name}: {row['longest_own_gap_ms']} ms without a decoded picture (at most {GAP_MS} allowed)"
        if len(lab.calls(kind="generate", name=name)) != 1:
            yield f"{name}: {len(lab.calls(kind='generate', name=name))} Generates, not 1"


def check_start(lab, viewer):
    """Until everything is seen and heard; from then on it must go on."""
    try:
        lab.until_decoding(viewer)
        until_hearing(lab, viewer)
        lab.until_witnessed(viewer)
    except AssertionError:
        show(lab, viewer)
        raise


def check_end(lab, viewer):
    """(why the check fails, first pictures of late viewers)"""
    until_hearing(lab, viewer)
    took = first_pictures(lab)
    seen = viewer.last["witness"]
    print(f"the machine itself: {seen['stalls']} stalls, the longest of {seen['longest_stall_ms']} ms")
    return list(complaints(lab, viewer)), took


def run(options, stopped):
    """(what is wrong, first pictures of late viewers); empty without --check."""
    wrong, took = [], []
    with tempfile.TemporaryDirectory(prefix="camrelay-demo-") as disk, make_lab(options, disk) as lab:
        print(f"stand-ins: cameras {lab.cam['control']}, Google {lab.google['api_url']}, SFU {lab.cf['api']}")
        print(f"camrelayd: -c {lab.config}, log {lab.directory}/camrelayd.log", flush=True)
        lab.start()
        print(f"dashboard: {lab.url()}/", flush=True)
        viewer = lab.view("viewer", None, "--sound")
        if options.check:
            check_start(lab, viewer)
        watch(lab, viewer, options, stopped)
        if options.check:
            wrong, took = check_end(lab, viewer)
        code = lab.close()
        if code != 0:
            wrong.append(f"camrelayd ended with {code}")
    return wrong, took


def main():
    options = parse()
    if options.check and not options.seconds:
        options.seconds = 60
    stopped = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.append(True))
    took = []
    try:
        wrong, took = run(options, stopped)
    except AssertionError as error:
        wrong = [str(error)]
    for sentence in wrong:
        print("demo:", sentence, file=sys.stderr)
    if options.check and not wrong:
        print(f"demo: {options.cameras} cameras decoded and heard for {options.seconds:.0f} s without a gap over {GAP_MS} ms")
        print(f"demo: first picture after {statistics.median(took):.0f} ms, the median of {len(took)} viewers who joined "
              f"in mid-GOP (a GOP is {GOP_S} s)")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
