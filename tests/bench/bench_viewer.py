"""bench_viewer.py - parts of bench_worker.py: what a viewer notices, and how it is with GStreamer in a worker's place.

camrelay and GStreamer run at the same time in one world, each with cameras of its own of the same kind.
"""
import contextlib
import random
import statistics
import sys
import time

import clips
import counter
import lipsync
from gst import GstPeer
from lab import Lab, http, until
from late import LateViewers
from rtp_capture import Capture

# camera.py's SEI: type 5, 36 bytes, this, and the time of sending.
STAMP = b"camrelay-latency"
STAMP_DIGITS = 20
FLASHES = 15


@contextlib.contextmanager
def world(cameras, camera_args, camera=None, change=lambda text: text):
    """(lab, its first cameras' names); the last camera is GStreamer's, which publishes it as "gst"."""
    with Lab(cameras=cameras + 1, camera_args=camera_args, camera=camera, qpm=1000, log_level="info",
             supervisor={"start_stagger": "50ms"}) as lab:
        last = lab.names.pop()
        lab.write_config()
        with open(lab.config, encoding="utf-8") as file:
            text = change(file.read())
        with open(lab.config, "w", encoding="utf-8") as file:
            file.write(text)
        lease = http("POST", lab.cam["control"] + "/leases", {"camera": last, "lifetime_s": 1000000})
        peer = GstPeer(lab.directory, "gst", "sound", lease["rtsp_url"])
        try:
            peer.publish(lab.cf, "gst")
            lab.start()
            lab.until_running()
            until(lambda: lab.sfu_packets("gst") > 0, "GStreamer's pictures")
            yield lab
        finally:
            peer.stop()


def say(*words):
    print(*words, flush=True)


# ---- latency ----

def stamped_ns(unit):
    """When the camera sent it; None without a stamp."""
    for nal in unit.nals:
        at = nal.find(STAMP)
        if nal[0] & 31 == 6 and at >= 0:
            return int(nal[at + len(STAMP):at + len(STAMP) + STAMP_DIGITS])
    return None


def latencies_ms(capture):
    """From the camera's sending until a picture's last packet is there."""
    for unit in capture.units():
        sent_ns = stamped_ns(unit)
        if sent_ns:
            yield 1000 * max(p.arrived for p in unit.packets) - sent_ns / 1e6


def latency(options):
    """The way is the same but for the worker: camera, Janus, a viewer that decodes nothing."""
    say("\nlatency, from the camera's sending to a picture's last packet at a viewer (through Janus), ms")
    rows = []
    with world(1, ("--sei", "--fps", 30, "--bitrate", 2000, "--size", "1280x720"), camera={"gop_replay": "off"}) as lab:
        for name, who in (("cam1", "camrelay"), ("gst", "gstreamer")):
            with Capture(lab, name) as capture:
                time.sleep(options.seconds)
                took = sorted(latencies_ms(capture))
            row = {"peer": who, "pictures": len(took), "p50": statistics.median(took), "p99": took[len(took) * 99 // 100]}
            say(f"  {who:10} p50 {row['p50']:6.1f}  p99 {row['p99']:6.1f}  of {len(took)} pictures")
            rows.append(row)
    return rows


# ---- late viewers ----

def without_replay(text):
    """Of the second camera's section."""
    first, second = text.split('[camera "cam2"]')
    return first + '[camera "cam2"]' + second.replace("gop_replay = on", "gop_replay = off")


def join_at_any_time(late, name, options, gop_s):
    """ms to the first picture of viewers who come at moments that the GOP does not know of."""
    took = []
    for _ in range(options.joins):
        time.sleep(random.uniform(0, gop_s))
        took.append(late.join(name, stay=False))
    return took


def numbers(viewer, name):
    row = (viewer.last or {"cameras": {}})["cameras"].get(f"{name}-video", {})
    return (row.get("meter") or {"numbers": []})["numbers"], row


def bystander(viewer, name, since, gop_s):
    """What one who watches already has seen since then."""
    seen, row = numbers(viewer, name)
    frames = clips.Spec(gop=gop_s).frames
    back = counter.jumps_back(seen[since:], frames)
    return {"jumps_back": len(back), "longest_back": max(back, default=0),
            "longest_catch_up_ms": max(counter.catch_ups_ms(seen[since:], frames), default=0),
            "longest_gap_ms": counter.longest_ms(seen[since:]),
            "freezes": row.get("freezeCount"), "freezes_ms": row.get("freezes_ms")}


def late(options):
    """By length of GOP: when who comes sees a picture, and what who was there sees of that."""
    say(f"\nlate viewers, {options.joins} of each: ms from the start of the pull to the first picture, median (worst); then what "
        "who watched already saw of them")
    rows = []
    for gop_s in options.gops:
        with world(2, ("--gop", gop_s), camera={"gop_replay": "on"}, change=without_replay) as lab:
            watching = lab.view("viewer", ["cam1", "cam2", "gst"], "--meter")
            until(lambda v=watching: all(len(numbers(v, n)[0]) > 30 for n in ("cam1", "cam2", "gst")), "all are watched")
            late_viewers = LateViewers(lab, sound=False)
            for name, who in (("cam1", "camrelay, gop_replay on"), ("cam2", "camrelay, gop_replay off"), ("gst", "gstreamer")):
                since = len(numbers(watching, name)[0])
                took = join_at_any_time(late_viewers, name, options, gop_s)
                time.sleep(1)
                row = {"peer": who, "gop_s": gop_s, "ms": took, **bystander(watching, name, since, gop_s)}
                rows.append(row)
                say(f"  GOP {gop_s:3g} s  {who:25} {statistics.median(took):6.0f} ({max(took):.0f})   back {row['jumps_back']} times, by up "
                    f"to {row['longest_back']} pictures, caught up within {row['longest_catch_up_ms']:.0f} ms; longest gap {row['longest_gap_ms']:.0f} ms; {row['freezes']} freezes, "
                    f"{row['freezes_ms']} ms in all")
    return rows


# ---- lip sync ----

def lip_sync(_options):
    say("\nlip sync: how much later sound is than the picture, ms, medians; shown is the browser's doing too (tests/sim/lipsync.py)")
    rows = []
    with world(1, ("--flash", "--fps", 30)) as lab:
        viewer = lab.view("viewer", ["cam1", "gst"], "--sound", "--meter")
        for name, who in (("cam1", "camrelay"), ("gst", "gstreamer")):
            def meter(name=name):
                row = (viewer.last or {"cameras": {}})["cameras"].get(f"{name}-video", {})
                return row.get("meter") or {"flashes": [], "beeps": [], "playouts": []}
            until(lambda: len(list(lipsync.pairs(meter()))) >= 2 * FLASHES, f"{who} flashes and beeps", 180)
            row = {"peer": who, "by_time_stamps": lipsync.wrong_ms(meter(), FLASHES), "shown": lipsync.shown_ms(meter(), FLASHES)}
            say(f"  {who:10} by its time stamps {row['by_time_stamps']:+.0f}, shown {row['shown']:+.0f}")
            rows.append(row)
    return rows


if __name__ == "__main__":
    sys.exit("a part of bench_worker.py")
