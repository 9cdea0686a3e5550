"""test_cloudflare.py - the SFU stand-in answers as the facts page says, with real media."""
import re
import signal
import ssl
import subprocess
import threading
import time
import urllib.error
from concurrent.futures import ThreadPoolExecutor

import pytest

from sfu_lab import DEADLINE_S, OFFER, Sfu, alive, publishing, running, until
from pace import Pace


@pytest.fixture(scope="module")
def sfu():
    with running(Sfu("--connect-wait", "0.3", "--pull-wait", "1", "--track-idle", "3",
                     "--m-sections", "3")) as process:
        yield process


@pytest.fixture(autouse=True)
def no_faults_left(sfu):
    yield
    sfu.sim("/faults", method="DELETE")


# ---- the API without media

def test_a_wrong_bearer_or_app_is_refused(sfu):
    assert sfu.call("POST", "/new", bearer="wrong")[0] == 401
    status, reply = sfu.call("POST", "/new", app="other")
    assert (status, reply["errorCode"]) == (404, "not_found")


def test_a_session_id_is_32_hex_digits(sfu):
    assert re.fullmatch("[0-9a-f]{32}", sfu.session())


@pytest.mark.parametrize("raw", [b"{", b"[]", b'{"tracks": 5}', b'{"tracks": [1]}', b"",
                                 b'{"tracks": [{"location": "local", "mid": 0}], '
                                 b'"sessionDescription": {"type": "offer"}}'])
def test_what_is_not_the_right_json_is_a_decoding_error(sfu, raw):
    status, reply = sfu.call("POST", f"/{sfu.session()}/tracks/new", raw=raw)
    assert (status, reply["errorCode"]) == (400, "decoding_error")


@pytest.mark.parametrize("tracks", [
    [], [("0", "a"), ("0", "b")], [("0", "a"), ("1", "a")], [("7", "a")], [("0", "a b")],
    [(str(n), f"t{n}") for n in range(65)]])
def test_bad_track_lists_are_invalid_params(sfu, tracks):
    status, reply = sfu.push(sfu.session(), tracks=tracks)
    assert (status, reply["errorCode"]) == (406, "invalid_params")


def test_a_bad_offer_is_an_invalid_session_description(sfu):
    for offer in ("hello", OFFER.replace("a=fingerprint", "a=x"), OFFER.replace("a=mid:1", "a=x")):
        status, reply = sfu.push(sfu.session(), offer=offer, tracks=[("0", "a")])
        assert (status, reply["errorCode"]) == (406, "invalid_session_description")


def test_an_unknown_session_is_gone(sfu):
    status, reply = sfu.push("0" * 32)
    assert (status, reply["errorCode"]) == (410, "session_error")


def test_the_51st_request_in_a_second_is_one_too_many(sfu):
    session = sfu.session()
    statuses = []
    # As many as it takes to be too fast, on whatever machine: threads, since one alone waits for each answer.
    with ThreadPoolExecutor(8) as pool:
        until(lambda: 429 in statuses or statuses.extend(
            pool.map(lambda _: sfu.call("GET", f"/{session}")[0], range(100))), "one too many")
    # Seven at most of those asked for later were answered before.
    assert statuses.index(429) >= 50 - 7 and set(statuses) == {200, 429}
    # Of those that it took no 51 came within a second.
    times = sorted(c["t"] for c in sfu.sim("/calls") if c["session"] == session and c["status"] == 200)
    assert all(b - a > 0.9 for a, b in zip(times, times[50:]))


ANSWER = r"""v=0
o=- \d{19} \d{10} IN IP4 0\.0\.0\.0
s=-
t=0 0
a=msid-semantic:WMS\*
a=fingerprint:sha-256 [0-9A-F]{2}(:[0-9A-F]{2}){31}
a=ice-lite
a=extmap-allow-mixed
a=group:BUNDLE 0 1
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0\.0\.0\.0
a=setup:passive
a=mid:0
a=ice-ufrag:(?P<ufrag>[0-9a-f]{64})
a=ice-pwd:(?P<pwd>[a-z]{32})
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;useinbandfec=1
a=recvonly
a=candidate:(?P<found>\d+) 1 udp 2130706431 127\.0\.0\.1 (?P<port>\d+) typ host
a=candidate:(?P=found) 2 udp 2130706431 127\.0\.0\.1 (?P=port) typ host
a=end-of-candidates
m=video 9 UDP/TLS/RTP/SAVPF 106
c=IN IP4 0\.0\.0\.0
a=setup:passive
a=mid:1
a=ice-ufrag:(?P=ufrag)
a=ice-pwd:(?P=pwd)
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:106 H264/90000
a=fmtp:106 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=4d0028
a=rtcp-fb:106 nack\ 
a=rtcp-fb:106 nack pli
a=recvonly

"""


def test_the_answer_has_the_shape_and_the_quirks_of_the_real_one(sfu):
    status, reply = sfu.push(sfu.session())
    assert status == 200
    assert reply["tracks"] == [{"trackName": "cam-audio", "mid": "0"},
                               {"trackName": "cam", "mid": "1"}]
    assert reply["requiresImmediateRenegotiation"] is False
    sdp = reply["sessionDescription"]["sdp"]
    assert sdp.count("\r\n") == sdp.count("\n")
    assert re.fullmatch(ANSWER, sdp.replace("\r\n", "\n")), sdp


def test_a_second_push_waits_for_the_connection_and_gives_up(sfu):
    session = sfu.session()
    assert sfu.push(session)[0] == 200
    status, reply = sfu.push(session, tracks=[("0", "other")])
    assert (status, reply["errorCode"]) == (425, "session_error")


def test_an_offer_with_too_many_m_sections_ends_the_session(sfu):
    head, audio, video = re.split(r"(?=^m=)", OFFER, flags=re.M)
    offer = head + audio + "".join(video.replace("mid:1", f"mid:{n}") for n in range(1, 4))
    session = sfu.session()
    assert sfu.push(session, offer=offer)[0] == 410
    assert sfu.call("GET", f"/{session}")[0] == 410


def test_an_answer_without_an_offer_is_refused(sfu):
    status, reply = sfu.call("PUT", f"/{sfu.session()}/renegotiate", {
        "sessionDescription": {"type": "answer", "sdp": OFFER}})
    assert (status, reply["errorCode"]) == (406, "invalid_session_description")


def test_a_pull_of_what_is_not_there_fails_inside_a_200(sfu):
    status, reply = sfu.pull(sfu.session(), "0" * 32, "cam")
    assert status == 200 and "sessionDescription" not in reply
    assert reply["tracks"][0]["errorCode"] == "not_found_track_error"


# ---- scripted faults

@pytest.mark.parametrize("status,code", [(406, "invalid_session_description"), (429, None),
                                         (410, "session_error"), (425, "session_error"),
                                         (500, "internal_error"),
                                         (503, "temporarily_unavailable_error")])
def test_a_status_fault_answers_once(sfu, status, code):
    session = sfu.session()
    sfu.fault(match="tracks_new", action=status)
    got, reply = sfu.push(session)
    assert (got, reply.get("errorCode")) == (status, code)
    assert sfu.push(session)[0] == (410 if status == 410 else 200)


def test_a_per_track_fault_is_inside_a_200(sfu):
    sfu.fault(match="tracks_new", action="per_track", error="internal_error", track="cam")
    status, reply = sfu.push(sfu.session())
    assert status == 200 and "sessionDescription" not in reply
    assert [t["errorCode"] for t in reply["tracks"]] == ["internal_error"] * 2


def test_a_fault_may_be_for_one_camera_only(sfu):
    sfu.fault(match="tracks_new", action=500, track="garage", for_s=60)
    assert sfu.push(sfu.session())[0] == 200
    assert sfu.push(sfu.session(), tracks=[("1", "garage-video")])[0] == 500


def test_html_and_malformed_bodies_are_what_they_say(sfu):
    sfu.fault(match="sessions_new", action="html")
    sfu.fault(match="sessions_new", action="malformed")
    status, reply = sfu.call("POST", "/new")
    assert status == 502 and reply.startswith("<html>")
    status, reply = sfu.call("POST", "/new")
    assert status == 200 and isinstance(reply, str)


def test_a_lost_reply_was_performed(sfu):
    session = sfu.session()
    sfu.fault(match="tracks_new", action="lost_reply")
    with pytest.raises((ConnectionError, urllib.error.URLError)):
        sfu.push(session)
    tracks = sfu.call("GET", f"/{session}")[1]["tracks"]
    assert [t["trackName"] for t in tracks] == ["cam-audio", "cam"]
    assert sfu.sim("/calls")[-2]["fault"] == "lost_reply"


def test_a_hang_holds_the_answer_back(sfu):
    sfu.fault(match="sessions_new", action="hang", seconds=0.5)
    started = time.monotonic()
    assert sfu.call("POST", "/new")[0] == 201
    assert time.monotonic() - started >= 0.5


def test_a_reply_may_lack_its_sdp(sfu):
    sfu.fault(match="tracks_new", action="no_sdp")
    assert "sessionDescription" not in sfu.push(sfu.session())[1]


def test_an_unknown_fault_is_refused(sfu):
    assert "error" in sfu.sim("/faults", {"match": "tracks_new", "action": "explode"})


# ---- with media (aiortc publishes)

def test_media_arrives_and_the_sfu_is_the_dtls_server(sfu):
    with publishing(sfu) as publisher:
        track = until(lambda: flowing(sfu, publisher), "packets")
        assert track["session"]["dtls_role_of_sfu"] == "passive"
        assert track["session"]["srtp_profile"].startswith("SRTP_")
        assert track["codec"] == "h264"


def test_an_offer_without_candidates_connects_at_once(sfu):
    with Pace() as pace, publishing(sfu, "--no-candidates", name="bare") as publisher:
        track = until(lambda: flowing(sfu, publisher, "bare"), "packets")
        assert track["session"]["dtls_ms"] < 1000 * pace.allowed(0.5)
        assert "prflx" in track["session"]["ice_pair"]


def test_the_sfu_can_be_the_dtls_client():
    with running(Sfu("--dtls-role", "active")) as other, publishing(other) as publisher:
        track = until(lambda: flowing(other, publisher), "packets")
        assert track["session"]["dtls_role_of_sfu"] == "active"


def test_the_srtp_profiles_of_the_sfu_can_be_chosen():
    with running(Sfu("--srtp", "SRTP_AES128_CM_SHA1_80")) as other:
        with publishing(other, "--no-candidates") as publisher:
            track = until(lambda: flowing(other, publisher), "packets")
            assert track["session"]["srtp_profile"] == "SRTP_AES128_CM_SHA1_80"


def test_a_keyframe_request_reaches_the_publisher(sfu):
    with publishing(sfu) as publisher:
        before = until(lambda: flowing(sfu, publisher), "packets")["pli"]
        assert len(sfu.sim("/keyframe", {"trackName": "check"})["asked"]) == 1
        until(lambda: sfu.track(publisher.session, "check")["pli"] > before, "a PLI")


def test_lost_packets_are_asked_for_again(sfu):
    with publishing(sfu) as publisher:
        until(lambda: flowing(sfu, publisher), "packets")
        sfu.sim("/media", {"action": "loss", "ratio": 0.1})
        try:
            until(lambda: sfu.track(publisher.session, "check")["nacked_seqs"] > 2, "NACKs")
            until(lambda: sfu.track(publisher.session, "check")["retransmissions"] > 0, "resends")
        finally:
            sfu.sim("/media", {"action": "loss", "ratio": 0})


def test_a_silent_track_gives_empty_track_error_then_is_dropped(sfu):
    with publishing(sfu) as publisher:
        until(lambda: flowing(sfu, publisher), "packets")
        publisher.signal(signal.SIGSTOP)
        until(lambda: sfu.track(publisher.session, "check")["idle_ms"] > 1000, "silence")
        reply = sfu.pull(sfu.session(), publisher.session, "check")[1]
        assert reply["tracks"][0]["errorCode"] == "empty_track_error"
        until(lambda: not sfu.published("check"), "the track dropped")
        reply = sfu.pull(sfu.session(), publisher.session, "check")[1]
        assert reply["tracks"][0]["errorCode"] == "not_found_track_error"
        until(lambda: sfu.call("GET", f"/{publisher.session}")[0] == 410, "the session ended")


def test_overlapping_operations_on_a_session_are_refused(sfu):
    with publishing(sfu) as publisher:
        until(lambda: flowing(sfu, publisher), "packets")
        publisher.signal(signal.SIGSTOP)
        until(lambda: sfu.track(publisher.session, "check")["idle_ms"] > 1000, "silence")
        viewer, replies = sfu.session(), []
        first = threading.Thread(target=lambda: replies.append(
            sfu.pull(viewer, publisher.session, "check")))
        first.start()
        until(lambda: any(c["session"] == viewer and c["op"] == "tracks_new"
                          for c in sfu.sim("/calls")), "the first pull to begin")
        status, reply = sfu.close(viewer, "0")
        first.join(DEADLINE_S)
        assert (status, reply["errorCode"]) == (406, "invalid_session_description")
        assert replies[0][0] == 200


def test_a_pull_makes_an_offer_that_must_be_answered_first(sfu):
    with publishing(sfu) as publisher:
        until(lambda: flowing(sfu, publisher), "packets")
        viewer = sfu.session()
        reply = sfu.pull(viewer, publisher.session, "check")[1]
        assert reply["requiresImmediateRenegotiation"] is True
        assert reply["sessionDescription"]["type"] == "offer"
        assert "a=setup:actpass" in reply["sessionDescription"]["sdp"]
        assert sfu.pull(viewer, publisher.session, "check")[0] == 406


def test_a_closed_track_is_gone_and_closing_it_again_is_an_item_error(sfu):
    with publishing(sfu) as publisher:
        assert sfu.close(publisher.session, "0")[1]["tracks"] == [{"mid": "0"}]
        assert not sfu.published("check")
        item = sfu.close(publisher.session, "0")[1]["tracks"][0]
        assert item["errorCode"] == "close_track_error"


def test_a_mid_used_twice_never_delivers(sfu):
    with publishing(sfu) as publisher:
        until(lambda: flowing(sfu, publisher), "packets")
        sfu.close(publisher.session, "0")
        status, reply = sfu.push(publisher.session, offer=publisher.lines[0]["offer"],
                                 tracks=[("0", "again")])
        assert status == 200 and "errorCode" not in reply["tracks"][0]
        reply = sfu.pull(sfu.session(), publisher.session, "again")[1]
        assert reply["tracks"][0]["errorCode"] == "empty_track_error"


def test_a_killed_media_server_ends_its_sessions_and_a_new_one_serves(sfu):
    with publishing(sfu) as publisher:
        sfu.sim("/media", {"action": "kill"})
        status, reply = sfu.call("GET", f"/{publisher.session}")
        assert (status, reply["errorCode"]) == (410, "session_error")
    with publishing(sfu, name="second") as publisher:
        until(lambda: flowing(sfu, publisher, "second"), "packets")


def test_a_frozen_media_server_is_silent_until_thawed(sfu):
    with publishing(sfu) as publisher:
        until(lambda: flowing(sfu, publisher), "packets")
        sfu.sim("/media", {"action": "freeze"})
        assert [j["stopped"] for j in sfu.sim("/state")["janus"]] == [True]
        sfu.sim("/media", {"action": "thaw"})
        before = sfu.track(publisher.session, "check")["packets"]
        until(lambda: sfu.track(publisher.session, "check")["packets"] > before, "packets again")


def test_a_failover_serves_new_sessions_beside_a_silent_server(sfu):
    with publishing(sfu, name="first"):
        sfu.sim("/media", {"action": "failover"})
        with publishing(sfu, name="second") as publisher:
            until(lambda: flowing(sfu, publisher, "second"), "packets")
        sfu.sim("/media", {"action": "thaw"})


def test_https_works_with_a_certificate(tmp_path):
    pem, key = str(tmp_path / "c.pem"), str(tmp_path / "k.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", pem, "-days", "2",
                    "-subj", "/CN=sim", "-addext", "subjectAltName=IP:127.0.0.1"],
                   check=True, stderr=subprocess.DEVNULL)
    with running(Sfu("--tls-cert", pem, "--tls-key", key)) as secure:
        secure.context = ssl.create_default_context(cafile=pem)
        assert secure.api.startswith("https://")
        assert secure.session()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_when_it_ends(number):
    process = Sfu()
    process.signal(number)
    code = process.process.wait(DEADLINE_S)
    process.process.stdout.close()
    assert code == (-9 if number == signal.SIGKILL else 0)
    until(lambda: not alive(process.ready["janus_pid"]), "janus ended")


def flowing(sfu, publisher, name="check"):
    """The track's state once packets were counted."""
    track = sfu.track(publisher.session, name)
    return track if track["packets"] > 10 else None
