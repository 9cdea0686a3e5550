"""etc/systemd/camrelay.service is a valid unit and well fenced, and camrelayd says to systemd what the unit expects."""
import os
import re
import shutil
import signal
import socket
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("CAMRELAY_BUILD", os.path.join(ROOT, "build"))
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs the package systemd")


@pytest.fixture(name="unit")
def installed_unit(tmp_path):
    """The unit as make install leaves it, with a program where it says."""
    (tmp_path / "sbin").mkdir()
    shutil.copy("/bin/true", tmp_path / "sbin" / "camrelayd")
    unit = tmp_path / "camrelay.service"
    with open(f"{ROOT}/etc/systemd/camrelay.service", encoding="utf-8") as f:
        unit.write_text(f.read().replace("@PREFIX@", str(tmp_path)))
    return unit


def analyze(*words):
    return subprocess.run(["systemd-analyze", "--no-pager", *map(str, words)], capture_output=True, text=True,
                          timeout=60, check=False)


@needs_systemd
def test_systemd_understands_every_line(unit):
    done = analyze("verify", "--man=no", unit)
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
def test_the_service_is_fenced_in(unit):
    done = analyze("security", "--offline=true", unit)
    exposure = re.search(r"Overall exposure level for camrelay.service: ([0-9.]+)", done.stdout)
    assert exposure, done.stdout + done.stderr
    assert float(exposure.group(1)) <= 1.5


def heard(server, word):
    """Datagrams until one of them has the word."""
    while True:
        text = server.recv(4096).decode()
        if word in text.split("\n"):
            return text


@pytest.mark.parametrize("abstract", [False, True], ids=["path", "abstract"])
def test_ready_then_watchdog_then_an_orderly_end(tmp_path, abstract):
    config = tmp_path / "c.conf"
    config.write_text(f"[supervisor]\nrun_dir = {tmp_path}/run\nhttp = 127.0.0.1:0\n")
    name = f"@camrelay-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.settimeout(60)
        server.bind(name.replace("@", "\0", 1) if abstract else name)
        env = {**os.environ, "NOTIFY_SOCKET": name, "WATCHDOG_USEC": "200000"}
        with subprocess.Popen([f"{BUILD}/camrelayd", "-f", "-c", config], env=env, stderr=subprocess.PIPE) as daemon:
            heard(server, "READY=1")
            heard(server, "WATCHDOG=1")
            heard(server, "WATCHDOG=1")
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(timeout=60) == 0
