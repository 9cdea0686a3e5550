"""The log of camrelayd and its workers: one file, opened anew under running workers, and every line of it a log line."""
import fcntl
import json
import os
import re
import signal
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../sim"))
from alone import NOWHERE  # noqa: E402
from lab import BUILD, DEADLINE_S, Lab, until  # noqa: E402

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (debug|info|warn|error) ")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def make_lab(directory, **supervisor):
    path = str(directory / "camrelay.log")
    lab = Lab(cameras=1, camera={"publish": "none"}, supervisor={"log_file": path, **supervisor})
    return lab, path


def test_after_usr1_running_workers_write_to_the_new_file(tmp_path):
    lab, path = make_lab(tmp_path)
    with lab:
        lab.start()
        lab.until_running()
        pid = lab.pid("cam1")
        until(lambda: "session state phase=running" in read(path), "the worker's lines are in the file")
        os.rename(path, path + ".1")
        lab.daemon.process.send_signal(signal.SIGUSR1)
        until(lambda: os.path.exists(path), "there is a new file")
        old = read(path + ".1")
        lab.camera_fault("cam1", "drop")
        until(lambda: "source lost" in read(path), "the worker's words are in the new file")
        assert read(path + ".1") == old, "nothing went to the old one"
        assert lab.pid("cam1") == pid, "the worker is the same"
        lab.until_running()
        assert lab.log() == "", "standard error stays empty"
        assert lab.close() == 0
        assert "supervisor stopped clean=yes" in read(path)
        assert all(LINE.match(line) for line in read(path).splitlines())


@pytest.fixture(name="chatty")
def a_worker_that_says_other_things(tmp_path):
    """Instead of camrelay-worker: a script with no log line in it, a line without end, and one that breaks off."""
    script = tmp_path / "worker"
    script.write_text("#!/bin/sh\necho 'free(): invalid \"pointer\"' >&2\n"
                      "head -c 20000 /dev/zero | tr '\\0' x >&2\necho >&2\nprintf 'last words' >&2\nexit 1\n")
    script.chmod(0o755)
    return str(script)


@pytest.mark.parametrize("form", ["logfmt", "json"])
def test_what_is_no_log_line_becomes_one(tmp_path, chatty, form):
    lab, path = make_lab(tmp_path, log=form, worker=chatty)
    with lab:
        lab.start()
        until(lambda: "worker died" in read(path), "the worker died")
        lines = read(path).splitlines()
        assert lab.close() == 0
    if form == "json":
        said = [row for row in map(json.loads, lines) if row["event"] == "worker said"]
        assert said[0]["text"] == 'free(): invalid "pointer"' and said[0]["cam"] == "cam1"
        assert said[0]["level"] == "warn"
    else:
        assert all(LINE.match(line) for line in lines)
        said = [line for line in lines if "cam=cam1 worker said" in line]
        assert 'text="free(): invalid \\"pointer\\""' in said[0]
    assert 5 <= len(said) <= 7, "20,000 bytes are cut, not kept"
    assert "last words" in str(said[-1])
    assert lines.index(next(line for line in lines if "last words" in line)) < \
        lines.index(next(line for line in lines if "worker died" in line)), "its last words come before its death"


def test_a_worker_that_floods_the_log_is_cut_short_and_told_of(tmp_path):
    script = tmp_path / "worker"
    script.write_text("#!/bin/sh\nyes nonsense | head -n 5000 >&2\nexit 1\n")
    script.chmod(0o755)
    lab, path = make_lab(tmp_path, worker=str(script))
    with lab:
        lab.start()
        until(lambda: "worker died" in read(path), "the worker died")
        lines = read(path).split("worker died")[0].splitlines()
        assert lab.close() == 0
    said = [line for line in lines if "worker said" in line]
    dropped = [int(line.rpartition("=")[2]) for line in lines if "worker lines dropped" in line]
    assert 500 <= len(said) <= 600
    # A pipe holds so much, and the script does not wait for it either: what it could not write is not counted.
    assert dropped and len(said) + sum(dropped) <= 5000


def test_a_log_that_nobody_reads_holds_up_nobody_and_says_what_was_lost(tmp_path):
    config = tmp_path / "camrelay.conf"
    config.write_text(f'[supervisor]\nrun_dir = {tmp_path}/run\nhttp = none\n[camera "cam1"]\nurl = {NOWHERE}\npublish = none\n')
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 8192)
    camctl = lambda *command: subprocess.run([f"{BUILD}/camctl", "-r", f"{tmp_path}/run", *command], capture_output=True,
                                             timeout=DEADLINE_S, check=False).returncode
    with subprocess.Popen([f"{BUILD}/camrelayd", "-f", "-c", config], stderr=writer) as daemon, os.fdopen(reader, "rb") as log:
        os.close(writer)
        try:
            until(lambda: camctl("ping") == 0, "camrelayd answers")
            for _ in range(40):
                assert camctl("restart", "cam1") == 0
            text = log.read(4096)
            until(lambda: camctl("restart", "cam1") == 0 and b"log lines lost" in log.read1(4096), "it is said")
            assert b"supervisor started" in text
        finally:
            daemon.terminate()
            log.read()
        assert daemon.wait() == 0


def test_a_worker_that_writes_without_end_holds_up_nobody(tmp_path):
    script = tmp_path / "worker"
    script.write_text("#!/bin/sh\nwhile :; do echo some nonsense; done >&2 2>/dev/null\n")
    script.chmod(0o755)
    lab = Lab(cameras=1, camera={"publish": "none"}, supervisor={"log_file": "/dev/null", "worker": str(script)})
    with lab:
        lab.start()
        until(lambda: lab.pid("cam1"), "the worker runs")
        for _ in range(20):
            assert lab.camctl("ping") == "pong\n"
        assert lab.close() == 0
