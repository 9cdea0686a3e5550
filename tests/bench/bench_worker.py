#!/usr/bin/python3
"""bench_worker.py - what a stream costs: CPU and memory of camrelay's workers, and of others who do that job.

Cameras of 720p30, 2 Mbit/s, a GOP of 2 s, main profile, video only; streams are sent to Janus and counted there.
Each row is a world of its own on loopback: camera server, peer, Janus. README.md says how to read the table.
"""
import argparse
import asyncio
import contextlib
import glob
import json
import os
import re
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "sim"))
from cloudflare_janus import Handle, Janus, build_shim  # noqa: E402  pylint: disable=wrong-import-position
import bench_viewer  # noqa: E402
from gst import GstPeer  # noqa: E402  pylint: disable=wrong-import-position
from lab import BUILD, CACHE, SIM, Lab, Process, http, until  # noqa: E402  pylint: disable=wrong-import-position

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
FPS = 30
CAMERA = ("--size", "1280x720", "--fps", FPS, "--bitrate", 2000, "--gop", 2, "--profile", "main", "--audio-rate", 0,
          "--quiet")
SOUND_HZ = 16000
HEADER = ("peer", "input", "N", "CPU s per stream-min", "PSS MiB per stream", "threads per stream", "packets/s",
          "lost", "pictures %", "others' cores", "x bare loop", "x gstreamer")
MEASURES = ("bare loop", "gstreamer")  # what the last columns divide by
# Measured before, on another machine: (peer, input) -> {N: (CPU s per stream-minute, PSS MiB)}. README.md says how.
RECORDED = {
    ("janus", "udp"): {1: (0.556, 14.4), 10: (0.331, 2.0), 20: (0.304, 1.4)},
    ("gstreamer", "rtsp"): {1: (0.842, 21.0), 10: (0.760, 10.8), 20: (0.763, 9.7)},
    ("gstreamer", "rtsps"): {10: (0.910, 18.6)},
    ("ffmpeg whip", "rtsp"): {1: (0.417, 9.4), 10: (0.341, 5.3), 20: (0.336, 4.9)},
    ("ffmpeg whip", "rtsps"): {10: (0.556, 6.1)},
    ("bare loop", "rtsp"): {10: (0.089, 1.6)},
    ("bare loop", "rtsps"): {10: (0.249, 1.8)},
}


# ---- /proc ----

def stat(pid):
    """Of /proc/PID/stat what stands behind the name, from the state on."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rpartition(")")[2].split()


def cpu_s(pids):
    """utime and stime of processes that are there."""
    total = 0.0
    for pid in pids:
        with contextlib.suppress(OSError):
            total += sum(map(int, stat(pid)[11:13])) * TICK_S
    return total


def pss_mib(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
        return int(re.search(r"^Pss:\s+(\d+)", file.read(), re.M)[1]) / 1024


def descendants():
    """Of this process, and itself."""
    children = {}
    for path in glob.glob("/proc/[0-9]*"):
        with contextlib.suppress(OSError):
            pid = int(path[6:])
            children.setdefault(int(stat(pid)[1]), []).append(pid)
    found = [os.getpid()]
    for pid in found:
        found += children.get(pid, [])
    return found


def machine_busy_s():
    """CPU seconds of all processes and interrupts, all cores; not idle, iowait, steal."""
    with open("/proc/stat", encoding="utf-8") as file:
        numbers = list(map(int, file.readline().split()[1:]))
    return (sum(numbers[:3]) + sum(numbers[5:7])) * TICK_S


# ---- one row ----

class Window:
    """Counters at one moment. counts() -> {stream: (packets, lost)}; frames() -> {stream: pictures sent}."""

    def __init__(self, pids, counts, frames):
        self.counts, self.frames = counts(), frames()
        self.at, self.cpu, self.own, self.busy = time.monotonic(), cpu_s(pids), cpu_s(descendants()), machine_busy_s()


def measure(options, peer, over, pids, counts, frames):
    """Waits, looks twice, and makes a row of it."""
    time.sleep(options.settle)
    one = Window(pids, counts, frames)
    time.sleep(options.seconds)
    two = Window(pids, counts, frames)
    seconds, n = two.at - one.at, len(one.counts)
    packets = [(two.counts[s][0] - one.counts[s][0]) / seconds for s in one.counts]
    pictures = [(two.frames[s] - one.frames[s]) / seconds / FPS for s in one.frames]
    return {"peer": peer, "input": over, "n": n, "cpu": (two.cpu - one.cpu) / n / seconds * 60,
            "pss": sum(map(pss_mib, pids)) / n, "threads": sum(len(os.listdir(f"/proc/{p}/task")) for p in pids) / n,
            "packets": (min(packets), max(packets)), "lost": sum(two.counts[s][1] - one.counts[s][1] for s in one.counts),
            "pictures": 100 * min(pictures), "seconds": seconds,
            "others": max(0.0, (two.busy - one.busy) - (two.own - one.own)) / seconds}


def published(sfu):
    """{track: (packets that Janus has got, lost ones)}, by its own counters."""
    sessions = http("GET", sfu + "/state")["sessions"]
    return {t["trackName"]: (t["packets"], (t["rtcp"] or {}).get("lost", 0) + t.get("nacked_seqs", 0))
            for s in sessions for t in s["tracks"] if s["connected"] and not s["dead"] and t["kind"] == "video"}


def sent(control):
    return {name: camera["frames"] for name, camera in http("GET", control + "/state")["cameras"].items()}


@contextlib.contextmanager
def world(options, n, *camera_args, sfu=True):
    """Cameras, and an SFU: (directory, cameras' first line, SFU's)."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory, contextlib.ExitStack() as stack:
        def spawn(name, *arguments):
            process = Process(name, [os.path.join(SIM, f"{name}.py"), *map(str, arguments), "--cache", CACHE], directory)
            stack.callback(process.stop)
            return process.ready(180)
        yield directory, spawn("camera", "--cameras", n, *CAMERA, *camera_args), spawn("cloudflare") if sfu else None


# ---- camrelay ----

def camrelay(options, n, over, peer="camrelay-worker", sound_hz=0, audio="yes"):
    """The whole real chain: Google's stand-in, camrelayd, one worker per camera."""
    sound = ("--audio-rate", sound_hz)
    # Quotas and stagger have nothing to do with media: all cameras start at once.
    with Lab(cameras=n, qpm=1000, camera_args=(*CAMERA, *sound, "--url-scheme", over), camera={"audio": audio}, supervisor={"start_stagger": "50ms"},
             log_level="info") as lab:
        lab.start()
        lab.until_running(deadline_s=60 + n)
        pids = [row["pid"] for row in lab.rows().values()]
        if options.on_running:
            subprocess.run(options.on_running, shell=True, check=False, env={**os.environ, "PIDS": " ".join(map(str, pids))})
        daemon = lab.daemon.process.pid
        before = cpu_s([daemon])
        row = measure(options, peer, over, pids, lambda: published(lab.cf["sim"]),
                      lambda: sent(lab.cam["control"]))
        row["notes"] = [f"camrelayd beside it: {(cpu_s([daemon]) - before) / (options.settle + row['seconds']) * 60:.2f} "
                        f"CPU s a minute, {pss_mib(daemon):.1f} MiB"]
        if {row["pid"] for row in lab.rows().values()} != set(pids):
            row["notes"].append("A WORKER WAS STARTED ANEW")
        if lab.close() != 0:
            row["notes"].append("CAMRELAYD DID NOT END WELL")
        return row


# ---- GStreamer ----

def gstreamer(options, n, over):
    """One process per camera, rtspsrc to webrtcbin, published like a worker's."""
    with world(options, n, "--static") as (directory, cam, cf), contextlib.ExitStack() as stack:
        peers = []
        for name in cam["cameras"]:
            peer = GstPeer(directory, f"gst-{name}", "publish", f"{over}://127.0.0.1:{cam[over]}/{name}")
            stack.callback(peer.stop)
            peers.append((name, peer))
        for name, peer in peers:
            peer.publish(cf, name)
        until(lambda: len(published(cf["sim"])) == n, "GStreamer's streams are published", 60)
        return measure(options, "gstreamer", over, [p.process.pid for _, p in peers], lambda: published(cf["sim"]),
                       lambda: sent(cam["control"]))


# ---- the bare loop ----

class Sink(threading.Thread):
    """A UDP port for each stream, and the packets that came there, by their sequence numbers, which SRTP leaves as they are."""

    def __init__(self, names):
        super().__init__(daemon=True)
        self.selector = selectors.DefaultSelector()
        self.streams = {name: self.open(name) for name in names}
        self.ended = False
        self.start()

    def open(self, name):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        self.selector.register(sock, selectors.EVENT_READ, name)
        return {"socket": sock, "packets": 0, "lost": 0, "next": None}

    def port(self, name):
        return self.streams[name]["socket"].getsockname()[1]

    def counts(self):
        return {name: (s["packets"], s["lost"]) for name, s in self.streams.items()}

    def run(self):
        while not self.ended:
            for key, _ in self.selector.select(0.1):
                self.empty(self.streams[key.data])

    @staticmethod
    def empty(stream):
        with contextlib.suppress(BlockingIOError):
            while True:
                seq = int.from_bytes(stream["socket"].recv(2048)[2:4], "big")
                stream["packets"] += 1
                stream["lost"] += 0 if stream["next"] is None else (seq - stream["next"]) & 0xFFFF
                stream["next"] = seq + 1 & 0xFFFF

    def stop(self):
        self.ended = True
        self.join()
        for stream in self.streams.values():
            stream["socket"].close()


def bare_loop(options, n, over):
    """One process per camera, which seals what comes and sends it on: no SFU, no session, nothing else."""
    with world(options, n, "--static", sfu=False) as (directory, cam, _), contextlib.ExitStack() as stack:
        sink = Sink(cam["cameras"])
        stack.callback(sink.stop)
        loops = []
        for name in cam["cameras"]:
            url = f"{over}://127.0.0.1:{cam[over]}/{name}"
            loops.append(Process(f"bare-{name}", [os.path.join(BUILD, "tests", "bench", "bare_loop"), url, str(sink.port(name))],
                                 directory))
            stack.callback(loops[-1].stop)
        until(lambda: all(packets > 0 for packets, _ in sink.counts().values()),
              f"packets of the bare loops; {loops[0].log_tail()}", 60)
        return measure(options, "bare loop", over, [p.process.pid for p in loops], sink.counts, lambda: sent(cam["control"]))


# ---- Janus ----

class Streaming(Janus):
    """A Janus with the streaming plugin instead of the VideoRoom."""

    def _write_configuration(self):
        super()._write_configuration()
        path = f"{self.dir}/janus.jcfg"
        with open(path, encoding="utf-8") as file:
            text = file.read().replace("libjanus_streaming.so", "libjanus_videoroom.so")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        with open(f"{self.dir}/janus.plugin.streaming.jcfg", "w", encoding="utf-8") as file:
            file.write("general: { events = false }\n")

    async def new_handle(self):
        reply = await self.request("attach", plugin="janus.plugin.streaming")
        handle = self.handles[reply["data"]["id"]] = Handle(self, reply["data"]["id"])
        return handle


async def watch(janus, viewer, number, url):
    """A mountpoint for the camera and a viewer of it."""
    handle = await janus.new_handle()
    await handle.message({"request": "create", "type": "rtsp", "id": number, "url": url, "video": True, "audio": False})
    _, offer = await handle.message({"request": "watch", "id": number})
    viewer.tell(offer["sdp"])
    answer = await asyncio.wait_for(asyncio.to_thread(viewer.hear), 10)
    await handle.message({"request": "start"}, {"type": "answer", "sdp": answer})
    await asyncio.wait_for(handle.up.wait(), 10)
    return handle


async def counters(handles):
    """{stream: (packets sent to its viewer, packets the viewer missed)}"""
    out = {}
    for number, handle in enumerate(handles):
        media = next(iter((await handle.info())["webrtc"]["media"].values()))
        out[number] = (media["stats"]["out"]["packets"], media["rtcp"]["main"]["lost-by-remote"])
    return out


async def run_janus(options, cam, directory):
    viewer = GstPeer(directory, "viewer", "view")
    janus = Streaming(build_shim(CACHE), debug=2)
    janus.request_timeout_s = 20
    try:
        await janus.start()
        handles = [await watch(janus, viewer, i + 1, url) for i, url in enumerate(rtsp_urls(cam))]
        loop = asyncio.get_running_loop()

        def counts():
            return asyncio.run_coroutine_threadsafe(counters(handles), loop).result(20)
        return await asyncio.to_thread(measure, options, "janus", "udp", [janus.process.pid], counts,
                                       lambda: sent(cam["control"]))
    finally:
        viewer.stop()
        await janus.close()


def rtsp_urls(cam):
    return [f"rtsp://127.0.0.1:{cam['rtsp']}/{name}" for name in cam["cameras"]]


def janus_streaming(options, n, over):
    """One process for all, RTP over UDP in: it knows no TCP. One viewer per stream, for without it sends nothing."""
    assert over == "udp"
    with world(options, n, "--static", "--udp", sfu=False) as (directory, cam, _):
        return asyncio.run(asyncio.wait_for(run_janus(options, cam, directory), 120 + options.settle + options.seconds))


# ---- the table ----

def with_sound(options, n, over):
    """AAC of 16 kHz to Opus."""
    return camrelay(options, n, over, "with sound", SOUND_HZ)


def without_sound(options, n, over):
    """The same cameras, whose sound is left out."""
    return camrelay(options, n, over, "audio = no", SOUND_HZ, "no")


PEERS = {"sound": (with_sound, ("rtsp",)), "mute": (without_sound, ("rtsp",)),
         "camrelay": (camrelay, ("rtsp", "rtsps")), "janus": (janus_streaming, ("udp",)),
         "gstreamer": (gstreamer, ("rtsp", "rtsps")), "bare": (bare_loop, ("rtsp", "rtsps"))}


def times(row, rows, measure_):
    """How much dearer it is than this one at the same, of this run."""
    found = [r["cpu"] for r in rows if (r["peer"], r["input"], r["n"]) == (measure_, row["input"], row["n"])]
    return f"{row['cpu'] / found[0]:.2f}" if found and row["peer"] != measure_ else ""


def cells(row, rows):
    low, high = row["packets"]
    return (row["peer"], row["input"], str(row["n"]), f"{row['cpu']:.3f}", f"{row['pss']:.1f}", f"{row['threads']:.1f}",
            f"{low:.0f}" if f"{low:.0f}" == f"{high:.0f}" else f"{low:.0f}-{high:.0f}", str(row["lost"]),
            f"{row['pictures']:.1f}", f"{row['others']:.2f}", *(times(row, rows, m) for m in MEASURES))


def recorded(counts):
    for (peer, over), by_n in RECORDED.items():
        for n, (cpu, pss) in by_n.items():
            if n in counts:
                yield (peer, over, str(n), f"{cpu:.3f}", f"{pss:.1f}", *[""] * (len(HEADER) - 5))


def table(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADER))]
    for row in rows:
        print("  ".join(cell.ljust(w) if i < 2 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))).rstrip())


def report(rows, options):
    print(f"\nmeasured in this run: {options.seconds:g} s each, {os.cpu_count()} cores, "
          f"{time.strftime('%Y-%m-%d %H:%M')}")
    table([HEADER] + [cells(row, rows) for row in rows])
    for row in rows:
        for note in row.get("notes", ()):
            print(f"  {row['peer']} {row['input']} {row['n']}: {note}")
    others = list(recorded(options.counts))
    if others:
        print("\nmeasured before, on another machine (README.md)")
        table([HEADER[:5] + ("",) * (len(HEADER) - 5)] + others)


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)

    def listed(kind):
        return lambda text: [kind(part) for part in text.split(",")]
    add = parser.add_argument
    add("--counts", type=listed(int), default=[1, 10, 20], help="numbers of cameras (1,10,20)")
    add("--peers", type=listed(str), default=list(PEERS), help=f"of {','.join(PEERS)} (all)")
    add("--over", type=listed(str), default=["rtsp", "rtsps", "udp"], help="inputs of rtsp,rtsps,udp (all)")
    add("--seconds", type=float, default=60, help="measured (60)")
    add("--settle", type=float, default=10, help="before that (10)")
    add("--parts", type=listed(str), default=list(PARTS), help=f"of {','.join(PARTS)} (all)")
    add("--gops", type=listed(float), default=[0.5, 1, 2, 4, 8], help="seconds, of first pictures (0.5,1,2,4,8)")
    add("--joins", type=int, default=5, help="late viewers of each (5)")
    add("--json", metavar="FILE", help="the rows, for comparing runs")
    add("--on-running", metavar="COMMAND", help="a shell command, when camrelay's streams run; $PIDS: the workers")
    return parser.parse_args()


def streams(options):
    rows = []
    for name in options.peers:
        bench, inputs = PEERS[name]
        for over in inputs:
            for n in options.counts:
                if over not in options.over:
                    continue
                print(f"{name}, {n} cameras, {over}", file=sys.stderr, flush=True)
                try:
                    rows.append(bench(options, n, over))
                except (AssertionError, RuntimeError, OSError, subprocess.SubprocessError) as error:
                    print(f"  no figure: {error}", file=sys.stderr)
    if rows:
        report(rows, options)
    return rows


PARTS = {"streams": streams, "latency": bench_viewer.latency, "late": bench_viewer.late, "lipsync": bench_viewer.lip_sync}


def main():
    options = parse()
    rows = {part: PARTS[part](options) for part in options.parts}
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)


if __name__ == "__main__":
    main()
