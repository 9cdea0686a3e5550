"""The store (supervisor/store.h) and kill -9, through tests/integration/store_probe.

A process that writes as fast as it can is killed at 200 random moments: while it opens the store, makes it, writes,
and while the write-ahead log goes back into the file. Whoever comes next must find a store that opens, and in it no
stream and no event that is older than the last one that was acknowledged.
"""

import glob
import os
import random
import re
import signal
import subprocess

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("CAMRELAY_BUILD", os.path.join(TOP, "build"))
SANITIZED = os.path.basename(BUILD.rstrip("/")).removeprefix("build").replace("-", ",").lstrip(",")
PROBE = os.path.join(TOP, BUILD, "tests", "integration", "store_probe")
KILLS = 200
# Of a store's life until it is made anew: most kills meet a store that was killed before, some its beginning.
LIFE = 10


def killed_after(directory, seconds):
    """What the probe said until it was killed."""
    p = subprocess.Popen([PROBE, directory, "write"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        out, err = p.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        p.send_signal(signal.SIGKILL)
        out, err = p.communicate()
    return p.returncode, out, err


def killed_when_ready(directory):
    """The same, until it had said what it found."""
    with subprocess.Popen([PROBE, directory, "write"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as p:
        lines = []
        for line in p.stdout:
            lines.append(line)
            if line == "ready 0\n":
                break
        p.kill()
    return "".join(lines)


class Acknowledged:
    """What the writers of one store said they had written; found() judges what the next one finds."""

    def __init__(self):
        self.streams, self.event = {}, 0

    def hear(self, out):
        # The last line may be cut: it was not said. A writer that was not ready yet has written nothing.
        lines = out.split("\n")[:-1]
        ready = lines.index("ready 0") if "ready 0" in lines else None
        if ready is not None:
            self.found(lines[:ready])
            for line in lines[ready + 1:]:
                self.take(line)
        return ready is not None, len(lines)

    def take(self, line):
        what, *numbers = line.split()
        if what == "put":
            self.streams[int(numbers[0])] = int(numbers[1])
        else:
            assert what == "event"
            self.event = int(numbers[0])

    def found(self, lines):
        streams = {int(n[1]): int(n[2]) for n in (line.split() for line in lines) if n[0] == "found"}
        event = max([int(line.split()[1]) for line in lines if line.startswith("event")], default=0)
        # One more than acknowledged may be there: it was killed between writing and saying so.
        for camera, extends in self.streams.items():
            assert streams.get(camera, -1) - extends in (0, 1), f"camera {camera} of {extends}"
        assert event - self.event in (0, 1)
        # Where the former one was killed before it could say so, this is what counts from here on.
        self.streams, self.event = streams, event


def test_two_hundred_kills_lose_nothing_that_was_acknowledged(tmp_path):
    seed = int(os.environ.get("CAMRELAY_SEED", random.randrange(1 << 30)))
    rng = random.Random(seed)
    print("seed", seed)
    slow = 5 if SANITIZED else 1
    told = early = 0
    for kill in range(KILLS):
        if kill % LIFE == 0:
            directory, acknowledged = str(tmp_path / f"state-{kill}"), Acknowledged()
            limit = 0.008
        seconds = rng.uniform(0, limit) * slow
        code, out, err = killed_after(directory, seconds)
        assert code == -signal.SIGKILL, f"kill {kill}, seed {seed}: {err}"
        assert "damaged" not in err and "failed" not in err, f"kill {kill}, seed {seed}: {err}"
        ready, lines = acknowledged.hear(out)
        told += lines
        early += not ready
        limit = rng.choice([0.02, 0.1])
        if kill % LIFE == LIFE - 1:
            ready, _ = acknowledged.hear(killed_when_ready(directory))
            assert ready, f"kill {kill}, seed {seed}"
            assert not glob.glob(os.path.join(directory, "*damaged*"))
    print(f"{KILLS} kills, {early} of them while the store was being opened; {told} lines said")
    assert told > 10 * KILLS and early > 5


def test_the_bench_prints_how_long_each_kind_of_write_takes(tmp_path):
    done = subprocess.run([PROBE, str(tmp_path / "state"), "bench"], capture_output=True, text=True, check=True, timeout=120)
    print(done.stdout, done.stderr)
    medians = {name: int(us) for name, us in re.findall(r"^(\w+) median_us=(\d+)", done.stdout, re.M)}
    assert set(medians) == {"put_stream", "add_event", "add_call", "set_counter"}
