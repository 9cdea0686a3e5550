"""Workers and camrelayd are killed, restarted and stopped, by accident and by an operator: what that costs, and what is left.

Three cameras whose streams live for five minutes, so that Google is not called by itself while this lasts: every call in its
record is one that a restart has cost.
"""
import os
import re
import signal
import time

import pytest

from lab import Lab, until

CAMERAS = 3
# Issue 2, item 2: 2 s, and the GOP of the stand-in.
SENDING_AGAIN_S = 2 + 1
# Pictures come every 67 ms; what a neighbour's death must not make of that, on a busy machine.
GAP_MS = 500
STOP_S = 5


@pytest.fixture(name="lab", scope="module")
def three_cameras():
    with Lab(cameras=CAMERAS, camera_args=("--profile", "baseline"), supervisor={"start_stagger": "100ms"}, window=6) as lab:
        lab.start()
        lab.until_running()
        yield lab
        assert lab.close() == 0


@pytest.fixture(name="viewer", scope="module")
def viewer_of_all(lab):
    viewer = lab.view()
    lab.until_decoding(viewer)
    return viewer


def is_there(pid):
    """Whether the process lives; a zombie does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Watch:
    """What the others must not notice, and Google neither: the moment it is made is where the counting starts."""

    def __init__(self, lab, viewer, others):
        self.lab, self.viewer, self.others = lab, viewer, others
        self.calls = len(lab.calls())
        self.rows = lab.rows()
        self.sessions = {name: lab.sfu_track(name)["session"] for name in others}
        self.frames = {name: lab.frames(viewer, name) for name in others}
        self.lines = []

    def check(self):
        assert self.lab.calls()[self.calls:] == []
        rows = self.lab.rows()
        for name in self.others:
            track, seen = self.lab.sfu_track(name), self.lab.seen(self.viewer, name)
            assert rows[name]["pid"] == self.rows[name]["pid"]
            assert (track["session"], track["rtcp"]["lost"], track["nacked_seqs"]) == (self.sessions[name], 0, 0)
            assert rows[name]["dropped"] == 0
            assert (seen["packetsLost"], seen["pulls"]) == (0, 1)
            assert seen["longest_gap_ms"] < GAP_MS
            assert seen["framesDecoded"] > self.frames[name]


def until_sending(lab, name, old_session):
    """Seconds until the SFU has packets of a session that is not the old one."""
    start = time.monotonic()
    until(lambda: (lab.sfu_track(name) or {"session": old_session})["session"] != old_session
          and lab.sfu_packets(name) > 0, f"{name} sends again", 20)
    return time.monotonic() - start


def test_kill_9_of_a_worker_costs_no_call_and_the_others_no_packet(lab, viewer):
    watch = Watch(lab, viewer, ["cam2", "cam3"])
    old = lab.rows()["cam1"]
    session = lab.sfu_track("cam1")["session"]
    os.kill(old["pid"], signal.SIGKILL)
    took = until_sending(lab, "cam1", session)
    assert took < SENDING_AGAIN_S
    lab.until_decoding(viewer, deadline_s=10)
    watch.check()
    row = lab.rows()["cam1"]
    assert row["pid"] != old["pid"]
    assert (row["gen"], row["restarts"], row["state"]) == (old["gen"] + 1, old["restarts"] + 1, "running")
    assert re.search(r'cam=cam1 worker died .*signal 9|cam=cam1 worker died .*sig=9', lab.log())


def test_kill_of_a_worker_is_an_operators_restart(lab, viewer):
    watch = Watch(lab, viewer, ["cam1", "cam3"])
    old = lab.rows()["cam2"]
    session = lab.sfu_track("cam2")["session"]
    os.kill(old["pid"], signal.SIGTERM)
    assert until_sending(lab, "cam2", session) < SENDING_AGAIN_S
    lab.until_decoding(viewer, ["cam2"], deadline_s=10)
    assert watch.calls == len(lab.calls())
    assert lab.rows()["cam2"]["gen"] == old["gen"] + 1
