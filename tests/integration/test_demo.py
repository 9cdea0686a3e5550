"""scripts/demo as a person meets it: it says where the dashboard is, which shows its cameras, and leaves nothing behind."""
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading

import hearing
from lab import SIM, until
from openapi_client import fetch
from person import Person


def ours(folder):
    """Processes that have something to do with it."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                if f"TMPDIR={folder}".encode() in file.read().split(b"\0"):
                    found.append(int(pid))
        except OSError:
            pass  # it is gone
    return found


@contextlib.contextmanager
def running_demo(*arguments):
    """(the dashboard's URL, the lines that it prints); at the end it is interrupted as by Ctrl-C, and leaves nothing."""
    # Short: unix sockets allow 108 bytes.
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        demo = subprocess.Popen([sys.executable, os.path.join(SIM, "demo.py"), "--every", "1", *arguments], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "TMPDIR": folder})
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(demo.stdout))
        reader.start()
        try:
            url = until(lambda: [m for m in (re.fullmatch(r"dashboard: (http://127\.0\.0\.1:\d+)/\n", line) for line in lines) if m],
                        "the dashboard's line", 60)[0].group(1)
            yield url, lines
        finally:
            demo.send_signal(signal.SIGINT)
            code = demo.wait(60)
            reader.join(10)
        assert code == 0, "".join(lines)[-2000:]
        until(lambda: not ours(folder), "nothing of it runs", 20)
        assert os.listdir(folder) == []


def test_the_demo_tells_where_its_dashboard_is_and_leaves_nothing():
    with running_demo("--cameras", "1") as (url, lines):
        status, headers, page = fetch("GET", url + "/")
        assert status == 200 and headers["Content-Type"].startswith("text/html") and b"camrelay" in page
        until(lambda: any("browser sees and hears: cam1" in line and " Hz" in line for line in lines), "cam1 seen and heard", 90)


def test_its_dashboard_shows_three_cameras_that_move_and_can_be_heard():
    """What the demo shows without an argument, in a browser besides its own."""
    cameras = ["cam1", "cam2", "cam3"]
    with running_demo() as (url, _), contextlib.closing(Person()) as person:
        person.visit(url)
        person.until("document.querySelectorAll('.camera').length === 3", "three tiles")
        assert person.js("[...document.querySelectorAll('.camera h3')].map(h => h.textContent)") == cameras
        for name in cameras:
            person.until(f"shown('{name}', 'state') === 'RUNNING' && shown('{name}', 'health') === 'HEALTHY'")
        person.click("#watch-all")
        for name in cameras:
            person.until_decoding(name)
        # All go on while one after the other is listened to.
        before = {name: person.frames(name) for name in cameras}
        for name in cameras:
            person.click_of(name, "sound")
            assert not person.js(f"tile('{name}').querySelector('video').muted")
            tones = hearing.tones(name)
            until(lambda name=name, tones=tones: any(abs((person.js(f"loudest('{name}')") or 0) - hz) <= hearing.OFF_HZ
                                                     for hz in tones), f"{name}: one of {tones} Hz heard")
        for name in cameras:
            until(lambda name=name: person.frames(name) > before[name], f"{name} moves on")
        assert person.complaints() == [] and person.foreign(url) == []
