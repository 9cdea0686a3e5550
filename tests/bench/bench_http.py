#!/usr/bin/python3
"""bench_http.py - whether those who watch the dashboard and scrape metrics cost the cameras anything.

Twenty cameras whose streams live for 30 s and are extended as at Google's, ten times as fast: first alone, then with 200
dashboards open and 50 scrapes a second. Ends with 1 when an extension was late, a stream was generated again, a packet of
media was lost, a viewer was dropped or a scrape failed. Figures of speed are printed and never judged.
"""
import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "sim"))
from bench_worker import CAMERA, FPS, Window, published, sent  # noqa: E402  pylint: disable=wrong-import-position
from lab import Lab, Process, until  # noqa: E402  pylint: disable=wrong-import-position

# Google's own times, and how much faster they pass here.
LIFETIME_S, WINDOW_S, QPM = 300, 60, 10
# What Google's stand-in allows. The guard of camrelay's pace stands for calls that take 0.9 s longer than others
# (docs/scheduling.md), which is ten times less here: less than a busy machine makes of it, and nothing that HTTP is about.
ALLOWED_QPM = 13
# A stream is extended at 60 % of its life at the earliest (EARLY_PERCENT in supervisor/scheduler.c), and a call that leaves
# less than half a second before its end cannot be sure to arrive in time (MARGIN_MS there).
EARLY_RATIO, MARGIN_S = 0.6, 0.5
PROBE, PROBES_PER_S, PROBES_AT_ONCE = "probe", 10, 8
ANSWER_S = 120


# ---- what is looked at ----

def rss_mib(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return int(re.search(r"^VmRSS:\s+(\d+)", file.read(), re.M)[1]) / 1024


class Extension:
    """margin_s: how long the stream still had to live; after_due_s: since it might have been extended first."""

    def __init__(self, call, granted, lifetime_s):
        self.name, self.error = call["name"], None if call["status"] == 200 else f"{call['status']} {call['error']}"
        self.margin_s = granted + lifetime_s - call["mono"]
        self.after_due_s = lifetime_s - self.margin_s - EARLY_RATIO * lifetime_s

    @property
    def late(self):
        return self.margin_s < MARGIN_S


def extensions(calls, lifetime_s, since, to):
    """Those of a span of time, from Google's record. A life counts from when Google was asked for it: a little too early."""
    found, granted = [], {}
    for call in sorted(calls, key=lambda c: c["mono"]):
        if call["kind"] == "extend" and call["name"] in granted and since <= call["mono"] < to:
            found.append(Extension(call, granted[call["name"]], lifetime_s))
        if call["kind"] in ("generate", "extend") and call["status"] == 200:
            granted[call["name"]] = call["mono"]
    return found


def unread(pid):
    """Datagrams that came to a process's sockets and that the kernel threw away, since nobody read them."""
    inodes = set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            inodes.update(re.findall(r"^socket:\[(\d+)\]$", os.readlink(f"/proc/{pid}/fd/{fd}")))
    drops = 0
    for path in (f"/proc/{pid}/net/udp", f"/proc/{pid}/net/udp6"):
        with open(path, encoding="ascii") as file:
            rows = [line.split() for line in file.readlines()[1:]]
        drops += sum(int(row[-1]) for row in rows if row[9] in inodes)
    return drops


def worker_faults(rows):
    """What is counted of packets that were dropped or asked for again, and of what had to begin anew."""
    return {name: {key: row[key] for key in ("dropped", "nacks", "reconnects", "restarts")} for name, row in rows.items()}


# ---- a part of the run ----

class Part:
    """So many seconds with these clients. clients: {name: arguments of http_load.py}."""

    def __init__(self, options, lab, name, seconds, clients):
        self.options, self.lab, self.name, self.seconds = options, lab, name, seconds
        self.pid = lab.daemon.process.pid
        with contextlib.ExitStack() as stack:
            running = {role: self.client(stack, role, arguments) for role, arguments in clients.items()}
            self.watch(bool(running.keys() - {PROBE}))
            self.seen = {role: self.result(process) for role, process in running.items()}

    def client(self, stack, role, arguments):
        # Clients are other machines': what they take of this one, the SFU and the cameras must not miss. The probe is few
        # requests, and is to wait for nobody but camrelayd.
        polite = () if role == PROBE else ("nice", "-n", "10")
        process = Process(f"{role}-{self.name}", [*polite, os.path.join(HERE, "http_load.py"), *map(str, arguments)],
                          self.lab.directory)
        stack.callback(process.stop)
        process.ready(ANSWER_S)
        return process

    def result(self, process):
        assert process.stop(ANSWER_S) == 0, f"{process.name}: {process.log_tail()}"
        return process.lines.get(timeout=10)

    def watch(self, loaded):
        before = worker_faults(self.lab.rows())
        time.sleep(self.options.settle)
        unread_before = unread(self.lab.cf["janus_pid"])
        if loaded and self.options.on_load:
            subprocess.Popen(self.options.on_load, shell=True, env={**os.environ, "PID": str(self.pid)})
        one = self.window()
        time.sleep(self.seconds)
        two = self.window()
        self.rss_mib = rss_mib(self.pid)
        self.unread = unread(self.lab.cf["janus_pid"]) - unread_before
        self.judge(one, two, before, worker_faults(self.lab.rows()))

    def window(self):
        return Window([self.pid], lambda: published(self.lab.cf["sim"]), lambda: sent(self.lab.cam["control"]))

    def judge(self, one, two, before, after):
        span = two.at - one.at
        calls = self.lab.calls()
        self.extensions = extensions(calls, self.options.lifetime, one.at, two.at)
        self.generated = [c["name"] for c in calls if c["kind"] == "generate" and one.at <= c["mono"] < two.at]
        self.cpu_per_min = (two.cpu - one.cpu) / span * 60
        self.others = max(0.0, (two.busy - one.busy) - (two.own - one.own)) / span
        self.gone = sorted(one.counts.keys() - two.counts.keys())
        counted = [s for s in one.counts if s in two.counts]
        self.packets = [(two.counts[s][0] - one.counts[s][0]) / span for s in counted]
        self.lost = sum(two.counts[s][1] - one.counts[s][1] for s in counted)
        self.pictures = 100 * min((two.frames[s] - one.frames[s]) / span / FPS for s in one.frames)
        self.changed = [f"{name}: {key} {before[name][key]} -> {after[name][key]}" for name in sorted(before)
                        for key in before[name] if before[name][key] != after[name][key]]

    def faults(self):
        """Sentences; none if all is well."""
        yield from (f"{e.name}: extended {e.margin_s:.2f} s before its end" for e in self.extensions if e.late)
        yield from (f"{e.name}: the extension was refused: {e.error}" for e in self.extensions if e.error)
        yield from (f"{name}: generated again" for name in self.generated)
        yield from (f"{name}: no longer published" for name in self.gone)
        yield from self.changed
        if self.lost:
            yield f"packets lost on the way to the SFU or asked for again: {self.lost}; {self.unread} were at its sockets, unread"
        if len(self.packets) < self.options.cameras:
            yield f"only {len(self.packets)} streams were published"
        if not self.extensions:
            yield "no extension fell into this part"
        for role, seen in self.seen.items():
            if seen.get("dropped"):
                yield f"{seen['dropped']} viewers dropped: {seen['why']}"
            if seen.get("cameras", self.options.cameras) != self.options.cameras:
                yield f"a viewer was told of {seen['cameras']} cameras"
            if seen.get("failed"):
                yield f"{role}: {seen['failed']} of {seen['requests']} requests failed: {seen['why']}"


# ---- the table ----

def rate(part, role, key, scale=1.0):
    seen = part.seen.get(role)
    return f"{seen[key] / seen['seconds'] / scale:.1f}" if seen else "-"


def latency(part, role):
    ms = (part.seen.get(role) or {}).get("latency_ms")
    return " / ".join(f"{ms[p]:.1f}" for p in ("p50", "p99", "max")) if ms else "-"


def viewer(part, show):
    return show(part.seen["viewers"]) if "viewers" in part.seen else "-"


ROWS = (
    ("seconds", lambda p: f"{p.seconds:g}"),
    ("viewers, of these dropped", lambda p: viewer(p, lambda v: f"{v['viewers']}, {v['dropped']}")),
    ("texts/s to them", lambda p: rate(p, "viewers", "texts")),
    ("MB/s to them", lambda p: rate(p, "viewers", "bytes", 1e6)),
    ("longest between two states, ms", lambda p: viewer(p, lambda v: f"{v['longest_gap_ms']:.0f}")),
    ("scrapes/s", lambda p: rate(p, "scrapes", "requests")),
    ("failed", lambda p: str(p.seen["scrapes"]["failed"]) if "scrapes" in p.seen else "-"),
    ("MB/s to them", lambda p: rate(p, "scrapes", "bytes", 1e6)),
    ("a scrape, ms: p50 / p99 / max", lambda p: latency(p, "scrapes")),
    ("GET /healthz, ms: p50 / p99 / max", lambda p: latency(p, PROBE)),
    ("extensions, of these late", lambda p: f"{len(p.extensions)}, {sum(e.late for e in p.extensions)}"),
    ("tightest before the end, s", lambda p: f"{min((e.margin_s for e in p.extensions), default=0):.2f}"),
    ("longest after 60 % of a life, s", lambda p: f"{max((e.after_due_s for e in p.extensions), default=0):.2f}"),
    ("packets/s of a stream", lambda p: f"{min(p.packets, default=0):.0f}-{max(p.packets, default=0):.0f}"),
    ("packets lost", lambda p: str(p.lost)),
    ("pictures %, the slowest camera", lambda p: f"{p.pictures:.1f}"),
    ("camrelayd, CPU s a minute", lambda p: f"{p.cpu_per_min:.2f}"),
    ("camrelayd, RSS MiB", lambda p: f"{p.rss_mib:.1f}"),
    ("others' cores", lambda p: f"{p.others:.2f}"),
)


def table(parts):
    rows = [("", *(p.name for p in parts)), *((label, *(show(p) for p in parts)) for label, show in ROWS)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))))


def as_json(part):
    margins = [round(e.margin_s, 3) for e in part.extensions]
    keys = ("name", "seconds", "cpu_per_min", "rss_mib", "others", "packets", "lost", "pictures", "seen")
    return {**{key: getattr(part, key) for key in keys}, "margins_s": margins, "faults": list(part.faults())}


# ---- the program ----

def run(options):
    """The parts, and the exit code of camrelayd."""
    url = None
    with Lab(cameras=options.cameras, lifetime=options.lifetime, window=WINDOW_S / options.speed, qpm=QPM,
             google_args=("--qpm", ALLOWED_QPM), camera_args=CAMERA, supervisor={"start_stagger": "50ms"}, log_level="info") as lab:
        lab.start()
        lab.until_running(deadline_s=60 + 3 * options.cameras)
        until(lambda: len(published(lab.cf["sim"])) == options.cameras, "all are published")
        # While the first streams are generated, those that are there wait for their turn longer than later.
        until(lambda: {c["name"] for c in lab.calls(kind="extend")} == set(lab.names), "each has been extended",
              2 * options.lifetime + 30)
        url = ("--url", lab.url())
        probe = ("requests", *url, "--path", "/healthz", "--rate", PROBES_PER_S, "--at-once", PROBES_AT_ONCE)
        load = {"viewers": ("viewers", *url, "--count", options.viewers),
                "scrapes": ("requests", *url, "--rate", options.scrapes, "--expect", "camrelay_build_info")}
        parts = [Part(options, lab, "alone", options.idle, {PROBE: probe}),
                 Part(options, lab, "with load", options.seconds, {PROBE: probe, **load})]
        return parts, lab.close()


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--cameras", type=int, default=20, help="how many (20)")
    add("--viewers", type=int, default=200, help="dashboards (200)")
    add("--scrapes", type=float, default=50, help="of /metrics, a second (50)")
    add("--speed", type=float, default=10, help="so much faster than Google's time passes (10)")
    add("--idle", type=float, default=60, help="seconds without load (60)")
    add("--seconds", type=float, default=120, help="with load (120)")
    add("--settle", type=float, default=5, help="before each (5)")
    add("--json", metavar="FILE", help="the figures, for comparing runs")
    add("--on-load", metavar="COMMAND", help="a shell command beside the load; $PID: camrelayd")
    options = parser.parse_args()
    options.lifetime = LIFETIME_S / options.speed
    return options


def main():
    options = parse()
    parts, code = run(options)
    print(f"{options.cameras} cameras, streams of {options.lifetime:g} s, {os.cpu_count()} cores, "
          f"{time.strftime('%Y-%m-%d %H:%M')}")
    table(parts)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump([as_json(p) for p in parts], file, indent=1)
    faults = [f"{p.name}: {sentence}" for p in parts for sentence in p.faults()]
    if code != 0:
        faults.append(f"camrelayd ended with {code}")
    for sentence in faults:
        print(f"bench-http: {sentence}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
