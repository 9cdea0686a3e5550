"""etc/init.d/camrelay in a sandbox: real camrelayd, real worker, LSB's exit codes, and no stranger is touched."""
import os
import shutil
import signal
import socket
import subprocess
import time

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("CAMRELAY_BUILD", os.path.join(ROOT, "build"))

pytestmark = pytest.mark.skipif(not os.path.exists("/lib/lsb/init-functions"), reason="needs the package lsb-base")


def wait_for(condition, seconds=60):
    """condition()'s first true value; a failure after so many seconds."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, "timed out"
        time.sleep(0.02)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return [int(child) for child in f.read().split()]


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Sandbox:
    def __init__(self, folder):
        self.folder = folder
        self.config = folder / "camrelay.conf"
        self.pidfile = folder / "run" / "camrelayd.pid"
        self.daemon = folder / "sbin" / "camrelayd"
        self.daemon.parent.mkdir()
        # A copy: its /proc/PID/exe is this path, like nobody else's.
        shutil.copy(f"{BUILD}/camrelayd", self.daemon)
        # A camera that nobody answers for: its worker lives and reconnects.
        self.port = socket.create_server(("127.0.0.1", 0))
        url = f"rtsp://127.0.0.1:{self.port.getsockname()[1]}/x"
        self.config.write_text(
            f"[supervisor]\nrun_dir = {folder}/run\nhttp = 127.0.0.1:0\nlog_file = {folder}/log\nworker = {BUILD}/camrelay-worker\n"
            f'[camera "porch"]\nurl = {url}\npublish = none\n')
        script = (folder / "init")
        with open(f"{ROOT}/etc/init.d/camrelay", encoding="utf-8") as f:
            script.write_text(f.read().replace("@PREFIX@", "/nonexistent"))
        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        (folder / "default").write_text(
            f"DAEMON={self.daemon}\nCONFIG={self.config}\nPIDFILE={self.pidfile}\nUSER={user}\n")

    def __call__(self, action):
        env = {**os.environ, "CAMRELAY_DEFAULTS": str(self.folder / "default")}
        return subprocess.run(["sh", self.folder / "init", action], env=env, capture_output=True, text=True,
                              timeout=60, check=False).returncode

    def pid(self):
        return int(self.pidfile.read_text())

    def clean(self):
        self.port.close()
        if self.pidfile.exists() and self("status") == 0:
            self("stop")


@pytest.fixture(name="init")
def sandbox(tmp_path):
    box = Sandbox(tmp_path)
    yield box
    box.clean()


def test_a_whole_life(init):
    assert init("status") == 3
    assert init("start") == 0
    assert init("status") == 0
    pid = init.pid()
    assert init("start") == 0
    assert init.pid() == pid

    worker = wait_for(lambda: children(pid))[0]
    os.kill(worker, signal.SIGKILL)
    again = wait_for(lambda: [c for c in children(pid) if c != worker and alive(c)])[0]
    assert init("status") == 0
    assert init.pid() == pid

    assert init("stop") == 0
    assert not alive(pid)
    assert not alive(again)
    assert not init.pidfile.exists()
    assert init("status") == 3
    assert init("stop") == 0


def test_restart_is_another_process(init):
    assert init("restart") == 0
    pid = init.pid()
    assert init("restart") == 0
    assert init.pid() != pid
    assert not alive(pid)
    assert init("try-restart") == 0
    assert init("stop") == 0
    assert init("try-restart") == 0
    assert init("status") == 3


def test_a_daemon_that_was_killed_is_dead_with_its_pid_file_and_starts_again(init):
    assert init("start") == 0
    pid = init.pid()
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not alive(pid))
    assert init("status") == 1
    assert init("start") == 0
    assert init("status") == 0


def test_like_named_processes_are_left_alone(init, tmp_path):
    stranger_path = tmp_path / "camrelayd"
    shutil.copy("/bin/sleep", stranger_path)
    with subprocess.Popen([stranger_path, "60"]) as stranger:
        init.pidfile.parent.mkdir()
        # The pid file is old, and its number is somebody else's now.
        init.pidfile.write_text(f"{stranger.pid}\n")
        assert init("status") == 1
        assert init("stop") == 0
        assert stranger.poll() is None
        init.pidfile.write_text(f"{stranger.pid}\n")
        assert init("start") == 0
        assert init.pid() != stranger.pid
        assert init("stop") == 0
        assert stranger.poll() is None
        stranger.kill()


def test_a_pid_file_of_garbage_is_no_process(init):
    init.pidfile.parent.mkdir()
    for garbage in ("", "-1\n", "1; reboot\n", "99999999\n"):
        init.pidfile.write_text(garbage)
        assert init("status") == 1
        assert init("stop") == 0


def test_a_wrong_configuration_does_not_start_and_does_not_reload(init):
    good = init.config.read_text()
    init.config.write_text("[camera]\n")
    assert init("start") == 6
    assert init("status") == 3
    init.config.write_text(good)
    assert init("start") == 0
    pid = init.pid()
    init.config.write_text("[camera]\n")
    assert init("force-reload") == 6
    init.config.write_text(good)
    assert init("reload") == 0
    assert init("status") == 0
    assert init.pid() == pid


def test_the_other_codes_of_lsb(init):
    assert init("force-reload") == 7
    assert init("dance") == 2
    init.config.unlink()
    assert init("start") == 6
    init.daemon.unlink()
    assert init("start") == 5


def test_what_make_install_lays_down_starts_and_stops(init, tmp_path):
    """`-o all`: what is tested is installed as it was built."""
    root = tmp_path / "root"
    subprocess.run(["make", "-s", "-o", "all", "install", f"B={BUILD}", f"DESTDIR={root}", "PREFIX=/opt/camrelay"],
                   cwd=ROOT, check=True, timeout=60)
    script = root / "etc/init.d/camrelay"
    assert os.access(script, os.X_OK) and "DAEMON=/opt/camrelay/sbin/camrelayd" in script.read_text()
    pages = root / "opt/camrelay/share/doc/camrelay"
    assert "file:///opt/camrelay/share/doc/camrelay/runbook.md#" in (pages / "prometheus/camrelay.rules.yml").read_text()
    assert (pages / "runbook.md").exists() and (pages / "grafana/camrelay-overview.json").exists()
    shutil.copy(script, init.folder / "init")
    defaults = init.folder / "default"
    defaults.write_text(defaults.read_text().replace(str(init.daemon), f"{root}/opt/camrelay/sbin/camrelayd"))
    init.config.write_text(init.config.read_text().replace(
        f"{BUILD}/camrelay-worker", f"{root}/opt/camrelay/libexec/camrelay/camrelay-worker"))
    assert init("start") == 0
    wait_for(lambda: children(init.pid()))
    ping = [root / "opt/camrelay/bin/camctl", "-r", init.folder / "run", "ping"]
    assert subprocess.run(ping, capture_output=True, check=True).stdout == b"pong\n"
    assert init("status") == 0
    assert init("stop") == 0
