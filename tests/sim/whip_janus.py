#!/usr/bin/python3
"""whip_janus.py - a WHIP server that is not ours: Debian's simple-whip-server in front of a real Janus,
and a viewer behind it that decodes what is sent there. See README.md.

Prints a JSON line when it is ready, then one after every look at the room: what it has decoded of whom.
One asyncio loop; the server is a child, as is Janus.
"""
import argparse
import asyncio
import json
import os
import re
import signal
import subprocess
import sys

import aiohttp
from aiortc import RTCSessionDescription

import viewer_aiortc
from cloudflare_janus import ROOM, Janus, JanusError, JanusGone, build_shim, die_with_parent
from ports import free_port

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
SERVER = "usr/share/simple-whip-server/src"
MODULES = ("usr/share/nodejs", "usr/lib/x86_64-linux-gnu/nodejs")
LOOK_S = 0.3
CONFIG = """module.exports = {
	janus: { address: 'ws://127.0.0.1:%(janus)d' },
	port: %(port)d,
	rest: '/whip',
	allowTrickle: false,
	strictETags: true,
	iceServers: [ { uri: 'stun:stun.invalid' },
		{ uri: 'turn:turn.invalid?transport=udp', username: 'user', credential: 'password' } ]
};
"""


class Bridge:
    """A TCP port that is Janus' unix socket: the server's WebSocket library knows no other."""

    def __init__(self, path):
        self.path, self.server = path, None

    async def start(self):
        self.server = await asyncio.start_server(self.on_client, "127.0.0.1", 0)
        return self.server.sockets[0].getsockname()[1]

    async def on_client(self, reader, writer):
        far_reader, far_writer = await asyncio.open_unix_connection(self.path)
        await asyncio.gather(self.copy(reader, far_writer), self.copy(far_reader, writer))

    @staticmethod
    async def copy(reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


class Server:
    """simple-whip-server as a child."""

    def __init__(self, root, directory, janus_port, port):
        self.port = port or free_port()
        self.process = None
        self.root, self.source = root, os.path.join(directory, "whip")
        # Its configuration is a module beside its own.
        os.makedirs(self.source)
        for name in ("server.js", "whip-janus.js"):
            os.symlink(os.path.abspath(os.path.join(root, SERVER, name)), os.path.join(self.source, name))
        with open(os.path.join(self.source, "config.js"), "w", encoding="ascii") as file:
            file.write(CONFIG % {"janus": janus_port, "port": self.port})

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/whip"

    async def start(self, http):
        modules = ":".join(os.path.abspath(os.path.join(self.root, m)) for m in MODULES)
        self.process = subprocess.Popen(
            ["node", "--preserve-symlinks", "--preserve-symlinks-main", os.path.join(self.source, "server.js")],
            env={**os.environ, "NODE_PATH": modules, "DEBUG": "whip:info,whip:warn,whip:error"},
            stdin=subprocess.DEVNULL, stdout=2, stderr=2, preexec_fn=die_with_parent)
        while True:
            try:
                async with http.get(self.url + "/healthcheck"):
                    return
            except aiohttp.ClientError as error:
                if self.process.poll() is not None:
                    raise RuntimeError(f"simple-whip-server ended with {self.process.returncode}") from error
            await asyncio.sleep(0.05)

    async def create(self, http, name, token):
        body = {"id": name, "room": ROOM, "label": name, "token": token}
        async with http.post(self.url + "/create", json=body) as answer:
            if answer.status != 200:
                raise RuntimeError(f"no endpoint {name}: {answer.status} {await answer.text()}")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Watcher:
    """Subscribes to whoever sends to the room, decodes, and tells what it saw."""

    def __init__(self, janus):
        self.janus = janus
        self.room = None
        self.pulls = {}                    # feed -> (display, handle, Pull)
        self.ended = {}                    # display -> frames of feeds that are gone

    async def look(self):
        if self.room is None:
            self.room = await self.janus.attach()
        data, _ = await self.room.message({"request": "listparticipants", "room": ROOM})
        senders = {p["id"]: p.get("display") for p in data["participants"] if p["publisher"]}
        for feed in list(self.pulls):
            if feed not in senders:
                await self.drop(feed)
        for feed, display in senders.items():
            if feed not in self.pulls:
                await self.subscribe(feed, display)
        return await self.report()

    async def subscribe(self, feed, display):
        handle = await self.janus.attach()
        try:
            _, offer = await handle.message({"request": "join", "ptype": "subscriber", "room": ROOM,
                                             "streams": [{"feed": feed}]})
        except JanusError:                 # nothing is sent yet, or no longer
            await handle.detach()
            return
        pull = viewer_aiortc.Pull()
        self.pulls[feed] = (display, handle, pull)
        # aiortc 1.4 knows two profiles by name; its decoder takes any.
        sdp = re.sub(r"profile-level-id=[0-9a-fA-F]{6}", "profile-level-id=42e01f", offer["sdp"])
        await pull.pc.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        await pull.pc.setLocalDescription(await pull.pc.createAnswer())
        await handle.message({"request": "start"}, {"type": "answer", "sdp": pull.pc.localDescription.sdp})

    async def drop(self, feed):
        display, handle, pull = self.pulls.pop(feed)
        self.ended[display] = self.ended.get(display, 0) + pull.frames
        await pull.close()
        try:
            await handle.detach()
        except (JanusError, JanusGone):
            pass

    async def report(self):
        """{endpoint: what was decoded of it}; feeds: how many senders it has now."""
        out = {}
        for display, frames in self.ended.items():
            out[display] = {"framesDecoded": frames, "feeds": 0}
        for display, _handle, pull in self.pulls.values():
            one = out.setdefault(display, {"framesDecoded": 0, "feeds": 0})
            seen = await pull.poll()
            one["feeds"] += 1
            one["framesDecoded"] += seen["framesDecoded"]
            one.update({k: seen[k] for k in ("width", "height", "state") if k in seen})
        return out

    async def close(self):
        for feed in list(self.pulls):
            await self.drop(feed)


async def run(options, stop):
    janus = Janus(build_shim(options.cache))
    http = aiohttp.ClientSession()
    watcher = Watcher(janus)
    server = None
    try:
        await janus.start()
        server = Server(options.server, janus.dir, await Bridge(janus.dir + "/api.sock").start(),
                        options.port)
        await server.start(http)
        urls = {}
        for word in options.endpoint:
            name, _, token = word.partition("=")
            await server.create(http, name, token or None)
            urls[name] = f"{server.url}/endpoint/{name}"
        print(json.dumps({"urls": urls, "port": server.port, "pid": os.getpid(), "server_pid": server.process.pid}),
              flush=True)
        while not stop.is_set():
            print(json.dumps({"endpoints": await watcher.look()}), flush=True)
            try:
                await asyncio.wait_for(stop.wait(), LOOK_S)
            except asyncio.TimeoutError:
                pass
    finally:
        await watcher.close()
        if server:
            server.stop()
        await http.close()
        await janus.close()


async def main(options):
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await run(options, stop)


def parse_arguments():
    parser = argparse.ArgumentParser(description="simple-whip-server over Janus, with a viewer")
    parser.add_argument("--endpoint", action="append", default=[], metavar="NAME[=TOKEN]",
                        help="one to make; its URL is in the first line")
    parser.add_argument("--port", type=int, default=0, help="of the server; 0 = a free one")
    parser.add_argument("--server", default=os.path.join(TOP, "build", "whip-server"),
                        help="where scripts/fetch-whip-server has put it")
    parser.add_argument("--cache", default=os.path.join(TOP, "build", "sim-cache"), help="where the shim is compiled")
    options = parser.parse_args()
    if not options.endpoint:
        parser.error("no --endpoint")
    return options


if __name__ == "__main__":
    sys.exit(asyncio.run(main(parse_arguments())))
