"""test_witness.py - a gap that is the machine's is told apart from one that is the publisher's."""
import os
import signal
import time

import pytest

from sfu_lab import Process, Sfu, publishing, running, until
from standins import Standin, http
from witness import SETTLED_MS, WITNESS_MAX_MS, Gauge, Stalls

PERIOD = 67
LIMIT_MS = 1000
STOP_S = 1.5


# ---- the rule

def watched(*gaps, stalls=None, is_witness=False, end=60000):
    """A gauge that saw a picture every 67 ms, but for these gaps (begin, end)."""
    gauge = Gauge(0, stalls or Stalls(), is_witness)
    for at in range(0, end, PERIOD):
        if not any(begin < at < finish for begin, finish in gaps):
            gauge.tick(at)
    gauge.nothing(end)
    return gauge


def with_reference(*gaps, **more):
    """What the reference's gaps say of the machine."""
    return watched(*gaps, is_witness=True, **more).stalls


def test_a_gap_that_nobody_else_had_is_the_cameras_own():
    report = watched((10000, 12000), stalls=with_reference()).report()
    assert 2000 <= report["longest_own_gap_ms"] == report["longest_gap_ms"] <= 2000 + 2 * PERIOD


def test_a_gap_that_the_reference_had_too_is_the_machines():
    report = watched((10000, 12000), stalls=with_reference((9900, 12100))).report()
    assert report["longest_gap_ms"] >= 2000 and report["longest_own_gap_ms"] <= PERIOD


def test_a_stall_excuses_no_more_than_its_own_length():
    report = watched((10000, 13000), stalls=with_reference((10000, 11000))).report()
    assert 1800 <= report["longest_own_gap_ms"] <= 2100


def test_a_stall_at_another_time_excuses_nothing():
    report = watched((10000, 12000), stalls=with_reference((5000, 9000), (12500, 15000))).report()
    assert report["longest_own_gap_ms"] >= 2000


def test_two_witnesses_of_one_stall_excuse_it_once():
    stalls = with_reference((10000, 11000))
    stalls.add(10000, 11000)
    assert watched((10000, 13000), stalls=stalls).report()["longest_own_gap_ms"] >= 1800


def test_a_reference_that_died_excuses_nothing():
    stalls = with_reference((5000, 10000 + WITNESS_MAX_MS), end=5000)
    reference = next(iter(stalls.open))
    reference.nothing(5001 + WITNESS_MAX_MS)
    assert watched((5100, 8000), stalls=stalls).report()["longest_own_gap_ms"] >= 2900


def test_what_was_before_the_references_first_picture_is_not_judged():
    stalls = Stalls(awaited=True)
    camera = watched((1000, 4000), (10000, 12000), stalls=stalls, end=13000)
    assert camera.report()["longest_own_gap_ms"] == 0, "there is nobody to ask"
    watched(stalls=stalls, is_witness=True).report()
    stalls.since = 5000
    assert 2000 <= camera.report()["longest_own_gap_ms"] <= 2000 + 2 * PERIOD


def test_a_gap_that_goes_on_counts_and_so_does_the_references():
    stalls = Stalls()
    camera, reference = watched(stalls=stalls, end=5000), watched(stalls=stalls, is_witness=True, end=5000)
    camera.nothing(7000)
    assert camera.report()["longest_own_gap_ms"] >= 2000
    reference.nothing(7000)
    assert camera.report()["longest_own_gap_ms"] <= PERIOD


def test_a_gap_is_judged_for_good_before_the_stalls_are_forgotten():
    stalls = with_reference((10000, 12000))
    camera = watched((10000, 12000), (20000, 21500), stalls=stalls, end=21600)
    for at in range(21600, 23000 + SETTLED_MS, PERIOD):
        camera.tick(at)
    camera.report()
    stalls.forget(21600)
    assert stalls.intervals == [] and camera.unsettled == []
    assert 1500 <= camera.report()["longest_own_gap_ms"] <= 1500 + 2 * PERIOD


def test_the_decoder_knows_better_than_who_looks_late():
    camera = watched(end=5000)
    camera.tick(7000, longest=80)
    assert camera.longest <= 80, "the look was late, the pictures were not"
    camera.tick(7100, longest=1400)
    assert camera.longest == 1400, "the picture before the gap was seen after it"


def test_who_saw_that_nothing_came_knows_better_than_the_decoder():
    camera = watched(end=5000)
    camera.tick(7000, longest=80, nothing_until=6900)
    assert camera.longest >= 1900


# ---- with media: a camera by a publisher of its own, the reference by another

@pytest.fixture(scope="module")
def sfu():
    with running(Sfu("--pull-wait", "2")) as process:
        yield process


@pytest.fixture(scope="module")
def source():
    """The RTSP URL of a camera for the reference."""
    camera = Standin("camera.py", "--cameras", "1", "--static")
    yield camera.ready["static"]["cam1"]
    assert camera.stop() == 0


@pytest.fixture(name="watching", params=["viewer.py", "viewer_aiortc.py"])
def watching_a_camera_and_a_reference(request, sfu, source):
    with publishing(sfu, "--source", source, name="reference"), publishing(sfu) as publisher:
        with running(Process(request.param, "--api", sfu.api, "--discover", "check", "--reference",
                             "reference")) as viewer:
            viewer.line_with(lambda line: frames(line["cameras"].get("check")) > 30
                             and frames(line["witness"]["reference"]) > 15, "both decoded", 60)
            yield viewer, publisher


def frames(row):
    return (row or {}).get("framesDecoded", 0)


def check(line):
    return line["cameras"]["check"]


def test_a_publisher_that_stops_is_not_excused(watching):
    viewer, publisher = watching
    before = check(viewer.lines[-1])["longest_own_gap_ms"]
    assert before < LIMIT_MS
    publisher.signal(signal.SIGSTOP)
    line = viewer.line_with(lambda line: check(line)["longest_own_gap_ms"] > 2 * LIMIT_MS, "the gap", 60)
    publisher.signal(signal.SIGCONT)
    decoded = frames(check(line))
    after = viewer.line_with(lambda line: frames(check(line)) > decoded + 30, "pictures again", 60)
    assert check(after)["longest_own_gap_ms"] > 1.9 * LIMIT_MS, "it is remembered when it is over"
    assert frames(after["witness"]["reference"]) > frames(line["witness"]["reference"])


def family(pid):
    """The process and all that it has started."""
    children = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
            children += map(int, file.read().split())
    return [pid, *(one for child in children for one in family(child))]


def test_a_stop_of_the_whole_viewer_is_excused(watching):
    viewer, _ = watching
    stopped = family(viewer.process.pid)
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    end = time.monotonic() + STOP_S
    until(lambda: time.monotonic() > end, "the stall")
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)
    decoded = frames(check(viewer.lines[-1]))
    line = viewer.line_with(lambda line: frames(check(line)) > decoded + 60
                            and line["witness"]["longest_stall_ms"] > 1000, "pictures again", 60)
    gap, own = check(line)["longest_gap_ms"], check(line)["longest_own_gap_ms"]
    assert gap > STOP_S * 1000, "as it was measured"
    # What a browser takes to show pictures again after that is its own: half a second, or a second.
    assert own < gap - 0.5 * STOP_S * 1000, line
