"""The SFU fails in every way that is known: in the end there is a new session, and video in it."""
import os
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../sim"))
from lab import Lab, http, until  # noqa: E402

CALL_TIMEOUT_MS = 1500


def make_lab(cameras=1):
    return Lab(cameras=cameras, camera_args=("--profile", "baseline"),
               cloudflare={"call_timeout": f"{CALL_TIMEOUT_MS}ms"}, supervisor={"start_stagger": "100ms"})


@pytest.fixture(name="lab", scope="module")
def one_camera():
    with make_lab() as lab:
        lab.start()
        lab.until_running()
        yield lab
        assert lab.close() == 0


def sessions(lab):
    """{session id: its state at the SFU}"""
    return {s["id"]: s for s in lab.sfu_state()["sessions"] if s["role"] == "publisher"}


def video_packets(lab, session):
    tracks = sessions(lab).get(session, {"tracks": []})["tracks"]
    return sum(t.get("packets") or 0 for t in tracks if t["kind"] == "video")


def until_video(lab, name="cam1", old=None, deadline_s=30):
    """The session that the camera is published in, another one than old, once the SFU has counted packets in it."""
    def session():
        row = lab.rows()[name]
        return row.get("session") if row["phase"] == "running" and row.get("session") != old else None
    new = until(session, f"{name} running in a session other than {old}; log ends:\n{lab.daemon.log_tail()}", deadline_s)
    start = video_packets(lab, new)
    until(lambda: video_packets(lab, new) > start + 5, f"packets in session {new}")
    return new


def stream(lab, name="cam1"):
    return http("GET", f"{lab.url()}/v2/health/streams/{name}")


def google_calls(lab):
    return len(lab.calls(kind="generate")) + len(lab.calls(kind="stop"))


# Where, fault of cloudflare.py, and what the log says of it.
FAULTS = {
    "a track's error inside a 200": ("tracks_new", {"action": "per_track"}, "not_found_track_error"),
    "406 for the session": ("sessions_new", {"action": "406"}, "invalid_"),
    "406 for the tracks": ("tracks_new", {"action": "406"}, "invalid_"),
    "410": ("tracks_new", {"action": "410"}, "session_error"),
    "425": ("tracks_new", {"action": "425"}, "session_error"),
    "429": ("tracks_new", {"action": "429"}, "429"),
    "503 for the session": ("sessions_new", {"action": "503"}, "503"),
    "503 for the tracks": ("tracks_new", {"action": "503"}, "503"),
    "an HTML page": ("tracks_new", {"action": "html"}, "502"),
    "JSON that breaks off": ("tracks_new", {"action": "malformed"}, "malformed"),
    "no SDP": ("tracks_new", {"action": "no_sdp"}, "malformed"),
    "no answer to the session": ("sessions_new", {"action": "hang", "seconds": 30}, "timeout"),
    "no answer to the tracks": ("tracks_new", {"action": "hang", "seconds": 30}, "timeout"),
    "an answer that was lost": ("tracks_new", {"action": "lost_reply"}, "transport"),
}


@pytest.mark.parametrize("what", FAULTS)
def test_there_is_video_in_a_new_session_though_the_publication_is_answered_with(lab, what):
    where, fault, words = FAULTS[what]
    old, asked, mark, calls = lab.rows()["cam1"]["session"], google_calls(lab), len(lab.log()), len(lab.sfu_calls())
    lab.sfu_fault(match=where, count=1, **fault)
    lab.camctl("restart", "cam1")
    new = until_video(lab, old=old)
    assert new != old
    failures = [line for line in lab.log()[mark:].splitlines() if "publish failed" in line and "warn" in line]
    assert any(words in line for line in failures), failures
    assert google_calls(lab) == asked, "the SFU's trouble must cost no call to Google"
    faulty = [c for c in lab.sfu_calls(calls) if c["fault"]]
    assert [c["op"] for c in faulty] == [where]
    # A session in which something may have gone wrong is never used again, but for 425, which asks to wait.
    tries = [c["session"] for c in lab.sfu_calls(calls, op="tracks_new")]
    assert len(set(tries)) == (1 if what == "425" else len(tries)), tries
    assert lab.rows()["cam1"].get("error") is None


def test_an_offer_that_is_refused_again_and_again_is_made_anew(lab):
    old, mark, calls = lab.rows()["cam1"]["session"], len(lab.log()), len(lab.sfu_calls())
    lab.sfu_fault(match="tracks_new", count=3, action="406")
    lab.camctl("restart", "cam1")
    until_video(lab, old=old)
    assert len(lab.sfu_calls(calls, op="tracks_new")) == 4
    assert 'reason="connection: ' in lab.log()[mark:], "the worker was told, and made another offer"


def test_a_session_that_the_sfu_ends_is_replaced_without_a_call_to_google(lab):
    old, asked, pid = lab.rows()["cam1"]["session"], google_calls(lab), lab.rows()["cam1"]["pid"]
    connections = lab.camera_state("cam1")["connections"]
    before = stream(lab)
    lab.sfu_sim("media", action="end_session", session=old)
    new = until_video(lab, old=old)
    assert google_calls(lab) == asked
    assert lab.rows()["cam1"]["pid"] == pid, "the worker is the same"
    assert lab.camera_state("cam1")["connections"] == connections, "and so is its connection to the camera"
    after = stream(lab)
    assert (before["producer"]["session"], after["producer"]["session"]) == (old, new)
    assert 0 < before["producer"]["uptime_seconds"] <= before["worker"]["uptime_seconds"]
    # Both sessions are the same worker's, one after the other.
    assert 0 < after["producer"]["uptime_seconds"] <= after["worker"]["uptime_seconds"] - before["producer"]["uptime_seconds"]


def test_an_sfu_that_is_away_for_a_while_is_asked_with_growing_pauses(lab):
    old, calls = lab.rows()["cam1"]["session"], len(lab.sfu_calls())
    lab.sfu_fault(match="*", for_s=5, action="503")
    lab.camctl("restart", "cam1")
    until(lambda: lab.rows()["cam1"]["publication"] == "pausing", "the publication pauses")
    assert "503" in lab.rows()["cam1"]["error"]
    until_video(lab, old=old)
    assert 3 <= len(lab.sfu_calls(calls, status=503)) <= 6
    stops = [c["t"] for c in lab.sfu_calls(calls, op="sessions_new")]
    pauses = [b - a for a, b in zip(stops, stops[1:])]
    assert all(b > a * 1.2 for a, b in zip(pauses, pauses[1:])), pauses


def test_media_that_goes_silent_is_replaced_by_a_new_session_and_the_viewer_decodes_again():
    """The media server is stopped, and another takes new sessions: consent (RFC 7675) is what tells, within 30 s."""
    with make_lab() as lab:
        lab.start()
        old = until_video(lab)
        viewer = lab.view()
        lab.until_decoding(viewer)
        asked, pid = google_calls(lab), lab.rows()["cam1"]["pid"]
        silent_at = time.monotonic()
        lab.sfu_sim("media", action="failover")
        until(lambda: lab.rows()["cam1"].get("session") != old, "the old session was given up")
        assert time.monotonic() - silent_at < 35
        until_video(lab, old=old)
        lab.until_decoding(viewer)
        assert "consent" in lab.log()
        assert google_calls(lab) == asked
        assert lab.rows()["cam1"]["pid"] == pid
        assert lab.camera_state("cam1")["connections"] == 1
        assert lab.close() == 0


def test_a_media_server_that_dies_and_comes_back_gets_a_new_session():
    with make_lab() as lab:
        lab.start()
        old = until_video(lab)
        lab.sfu_sim("media", action="kill")
        until_video(lab, old=old, deadline_s=45)
        assert google_calls(lab) == 1
        assert lab.close() == 0
