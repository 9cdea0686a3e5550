"""Live view through camrelay's own HTTP: its JSON and WHEP, a browser and aiortc, and whoever may not."""
import asyncio
import json

import pytest

from lab import Lab, until as wait
from openapi_client import Client
from watching import Api, Player, Viewer, until, watching, write_tokens

HEARTBEAT_S, TIMEOUT_S = 1, 3
KINDS = ["chromium", "aiortc"]
WAYS = {"json": Viewer, "whep": Player}


@pytest.fixture(name="world", scope="module")
def two_cameras():
    """(lab, {token's name: its text})"""
    with Lab(cameras=2, camera_args=("--profile", "baseline"), supervisor={"start_stagger": "100ms"}, state=True,
             consumers={"heartbeat": f"{HEARTBEAT_S}s", "heartbeat_timeout": f"{TIMEOUT_S}s", "max_per_camera": "3",
                        "stun_server": "stun.example:3478"}) as lab:
        tokens = write_tokens(lab, {"all": ("view", "*"), "other": ("view", "*"), "second": ("view", "cam2"),
                                    "operator": ("operate", "*")})
        lab.start()
        lab.until_running()
        yield lab, tokens
        assert lab.close() == 0


def sessions(lab, camera="cam1"):
    """{session id: its row} of those at the SFU that pull the camera's video, and are not gone."""
    return {s["id"]: s for s in lab.sfu_state()["sessions"] if s["role"] == "viewer" and not s["dead"] and
            any(t["trackName"] == f"{camera}-video" and t["status"] == "active" for t in s["tracks"])}


async def gone_at_the_sfu(lab, session):
    async def check():
        return session not in sessions(lab)
    await until(check, what=f"session {session} closed at the SFU")


def run(scenario):
    asyncio.run(scenario)


# ---- decoded pictures ----

@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
def test_a_viewer_decodes_and_leaves_nothing_at_the_sfu(world, way, kind):
    lab, tokens = world

    async def scenario():
        async with watching(lab, tokens["all"], kind) as (api, backend):
            viewer = await WAYS[way](api, backend, "cam1").open()
            row = await viewer.decode()
            assert (row["width"], row["height"]) == (640, 360)
            seen = await viewer.seen()
            assert (seen["camera"], seen["kind"], seen["state"]) == ("cam1", "api" if way == "json" else "whep", "live")
            session = seen["session"]
            assert {t["trackName"] for t in sessions(lab)[session]["tracks"]} == {"cam1-video", "cam1-audio"}
            await api.call("DELETE", f"/v2/consumers/{viewer.id}" if way == "json" else viewer.location)
            await gone_at_the_sfu(lab, session)
            assert (await viewer.seen())["end"] == "closed"
            assert (await api.refusal("DELETE", f"/v2/consumers/{viewer.id}")).status == 404
    run(scenario())


def test_two_viewers_of_a_camera_are_apart(world):
    lab, tokens = world

    async def scenario():
        async with watching(lab, tokens["all"], "aiortc") as (api, backend):
            first, second = await Viewer(api, backend, "cam1").open(), await Viewer(api, backend, "cam1").open()
            await first.decode()
            await second.decode()
            assert first.id != second.id and len(sessions(lab)) == 2
            assert (await api.call("GET", "/v2/health/streams/cam1"))["consumers"] == 2
            assert (await api.call("GET", "/v2/health/system"))["consumers"]["active"] == 2
            gone = (await first.seen())["session"]
            await api.call("DELETE", f"/v2/consumers/{first.id}")
            await gone_at_the_sfu(lab, gone)
            await second.heartbeat()
            await second.decode()
            await api.call("DELETE", f"/v2/consumers/{second.id}")
    run(scenario())


@pytest.mark.parametrize("kinds", [("video",), ("audio",)])
def test_a_player_gets_what_its_offer_has_room_for(world, kinds):
    lab, tokens = world

    async def scenario():
        async with watching(lab, tokens["all"], "aiortc") as (api, backend):
            player = Player(api, backend, "cam1")
            player.kinds = kinds
            await player.open()

            async def flows():
                tracks = next(s["tracks"] for s in lab.sfu_state()["sessions"] if s["id"] == session)
                assert [t["kind"] for t in tracks] == list(kinds)
                return all(t["status"] == "active" for t in tracks)
            session = (await player.seen())["session"]
            await until(flows, what="it is sent")
            if "video" in kinds:
                await player.decode()
            await api.call("DELETE", player.location)
            nothing = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendonly\r\n"
            refused = await api.refusal("POST", "/whep/cam1", nothing)
            assert refused.status == 400 and "receives what the camera sends" in refused.body["error"]["message"]
    run(scenario())


def test_the_answer_to_a_whep_player_names_its_resource_and_the_ice_server(world):
    lab, tokens = world

    async def scenario():
        async with watching(lab, tokens["all"], "chromium") as (api, backend):
            player = await Player(api, backend, "cam1").open()
            assert player.location == f"/whep/cam1/{player.id}" and player.etag == f'"{player.id}"'
            assert player.link == '<stun:stun.example:3478>; rel="ice-server"'
            refused = await api.refusal("PATCH", player.location)
            assert (refused.status, refused.headers["Allow"]) == (405, "DELETE, OPTIONS")
            assert (await api.refusal("DELETE", f"/whep/cam2/{player.id}")).status == 404
            await api.call("DELETE", player.location)
    run(scenario())


def test_what_is_answered_is_what_the_api_says_of_itself(world):
    lab, tokens = world
    client = Client(lab.url(), tokens["all"])
    status, told = client.call("post", "/v2/consumers", body={"camera": "cam1"})
    assert status == 201
    mine = {"id": told["id"]}
    for path in ("/v2/consumers/{id}/heartbeat", "/v2/health/consumers/{id}/heartbeat"):
        assert client.call("post", path, mine, body={"frames": 7, "lost": 0})[0] == 200
        assert client.call("post", path, mine)[0] == 200
    assert client.call("post", "/v2/consumers/{id}/pull", mine)[0] == 200
    for path in ("/v2/health/consumers", "/v2/health/consumers/{id}", "/v2/health/streams/{camera}"):
        assert client.call("get", path, {**mine, "camera": "cam1"})[0] == 200
    assert client.call("delete", "/v2/consumers/{id}", mine)[0] == 204
    assert client.call("get", "/v2/health/consumers/{id}", mine)[1]["end"] == "closed"
    assert client.call("delete", "/v2/consumers/{id}", mine)[0] == 404
    assert client.call("options", "/whep/{camera}", {"camera": "cam1"})[0] == 204


# ---- a camera that is published elsewhere ----

@pytest.mark.parametrize("kind", KINDS)
def test_a_viewer_that_is_told_to_pulls_again_and_decodes_on(world, kind):
    lab, tokens = world

    async def scenario():
        async with watching(lab, tokens["all"], kind) as (api, backend):
            viewer = await Viewer(api, backend, "cam1").open()
            await viewer.decode()
            assert not (await viewer.heartbeat())["repull"]
            await asyncio.to_thread(lab.camctl, "restart", "cam1")

            async def told():
                return (await viewer.heartbeat())["repull"]
            await until(told, what="the heartbeat's answer says repull")

            async def heard():
                return ("cam1", "consumer must pull", viewer.id) in lab_events(lab)
            await until(heard, what="the event is told")
            await viewer.repull()
            await viewer.decode()
            seen = await viewer.seen()
            assert (seen["state"], seen["pulls"], seen["repull"]) == ("live", 2, False)
            await api.call("DELETE", f"/v2/consumers/{viewer.id}")
    run(scenario())


@pytest.mark.parametrize("kind", KINDS)
def test_a_whep_players_tracks_are_swapped_and_it_decodes_on(world, kind):
    lab, tokens = world

    async def scenario():
        async with watching(lab, tokens["all"], kind) as (api, backend):
            player = await Player(api, backend, "cam1").open()
            await player.decode()
            calls = len(lab.sfu_calls())
            await asyncio.to_thread(lab.camctl, "restart", "cam1")

            async def swapped():
                return [c for c in lab.sfu_calls() if c["op"] == "tracks_update" and c["n"] > calls and c["status"] == 200]
            await until(swapped, what="the tracks are swapped")
            await player.decode(30)
            assert ((await player.seen())["state"], (await player.seen())["pulls"]) == ("live", 1)
            await api.call("DELETE", player.location)
    run(scenario())


def test_a_swap_that_comes_too_early_is_tried_again(world):
    lab, tokens = world

    async def scenario():
        async with watching(lab, tokens["all"], "aiortc") as (api, backend):
            player = await Player(api, backend, "cam1").open()
            await player.decode()
            lab.sfu_fault(match="tracks_update", action="per_track", count=2)
            calls = len(lab.sfu_calls())
            await asyncio.to_thread(lab.camctl, "restart", "cam1")

            async def swapped():
                return len([c for c in lab.sfu_calls() if c["op"] == "tracks_update" and c["n"] > calls]) == 3
            await until(swapped, what="the tracks are swapped at the third try")
            await player.decode(30)
            await api.call("DELETE", player.location)
    run(scenario())


def lab_events(lab):
    events = [json.loads(line) for line in lab.camctl("--json", "events").splitlines()]
    return [(e.get("camera"), e["event"], e.get("text")) for e in events]


# ---- ends ----

def test_who_sends_no_heartbeat_is_ended_and_closed_at_the_sfu(world):
    lab, tokens = world

    async def scenario():
        async with watching(lab, tokens["all"], "aiortc") as (api, backend):
            viewer = await Viewer(api, backend, "cam1").open()
            for frames in range(2 * TIMEOUT_S):
                row = await viewer.decode(5)
                await viewer.heartbeat(frames=row["framesDecoded"], lost=0, bytes=frames)
                await asyncio.sleep(HEARTBEAT_S)
            seen = await viewer.seen()
            assert seen["state"] == "live" and seen["stats"] == {"frames": row["framesDecoded"], "bytes": frames, "lost": 0}
            await gone_at_the_sfu(lab, seen["session"])
            assert (await viewer.seen())["end"] == "lapsed"
            refused = await api.refusal("POST", f"/v2/consumers/{viewer.id}/heartbeat", {})
            assert refused.status == 404
            assert (await api.call("GET", "/v2/health/consumers"))["ended"]["lapsed"] >= 1
    run(scenario())


def test_a_whep_player_that_leaves_without_a_word_is_noticed(world):
    lab, tokens = world

    async def scenario():
        async with watching(lab, tokens["all"], "aiortc") as (api, backend):
            player = await Player(api, backend, "cam1").open()
            await player.decode()
            session = (await player.seen())["session"]

            async def asked():
                return len(lab.sfu_calls(op="session_get", session=session)) > TIMEOUT_S / HEARTBEAT_S + 1
            await until(asked, what="the SFU is asked longer than a viewer without heartbeats has")
            assert (await player.seen())["state"] == "live"
            await backend.drop(player.key)

            async def ended():
                return (await player.seen()).get("end")
            assert await until(ended, what="it is noticed") == "failed"
    run(scenario())


@pytest.mark.parametrize("way", WAYS)
def test_a_token_that_is_removed_watches_no_more(world, way):
    lab, tokens = world

    async def scenario():
        async with watching(lab, tokens["all"], "aiortc") as (api, backend):
            kept = await Viewer(api, backend, "cam1").open()
            lost = (await asyncio.to_thread(lab.camctl, "token", "add", "short", "--role", "view")).split()[-1]
            viewer = await WAYS[way](Api(lab.url(), lost, api.http), backend, "cam1").open()
            await viewer.decode()
            session = (await viewer.seen())["session"]
            await asyncio.to_thread(lab.camctl, "token", "remove", "short")
            await gone_at_the_sfu(lab, session)
            assert (await api.call("GET", f"/v2/health/consumers/{kept.id}"))["state"] == "live"
            ends = {c["id"]: c.get("end") for c in (await api.call("GET", "/v2/health/consumers"))["consumers"]}
            assert ends[viewer.id] == "revoked" and ends[kept.id] is None
            heir = (await asyncio.to_thread(lab.camctl, "token", "add", "short", "--role", "view")).split()[-1]
            refused = await Api(lab.url(), heir, api.http).refusal("POST", f"/v2/consumers/{viewer.id}/heartbeat", {})
            assert refused.status == 404
            await asyncio.to_thread(lab.camctl, "token", "remove", "short")
            await api.call("DELETE", f"/v2/consumers/{kept.id}")
    run(scenario())


# ---- refusals ----

def test_tokens_see_their_cameras_and_their_own_consumers_only(world):
    lab, tokens = world

    async def scenario():
        async with watching(lab, tokens["all"], "aiortc") as (api, backend), watching(lab, tokens["second"]) as (second, _), \
                watching(lab, tokens["other"]) as (other, _), watching(lab, tokens["operator"]) as (operator, _), \
                watching(lab, None) as (nobody, _):
            viewer = await Viewer(api, backend, "cam1").open()
            path = f"/v2/consumers/{viewer.id}"
            assert (await second.refusal("POST", "/v2/consumers", {"camera": "cam1"})).status == 403
            assert (await second.refusal("POST", "/whep/cam1", "v=0\r\n")).status == 403
            assert (await nobody.refusal("POST", "/v2/consumers", {"camera": "cam1"})).status == 401
            assert (await nobody.refusal("POST", "/whep/cam1", "v=0\r\n")).status == 401
            answer = {"type": "answer", "sdp": "v=0\r\n"}
            for stranger in (second, other, operator):
                assert (await stranger.refusal("POST", path + "/heartbeat", {})).status == 404
                assert (await stranger.refusal("POST", f"/v2/health/consumers/{viewer.id}/heartbeat", {})).status == 404
                assert (await stranger.refusal("POST", path + "/pull")).status == 404
                assert (await stranger.refusal("PUT", path + "/answer", answer)).status == 404
            for stranger in (second, other):
                assert (await stranger.refusal("DELETE", path)).status == 404
                assert (await stranger.refusal("GET", f"/v2/health/consumers/{viewer.id}")).status == 404
            assert "session" not in await operator.call("GET", f"/v2/health/consumers/{viewer.id}")
            assert (await viewer.seen())["state"] == "live"
            assert (await second.call("GET", "/v2/health/consumers"))["active"] == 0
            assert viewer.id not in str(await second.call("GET", "/v2/health/consumers"))
            shown = [c for c in (await other.call("GET", "/v2/health/consumers"))["consumers"] if c["id"] == viewer.id]
            assert shown and "session" not in shown[0]
            await operator.call("DELETE", path)
            assert (await viewer.seen())["end"] == "closed"
            player = await Player(api, backend, "cam1").open()
            assert (await other.refusal("DELETE", player.location)).status == 404
            await operator.call("DELETE", player.location)
    run(scenario())


def test_what_is_wrong_is_said(world):
    lab, tokens = world

    async def scenario():
        async with watching(lab, tokens["all"], "aiortc") as (api, backend):
            for body, status, words in (({}, 400, "camera must be a string"), ({"camera": 7}, 400, "camera must be a string"),
                                        ({"camera": "none"}, 404, "no such camera")):
                refused = await api.refusal("POST", "/v2/consumers", body)
                assert refused.status == status and words in refused.body["error"]["message"], refused
            for path, body, status in (("/whep/none", "v=0\r\n", 404), ("/whep/cam1", "hello", 400), ("/whep/cam1", "", 400),
                                       ("/whep/cam1", "v=0\r\nnonsense\r\n", 400), ("/whep/cam1", {"sdp": "v=0"}, 415)):
                refused = await api.refusal("POST", path, body)
                assert refused.status == status, (path, body, refused)
            viewer = await Viewer(api, backend, "cam1").open()
            path = f"/v2/consumers/{viewer.id}"
            for body in ({"frames": -1}, {"frames": "many"}, {"lost": 1e300}):
                refused = await api.refusal("POST", path + "/heartbeat", body)
                assert refused.status == 400 and "must be an integer" in refused.body["error"]["message"]
            assert (await api.refusal("PUT", path + "/answer", {"sdp": "v=0"})).status == 400
            assert (await api.refusal("PUT", path + "/answer", {"type": "answer", "sdp": "v=0"})).status == 409
            await api.call("DELETE", path)
            offered = await api.call("POST", "/v2/consumers", {"camera": "cam1"})
            refused = await api.refusal("PUT", f"/v2/consumers/{offered['id']}/answer", {"type": "answer", "sdp": "v=0\r\nx"})
            assert refused.status == 400 and "the SFU does not take this SDP" in refused.body["error"]["message"]
            await api.call("DELETE", f"/v2/consumers/{offered['id']}")
    run(scenario())


def test_the_third_viewer_of_three_is_the_last(world):
    lab, tokens = world

    async def scenario():
        async with watching(lab, tokens["all"]) as (api, _):
            ids = [(await api.call("POST", "/v2/consumers", {"camera": "cam2"}))["id"] for _ in range(3)]
            refused = await api.refusal("POST", "/v2/consumers", {"camera": "cam2"})
            assert (refused.status, refused.headers["Retry-After"]) == (503, "10")
            for one in ids:
                await api.call("DELETE", f"/v2/consumers/{one}")
    run(scenario())


def test_a_camera_that_is_stopped_is_409_and_its_viewers_wait(world):
    lab, tokens = world

    async def scenario():
        async with watching(lab, tokens["all"], "aiortc") as (api, backend):
            viewer = await Viewer(api, backend, "cam2").open()
            await viewer.decode()
            await asyncio.to_thread(lab.camctl, "--wait", "stop", "cam2")
            for path, body in (("/v2/consumers", {"camera": "cam2"}), ("/whep/cam2", "v=0\r\n")):
                refused = await api.refusal("POST", path, body)
                assert (refused.status, refused.headers["Retry-After"]) == (409, "2")

            async def idle():
                told = await viewer.heartbeat()
                return told if told["state"] == "idle" else None
            assert not (await until(idle, what="it is idle"))["repull"]
            assert (await api.refusal("POST", f"/v2/consumers/{viewer.id}/pull")).status == 409
            await asyncio.to_thread(lab.camctl, "start", "cam2")

            async def told():
                return (await viewer.heartbeat())["repull"]
            await until(told, what="it may pull again")
            await viewer.repull()
            await viewer.decode()
            await api.call("DELETE", f"/v2/consumers/{viewer.id}")
    run(scenario())


# ---- the SFU's moods ----

@pytest.mark.parametrize("fault", [
    {"match": "tracks_new", "action": "per_track"}, {"match": "tracks_new", "action": "per_track", "error": "empty_track_error"},
    {"match": "sessions_new", "action": "503"}, {"match": "tracks_new", "action": "425"}, {"match": "tracks_new", "action": "410"},
    {"match": "tracks_new", "action": "html"}, {"match": "tracks_new", "action": "lost_reply"}])
def test_what_passes_is_waited_for(world, fault):
    lab, tokens = world

    async def scenario():
        async with watching(lab, tokens["all"], "aiortc") as (api, backend):
            lab.sfu_fault(count=2, **fault)
            viewer = await Viewer(api, backend, "cam1").open()
            await viewer.decode()
            await api.call("DELETE", f"/v2/consumers/{viewer.id}")
    run(scenario())


def test_an_sfu_that_does_not_take_us_is_a_bad_gateway(world):
    lab, tokens = world

    async def scenario():
        async with watching(lab, tokens["all"]) as (api, _):
            lab.sfu_fault(match="renegotiate", action="503", count=1)
            offered = await api.call("POST", "/v2/consumers", {"camera": "cam1"})
            refused = await api.refusal("PUT", f"/v2/consumers/{offered['id']}/answer", {"type": "answer", "sdp": "v=0\r\n"})
            assert refused.status == 502 and "sim-secret" not in str(refused.body)
            assert (await api.call("POST", f"/v2/consumers/{offered['id']}/pull"))["state"] == "offered"
            await api.call("DELETE", f"/v2/consumers/{offered['id']}")
    run(scenario())


def test_a_stop_closes_every_viewers_session(make_lab):
    lab = make_lab(cameras=1, camera_args=("--profile", "baseline"))
    lab.start()
    lab.until_running()

    async def scenario():
        async with watching(lab, None, "aiortc") as (api, backend):
            viewer = await Viewer(api, backend, "cam1").open()
            await viewer.decode()
            session, = sessions(lab)
            assert await asyncio.to_thread(lab.daemon.stop) == 0
            assert [c["status"] for c in lab.sfu_calls(op="tracks_close", session=session)] == [200]
    run(scenario())


def test_who_watches_when_camrelayd_is_killed_is_closed_by_the_next_one(make_lab):
    lab = make_lab(cameras=1, camera_args=("--profile", "baseline"), state=True)
    lab.start()
    lab.until_running()

    async def scenario():
        async with watching(lab, None, "aiortc") as (api, backend):
            gone = await Viewer(api, backend, "cam1").open()
            await api.call("DELETE", f"/v2/consumers/{gone.id}")
            viewer, player = await Viewer(api, backend, "cam1").open(), await Player(api, backend, "cam1").open()
            await viewer.decode()
            await player.decode()
            left = [(await one.seen())["session"] for one in (viewer, player)]
            assert not [c for one in left for c in lab.sfu_calls(op="tracks_close", session=one)]
            lab.daemon.process.kill()
            await asyncio.to_thread(lab.daemon.process.wait)
            lab.sfu_fault(match="tracks_close", action="503", count=1)
            await asyncio.to_thread(lab.start)
            api.url = lab.url()
            for session in left:
                await gone_at_the_sfu(lab, session)
                assert [c["status"] for c in lab.sfu_calls(op="tracks_close", session=session)][-1] == 200
                tracks = [t for s in lab.sfu_state()["sessions"] if s["id"] == session for t in s["tracks"]]
                assert not [t for t in tracks if t["status"] == "active"], tracks
            listed = await api.call("GET", "/v2/health/consumers")
            assert {c["id"]: c["end"] for c in listed["consumers"]} == {
                gone.id: "closed", viewer.id: "interrupted", player.id: "interrupted"}
            assert (listed["active"], listed["ended"]["interrupted"], listed["ended"]["closed"]) == (0, 2, 0)
            assert (await player.seen())["kind"] == "whep" and (await viewer.seen())["duration_seconds"] > 0
            refused = await api.refusal("POST", f"/v2/consumers/{viewer.id}/heartbeat", {})
            assert refused.status == 404
    run(scenario())


def test_no_secret_of_the_sfus_is_ever_answered_or_logged(world):
    lab, _ = world
    assert "sim-secret" not in lab.log()
    wait(lambda: not sessions(lab, "cam1") and not sessions(lab, "cam2"), "nothing is left at the SFU")
