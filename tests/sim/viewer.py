#!/usr/bin/python3
"""viewer.py - watches cameras through the SFU in a real browser (headless Chromium).

Owns the browser process and its page; speaks to it over the DevTools port. The API calls are made
outside the page (viewer_common.py), so no bearer gets in. README-sfu.md documents it.
"""
import asyncio
import base64
import contextlib
import ctypes
import functools
import itertools
import json
import os
import shutil
import signal
import subprocess
import tempfile

import aiohttp

import counter
import lipsync
import viewer_common

START_TIMEOUT_S = 20
CLOSE_TIMEOUT_S = 3
PR_SET_PDEATHSIG = 1
# Debian's /usr/bin/chromium-headless-shell is a shell script that only starts this; a script in
# between would keep the browser alive when viewer.py is killed.
BROWSER = "/usr/lib/chromium/chromium-headless-shell"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-background-timer-throttling", "--disable-renderer-backgrounding",
         "--disable-backgrounding-occluded-windows", "--disable-dev-shm-usage", "--mute-audio",
         "--autoplay-policy=no-user-gesture-required", "--allow-loopback-in-peer-connection",
         "--disable-features=WebRtcHideLocalIpsWithMdns", "--window-size=1280,960",
         "--remote-debugging-port=0"]

PAGE = """
document.title = 'camrelay viewer';
document.body.style = 'margin:0;background:#222;color:#eee;font:14px sans-serif;' +
    'display:grid;grid-template-columns:repeat(auto-fit,minmax(400px,1fr));gap:8px';
window.pulls = {};

function makeBox(key) {
    const box = document.createElement('div'), video = document.createElement('video');
    const name = document.createElement('div');
    name.textContent = key;
    video.autoplay = video.playsInline = true;
    video.style = 'width:100%;max-height:90vh';
    video.srcObject = new MediaStream();
    box.append(name, video);
    document.body.append(box);
    return {box, video, stream: video.srcObject};
}

/* When the first picture is shown, ms since 1970. */
function awaitPicture(pull) {
    pull.video.requestVideoFrameCallback((now, picture) => {
        pull.first = Date.now() - (performance.now() - picture.presentationTime);
    });
}

/* The page's ear: what frequency is loudest. */
let ears = null;
function listen(track) {
    ears ??= new AudioContext({sampleRate: 48000});
    const ear = ears.createAnalyser();
    ear.fftSize = 16384;
    ear.smoothingTimeConstant = 0;
    ears.createMediaStreamSource(new MediaStream([track])).connect(ear);
    return ear;
}

function loudest(ear) {
    const bins = new Float32Array(ear.frequencyBinCount);
    ear.getFloatFrequencyData(bins);
    let best = 0;
    for (let i = 1; i < bins.length; i++) if (bins[i] > bins[best]) best = i;
    return {hz: best * 48000 / ear.fftSize, db: Math.max(-200, bins[best])};
}

function makePull(key) {
    const pc = new RTCPeerConnection();
    const pull = pulls[key] = {pc, frames: 0, ticks: [], stats: {}, sound: null, ear: null, squared: null, until: null,
                               first: null, flashes: [], beeps: [], playouts: [], numbers: [],
                               ...makeBox(key)};
    awaitPicture(pull);
    if (window.watchFlashes) watchFlashes(pull);
    if (window.watchNumbers) watchNumbers(pull);
    pc.ontrack = (event) => {
        pull.stream.addTrack(event.track);
        if (event.track.kind !== 'audio') return;
        pull.ear = listen(event.track);
        if (window.watchBeeps) watchBeeps(pull, event.track);
    };
    return pull;
}

window.answer = async (key, sdp) => {
    const pull = makePull(key), pc = pull.pc;
    await pc.setRemoteDescription({type: 'offer', sdp});
    await pc.setLocalDescription();
    pull.rejected = /^m=video 0 /m.test(pc.localDescription.sdp);
    return pc.localDescription.sdp;
};

/* Until the browser's candidates are all in its description. */
async function gathering(pc) {
    while (pc.iceGatheringState !== 'complete')
        await new Promise((done) => pc.addEventListener('icegatheringstatechange', done, {once: true}));
}

/* The same with the browser's candidates, for who cannot be told of them later. */
window.gathered = async (key) => {
    const {pc} = pulls[key];
    await gathering(pc);
    return pc.localDescription.sdp;
};

/* The other way: the viewer offers, its candidates included, and takes the answer. */
window.offer = async (key, kinds) => {
    const {pc} = makePull(key);
    kinds.forEach((kind) => pc.addTransceiver(kind, {direction: 'recvonly'}));
    await pc.setLocalDescription();
    await gathering(pc);
    return pc.localDescription.sdp;
};

window.accept = async (key, sdp) => {
    await pulls[key].pc.setRemoteDescription({type: 'answer', sdp});
};

window.drop = (key) => {
    const pull = pulls[key];
    if (!pull) return;
    pull.pc.close();
    pull.box.remove();
    delete pulls[key];
};

async function sample(pull) {
    const receiver = pull.pc.getReceivers().find((r) => r.track.kind === 'video');
    if (!receiver) return;
    for (const s of (await receiver.getStats()).values()) {
        if (s.type !== 'inbound-rtp') continue;
        pull.stats = {framesDecoded: s.framesDecoded || 0, width: s.frameWidth || 0,
                      height: s.frameHeight || 0, packetsLost: s.packetsLost || 0,
                      packetsReceived: s.packetsReceived || 0, freezeCount: s.freezeCount || 0,
                      freezes_ms: Math.round(1000 * (s.totalFreezesDuration || 0)),
                      pliCount: s.pliCount, nackCount: s.nackCount};
        take(pull, s);
    }
}

async function hear(pull) {
    const receiver = pull.pc.getReceivers().find((r) => r.track.kind === 'audio');
    if (!receiver || !pull.ear) return;
    for (const s of (await receiver.getStats()).values()) {
        if (s.type !== 'inbound-rtp') continue;
        pull.sound = {packetsReceived: s.packetsReceived || 0, packetsLost: s.packetsLost || 0,
                      samples: s.totalSamplesReceived || 0, concealed: s.concealedSamples || 0,
                      silent_concealed: s.silentConcealedSamples || 0, energy: s.totalAudioEnergy || 0,
                      ...loudest(pull.ear)};
    }
}

/* The decoder sums up the squares of the times between two pictures: none of them since the last look was longer than
   the root of what came on top. So pictures that came in time are not late because this page looked late. */
function take(pull, s) {
    const squared = s.totalSquaredInterFrameDelay ?? null;
    if (s.framesDecoded > pull.frames) {
        const known = squared !== null && pull.squared !== null;
        const longest = known ? 1000 * Math.sqrt(Math.max(0, squared - pull.squared)) : null;
        pull.ticks.push([s.timestamp, longest, pull.until]);
        pull.squared = squared;
    }
    pull.frames = s.framesDecoded || 0;
    pull.until = s.timestamp;
}

let late = [], due = Date.now() + SAMPLE_MS;
setInterval(() => {
    const now = Date.now();
    if (now - due > LATE_MS) late.push([due, now]);
    due = now + SAMPLE_MS;
    Object.values(pulls).forEach(sample);
}, SAMPLE_MS);

async function meter(pull) {
    const later = await playout(pull.pc);
    if (later !== null) pull.playouts.push([performance.now(), later]);
    return {flashes: pull.flashes, beeps: pull.beeps, playouts: pull.playouts, numbers: pull.numbers};
}

window.poll = async () => {
    const out = {};
    for (const [key, pull] of Object.entries(pulls)) {
        await hear(pull);
        out[key] = {...pull.stats, sound: pull.sound, state: pull.pc.connectionState, ticks: pull.ticks, until: pull.until,
                    first: pull.first, meter: window.playout ? await meter(pull) : null};
        if (pull.rejected) out[key].error = 'the browser rejected the video format';
        pull.ticks = [];
    }
    const was = late;
    late = [];
    return [out, was];
};
"""
SAMPLE_MS, LATE_MS = 100, 100


def die_with_parent():
    """In the child, before exec: its own group, and no life after viewer.py."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()


class Chromium:
    """The backend: a browser with one page."""

    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="sim-viewer-")
        # A file, not about:blank: browsers have audio worklets in secure contexts only.
        page = os.path.join(self.profile, "viewer.html")
        with open(page, "w", encoding="ascii") as file:
            file.write("<!doctype html>\n")
        self.process = subprocess.Popen(
            [BROWSER, *FLAGS, f"--user-data-dir={self.profile}", f"file://{page}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent)
        self.http = aiohttp.ClientSession()
        self.socket = self.reader = None
        self.numbers = itertools.count(1)
        self.waiting = {}

    @classmethod
    async def open(cls, meter=False):
        self = cls()
        try:
            await asyncio.wait_for(self.connect(), START_TIMEOUT_S)
            while await self.evaluate("document.readyState + location.protocol") != "completefile:":
                await asyncio.sleep(0.05)
            await self.evaluate(PAGE.replace("SAMPLE_MS", str(SAMPLE_MS)).replace("LATE_MS", str(LATE_MS)))
            if meter:
                await self.evaluate(lipsync.PAGE + counter.PAGE)
        except BaseException:
            await self.close()
            raise
        return self

    async def connect(self):
        """Find the page's debugger: the port is written by the browser."""
        while True:
            with contextlib.suppress(OSError, ValueError, IndexError, aiohttp.ClientError):
                with open(self.profile + "/DevToolsActivePort", encoding="ascii") as file:
                    port = int(file.readline())
                async with self.http.get(f"http://127.0.0.1:{port}/json/list") as response:
                    pages = [p for p in await response.json() if p["url"].startswith("file:")]
                self.socket = await self.http.ws_connect(pages[0]["webSocketDebuggerUrl"],
                                                         max_msg_size=0)
                break
            if self.process.poll() is not None:
                raise RuntimeError(f"chromium ended with {self.process.returncode}")
            await asyncio.sleep(0.05)
        self.reader = asyncio.create_task(self.read())

    async def read(self):
        async for frame in self.socket:
            message = json.loads(frame.data)
            if "method" in message:
                self.on_event(message["method"], message["params"])
            future = self.waiting.get(message.get("id"))
            if future and not future.done():
                future.set_result(message)
        for future in self.waiting.values():
            if not future.done():
                future.set_exception(RuntimeError("chromium is gone"))

    def on_event(self, method, parameters):
        """What the browser says unasked; for who inherits."""

    async def command(self, method, **parameters):
        number = next(self.numbers)
        future = self.waiting[number] = asyncio.get_running_loop().create_future()
        try:
            await self.socket.send_json({"id": number, "method": method, "params": parameters})
            reply = await asyncio.wait_for(future, START_TIMEOUT_S)
        finally:
            del self.waiting[number]
        if "error" in reply:
            raise RuntimeError(f"{method}: {reply['error']}")
        return reply["result"]

    async def evaluate(self, expression):
        result = await self.command("Runtime.evaluate", expression=expression, awaitPromise=True,
                                    returnByValue=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise ValueError(details.get("exception", details).get("description", "exception"))
        return result["result"].get("value")

    async def answer(self, key, offer):
        return await self.evaluate(f"answer({json.dumps(key)}, {json.dumps(offer)})")

    async def gathered(self, key):
        return await self.evaluate(f"gathered({json.dumps(key)})")

    async def offer(self, key, kinds):
        return await self.evaluate(f"offer({json.dumps(key)}, {json.dumps(kinds)})")

    async def accept(self, key, answer):
        await self.evaluate(f"accept({json.dumps(key)}, {json.dumps(answer)})")

    async def drop(self, key):
        await self.evaluate(f"drop({json.dumps(key)})")

    async def poll(self):
        return await self.evaluate("poll()")

    async def screenshot(self, path):
        reply = await self.command("Page.captureScreenshot", format="png")
        with open(path, "wb") as file:
            file.write(base64.b64decode(reply["data"]))

    async def close(self):
        """Close the connections (so the SFU hears of it), then the browser."""
        if self.socket is not None:
            with contextlib.suppress(Exception):
                await self.evaluate("Object.keys(pulls).forEach(drop)")
                await self.command("Browser.close")
        if self.reader:
            self.reader.cancel()
        await self.http.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(self.process.wait, CLOSE_TIMEOUT_S)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)


if __name__ == "__main__":
    OPTIONS = viewer_common.parse_arguments(__doc__.splitlines()[0])
    asyncio.run(viewer_common.run_viewer(OPTIONS, functools.partial(Chromium.open, meter=OPTIONS.meter)))
