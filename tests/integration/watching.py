"""watching.py - people who watch through camrelay's own HTTP: by its JSON, and by WHEP. For tests, on one asyncio loop.

The far end of the media is a browser or aiortc (tests/sim/viewer*.py); this is only the application around it.
"""
import asyncio
import contextlib
import hashlib
import itertools
import json
import os
import time

import aiohttp

from viewer import Chromium
from viewer_aiortc import Aiortc

DEADLINE_S = 60
BACKENDS = {"chromium": Chromium, "aiortc": Aiortc}

# A WHEP player in twenty lines: what any page would do.
WHEP_PAGE = """
window.whep = async (key, url, token, kinds) => {
    const answer = await fetch(url, {method: 'POST', body: await offer(key, kinds),
        headers: {'Content-Type': 'application/sdp', 'Authorization': 'Bearer ' + token}});
    const text = await answer.text();
    if (answer.status === 201) await accept(key, text);
    return [answer.status, answer.headers.get('Location'), answer.headers.get('ETag'), answer.headers.get('Link'), text];
};
"""


class Refused(AssertionError):
    """An answer that was not hoped for."""

    def __init__(self, status, body, headers):
        super().__init__(f"{status} {body}")
        self.status, self.body, self.headers = status, body, headers


class Api:
    """camrelay's HTTP, with one token."""

    def __init__(self, url, token, http):
        self.url, self.token, self.http = url, token, http

    async def call(self, method, path, body=None, wanted=None, **more):
        """The JSON, or the text; Refused unless the status is 2xx, or wanted."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if isinstance(body, dict):
            more["json"] = body
        elif body is not None:
            more["data"] = body
            headers["Content-Type"] = "application/sdp"
        async with self.http.request(method, self.url + path, headers=headers, **more) as answer:
            text = await answer.text()
            value = json.loads(text) if answer.content_type == "application/json" else text
            if answer.status != wanted if wanted else answer.status >= 300:
                raise Refused(answer.status, value, answer.headers)
            return value

    async def refusal(self, *arguments, **more):
        """What it is refused with."""
        try:
            value = await self.call(*arguments, **more)
        except Refused as refused:
            return refused
        raise AssertionError(f"not refused: {value}")


class Viewer:
    """One camera on one backend, by JSON: heartbeats are the test's."""

    keys = itertools.count(1)

    def __init__(self, api, backend, camera):
        self.api, self.backend, self.camera = api, backend, camera
        self.key = self.id = self.told = None

    async def open(self):
        await self.take(await self.api.call("POST", "/v2/consumers", {"camera": self.camera}, wanted=201))
        return self

    async def take(self, told):
        """The SFU's offer: a connection more, which takes the place of the one before."""
        self.id, self.told = told["id"], told
        old, self.key = self.key, f"{self.camera}#{next(self.keys)}"
        assert told["offer"]["type"] == "offer" and told["state"] == "offered", told
        answer = await self.backend.answer(self.key, told["offer"]["sdp"])
        live = await self.api.call("PUT", f"/v2/consumers/{self.id}/answer", {"type": "answer", "sdp": answer})
        assert live["state"] == "live", live
        if old:
            await self.backend.drop(old)

    async def repull(self):
        await self.take(await self.api.call("POST", f"/v2/consumers/{self.id}/pull"))

    async def heartbeat(self, **stats):
        return await self.api.call("POST", f"/v2/consumers/{self.id}/heartbeat", stats)

    async def seen(self):
        return await self.api.call("GET", f"/v2/health/consumers/{self.id}")

    async def row(self):
        return (await self.backend.poll())[0][self.key]

    async def decode(self, more=10):
        """The viewer's row, once so many pictures more were decoded."""
        start = (await self.row()).get("framesDecoded", 0)
        return await until(self.decoded, start + more, what=f"{self.camera} decoded")

    async def decoded(self, wanted):
        row = await self.row()
        return row if row.get("framesDecoded", 0) >= wanted else None

    async def heard(self, wanted):
        sound = (await self.row()).get("sound") or {}
        return sound.get("samples", 0) >= wanted


class Player(Viewer):
    """The same by WHEP."""

    kinds = ("video", "audio")

    async def open(self):
        self.key = f"{self.camera}#{next(self.keys)}"
        if isinstance(self.backend, Chromium):
            status, self.location, self.etag, self.link, answer = await self.backend.evaluate(
                f"whep({json.dumps(self.key)}, {json.dumps(self.api.url + '/whep/' + self.camera)}, "
                f"{json.dumps(self.api.token)}, {json.dumps(self.kinds)})")
            assert status == 201, (status, answer)
        else:
            await self.post()
        self.id = self.location.rsplit("/", 1)[1]
        return self

    async def post(self):
        offer = await self.backend.offer(self.key, self.kinds)
        headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {self.api.token}"}
        async with self.api.http.post(f"{self.api.url}/whep/{self.camera}", data=offer, headers=headers) as answer:
            text = await answer.text()
            assert (answer.status, answer.content_type) == (201, "application/sdp"), text
            self.location, self.etag = answer.headers["Location"], answer.headers["ETag"]
            self.link = answer.headers.get("Link")
        await self.backend.accept(self.key, text)


async def until(condition, *arguments, what, deadline_s=DEADLINE_S):
    """The first true value of condition(...)."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        value = await condition(*arguments)
        if value:
            return value
        await asyncio.sleep(0.1)
    raise AssertionError(f"not within {deadline_s} s: {what}")


def write_tokens(lab, tokens):
    """{name: (role, cameras)} into the file that camrelayd reads when it starts: {name: the token}."""
    texts = {name: f"camrelay_{name:x<43}" for name in tokens}
    os.makedirs(lab.supervisor_keys["state_dir"], mode=0o750, exist_ok=True)
    path = os.path.join(lab.supervisor_keys["state_dir"], "http.tokens")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
        for name, (role, cameras) in tokens.items():
            file.write(f"{name} {role} {cameras} 0 {hashlib.sha256(texts[name].encode()).hexdigest()}\n")
    return texts


@contextlib.asynccontextmanager
async def watching(lab, token, kind=None):
    """(Api, backend or None)"""
    async with aiohttp.ClientSession() as http:
        backend = await BACKENDS[kind].open() if kind else None
        try:
            if kind == "chromium":
                await backend.evaluate(WHEP_PAGE)
            yield Api(lab.url(), token, http), backend
        finally:
            if backend:
                await backend.close()
