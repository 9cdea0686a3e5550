"""Workers and camrelayd are killed, restarted and stopped, by accident and by an operator: what that costs, and what is left.

Three cameras whose streams live for five minutes, so that Google is not called by itself while this lasts: every call in its
record is one that a restart has cost.
"""
import contextlib
import ctypes
import os
import re
import signal
import time

import pytest

from lab import Lab, until
from pace import Pace

CAMERAS = 3
# A start takes 2 s, and the GOP of the stand-in.
SENDING_AGAIN_S = 2 + 1
# Pictures come every 67 ms; what a neighbour's death must not make of that, where the machine did not (sim/witness.py).
GAP_MS = 500
STOP_S = 5
# CONTRACT_PING_TIMEOUT_MS of proto/contract.h
SILENCE_S = 20


@pytest.fixture(name="lab", scope="module")
def three_cameras():
    with Lab(cameras=CAMERAS, camera_args=("--profile", "baseline"), supervisor={"start_stagger": "100ms"}, window=6,
             reference=True) as lab:
        lab.start()
        lab.until_running()
        yield lab
        assert lab.close() == 0


@pytest.fixture(name="viewer", scope="module")
def viewer_of_all(lab):
    viewer = lab.view()
    lab.until_decoding(viewer)
    lab.until_witnessed(viewer)
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
        self.before = {name: self.look(name) for name in others}
        self.frames = {name: lab.frames(viewer, name) for name in others}
        viewer.lines.queue.clear()

    def look(self, name):
        """What must be the same afterwards."""
        row, track, seen = self.lab.rows()[name], self.lab.sfu_track(name), self.lab.seen(self.viewer, name)
        return {"pid": row["pid"], "dropped": row["dropped"], "nacks": row["nacks"], "session": track["session"],
                "lost at the SFU": track["rtcp"]["lost"], "lost at the viewer": seen["packetsLost"],
                "pulls": seen["pulls"], "connections": self.lab.camera_state(name)["connections"]}

    def check(self):
        lines = list(self.viewer.lines.queue)
        assert self.lab.calls()[self.calls:] == []
        for name in self.others:
            assert self.look(name) == self.before[name]
            assert max(line["cameras"][f"{name}-video"]["own_gap_since_line_ms"] for line in lines) < GAP_MS
            assert self.lab.frames(self.viewer, name) > self.frames[name]


def kill_and_wait(lab, name, number):
    """Until the SFU has packets of a session that is not the old one, which must be soon, as far as the machine goes."""
    old, pid = lab.sfu_track(name)["session"], lab.pid(name)
    with Pace() as pace:
        start = time.monotonic()
        os.kill(pid, number)
        until(lambda: (lab.sfu_track(name) or {"session": old})["session"] != old and lab.sfu_packets(name) > 0,
              f"{name} sends again")
        took = time.monotonic() - start
    assert took < pace.allowed(SENDING_AGAIN_S)


def others(lab, name):
    return [other for other in lab.names if other != name]


def test_kill_9_of_a_worker_costs_no_call_and_the_others_no_packet(lab, viewer):
    watch = Watch(lab, viewer, others(lab, "cam1"))
    old = lab.rows()["cam1"]
    kill_and_wait(lab, "cam1", signal.SIGKILL)
    lab.until_decoding(viewer)
    watch.check()
    row = lab.rows()["cam1"]
    assert (row["gen"], row["restarts"], row["state"]) == (old["gen"] + 1, old["restarts"] + 1, "running")
    assert re.search(r"cam=cam1 worker died .*signal 9", lab.log())


def test_kill_of_a_worker_is_an_operators_restart(lab, viewer):
    watch = Watch(lab, viewer, others(lab, "cam2"))
    old = lab.rows()["cam2"]
    kill_and_wait(lab, "cam2", signal.SIGTERM)
    lab.until_decoding(viewer)
    watch.check()
    assert lab.rows()["cam2"]["gen"] == old["gen"] + 1


def test_a_worker_that_dies_again_and_again_after_it_was_ready_is_started_at_once_each_time(lab, viewer):
    for _ in range(3):
        kill_and_wait(lab, "cam1", signal.SIGKILL)
        lab.until_running(["cam1"])
    lab.until_decoding(viewer)


def test_camctl_restart_waits_until_the_media_flows_again(lab, viewer):
    watch = Watch(lab, viewer, others(lab, "cam3"))
    old, session = lab.rows()["cam3"], lab.sfu_track("cam3")["session"]
    lab.camctl("restart", "cam3", "--wait")
    row = lab.rows()["cam3"]
    assert (row["phase"], row["gen"]) == ("running", old["gen"] + 1) and row["pid"] != old["pid"]
    assert lab.sfu_track("cam3")["session"] != session
    lab.until_decoding(viewer)
    watch.check()
    assert not is_there(old["pid"])


def test_camctl_restart_all_restarts_all_and_costs_no_call(lab, viewer):
    calls, old = len(lab.calls()), lab.rows()
    lab.camctl("restart", "all", "--wait")
    rows = lab.rows()
    assert all(rows[n]["gen"] == old[n]["gen"] + 1 and rows[n]["phase"] == "running" for n in lab.names)
    lab.until_decoding(viewer)
    assert len(lab.calls()) == calls


def test_camctl_stop_ends_worker_and_stream_and_start_generates_one(lab, viewer):
    watch = Watch(lab, viewer, others(lab, "cam2"))
    pid, commands = lab.pid("cam2"), lab.commands("cam2")
    lab.camctl("stop", "cam2", "--wait")
    row = lab.rows()["cam2"]
    assert (row["state"], row["pid"]) == ("stopped", 0) and not is_there(pid)
    until(lambda: lab.sfu_track("cam2") is None, "the track is closed")
    until(lambda: lab.commands("cam2") == commands + ["stop"], "Google is told")
    until(lambda: lab.camera_state("cam2")["connected"] == [], "no RTSP connection")
    lab.camctl("start", "cam2", "--wait")
    assert lab.rows()["cam2"]["phase"] == "running"
    assert lab.commands("cam2") == commands + ["stop", "generate"]
    lab.until_decoding(viewer)
    watch.calls = len(lab.calls())
    watch.check()


# ---- a thread that hangs ----------------------------------------------------------------------------------------------

PTRACE_ATTACH, PTRACE_DETACH, WALL = 16, 17, 0x40000000
POLL = "7"  # x86-64


def thread(pid, name):
    for tid in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{tid}/comm", encoding="utf-8") as f:
            if f.read().strip() == name:
                return int(tid)
    raise AssertionError(f"{pid} has no thread {name}")


def test_a_worker_whose_media_thread_hangs_ends_itself(make_lab):
    """A debugger stops just that thread: the loop goes on answering pings, but no picture comes any more."""
    lab = make_lab(cameras=1, supervisor={"media_stall": "1s"}).start()
    lab.until_running()
    pid, calls = lab.pid("cam1"), len(lab.calls())
    libc, tid = ctypes.CDLL(None, use_errno=True), thread(pid, "media")

    def stopped_while_it_waits():
        """Elsewhere it might hold a lock that the loop needs too: then that hangs as well, and camrelayd has to notice."""
        assert libc.ptrace(PTRACE_ATTACH, tid, None, None) == 0, os.strerror(ctypes.get_errno())
        os.waitpid(tid, WALL)
        with open(f"/proc/{pid}/task/{tid}/syscall", encoding="utf-8") as f:
            if f.read().split()[0] == POLL:
                return True
        assert libc.ptrace(PTRACE_DETACH, tid, None, None) == 0, os.strerror(ctypes.get_errno())
        return False
    until(stopped_while_it_waits, "its media thread waits for packets")

    def replaced():
        with contextlib.suppress(ChildProcessError):  # a traced thread is not gone until its tracer has been told
            os.waitpid(tid, os.WNOHANG | WALL)
        return lab.pid("cam1") not in (None, pid)
    until(replaced, "another worker")
    assert "media thread hangs" in lab.log()
    lab.until_running()
    assert len(lab.calls()) == calls


# ---- the end of camrelayd ---------------------------------------------------------------------------------------------


@pytest.fixture(name="two")
def two_cameras(make_lab):
    lab = make_lab(cameras=2, window=6, supervisor={"start_stagger": "100ms"}).start()
    lab.until_running()
    return lab


def freeze_a_worker(lab):
    os.kill(lab.pid("cam1"), signal.SIGSTOP)


def silence_the_sfu(lab):
    lab.sfu_fault(match="tracks_close", action="hang", seconds=30, count=10)


def silence_google(lab):
    lab.google_fault(action="hang", seconds=30, match={"kind": "extend"})
    lab.camctl("extend", "cam1")
    until(lambda: lab.commands("cam1")[-1] == "extend", "a call is on its way")


@pytest.mark.parametrize("trouble", [None, freeze_a_worker, silence_the_sfu, silence_google])
def test_a_graceful_stop_takes_five_seconds_at_most_and_leaves_nothing(two, trouble):
    workers = [row["pid"] for row in two.rows().values()]
    if trouble:
        trouble(two)
    with Pace() as pace:
        start = time.monotonic()
        code = two.daemon.stop()
        took = time.monotonic() - start
    assert code == 0 and took < pace.allowed(STOP_S)
    assert not any(is_there(pid) for pid in workers)
    assert [file for _, _, files in os.walk(two.run_dir) for file in files] == []
    # Streams are kept: they expire by themselves.
    assert "stop" not in two.commands("cam1") + two.commands("cam2")
    if trouble is not silence_the_sfu:
        assert two.sfu_state()["published"] == []
        # 410: the worker's own farewell, DTLS' close, was there first.
        assert {c["status"] for c in two.sfu_calls(op="tracks_close")} <= {200, 410}
    assert " error " not in two.log()


def test_workers_outlive_a_supervisor_that_stood_still_for_longer_than_they_may(two):
    """As when its machine is suspended, or swaps: what the workers said meanwhile waits to be read."""
    workers = {name: row["pid"] for name, row in two.rows().items()}
    stopped = time.monotonic()
    two.daemon.process.send_signal(signal.SIGSTOP)
    try:
        until(lambda: time.monotonic() > stopped + SILENCE_S + 2, "their time has passed")
    finally:
        two.daemon.process.send_signal(signal.SIGCONT)
    frames = {name: row["frames"] for name, row in two.rows().items()}
    until(lambda: all(row["frames"] > frames[name] for name, row in two.rows().items()), "they are heard again")
    assert {name: row["pid"] for name, row in two.rows().items()} == workers
    assert "worker hangs" not in two.log()


def test_workers_whose_supervisor_was_killed_end_and_the_next_one_starts(two):
    workers = [row["pid"] for row in two.rows().values()]
    two.daemon.process.kill()
    two.daemon.process.wait()
    until(lambda: not any(is_there(pid) for pid in workers), "the workers' end")
    two.start()
    two.until_running()
