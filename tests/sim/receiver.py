#!/usr/bin/python3
"""receiver.py - somebody who is told by webhooks: an HTTP server (aiohttp) that notes what it was sent.

POST /NAME is a delivery to the target NAME. What it answers is set by POST /sim/NAME {"status": 503, "times": 3, "headers":
{}, "delay_s": 0.5}: the next `times` deliveries of that target (without it: all), then 200 again. GET /sim/NAME: what came, in
order: {"headers": {...}, "body": text, "status": what was answered}. The first line of output says where it is. --port: the one
that it had before it was restarted; --cert, --key: by TLS.
"""
import argparse
import asyncio
import json
import ssl

from aiohttp import web


class Receiver:
    def __init__(self):
        self.came = {}
        self.answers = {}

    async def deliver(self, request):
        name = request.match_info["name"]
        text = await request.text()
        answer = self.answers.get(name) or {}
        status = answer.get("status", 200)
        self.came.setdefault(name, []).append({"headers": {k.lower(): v for k, v in request.headers.items()}, "body": text,
                                               "status": status})
        if answer.get("times"):
            answer["times"] -= 1
            if answer["times"] == 0:
                self.answers[name] = None
        await asyncio.sleep(answer.get("delay_s", 0))
        return web.Response(status=status, headers=answer.get("headers"))

    async def set_answer(self, request):
        self.answers[request.match_info["name"]] = await request.json()
        return web.json_response({})

    async def show(self, request):
        return web.json_response(self.came.get(request.match_info["name"], []))


async def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--cert")
    parser.add_argument("--key")
    options = parser.parse_args()
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/sim/{name}", receiver.set_answer)
    app.router.add_get("/sim/{name}", receiver.show)
    app.router.add_post("/{name}", receiver.deliver)
    tls = None
    if options.cert:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(options.cert, options.key)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", options.port, ssl_context=tls)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]  # pylint: disable=protected-access
    print(json.dumps({"url": f"{'https' if tls else 'http'}://127.0.0.1:{port}", "port": port}), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
