"""A recording that is being written, played by the dashboard's hls.js in headless Chromium: pictures and sound, over a gap and
another init segment. And by WebKit, which needs no script for it, as Safari does not."""
import asyncio
import contextlib
import functools
import http.server
import json
import os
import signal
import subprocess
import threading
import time

import pytest

import lab as harness
import viewer
from lab import Lab
from recordings import playlists

HLS = os.path.join(harness.TOP, "supervisor/dashboard/vendor/hls-1.7.4/hls.light.min.js")
PAGE = """<!doctype html><video id=v muted></video><script src=/hls.js></script><script>
const v = document.getElementById('v'), hls = new Hls({startPosition: 0, lowLatencyMode: false});
window.errors = []; window.maps = new Set(); window.breaks = new Set();
hls.on(Hls.Events.ERROR, (_, d) => errors.push({what: d.details, fatal: d.fatal, why: String(d.error || d.reason || '')}));
hls.on(Hls.Events.FRAG_CHANGED, (_, d) => { maps.add(d.frag.initSegment.url); breaks.add(d.frag.cc); });
hls.loadSource(new URLSearchParams(location.search).get('list')); hls.attachMedia(v); v.play();
window.seen = () => JSON.stringify({at: v.currentTime, frames: v.getVideoPlaybackQuality().totalVideoFrames,
    dropped: v.getVideoPlaybackQuality().droppedVideoFrames, sound: v.webkitAudioDecodedByteCount, errors, maps: maps.size,
    breaks: breaks.size, width: v.videoWidth});
</script>"""

NATIVE = """<!doctype html><video id=v muted autoplay></video><canvas id=c width=64 height=36></canvas><script>
const v = document.getElementById('v'), to = document.getElementById('c').getContext('2d');
v.src = new URLSearchParams(location.search).get('list');
v.play().catch(e => window.error = String(e));
window.seen = () => {
    to.drawImage(v, 0, 0, 64, 36);
    return JSON.stringify({at: v.currentTime, width: v.videoWidth, sounds: v.audioTracks.length, error: window.error,
        brightest: Math.max(...to.getImageData(0, 0, 64, 36).data.filter((_, i) => i % 4 < 3))});
};
</script>"""


class Handler(http.server.SimpleHTTPRequestHandler):
    """Recordings as any web server has them, the page and hls.js."""
    extra = {}

    def do_GET(self):
        body = self.extra.get(self.path.split("?")[0])
        if body is None:
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if self.path.endswith(".js") else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serve(folder):
    """The server's address."""
    with open(HLS, "rb") as file:
        Handler.extra = {"/": PAGE.encode(), "/native": NATIVE.encode(), "/hls.js": file.read()}
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


async def until(condition, what, deadline_s=90):
    end = time.monotonic() + deadline_s
    seen = None
    while time.monotonic() < end:
        seen = await condition()
        if seen["done"]:
            return seen
        await asyncio.sleep(0.1)
    raise AssertionError(f"not within {deadline_s} s: {what}; {seen}")


async def play(url, lab, camera):
    """Plays from the beginning into what was recorded since, a worker's death included."""
    browser = await viewer.Chromium.open()

    async def seen(done):
        text = await browser.evaluate("window.seen ? window.seen() : null")
        state = json.loads(text) if text else {"errors": []}
        assert not [e for e in state["errors"] if e["fatal"]], state
        return {**state, "done": bool(text) and done(state)}

    try:
        known = sum(s.duration for s in playlists(camera)[-1].segments)
        await browser.command("Page.navigate", url=url)
        state = await until(lambda: seen(lambda s: s["frames"] > 30 and s["sound"] > 1000), "pictures and sound")
        assert state["width"] == 640
        os.kill(lab.pid("cam1"), signal.SIGKILL)
        # On over the break, into the new worker's init segment.
        state = await until(lambda: seen(lambda s: s["maps"] >= 2 and s["breaks"] >= 2), "the second init segment")
        frames, sound = state["frames"], state["sound"]
        state = await until(lambda: seen(lambda s: s["frames"] > frames + 30 and s["sound"] > sound + 1000), "and on")
        assert state["at"] > known / 2
        return state
    finally:
        await browser.close()


@pytest.mark.parametrize("codec", ["aac", "pcmu", "opus"])
def test_a_browser_plays_it_while_it_is_written(tmp_path, codec):
    disk = str(tmp_path / "recordings")
    camera = os.path.join(disk, "cam1")
    with Lab(cameras=1, recording={"dir": disk, "min_free": "1%"}, camera={"record": "yes"},
             camera_args=("--audio-codec", codec)) as lab, serve(disk) as url:
        lab.start()
        lab.until_running()
        harness.until(lambda: playlists(camera) and len(playlists(camera)[-1].segments) >= 2, "two segments", 60)
        path = "/" + os.path.relpath(playlists(camera)[-1].path, disk)
        state = asyncio.run(play(f"{url}/?list={path}", lab, camera))
        print(state)
        assert all(row["dropped"] == 0 for row in lab.rows().values())


@contextlib.contextmanager
def webkit(url):
    """The lines that the page says."""
    page = os.path.join(os.path.dirname(__file__), "webkit_page.py")
    with subprocess.Popen(["xvfb-run", "-a", "/usr/bin/python3", page, url], stdout=subprocess.PIPE, text=True,
                          start_new_session=True) as process:
        try:
            yield process.stdout
        finally:
            os.killpg(process.pid, signal.SIGTERM)


def test_webkit_plays_it_by_itself_while_it_is_written(tmp_path):
    disk = str(tmp_path / "recordings")
    camera = os.path.join(disk, "cam1")
    with Lab(cameras=1, recording={"dir": disk, "min_free": "1%"}, camera={"record": "yes"}) as lab, serve(disk) as url:
        lab.start()
        lab.until_running()
        harness.until(lambda: playlists(camera) and len(playlists(camera)[-1].segments) >= 2, "two segments", 60)
        known = sum(s.duration for s in playlists(camera)[-1].segments)
        path = "/" + os.path.relpath(playlists(camera)[-1].path, disk)
        brightest, state, end = 0, {}, time.monotonic() + 90
        with webkit(f"{url}/native?list={path}") as lines:
            for line in lines:
                state = json.loads(line)
                brightest = max(brightest, state.get("brightest", 0))
                assert not state.get("error"), state
                if state.get("at", 0) > known + 2 or time.monotonic() > end:
                    break
        assert state["at"] > known + 2, "it ends where it ended when it was opened"
        assert (state["width"], state["sounds"]) == (640, 1)
        assert brightest > 128, "a picture is to be seen"
