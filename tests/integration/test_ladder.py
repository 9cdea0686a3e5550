"""Each step of the reconnect ladder (docs/operating.md, State), with exactly the calls to Google that it says.

Every test has a camera of its own, since a camera that failed before is tried later. Streams live for five minutes: what is
in Google's record is what the ladder has cost. The last tests have a short-lived stream, and a world, of their own.
"""
import time

import pytest

from lab import DEADLINE_S, Lab, http, until
from pace import Pace

CAMERAS = 9
STALL_MS = 1000
RETRY_FIRST_S = 1
SUPERVISOR = {"start_stagger": "0s", "media_stall": f"{STALL_MS}ms", "failed_retry_first": f"{RETRY_FIRST_S}s",
              "failed_retry_cap": "4s"}


@pytest.fixture(name="lab", scope="module")
def many_cameras():
    with Lab(cameras=CAMERAS, window=6, qpm=20, supervisor=SUPERVISOR) as lab:
        lab.start()
        lab.until_running()
        yield lab
        assert lab.over_quota() == {}
        assert lab.close() == 0


@pytest.fixture(name="unused", scope="module")
def unused_cameras(lab):
    return list(lab.names)


class Camera:
    """One camera of the world, and what was counted of it when the test began."""

    def __init__(self, lab, name):
        self.lab, self.name = lab, name
        self.row, self.before, self.track = lab.rows()[name], lab.camera_state(name), lab.sfu_track(name)
        self.commands_before = lab.commands(name)

    def fault(self, kind, **more):
        self.lab.camera_fault(self.name, kind, **more)

    def state(self):
        return self.lab.camera_state(self.name)

    def commands(self):
        """Since then."""
        return self.lab.commands(self.name)[len(self.commands_before):]

    def connections(self):
        return self.state()["connections"] - self.before["connections"]

    def answered(self, status):
        """How many DESCRIBEs were, since then."""
        return self.state()["describes"].get(str(status), 0) - self.before["describes"].get(str(status), 0)

    def until_back(self, connections=1, deadline_s=DEADLINE_S):
        """It plays on a newer connection, and its pictures are at the SFU, in the session that was there before."""
        until(lambda: self.state()["plays"] > self.before["plays"] and self.connections() >= connections,
              f"{self.name} plays again", deadline_s)
        row = self.lab.until_running([self.name], deadline_s)[self.name]
        packets = self.lab.sfu_packets(self.name)
        until(lambda: self.lab.sfu_packets(self.name) > packets + 20, "packets at the SFU")
        assert self.lab.sfu_track(self.name)["session"] == self.track["session"]
        assert (row["state"], row["pid"]) == ("running", self.row["pid"])
        assert row["reconnects"] > self.row["reconnects"]

    def states(self):
        """The camera's states since the test began, from the log: ["running->failed", ...]."""
        start = f"cam={self.name} camera state from="
        lines = [line.partition(start)[2].split() for line in self.lab.log().splitlines() if start in line]
        changes = [f"{line[0]}->{line[1].removeprefix('to=')}" for line in lines]
        return changes[changes.index("starting->running") + 1:]


@pytest.fixture(name="camera")
def fresh_camera(lab, unused):
    return Camera(lab, unused.pop())


@pytest.mark.parametrize("reset", [False, True])
def test_a_dropped_connection_is_made_anew_at_once_without_a_call(camera, reset):
    with Pace() as pace:
        start = time.monotonic()
        camera.fault("drop", reset=reset)
        until(lambda: camera.connections() == 1, "the next connection")
        took = time.monotonic() - start
    assert took < pace.allowed(1)
    camera.until_back()
    assert camera.commands() == [] and camera.states() == []
    assert camera.connections() == 1


def test_a_camera_that_sends_nothing_without_closing_is_left_and_connected_anew_without_a_call(camera):
    camera.fault("stall", seconds=2 * STALL_MS / 1000)
    until(lambda: camera.connections() >= 1, "another connection")
    camera.until_back()
    assert camera.commands() == [] and camera.states() == []
    assert "cam=" + camera.name + " source lost" in camera.lab.log()


def test_a_404_that_ends_after_two_tries_costs_no_call(camera):
    camera.fault("describe", status=404, count=2)
    camera.fault("drop")
    until(lambda: camera.lab.title(camera.name).endswith(f" {camera.name} [reconnecting 3]"), "ps shows the tries")
    camera.until_back(connections=3)
    assert (camera.answered(404), camera.answered(200)) == (2, 1)
    assert camera.commands() == [] and camera.states() == []


def test_a_404_for_ever_is_refused_after_three_tries_and_costs_one_generate(camera):
    """The lease is revoked: the camera server forgets the path, and cannot say whose it was from then on."""
    server = lambda: http("GET", camera.lab.cam["control"] + "/state")
    unknown = server()["unknown_paths"]
    lease = next(x["id"] for x in camera.before["leases"] if x["alive"])
    http("DELETE", f"{camera.lab.cam['control']}/leases/{lease}")
    camera.until_back()
    assert server()["unknown_paths"] - unknown + camera.answered(404) == 3
    assert camera.commands() == ["generate"]
    assert camera.states() == ["running->failed", "failed->running"]


@pytest.mark.parametrize("status", [401, 403])
def test_a_denial_is_tried_once_more_then_costs_one_generate(camera, status):
    camera.fault("describe", status=status, count=2)
    camera.fault("drop")
    camera.until_back(connections=3)
    assert camera.answered(status) == 2
    assert camera.commands() == ["generate"]
    assert camera.states() == ["running->failed", "failed->running"]


def test_a_stale_token_is_replaced_by_the_newest_without_another_call(camera):
    """Google has extended the stream, its answer is on the way: the worker's token is stale, the next one is not."""
    camera.lab.google_fault(action="slow", seconds=2, match={"kind": "extend", "device": camera.name})
    # The camera says 401 when Google's answer has long been there, to a DESCRIBE that left before.
    camera.fault("delay", seconds=4)
    camera.lab.camctl("extend", camera.name)
    until(lambda: camera.state()["leases"][0]["generation"] == 1, "the camera knows the new token")
    camera.fault("drop")
    camera.until_back(connections=2)
    assert (camera.answered(401), camera.answered(200)) == (1, 1)
    assert camera.commands() == ["extend"] and camera.states() == []


def test_a_token_that_stays_stale_costs_one_generate(camera):
    """Google has extended the stream, but its answer was lost, and with it both tokens."""
    camera.lab.google_fault(action="hang", seconds=5, executed=True, match={"kind": "extend", "device": camera.name})
    camera.lab.camctl("extend", camera.name)
    until(lambda: camera.state()["leases"][0]["generation"] == 1, "the camera knows the new token")
    camera.fault("drop")
    camera.until_back(connections=3)
    assert camera.answered(401) == 2
    assert camera.commands() == ["extend", "generate"]
    assert camera.states() == ["running->failed", "failed->running"]


def test_a_stream_that_expires_in_an_outage_of_google_is_generated_when_google_is_back(make_lab):
    lifetime, outage = 6, 10
    lab = make_lab(cameras=1, lifetime=lifetime, window=1.2, supervisor=SUPERVISOR).start()
    lab.until_running()
    until(lambda: lab.commands("cam1") == ["generate", "extend"], "an Extend")
    camera = Camera(lab, "cam1")
    lab.google_sim("outage", seconds=outage, how="503")
    until(lambda: lab.rows()["cam1"]["state"] == "failed", "the stream is lost")
    assert "expired" in lab.rows()["cam1"]["error"] or "401" in lab.rows()["cam1"]["error"]
    camera.until_back()
    calls = lab.calls(name="cam1")[2:]
    failed, good = [c for c in calls if c["status"] != 200], [c for c in calls if c["status"] == 200]
    # Extends while it lived, then the one Generate after another, with pauses of 1, 2, 4 s.
    kinds = [c["kind"] for c in failed]
    generates = [c["mono"] for c in failed if c["kind"] == "generate"]
    assert kinds == sorted(kinds) and kinds.count("extend") >= 1 and 1 <= len(generates) <= 4, kinds
    assert [c["kind"] for c in good][0] == "generate" and {c["kind"] for c in good[1:]} <= {"extend"}
    assert camera.states()[0] == "running->failed" and camera.states()[-1] == "failed->running"
    assert lab.over_quota() == {}
