"""scripts/demo as a person meets it: it says where the dashboard is, which is there, and leaves nothing behind."""
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading

from lab import SIM, until
from openapi_client import fetch


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


def test_the_demo_tells_where_its_dashboard_is_and_leaves_nothing():
    # Short: unix sockets allow 108 bytes.
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:
        demo = subprocess.Popen([sys.executable, os.path.join(SIM, "demo.py"), "--cameras", "1", "--every", "1"], text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, "TMPDIR": folder})
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(demo.stdout))
        reader.start()
        try:
            url = until(lambda: [m for m in (re.fullmatch(r"dashboard: (http://127\.0\.0\.1:\d+)/\n", line) for line in lines) if m],
                        "the dashboard's line", 60)[0].group(1)
            status, headers, page = fetch("GET", url + "/")
            assert status == 200 and headers["Content-Type"].startswith("text/html") and b"camrelay" in page
            until(lambda: any("browser sees and hears: cam1" in line and " Hz" in line for line in lines), "cam1 seen and heard", 90)
        finally:
            demo.send_signal(signal.SIGINT)
            code = demo.wait(60)
            reader.join(10)
        assert code == 0, "".join(lines)[-2000:]
        until(lambda: not ours(folder), "nothing of it runs", 20)
        assert os.listdir(folder) == []
