#!/usr/bin/python3
"""pace.py - how much slower than an idle one the machine is just now, told by a process that does a little work.

For tests of times that the product promises: a limit is for a machine that is there for it, so what the machine took is
added. `with Pace() as pace: ...; assert took < pace.allowed(3)`. On an idle machine allowed(3) is 3.
Run as a program it is the process that works: one line per tick, "seconds late, CPU seconds of work, seconds it took".
"""
import os
import subprocess
import sys
import threading
import time

PERIOD_S, WORK_S = 0.05, 0.004
# A tick that is so late, or whose work takes so much longer, is no matter of sharing: the machine stood still.
STILL_S = 0.1


def stood_still(tick):
    """Seconds of this tick in which nothing went on."""
    late, cpu, took = tick
    return late + took - cpu if late + took - cpu > STILL_S else 0


def slowness(ticks):
    """How many times longer than its CPU time work took, but for the times of standing still."""
    shared = [(cpu, took) for tick in ticks if not stood_still(tick) for _, cpu, took in [tick]]
    return max(1, sum(took for _, took in shared) / sum(cpu for cpu, _ in shared)) if shared else 1


def allowed(limit_s, ticks):
    return limit_s * slowness(ticks) + sum(map(stood_still, ticks))


class Pace:
    """From `with` on; the ticks come from a process, since a test's own threads wait for one another."""

    def __init__(self):
        self.ticks = []

    def __enter__(self):
        self.process = subprocess.Popen([sys.executable, os.path.abspath(__file__)], stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()  # it works
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        return self

    def _read(self):
        for line in self.process.stdout:
            self.ticks.append(tuple(map(float, line.split())))

    def allowed(self, limit_s):
        """What a limit for an idle machine is on this one, seconds, by what was seen since `with`."""
        return allowed(limit_s, list(self.ticks))

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()


def main():
    due = time.monotonic()
    while True:
        begin, cpu = time.monotonic(), time.thread_time()
        late = max(0, begin - due)
        while time.thread_time() - cpu < WORK_S:
            pass
        end = time.monotonic()
        print(f"{late:.6f} {time.thread_time() - cpu:.6f} {end - begin:.6f}", flush=True)
        due = max(end, begin + PERIOD_S)
        time.sleep(due - end)


if __name__ == "__main__":
    main()
