"""test_api.py - the supervisor's clients of Google and Cloudflare, driven through api_probe.

Against the stand-ins google.py and cloudflare.py, and for HTTP itself against a server of a few lines.
"""

import datetime
import email.utils
import json
import os
import queue
import re
import secrets
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import urllib.request

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SIM = os.path.join(ROOT, "tests", "sim")
BUILD = os.environ.get("CAMRELAY_BUILD", "build")
PROBE = os.path.join(ROOT, BUILD, "tests", "integration", "api_probe")
sys.path.insert(0, SIM)
import certs  # noqa: E402
from pace import Pace  # noqa: E402


# ---- processes ----------------------------------------------------------------------------------

class Standin:
    """A stand-in; .ready is what it printed when it was."""

    def __init__(self, script, *args):
        self.process = subprocess.Popen(["/usr/bin/python3", os.path.join(SIM, script), *args],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.ready = json.loads(self.process.stdout.readline())

    def post(self, path, body):
        request = urllib.request.Request(self.ready["sim"] + path, json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def get(self, path):
        with urllib.request.urlopen(self.ready["sim"] + path, timeout=60) as answer:
            return json.load(answer)

    def fault(self, **fault):
        self.post("/faults", fault)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.process.stdout.close()


class Probe:
    """api_probe; what it prints is waited for, event by event."""

    def __init__(self, **options):
        arguments = [f"{k}={v}" for k, v in options.items()]
        self.process = subprocess.Popen([PROBE, *arguments], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.events = queue.Queue()
        self.log = ""
        self.threads = [threading.Thread(target=self.read_events), threading.Thread(target=self.read_log)]
        for thread in self.threads:
            thread.start()

    def read_events(self):
        for line in self.process.stdout:
            self.events.put(json.loads(line))

    def read_log(self):
        for line in self.process.stderr:
            self.log += line

    def do(self, *words):
        self.process.stdin.write(" ".join(str(w) for w in words) + "\n")
        self.process.stdin.flush()

    def wait(self, event=None, seconds=60):
        """The next event; of that name, if one is given."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.events.get(timeout=max(0.01, deadline - time.monotonic()))
            if event in (None, found["event"]):
                return found

    def ask(self, *words, event=None):
        self.do(*words)
        return self.wait(event)

    def end(self):
        self.process.stdin.close()
        code = self.process.wait(60)
        for thread in self.threads:
            thread.join(5)
        self.process.stdout.close()
        self.process.stderr.close()
        assert code == 0, self.log
        return self.log


def private(folder, name, text):
    path = os.path.join(folder, name)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(text + "\n")
    return path


# ---- HTTP ---------------------------------------------------------------------------------------

class Server:
    """A server that answers each request with what a function makes of (number, request)."""

    def __init__(self, answer, context=None):
        self.answer, self.context = answer, context
        self.requests, self.connections = [], 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            file = connection.makefile("rb")
            while self.serve_one(connection, file):
                pass
        except OSError:
            pass
        finally:
            connection.close()

    def serve_one(self, connection, file):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = file.readline()
            if not line:
                return False
            head += line
        length = re.search(rb"(?i)content-length: (\d+)", head)
        body = file.read(int(length[1])) if length else b""
        self.requests.append((head.decode(), body.decode()))
        answer = self.answer(len(self.requests), self.requests[-1])
        if answer is None:
            return False
        connection.sendall(answer)
        return True

    def close(self):
        self.listener.close()


class Slammer(Server):
    """Resets each connection right behind its answer."""

    def serve_one(self, connection, file):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        super().serve_one(connection, file)
        return False


def ok(body="hello", *headers):
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


@pytest.fixture
def probe():
    made = Probe()
    yield made
    made.end()


@pytest.fixture
def serve():
    servers = []

    def make(answer, context=None):
        servers.append(Server(answer, context))
        return servers[-1]
    yield make
    for server in servers:
        server.close()


def test_an_answer_that_came_whole_before_a_reset_is_an_answer(probe):
    server = Slammer(lambda n, r: ok("x" * 50000))
    answers = [probe.ask("http", n, "POST", server.url, 30000, "body") for n in range(50)]
    assert {(a["err"], a["status"], a["body_len"]) for a in answers} == {(0, 200, 50000)}
    server.close()


def test_connections_are_reused_and_the_bearer_is_sent(probe, serve):
    server = serve(lambda n, r: ok(f"answer {n}"))
    for n in range(1, 4):
        answer = probe.ask("http", "a", "POST", server.url + "/x", 30000, "body")
        assert (answer["err"], answer["status"], answer["body"]) == (0, 200, f"answer {n}")
    assert server.connections == 1
    head, body = server.requests[0]
    assert "Authorization: Bearer bearer-of-the-probe\r\n" in head and body == "body"
    assert "Expect" not in head and "Content-Type: text/plain\r\n" in head


def test_many_calls_run_at_once(probe, serve):
    everybody = threading.Barrier(20, timeout=30)

    def together(_n, _request):
        everybody.wait()
        return ok()
    server = serve(together)
    for n in range(20):
        probe.do("http", n, "GET", server.url, 30000)
    tags = {a["tag"] for a in (probe.wait("http") for _ in range(20)) if a["err"] == 0}
    assert len(tags) == 20


def test_a_post_whose_kept_connection_died_is_never_sent_twice(probe, serve):
    server = serve(lambda n, r: ok() if n == 1 else None)
    assert probe.ask("http", "a", "POST", server.url, 30000, "x")["err"] == 0
    answer = probe.ask("http", "b", "POST", server.url, 30000, "y")
    assert answer["err"] != 0 and answer["sent"] is True and answer["why"]
    assert [body for _, body in server.requests] == ["x", "y"]


def test_a_time_out_says_that_the_request_was_sent(probe, serve):
    over = threading.Event()

    def silent(_n, _request):
        over.wait(10)
    server = serve(silent)
    answer = probe.ask("http", "a", "GET", server.url, 300)
    over.set()
    assert answer["err"] == -5 and answer["sent"] is True and "timed out" in answer["why"]


def test_nobody_listening_says_that_nothing_was_sent(probe):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    answer = probe.ask("http", "a", "POST", f"http://127.0.0.1:{port}", 30000, "x")
    assert answer["err"] == -13 and answer["sent"] is False


def test_answers_are_bounded(probe, serve):
    server = serve(lambda n, r: ok("x" * (64 * 1024 + (n - 1))))
    assert probe.ask("http", "a", "GET", server.url, 30000)["body_len"] == 65536
    answer = probe.ask("http", "b", "GET", server.url, 30000)
    assert answer["err"] == -7 and answer["why"] == "answer is longer than 65536 bytes"


def test_redirects_are_not_followed(probe, serve):
    target = serve(lambda n, r: ok())
    server = serve(lambda n, r: (f"HTTP/1.1 302 Found\r\nLocation: {target.url}\r\nContent-Length: 0\r\n\r\n").encode())
    assert probe.ask("http", "a", "GET", server.url, 30000)["status"] == 302
    assert target.requests == []


def test_date_and_retry_after_are_read(probe, serve):
    date = datetime.datetime(2026, 11, 21, 6, 0, tzinfo=datetime.timezone.utc)
    later = email.utils.format_datetime(date + datetime.timedelta(seconds=90), usegmt=True)
    stamp = "Date: " + email.utils.format_datetime(date, usegmt=True)
    server = serve(lambda n, r: ok("", stamp, "Retry-After: " + ("17" if n == 1 else later)))
    answer = probe.ask("http", "a", "GET", server.url, 30000)
    assert answer["retry_after_ms"] == 17000 and answer["date_us"] == int(date.timestamp()) * 1000000
    assert probe.ask("http", "b", "GET", server.url, 30000)["retry_after_ms"] == 90000


def test_a_broken_connection_in_mid_answer_is_an_error(probe, serve):
    server = serve(lambda n, r: b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nhalf" if n == 2
                   else b"nonsense\r\n\r\n" if n == 1 else None)
    assert probe.ask("http", "a", "POST", server.url, 30000, "x")["err"] != 0

    def half(_n, _request):
        return None
    short = serve(half)
    assert probe.ask("http", "b", "POST", short.url, 30000, "x")["err"] == -4


def test_a_cancelled_call_never_answers(probe, serve):
    over = threading.Event()
    arrived = threading.Event()

    def slow(n, _request):
        arrived.set()
        return over.wait(10) and None if n == 1 else ok()
    server = serve(slow)
    probe.do("http", "cancelled", "GET", server.url, 30000)
    assert arrived.wait(60)
    probe.do("cancel")
    answer = probe.ask("http", "next", "GET", server.url, 30000)
    over.set()
    assert answer["tag"] == "next" and answer["err"] == 0


def test_a_slow_name_lookup_never_stops_the_loop(probe, serve):
    server = serve(lambda n, r: ok())
    probe.ask("http", "warm", "GET", server.url, 30000)
    probe.ask("gap")
    probe.do("http", "lookup", "GET", "http://slow.invalid/", 400)
    assert probe.wait("http")["err"] == -5
    probe.do("http", "lookup", "GET", "http://slow.invalid/", 30000)
    probe.do("cancel")
    assert probe.ask("http", "still", "GET", server.url, 30000)["err"] == 0
    assert probe.ask("gap")["ms"] < 4500  # a lookup takes six seconds


def test_a_name_that_only_the_second_name_server_knows_is_found_in_time(probe, serve):
    """The lookup takes six seconds: it may take as long as the whole call, of which it is a part."""
    server = serve(lambda n, r: ok())
    assert probe.ask("http", "a", "GET", f"http://late.invalid:{server.port}/", 15000)["err"] == 0


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    return certs.ensure(str(tmp_path_factory.mktemp("certs")))


def https(lab, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*lab[name])
    return context


def test_https_works_with_the_ca_that_is_given(probe, serve, lab):
    server = serve(lambda n, r: ok(), https(lab, "server"))
    assert probe.ask("http", "a", "GET", server.url, 30000, "-", lab["ca"])["status"] == 200


@pytest.mark.parametrize("rogue", ["wrong-name", "expired", "unknown-ca"])
def test_a_certificate_that_does_not_verify_is_refused_before_anything_is_sent(probe, serve, lab, rogue):
    server = serve(lambda n, r: ok(), https(lab, rogue))
    answer = probe.ask("http", "a", "POST", server.url, 30000, "secret", lab["ca"])
    assert answer["err"] == -11 and answer["sent"] is False
    assert server.requests == []


def test_a_ca_file_replaces_the_systems_and_must_exist(probe, serve, lab):
    server = serve(lambda n, r: ok(), https(lab, "server"))
    assert probe.ask("http", "a", "GET", server.url, 30000)["err"] == -11
    assert probe.ask("http", "b", "GET", server.url, 30000, "-", "/nowhere/ca.pem")["err"] == -11


def test_only_http_and_https_are_spoken(probe):
    assert probe.ask("http", "a", "GET", "file:///etc/passwd", 30000)["err"] == -8


# ---- Google -------------------------------------------------------------------------------------

@pytest.fixture
def google():
    made = Standin("google.py", "--quiet", "--qpm", "100", "--command-qpm", "100", "--list-qpm", "100")
    yield made
    made.stop()


def google_probe(google, folder, **changes):
    ready = google.ready
    options = {"token_url": ready["token_url"], "api_url": ready["api_url"], "project": ready["project_id"],
               "client_id": ready["client_id"], "timeout_ms": 800,
               "client_secret_file": private(folder, "client", ready["client_secret"]),
               "refresh_token_file": private(folder, "refresh", ready["refresh_token"])}
    return Probe(**{**options, **changes})


@pytest.fixture
def home(google, tmp_path):
    made = google_probe(google, tmp_path)
    assert made.wait("oauth")["state"] == "resting"
    made.device = list(google.ready["devices"].values())[0]
    made.google = google
    yield made
    log = made.end()
    for secret in ("ya29.", "1//0", google.ready["client_secret"], "auth=", "CjY5"):
        assert secret not in log


def calls(google, kind):
    return len(google.get(f"/calls?kind={kind}"))


def test_a_stream_is_generated_extended_and_stopped(home):
    made = home.ask("generate", home.device)
    assert made["error"] == "ok" and made["url"].startswith("rtsps://")
    assert made["url"].endswith("?auth=" + made["token"])
    assert 298000 < made["life_ms"] <= 300000
    more = home.ask("extend", home.device, made["extension"])
    assert more["error"] == "ok" and more["url"] is None
    assert more["token"] != made["token"] and more["extension"] != made["extension"]
    stale = home.ask("extend", home.device, made["extension"])
    assert stale["error"] == "session-lost"
    assert home.ask("stop", home.device, more["extension"])["error"] == "ok"
    assert home.ask("list")["devices"] == list(home.google.ready["devices"].values())


@pytest.mark.parametrize("bucket,name", [("execute", "user"), ("command", "command"), ("device", "device")])
def test_a_429_names_its_bucket_and_pause(home, bucket, name):
    home.google.fault(match={"kind": "generate"}, action="429", bucket=bucket, retry_after=7)
    answer = home.ask("generate", home.device)
    assert (answer["error"], answer["bucket"], answer["retry_after_ms"]) == ("rate-limited", name, 7000)
    assert answer["words"].startswith("RESOURCE_EXHAUSTED: Rate limited for the ")


@pytest.mark.parametrize("fault,error,words", [
    ({"action": "500"}, "server-error", "INTERNAL: Internal error encountered."),
    ({"action": "503"}, "server-error", "UNAVAILABLE: The service is currently unavailable."),
    ({"action": "403"}, "permission-denied", "PERMISSION_DENIED: The caller does not have permission"),
    ({"action": "409"}, "conflict", "ABORTED: The operation was aborted."),
    ({"action": "failed_precondition"}, "camera-off",
     "FAILED_PRECONDITION: The camera is not available for streaming."),
    ({"action": "invalid_argument"}, "not-rtsp", "INVALID_ARGUMENT: Command not supported."),
    ({"action": "html"}, "server-error", "502 HTML page: Error 502 (Server Error)!!1"),
    ({"action": "html", "status": 404}, "malformed", "404 HTML page: Error 404 (Server Error)!!1"),
    ({"action": "malformed"}, "malformed", "200 no usable JSON in "),
    ({"action": "without", "field": "expiresAt"}, "malformed", "results.expiresAt is missing"),
])
def test_each_failure_is_told_apart_in_googles_words(home, fault, error, words):
    home.google.fault(match={"kind": "generate"}, **fault)
    answer = home.ask("generate", home.device)
    assert (answer["error"], answer["sent"]) == (error, True) and answer["words"].startswith(words)


def test_no_answer_is_a_time_out_that_may_have_been_counted(home):
    home.google.fault(match={"kind": "generate"}, action="hang", seconds=3)
    answer = home.ask("generate", home.device)
    assert answer["error"] == "timeout" and answer["sent"] is True
    assert home.ask("generate", home.device)["error"] == "ok"


def test_a_reset_is_a_transport_error_and_no_second_request(home):
    assert home.ask("generate", home.device)["error"] == "ok"  # the connection is kept
    before = calls(home.google, "generate")
    home.google.fault(match={"kind": "generate"}, action="reset")
    assert home.ask("generate", home.device)["error"] == "transport"
    assert calls(home.google, "generate") == before + 1


def test_many_401s_make_one_refresh(home):
    home.google.post("/revoke_access", {})
    for _ in range(8):
        home.do("generate", home.device)
    answers = [home.wait() for _ in range(9)]
    assert [a["error"] for a in answers if a["event"] == "sdm"].count("unauthenticated") >= 1
    assert calls(home.google, "token") == 2
    assert home.ask("generate", home.device, event="sdm")["error"] == "ok"


def test_invalid_grant_is_named_and_never_repeated(google, tmp_path):
    google.post("/invalid_grant", {"on": True})
    probe = google_probe(google, tmp_path)
    state = probe.wait("oauth")
    assert (state["state"], state["bearer"]) == ("dead", False)
    assert state["why"] == "invalid_grant: Token has been expired or revoked."
    assert probe.ask("generate", "x")["event"] == "no-bearer"
    assert calls(google, "token") == 1
    log = probe.end()
    assert 'error google=home oauth account refused: log in anew why="invalid_grant: ' in log


def test_a_wrong_client_secret_is_named(google, tmp_path):
    probe = google_probe(google, tmp_path, client_secret_file=private(tmp_path, "wrong", "nonsense"))
    assert probe.wait("oauth")["why"] == "invalid_client: Unauthorized"
    probe.end()


def test_a_failing_token_endpoint_is_tried_again(google, tmp_path):
    google.fault(match={"kind": "token"}, action="html")
    google.fault(match={"kind": "token"}, action="hang", seconds=2)
    probe = google_probe(google, tmp_path)
    assert probe.wait("oauth")["why"] == "answer 502: HTML page: Error 502 (Server Error)!!1"
    assert probe.wait("oauth")["why"].startswith("no answer in time: ")
    assert probe.wait("oauth")["bearer"] is True
    probe.end()


def test_a_short_token_is_renewed_before_it_expires(tmp_path):
    google = Standin("google.py", "--quiet", "--token-life", "2")
    probe = google_probe(google, tmp_path)
    for _ in range(3):
        assert probe.wait("oauth") == {"event": "oauth", "state": "resting", "bearer": True, "why": ""}
    probe.end()
    google.stop()


# ---- Cloudflare ---------------------------------------------------------------------------------

def offer_text():
    """A publisher's offer, such as the SFU takes."""
    fingerprint = ":".join(f"{b:02X}" for b in secrets.token_bytes(32))
    transport = ["c=IN IP4 0.0.0.0", "a=ice-ufrag:abcd", "a=ice-pwd:" + secrets.token_hex(12),
                 "a=fingerprint:sha-256 " + fingerprint, "a=setup:actpass"]
    audio = ["m=audio 9 UDP/TLS/RTP/SAVPF 111", *transport, "a=mid:0", "a=sendonly", "a=msid:s a", "a=rtcp-mux",
             "a=rtpmap:111 opus/48000/2", "a=fmtp:111 minptime=10;useinbandfec=1", "a=ssrc:1 cname:c"]
    video = ["m=video 9 UDP/TLS/RTP/SAVPF 106", *transport, "a=mid:1", "a=sendonly", "a=msid:s v", "a=rtcp-mux",
             "a=rtpmap:106 H264/90000", "a=fmtp:106 packetization-mode=1;profile-level-id=42e01f",
             "a=rtcp-fb:106 nack", "a=rtcp-fb:106 nack pli", "a=ssrc:2 cname:c"]
    session = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", "a=group:BUNDLE 0 1"]
    return "\r\n".join(session + audio + video) + "\r\n"


@pytest.fixture(scope="module")
def cloudflare():
    made = Standin("cloudflare.py")
    yield made
    made.stop()


def camera_probe(cloudflare, folder, **changes):
    secret = private(folder, "app", changes.pop("secret", "sim-secret"))
    return Probe(sfu_url=cloudflare.ready["api"], app_secret_file=secret, timeout_ms=2000,
                 **{"app_id": cloudflare.ready["app_id"], **changes})


@pytest.fixture
def camera(cloudflare, tmp_path):
    urllib.request.urlopen(urllib.request.Request(cloudflare.ready["sim"] + "/faults", method="DELETE"), timeout=60)
    made = camera_probe(cloudflare, tmp_path)
    made.offer = os.path.join(tmp_path, "offer.sdp")
    with open(made.offer, "w", encoding="ascii", newline="") as file:
        file.write(offer_text())
    made.sfu = cloudflare
    made.since = max([c["n"] for c in cloudflare.get("/calls")], default=0)
    yield made
    assert "sim-secret" not in made.end()


def operations(camera):
    return [(c["op"], c["status"]) for c in camera.sfu.get(f"/calls?since={camera.since}")]


def test_an_offer_is_published_and_closed(camera):
    answer = camera.ask("offer", camera.offer, event="answer")
    assert re.fullmatch("[0-9a-f]{32}", answer["session"]) and answer["sdp"].startswith("v=0")
    assert camera.ask("unpublish", 30000)["closed"] is True
    assert operations(camera) == [("sessions_new", 201), ("tracks_new", 200), ("tracks_close", 200)]


@pytest.mark.parametrize("fault,why", [
    ({"action": "per_track"}, "track-error: track porch-audio: not_found_track_error: "),
    ({"action": 406}, "invalid: 406 invalid_session_description: Scripted fault"),
    ({"action": 410}, "gone: 410 session_error: Scripted fault"),
    ({"action": 503}, "server-error: 503 temporarily_unavailable_error: Scripted fault"),
    ({"action": "html"}, "server-error: 502 HTML page: 502 Bad Gateway"),
    ({"action": "malformed"}, "malformed: 200 no usable JSON in "),
    ({"action": "no_sdp"}, "malformed: sessionDescription is missing or no answer"),
    ({"action": "lost_reply"}, "transport: "),
    ({"action": "hang", "seconds": 4}, "timeout: no answer in time: "),
])
def test_a_failed_push_becomes_a_new_session(camera, fault, why):
    camera.sfu.fault(match="tracks_new", **fault)
    failed = camera.ask("offer", camera.offer)
    assert failed["event"] == "failed" and failed["why"].startswith(why)
    assert 400 <= failed["retry_ms"] <= 600
    camera.wait("answer")
    pushes = [c for c in camera.sfu.get(f"/calls?since={camera.since}") if c["op"] == "tracks_new"]
    assert len(pushes) == 2 and pushes[0]["session"] != pushes[1]["session"]


def test_a_425_is_tried_again_on_the_same_session(camera):
    camera.sfu.fault(match="tracks_new", action=425)
    assert camera.ask("offer", camera.offer)["retry_ms"] == 1000
    camera.wait("answer")
    pushes = [c["session"] for c in camera.sfu.get(f"/calls?since={camera.since}") if c["op"] == "tracks_new"]
    assert len(pushes) == 2 and pushes[0] == pushes[1]


def test_a_lost_reply_leaves_nothing_published(camera):
    camera.sfu.fault(match="tracks_new", action="lost_reply")
    camera.do("offer", camera.offer)
    answer = camera.wait("answer")
    closes = [c for c in camera.sfu.get(f"/calls?since={camera.since}") if c["op"] == "tracks_close"]
    assert [c["status"] for c in closes] == [200] and closes[0]["session"] != answer["session"]


def test_a_second_offer_closes_the_first_publication(camera):
    first = camera.ask("offer", camera.offer, event="answer")
    second = camera.ask("offer", camera.offer, event="answer")
    assert first["session"] != second["session"]
    assert camera.ask("unpublish", 30000)["closed"] is True
    closed = {c["session"] for c in camera.sfu.get(f"/calls?since={camera.since}") if c["op"] == "tracks_close"}
    assert closed == {first["session"], second["session"]}


def test_an_offer_that_is_none_is_given_up_after_three_sessions(camera):
    with open(camera.offer, "w", encoding="ascii") as file:
        file.write("v=0\r\nnonsense\r\n")
    camera.do("offer", camera.offer)
    assert [camera.wait("failed")["retry_ms"] >= 0 for _ in range(3)] == [True, True, False]


def test_a_silent_sfu_does_not_hold_up_a_stop(camera):
    camera.ask("offer", camera.offer, event="answer")
    camera.sfu.fault(match="tracks_close", action="hang", seconds=60)
    with Pace() as pace:
        began = time.monotonic()
        assert camera.ask("unpublish", 1000)["closed"] is False
        took = time.monotonic() - began
    assert took < pace.allowed(1.8)


@pytest.mark.parametrize("change,why", [({"secret": "wrong"}, "unauthorized: 401 unauthorized: "),
                                        ({"app_id": "other"}, "no-app: 404 not_found: ")])
def test_a_wrong_secret_or_app_is_named_and_waits_a_minute(cloudflare, tmp_path, change, why):
    probe = camera_probe(cloudflare, tmp_path, **change)
    path = os.path.join(tmp_path, "offer.sdp")
    with open(path, "w", encoding="ascii", newline="") as file:
        file.write(offer_text())
    failed = probe.ask("offer", path)
    assert failed["why"].startswith(why) and failed["retry_ms"] == 60000
    probe.end()
