"""The HTTP API: what it shows, what it does, who may, and what is refused."""
import asyncio
import concurrent.futures
import contextlib
import datetime
import fcntl
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import threading
import time

import aiohttp
import pytest

from alone import NOWHERE, Alone
from http_server_probe import certificate, trusting
from lab import BUILD, Lab, until
from openapi_client import Client, fetch

HEAD_TIMEOUT_S = 10  # http_server_conn.c
BODY_TIMEOUT_S = 15
MAX_AGE_DAYS = 3


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    recordings = tmp_path_factory.mktemp("recordings")
    lab = Lab(cameras=2, state=True, supervisor={"http_names": "relay.test"}, recording={"dir": str(recordings), "max_age": f"{MAX_AGE_DAYS}d"},
              camera={"record": "yes"})
    try:
        lab.start()
        lab.until_running()
        yield lab
    finally:
        assert lab.close() == 0


@pytest.fixture(scope="module")
def url(lab):
    return lab.url()


def get(url, path, **headers):
    status, _, text = fetch("GET", url + path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    return status, json.loads(text)


def raw(url, data, shut=False, deadline_s=30):
    """What is answered to these bytes until the server closes: (seconds, text)."""
    host, port = url.rsplit("/", 1)[1].split(":")
    start = time.monotonic()
    with socket.create_connection((host, int(port)), timeout=deadline_s) as s:
        s.sendall(data)
        if shut:
            s.shutdown(socket.SHUT_WR)
        text = b""
        while part := s.recv(65536):
            text += part
    return time.monotonic() - start, text


def metric(url, name):
    """The value of one without labels."""
    text = fetch("GET", url + "/metrics")[2].decode()
    return float(re.search(rf"^{name} (\S+)$", text, re.MULTILINE)[1])


def waits_for_locks(pid):
    """How many of its threads wait for somebody's flock (proc(5), /proc/locks)."""
    with open("/proc/locks", encoding="ascii") as file:
        return len(re.findall(rf"-> FLOCK +\w+ +\w+ {pid} ", file.read()))


def of_checks(system):
    """What /v2/health/system says of the whole if everything but the machine is well: a busy one is not."""
    worst = max((c["status"] for c in system["checks"].values()), key=["ok", "warn", "error"].index, default="ok")
    return {"ok": "healthy", "warn": "degraded", "error": "unhealthy"}[worst]


def error_of(text):
    """The status and the sentence of a raw answer."""
    head, _, body = text.partition(b"\r\n\r\n")
    error = json.loads(body)["error"]
    assert int(head.split()[1]) == error["status"]
    return error["status"], error["message"]


# ---- what is shown ----------------------------------------------------------------------------------------------

def test_every_operation_of_the_document_answers_as_it_says(lab, url):
    client = Client(url)
    client.check_document()
    seen = 0
    for method, path, _ in client.operations():
        if method == "get" and path != "/events":  # a WebSocket: test_feed.py
            for camera in ("cam1", "nobody"):
                status, _ = client.call(method, path, {"camera": camera})
                unknown = any(f"{{{name}}}" in path for name in ("id", "name", "day")) or (camera == "nobody" and "{camera}" in path)
                assert status == (404 if unknown else 200), path
                seen += 1
    assert seen >= 20


def test_what_operations_do_not_know_is_refused_in_their_own_words(url):
    client = Client(url)
    for method, path, operation in client.operations():
        status, body = client.call(method, path, {"camera": "cam1"}, query={"no_such_thing": "1"})
        assert (status, body["error"]["message"]) == (400, "there is no parameter no_such_thing here"), path
        for p in operation["parameters"]:
            if p["schema"]["type"] == "integer":
                assert client.call(method, path, {"camera": "cam1"}, query={p["name"]: "many"})[0] == 400
        taken = operation.get("requestBody", {"content": {}, "required": False})
        if "application/json" in taken["content"]:
            assert client.call(method, path, {"camera": "cam1"}, body=[1])[0] == 400
        elif taken["content"]:
            assert client.call(method, path, {"camera": "cam1"}, body={})[0] == 415
        if taken["required"] and "application/json" in taken["content"]:
            assert client.call(method, path, {"camera": "cam1"}, body={})[0] == 400
            assert client.call(method, path, {"camera": "cam1"})[0] == 415


def test_the_state_is_that_of_camctl(lab, url):
    rows = lab.rows()
    status, system = get(url, "/v2/health/system")
    assert (status, system["status"]) == (200, of_checks(system))
    assert set(system["limits"]) == {"cam1", "cam2"} and system["limits"]["cam1"]["step"] == "none"
    assert system["streams"] == {"total": 2, "by_state": {"starting": 0, "running": 2, "failed": 0, "degraded": 0,
                                                          "stopped": 0}}
    stream = get(url, "/v2/health/streams/cam1")[1]
    assert (stream["state"], stream["worker"]["is_healthy"]) == ("running", True)
    assert stream["worker"]["pid"] == rows["cam1"]["pid"]
    assert stream["producer"]["session"] == rows["cam1"]["session"]
    assert [row["name"] for row in get(url, "/v2/cameras")[1]["cameras"]] == ["cam1", "cam2"]
    assert get(url, "/readyz") == (200, {"ready": True, "parts": {"configuration": "ok", "store": "ok",
                                                                  "accounts": {"home": "ok"}}})


def test_the_ssrc_is_what_the_sfu_hears(lab, url):
    producer = next(p for p in get(url, "/v2/health/producers")[1]["producers"] if p["camera"] == "cam1")
    assert (producer["kind"], producer["media"]) == ("cloudflare", "sending")
    offers = [c for c in lab.sfu_calls(op="tracks_new") if producer["session"] in json.dumps(c)]
    assert producer["ssrc"] > 0 and offers


def test_a_worker_takes_memory_and_processor_time(lab, url):
    def busy():
        worker = get(url, "/v2/health/streams/cam1")[1]["worker"]
        return worker["memory_mb"] > 5 and 0 < worker["cpu_percent"] < 200
    until(busy, "cam1's worker is seen to do something")


def test_head_is_get_without_its_body(url):
    got = fetch("GET", url + "/v2/openapi.json")
    head = fetch("HEAD", url + "/v2/openapi.json")
    assert (head[0], head[2]) == (200, b"")
    assert head[1]["Content-Length"] == got[1]["Content-Length"] == str(len(got[2]))


def test_no_page_may_frame_sniff_or_read_it(url):
    for path in ("/healthz", "/nothing"):
        headers = fetch("GET", url + path, headers={"Origin": "http://evil.example"})[1]
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["Access-Control-Allow-Origin"] is None and headers["Cache-Control"] == "no-store"


# ---- what is done -----------------------------------------------------------------------------------------------

def test_restart_makes_a_new_pid_and_keeps_the_stream(lab, url):
    before = lab.rows()["cam2"]
    status, body = Client(url).call("post", "/v2/cameras/{camera}/restart", {"camera": "cam2"})
    assert (status, body["text"]) == (202, "restarting its worker")
    until(lambda: lab.rows()["cam2"]["pid"] not in (0, before["pid"]), "another pid")
    row = lab.until_running()["cam2"]
    assert row["generates"] == before["generates"]


def test_extend_is_the_same_as_camctls(lab, url):
    before = lab.rows()["cam1"]["extends"]
    assert Client(url).call("post", "/v2/cameras/{camera}/extend", {"camera": "cam1"})[0] == 202
    until(lambda: lab.rows()["cam1"]["extends"] > before, "an extension")


def test_regenerate_is_another_stream(lab, url):
    before, pid = lab.rows()["cam1"]["generates"], lab.daemon.process.pid
    since = len(lab.commands("cam1"))
    status, body = Client(url).call("post", "/v2/cameras/{camera}/regenerate", {"camera": "cam1"})
    assert status == 202 and body["text"]
    until(lambda: lab.rows()["cam1"]["generates"] == before + 1, "another stream")
    lab.until_running()
    assert "generate" in lab.commands("cam1")[since:] and lab.status()["pid"] == pid


def test_stop_start_and_what_is_refused(lab, url):
    client = Client(url)
    assert client.call("post", "/v2/cameras/{camera}/stop", {"camera": "cam2"})[0] == 202
    until(lambda: lab.rows()["cam2"]["state"] == "stopped", "cam2 stopped")
    status, body = client.call("post", "/v2/cameras/{camera}/extend", {"camera": "cam2"})
    assert status == 409 and body["error"]["message"]
    for word in ("restart", "regenerate"):
        status, body = client.call("post", f"/v2/cameras/{{camera}}/{word}", {"camera": "cam2"})
        assert (status, body["error"]["message"]) == (409, "cam2 is stopped: camctl start cam2")
    assert client.call("post", "/v2/cameras/{camera}/start", {"camera": "nobody"})[0] == 404
    for word in ("start", "stop", "restart"):
        assert client.call("post", f"/v2/cameras/{{camera}}/{word}", {"camera": "all"})[0] == 404
    assert client.call("post", "/v2/cameras/{camera}/start", {"camera": "cam2"})[0] == 202
    lab.until_running()


def test_a_camera_is_added_and_removed(lab, url):
    client = Client(url)
    new = {"name": "yard", "settings": {"url": "rtsp://127.0.0.1:9/x", "publish": "none"}}
    assert client.call("post", "/v2/cameras", body=new)[0] == 201
    assert "yard" in lab.rows()
    assert client.call("post", "/v2/cameras", body=new)[0] == 409
    status, body = client.call("post", "/v2/cameras", body={"name": "x", "settings": {"url": "http://h/"}})
    assert status == 422 and "must be a URL that begins with rtsp://" in body["error"]["message"]
    assert client.call("post", "/v2/cameras", body={"name": "../x", "settings": {"url": "rtsp://h/"}})[0] == 422
    assert client.call("delete", "/v2/cameras/{camera}", {"camera": "yard"})[0] == 200
    assert client.call("delete", "/v2/cameras/{camera}", {"camera": "yard"})[0] == 404
    assert "yard" not in lab.rows()


def test_nobody_who_adds_a_camera_says_which_secret_goes_where(lab, url):
    mine = {"url": "rtsp://127.0.0.1:9/x", "publish": "whip:https://127.0.0.1:9/mine",
            "whip_token_file": os.path.join(lab.directory, "sfu.secret")}
    sentence = "whip_token_file names a file of secrets: it must be written into the configuration by hand"
    status, body = Client(url).call("post", "/v2/cameras", body={"name": "thief", "settings": mine})
    assert (status, body["error"]["message"]) == (422, sentence)
    done = lab.camctl("add", "thief", *(f"{key}={value}" for key, value in mine.items()), check=False)
    assert (done.returncode, sentence in done.stderr) == (1, True)
    with open(lab.config, encoding="utf-8") as file:
        assert "thief" not in lab.rows() and "thief" not in file.read()


def wall_ms(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000 + 0.5)


@pytest.mark.parametrize("query, days", [({"retention_days": 30}, 30), ({"retention_days": 0}, 0), ({}, MAX_AGE_DAYS)])
def test_a_cleanup_tells_what_ended_before_when_was_deleted(url, query, days):
    before = int(time.time() * 1000)
    status, done = Client(url).call("post", "/v2/health/recordings/{camera}/cleanup", {"camera": "cam2"}, query=query)
    assert status == 200 and before <= wall_ms(done["cutoff_time"]) + days * 86400000 <= time.time() * 1000 + 1


def test_recordings_are_counted_and_cleaned_up(lab, url):
    client = Client(url)
    folder = os.path.join(lab.recording_keys["dir"], "cam1", "2020-01-02", "03")
    os.makedirs(folder)
    with open(os.path.join(folder, "00-00.000.mp4"), "wb") as file:
        file.write(b"x" * 300000)
    recording = client.call("get", "/v2/health/recordings/{camera}", {"camera": "cam1"})[1]
    assert (recording["oldest_time"], recording["state"]) == ("2020-01-02T03:00:00.000Z", "recording")
    assert recording["size_mb"] > 0.29
    status, done = client.call("post", "/v2/health/recordings/{camera}/cleanup", {"camera": "cam2"},
                               query={"retention_days": 30})
    assert (status, done["deleted_count"]) == (200, 0)
    for path in ("/v2/health/recordings/{camera}/cleanup", "/v2/health/recordings/cleanup"):
        for days in (36501, 999999999):
            status, refused = client.call("post", path, {"camera": "cam1"}, query={"retention_days": days})
            assert (status, refused["error"]["message"]) == (400, "retention_days must be a whole number from 0 to 36500")
        status, done = client.call("post", path, {"camera": "cam1"}, query={"retention_days": 36500})
        assert (status, done["deleted_count"]) == (200, 0)
    assert os.path.exists(folder)
    status, done = client.call("post", "/v2/health/recordings/cleanup", query={"retention_days": 30})
    assert (status, done["deleted_count"]) == (200, 1) and 0.29 < done["deleted_size_mb"] < 0.4
    assert not os.path.exists(folder)
    assert client.call("post", "/v2/health/recordings/{camera}/cleanup", {"camera": "nobody"})[0] == 404


def test_many_who_ask_for_recordings_share_one_look_and_hold_up_nobody(lab, url):
    dir_path = lab.recording_keys["dir"]
    folder = os.path.join(dir_path, "shed", time.strftime("%Y-%m-%d/%H", time.gmtime()))
    os.makedirs(folder)
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    log_at = len(lab.log())
    answers = []
    everything = threading.Thread(target=lambda: answers.append(fetch("GET", url + "/v2/health/recordings")[0]))
    many = [threading.Thread(target=lambda: answers.append(fetch("GET", url + "/v2/health/recordings")[0])) for _ in range(30)]
    # Who has an hour's lock holds up whoever looks at it: a disk that is as slow as we like.
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        everything.start()
        until(lambda: waits_for_locks(lab.daemon.process.pid) == 1, "the look waits for the lock")
        for thread in many:
            thread.start()
        until(lambda: metric(url, "camrelay_http_connections") >= 31, "all of them are asking")
        assert waits_for_locks(lab.daemon.process.pid) == 1
        assert get(url, "/v2/recordings/cam1")[0] == 200 and get(url, "/healthz")[0] == 200
        assert answers == []
    finally:
        os.close(held)
    for thread in [everything, *many]:
        thread.join()
    assert answers == [200] * 31
    askers = [int(n) for n in re.findall(r"recordings looked through askers=(\d+)", lab.log()[log_at:])]
    assert askers == [1, 30]
    shutil.rmtree(os.path.join(dir_path, "shed"))


def test_who_asks_for_one_camera_waits_for_no_other(lab, url):
    folder = os.path.join(lab.recording_keys["dir"], "shed", time.strftime("%Y-%m-%d/%H", time.gmtime()))
    os.makedirs(folder)
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        assert get(url, "/v2/health/recordings/cam1")[0] == 200
    finally:
        os.close(held)
        shutil.rmtree(os.path.join(lab.recording_keys["dir"], "shed"))


# ---- what is refused --------------------------------------------------------------------------------------------

def test_other_methods_are_told_which_there_are(url):
    status, headers, _ = fetch("PUT", url + "/v2/cameras/cam1")
    assert (status, headers["Allow"]) == (405, "GET, HEAD, DELETE")
    assert fetch("GET", url + "/nothing/here")[0] == 404


@pytest.mark.parametrize("data, status", [
    (b"nonsense\r\n\r\n", 400),
    (b"BREW /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 501),
    (b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: 10.0.0.1\r\nConnection: close\r\n\r\n", 400),
    (b"GET /%s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n" % (b"a" * 3000), 414),
    (b"GET /healthz?%s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n" % (b"a&" * 17), 400),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: %s\r\nConnection: close\r\n\r\n" % (b"a" * 9000), 431),
    (b"POST /v2/cameras HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 411),
    (b"POST /v2/cameras HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n", 400),
    (b"POST /v2/cameras HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
    (b"POST /v2/cameras HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100000, 413),
    (b"POST /v2/cameras HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc", 415),
    (b"POST /v2/cameras/cam1/stop HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc", 400),
    (b"POST /v2/cameras HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 3\r\n"
     b"Connection: close\r\n\r\n{\"a", 400),
    (b"GET /healthz HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", 421),
    (b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
     b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", 400),
])
def test_a_bad_request_gets_a_json_error(url, data, status):
    assert error_of(raw(url, data)[1])[0] == status


def test_names_of_ours_are_answered(url):
    assert get(url, "/healthz", Host="relay.test:80")[0] == 200
    assert get(url, "/healthz", Host="localhost")[0] == 200


def test_a_page_of_another_origin_does_nothing(lab, url):
    pid = lab.pid("cam1")
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert fetch("POST", url + "/v2/cameras/cam1/restart", headers=headers)[0] == 403
    assert lab.pid("cam1") == pid


@pytest.mark.parametrize("authorization", ["Bearer x", "Basic eDp5", "x"])
def test_a_page_of_another_origin_watches_nothing_where_there_are_no_tokens(url, authorization):
    headers = {"Origin": "http://evil.example", "Authorization": authorization, "Content-Type": "application/sdp"}
    for method, path in (("POST", "/whep/cam1"), ("DELETE", "/whep/cam1/some")):
        status, answer, text = fetch(method, url + path, body=b"v=0\r\n" if method == "POST" else None, headers=headers)
        assert status == 403 and "another origin" in json.loads(text)["error"]["message"]
        assert "Access-Control-Allow-Origin" not in answer


def test_who_is_slow_is_told_so(url):
    answers = {}

    def ask(name, data):
        answers[name] = raw(url, data)

    threads = [threading.Thread(target=ask, args=args) for args in (
        ("nothing", b""), ("head", b"GET /healthz HTTP/1.1\r\nHo"),
        ("body", b"POST /v2/cameras HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                 b"Content-Length: 10\r\n\r\nabc"))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for name, least in (("nothing", HEAD_TIMEOUT_S), ("head", HEAD_TIMEOUT_S), ("body", BODY_TIMEOUT_S)):
        seconds, text = answers[name]
        assert error_of(text)[0] == 408 and seconds >= least - 1, name


def test_too_many_requests_are_told_when_to_come_again(url):
    async def flood(count):
        async with aiohttp.ClientSession() as session:
            async def one():
                async with session.get(url + "/healthz") as answer:
                    return answer.status, answer.headers.get("Retry-After")
            return await asyncio.gather(*(one() for _ in range(count)))
    answers = asyncio.run(flood(1500))
    refused = [retry for status, retry in answers if status == 429]
    assert {status for status, _ in answers} == {200, 429}
    assert refused and all(retry == "1" for retry in refused)
    time.sleep(int(refused[0]))  # as it was told to
    assert {status for status, _ in asyncio.run(flood(100))} == {200}


def test_bad_requests_count_among_those_that_are_too_many(url):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda _: error_of(raw(url, b"nonsense\r\n\r\n")[1])[0], range(1500))
        assert set(answers) == {400, 429}
    until(lambda: fetch("GET", url + "/healthz")[0] == 200, "others are served again")


def test_connections_beyond_the_limit_are_told_so(url):
    host, port = url.rsplit("/", 1)[1].split(":")
    held = [socket.create_connection((host, int(port)), timeout=20) for _ in range(258)]
    try:
        held[-1].sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        text = b""
        while part := held[-1].recv(65536):
            text += part
        assert error_of(text) == (429, "too many connections from this address")
    finally:
        for s in held:
            s.close()
    until(lambda: fetch("GET", url + "/healthz")[0] == 200, "it is served again")


def test_a_client_that_goes_away_harms_nobody(lab, url):
    host, port = url.rsplit("/", 1)[1].split(":")
    for _ in range(50):
        with socket.create_connection((host, int(port)), timeout=20) as s:
            s.sendall(b"GET /v2/health/recordings HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    until(lambda: get(url, "/healthz")[0] == 200, "its requests are forgotten")
    assert lab.pings()


def test_a_store_that_cannot_be_written_to_is_not_ready():
    with Alone([('camera "porch"', {"url": NOWHERE, "publish": "none"})], {"http": "127.0.0.1:0"}) as relay:
        url = relay.start().json("status")["http"]
        assert get(url, "/readyz") == (200, {"ready": True, "parts": {"configuration": "ok", "store": "ok", "accounts": {}}})
        with contextlib.closing(sqlite3.connect(os.path.join(relay.directory, "state", "state.db"))) as other:
            other.execute("BEGIN IMMEDIATE")  # nobody else writes
            relay.camctl("stop", "porch")
            until(lambda: get(url, "/readyz") == (503, {"ready": False, "parts": {
                "configuration": "ok", "store": "failing", "accounts": {}}}), "it is not ready, and says why")
            assert get(url, "/v2/health/system")[1]["components"]["store"] == "failing"
        relay.camctl("start", "porch")
        until(lambda: get(url, "/readyz")[0] == 200, "it is ready again")


# ---- tokens -----------------------------------------------------------------------------------------------------

def token_add(lab, *arguments):
    done = lab.camctl("token", "add", *arguments, check=False)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"camrelay_[A-Za-z0-9_-]{43}\n", done.stdout)
    assert done.stdout.strip() not in done.stderr
    return done.stdout.strip()


@pytest.fixture
def tokens(lab):
    made = {role: token_add(lab, role, "--role", role) for role in ("view", "operate", "admin")}
    made["cam1"] = token_add(lab, "only1", "--role", "operate", "--camera", "cam1")
    yield made
    for name in ("view", "operate", "admin", "only1"):
        lab.camctl("token", "remove", name)


def test_with_a_token_there_is_nothing_without_one(lab, url, tokens):
    for method, path in (("GET", "/v2/health/system"), ("GET", "/v2/cameras"), ("POST", "/v2/cameras/cam1/restart"),
                         ("DELETE", "/v2/cameras/cam1")):
        for token in (None, "x", tokens["admin"][:-1], "camrelay_" + "A" * 43):
            status, headers, _ = fetch(method, url + path, token)
            assert (status, headers["WWW-Authenticate"]) == (401, 'Bearer realm="camrelay"')
    assert fetch("GET", url + "/healthz")[0] == fetch("GET", url + "/readyz")[0] == 200


def test_a_role_includes_those_below(url, tokens):
    wanted = {("GET", "/v2/cameras"): "view", ("POST", "/v2/cameras/cam1/start"): "operate",
              ("POST", "/v2/health/recordings/cleanup"): "operate", ("DELETE", "/v2/cameras/nobody"): "admin"}
    order = ["view", "operate", "admin"]
    for (method, path), least in wanted.items():
        for role in order:
            status = fetch(method, url + path, tokens[role])[0]
            assert (status == 403) == (order.index(role) < order.index(least)), (method, path, role, status)


def test_a_token_for_a_camera_sees_and_does_nothing_else(url, tokens):
    client = Client(url, tokens["cam1"])
    assert [row["name"] for row in client.call("get", "/v2/cameras")[1]["cameras"]] == ["cam1"]
    system = client.call("get", "/v2/health/system")[1]
    assert "checks" not in system and set(system["limits"]) == {"cam1"}
    assert system["streams"]["total"] == 1 and sorted(system["components"]) == ["store", "supervisor"]
    assert "ended" not in client.call("get", "/v2/health/consumers")[1]
    everything = Client(url, tokens["view"])
    assert everything.call("get", "/v2/health/system")[1]["components"]["accounts"] == {"home": "ok"}
    assert everything.call("get", "/v2/health/consumers")[1]["ended"]["closed"] >= 0
    assert [r["camera"] for r in client.call("get", "/v2/health/recordings")[1]["recordings"]] == ["cam1"]
    assert client.call("post", "/v2/cameras/{camera}/start", {"camera": "cam1"})[0] == 202
    for path in ("/v2/cameras/{camera}", "/v2/health/streams/{camera}", "/v2/health/recordings/{camera}"):
        assert client.call("get", path, {"camera": "cam2"})[0] == 403
    assert client.call("post", "/v2/cameras/{camera}/stop", {"camera": "cam2"})[0] == 403
    assert client.call("post", "/v2/cameras/{camera}/stop", {"camera": "all"})[0] == 403
    assert client.call("post", "/v2/health/recordings/cleanup")[0] == 403


def test_a_page_of_another_origin_plays_with_a_token_of_its_own(url, tokens):
    headers = {"Origin": "http://other.example", "Content-Type": "application/sdp"}
    status, answer, _ = fetch("POST", url + "/whep/cam1", tokens["view"], b"no offer", headers)
    assert (status, answer["Access-Control-Allow-Origin"]) == (400, "*")
    other_type = {"Origin": "http://other.example", "Content-Type": "text/plain"}
    for method, path, token, more, refusal in (
            ("DELETE", "/whep/cam1/some", tokens["view"], headers, 404), ("POST", "/whep/nobody", tokens["view"], headers, 404),
            ("POST", "/whep/cam1", "x", headers, 401), ("POST", "/whep/cam2", tokens["cam1"], headers, 403),
            ("POST", "/whep/cam1", None, headers, 403), ("POST", "/whep/cam1", tokens["view"], other_type, 415),
            ("POST", "/whep/cam1?a=1", tokens["view"], headers, 400)):
        body = b"no offer" if method == "POST" else None
        status, answer, text = fetch(method, url + path, token, body, more)
        assert (status, answer["Access-Control-Allow-Origin"]) == (refusal, "*"), path
        assert json.loads(text)["error"]["message"]
    assert fetch("POST", url + "/v2/consumers", tokens["view"], b"{}", headers)[1]["Access-Control-Allow-Origin"] is None


def test_tokens_are_kept_hashed_and_never_told_again(lab, url, tokens):
    with open(os.path.join(lab.directory, "state", "http.tokens"), encoding="ascii") as file:
        kept = file.read()
    assert os.stat(os.path.join(lab.directory, "state", "http.tokens")).st_mode & 0o777 == 0o600
    told = lab.camctl("token", "list") + lab.camctl("--json", "token", "list") + lab.log() + kept
    assert not any(token in told for token in tokens.values())
    assert "only1" in told


def test_what_is_no_token_is_said(lab):
    for arguments, words in ((("add", "x", "--role", "king"), "must be view, operate or admin"),
                             (("add", "A b", "--role", "view"), "name must be"),
                             (("remove", "nobody"), "there is no token nobody"),
                             (("add", "x", "--role", "view", "--camera", "a/b"), "a/b is no name of a camera"),
                             (("add", "x", "--role", "view", "--camera", "all"), "no camera is called all")):
        done = lab.camctl("token", *arguments, check=False)
        assert done.returncode == 1 and words in done.stderr and done.stdout == ""
    for arguments in ((), ("add",), ("add", "x"), ("list", "x"), ("dance", "x"), ("remove",)):
        done = subprocess.run([os.path.join(BUILD, "camctl"), "-r", lab.run_dir, "token", *arguments],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 64, arguments


# ---- where it listens -------------------------------------------------------------------------------------------

def daemon(tmp_path, keys, env=None):
    """A camrelayd without a camera: (process, run_dir). env: beside ours."""
    run = tmp_path / "run"
    state = tmp_path / "state"
    state.mkdir(exist_ok=True)
    config = tmp_path / "camrelay.conf"
    config.write_text("[supervisor]\n" + "".join(f"{k} = {v}\n" for k, v in
                                                 {"run_dir": run, "state_dir": state, **keys}.items()))
    log = open(tmp_path / "log", "ab")
    with log:
        process = subprocess.Popen([os.path.join(BUILD, "camrelayd"), "-f", "-c", str(config)], stderr=log,
                                   env={**os.environ, **(env or {})})
    return process, run


def address_of(run):
    done = subprocess.run([os.path.join(BUILD, "camctl"), "-r", str(run), "--json", "status"], capture_output=True,
                          text=True, check=False)
    return json.loads(done.stdout).get("http") if done.returncode == 0 else None


def ended(process):
    process.terminate()
    return process.wait(20)


def test_others_cannot_reach_it_without_a_token(tmp_path):
    process, _ = daemon(tmp_path, {"http": "0.0.0.0:0"})
    assert process.wait(20) == 78
    assert "there is no token" in (tmp_path / "log").read_text()


def test_with_a_token_they_can_and_the_last_one_stays(tmp_path):
    process, run = daemon(tmp_path, {"http": "127.0.0.1:0"})
    until(lambda: address_of(run), "it listens")
    camctl = [os.path.join(BUILD, "camctl"), "-r", str(run), "token"]
    subprocess.run([*camctl, "add", "a", "--role", "view"], check=True, capture_output=True)
    assert ended(process) == 0
    process, run = daemon(tmp_path, {"http": "0.0.0.0:0"})
    try:
        port = until(lambda: address_of(run), "it listens").rsplit(":", 1)[1]
        assert fetch("GET", f"http://127.0.0.1:{port}/v2/cameras")[0] == 401
        done = subprocess.run([*camctl, "remove", "a"], capture_output=True, text=True, check=False)
        assert done.returncode == 1 and "it is the last one" in done.stderr
        assert "tokens and pictures can be read on the way" in (tmp_path / "log").read_text()
    finally:
        assert ended(process) == 0


def test_ipv6_and_none(tmp_path):
    process, run = daemon(tmp_path, {"http": "[::1]:0"})
    try:
        address = until(lambda: address_of(run), "it listens")
        assert address.startswith("http://[::1]:") and fetch("GET", address + "/healthz")[0] == 200
    finally:
        assert ended(process) == 0
    process, run = daemon(tmp_path, {"http": "none"})
    try:
        until(lambda: subprocess.run([os.path.join(BUILD, "camctl"), "-r", str(run), "ping"], capture_output=True,
                                     check=False).returncode == 0, "it runs")
        assert address_of(run) is None
    finally:
        assert ended(process) == 0


def test_an_address_in_use_is_said(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process, _ = daemon(tmp_path, {"http": f"127.0.0.1:{taken.getsockname()[1]}"})
        assert process.wait(20) == 75
    assert "Address already in use" in (tmp_path / "log").read_text()


def subject(address):
    host, port = address.rsplit("/", 1)[1].split(":")
    with socket.create_connection((host, int(port)), timeout=20) as s, trusting().wrap_socket(s) as tls:
        der = tls.getpeercert(True)
        tls.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        assert tls.recv(65536).startswith(b"HTTP/1.1 200 OK")
    done = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-subject"], input=der, capture_output=True,
                          check=True)
    return done.stdout.decode().split("CN = ")[1].strip()


def test_a_certificate_is_replaced_while_it_runs(tmp_path):
    certificate(tmp_path, "first")
    process, run = daemon(tmp_path, {"http": "127.0.0.1:0", "http_cert": tmp_path / "cert.pem",
                                     "http_key": tmp_path / "key.pem"})
    reload = [os.path.join(BUILD, "camctl"), "-r", str(run), "reload"]
    try:
        address = until(lambda: address_of(run), "it listens")
        assert address.startswith("https://") and subject(address) == "first"
        certificate(tmp_path, "second")
        subprocess.run(reload, check=True, capture_output=True)
        assert subject(address) == "second"
        (tmp_path / "key.pem").write_text("nonsense")
        said = subprocess.run(reload, check=True, capture_output=True, text=True).stdout
        assert "cannot be used: the old ones stay" in said and subject(address) == "second"
        certificate(tmp_path, "third")
        until(lambda: subject(address) == "third", "the file's change is seen")
    finally:
        assert ended(process) == 0


@pytest.mark.parametrize("first, last", [("cert.pem", "key.pem"), ("key.pem", "cert.pem")])
def test_the_two_files_of_a_certificate_may_come_one_after_the_other(tmp_path, first, last):
    (tmp_path / "next").mkdir()
    certificate(tmp_path, "old")
    certificate(tmp_path / "next", "new")
    process, run = daemon(tmp_path, {"http": "127.0.0.1:0", "http_cert": tmp_path / "cert.pem",
                                     "http_key": tmp_path / "key.pem"})
    try:
        address = until(lambda: address_of(run), "it listens")
        os.rename(tmp_path / "next" / first, tmp_path / first)
        # Here a key and a certificate of another one were tried, and are not served.
        until(lambda: "cannot be used: the old ones stay" in (tmp_path / "log").read_text(), "it was tried in vain")
        assert subject(address) == "old"
        os.rename(tmp_path / "next" / last, tmp_path / last)
        until(lambda: subject(address) == "new", "the pair is served")
    finally:
        assert ended(process) == 0


def test_a_certificate_that_is_none_is_said(tmp_path):
    (tmp_path / "cert.pem").write_text("nonsense")
    # libwebsockets 4.1.6 forgets to free the virtual host that it could not make, and the process ends.
    process, _ = daemon(tmp_path, {"http": "127.0.0.1:0", "http_cert": tmp_path / "cert.pem",
                                   "http_key": tmp_path / "cert.pem"}, {"ASAN_OPTIONS": "detect_leaks=0"})
    assert process.wait(20) == 78
    assert "http_cert and http_key cannot be used" in (tmp_path / "log").read_text()
