"""The resource guard of a real camrelayd: cameras do without, in order, and get it back. The limits are so low, or so high, that
ordinary workers are over or below them: nothing in the product helps."""
import glob
import os
import re
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "sim"))
from alone import Alone  # noqa: E402
from lab import CACHE, SIM, Process, until  # noqa: E402

GENEROUS = {"interval": "100ms", "worker_memory": "2G", "total_memory": "0"}
CAMERAS = {"door": 90, "yard": 50, "shed": 10}


@pytest.fixture(name="cams", scope="module")
def camera_server(tmp_path_factory):
    process = Process("camera", [os.path.join(SIM, "camera.py"), "--names", ",".join([*CAMERAS, "small"]), "--static", "--cache",
                                 CACHE, "--profile", "baseline"], str(tmp_path_factory.mktemp("cams")))
    yield process.ready(120)
    process.stop()


@pytest.fixture(name="relay")
def a_relay():
    with Alone() as relay:
        yield relay


def sections(relay, cams, guard, **keys):
    recordings = os.path.join(relay.directory, "recordings")
    yield "guard", {**GENEROUS, **guard}
    yield "recording", {"dir": recordings, "min_free": "1%"}
    for name, priority in CAMERAS.items():
        yield f'camera "{name}"', {"url": cams["static"][name], "publish": "none", "ca_file": cams["ca"], "priority": priority,
                                   "record": "yes", **keys}


def start(relay, cams, guard, **keys):
    relay.write(sections(relay, cams, guard, **keys))
    relay.start()


def limit(relay, cams, **guard):
    relay.write(sections(relay, cams, guard))
    assert "changed [guard]" in relay.camctl("reload")


def rows(relay):
    return {row["name"]: row for row in relay.json("status")["cameras"]}


def steps(relay):
    return {row["camera"]: row["step"] for row in relay.json("status")["limits"]}


def measured(relay):
    """{camera: its step} of camrelay_camera_limit: the one series of each that is 1."""
    ones = re.findall(r'^camrelay_camera_limit\{camera="(\w+)",step="(\w+)"\} 1$', relay.camctl("metrics"), re.M)
    assert len(ones) == len(CAMERAS)
    return dict(ones)


def until_all(relay, what, **wanted):
    return until(lambda: all(all(row.get(k) == v for k, v in wanted.items()) for row in rows(relay).values()) and rows(relay), what)


def told(relay):
    """(camera, event, text) of the guard, in order."""
    return [(e.get("camera"), e["event"], e["text"]) for e in relay.events() if e["event"].startswith("limit ")]


def recorded(relay, name):
    """Bytes of its recordings."""
    files = glob.glob(os.path.join(relay.directory, "recordings", name, "**", "*.m4s"), recursive=True)
    return sum(os.path.getsize(file) for file in files)


def test_what_a_worker_takes_is_what_the_kernel_says(relay, cams):
    start(relay, cams, {})
    until_all(relay, "all record", phase="running", recording="recording")
    row = until(lambda: next((r for r in relay.json("status")["limits"] if r["camera"] == "door" and r["cpu_percent"] > 0), None),
                "the second look")
    with open(f"/proc/{rows(relay)['door']['pid']}/status", encoding="ascii") as file:
        resident = next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS"))
    assert abs(row["memory_bytes"] - resident) < resident / 2
    assert set(steps(relay).values()) == {"none"}
    assert "limit door: none, " in relay.camctl("health")
    assert measured(relay) == dict.fromkeys(CAMERAS, "none")


def test_every_camera_has_its_step_from_the_start(relay, cams):
    start(relay, cams, {"interval": "1m"})
    assert measured(relay) == dict.fromkeys(CAMERAS, "none")


def test_together_over_the_limit_the_ladder_is_gone_down_and_up_again_in_order(relay, cams):
    start(relay, cams, {})
    until_all(relay, "all record", phase="running", recording="recording")
    pid = rows(relay)["door"]["pid"]
    limit(relay, cams, total_memory="1M")
    until(lambda: steps(relay) == {"door": "substream", "yard": "paused", "shed": "paused"}, "two are paused")
    until(lambda: [rows(relay)[n]["state"] for n in CAMERAS] == ["running", "stopped", "stopped"], "they are stopped")
    assert rows(relay)["door"]["recording"] == "off" and rows(relay)["door"]["pid"] == pid
    assert [(camera, event) for camera, event, _ in told(relay)] == [
        (None, "limit warning"), (None, "limit recording off"), (None, "limit substream"), ("shed", "limit paused"),
        ("yard", "limit paused")]
    assert "memory of all workers is " in told(relay)[0][2] and " MB of 1" in told(relay)[0][2]
    assert relay.camctl("health").count(": paused, ") == 2
    assert measured(relay) == {"door": "substream", "yard": "paused", "shed": "paused"}
    size = recorded(relay, "door")
    limit(relay, cams, total_memory="2G")
    until(lambda: set(steps(relay).values()) == {"none"}, "all is back")
    assert [(camera, event, text.split(":")[0]) for camera, event, text in told(relay)[5:]] == [
        ("yard", "limit back", "substream"), ("shed", "limit back", "substream"), (None, "limit back", "recording off"),
        (None, "limit back", "warn"), (None, "limit back", "none")]
    until_all(relay, "all record", phase="running", recording="recording")
    assert rows(relay)["door"]["pid"] == pid
    until(lambda: recorded(relay, "door") > size, "it is recorded again")


def test_who_sends_too_many_pictures_takes_the_substream(relay, cams):
    start(relay, cams, {"worker_fps": "1"}, substream=cams["static"]["small"])
    until(lambda: steps(relay) == dict.fromkeys(CAMERAS, "substream"), "every camera sends more than one picture a second")
    until(lambda: all(r["phase"] == "running" and r["url"].startswith("substream ") and r["recording"] == "off"
                      for r in rows(relay).values()), "all show their substreams and do not record")
    assert all(text.startswith("warn: frame rate is ") for _, event, text in told(relay) if event == "limit warning")
    assert relay.json("status")["limit_level"] == 0


def test_a_worker_whose_memory_stays_over_the_limit_is_restarted_and_not_counted_with_the_others(relay, cams):
    start(relay, cams, {"worker_memory": "1M", "leak_window": "1h"})
    until(lambda: all(r["restarts"] == 1 for r in relay.json("status")["limits"]), "each is restarted")
    until_all(relay, "all are back", phase="running", gen=2)
    counted = {name: (row["gen"], row["restarts"], row["failures"]) for name, row in rows(relay).items()}
    assert set(counted.values()) == {(2, 0, 0)}, counted
    events = [(camera, event) for camera, event, _ in told(relay)]
    for name in CAMERAS:
        assert [event for camera, event in events if camera == name] == [
            "limit warning", "limit recording off", "limit substream", "limit restart"]
    # A limit that is just too low is no reason to restart again and again.
    looks = relay.json("status")["uptime_ms"]
    until(lambda: relay.json("status")["uptime_ms"] > looks + 3000, "thirty looks more")
    assert all(r["restarts"] == 1 for r in relay.json("status")["limits"])


def test_an_operators_stop_is_not_undone(relay, cams):
    start(relay, cams, {})
    until_all(relay, "all run", phase="running")
    limit(relay, cams, total_memory="1M")
    until(lambda: steps(relay)["yard"] == "paused", "two are paused")
    relay.camctl("stop", "shed")
    limit(relay, cams, total_memory="2G")
    until(lambda: rows(relay)["yard"]["phase"] == "running", "the other one runs again")
    until(lambda: set(steps(relay).values()) == {"none"}, "all is back")
    assert rows(relay)["shed"]["state"] == "stopped"
    relay.camctl("start", "shed")
    until(lambda: rows(relay)["shed"]["phase"] == "running", "it runs")
