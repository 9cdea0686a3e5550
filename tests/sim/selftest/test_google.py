"""The Google stand-in refuses what Google refuses, counts as Google counts, and speaks to real cameras."""

import html
import json
import ssl
import threading
import time
import urllib.error
import urllib.request
from datetime import datetime, timezone
from urllib.parse import parse_qsl, urlencode

import pytest

import standins
from pace import Pace

PREFIX = "sdm.devices.commands.CameraLiveStream."
LOOSE = ("--qpm", "1000", "--command-qpm", "1000", "--device-qpm", "1000", "--device-qph", "10000",
         "--list-qpm", "1000", "--get-qpm", "1000")


class Google:
    def __init__(self, *args):
        self.standin = standins.Standin("google.py", *args)
        self.__dict__.update(self.standin.ready)
        self.base = f"{self.api_url}/enterprises/{self.project_id}"
        self.token = self.refresh()[1]["access_token"]

    def refresh(self, **changed):
        fields = {"grant_type": "refresh_token", "client_id": self.client_id, "client_secret": self.client_secret,
                  "refresh_token": self.refresh_token}
        fields.update(changed)
        return standins.http("POST", self.token_url, standins.form(**fields))

    def ask(self, method, path, body=None, token=None, timeout=60):
        bearer = {"Authorization": "Bearer " + (token or self.token)}
        return standins.http(method, self.base + path, body, bearer, timeout=timeout)

    def command(self, device, name, **params):
        body = {"command": PREFIX + name, "params": params}
        return self.ask("POST", f"/devices/{self.devices.get(device, device)}:executeCommand", body)

    def generate(self, device="cam1"):
        status, body, _ = self.command(device, "GenerateRtspStream")
        assert status == 200, body
        return body["results"]

    def extend(self, stream, device="cam1"):
        return self.command(device, "ExtendRtspStream", streamExtensionToken=stream["streamExtensionToken"])

    def control(self, method, path, body=None):
        status, answer, _ = standins.http(method, self.sim + path, body)
        assert status == 200, answer
        return answer

    def fault(self, action, kind=None, **more):
        match = {k: v for k, v in {"kind": kind, "device": more.pop("device", None)}.items() if v}
        return self.control("POST", "/faults", dict(more, action=action, match=match))


def start(*args):
    google = Google(*args)
    yield google
    assert google.standin.stop() == 0


WINDOW_S = 1.5


@pytest.fixture
def strict():
    yield from start("--window", str(WINDOW_S), "--devices", "12")


@pytest.fixture(scope="module")
def loose_process():
    yield from start(*LOOSE)


@pytest.fixture
def loose(loose_process):
    yield loose_process
    loose_process.control("DELETE", "/faults")
    loose_process.control("POST", "/invalid_grant", {"on": False})
    loose_process.token = loose_process.refresh()[1]["access_token"]


def error(answer):
    """-> (http, status, message)"""
    status, body, _ = answer
    assert body["error"]["code"] == status
    return status, body["error"]["status"], body["error"]["message"]


# ---- OAuth

def test_a_refresh_answers_as_google_does(loose):
    status, body, _ = loose.refresh()
    assert status == 200 and set(body) == {"access_token", "expires_in", "token_type", "scope"}
    assert (body["expires_in"], body["token_type"]) == (3599, "Bearer")
    assert body["access_token"] != loose.refresh()[1]["access_token"]


def test_the_refresh_token_has_slashes_and_must_be_form_encoded(loose):
    assert "//" in loose.refresh_token
    raw = (f"grant_type=refresh_token&client_id={loose.client_id}&client_secret=x&"
           f"refresh_token={loose.refresh_token}").encode()
    assert standins.http("POST", loose.token_url, raw)[0] == 400


def test_json_is_refused_at_the_token_endpoint(loose):
    status, body, _ = standins.http("POST", loose.token_url, {"grant_type": "refresh_token", "client_id": loose.client_id})
    assert status == 400 and body["error"] == "invalid_request"


@pytest.mark.parametrize("changed, status, name", [
    ({"client_id": "other"}, 401, "invalid_client"), ({"client_secret": "other"}, 401, "invalid_client"),
    ({"refresh_token": "1//0other"}, 400, "invalid_grant"), ({"refresh_token": ""}, 400, "invalid_request"),
    ({"grant_type": "password"}, 400, "unsupported_grant_type")])
def test_what_is_wrong_is_refused_by_name(loose, changed, status, name):
    got, body, _ = loose.refresh(**changed)
    assert (got, body["error"]) == (status, name) and isinstance(body["error_description"], str)


def test_access_tokens_expire_and_can_be_revoked():
    for google in start("--token-life", "0.6", *LOOSE):
        assert google.ask("GET", "/devices")[0] == 200
        standins.until(lambda: google.ask("GET", "/devices")[0] == 401)
        assert error(google.ask("GET", "/devices"))[1] == "UNAUTHENTICATED"
        google.token = google.refresh()[1]["access_token"]
        assert google.ask("GET", "/devices")[0] == 200
        google.control("POST", "/revoke_access")
        assert google.ask("GET", "/devices")[0] == 401


def test_invalid_grant_until_switched_off(loose):
    loose.control("POST", "/invalid_grant", {"on": True})
    assert loose.refresh()[1] == {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
    loose.control("POST", "/invalid_grant", {"on": False})
    assert loose.refresh()[0] == 200


# ---- logins

@pytest.fixture(name="pcm", scope="module")
def google_where_users_grant_what_they_like():
    yield from start(*LOOSE)


REDIRECT = "http://127.0.0.1:8712/"
SCOPE = "https://www.googleapis.com/auth/sdm.service"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def browse(google, decision=None, devices=(), project=None, **changed):
    """The consent page, or what becomes of a decision: (status, text, query that the browser is sent back with)."""
    query = {"redirect_uri": REDIRECT, "access_type": "offline", "prompt": "consent", "client_id": google.client_id,
             "response_type": "code", "scope": SCOPE, "state": "s1", **changed}
    url = f"{google.login_url}/{project or google.project_id}/auth?{urlencode({k: v for k, v in query.items() if v})}"
    body = urlencode([("decision", decision), ("user", "user1"), *(("device", d) for d in devices)]).encode()
    try:
        answer = urllib.request.build_opener(NoRedirect).open(url, body if decision else None, timeout=10)
    except urllib.error.HTTPError as e:
        answer = e
    with answer:
        place = answer.headers.get("Location", "")
        return answer.status, answer.read().decode(), dict(parse_qsl(place.partition("?")[2]))


def allow(google, **more):
    status, _, back = browse(google, "allow", **more)
    assert status == 302
    return back["code"]


def exchange(google, brought, **changed):
    fields = {"grant_type": "authorization_code", "client_id": google.client_id, "client_secret": google.client_secret,
              "code": brought, "redirect_uri": REDIRECT, **changed}
    return standins.http("POST", google.token_url, standins.form(**fields))


def test_a_login_brings_a_code_and_that_a_refresh_token_of_its_own(pcm):
    status, text, _ = browse(pcm)
    assert status == 200 and 'name=device value="cam1"' in text
    status, _, back = browse(pcm, "allow", devices=["cam1"])
    assert (status, back["state"], back["scope"]) == (302, "s1", SCOPE) and back["code"].startswith("4/0A")
    status, body, _ = exchange(pcm, back["code"])
    assert status == 200 and body["scope"] == SCOPE and body["expires_in"] == 3599
    assert body["refresh_token"].startswith("1//0") and body["refresh_token"] != pcm.refresh_token
    status, again, _ = pcm.refresh(refresh_token=body["refresh_token"])
    assert status == 200 and "refresh_token" not in again


def test_a_code_is_good_for_one_exchange(pcm):
    code = allow(pcm)
    assert exchange(pcm, code)[0] == 200
    status, body, _ = exchange(pcm, code)
    assert (status, body["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("changed, status, name", [
    ({"client_id": "other"}, 401, "invalid_client"), ({"client_secret": "other"}, 401, "invalid_client"),
    ({"redirect_uri": "http://127.0.0.1:8712"}, 400, "redirect_uri_mismatch"), ({"code": "4/0other"}, 400, "invalid_grant"),
    ({"code": ""}, 400, "invalid_request")])
def test_an_exchange_with_something_wrong_is_refused_by_name_and_uses_nothing_up(pcm, changed, status, name):
    code = allow(pcm)
    got, body, _ = exchange(pcm, code, **changed)
    assert (got, body["error"]) == (status, name)
    assert exchange(pcm, code)[0] == 200


@pytest.mark.parametrize("changed, words", [
    ({"project": "other"}, "Something went wrong"), ({"client_id": "other"}, "link to PARTNER"),
    ({"redirect_uri": "http://example.com/"}, "redirect_uri_mismatch"), ({"scope": None}, "Missing required parameter: scope"),
    ({"scope": "https://mail.google.com/"}, "invalid_scope"), ({"response_type": "token"}, "response_type")])
def test_a_page_with_something_wrong_shows_it_and_sends_nobody_back(pcm, changed, words):
    for decision in (None, "allow"):
        status, text, back = browse(pcm, decision, **changed)
        assert status == 400 and words in html.unescape(text) and not back


def test_only_registered_redirects_are_taken():
    for google in start("--redirect-uri", "https://relay.example/cb", *LOOSE):
        assert browse(google)[0] == 400
        assert browse(google, redirect_uri="https://relay.example/cb")[0] == 200


def test_without_offline_and_consent_there_is_no_refresh_token(pcm):
    for missing in ("access_type", "prompt"):
        assert "refresh_token" not in exchange(pcm, allow(pcm, **{missing: None}))[1]


def test_a_user_who_says_no_is_sent_back_with_an_error(pcm):
    assert browse(pcm, "deny")[2] == {"state": "s1", "error": "access_denied"}


def test_only_ticked_devices_are_listed_and_served(google_of_its_own):
    google = google_of_its_own
    body = exchange(google, allow(google, devices=["cam2"]))[1]
    google.token = body["access_token"]
    assert [d["name"].split("/")[-1] for d in google.ask("GET", "/devices")[1]["devices"]] == [google.devices["cam2"]]
    assert google.command("cam1", "GenerateRtspStream")[0] == 404
    assert google.command("cam2", "GenerateRtspStream")[0] == 200


def test_a_login_ends_invalid_grant(google_of_its_own):
    google = google_of_its_own
    google.control("POST", "/invalid_grant", {"on": True})
    assert google.refresh()[0] == 400
    token = exchange(google, allow(google))[1]["refresh_token"]
    assert google.refresh(refresh_token=token)[0] == 200 and google.refresh()[0] == 400


@pytest.fixture(name="google_of_its_own")
def google_that_may_be_changed():
    yield from start(*LOOSE)


# ---- devices and commands

def test_devices_are_listed_as_google_lists_them(loose):
    _, body, _ = loose.ask("GET", "/devices")
    device = body["devices"][0]
    assert [d["traits"]["sdm.devices.traits.Info"]["customName"] for d in body["devices"]] == ["cam1", "cam2", "cam3"]
    assert device["name"] == f"enterprises/{loose.project_id}/devices/{loose.devices['cam1']}"
    assert loose.devices["cam1"].startswith("AVPHwE")
    assert device["traits"]["sdm.devices.traits.CameraLiveStream"]["supportedProtocols"] == ["RTSP"]
    assert len(loose.ask("GET", "/devices?filter=customName=cam2")[1]["devices"]) == 1
    assert loose.ask("GET", "/devices/" + loose.devices["cam1"])[1] == device


def test_generate_and_extend_have_google_s_members(loose):
    stream = loose.generate()
    assert set(stream) == {"streamUrls", "streamExtensionToken", "streamToken", "expiresAt"}
    assert stream["streamUrls"]["rtspUrl"].endswith("?auth=" + stream["streamToken"])
    _, body, _ = loose.extend(stream)
    assert set(body["results"]) == {"streamExtensionToken", "streamToken", "expiresAt"}
    assert body["results"]["streamToken"] != stream["streamToken"]
    assert body["results"]["streamExtensionToken"] != stream["streamExtensionToken"]
    status, body, _ = loose.command("cam1", "StopRtspStream",
                                    streamExtensionToken=body["results"]["streamExtensionToken"])
    assert (status, body) == (200, {})


def test_expires_at_is_now_plus_the_lifetime_in_utc(loose):
    text = loose.generate()["expiresAt"]
    assert len(text) == len("2018-01-04T18:30:00.000Z")
    expires = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc).timestamp()
    assert abs(expires - time.time() - 300) < 1


def test_an_old_extension_token_and_another_device_s_are_refused(loose):
    stream = loose.generate()
    assert loose.extend(stream)[0] == 200
    assert error(loose.extend(stream))[:2] == (400, "FAILED_PRECONDITION")
    assert error(loose.extend(loose.generate("cam2"), "cam1"))[:2] == (400, "FAILED_PRECONDITION")


def test_an_expired_stream_cannot_be_extended():
    for google in start("--lifetime", "0.3", "--no-fraction", *LOOSE):
        stream = google.generate()
        assert "." not in stream["expiresAt"]
        gone = time.monotonic() + 0.35
        standins.until(lambda: time.monotonic() > gone)
        assert error(google.extend(stream))[:2] == (400, "FAILED_PRECONDITION")


def test_unknown_devices_commands_projects_and_bodies(loose):
    assert error(loose.command("AVPHwEnone", "GenerateRtspStream"))[:2] == (404, "NOT_FOUND")
    assert error(loose.command("cam1", "Nonsense"))[:2] == (404, "NOT_FOUND")
    assert error(loose.command("cam1", "ExtendRtspStream"))[:2] == (400, "INVALID_ARGUMENT")
    path = f"/devices/{loose.devices['cam1']}:executeCommand"
    assert error(loose.ask("POST", path, b"{not json"))[:2] == (400, "INVALID_ARGUMENT")
    elsewhere = loose.base.replace(loose.project_id, "other") + "/devices"
    assert standins.http("GET", elsewhere, headers={"Authorization": "Bearer " + loose.token})[0] == 404
    assert standins.http("GET", loose.base + "/devices")[0] == 401
    assert loose.ask("GET", "/devices", token="wrong")[0] == 401


def test_a_camera_that_moved_to_webrtc_refuses_rtsp(loose):
    loose.control("POST", "/devices", {"name": "cam3", "protocols": ["WEB_RTC"]})
    status, name, message = error(loose.command("cam3", "GenerateRtspStream"))
    assert (status, name) == (400, "INVALID_ARGUMENT") and "not supporting RTSP protocol" in message
    loose.control("POST", "/devices", {"name": "cam3", "protocols": ["RTSP"]})
    assert loose.generate("cam3")


# ---- quota

def check_refusals(google, limit):
    """Refused was each call in whose window there were so many before it, whatever became of them, and no other.

    By the record's times; those whose window begins so near to a call that either would be right are left out.
    """
    calls = [c for c in google.control("GET", "/calls") if c["kind"] in ("generate", "stop")]
    for n, call in enumerate(calls):
        age = sorted(call["mono"] - c["mono"] for c in calls[:n])
        if len(age) < limit or abs(age[limit - 1] - WINDOW_S) > 0.1:
            assert (call["status"] == 429) == (len(age) >= limit and age[limit - 1] < WINDOW_S), call


def test_the_eleventh_command_in_any_window_is_refused_and_counts(strict):
    answers = [strict.command("cam1", "GenerateRtspStream")]
    while answers[-1][0] == 200:  # more than eleven, where the machine is too slow for eleven in a window
        answers.append(strict.command(f"cam{len(answers) % 12 + 1}", "GenerateRtspStream"))
    assert len(answers) >= 11
    assert error(answers[-1]) == (429, "RESOURCE_EXHAUSTED", "Rate limited for the ExecuteDeviceCommand API for the user.")
    check_refusals(strict, 10)
    state = strict.control("GET", "/state")["buckets"]["execute"]
    assert (state["limit"], state["peak"], state["refused"]) == (10, 11, 1)
    again = time.monotonic() + WINDOW_S
    standins.until(lambda: time.monotonic() > again)
    assert strict.generate("cam12")


def test_who_hammers_stays_locked_out(strict):
    """Refused calls count, so retrying faster than the quota never recovers."""
    begun, good = time.monotonic(), []
    while time.monotonic() < begun + 4:
        good.append(strict.command("cam1", "StopRtspStream", streamExtensionToken="x")[0] != 429)
        standins.until(lambda: time.monotonic() > begun + 0.1 * len(good))
    assert all(good[:5]) and not all(good)
    check_refusals(strict, 5)


def test_each_bucket_says_its_own_name():
    for google in start("--device-qpm", "7", "--qpm", "100", "--retry-after"):
        answers = [google.command("cam1", "GenerateRtspStream") for _ in range(6)]
        assert [a[0] for a in answers] == [200] * 5 + [429]
        assert error(answers[5])[2] == "Rate limited for the GenerateRtspStream command for the user."
        assert 50 < int(answers[5][2]["Retry-After"]) <= 60
        stop = lambda: google.command("cam1", "StopRtspStream", streamExtensionToken="x")
        assert (stop()[0], error(stop())[2]) == (400, "Rate limited for the Camera.")
        assert google.command("cam2", "GenerateRtspStream")[0] == 200


def test_lists_have_a_bucket_of_their_own_and_users_theirs():
    for google in start("--users", "2"):
        assert [google.ask("GET", "/devices")[0] for _ in range(6)] == [200] * 5 + [429]
        assert google.generate()
        other = google.refresh(refresh_token=google.refresh_tokens[1])[1]["access_token"]
        assert google.ask("GET", "/devices", token=other)[0] == 200


def test_the_call_log_holds_every_call_also_the_unanswered(tmp_path):
    path = tmp_path / "calls.jsonl"
    google = Google("--call-log", str(path))
    stream = google.generate()
    google.extend(stream)
    google.fault("hang", "list", seconds=60)
    with pytest.raises(OSError):
        google.ask("GET", "/devices", timeout=0.2)
    assert [c["kind"] for c in google.control("GET", "/calls?device=cam1")] == ["generate", "extend"]
    assert google.standin.stop() == 0
    calls = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(c["kind"], c["status"], c["name"]) for c in calls] == [
        ("token", 200, None), ("generate", 200, "cam1"), ("extend", 200, "cam1"), ("list", None, None)]
    assert calls[1]["mono"] < calls[2]["mono"] and calls[1]["device"] == google.devices["cam1"]
    assert stream["streamExtensionToken"] not in path.read_text() and google.refresh_token not in path.read_text()


# ---- faults

@pytest.mark.parametrize("action, http, name", [
    ("500", 500, "INTERNAL"), ("503", 503, "UNAVAILABLE"), ("401", 401, "UNAUTHENTICATED"), ("404", 404, "NOT_FOUND"),
    ("429", 429, "RESOURCE_EXHAUSTED"), ("failed_precondition", 400, "FAILED_PRECONDITION")])
def test_a_scripted_error_happens_as_often_as_asked(loose, action, http, name):
    loose.fault(action, "generate", device="cam1", count=2)
    assert loose.generate("cam2")
    for _ in range(2):
        assert error(loose.command("cam1", "GenerateRtspStream"))[:2] == (http, name)
    assert loose.generate("cam1")


def test_a_scripted_429_names_its_bucket_and_when_to_retry(loose):
    loose.fault("429", "execute", bucket="command", retry_after=7)
    answer = loose.command("cam1", "GenerateRtspStream")
    assert error(answer)[2] == "Rate limited for the GenerateRtspStream command for the user."
    assert answer[2]["Retry-After"] == "7"


def test_a_fault_for_a_time_ends_by_itself(loose):
    loose.control("POST", "/outage", {"seconds": 3})
    assert loose.ask("GET", "/devices")[0] == 503 and loose.refresh()[0] == 200
    standins.until(lambda: loose.ask("GET", "/devices")[0] == 200)


def test_html_malformed_and_missing_members(loose):
    loose.fault("html", "generate")
    status, text, headers = loose.command("cam1", "GenerateRtspStream")
    assert status == 502 and text.startswith("<!DOCTYPE html>") and headers.get_content_type() == "text/html"
    loose.fault("malformed", "generate")
    status, text, _ = loose.command("cam1", "GenerateRtspStream")
    assert status == 200 and isinstance(text, str) and text.startswith("{")
    loose.fault("without", "generate", field="streamToken")
    assert "streamToken" not in loose.generate()


def test_a_reset_closes_without_an_answer_and_is_not_counted(loose):
    before = loose.control("GET", "/state")["buckets"]["execute"]["peak"]
    loose.fault("reset", "generate")
    with pytest.raises(OSError):
        loose.command("cam1", "GenerateRtspStream")
    call = loose.control("GET", "/calls")[-1]
    assert (call["kind"], call["status"], call["fault"]) == ("generate", 0, "reset")
    assert loose.control("GET", "/state")["buckets"]["execute"]["peak"] == before


def test_a_slow_extension_has_happened_although_the_answer_is_late(loose):
    stream = loose.generate()
    loose.fault("slow", "extend", seconds=3)
    late = []
    thread = threading.Thread(target=lambda: late.append(loose.extend(stream)))
    begun = time.monotonic()
    thread.start()
    extended = lambda: [s for s in loose.control("GET", "/state")["streams"] if s["extends"] == 1 and s["age_s"] < 5]
    standins.until(extended)
    assert not late
    thread.join(60)
    assert late[0][0] == 200 and time.monotonic() - begun >= 3


def test_an_unknown_action_is_told_in_words(loose):
    status, body, _ = standins.http("POST", loose.sim + "/faults", {"action": "explode"})
    assert status == 400 and "failed_precondition" in body["error"]


def test_https_with_the_lab_certificate():
    standin = standins.Standin("google.py", "--https")
    try:
        trusting = ssl.create_default_context(cafile=standin.ready["ca"])
        assert standins.http("POST", standin.ready["token_url"], b"", context=trusting)[0] == 400
        with pytest.raises(OSError):
            standins.http("POST", standin.ready["token_url"], b"", context=ssl.create_default_context())
    finally:
        assert standin.stop() == 0


# ---- with cameras

LIFETIME_S = 5


@pytest.fixture(scope="module")
def home():
    camera = standins.Standin("camera.py", "--names", "front-door,garage")
    google = Google("--camera", camera.ready["control"], "--lifetime", str(LIFETIME_S), *LOOSE)
    google.camera = camera.ready["control"]
    yield google
    assert google.standin.stop() == 0 and camera.stop() == 0


def test_ffprobe_opens_what_google_generated(home):
    streams, errors = standins.probe(home.generate("front-door")["streamUrls"]["rtspUrl"])
    assert errors == "" and {"video", "audio"} <= set(streams)


def test_ffmpeg_reads_through_extensions_and_is_cut_when_they_end(home):
    stream = home.generate("garage")
    path = stream["streamUrls"]["rtspUrl"].split("?")[0]
    process = standins.reader(stream["streamUrls"]["rtspUrl"])
    garage = lambda: standins.http("GET", home.camera + "/state")[1]["cameras"]["garage"]
    standins.until(lambda: garage()["plays"] == 1)
    until = time.monotonic() + 1.5 * LIFETIME_S
    with Pace() as pace:
        while time.monotonic() < until:
            earliest = time.monotonic() + LIFETIME_S
            body = home.extend(stream, "garage")[1]["results"]
            latest = time.monotonic() + LIFETIME_S
            stream = dict(stream, **body)
            following = time.monotonic() + 1
            standins.until(lambda: time.monotonic() > following)
            assert process.poll() is None
        process.wait(60)
        assert earliest - 0.2 < time.monotonic() < latest + pace.allowed(1)
    assert standins.Rtsp(path + "?auth=" + stream["streamToken"]).describe()[0] == 401
    assert error(home.extend(stream, "garage"))[:2] == (400, "FAILED_PRECONDITION")
    assert (garage()["connections"], garage()["plays"]) == (2, 1)


def test_the_newest_token_reconnects_the_old_one_does_not(home):
    stream = home.generate("front-door")
    newer = home.extend(stream, "front-door")[1]["results"]
    url = stream["streamUrls"]["rtspUrl"]
    status = lambda token: standins.Rtsp(url.split("?")[0] + "?auth=" + token).describe()[0]
    assert (status(stream["streamToken"]), status(newer["streamToken"])) == (401, 200)


def test_a_stopped_stream_is_gone_at_the_camera(home):
    stream = home.generate("front-door")
    assert home.command("front-door", "StopRtspStream", streamExtensionToken=stream["streamExtensionToken"])[0] == 200
    assert standins.Rtsp(stream["streamUrls"]["rtspUrl"]).describe()[0] == 404


def test_a_camera_switched_off_is_not_available_for_streaming(home):
    stream = home.generate("front-door")
    standins.http("POST", home.camera + "/cameras/front-door/faults", {"kind": "offline"})
    wanted = (400, "FAILED_PRECONDITION", "The camera is not available for streaming.")
    assert error(home.command("front-door", "GenerateRtspStream")) == wanted
    assert error(home.extend(stream, "front-door"))[:2] == wanted[:2]
    standins.http("POST", home.camera + "/cameras/front-door/faults", {"kind": "online"})
    assert home.generate("front-door")
