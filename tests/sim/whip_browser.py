#!/usr/bin/python3
"""whip_browser.py - a WHIP server that is a viewer: a page of headless Chromium answers the offer and shows what is sent.

Nothing lies between publisher and browser: time stamps and sender reports are those that the publisher made. See
README-whip.md. Owns the sessions; the browser is viewer.py's. One asyncio loop.
"""
import argparse
import asyncio
import contextlib
import itertools
import json
import os
import signal
import sys

from aiohttp import web

from viewer import Chromium

LOOK_S = 0.2


class Server:
    """Endpoints of one publisher each: who comes later takes the place of who was there."""

    def __init__(self, browser):
        self.browser = browser
        self.numbers = itertools.count(1)
        self.sessions = {}                 # key of the browser's connection -> endpoint

    def routes(self):
        return [web.post("/live/{name}", self.post), web.delete("/session/{key}", self.delete)]

    async def post(self, request):
        name = request.match_info["name"]
        offer = await request.text()
        for key in [k for k, n in self.sessions.items() if n == name]:
            await self.drop(key)
        key = f"{name}-{next(self.numbers)}"
        try:
            await self.browser.answer(key, offer)
        except ValueError as error:        # the browser's words
            return web.Response(status=406, text=str(error))
        self.sessions[key] = name
        return web.Response(status=201, headers={"Location": f"/session/{key}"}, content_type="application/sdp",
                            text=await self.browser.gathered(key))

    async def delete(self, request):
        key = request.match_info["key"]
        if key not in self.sessions:
            return web.Response(status=404)
        await self.drop(key)
        return web.Response(status=200)

    async def drop(self, key):
        del self.sessions[key]
        await self.browser.drop(key)

    async def report(self):
        """{ENDPOINT-video: what the page has seen and heard of it}"""
        polled, _late = await self.browser.poll()
        unwanted = ("ticks", "until", "first")
        return {f"{name}-video": {k: v for k, v in polled[key].items() if k not in unwanted}
                for key, name in self.sessions.items() if key in polled}


async def serve(server):
    app = web.Application()
    app.add_routes(server.routes())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, shutdown_timeout=1).start()
    return runner


async def main(options):
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    browser = await Chromium.open(options.meter)
    try:
        server = Server(browser)
        runner = await serve(server)
        base = f"http://127.0.0.1:{runner.addresses[0][1]}/live/"
        print(json.dumps({"base": base, "pid": os.getpid()}), flush=True)
        while not stop.is_set():
            print(json.dumps({"cameras": await server.report()}), flush=True)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_S)
        await runner.cleanup()
    finally:
        await browser.close()


if __name__ == "__main__":
    PARSER = argparse.ArgumentParser(description="a WHIP server that is a viewer in Chromium")
    PARSER.add_argument("--meter", action="store_true", help='"meter" of each camera: flashes, beeps, numbers (lipsync.py, counter.py)')
    sys.exit(asyncio.run(main(PARSER.parse_args())))
