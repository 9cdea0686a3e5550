"""A camera that is stopped while a call for it is on its way: what became of its stream is not kept as if it lived.

The judges are Google's record and state.db.
"""
import os
import signal
import sqlite3

import pytest

from lab import until

LIFETIME_S = 6


@pytest.fixture(name="lab")
def one_camera_with_a_short_stream(make_lab):
    lab = make_lab(cameras=1, lifetime=LIFETIME_S, window=3, state=True, supervisor={"start_stagger": "100ms"})
    lab.start()
    lab.until_running()
    assert kept(lab) == ["cam1"]
    return lab


def kept(lab):
    """The cameras of which there is a stream in the store."""
    path = os.path.join(lab.directory, "state", "state.db")
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return [name for name, in connection.execute("select camera from streams")]
    finally:
        connection.close()


def test_an_extend_that_is_refused_after_the_stop_extends_nothing(lab):
    """It gets to Google when the stream has ended there."""
    lab.google_fault(match={"kind": "extend"}, action="slow", seconds=LIFETIME_S, executed=False)
    until(lambda: lab.calls(kind="extend"), "an Extend is on its way")
    lab.camctl("--wait", "stop", "cam1")
    assert until(lambda: lab.calls(kind="extend")[0]["status"], "its answer") == 400
    until(lambda: not kept(lab), "the stream is forgotten")
    assert lab.rows()["cam1"]["ever_extended"] == 0


def test_a_stop_that_works_after_the_camera_was_started_again_ends_the_stream(lab):
    lab.google_fault(match={"kind": "stop"}, action="slow", seconds=2)
    lab.google_fault(match={"kind": "generate"}, action="hang", seconds=30)
    lab.camctl("--wait", "stop", "cam1")
    until(lambda: lab.calls(kind="stop"), "a Stop is on its way")
    lab.camctl("start", "cam1")
    until(lambda: lab.calls(kind="stop", status=200), "it has worked")
    until(lambda: not kept(lab), "the stream is forgotten")
    until(lambda: lab.calls(kind="generate", fault="hang"), "another is asked for")
    os.kill(lab.daemon.process.pid, signal.SIGKILL)
    lab.daemon.process.wait()
    lab.start()
    lab.until_running()
    assert "google stream resumed" not in lab.log()


def test_a_stream_that_ends_before_it_could_be_stopped_is_forgotten(lab):
    lab.google_fault(match={"kind": "stop"}, action="500", for_s=60)
    lab.camctl("--wait", "stop", "cam1")
    until(lambda: lab.calls(kind="stop"), "a Stop has failed")
    until(lambda: not kept(lab), "the stream is forgotten")
    assert lab.calls(kind="stop", status=200) == []
    assert lab.rows()["cam1"]["state"] == "stopped"
