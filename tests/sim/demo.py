#!/usr/bin/python3
"""demo.py - camrelay at work on loopback: cameras, Google, SFU and a browser are stand-ins with real media.

Prints `camctl status` and what the browser decoded every few seconds. Run by scripts/demo, which installs and builds.
"""
import argparse
import signal
import sys
import time

from lab import Lab
from witness import WITNESS_MAX_MS

# --check: Google's five minutes and its minute, compressed to a twentieth.
LIFETIME_S, WINDOW_S = 15, 3
# With --check a gap in the decoded pictures must not be longer than this, but for what the machine took (witness.py).
GAP_MS = 1000


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cameras", type=int, default=3, help="how many (3)")
    parser.add_argument("--seconds", type=float, default=0, help="end after so long (0: at Ctrl-C; with --check 60)")
    parser.add_argument("--check", action="store_true",
                        help="stream lifetimes of 15 s; exit 0 only if every camera was decoded the whole time")
    parser.add_argument("--every", type=float, default=3, help="seconds between two tables (3)")
    return parser.parse_args()


def make_lab(options):
    if not options.check:
        return Lab(cameras=options.cameras, log_level="info")
    return Lab(cameras=options.cameras, lifetime=LIFETIME_S, window=WINDOW_S, log_level="info",
               supervisor={"start_stagger": "300ms"}, reference=True)


def show(lab, viewer):
    print(lab.camctl("status"), end="")
    cameras = (viewer.last or {"cameras": {}})["cameras"]
    seen = [f"{name.removesuffix('-video')} {row['framesDecoded']} frames {row['width']}x{row['height']}"
            for name, row in sorted(cameras.items())]
    print("browser decoded:", "; ".join(seen) or "nothing yet", flush=True)
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


def run(options, stopped):
    with make_lab(options) as lab:
        print(f"stand-ins: cameras {lab.cam['control']}, Google {lab.google['api_url']}, SFU {lab.cf['api']}")
        print(f"camrelayd: -c {lab.config}, log {lab.directory}/camrelayd.log", flush=True)
        lab.start()
        viewer = lab.view("viewer")
        if options.check:
            try:
                lab.until_decoding(viewer)
                lab.until_witnessed(viewer)
            except AssertionError:
                show(lab, viewer)
                raise
        watch(lab, viewer, options, stopped)
        if options.check:
            seen = viewer.last["witness"]
            print(f"the machine itself: {seen['stalls']} stalls, the longest of {seen['longest_stall_ms']} ms")
        wrong = list(complaints(lab, viewer)) if options.check else []
        code = lab.close()
        if code != 0:
            wrong.append(f"camrelayd ended with {code}")
    return wrong


def main():
    options = parse()
    if options.check and not options.seconds:
        options.seconds = 60
    stopped = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.append(True))
    try:
        wrong = run(options, stopped)
    except AssertionError as error:
        wrong = [str(error)]
    for sentence in wrong:
        print("demo:", sentence, file=sys.stderr)
    if options.check and not wrong:
        print(f"demo: {options.cameras} cameras decoded for {options.seconds:.0f} s without a gap over {GAP_MS} ms")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
