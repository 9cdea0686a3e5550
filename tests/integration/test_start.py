"""Starts that fail: 78 where a human must change something, 75 where the cause may pass and systemd tries again."""
import fcntl
import os
import re
import socket
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../sim"))
from lab import BUILD, TOP, until  # noqa: E402

TEMPFAIL, CONFIG = 75, 78


def write_config(folder, **keys):
    keys = {"run_dir": folder / "run", "http": "none", **keys}
    config = folder / "camrelay.conf"
    config.write_text("[supervisor]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items()))
    return config


def start(folder, user=None, **keys):
    """The exit code of a start that must fail, and what was said."""
    config = write_config(folder, **keys)
    done = subprocess.run([os.path.join(BUILD, "camrelayd"), "-f", "-c", config], capture_output=True, text=True,
                          timeout=60, check=False, user=user)
    return done.returncode, done.stderr


@pytest.fixture
def state(tmp_path):
    folder = tmp_path / "state"
    folder.mkdir(mode=0o750)
    return folder


@pytest.mark.parametrize("daemon", [False, True], ids=["foreground", "daemon"])
def test_a_taken_port_may_be_free_later(tmp_path, daemon):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, said = start(tmp_path, http=f"127.0.0.1:{taken.getsockname()[1]}")
        if daemon:  # what the init script gets
            code = subprocess.run([os.path.join(BUILD, "camrelayd"), "-c", tmp_path / "camrelay.conf"], timeout=60,
                                  stderr=subprocess.DEVNULL, check=False).returncode
    assert code == TEMPFAIL and "Address already in use" in said


def add_token(folder, state):
    """Others may reach an address that is not this machine's own."""
    write_config(folder, http="127.0.0.1:0", state_dir=state)
    camctl = [os.path.join(BUILD, "camctl"), "-r", folder / "run"]
    with subprocess.Popen([os.path.join(BUILD, "camrelayd"), "-f", "-c", folder / "camrelay.conf"],
                          stderr=subprocess.DEVNULL) as daemon:
        until(lambda: subprocess.run([*camctl, "ping"], capture_output=True, check=False).returncode == 0, "it runs")
        subprocess.run([*camctl, "token", "add", "one", "--role", "view"], check=True, capture_output=True)
        daemon.terminate()


def test_an_address_that_is_not_up_may_come_up(tmp_path, state):
    add_token(tmp_path, state)
    code, said = start(tmp_path, http="192.0.2.1:8080", state_dir=state)  # RFC 5737: nobody's
    assert code == TEMPFAIL and "Cannot assign requested address" in said


def test_a_state_dir_that_another_holds_may_be_let_go(tmp_path, state):
    holder = os.open(state, os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    code, said = start(tmp_path, state_dir=state)
    os.close(holder)
    assert code == TEMPFAIL and "another camrelayd keeps its state there" in said


def test_a_state_dir_that_cannot_be_written_may_be_later(tmp_path, state):
    state.chmod(0o555)
    for folder in (tmp_path, *tmp_path.parents):  # nobody may come here
        if not os.stat(folder).st_mode & 0o001:
            folder.chmod(0o711)
    (tmp_path / "run").mkdir()
    (tmp_path / "run").chmod(0o777)
    code, said = start(tmp_path, user="nobody" if os.getuid() == 0 else None, state_dir=state)
    assert code == TEMPFAIL and re.search("state.db: Permission denied", said)


def test_a_store_of_a_newer_version_needs_somebody(tmp_path, state):
    subprocess.run(["sqlite3", state / "state.db", "PRAGMA user_version = 999"], check=True)
    code, said = start(tmp_path, state_dir=state)
    assert code == CONFIG and "is of version 999" in said


def test_systemd_tries_again_but_for_a_wrong_configuration():
    with open(os.path.join(TOP, "etc/systemd/camrelay.service"), encoding="utf-8") as file:
        unit = file.read().splitlines()
    assert {"Restart=on-failure", f"RestartPreventExitStatus={CONFIG}", "StartLimitIntervalSec=0"} <= set(unit)
