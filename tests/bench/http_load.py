#!/usr/bin/python3
"""http_load.py - clients of camrelayd's HTTP side: viewers of the dashboard, or requests at a rate.

  http_load.py viewers --url http://127.0.0.1:8080 --count 200          WebSockets of /events
  http_load.py requests --url http://127.0.0.1:8080 --path /metrics --rate 50 --expect camrelay_build_info

Prints {"ready": true} when the viewers have heard the state or the first request has been answered, and at SIGTERM or
SIGINT one JSON line of what was seen from then on. --token-file: whose bearer to send.
"""
import argparse
import asyncio
import json
import math
import signal
import sys
import time

import aiohttp

OPENED_AT_ONCE = 20
READY_S = 60
ANSWER_S = 60
STATE = '"type":"state"'


def percentiles(latencies_s):
    """Of all, in ms; the nearest rank."""
    if not latencies_s:
        return None
    ordered = sorted(latencies_s)

    def rank(percent):
        return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)] * 1000
    return {"p50": rank(50), "p99": rank(99), "max": ordered[-1] * 1000}


def first_error(errors):
    return errors[0] if errors else None


# ---- viewers ----

class Viewer:
    """One dashboard that is open."""

    def __init__(self):
        self.opened = asyncio.Event()  # the first state is there, or will never be
        self.error = None
        self.last_state = None
        self.reset(None)

    def reset(self, now):
        self.texts = self.states = self.bytes = 0
        self.last, self.gap = now, 0.0

    def hear(self, text):
        self.texts += 1
        self.bytes += len(text)  # ASCII: camrelayd's JSON escapes the rest, or it is a few bytes off
        if STATE not in text[:200]:
            return
        self.tick(time.monotonic())
        self.states += 1
        self.last_state = text
        self.opened.set()

    def tick(self, now):
        """A state has come, or the time is up: both end a gap."""
        if self.last is not None:
            self.gap = max(self.gap, now - self.last)
        self.last = now

    async def watch(self, http, url, gate):
        try:
            async with gate:
                ws = await http.ws_connect(url + "/events", max_msg_size=0)
            async for message in ws:
                if message.type == aiohttp.WSMsgType.TEXT:
                    self.hear(message.data)
            self.error = f"closed with {ws.close_code}"
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
            self.error = str(error) or type(error).__name__
        finally:
            self.opened.set()

    def cameras(self):
        """Of the newest state."""
        return len(json.loads(self.last_state)["cameras"]) if self.last_state else 0


async def viewers(options, http, ended):
    """They come at once, as after a restart of a browser or of camrelayd."""
    all_ = [Viewer() for _ in range(options.count)]
    gate = asyncio.Semaphore(OPENED_AT_ONCE)
    tasks = [asyncio.create_task(v.watch(http, options.url, gate)) for v in all_]
    await asyncio.wait_for(asyncio.gather(*(v.opened.wait() for v in all_)), READY_S)
    start = time.monotonic()
    for viewer in all_:
        viewer.reset(start)
    say({"ready": True})
    await ended.wait()
    now = time.monotonic()
    for viewer in all_:
        viewer.tick(now)
    dropped = [v.error or "heard nothing" for v in all_ if v.error or not v.states]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return {"seconds": now - start, "viewers": len(all_), "dropped": len(dropped), "why": first_error(dropped),
            "texts": sum(v.texts for v in all_), "states": sum(v.states for v in all_),
            "bytes": sum(v.bytes for v in all_), "longest_gap_ms": max(v.gap for v in all_) * 1000,
            "cameras": min(v.cameras() for v in all_)}


# ---- requests ----

class Requests:
    """At a rate that does not care how long answers take: latencies count from when a request was due."""

    def __init__(self, options, http):
        self.url, self.expect, self.rate = options.url + options.path, options.expect.encode(), options.rate
        self.http = http
        self.gate = asyncio.Semaphore(options.at_once)
        self.latencies, self.errors, self.bytes = [], [], 0

    async def ask(self, due):
        try:
            async with self.gate, self.http.get(self.url) as answer:
                body = await answer.read()
            if answer.status != 200 or self.expect not in body:
                self.errors.append(f"{answer.status}, {len(body)} bytes")
                return
            self.bytes += len(body)
            self.latencies.append(time.monotonic() - due)
        except (aiohttp.ClientError, OSError, asyncio.TimeoutError) as error:
            self.errors.append(str(error) or type(error).__name__)

    async def run(self, ended):
        start, n, tasks = time.monotonic(), 0, set()
        while not ended.is_set():
            due = start + n / self.rate
            await asyncio.sleep(max(0, due - time.monotonic()))
            task = asyncio.create_task(self.ask(due))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            n += 1
        await asyncio.gather(*tasks)
        return time.monotonic() - start, n


async def requests(options, http, ended):
    first = Requests(options, http)
    await first.ask(time.monotonic())
    if first.errors:
        raise ConnectionError(f"{first.url}: {first.errors[0]}")
    say({"ready": True})
    counted = Requests(options, http)
    seconds, n = await counted.run(ended)
    return {"seconds": seconds, "requests": n, "failed": len(counted.errors), "why": first_error(counted.errors),
            "bytes": counted.bytes, "latency_ms": percentiles(counted.latencies)}


# ---- the program ----

def say(line):
    print(json.dumps(line), flush=True)


async def run(options):
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    headers = {}
    if options.token_file:
        with open(options.token_file, encoding="ascii") as file:
            headers["Authorization"] = f"Bearer {file.read().strip()}"
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=ANSWER_S, sock_read=ANSWER_S)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, headers=headers) as http:
        say(await options.role(options, http, ended))


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    roles = parser.add_subparsers(required=True, metavar="viewers|requests")
    for name, role in (("viewers", viewers), ("requests", requests)):
        sub = roles.add_parser(name)
        sub.set_defaults(role=role)
        sub.add_argument("--url", required=True, help="of camrelayd's HTTP server")
        sub.add_argument("--token-file", help="with the token to send")
        if role is viewers:
            sub.add_argument("--count", type=int, default=200, help="WebSockets (200)")
        else:
            sub.add_argument("--path", default="/metrics", help="what is asked for (/metrics)")
            sub.add_argument("--rate", type=float, default=50, help="requests a second (50)")
            # camrelayd allows an address 256 connections (CONNECTIONS_PER_PEER in supervisor/web.c), 200 viewers' among them.
            sub.add_argument("--at-once", type=int, default=40, help="requests that wait for an answer, at most (40)")
            sub.add_argument("--expect", default="", help="what each answer must contain")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        asyncio.run(run(parse()))
    except (asyncio.TimeoutError, ConnectionError) as problem:
        sys.exit(f"http_load.py: {problem or 'not all viewers heard the state in time'}")
