"""What the dashboard lives on: its session, the state and events by WebSocket, the last hour, snapshots."""
import asyncio
import contextlib
import json
import os
import re
import signal
import struct

import aiohttp
import pytest

from lab import Lab, until
from openapi_client import fetch
from test_http_api import token_add

CLOSE_POLICY = 1008  # RFC 6455 7.4.1


@pytest.fixture(scope="module")
def lab():
    with Lab(cameras=2, state=True) as lab:
        lab.start()
        lab.until_running()
        yield lab


@pytest.fixture(scope="module")
def url(lab):
    return lab.url()


@pytest.fixture
def tokens(lab):
    made = {"all": token_add(lab, "all", "--role", "view"), "cam1": token_add(lab, "one", "--role", "view", "--camera", "cam1")}
    yield made
    for name in ("all", "one"):
        lab.camctl("token", "remove", name, check=False)


@contextlib.asynccontextmanager
async def feed(url, token=None):
    """The WebSocket."""
    headers = {"Cookie": f"other=1; camrelay_token={token}; last=2"} if token else {}
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(url + "/events", headers=headers) as ws:
            yield ws


async def text(ws, kind, wanted=lambda _: True, deadline_s=60):
    """The next text of that type that is wanted."""
    async def take():
        while True:
            message = await ws.receive()
            assert message.type == aiohttp.WSMsgType.TEXT, message
            told = json.loads(message.data)
            if told["type"] == kind and wanted(told):
                return told
    return await asyncio.wait_for(take(), deadline_s)


def names(state):
    return [row["name"] for row in state["cameras"]]


# ---- the feed ---------------------------------------------------------------------------------------------------

def test_the_first_texts_are_the_state_and_what_happened(lab, url):
    async def run():
        async with feed(url) as ws:
            first = json.loads((await ws.receive()).data)
            second = json.loads((await ws.receive()).data)
            third = await text(ws, "state")
            return first, second, third
    first, second, third = asyncio.run(run())
    rows = lab.rows()
    assert names(first) == names(third) == ["cam1", "cam2"]
    assert third["time"] > first["time"]
    for row in first["cameras"]:
        assert (row["state"], row["pid"]) == ("running", rows[row["name"]]["pid"]) and row["expires_ms"] > 0
    account = first["accounts"][0]
    assert (account["account"], account["state"]) == ("home", "ok")
    commands = next(b for b in account["buckets"] if b["bucket"] == "commands")
    assert 0 <= commands["used"] <= commands["limit"] and commands["limit"] > 0
    assert {call["call"] for call in account["calls"]} <= {"extend", "generate", "stop"} and account["calls"]

    assert second["type"] == "events" and "running" in {e["event"] for e in second["events"]}


def test_an_event_is_told_as_it_happens_and_the_state_follows(lab, url):
    before = lab.pid("cam2")

    async def run():
        async with feed(url) as ws:
            await text(ws, "events")
            os.kill(before, signal.SIGKILL)
            event = await text(ws, "event", lambda t: t["event"].get("camera") == "cam2")
            state = await text(ws, "state", lambda t: next(
                r for r in t["cameras"] if r["name"] == "cam2")["pid"] not in (0, before))
            return event["event"], state
    event, state = asyncio.run(run())
    assert event["event"] and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["time"])
    assert next(r for r in state["cameras"] if r["name"] == "cam2")["pid"] == lab.pid("cam2")
    lab.until_running()


def test_who_says_something_is_shown_out(url):
    async def run():
        async with feed(url) as ws:
            await ws.send_str("hello")
            async for _ in ws:
                pass
            return ws.close_code
    assert asyncio.run(run()) == CLOSE_POLICY


def test_a_page_of_another_origin_hears_nothing(url):
    async def run():
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await session.ws_connect(url + "/events", headers={"Origin": "http://evil.example"})
            return refused.value.status
    assert asyncio.run(run()) == 403
    assert fetch("GET", url + "/events")[0] == 400


def test_a_token_for_a_camera_hears_of_nothing_else(lab, url, tokens):
    async def run():
        async with feed(url, tokens["cam1"]) as one, feed(url, tokens["all"]) as every:
            state, past = await text(one, "state"), await text(one, "events")
            await text(every, "events")
            lab.camctl("restart", "cam2")
            lab.camctl("restart", "cam1")
            heard = await text(every, "event", lambda t: t["event"].get("camera") == "cam2")
            own = await text(one, "event")
            return state, past, heard, own
    state, past, heard, own = asyncio.run(run())
    assert names(state) == ["cam1"] and state["accounts"] == []
    assert past["events"] and {e.get("camera") for e in past["events"]} == {"cam1"}
    assert heard["event"]["camera"] == "cam2" and own["event"]["camera"] == "cam1"
    lab.until_running()


def test_without_a_token_or_with_one_taken_away_nothing_is_heard(lab, url, tokens):
    async def run():
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with feed(url):
                pass
        async with feed(url, tokens["all"]) as ws:
            await text(ws, "state")
            lab.camctl("token", "remove", "all")
            async for _ in ws:
                pass
            return refused.value.status, ws.close_code
    assert asyncio.run(run()) == (401, CLOSE_POLICY)


# ---- the session ------------------------------------------------------------------------------------------------

def session(url, method="GET", cookie=None, **body):
    headers = {"Cookie": cookie} if cookie else {}
    status, headers, text_ = fetch(method, url + "/v2/session", body=body or None, headers=headers)
    return status, headers, json.loads(text_) if text_ else None


def test_without_tokens_this_machine_may_do_all(url):
    status, _, body = session(url)
    assert status == 200
    assert (body["needs_token"], body["role"], body["cameras"]) == (False, "admin", None)


def test_a_token_becomes_a_cookie_that_pages_cannot_read(url, tokens):
    assert session(url)[2]["role"] is None
    status, headers, body = session(url, "POST", token=tokens["cam1"])
    assert (status, body["role"], body["name"], body["cameras"]) == (200, "view", "one", ["cam1"])
    cookie, *attributes = headers["Set-Cookie"].split("; ")
    assert cookie == f"camrelay_token={tokens['cam1']}"
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(attributes)
    assert session(url, cookie=cookie)[2] == body
    assert fetch("GET", url + "/v2/cameras/cam1", headers={"Cookie": cookie})[0] == 200
    for bad in (f"x{cookie}", cookie[:-1], f"a=b,{cookie}", "camrelay_token", "camrelay_token="):
        assert fetch("GET", url + "/v2/cameras/cam1", headers={"Cookie": bad})[0] == 401, bad
    status, headers, _ = session(url, "DELETE", cookie=cookie)
    assert status == 204 and headers["Set-Cookie"].startswith("camrelay_token=; ") and "Max-Age=0" in headers["Set-Cookie"]


def test_what_is_no_token_is_refused(url, tokens):
    assert session(url, "POST", token="camrelay_" + "A" * 43)[0] == 401
    assert session(url, "POST", token=7)[0] == 400
    assert session(url, "POST", token=tokens["all"], cookie="a=b")[0] == 200


# ---- the last hour, snapshots, files ----------------------------------------------------------------------------

def test_the_last_hour_has_what_the_camera_sends(lab, url):
    def shown():
        status, _, body = fetch("GET", url + "/v2/history")
        assert status == 200
        told = {row["camera"]: row for row in json.loads(body)["cameras"]}
        return told if all(row["fps"] and row["fps"][-1] is not None for row in told.values()) else None
    told = until(shown, "a step of half a minute", 90)
    assert set(told) == {"cam1", "cam2"}
    for row in told.values():
        assert len(row["fps"]) == len(row["bitrate"]) <= 120
        assert 0 < row["fps"][-1] < 100 and row["bitrate"][-1] > 10000


def test_a_snapshot_is_a_jpeg_of_the_cameras_size(lab, url):
    status, headers, picture = fetch("GET", url + "/v2/cameras/cam1/snapshot")
    assert (status, headers["Content-Type"]) == (200, "image/jpeg")
    assert picture[:2] == b"\xff\xd8" and picture[-2:] == b"\xff\xd9"
    at = picture.index(b"\xff\xc0")  # ITU-T T.81 B.2.2
    height, width = struct.unpack(">HH", picture[at + 5:at + 9])
    row = lab.rows()["cam1"]
    assert (width, height) == (row["width"], row["height"])
    assert fetch("GET", url + "/v2/cameras/nobody/snapshot")[0] == 404


def test_a_snapshot_without_a_worker_is_refused_in_words(lab, url):
    lab.camctl("stop", "cam2")
    until(lambda: lab.rows()["cam2"]["pid"] == 0, "no worker")
    status, _, body = fetch("GET", url + "/v2/cameras/cam2/snapshot")
    assert (status, json.loads(body)["error"]["message"]) == (503, "cam2 has no picture: no worker runs")
    lab.camctl("start", "cam2")
    lab.until_running()


def test_the_page_may_load_nothing_of_others(url, tokens):
    status, headers, page = fetch("GET", url + "/")
    assert status == 200 and headers["Content-Type"].startswith("text/html") and page.startswith(b"<!doctype html>")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
    for name in re.findall(rb'(?:src|href)="(/assets/[^"]+)"', page):
        status, headers, _ = fetch("GET", url + name.decode())
        assert status == 200 and headers["Cache-Control"] == "no-cache", name
        assert fetch("GET", url + name.decode(), headers={"If-None-Match": headers["ETag"]})[0] == 304
    assert fetch("GET", url + "/assets/nothing.js")[0] == 404
    assert fetch("GET", url + "/assets/..%2fmain.js")[0] == 404
