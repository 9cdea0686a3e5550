"""B-frames, as x264 makes them: passed, left out, or refused. What goes out is looked at on its way to a viewer and decoded."""
import os
import re
import subprocess

import pytest

import clips
import counter
from lab import CACHE, until
from rtp_capture import Capture

FPS, TICKS = 15, 90000 // 15
IDR, SEI, SPS, PPS = 5, 6, 7, 8
B_SLICES = (1, 6)  # Table 7-6


def start(make_lab, policy, *more):
    return make_lab(cameras=1, camera_args=("--bframes", 2, "--static", *more), camera={"bframes": policy},
                    supervisor={"start_stagger": "0s", "offline_after": "1", "offline_retry": "1s"}).start()


def exp_golomb(bits, at):
    zeros = bits.index("1", at) - at
    return int(bits[at + zeros:at + 2 * zeros + 1], 2) - 1, at + 2 * zeros + 1


def is_b(nal):
    bits = "".join(f"{byte:08b}" for byte in nal[1:9])
    _, at = exp_golomb(bits, 0)
    return nal[0] & 31 == 1 and exp_golomb(bits, at)[0] in B_SLICES


def slices(unit):
    return [nal for nal in unit.nals if nal[0] & 31 in (1, IDR)]


def is_b_unit(unit):
    return any(is_b(nal) for nal in slices(unit))


def is_disposable(unit):
    return is_b_unit(unit) and all(nal[0] & 0x60 == 0 for nal in slices(unit))


def clip_of(pyramid):
    return clips.load_video(CACHE, clips.Spec(bframes=2, pyramid=pyramid), "cam1", 1)


def captured(lab, count):
    with Capture(lab, "cam1") as capture:
        return until(lambda: len(capture.units()) >= count and capture.units(), f"{count} access units")


def decode(units):
    """What ffmpeg says of the pictures, and how many it decodes."""
    first = next(i for i, unit in enumerate(units) if IDR in unit.types)
    stream = b"".join(b"\0\0\0\1" + nal for unit in units[first:] for nal in unit.nals)
    done = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-f", "h264", "-i", "-", "-f", "framecrc", "-"], input=stream,
                          capture_output=True, check=True, timeout=60)
    pictures = [line for line in done.stdout.decode().splitlines() if not line.startswith("#")]
    return done.stderr.decode(), len(pictures), len(units) - first


def check_follows(units, sent):
    """Every access unit is the next of those."""
    wanted = [slices(unit) for unit in sent]
    at = wanted.index(slices(units[0]))
    for number, unit in enumerate(units):
        assert slices(unit) == wanted[(at + number) % len(wanted)], f"access unit {number}"


@pytest.mark.parametrize("pyramid", [False, True])
def test_b_frames_are_passed_and_named(make_lab, pyramid):
    lab = start(make_lab, "pass", *(["--pyramid"] if pyramid else []))
    lab.until_running()
    units = captured(lab, 3 * FPS)
    check_follows(units, clip_of(pyramid).units)
    row = until(lambda: lab.rows()["cam1"]["b_frames"] > 20 and lab.rows()["cam1"], "B slices in the status")
    assert row["b_dropped"] == 0
    assert "bframes = drop" in lab.camctl("show", "cam1")


def test_b_frames_are_left_out_and_the_rest_is_in_order(make_lab):
    lab = start(make_lab, "drop")
    lab.until_running()
    units = captured(lab, 2 * FPS)
    left = [unit for unit in clip_of(False).units if not is_b_unit(unit)]
    assert len(left) < len(clip_of(False).units) / 2
    check_follows(units, left)
    steps = [(b.timestamp - a.timestamp) & 0xffffffff for a, b in zip(units, units[1:])]
    assert all(0 < step <= 3 * TICKS + TICKS / 4 for step in steps), steps
    said, decoded, sent = decode(units)
    assert (said, decoded) == ("", sent)
    assert re.search(r"B-frames: \d+ left out", lab.camctl("show", "cam1"))
    row = lab.rows()["cam1"]
    assert row["b_frames"] == row["b_dropped"] > 0


def test_b_frames_that_others_refer_to_stay(make_lab):
    lab = start(make_lab, "drop", "--pyramid")
    lab.until_running()
    units = captured(lab, 2 * FPS)
    clip = clip_of(True)
    kept = [unit for unit in clip.units if is_b_unit(unit) and not is_disposable(unit)]
    assert kept, "x264 made a pyramid"
    check_follows(units, [unit for unit in clip.units if not is_disposable(unit)])
    said, decoded, sent = decode(units)
    assert (said, decoded) == ("", sent)
    row = until(lambda: lab.rows()["cam1"]["b_dropped"] > 20 and lab.rows()["cam1"], "B slices left out")
    assert row["b_frames"] > row["b_dropped"]
    assert "pictures refer to them" in lab.camctl("show", "cam1")


def test_a_camera_with_b_frames_can_be_refused(make_lab):
    lab = start(make_lab, "refuse")
    sentence = "the camera sends B-frames, which bframes = refuse does not publish"
    row = until(lambda: lab.rows()["cam1"]["health"] == "offline" and lab.rows()["cam1"].get("error") and lab.rows()["cam1"], "offline")
    assert row["error"] == sentence
    assert lab.sfu_packets("cam1") == 0
    tried = lab.camera_state("cam1")["connections"]
    until(lambda: lab.camera_state("cam1")["connections"] > tried + 2, "it is tried for ever")
    # The other clip is of the baseline profile, which has none.
    lab.camera_fault("cam1", "switch")
    lab.until_running()
    until(lambda: lab.sfu_packets("cam1") > 20, "packets at the SFU")


@pytest.mark.alone
def test_a_browser_shows_what_is_left_smoothly(make_lab):
    """Chromium, sent to without an SFU: the same pictures with the B-frames left out, and with them."""
    fps, wanted = 30, 80
    lab = make_lab(cameras=2, camera_args=("--bframes", 2, "--fps", fps), supervisor={"start_stagger": "0s"})
    lab.own_keys = {"cam1": {"bframes": "drop"}, "cam2": {"bframes": "pass"}}
    viewer = lab.view_directly("--meter")
    lab.start()

    def shown(name):
        return (lab.seen(viewer, name).get("meter") or {"numbers": []})["numbers"]

    until(lambda: all(shown(name) and "framesDecoded" in lab.seen(viewer, name) for name in lab.names), "both are shown")
    begin = {name: len(shown(name)) for name in lab.names}
    before = {name: lab.seen(viewer, name) for name in lab.names}
    until(lambda: len(shown("cam1")) >= begin["cam1"] + wanted, f"{wanted} pictures without B-frames")
    after = {name: lab.seen(viewer, name) for name in lab.names}
    decoded = {name: after[name]["framesDecoded"] - before[name]["framesDecoded"] for name in lab.names}
    numbers = shown("cam1")[begin["cam1"]:]
    frames = clips.Spec(fps=fps).frames
    assert counter.jumps_back(numbers, frames) == []
    # Two of three were left out: the next is at most three further, but for those that the page did not look at in time.
    assert sum(step <= 3 for _, step in counter.steps(numbers, frames)) > 0.9 * len(numbers)
    assert after["cam1"]["freezeCount"] == before["cam1"]["freezeCount"], after["cam1"]
    print(f"decoded {decoded}, longest time between two pictures {counter.longest_ms(numbers):.0f} ms")
    # Chromium wants pictures in the order of their showing: beside the key picture hardly one of a GOP with B-frames is decoded.
    assert decoded["cam1"] > 2 * decoded["cam2"], decoded
