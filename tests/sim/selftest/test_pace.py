"""test_pace.py - a busy machine gives a limit more room, an idle one none."""
import os
import signal
import subprocess
import time

import pytest

from sfu_lab import until
from pace import Pace, allowed


def test_an_idle_machine_gives_no_more_than_the_limit():
    assert allowed(3, []) == 3
    assert allowed(3, [(0.0001, 0.004, 0.004)] * 50) == 3


def test_shared_cpus_stretch_the_limit():
    assert allowed(3, [(0.001, 0.004, 0.012)] * 50) == pytest.approx(9)


def test_a_second_in_which_the_machine_stood_still_counts_once():
    assert allowed(3, [(0, 0.004, 0.004)] * 30 + [(1.0, 0.004, 0.004)]) == pytest.approx(4)
    assert allowed(3, [(0, 0.004, 0.004)] * 30 + [(0, 0.004, 1.004)]) == pytest.approx(4)


def on_the_first_cpu(command):
    cpu = min(os.sched_getaffinity(0))
    return subprocess.Popen(command, preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))


def test_neighbours_on_the_cpu_are_seen():
    with Pace() as pace:
        os.sched_setaffinity(pace.process.pid, {min(os.sched_getaffinity(0))})
        busy = [on_the_first_cpu(["sh", "-c", "while :; do :; done"]) for _ in range(4)]
        try:
            pace.ticks.clear()
            until(lambda: len(pace.ticks) > 20 and pace.allowed(1) > 1.5, "the pace falls")
        finally:
            for process in busy:
                process.kill()
                process.wait()


def test_a_machine_that_stands_still_is_seen():
    with Pace() as pace:
        until(lambda: pace.ticks, "a tick")
        pace.process.send_signal(signal.SIGSTOP)
        end = time.monotonic() + 0.5  # the stall
        until(lambda: time.monotonic() > end, "the stall")
        pace.process.send_signal(signal.SIGCONT)
        until(lambda: pace.allowed(0) >= 0.4, "it is seen")
