"""What is said of a camera's media: healthy, degraded, reconnecting, offline, and the events offline and online, once each."""
import json
import os
import re
import signal

import pytest

from lab import http, until

QUICK = {"start_stagger": "0s", "media_stall": "1s", "failed_retry_first": "300ms", "failed_retry_cap": "300ms",
         "degraded_retry": "300ms", "offline_after": "3", "offline_retry": "400ms"}


def events(lab, name="cam1"):
    """What was kept of a camera: [(event, text)]."""
    said = [json.loads(line) for line in lab.camctl("--json", "events", name).splitlines()]
    return [(e["event"], e.get("text")) for e in said]


def outages(lab, name="cam1"):
    return [e for e in events(lab, name) if e[0] in ("offline", "online")]


def until_told(lab, count):
    """The outages, once so many are told: pictures are held to be back when they have come for 2 s and media_stall."""
    return until(lambda: len(outages(lab)) >= count and outages(lab), f"{count} events")


class Plain:
    """A camera that is an URL of the camera server."""

    def __init__(self, make_lab, **more):
        self.lab = make_lab(cameras=1, state=True, camera_args=("--static",), supervisor={**QUICK, **more},
                            camera={"google": None, "device": None})
        self.lab.camera_keys["url"] = self.lab.cam["static"]["cam1"]
        self.lab.write_config()
        self.lab.start().until_running()

    def row(self):
        return self.lab.rows()["cam1"]

    def until_health(self, health, deadline_s=60):
        return until(lambda: self.row()["health"] == health and self.row(), health, deadline_s)

    def until_back(self):
        self.until_health("healthy")
        self.lab.until_running()
        packets = self.lab.sfu_packets("cam1")
        until(lambda: self.lab.sfu_packets("cam1") > packets + 20, "packets at the SFU")


def test_a_camera_that_is_away_is_told_once_and_once_when_it_is_back(make_lab):
    plain = Plain(make_lab)
    lab = plain.lab
    lab.camera_fault("cam1", "offline")
    row = plain.until_health("offline")
    assert "404" in row["error"]
    tried = lab.camera_state("cam1")["describes"].get("404", 0)
    until(lambda: lab.camera_state("cam1")["describes"]["404"] > tried + 5, "it is tried for ever")
    lab.camera_fault("cam1", "online")
    plain.until_back()
    offline, online = until_told(lab, 2)
    assert offline[0] == "offline" and re.fullmatch(r"cam1 is offline: .*404.*", offline[1])
    assert online[0] == "online" and re.fullmatch(r"cam1 is online again after (\d+ min )?\d+ s", online[1])


@pytest.mark.parametrize("fault", [{"status": 404}, {"status": 401}, {"status": 403}, {"status": 503}, {"kind": "refuse"}])
def test_no_failure_of_a_plain_camera_is_a_dead_end(make_lab, fault):
    plain = Plain(make_lab)
    plain.lab.camera_fault("cam1", **{"kind": "describe", **fault, "count": 12})
    plain.lab.camera_fault("cam1", "drop")
    plain.until_health("offline")
    plain.until_back()
    assert plain.lab.camera_state("cam1")["pending"] == []
    assert [e[0] for e in until_told(plain.lab, 2)] == ["offline", "online"]


def test_a_camera_server_that_is_down_is_found_when_it_is_back(make_lab):
    plain = Plain(make_lab)
    control = plain.lab.cam["control"]
    http("POST", control + "/server", {"listening": False})
    plain.lab.camera_fault("cam1", "drop")
    row = plain.until_health("offline")
    assert row["error"]
    http("POST", control + "/server", {"listening": True})
    plain.until_back()
    assert [e[0] for e in until_told(plain.lab, 2)] == ["offline", "online"]


def test_silence_is_told_apart_and_a_worker_that_dies_is_no_outage(make_lab):
    plain = Plain(make_lab, outage_after="10s")
    lab = plain.lab
    pid = lab.pid("cam1")
    os.kill(pid, signal.SIGKILL)
    until(lambda: lab.pid("cam1") not in (0, pid), "another worker")
    plain.until_back()
    lab.camera_fault("cam1", "drop")
    until(lambda: plain.row()["reconnects"] >= 1, "connected anew")
    plain.until_back()
    assert outages(lab) == []
    lab.camera_fault("cam1", "stall")
    until(lambda: ("cam1 is offline: no picture for 1 s") in [e[1] for e in outages(lab)], "the event")
    # The camera has one picture for everybody who connects.
    plain.until_health("healthy")
    plain.until_health("reconnecting")
    assert [e[0] for e in outages(lab)] == ["offline"]
    lab.camera_fault("cam1", "resume")
    plain.until_back()
    assert [e[0] for e in until_told(lab, 2)] == ["offline", "online"]


def test_a_camera_that_is_stopped_is_not_offline(make_lab):
    plain = Plain(make_lab, outage_after="1s")
    lab = plain.lab
    before = outages(lab)
    lab.camctl("--wait", "stop", "cam1")
    until(lambda: plain.row()["pid"] == 0 and plain.row()["state_ms"] > 3000, "stopped for longer than outage_after")
    assert outages(lab) == before


# ---- a picture that stands ----------------------------------------------------------------------------------------------

def test_an_encoder_that_repeats_one_picture_is_told_apart(make_lab):
    plain = Plain(make_lab, frozen_after="2s")
    lab = plain.lab
    plain.until_health("healthy")
    connections = lab.camera_state("cam1")["connections"]
    lab.camera_fault("cam1", "freeze")
    row = until(lambda: "frozen" in plain.row().get("error", "") and plain.row(), "the picture is frozen")
    assert re.fullmatch(r"picture is frozen since \d\d:\d\d:\d\d UTC: .*", row["error"])
    assert row["health"] == "degraded" and row["frozen_ms"] >= 2000
    assert "the same picture for" in lab.camctl("show", "cam1")
    lab.camera_fault("cam1", "resume")
    until(lambda: plain.row()["frozen_ms"] == 0, "it moves again")
    plain.until_health("healthy")
    assert lab.camera_state("cam1")["connections"] == connections, "packets came: there is nothing to connect anew"
    assert outages(lab) == []


def test_a_scene_that_stands_still_is_not_frozen(make_lab):
    """x264 makes of a scene without any noise pictures of a few bytes, all skipped, and IDRs that are alike."""
    lab = make_lab(cameras=1, camera_args=("--still", "--static"), state=True, supervisor={"frozen_after": "1s"}).start()
    lab.until_running()
    start = lab.rows()["cam1"]["frames"]

    def longer():
        row = lab.rows()["cam1"]
        assert row["frozen_ms"] == 0, row
        return row["frames"] > start + 150

    until(longer, "ten seconds of pictures")
    assert not any("frozen" in (text or "") for _, text in events(lab))
