"""camrelayd ends within five seconds with 0, whatever its workers and the SFU do, and leaves no process behind."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../sim"))
from lab import Lab, until  # noqa: E402

STOP_S = 5


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def is_gone(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def stop(lab, number=signal.SIGTERM):
    """-> (exit code, seconds that it took)"""
    start = time.monotonic()
    lab.daemon.process.send_signal(number)
    code = lab.daemon.process.wait(3 * STOP_S)
    return code, time.monotonic() - start


def test_on_sigterm_the_tracks_are_closed_and_the_streams_are_left_to_expire():
    with Lab(cameras=2, supervisor={"start_stagger": "100ms"}) as lab:
        lab.start()
        rows = lab.until_running()
        code, seconds = stop(lab)
        assert code == 0 and seconds < STOP_S
        assert all(is_gone(row["pid"]) for row in rows.values())
        # The worker's goodbye by DTLS may be there first: then the SFU says that the session is over.
        closed = {c["session"]: c["status"] for c in lab.sfu_calls(op="tracks_close")}
        assert set(closed) == {row["session"] for row in rows.values()}
        assert set(closed.values()) <= {200, 410}
        assert not lab.calls(kind="stop")
        assert "supervisor stopped clean=yes" in lab.log()
        assert os.listdir(lab.run_dir + "/worker") == []
        assert not os.path.exists(lab.run_dir + "/control.ipc")


def test_an_sfu_that_does_not_answer_holds_up_nobody():
    with Lab(cameras=1) as lab:
        lab.start()
        lab.until_running()
        lab.sfu_fault(match="tracks_close", action="hang", seconds=30, count=10)
        code, seconds = stop(lab, signal.SIGINT)
        assert code == 0 and seconds < STOP_S
        assert "supervisor stopped clean=no" in lab.log()


def test_a_worker_that_ignores_sigterm_is_killed(tmp_path):
    script = tmp_path / "worker"
    script.write_text("#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 0.1; done\n")
    script.chmod(0o755)
    with Lab(cameras=1, window=3,
             supervisor={"worker": str(script), "kill_timeout": "500ms", "start_stagger": "100ms"}) as lab:
        lab.start()
        worker = until(lambda: lab.pid("cam1"), "the worker runs", 10)
        assert lab.camctl("--wait", "stop", "cam1") == "stopping\n"
        assert is_gone(worker)
        lab.camctl("start", "cam1")
        worker = until(lambda: lab.pid("cam1"), "the worker runs again", 10)
        code, seconds = stop(lab)
        assert code == 0 and seconds < STOP_S
        assert is_gone(worker)


def test_a_stop_that_comes_during_a_start_is_a_stop():
    """While a token, a Generate and a publication are on their way."""
    with Lab(cameras=1) as lab:
        lab.google_fault(match={"kind": "generate"}, action="hang", seconds=30)
        lab.start()
        until(lambda: lab.calls(kind="generate"), "Generate is on its way", 10)
        code, seconds = stop(lab)
        assert code == 0 and seconds < STOP_S


def test_workers_of_a_supervisor_that_was_killed_end_by_themselves():
    with Lab(cameras=2, supervisor={"start_stagger": "100ms"}) as lab:
        lab.start()
        lab.until_running()
        workers = children(lab.daemon.process.pid)
        assert len(workers) == 2
        code, _ = stop(lab, signal.SIGKILL)
        assert code == -signal.SIGKILL
        until(lambda: all(map(is_gone, workers)), "the workers have ended", 10)
