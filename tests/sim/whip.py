#!/usr/bin/python3
"""whip.py - a WHIP server that does whatever a script says: redirections, refusals, strange answers. It has
no media behind it, but can send offers on to a server that has. See README.md.

POST /live/NAME makes a session, unless an answer is scripted for it; DELETE /session/ID ends it. Everything is
recorded, and no two requests share anything but the record. One asyncio loop.
"""
import argparse
import asyncio
import itertools
import json
import os
import signal
import ssl
import sys

from aiohttp import web

# What an ice-lite server says to an offer of bundled audio or video; nobody listens there.
ANSWER_HEAD = ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-lite\r\n")
LINKS = ('<stun:stun.invalid>; rel="ice-server", <turn:turn.invalid?transport=udp>; rel="ice-server"; '
         'username="user"; credential="turn-secret"; credential-type="password"')


class Server:
    """Sessions, scripted answers, the record."""

    def __init__(self, options):
        self.options = options
        self.numbers = itertools.count(1)
        self.sessions = set()
        self.scripts = []                  # {"method", "times", ...}, the first that fits is used
        self.calls = []

    def routes(self):
        return [web.post("/live/{name:.*}", self.post), web.delete("/session/{name:.*}", self.delete),
                web.get("/sim/state", self.state), web.post("/sim/answers", self.script)]

    async def note(self, request):
        body = await request.text()
        self.calls.append({"method": request.method, "path": request.path_qs, "host": request.host,
                           "authorization": request.headers.get("Authorization"),
                           "type": request.headers.get("Content-Type"), "body": body})
        return body

    def scripted(self, method, path):
        """The answer that is scripted for this request, None without one."""
        for script in self.scripts:
            if script.get("method", "POST") != method or script.get("path", path) != path or script["times"] == 0:
                continue
            script["times"] -= 1
            return script
        return None

    @staticmethod
    async def play(request, script):
        await asyncio.sleep(script.get("delay_s", 0))
        if script.get("abort"):
            request.transport.abort()
        # None takes a header out that aiohttp would add.
        return web.Response(status=script["status"], headers=script.get("headers"), text=script.get("body", ""))

    async def post(self, request):
        offer = await self.note(request)
        token = self.options.token
        script = self.scripted("POST", request.path)
        if script:
            return await self.play(request, script)
        if token and request.headers.get("Authorization") != f"Bearer {token}":
            return web.Response(status=401, text=f"who is {request.headers.get('Authorization')} at {request.path_qs}?")
        if request.content_type != "application/sdp":
            return web.Response(status=415, text="an offer is application/sdp")
        sections = [line for line in offer.splitlines() if line.startswith("m=")]
        if self.options.two_tracks and len(sections) < 2:
            return web.json_response({"title": "Bad offer", "detail": "audio and video are needed"}, status=400,
                                     content_type="application/problem+json")
        return self.create(request, sections)

    def create(self, request, sections):
        session = f"{next(self.numbers)}-SESSION-KEY"
        self.sessions.add(session)
        # From /live/NAME, so relative that only the final URL makes sense of it.
        up = "../" * request.match_info["name"].count("/")
        headers = {"Location": f"{up}../session/{session}", "ETag": '"one"', "Link": LINKS}
        answer = ANSWER_HEAD + "".join(f"{line}\r\na=recvonly\r\n" for line in sections)
        return web.Response(status=201, headers=headers, text=answer, content_type="application/sdp")

    async def delete(self, request):
        await self.note(request)
        script = self.scripted("DELETE", request.path)
        if script:
            return await self.play(request, script)
        if self.options.token and request.headers.get("Authorization") != f"Bearer {self.options.token}":
            return web.Response(status=401)
        if request.match_info["name"] not in self.sessions:
            return web.Response(status=404)
        self.sessions.remove(request.match_info["name"])
        return web.Response(status=200)

    # ---- for tests

    async def state(self, _request):
        return web.json_response({"sessions": sorted(self.sessions), "calls": self.calls})

    async def script(self, request):
        for script in await request.json():
            self.scripts.append({"times": 1, **script})
        return web.json_response({})


async def main(options):
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    app = web.Application()
    app.add_routes(Server(options).routes())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    context = None
    if options.tls_cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.tls_cert, options.tls_key)
    await web.TCPSite(runner, "127.0.0.1", options.port, shutdown_timeout=1, ssl_context=context).start()
    port = runner.addresses[0][1]
    base = f"http{'s' if context else ''}://127.0.0.1:{port}"
    print(json.dumps({"base": base, "sim": base + "/sim", "port": port, "pid": os.getpid()}), flush=True)
    await stop.wait()
    await runner.cleanup()


def parse_arguments():
    parser = argparse.ArgumentParser(description="a WHIP server that does what a script says")
    add = parser.add_argument
    add("--port", type=int, default=0, help="on 127.0.0.1; 0 = a free one")
    add("--token", help="the bearer that it wants")
    add("--two-tracks", action="store_true", help="400 for an offer of one track, as Cloudflare Stream")
    add("--tls-cert", help="PEM; HTTPS when given, with --tls-key")
    add("--tls-key")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(parse_arguments())))
