"""viewer_common.py - what both viewers share: finding tracks, pulling them, counting, reporting.

Owns the command line, the API calls (so no bearer gets into a page), one Watch per camera, and the
output lines. Knows nothing of Chromium or aiortc: a backend has answer(), or offer() and accept(),
drop(), poll(), close(), and screenshot(). One asyncio loop.

poll() -> ({key: counters}, [(begin, end) of the times when the backend's own timer was late]). Among
the counters are "ticks", [(time, longest time between two pictures or None, time when there was none
yet or None)], "until", when it was last looked, and, of a browser, "first", when its first picture
was shown, None before. All times are in ms since 1970.
"""
import argparse
import asyncio
import contextlib
import json
import logging
import signal
import ssl
import sys
import time

import aiohttp

from witness import SETTLED_MS, Gauge, Stalls

LOG = logging.getLogger("viewer")
DISCOVER_S = 0.2
RETRY_S = 0.2
CALL_TIMEOUT_S = 15
CONNECT_S = 15


class Refused(Exception):
    """The API did not give the track."""


class Api:
    """The calls a viewer's application server makes."""

    def __init__(self, options, http):
        self.base = f"{options.api}/apps/{options.app_id}/sessions"
        self.headers = {"Authorization": f"Bearer {options.secret}"}
        self.http = http
        self.offers = options.offer

    async def call(self, method, path, body=None):
        timeout = aiohttp.ClientTimeout(total=CALL_TIMEOUT_S)
        async with self.http.request(method, self.base + path, json=body, headers=self.headers,
                                     timeout=timeout) as response:
            reply = await response.json(content_type=None)
            if response.status >= 300:
                raise Refused(f"{response.status} {reply.get('errorCode')}")
            return reply

    async def connect(self, key, locator, backend):
        """A new viewer session with these tracks of a session: (session id, track name, ...)."""
        session = (await self.call("POST", "/new"))["sessionId"]
        if self.offers:
            offer = await backend.offer(key, ["video", "audio"][:len(locator) - 1])
            await backend.accept(key, await self.pull(session, locator, {"type": "offer", "sdp": offer}))
            return
        answer = await backend.answer(key, await self.pull(session, locator))
        await self.call("PUT", f"/{session}/renegotiate",
                        {"sessionDescription": {"type": "answer", "sdp": answer}})

    async def pull(self, session, locator, offer=None):
        """The SFU's SDP."""
        reply = await self.call("POST", f"/{session}/tracks/new", {
            **({"sessionDescription": offer} if offer else {}), "tracks": [
                {"location": "remote", "sessionId": locator[0], "trackName": name} for name in locator[1:]]})
        failed = [t["errorCode"] for t in reply["tracks"] if "errorCode" in t]
        if failed or "sessionDescription" not in reply:
            raise Refused(",".join(failed) or "no sessionDescription")
        return reply["sessionDescription"]["sdp"]


class Watch:
    """One camera: pulls it, and again when it is published elsewhere or the pull is lost."""

    def __init__(self, name, api, backend, stalls, is_witness=False):
        self.name, self.api, self.backend = name, api, backend
        self.locator = None            # what is published: (session id, track name, ...)
        self.pulled = None             # what we have
        self.key = None                # of the backend's connection in use
        self.pulled_at = 0             # on the monotonic clock
        self.asked_ms = 0              # when the pull in use began, since 1970
        self.tries = self.pulls = 0    # begun, and come to their end
        self.error = None
        self.gauge = Gauge(time.time() * 1000, stalls, is_witness)
        self.frames_before = 0         # decoded by connections that are gone
        self.lost_before = 0
        self.now = {}                  # last poll of the backend
        self.changed = asyncio.Event()

    def locate(self, locator):
        if locator != self.locator:
            self.locator = locator
            self.changed.set()

    async def run(self):
        while True:
            await self.changed.wait()
            self.changed.clear()
            while self.locator != self.pulled:
                try:
                    await (self.pull(self.locator) if self.locator else self.leave())
                except Exception as error:  # aiortc and browsers refuse SDP in many ways
                    self.error = str(error) or type(error).__name__
                    LOG.info("%s: %s", self.name, self.error)
                    await asyncio.sleep(RETRY_S)

    async def pull(self, locator):
        asked_ms = time.time() * 1000
        self.tries += 1
        key = f"{self.name}#{self.tries}"
        try:
            await self.api.connect(key, locator, self.backend)
        except BaseException:
            await self.backend.drop(key)
            raise
        self.pulls += 1
        old, self.key, self.pulled, self.error = self.key, key, locator, None
        self.pulled_at, self.asked_ms = time.monotonic(), asked_ms
        if old:
            self.keep_totals()
            await self.backend.drop(old)

    async def leave(self):
        """It is listed no more."""
        old, self.key, self.pulled = self.key, None, None
        self.keep_totals()
        if old:
            await self.backend.drop(old)

    def keep_totals(self):
        self.frames_before += self.now.get("framesDecoded", 0)
        self.lost_before += self.now.get("packetsLost", 0)
        self.now = {}

    def take(self, polled):
        """A poll of the backend: {key: counters}."""
        mine = polled.get(self.key)
        if mine is None:
            self.gauge.nothing(time.time() * 1000)
            return
        for tick in mine.pop("ticks", ()):
            self.gauge.tick(*tick)
        self.gauge.nothing(mine.pop("until", None) or time.time() * 1000)
        self.now = mine
        if self.is_lost(mine) and self.pulled == self.locator:
            self.pulled = None           # the same track again, by a new session
            self.changed.set()

    def is_lost(self, mine):
        """It ended, or never began: on a busy machine aiortc's ICE and DTLS may give up."""
        late = time.monotonic() - self.pulled_at > CONNECT_S
        return mine.get("state") in ("failed", "closed") or (late and mine.get("state") in ("new", "connecting"))

    def first_picture_ms(self):
        """From the start of the pull in use until its first picture was shown; None before."""
        first = self.now.get("first")
        return round(first - self.asked_ms) if first else None

    def report(self):
        now = self.now
        return {"framesDecoded": self.frames_before + now.get("framesDecoded", 0),
                "width": now.get("width", 0), "height": now.get("height", 0),
                "packetsLost": self.lost_before + now.get("packetsLost", 0),
                "packetsReceived": now.get("packetsReceived", 0),
                "freezeCount": now.get("freezeCount"), "freezes_ms": now.get("freezes_ms"), "sound": now.get("sound"), "meter": now.get("meter"), "pulls": self.pulls,
                "first_picture_ms": self.first_picture_ms(),
                "state": now.get("state"), "sessionId": self.pulled[0] if self.pulled else None,
                "error": self.error or now.get("error"),
                **self.gauge.report()}


class Viewer:
    """All cameras of one run."""

    def __init__(self, options, http, backend):
        self.options, self.http, self.backend = options, http, backend
        self.api = Api(options, http)
        self.stalls = Stalls(awaited=bool(options.reference))
        self.watches, self.tasks = {}, []
        self.started = time.time()
        for name in [*options.camera, *([options.reference] if options.reference else [])]:
            self.watch(name)

    def watch(self, name):
        if name not in self.watches:
            self.watches[name] = Watch(name, self.api, self.backend, self.stalls,
                                       name == self.options.reference)
            self.tasks.append(asyncio.create_task(self.watches[name].run()))
        return self.watches[name]

    async def discover(self):
        """Follow what the stand-in says is published; the newest of a name is the one."""
        while True:
            with contextlib.suppress(aiohttp.ClientError, asyncio.TimeoutError, ValueError):
                async with self.http.get(self.options.sim + "/state?light=1",
                                         timeout=aiohttp.ClientTimeout(total=2)) as response:
                    self.locate_published((await response.json())["published"])
            await asyncio.sleep(DISCOVER_S)

    def locate_published(self, published):
        newest = {}
        sounds = {(t["sessionId"], t["trackName"]) for t in published if t["kind"] == "audio"}
        for track in published:
            name = track["trackName"]
            wanted = name == self.options.reference or name.startswith(tuple(self.options.discover))
            if track["kind"] == "video" and wanted:
                newest[name] = (track["sessionId"], name)
                sound = (track["sessionId"], name.removesuffix("-video") + "-audio")
                if self.options.sound and sound in sounds:
                    newest[name] += sound[1:]
        for name, locator in newest.items():
            self.watch(name).locate(locator)

    async def locate_listed(self):
        """--tracks: [{camera, sessionId, trackName, soundName}] in a file, at a URL, or on stdin."""
        source = self.options.tracks
        while True:
            with contextlib.suppress(aiohttp.ClientError, asyncio.TimeoutError, OSError,
                                     ValueError):
                entries = json.loads(await self.read_list(source))
                for name in self.watches.keys() - {e.get("camera") or e["trackName"] for e in entries}:
                    if not self.options.discover:
                        self.watches[name].locate(None)
                for entry in entries:
                    watch = self.watch(entry.get("camera") or entry["trackName"])
                    sound = [entry["soundName"]] if "soundName" in entry else []
                    watch.locate((entry["sessionId"], entry["trackName"], *sound))
            if source == "-":
                return
            await asyncio.sleep(DISCOVER_S)

    async def read_list(self, source):
        if source == "-":
            return await asyncio.to_thread(sys.stdin.read)
        if source.startswith(("http://", "https://")):
            async with self.http.get(source) as response:
                return await response.text()
        with open(source, encoding="utf-8") as file:
            return file.read()

    async def poll(self):
        polled, late = await self.backend.poll()
        for begin, end in late:
            self.stalls.add(begin, end)
        for watch in self.watches.values():
            watch.take(polled)
        self.stalls.forget(time.time() * 1000 - 2 * SETTLED_MS)

    def witness(self, reference):
        """What is known of the machine; reference: what the Watch of that stream reports, if there is one."""
        return {"stalls": self.stalls.count, "stalled_ms": round(self.stalls.total),
                "longest_stall_ms": round(self.stalls.longest), "reference": reference}

    def line(self, **more):
        now = time.time()
        cameras = {name: watch.report() for name, watch in self.watches.items()}
        reference = cameras.pop(self.options.reference, None)
        print(json.dumps({"t": round(now, 3), "elapsed": round(now - self.started, 3), **more,
                          "cameras": cameras, "witness": self.witness(reference)}), flush=True)
        return cameras

    def enough(self, cameras):
        wanted = self.options.frames
        return wanted and cameras and all(c["framesDecoded"] >= wanted for c in cameras.values())

    async def run(self, stop):
        if self.options.discover:
            self.tasks.append(asyncio.create_task(self.discover()))
        if self.options.tracks:
            self.tasks.append(asyncio.create_task(self.locate_listed()))
        try:
            while not stop.is_set():
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(stop.wait(), self.options.interval)
                await self.poll()
                over = self.options.seconds and time.time() - self.started >= self.options.seconds
                if self.enough(self.line()) or over:
                    break
            if self.options.screenshot:
                await self.backend.screenshot(self.options.screenshot)
            self.line(summary=True)
        finally:
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)


def parse_arguments(text):
    parser = argparse.ArgumentParser(description=text)
    add = parser.add_argument
    add("--api", required=True, help="http(s)://host:port/v1")
    add("--app-id", default="sim-app")
    add("--secret", default="sim-secret", help="the app's bearer")
    add("--secret-file", help="read the bearer from this file instead")
    add("--ca-file", help="PEM that the API's certificate must verify against")
    add("--sim", help="control API of the stand-in, for --discover (default: beside --api)")
    add("--discover", action="append", default=[], metavar="PREFIX",
        help="watch every published video track whose name starts so ('' = all); repeatable")
    add("--offer", action="store_true", help="make the offer, instead of the SFU")
    add("--sound", action="store_true", help="pull NAME-audio too with each NAME-video, if its session has it")
    add("--meter", action="store_true", help="note when flashes are seen, beeps heard (camera.py --flash), and each picture's number")
    add("--tracks", metavar="FILE|URL|-", help="JSON [{camera, sessionId, trackName, soundName}]; a file or "
        "URL is read again every 0.2 s")
    add("--camera", action="append", default=[], metavar="NAME",
        help="report this one from the start, though it is not published yet; repeatable")
    add("--reference", metavar="NAME", help="a published track that takes the same way without the "
        "product: gaps in it excuse gaps of the cameras at the same time (witness.py)")
    add("--interval", type=float, default=0.2, metavar="S", help="between output lines")
    add("--seconds", type=float, default=0, metavar="S", help="end after S (0: at SIGTERM)")
    add("--frames", type=int, default=0, metavar="N", help="end when all cameras have decoded N")
    add("--screenshot", metavar="FILE", help="PNG of all cameras, taken at the end")
    add("-v", "--verbose", action="store_true")
    options = parser.parse_args()
    if not options.discover and not options.tracks:
        parser.error("--discover or --tracks is needed")
    if options.secret_file:
        with open(options.secret_file, encoding="utf-8") as file:
            options.secret = file.read().strip()
    options.sim = options.sim or options.api[:-len("/v1")] + "/sim"
    logging.basicConfig(stream=sys.stderr, format="%(name)s %(message)s",
                        level=logging.INFO if options.verbose else logging.WARNING)
    return options


async def run_viewer(options, open_backend):
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    context = ssl.create_default_context(cafile=options.ca_file) if options.ca_file else None
    connector = aiohttp.TCPConnector(ssl=context)
    async with aiohttp.ClientSession(connector=connector) as http:
        backend = await open_backend()
        try:
            await Viewer(options, http, backend).run(stop)
        finally:
            await backend.close()
