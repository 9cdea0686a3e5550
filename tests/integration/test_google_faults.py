"""Google fails in every way that is known; what lives goes on, and the log names the cause in Google's own words.

One account of two cameras with streams of 7.5 seconds: whatever is injected hits the Extends that the scheduler makes by
itself. Nothing is published, so that the SFU has no part in it.
"""
import json
import os
import re
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../sim"))
from lab import Events, Lab, http, until  # noqa: E402
from openapi_client import fetch  # noqa: E402
from test_http_api import of_checks  # noqa: E402

LIFETIME_S, WINDOW_S, QPM = 7.5, 1.5, 20
CALL_TIMEOUT_MS = 800


def make_lab(**more):
    return Lab(lifetime=LIFETIME_S, window=WINDOW_S, qpm=QPM, camera={"publish": "none"},
               account={"call_timeout": f"{CALL_TIMEOUT_MS}ms"},
               supervisor={"start_stagger": "100ms", "failed_retry_first": "500ms", "failed_retry_cap": "2s"}, **more)


@pytest.fixture(name="lab", scope="module")
def two_cameras():
    with make_lab(cameras=2) as lab:
        lab.start()
        lab.until_running()
        yield lab
        assert lab.close() == 0


class Quiet:
    """From here on: no camera changed its state, none was generated, every RTSP connection is the same."""

    def __init__(self, lab, names=None):
        self.lab, self.names = lab, names or lab.names
        self.log_at = len(lab.log())
        self.generates = {name: len(lab.calls(kind="generate", name=name)) for name in self.names}
        self.connections = {name: lab.camera_state(name)["connections"] for name in self.names}
        self.packets = {name: row["frames"] for name, row in lab.rows().items()}

    def log(self):
        return self.lab.log()[self.log_at:]

    def check(self):
        changes = [line for line in self.log().splitlines() if "camera state" in line or "worker died" in line]
        changes = [line for line in changes if any(f"cam={name} " in line for name in self.names)]
        assert not changes, "\n".join(changes)
        rows = self.lab.rows()
        for name in self.names:
            assert rows[name]["state"] == "running"
            assert rows[name]["frames"] > self.packets[name]
            assert len(self.lab.calls(kind="generate", name=name)) == self.generates[name]
            assert self.lab.camera_state(name)["connections"] == self.connections[name]


def extends(lab, name, since=0, **wanted):
    return [c for c in lab.calls(kind="extend", name=name, **wanted) if c["n"] >= since]


def until_extended(lab, names, since):
    """An Extend of each has worked among the calls from number `since` on."""
    until(lambda: all(extends(lab, name, since, status=200, fault=None) for name in names),
          f"{names} extended; log ends:\n{lab.daemon.log_tail()}")


def google_lines(log):
    """The log's lines about calls to Google that failed."""
    return [line for line in log.splitlines() if "google call failed" in line]


# Fault of google.py, and what of Google's words must be in the log. A 429 of all commands silences the account for a
# window, a fifth of a stream's life: two of them in a row leave no slot in time.
FAULTS = {
    "429 of all commands": ({"action": "429", "count": 1}, "Rate limited for the ExecuteDeviceCommand API for the user."),
    "429 of one command": ({"action": "429", "bucket": "command"},
                           "Rate limited for the ExtendRtspStream command for the user."),
    "429 of one camera": ({"action": "429", "bucket": "device"}, "Rate limited for the Camera."),
    "429 with Retry-After": ({"action": "429", "retry_after": 1},
                             "Rate limited for the ExecuteDeviceCommand API for the user."),
    "500": ({"action": "500"}, "INTERNAL: Internal error encountered."),
    "503": ({"action": "503"}, "UNAVAILABLE: The service is currently unavailable."),
    "an HTML page": ({"action": "html"}, "Error 502 (Server Error)!!1"),
    "malformed JSON": ({"action": "malformed", "executed": False}, "malformed"),
    "no answer": ({"action": "hang", "seconds": 30}, "timeout"),
    "a closed connection": ({"action": "reset"}, "transport"),
}


@pytest.mark.parametrize("what", FAULTS)
def test_living_streams_are_extended_in_time_though_extends_are_answered_with(lab, what):
    fault, words = FAULTS[what]
    fault = {"count": 2, **fault}
    quiet = Quiet(lab)
    since = len(lab.calls())
    met = lambda: [c["n"] for c in lab.calls(kind="extend", fault=fault["action"]) if c["n"] >= since]
    lab.google_fault(match={"kind": "extend"}, **fault)
    until(lambda: len(met()) == fault["count"], f"the fault was met; log ends:\n{lab.daemon.log_tail()}")
    until_extended(lab, lab.names, max(met()))
    quiet.check()
    failures = google_lines(quiet.log())
    assert len(failures) == fault["count"], failures
    assert all(words in line and "call=extend" in line and "verdict=retried" in line for line in failures), failures


def held(lab):
    """Which buckets rest, as camctl queue says: {"commands"} or {"extend"}."""
    account = json.loads(lab.camctl("--json", "queue"))[0]
    buckets = account["buckets"] + [b for camera in account["cameras"] for b in camera["buckets"]]
    return {b["bucket"] for b in buckets if b["held_ms"] > 0}


@pytest.mark.parametrize("named, bucket", [("execute", "commands"), ("command", "extend"), ("device", "minute")])
def test_a_429_holds_the_bucket_that_it_names_and_no_other(lab, named, bucket):
    until(lambda: not held(lab), "nothing is held")
    lab.google_fault(action="429", count=1, bucket=named, match={"kind": "extend"})
    until(lambda: held(lab), "a bucket is held")
    assert held(lab) == {bucket}
    if bucket == "commands":
        assert lab.status()["accounts"][0]["state"] == "held by 429"


def test_an_access_token_that_is_revoked_in_mid_run_costs_one_refresh_and_no_stream(lab):
    quiet = Quiet(lab)
    tokens, since = len(lab.calls(kind="token")), len(lab.calls())
    lab.google_sim("revoke_access")
    refused = until(lambda: [c for c in lab.calls(status=401) if c["n"] >= since], "a call was answered 401")
    until_extended(lab, lab.names, refused[0]["n"])
    quiet.check()
    assert len(lab.calls(kind="token")) == tokens + 1
    assert "UNAUTHENTICATED: Request had invalid authentication credentials" in google_lines(quiet.log())[0]


def test_a_camera_that_is_answered_401_whatever_the_token_does_not_silence_its_account(lab):
    quiet = Quiet(lab, ["cam2"])
    tokens, since = len(lab.calls(kind="token")), len(lab.calls())
    lab.google_fault(action="401", count=8, match={"device": "cam1"})
    refused = lambda: [c for c in lab.calls(status=401) if c["n"] >= since]
    until(lambda: len(refused()) == 8, "cam1 was answered 401 eight times")
    until_extended(lab, ["cam2"], refused()[-1]["n"])
    quiet.check()
    assert len(lab.calls(kind="token")) <= tokens + 2
    assert "error=not-authorized" in quiet.log()
    until(lambda: lab.rows()["cam1"]["state"] == "running", "cam1 runs again")


def test_an_outage_of_most_of_a_stream_s_life_ends_no_stream(lab):
    """It begins after an extension, is met by the next ones, and ends a quarter of a life before the streams would."""
    quiet = Quiet(lab)
    since = len(lab.calls())
    for name in lab.names:
        lab.camctl("--wait", "extend", name)
    lab.google_sim("outage", seconds=LIFETIME_S * 0.75, how="503")
    met = lambda: [c["n"] for c in lab.calls(fault="503") if c["n"] >= since]
    until(met, "the outage was noticed")
    until_extended(lab, lab.names, met()[0])
    quiet.check()
    assert "scheduler api back" in quiet.log() or len(met()) < 3


def states(told):
    """The states of the account, in their order."""
    return [event["event"] for event in told if "camera" not in event]


def is_in_order(wanted, told):
    rest = iter(told)
    return all(state in rest for state in wanted)


def test_the_pace_after_a_429_is_told(lab):
    until(lambda: lab.status()["accounts"][0]["state"] == "ok", "the account is well")
    with Events(lab) as events:
        lab.google_fault(action="429", count=1, match={"kind": "extend"})
        wanted = ["held by 429", "half pace", "ok"]
        until(lambda: is_in_order(wanted, states(events.all())), f"{wanted} were told, in this order")


def test_the_breaker_is_told(lab):
    until(lambda: lab.status()["accounts"][0]["state"] == "ok", "the account is well")
    with Events(lab) as events:
        for name in lab.names:
            lab.camctl("--wait", "extend", name)
        lab.google_sim("outage", seconds=LIFETIME_S * 0.75, how="503")
        wanted = ["api down", "ok"]
        until(lambda: is_in_order(wanted, states(events.all())), f"{wanted} were told, in this order")
    assert lab.status()["accounts"][0]["state"] == "ok"


def test_extends_that_never_say_until_when_cost_no_stream(lab):
    """Each is taken to hold as long as the one before, which is what Google has done; and the log says so once."""
    quiet = Quiet(lab)
    lab.google_fault(match={"kind": "extend", "device": "cam1"}, action="without", field="expiresAt", count=4)
    until(lambda: len(lab.calls(kind="extend", name="cam1", fault="without")) == 4, "four such answers")
    last = lab.calls(fault="without")[-1]["n"]
    until_extended(lab, lab.names, last + 1)
    assert quiet.log().count("results.expiresAt is missing") == 1
    quiet.check()


def test_an_answer_that_breaks_off_after_the_work_was_done_costs_one_generate_and_not_more(lab):
    """Google has rotated the extension token and we never saw the new one: the stream cannot be extended any more."""
    generates = len(lab.calls(kind="generate", name="cam1"))
    mark = len(lab.log())
    lab.google_fault(match={"kind": "extend", "device": "cam1"}, action="malformed")
    until(lambda: len(lab.calls(kind="generate", name="cam1")) == generates + 1, "cam1 was generated anew")
    since = len(lab.calls())
    lab.until_running()
    until_extended(lab, lab.names, since)
    assert len(lab.calls(kind="generate", name="cam1")) == generates + 1
    assert "FAILED_PRECONDITION: Precondition check failed." in lab.log()[mark:]
    assert not [line for line in lab.log()[mark:].splitlines() if "cam=cam2 camera state" in line]


def test_the_quota_was_kept_through_all_of_this(lab):
    for name, bucket in http("GET", lab.google["sim"] + "/state")["buckets"].items():
        assert bucket["refused"] == 0 and bucket["peak"] <= bucket["limit"], (name, bucket)


@pytest.fixture(name="homes", scope="module")
def two_accounts():
    with make_lab(cameras=2, accounts=2) as lab:
        lab.start()
        lab.until_running()
        yield lab
        assert lab.close() == 0


def account(lab, name):
    return next(row for row in lab.status()["accounts"] if row["name"] == name)


def get(lab, path):
    status, _, text = fetch("GET", lab.url() + path)
    return status, json.loads(text)


def readiness(lab):
    """(what /readyz is answered with, {account: its state there})"""
    status, told = get(lab, "/readyz")
    assert told["ready"] == (status == 200)
    return status, told["parts"]["accounts"]


def is_well(lab):
    """Whether /v2/health/system finds nothing but the machine to blame."""
    system = get(lab, "/v2/health/system")[1]
    return system["status"] == of_checks(system)


def test_invalid_grant_is_a_named_state_without_a_storm_and_the_other_account_goes_on(homes):
    lab = homes
    quiet = Quiet(lab, ["cam2"])
    lab.google_sim("invalid_grant", on=True, user="user1")
    lab.google_sim("revoke_access", user="user1")
    tokens = len(lab.calls(kind="token"))
    until(lambda: account(lab, "home")["state"] == "needs login", "the account needs login")
    row = account(lab, "home")
    assert row["error"] == "invalid_grant: Token has been expired or revoked."
    assert "account home: needs login" in lab.camctl("status")
    assert readiness(lab) == (503, {"home": "needs login", "home2": "ok"})
    assert get(lab, "/v2/health/system")[1]["status"] == "unhealthy"
    since = len(lab.calls())
    until_extended(lab, ["cam2"], since)
    # The stream of the dead account ends by itself, and nothing is asked for it in vain.
    until(lambda: lab.rows()["cam1"]["state"] != "running", "cam1's stream ended")
    until_extended(lab, ["cam2"], len(lab.calls()))
    assert len(lab.calls(kind="token")) == tokens + 1
    assert not [c for c in lab.calls(name="cam1") if c["n"] >= since]
    assert len(re.findall("error google=home .*invalid_grant", lab.log())) == 1
    assert account(lab, "home2")["state"] == "ok"
    quiet.check()


def test_a_camera_without_an_account_says_why(homes):
    row = homes.rows()["cam1"]
    assert row["expires_ms"] == -1
    assert row["error"] == "invalid_grant: Token has been expired or revoked."


def test_google_that_never_answers_at_the_start_is_asked_again_until_it_does():
    with make_lab(cameras=1) as lab:
        lab.google_fault(match={"kind": "token"}, action="hang", seconds=30, count=2)
        lab.google_fault(match={"kind": "generate"}, action="500", count=1)
        lab.start()
        until(lambda: account(lab, "home")["state"] == "no token yet", "the account has no token")
        assert readiness(lab) == (503, {"home": "no token yet"})
        assert get(lab, "/v2/health/system")[1]["status"] == "unhealthy"
        lab.until_running()
        until(lambda: readiness(lab) == (200, {"home": "ok"}) and is_well(lab), "it is ready")
        assert len(lab.calls(kind="token")) == 3
        assert [c["status"] for c in lab.calls(kind="generate")] == [500, 200]
        assert lab.close() == 0
