"""Ends that are not waited for: of a worker that ignores SIGTERM, and of camrelayd in the middle of a start."""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../sim"))
from lab import Lab, until  # noqa: E402
from pace import Pace  # noqa: E402

STOP_S = 5


def is_gone(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def stop(lab):
    """Exit code 0, in time as far as the machine goes. Returns when SIGTERM was sent."""
    with Pace() as pace:
        start = time.monotonic()
        lab.daemon.process.send_signal(signal.SIGTERM)
        code = lab.daemon.process.wait(60)
        took = time.monotonic() - start
    assert code == 0 and took < pace.allowed(STOP_S)
    return start


def test_a_worker_that_ignores_sigterm_is_killed(tmp_path):
    script = tmp_path / "worker"
    script.write_text("#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 0.1; done\n")
    script.chmod(0o755)
    with Lab(cameras=1, window=3,
             supervisor={"worker": str(script), "kill_timeout": "500ms", "start_stagger": "100ms"}) as lab:
        lab.start()
        worker = until(lambda: lab.pid("cam1"), "the worker runs")
        assert lab.camctl("--wait", "stop", "cam1") == "stopping\n"
        assert is_gone(worker)
        lab.camctl("start", "cam1")
        worker = until(lambda: lab.pid("cam1"), "the worker runs again")
        stop(lab)
        assert is_gone(worker)


def test_a_stop_that_comes_during_a_start_is_a_stop():
    """While a token, a Generate and a publication are on their way."""
    with Lab(cameras=1) as lab:
        lab.google_fault(match={"kind": "generate"}, action="hang", seconds=30)
        lab.start()
        until(lambda: lab.calls(kind="generate"), "Generate is on its way")
        stop(lab)


def test_an_extend_on_its_way_is_heard_out_and_nothing_else_leaves():
    """Google has carried it out: without its answer camrelayd would come back with a token that is used up."""
    with Lab(cameras=3, lifetime=60, window=6, supervisor={"start_stagger": "100ms"}, state=True) as lab:
        lab.start()
        lab.until_running()
        lab.google_fault(match={"kind": "extend"}, action="slow", seconds=1.5)
        for name in lab.names:
            lab.camctl("extend", name)
        until(lambda: lab.calls(kind="extend"), "the first Extend is on its way")
        stopped = stop(lab)
        assert not [call for call in lab.calls() if call["mono"] > stopped]
        first = lab.calls(kind="extend")[0]
        assert first["fault"] == "slow" and first["status"] == 200
        lab.start()
        lab.until_running()
        lab.camctl("--wait", "extend", first["name"])
        assert [call["status"] for call in lab.calls(name=first["name"])] == [200, 200, 200]
        assert len(lab.calls(kind="generate")) == 3
