"""test_whip_client.py - the supervisor's WHIP client, driven through api_probe, against tests/sim/whip.py: what a
server may answer, and where the bearer goes. Media is test_whip.py's."""
import contextlib
import json
import os
import ssl
import urllib.request

import pytest

from test_api import Probe, Standin, private
import certs

TOKEN = "bearer-of-the-test"
OFFER = ("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
         "m=video 9 UDP/TLS/RTP/SAVPF 106\r\na=mid:0\r\na=sendonly\r\n")
OPEN = ssl.create_default_context()
OPEN.check_hostname, OPEN.verify_mode = False, ssl.CERT_NONE


class Server(Standin):
    """whip.py"""

    @property
    def base(self):
        return self.ready["base"]

    def elsewhere(self, path):
        """The same server under another host's name."""
        return self.base.replace("127.0.0.1", "localhost") + path

    def state(self):
        with urllib.request.urlopen(self.ready["sim"] + "/state", timeout=5, context=OPEN) as answer:
            return json.load(answer)

    def answer(self, *scripts):
        body = json.dumps(scripts).encode()
        request = urllib.request.Request(self.ready["sim"] + "/answers", body)
        urllib.request.urlopen(request, timeout=5, context=OPEN).close()

    def calls(self, method=None):
        return [c for c in self.state()["calls"] if method in (None, c["method"])]


@pytest.fixture
def make(tmp_path):
    """make(url=path or URL, server=Server, ...) -> a probe; server(...) -> a Server."""
    with contextlib.ExitStack() as made:
        class Maker:
            offer = private(tmp_path, "offer.sdp", OFFER)
            token = private(tmp_path, "token", TOKEN)
            folder = tmp_path

            def server(self, *args):
                server = Server("whip.py", *args)
                made.callback(server.stop)
                return server

            def probe(self, url, **options):
                probe = Probe(whip_url=url, timeout_ms=3000, **{"token_file": self.token, **options})
                made.callback(lambda: probe.process.poll() is None and probe.process.kill())
                return probe

            def answered(self, probe, tracks=1):
                return probe.ask("whip_offer", self.offer, tracks)
        yield Maker()


def test_an_offer_is_answered_and_its_session_ended(make):
    server = make.server("--token", TOKEN)
    probe = make.probe(server.base + "/live/KEY-OF-MINE")
    answer = make.answered(probe)
    assert answer["event"] == "answer" and "m=video" in answer["sdp"], answer
    assert answer["session"] == server.base + "/"
    call = server.calls("POST")[0]
    assert call["body"] == OFFER + "\n" and call["type"] == "application/sdp"
    assert call["authorization"] == f"Bearer {TOKEN}"
    assert len(server.state()["sessions"]) == 1
    assert probe.ask("whip_stop", 4000) == {"event": "stopped", "closed": True}
    assert server.state()["sessions"] == []
    assert [c["authorization"] for c in server.calls("DELETE")] == [f"Bearer {TOKEN}"]
    log = probe.end()
    assert "ice_servers=2" in log and "etag=yes" in log
    assert "KEY-OF-MINE" not in log and "SESSION-KEY" not in log and TOKEN not in log and "turn-secret" not in log


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirection_takes_offer_and_bearer_along(make, status):
    server = make.server("--token", TOKEN)
    server.answer({"path": "/live/first", "status": status, "headers": {"Location": "deep/er/second"}},
                  {"path": "/live/deep/er/second", "status": status, "headers": {"Location": server.base + "/live/last"}})
    probe = make.probe(server.base + "/live/first")
    assert make.answered(probe)["event"] == "answer"
    calls = server.calls("POST")
    assert [c["path"] for c in calls] == ["/live/first", "/live/deep/er/second", "/live/last"]
    assert {c["body"] for c in calls} == {OFFER + "\n"} and {c["authorization"] for c in calls} == {f"Bearer {TOKEN}"}
    assert probe.ask("whip_stop", 4000)["closed"]
    assert server.state()["sessions"] == []
    probe.end()


def test_a_relative_location_is_of_the_last_hop(make):
    server = make.server()
    server.answer({"path": "/live/first", "status": 307, "headers": {"Location": "/live/a/b/c"}})
    probe = make.probe(server.base + "/live/first")
    make.answered(probe)
    assert probe.ask("whip_stop", 4000)["closed"]
    assert server.state()["sessions"] == []
    assert server.calls("DELETE")[0]["path"].startswith("/session/")
    probe.end()


def test_another_host_gets_no_bearer(make):
    server = make.server("--token", TOKEN)
    server.answer({"path": "/live/first", "status": 307, "headers": {"Location": server.elsewhere("/live/second")}})
    probe = make.probe(server.base + "/live/first")
    failed = make.answered(probe)
    assert failed["event"] == "failed"
    assert "redirected to another host, which got no token" in failed["why"], failed
    assert [c["authorization"] for c in server.calls()] == [f"Bearer {TOKEN}", None]
    assert TOKEN not in probe.end()


def test_another_host_gets_the_bearer_if_the_operator_says_so(make):
    server = make.server("--token", TOKEN)
    server.answer({"path": "/live/first", "status": 308, "headers": {"Location": server.elsewhere("/live/second")}})
    probe = make.probe(server.base + "/live/first", token_anywhere="yes")
    assert make.answered(probe)["event"] == "answer"
    assert probe.ask("whip_stop", 4000)["closed"]
    assert {c["authorization"] for c in server.calls()} == {f"Bearer {TOKEN}"}
    assert server.state()["sessions"] == []
    probe.end()


def test_https_never_becomes_http(make):
    certs.ensure(str(make.folder))
    folder = str(make.folder)
    server = make.server("--tls-cert", f"{folder}/server.pem", "--tls-key", f"{folder}/server.key")
    plain = make.server()
    server.answer({"status": 307, "headers": {"Location": plain.base + "/live/x"}})
    probe = make.probe(server.base + "/live/first", ca_file=f"{folder}/ca.pem")
    failed = make.answered(probe)
    assert failed["why"] == "bad redirection: a redirection that is not https is not followed", failed
    assert plain.calls() == []
    # Nor may a session be there: its DELETE would carry the bearer.
    server.answer({"status": 201, "headers": {"Location": plain.base + "/session/1", "Content-Type": "application/sdp"},
                   "body": "v=0\r\n"})
    failed = probe.wait("failed", 20)
    assert failed["why"] == "malformed: the answer's Location is not https", failed
    probe.end()


@pytest.mark.parametrize("explicit_port", [True, False])
def test_a_server_behind_a_proxy_that_ends_tls_is_taken_at_its_word(make, explicit_port):
    certs.ensure(str(make.folder))
    folder = str(make.folder)
    server = make.server("--tls-cert", f"{folder}/server.pem", "--tls-key", f"{folder}/server.key", "--token", TOKEN)
    host = server.base.split("//")[1] if explicit_port else "127.0.0.1"
    server.answer({"status": 201, "headers": {"Location": f"http://{host}/session/1", "Content-Type": "application/sdp"},
                   "body": "v=0\r\n"})
    probe = make.probe(server.base + "/live/x", ca_file=f"{folder}/ca.pem")
    answer = make.answered(probe)
    assert (answer["event"], answer["session"]) == ("answer", server.base + "/"), answer
    assert probe.ask("whip_stop", 4000)["closed"]
    assert [(c["path"], c["authorization"]) for c in server.calls("DELETE")] == [("/session/1", f"Bearer {TOKEN}")]
    probe.end()


def test_redirections_come_to_an_end(make):
    server = make.server()
    server.answer({"status": 307, "times": 20, "headers": {"Location": "/live/again"}})
    probe = make.probe(server.base + "/live/first")
    assert make.answered(probe)["why"] == "bad redirection: redirected too often"
    assert len(server.calls("POST")) == 11
    probe.end()


@pytest.mark.parametrize("script, why", [
    ({"status": 400, "body": "no candidates"}, "offer not taken: 400 no candidates"),
    ({"status": 401, "body": "who?"}, "unauthorized: 401 who?"),
    ({"status": 403, "body": "Endpoint ID already in use"}, "unauthorized: 403 Endpoint ID already in use"),
    ({"status": 404, "body": "no /live/KEY-OF-MINE here"}, "no such endpoint: 404 no /live/*** here"),
    ({"status": 405}, "no such endpoint: 405 empty answer"),
    ({"status": 406, "body": "no codec"}, "offer not taken: 406 no codec"),
    ({"status": 409, "body": "busy"}, "conflict: 409 busy"),
    ({"status": 415, "body": "type"}, "offer not taken: 415 type"),
    ({"status": 422, "body": '{"detail": "no bundle", "title": "x"}'}, "offer not taken: 422 no bundle"),
    ({"status": 500, "body": f"lost {TOKEN}"}, "server error: 500 lost ***"),
    ({"status": 301, "headers": {"Location": "/live/x"}}, "bad redirection: 301: only 307 and 308 keep an offer"),
    ({"status": 307}, "bad redirection: a redirection to no URL"),
    ({"status": 307, "headers": {"Location": "ftp://h/x"}}, "bad redirection: a redirection to no URL"),
    ({"status": 201, "headers": {"Content-Type": "application/sdp"}, "body": "v=0\r\n"},
     "malformed: the answer has no Location: its session could never be ended"),
    ({"status": 201, "headers": {"Location": "/s"}, "body": "v=0\r\n"},
     "malformed: the answer's Content-Type is not application/sdp"),
    ({"status": 201, "headers": {"Location": "/s", "Content-Type": "application/sdp"}, "body": "x" * 100000},
     "transport: "),
    ({"status": 201, "headers": {"Location": "/s", "Content-Type": "application/sdp"}, "body": "{}"},
     "malformed: the answer is no SDP"),
])
def test_what_is_wrong_is_told_in_the_servers_words(make, script, why):
    server = make.server()
    server.answer(script)
    probe = make.probe(server.base + "/live/KEY-OF-MINE")
    failed = make.answered(probe, tracks=2)
    assert failed["event"] == "failed" and failed["why"].startswith(why), failed
    assert probe.wait("answer", 20)["sdp"]            # it is tried again, with the same offer
    log = probe.end()
    assert "KEY-OF-MINE" not in log and TOKEN not in log


def test_a_session_whose_answer_is_of_no_use_is_ended(make):
    server = make.server("--token", TOKEN)
    server.answer({"status": 201, "headers": {"Location": "/session/of-no-use", "Content-Type": "text/plain"}, "body": "hi"})
    probe = make.probe(server.base + "/live/x")
    assert make.answered(probe)["why"] == "malformed: the answer's Content-Type is not application/sdp"
    probe.wait("answer", 20)
    assert [(c["method"], c["path"]) for c in server.calls()] == [
        ("POST", "/live/x"), ("DELETE", "/session/of-no-use"), ("POST", "/live/x")]
    assert {c["authorization"] for c in server.calls()} == {f"Bearer {TOKEN}"}
    probe.end()


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_kept_to(make, status):
    server = make.server()
    server.answer({"status": status, "headers": {"Retry-After": "3"}})
    probe = make.probe(server.base + "/live/x")
    failed = make.answered(probe)
    assert failed["retry_ms"] == 3000 and failed["why"].startswith("busy: "), failed
    probe.wait("answer", 20)
    probe.end()


def test_an_offer_of_one_track_is_refused_with_a_hint_and_then_given_up(make):
    server = make.server("--two-tracks")
    probe = make.probe(server.base + "/live/x")
    make.answered(probe)
    probe.wait("failed", 20)
    failed = probe.wait("failed", 20)
    assert failed["retry_ms"] == -1
    assert failed["why"].startswith("offer not taken: 400 audio and video are needed (the offer had one track; for a "
                                    "server that wants two: two_tracks = yes"), failed
    both = private(make.folder, "both.sdp", OFFER + "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:1\r\n")
    probe.do("whip_offer", both, 2)
    probe.wait("answer", 20)
    probe.end()


def test_a_new_offer_comes_after_the_end_of_the_old_session(make):
    server = make.server()
    probe = make.probe(server.base + "/live/x")
    make.answered(probe)
    make.answered(probe)
    assert [c["method"] for c in server.calls()] == ["POST", "DELETE", "POST"]
    assert len(server.state()["sessions"]) == 1
    probe.ask("whip_stop", 4000)
    assert server.state()["sessions"] == []
    probe.end()


def test_a_delete_is_repeated_until_it_works(make):
    server = make.server()
    server.answer({"method": "DELETE", "status": 500, "times": 2})
    probe = make.probe(server.base + "/live/x")
    make.answered(probe)
    assert probe.ask("whip_stop", 10000)["closed"]
    assert len(server.calls("DELETE")) == 3 and server.state()["sessions"] == []
    probe.end()


def test_a_stop_does_not_wait_for_a_server_that_is_silent(make):
    server = make.server()
    server.answer({"method": "DELETE", "status": 200, "delay_s": 60})
    probe = make.probe(server.base + "/live/x")
    make.answered(probe)
    assert probe.ask("whip_stop", 500) == {"event": "stopped", "closed": False}
    probe.end()


def test_a_new_token_needs_no_reload(make):
    server = make.server("--token", TOKEN)
    wrong = private(make.folder, "wrong", "another-token")
    probe = make.probe(server.base + "/live/KEY-OF-MINE", token_file=wrong)
    failed = make.answered(probe)
    assert failed["why"] == "unauthorized: 401 who is Bearer *** at /live/***?", failed
    private(make.folder, "wrong", TOKEN)
    probe.wait("answer", 20)
    os.unlink(wrong)
    make.answered(probe)                       # DELETE and POST both need it
    log = probe.end()
    assert "no token" in log and TOKEN not in log and "another-token" not in log
