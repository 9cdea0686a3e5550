"""test_take.py - pulls that the viewer offers, and tracks that are put in the place of others, by aiortc."""
import asyncio
import contextlib

import pytest

from sfu_lab import Sfu, publishing, running
from viewer_aiortc import Aiortc

FRAMES = 20


@pytest.fixture(scope="module")
def sfu():
    with running(Sfu("--pull-wait", "1")) as process:
        yield process


class Player:
    """One PeerConnection and its session at the SFU."""

    def __init__(self, sfu):
        self.sfu, self.session = sfu, sfu.session()
        self.backend = self.mid = None

    @contextlib.asynccontextmanager
    async def playing(self, publisher, name="check"):
        self.backend = await Aiortc.open()
        try:
            offer = await self.backend.offer("x", ["video"])
            status, reply = await self.call("POST", "/tracks/new", sessionDescription={"type": "offer", "sdp": offer},
                                            tracks=[remote(publisher, name)])
            assert status == 200 and reply["sessionDescription"]["type"] == "answer", reply
            assert reply["requiresImmediateRenegotiation"] is False
            self.mid = reply["tracks"][0]["mid"]
            await self.backend.accept("x", reply["sessionDescription"]["sdp"])
            yield self
        finally:
            await self.backend.close()

    async def call(self, method, path, **body):
        return await asyncio.to_thread(self.sfu.call, method, f"/{self.session}{path}", body)

    async def decode(self, more=FRAMES):
        """The size of the pictures, once there were more of them."""
        start = (await self.polled())["framesDecoded"]
        for _ in range(600):
            row = await self.polled()
            if row["framesDecoded"] >= start + more:
                return row["width"], row["height"]
            await asyncio.sleep(0.05)
        raise AssertionError(f"not decoded: {row}")

    async def polled(self):
        return (await self.backend.poll())[0]["x"]


def remote(publisher, name="check", **more):
    return {"location": "remote", "sessionId": publisher.session, "trackName": name, **more}


def test_a_swapped_track_is_decoded_by_the_same_connection(sfu):
    async def scenario(first, second):
        async with Player(sfu).playing(first) as player:
            assert await player.decode() == (320, 180)
            status, reply = await player.call("PUT", "/tracks/update", tracks=[remote(second, "wide", mid=player.mid)])
            assert (status, reply["tracks"][0].get("errorCode")) == (200, None), reply
            first.stop()
            for _ in range(100):
                if await player.decode(5) == (480, 270):
                    break
            assert await player.decode() == (480, 270)
    with publishing(sfu) as first, publishing(sfu, "--size", "480x270", name="wide") as second:
        asyncio.run(scenario(first, second))


def test_what_is_not_there_fails_inside_a_200_and_what_cannot_be_is_406(sfu):
    async def scenario(publisher):
        backend = await Aiortc.open()
        try:
            video, audio = await backend.offer("v", ["video"]), await backend.offer("a", ["audio"])
        finally:
            await backend.close()
        offer = {"type": "offer", "sdp": video}
        player = Player(sfu)
        status, reply = await player.call("POST", "/tracks/new", sessionDescription=offer, tracks=[remote(publisher, "none")])
        assert (status, reply["tracks"][0]["errorCode"]) == (200, "not_found_track_error") and "sessionDescription" not in reply
        player = Player(sfu)
        status, reply = await player.call("POST", "/tracks/new", sessionDescription={"type": "offer", "sdp": audio},
                                          tracks=[remote(publisher)])
        assert (status, reply["errorCode"]) == (406, "invalid_session_description"), reply
        player = Player(sfu)
        assert (await player.call("PUT", "/tracks/update", tracks=[remote(publisher, mid="0")]))[0] == 406
    with publishing(sfu) as publisher:
        asyncio.run(scenario(publisher))
