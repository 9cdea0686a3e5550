#!/usr/bin/python3
"""google.py - Google's OAuth token endpoint and the Smart Device Management API, on loopback.

Behaves as docs/sources.md says: what Google refuses is refused with Google's bodies. Streams are leases of
camera.py (--camera http://127.0.0.1:PORT, its control API); its cameras are the devices. Without --camera there
are --devices N devices whose streams lead nowhere, for tests of scheduling alone.

Prints one JSON line when it is ready:
  {"url","api_url","token_url","login_url","sim","ca","project_id","client_id","client_secret","refresh_token","refresh_tokens",
   "devices":{NAME:ID}}
Logs go to stderr. SIGTERM and SIGINT end it with 0.

  GET  /partnerconnections/P/auth?redirect_uri=..   the consent page; its form POSTs user=, device=NAME.., decision=allow|deny
                                                 and sends the browser back with a code, which is good for one exchange
  POST /token, /oauth2/v4/token                  form-encoded refresh or code; JSON or an unencoded '/' is refused
  GET  /v1/enterprises/P/devices[?filter=..]     GET /v1/enterprises/P/devices/ID   GET /v1/enterprises/P/structures
  POST /v1/enterprises/P/devices/ID:executeCommand
       sdm.devices.commands.CameraLiveStream.{GenerateRtspStream,ExtendRtspStream,StopRtspStream}
An Extend sets the expiry to now + --lifetime and replaces both tokens; the old extension token is refused at once.

Quotas (calls in any --window seconds; refused calls count): execute, per user: --qpm; command, per user, device and
command: --command-qpm; device, per camera: --device-qpm, and --device-qph in 60 windows; list: --list-qpm; get: --get-qpm.
Time is compressed by --window and --lifetime, e.g. --window 3 --lifetime 15 is a twentieth of Google's.

Control API on the same port:
  GET    /sim/state             devices, streams, buckets with their peaks, calls by kind, faults
  GET    /sim/calls[?kind=K&device=NAME&since=N]   the record of every call (as --call-log, also those unanswered yet)
  POST   /sim/faults            a fault or a list: {"match":{"kind":K,"device":NAME|ID},"count":N|"for_s":S,"action":A,..}
                                -> {"ids":[..]};  GET /sim/faults;  DELETE /sim/faults[/ID]
           kind: token generate extend stop command list get structures; execute = any command, sdm = all but token; without: all
           count: 1 unless for_s is given; both: whichever ends first
           action: 429 [bucket: execute command device list; retry_after: seconds]   500 503 504 401 403 404 409
                   failed_precondition [message]   invalid_argument [message]   invalid_grant   invalid_client   (the last two: token)
                   html [status=502]   malformed (200, JSON cut in half)   without field (an answer that lacks results.FIELD)
                   hang seconds (then the connection closes)   slow seconds   reset (TCP RST, no answer)
           executed: true = the call does its work before the fault answers (default: only malformed, without, slow)
           counted:  false = Google's quota does not see the call (default true, reset: false)
  POST   /sim/outage            {"seconds":S,"how":"503"|"hang"|"reset"[,"token":true]}
  POST   /sim/revoke_access     [{"user":"user1"}] all access tokens (of that user) are invalid from now on (401)
  POST   /sim/invalid_grant     {"on":true[,"user":"user1"]} every refresh token that there is now (of that user) is refused until {"on":false}
  POST   /sim/devices           {"name",["camera"],["type"],["protocols"],["custom_name"],["room"]} adds or changes;  DELETE /sim/devices/NAME
"""

import argparse
import asyncio
import json
import logging
import os
import random
import signal
import socket
import ssl
import struct
import sys
import time
from collections import Counter
from dataclasses import dataclass

from aiohttp import web

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import certs  # noqa: E402
import leases  # noqa: E402
import quotas  # noqa: E402
from google_auth import ApiError, OAuth, OAuthError, failed_precondition, invalid_grant  # noqa: E402
from google_consent import Consent  # noqa: E402
from google_faults import EXECUTE_KINDS, Calls, Faults, rfc3339  # noqa: E402
from google_streams import (HOST, NOT_STREAMING, CameraServer, Device, NoCameras, Stream,  # noqa: E402
                            device_id)

log = logging.getLogger("google")

DEFAULT_CACHE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../build/sim-cache")
COMMAND_PREFIX = "sdm.devices.commands.CameraLiveStream."
COMMANDS = {"GenerateRtspStream": "generate", "ExtendRtspStream": "extend", "StopRtspStream": "stop"}
WEBRTC_COMMANDS = ("GenerateWebRtcStream", "ExtendWebRtcStream", "StopWebRtcStream")
HTML = ("<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n  <title>Error {0} (Server Error)!!1</title>\n"
        "  <p><b>{0}.</b> <ins>That’s an error.</ins>\n  <p>The server encountered a temporary error and could not "
        "complete your request.<p>Please try again in 30 seconds.  <ins>That’s all we know.</ins>\n")


def families(args):
    return [quotas.Family("execute", args.qpm, args.window), quotas.Family("command", args.command_qpm, args.window),
            quotas.Family("device", args.device_qpm, args.window),
            quotas.Family("device-hour", args.device_qph, args.window * 60),
            quotas.Family("list", args.list_qpm, args.window), quotas.Family("get", args.get_qpm, args.window),
            quotas.Family("structures", args.list_qpm, args.window)]


def limited_text(bucket, command, device):
    kind = device.type.capitalize() if device else "Camera"
    return {"execute": "Rate limited for the ExecuteDeviceCommand API for the user.",
            "command": f"Rate limited for the {command} command for the user.",
            "device": f"Rate limited for the {kind}.", "device-hour": f"Rate limited for the {kind}.",
            "list": "Rate limited for the ListDevices API for the user.",
            "get": "Rate limited for the GetDevice API for the user.",
            "structures": "Rate limited for the ListStructures API for the user."}[bucket]


# ---- the service ------------------------------------------------------------------------------------------------

@dataclass
class Request:
    """What an HTTP request asks for, before anything is checked."""
    kind: str
    device: Device = None
    command: str = None  # short name
    params: dict = None
    problem: ApiError = None  # what is wrong with it; reported after authentication and quota


class Google:
    def __init__(self, args):
        self.args = args
        self.oauth = OAuth(args)
        self.quotas = quotas.Quotas(families(args), args.count_refused == "yes")
        self.calls, self.faults = Calls(args.call_log), Faults()
        self.cameras = CameraServer(args.camera) if args.camera else NoCameras(args.devices)
        self.enterprise = f"enterprises/{args.project_id}"
        self.devices = {}  # id -> Device
        self.streams = {}  # newest extension token -> Stream
        self.granted = {}  # user -> ids of the devices that were ticked; a user who never logged in has all
        self.consent = Consent(self, args)
        self.dice = random.Random(args.seed)

    async def open(self):
        for name in await self.cameras.open():
            self.add_device(name, name)

    def add_device(self, name, camera):
        device = Device(name, camera, device_id(self.args.project_id, name))
        return self.devices.setdefault(device.id, device)

    def by_name(self, name):
        return next((d for d in self.devices.values() if d.name == name), None)

    # -- one HTTP request: record it, let a fault have it, answer

    async def on_request(self, http):
        body = await http.read()
        wanted = self.understand(http, body)
        call = self.calls.begin(wanted.kind, wanted.device, http.method, http.path)
        fault = self.faults.take(call)
        try:
            answer = await (self.misbehave(fault, http, body, wanted, call) if fault
                            else self.perform(http, body, wanted, call))
            response = web.Response(text=json.dumps(answer, indent=2) + "\n", content_type="application/json") \
                if isinstance(answer, dict) else answer
            self.calls.end(call, response.status)
        except (ApiError, OAuthError) as e:
            call["bucket"] = getattr(e, "bucket", None)
            self.calls.end(call, e.http, str(e))
            response = web.Response(text=json.dumps(e.body(), indent=2) + "\n", status=e.http,
                                    content_type="application/json", headers=getattr(e, "headers", {}))
        except Gone:
            self.calls.end(call, 0, "no answer")
            return web.Response(status=503)  # the connection is closed: nobody sees it
        log.info("n=%d %s %s status=%d%s", call["n"], call["kind"], call["name"] or "-", call["status"],
                 f" error={call['error']!r}" if call["error"] else "")
        return response

    def understand(self, http, body):
        if http.path in ("/token", "/oauth2/v4/token"):
            return Request("token")
        parts = http.path.split("/")[4:]  # behind /v1/enterprises/P
        if parts == ["structures"]:
            return Request("structures", problem=self.method_problem(http, "GET"))
        if parts == ["devices"]:
            return Request("list", problem=self.method_problem(http, "GET"))
        return self.understand_device(http, body, parts)

    def understand_device(self, http, body, parts):
        if len(parts) != 2 or parts[0] != "devices":
            return Request("get", problem=ApiError(404))
        name, colon, verb = parts[1].partition(":")
        device = self.devices.get(name)
        missing = None if device else ApiError(404, f"Device {self.enterprise}/devices/{name} not found.")
        if not colon:
            return Request("get", device, problem=missing or self.method_problem(http, "GET"))
        if verb != "executeCommand":
            return Request("get", device, problem=ApiError(404))
        return self.understand_command(http, body, device, missing)

    def understand_command(self, http, body, device, missing):
        try:
            if http.content_type != "application/json":
                raise ValueError("content type")
            content = json.loads(body)
            command, params = content["command"], content.get("params", {})
            if not isinstance(command, str) or not isinstance(params, dict) or set(content) - {"command", "params"}:
                raise ValueError("members")
        except (ValueError, KeyError, TypeError):
            return Request("command", device, problem=ApiError(400, "Invalid JSON payload received."))
        short = command[len(COMMAND_PREFIX):] if command.startswith(COMMAND_PREFIX) else command
        problem = self.method_problem(http, "POST") or missing or self.command_problem(device, command, short)
        return Request(COMMANDS.get(short, "command"), device, short, params, problem)

    @staticmethod
    def method_problem(http, method):
        return None if http.method == method else ApiError(404)

    @staticmethod
    def command_problem(device, command, short):
        if not command.startswith(COMMAND_PREFIX) or short not in tuple(COMMANDS) + WEBRTC_COMMANDS:
            return ApiError(404, f"Command {command} not found.")
        protocol = "RTSP" if short in COMMANDS else "WEB_RTC"
        if protocol not in device.protocols or (protocol == "RTSP" and "WEB_RTC" in device.protocols):
            return ApiError(400, f"{command} is not supported due to camera not supporting {protocol} protocol.")
        return None

    # -- what Google does

    async def perform(self, http, body, wanted, call):
        if wanted.kind == "token":
            if http.method != "POST":
                raise OAuthError(405, "invalid_request", "Method not allowed")
            return self.oauth.refresh(http.content_type, body, time.monotonic())
        self.count(http, wanted, call)
        if http.match_info["project"] != self.args.project_id:
            raise ApiError(404, f"Enterprise enterprises/{http.match_info['project']} not found.")
        if wanted.problem:
            raise wanted.problem
        if wanted.device and not self.may_see(call["user"], wanted.device):
            raise ApiError(404, f"Device {self.enterprise}/devices/{wanted.device.id} not found.")
        if wanted.kind in EXECUTE_KINDS and self.dice.random() < self.args.error_rate:
            raise ApiError(500)
        return await self.route(http, wanted, call["user"])

    def may_see(self, user, device):
        return user not in self.granted or device.id in self.granted[user]

    def count(self, http, wanted, call):
        """Authentication, then quota: a call of nobody counts for nobody."""
        now = time.monotonic()
        call["user"] = self.oauth.user(http.headers.get("Authorization"), now)
        buckets = self.buckets_of(wanted, call["user"])
        full = self.quotas.take(buckets, now)
        if full:
            headers = {}
            if self.args.retry_after:
                headers["Retry-After"] = str(self.quotas.retry_after(full, buckets, now))
            raise ApiError(429, limited_text(full, wanted.command, wanted.device), headers=headers, bucket=full)

    def buckets_of(self, wanted, user):
        if wanted.kind not in EXECUTE_KINDS:
            return [(wanted.kind, user)]
        buckets = [("execute", user)]
        if wanted.device:
            buckets.append(("command", (user, wanted.device.id, wanted.command)))
            if wanted.device.type in ("CAMERA", "DOORBELL"):  # a DISPLAY has no limit of its own
                buckets += [("device", wanted.device.id), ("device-hour", wanted.device.id)]
        return buckets

    async def route(self, http, wanted, user):
        if wanted.kind == "list":
            return self.list_devices(http.query.get("filter"), user)
        if wanted.kind == "get":
            return wanted.device.json(self.enterprise)
        if wanted.kind == "structures":
            return {"structures": [{"name": f"{self.enterprise}/structures/AVPHwEstructure", "traits": {
                "sdm.structures.traits.Info": {"customName": "Lab"}}}]}
        if wanted.kind == "generate":
            return await self.generate(wanted.device)
        if wanted.kind == "extend":
            return await self.extend(self.stream_of(wanted))
        if wanted.kind == "stop":
            return await self.stop(self.stream_of(wanted))
        raise ApiError(400, "Invalid offer SDP: Offer must contain each of audio, video and application m lines in "
                            "that order.")  # WebRTC commands on a WebRTC camera: not served here

    def list_devices(self, wanted, user):
        devices = [d for d in self.devices.values() if self.may_see(user, d)]
        if wanted:
            key, _, text = wanted.partition("=")
            if key != "customName":
                raise ApiError(400, "Invalid filter.")
            devices = [d for d in devices if text in d.label()]
        return {"devices": [d.json(self.enterprise) for d in devices]} if devices else {}

    def stream_of(self, wanted):
        token = wanted.params.get("streamExtensionToken")
        if not isinstance(token, str) or not token:
            raise ApiError(400, "Required parameter streamExtensionToken is missing.")
        stream = self.streams.get(token)
        if stream is None or stream.device is not wanted.device:
            raise failed_precondition("Precondition check failed.")
        return stream

    async def generate(self, device):
        lease = await self.cameras.create(device, self.args.lifetime)
        now = time.monotonic()
        self.streams = {t: s for t, s in self.streams.items() if s.expires + self.args.lifetime * 10 > now}
        stream = Stream(device, lease["id"], new_extension_token(), now + lease["expires_in_s"], now)
        self.streams[stream.extension_token] = stream
        return {"results": dict({"streamUrls": {"rtspUrl": lease["url"]}}, **self.tokens(stream, lease))}

    async def extend(self, stream):
        lease = await self.cameras.extend(stream.lease, self.args.lifetime)
        self.streams.pop(stream.extension_token, None)
        stream.extension_token = new_extension_token()
        stream.expires = time.monotonic() + lease["expires_in_s"]
        stream.extends += 1
        self.streams[stream.extension_token] = stream
        return {"results": self.tokens(stream, lease)}

    async def stop(self, stream):
        await self.cameras.revoke(stream.lease)
        self.streams.pop(stream.extension_token, None)
        return {}

    def tokens(self, stream, lease):
        return {"streamExtensionToken": stream.extension_token, "streamToken": lease["token"],
                "expiresAt": rfc3339(lease["expires_wall"], 0 if self.args.no_fraction else 3)}

    # -- faults

    async def misbehave(self, fault, http, body, wanted, call):
        call["fault"] = fault.action
        if fault.action == "slow":
            return await self.slow(fault, http, body, wanted, call)
        answer = await self.before(fault, http, body, wanted, call)
        if fault.action in ("hang", "reset"):
            return await self.say_nothing(fault, http)
        if fault.action == "html":
            status = int(fault.options.get("status", 502))
            return web.Response(text=HTML.format(status), status=status, content_type="text/html")
        if fault.action == "malformed":
            text = json.dumps(answer or {"results": {"streamToken": "g.1.x"}}, indent=2)
            return web.Response(text=text[:len(text) // 2], content_type="application/json")
        if fault.action == "without":
            answer.get("results", answer).pop(fault.options["field"], None)
            return answer
        raise self.refusal(fault, wanted, call)

    async def before(self, fault, http, body, wanted, call):
        """What happens to the call although its answer will be the fault."""
        if fault.executed:
            return await self.perform(http, body, wanted, call)
        if fault.counted and wanted.kind != "token":
            self.count(http, wanted, call)
        return None

    async def slow(self, fault, http, body, wanted, call):
        """executed true (default): works at once, answers late. false: works only after the wait."""
        if not fault.executed:
            await asyncio.sleep(float(fault.options["seconds"]))
            return await self.perform(http, body, wanted, call)
        try:
            return await self.perform(http, body, wanted, call)
        finally:
            await asyncio.sleep(float(fault.options["seconds"]))

    async def say_nothing(self, fault, http):
        if fault.action == "hang":
            await asyncio.sleep(float(fault.options["seconds"]))
        elif http.transport:
            sock = http.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if http.transport:
            http.transport.abort()
        raise Gone

    def refusal(self, fault, wanted, call):
        if fault.action == "invalid_grant":
            return invalid_grant()
        if fault.action == "invalid_client":
            return OAuthError(401, "invalid_client", "The OAuth client was not found.")
        if wanted.kind == "token":
            return OAuthError(int(fault.action) if fault.action.isdigit() else 400, "internal_failure",
                              fault.options.get("message", "scripted fault"))
        message = fault.options.get("message")
        if fault.action == "failed_precondition":
            return failed_precondition(message or NOT_STREAMING)
        if fault.action == "invalid_argument":
            return ApiError(400, message or "Command not supported.")
        if fault.action == "429":
            return self.limited(fault, wanted)
        return ApiError(int(fault.action), message)

    def limited(self, fault, wanted):
        bucket = fault.options.get("bucket", "execute" if wanted.kind in EXECUTE_KINDS else wanted.kind)
        after = fault.options.get("retry_after")
        headers = {} if after is None else {"Retry-After": str(after)}
        return ApiError(429, limited_text(bucket, wanted.command, wanted.device), headers=headers, bucket=bucket)

    # -- control API

    async def get_state(self, _http):
        now = time.monotonic()
        streams = [{"name": s.device.name, "lease": s.lease, "extends": s.extends, "age_s": round(now - s.generated, 3),
                    "expires_in_s": round(s.expires - now, 3)} for s in self.streams.values()]
        return web.json_response({
            "devices": {d.name: d.id for d in self.devices.values()}, "streams": streams, "buckets": self.quotas.state(),
            "calls": Counter(c["kind"] for c in self.calls.all), "access_tokens": len(self.oauth.access),
            "faults": [f.state() for f in self.faults.list]})

    async def get_calls(self, http):
        kind, device, since = http.query.get("kind"), http.query.get("device"), int(http.query.get("since", 0))
        return web.json_response([c for c in self.calls.all[since:]
                                  if kind in (None, c["kind"]) and device in (None, c["name"], c["device"])])

    async def post_faults(self, http):
        body = await http.json()
        bodies = body if isinstance(body, list) else [body]
        return web.json_response({"ids": [self.faults.add(b) for b in bodies]})

    async def get_faults(self, _http):
        return web.json_response([f.state() for f in self.faults.list])

    async def delete_faults(self, http):
        wanted = http.match_info.get("id")
        self.faults.list = [f for f in self.faults.list if wanted is not None and f.id != int(wanted)]
        return web.json_response({})

    async def post_outage(self, http):
        body = await http.json()
        how, seconds = str(body.get("how", "503")), float(body["seconds"])
        fault = {"action": how, "for_s": seconds, "match": {"kind": "any" if body.get("token") else "sdm"}}
        fault.update({"seconds": seconds} if how == "hang" else {}, counted=False)
        return web.json_response({"ids": [self.faults.add(fault)]})

    def users_of(self, body):
        """The user that a control request names, or all."""
        users = set(self.oauth.users.values())
        if body.get("user", next(iter(users))) not in users:
            raise LookupError("no such user")
        return {body["user"]} if "user" in body else users

    async def post_revoke_access(self, http):
        self.oauth.revoke(self.users_of(await http.json() if http.can_read_body else {}))
        return web.json_response({})

    async def post_invalid_grant(self, http):
        body = await http.json()
        self.oauth.refuse(self.users_of(body), body["on"])
        return web.json_response({})

    async def post_device(self, http):
        body = await http.json()
        device = self.by_name(body["name"]) or self.add_device(body["name"], body.get("camera", body["name"]))
        device.camera = body.get("camera", device.camera)
        for key in ("type", "protocols", "custom_name", "room"):
            setattr(device, key, body.get(key, getattr(device, key)))
        return web.json_response({"id": device.id})

    async def delete_device(self, http):
        device = self.by_name(http.match_info["name"])
        if device is None:
            raise LookupError("no such device")
        del self.devices[device.id]
        return web.json_response({})

    def routes(self):
        return self.consent.routes() + [
                web.get("/sim/state", self.get_state), web.get("/sim/calls", self.get_calls),
                web.get("/sim/faults", self.get_faults), web.post("/sim/faults", self.post_faults),
                web.delete("/sim/faults", self.delete_faults), web.delete("/sim/faults/{id}", self.delete_faults),
                web.post("/sim/outage", self.post_outage), web.post("/sim/revoke_access", self.post_revoke_access),
                web.post("/sim/invalid_grant", self.post_invalid_grant), web.post("/sim/devices", self.post_device),
                web.delete("/sim/devices/{name}", self.delete_device),
                web.route("*", "/token", self.on_request), web.route("*", "/oauth2/v4/token", self.on_request),
                web.route("*", "/v1/enterprises/{project}/{rest:.*}", self.on_request)]


class Gone(Exception):
    """The connection was closed instead of answered."""


def new_extension_token():
    return "CjY5" + leases.opaque(160)


@web.middleware
async def control_errors(http, handler):
    """Mistakes in requests to /sim are told in words."""
    try:
        return await handler(http)
    except (KeyError, ValueError, TypeError, AttributeError) as e:
        if not http.path.startswith("/sim/"):
            raise
        return web.json_response({"error": f"missing {e}" if isinstance(e, KeyError) else str(e)}, status=400)
    except LookupError as e:
        return web.json_response({"error": str(e)}, status=404)


# ---- start ------------------------------------------------------------------------------------------------------

def arguments():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = ap.add_argument
    add("--camera", help="control URL of camera.py")
    add("--devices", type=int, default=3, help="without --camera: how many devices (3)")
    add("--port", type=int, default=0, help="0: a free one (0)")
    add("--lifetime", type=float, default=300.0, help="seconds that a stream lives after Generate or Extend (300)")
    add("--token-life", type=float, default=3599.0, help="seconds that an access token lives (3599)")
    add("--window", type=float, default=60.0, help="seconds of Google's minute (60)")
    add("--qpm", type=int, default=10, help="commands per user and window (10)")
    add("--command-qpm", type=int, default=5, help="one command on one device, per user and window (5)")
    add("--device-qpm", type=int, default=30, help="commands on one camera per window (30)")
    add("--device-qph", type=int, default=100, help="commands on one camera per 60 windows (100)")
    add("--list-qpm", type=int, default=5, help="devices.list per user and window (5)")
    add("--get-qpm", type=int, default=10, help="devices.get per user and window (10)")
    add("--count-refused", choices=("yes", "no"), default="yes", help="calls answered 429 use quota (yes)")
    add("--retry-after", action="store_true", help="429 carries Retry-After (Google's: not known)")
    add("--no-fraction", action="store_true", help="expiresAt without milliseconds")
    add("--error-rate", type=float, default=0.0, help="share of commands answered 500 at random (0)")
    add("--seed", type=int, default=1, help="of that randomness (1)")
    add("--project-id", default="32c4c2bc-fe0d-461b-b51c-f3885afff2f0")
    add("--client-id", default="lab-client.apps.googleusercontent.com")
    add("--client-secret", default="GOCSPX-lab+secret/with=signs")
    add("--redirect-uri", action="append", help="one that the OAuth client knows (any of loopback, https://www.google.com)")
    add("--users", type=int, default=1, help="Google accounts: each has its refresh token and its own quota (1)")
    add("--call-log", help="file for the record of every call, JSON lines")
    add("--https", action="store_true", help="HTTPS with the lab certificate of --cache")
    add("--tls", choices=certs.VARIANTS, default="server", help="with --https: which lab certificate (server); others are rogue")
    add("--tls-cert", help="HTTPS with this PEM file and --tls-key")
    add("--tls-key", help="PEM file")
    add("--cache", default=DEFAULT_CACHE, help="folder for certificates (build/sim-cache)")
    add("--quiet", action="store_true", help="log warnings only")
    args = ap.parse_args()
    if bool(args.tls_cert) != bool(args.tls_key):
        ap.error("--tls-cert and --tls-key go together")
    return args


def tls_context(args):
    """-> (ssl context or None, path of the CA or None)"""
    if not args.https and not args.tls_cert:
        return None, None
    made = certs.ensure(os.path.join(args.cache, "certs")) if not args.tls_cert else {}
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*((args.tls_cert, args.tls_key) if args.tls_cert else made[args.tls]))
    return context, made.get("ca")


def ready_line(args, google, url, ca):
    tokens = list(google.oauth.users)
    return {"url": url, "api_url": url + "/v1", "token_url": url + "/token",
            "login_url": url + "/partnerconnections", "sim": url + "/sim", "ca": ca,
            "project_id": args.project_id, "client_id": args.client_id, "client_secret": args.client_secret,
            "refresh_token": tokens[0], "refresh_tokens": tokens,
            "devices": {d.name: d.id for d in google.devices.values()}}


async def serve(args):
    google = Google(args)
    try:
        await google.open()
        await listen(args, google)
    finally:
        google.calls.close()
        await google.cameras.close()


async def listen(args, google):
    context, ca = tls_context(args)
    app = web.Application(middlewares=[control_errors])
    app.add_routes(google.routes())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, HOST, args.port, ssl_context=context).start()
    url = "%s://%s:%d" % (("https" if context else "http",) + runner.addresses[0][:2])
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    print(json.dumps(ready_line(args, google, url, ca)), flush=True)
    await ended.wait()


def main():
    args = arguments()
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING if args.quiet else logging.INFO,
                        format="%(asctime)s %(name)s %(levelname)s %(message)s")
    try:
        asyncio.run(serve(args))
    except ApiError:
        return 69  # EX_UNAVAILABLE: the camera server, already logged
    return 0


if __name__ == "__main__":
    sys.exit(main())
