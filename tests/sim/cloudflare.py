#!/usr/bin/python3
"""cloudflare.py - stand-in for Cloudflare Realtime SFU: its HTTPS API in front of a real Janus.

Owns sessions, tracks, their errors and life times, and the scripted faults. The media engine is
cloudflare_janus.py, the SDP's shape cloudflare_sdp.py. One asyncio loop. See README-sfu.md.
"""
import argparse
import asyncio
import collections
import contextlib
import functools
import itertools
import json
import logging
import os
import re
import secrets
import signal
import socket
import ssl
import struct
import sys
import time

from aiohttp import web

import cloudflare_sdp as sdp_shape
from cloudflare_janus import ROOM, Janus, JanusError, JanusGone, build_shim
from cloudflare_take import Taken

LOG = logging.getLogger("cloudflare")
HERE = os.path.dirname(os.path.abspath(__file__))
TRACKS_PER_CALL = 64            # platform/limits
REQUESTS_PER_SECOND = 50        # per session, platform/limits
CALLS_KEPT = 100000
NAME = re.compile(r"^[a-zA-Z0-9][a-zA-Z0-9._:-]{0,127}$")  # what Cloudflare's own client accepts
FAULT_STATUS = {406: "invalid_session_description", 410: "session_error", 425: "session_error",
                429: None, 500: "internal_error", 503: "temporarily_unavailable_error"}
FAULT_ACTIONS = {"per_track", "hang", "html", "malformed", "lost_reply", "no_sdp"}
OPERATIONS = {"sessions_new", "tracks_new", "renegotiate", "tracks_update", "tracks_close", "session_get", "*"}


class ApiError(Exception):
    """An answer of the API other than 2xx."""

    def __init__(self, status, code, description):
        super().__init__(description)
        self.status, self.code, self.description = status, code, description


def decoding_error(what):
    return ApiError(400, "decoding_error", f"Error decoding request: {what}")


def invalid_params(what):
    return ApiError(406, "invalid_params", what)


def bad_description(what):
    return ApiError(406, "invalid_session_description", what)


def session_gone(why):
    return ApiError(410, "session_error", f"Session error: {why}")


class Track:
    """One published (local) or pulled (remote) m-section of a session."""

    def __init__(self, session, mid, name, kind, source=None):
        self.session, self.mid, self.name, self.kind = session, mid, name, kind
        self.source = source               # (session id, name) of a pulled one
        self.active = True
        self.poisoned = False              # re-published on a used mid: never delivers
        self.created = self.last_rtp = time.monotonic()
        self.created_unix = time.time()
        self.packets = 0

    def describe(self):
        out = {"location": "remote" if self.source else "local", "mid": self.mid,
               "trackName": self.name, "status": "active" if self.active else "inactive"}
        if self.source:
            out["sessionId"] = self.source[0]
        return out


class Session:
    """A session of the API: at most one PeerConnection, either publishing or pulling."""

    def __init__(self, engine):
        self.id = secrets.token_hex(16)
        self.engine = engine
        self.handle = None
        self.role = None                   # publisher, viewer
        self.taken = None                  # of a viewer that made the offer
        self.tracks = {}                   # mid -> Track
        self.used_mids = set()
        self.offer_pending = False         # an offer of ours waits for its answer
        self.busy = False                  # one mutation at a time
        self.dead = None                   # why
        self.created = time.monotonic()
        self.requests = collections.deque(maxlen=REQUESTS_PER_SECOND)

    @property
    def connected(self):
        return bool(self.handle and self.handle.up.is_set() and not self.dead)

    def published(self):
        return [t for t in self.tracks.values() if t.active and not t.source]

    async def attach(self, role):
        self.handle = await self.engine.attach()
        self.handle.on_hangup = self.end
        self.role = role

    def end(self, why):
        if self.dead is None:
            self.dead = why
            LOG.info("session %s ended: %s", self.id, why)
        for track in self.tracks.values():
            track.active = False

    async def drop(self, why):
        """End the session and its PeerConnection."""
        if self.taken:
            self.taken.end(why)
        self.end(why)
        if self.handle and not self.engine.stopped:
            with contextlib.suppress(JanusError, JanusGone):
                await self.handle.detach()

    async def mute(self, track):
        """Let nothing of a publisher's track through to anybody; the PeerConnection stays."""
        track.active = False
        await self.handle.message({"request": "moderate", "room": ROOM, "id": self.id,
                                   "mid": track.mid, "mute": True})

    async def counters(self):
        """Janus' view, with packets of each track; None if it cannot be had."""
        if not self.handle:
            return None
        try:
            info = await self.handle.info()
        except (JanusError, JanusGone):
            return None
        self._note_packets(info)
        return info

    def _note_packets(self, info):
        for mid, media in info.get("webrtc", {}).get("media", {}).items():
            track = self.tracks.get(mid)
            packets = media.get("stats", {}).get("in", {}).get("packets", 0)
            if track and packets != track.packets:
                track.packets, track.last_rtp = packets, time.monotonic()


class Fault:
    """A scripted fault: which calls it takes, how often or how long, and what happens."""

    numbers = itertools.count(1)

    def __init__(self, spec):
        if not isinstance(spec, dict):
            raise ValueError("a fault is an object")
        self.id = next(self.numbers)
        self.match = spec.get("match", "*")
        self.action = spec.get("action")
        if isinstance(self.action, str) and self.action.isdigit():
            self.action = int(self.action)
        self.error = spec.get("error", "not_found_track_error")
        self.seconds = float(spec.get("seconds", 30))
        self.retry_after = spec.get("retry_after")
        self.track, self.session = spec.get("track"), spec.get("session")
        self.count = spec.get("count", None if "for_s" in spec else 1)
        self.until = time.monotonic() + float(spec["for_s"]) if "for_s" in spec else None
        self.hits = 0
        if self.match not in OPERATIONS:
            raise ValueError(f"match must be one of {sorted(OPERATIONS)}")
        if self.action not in FAULT_STATUS and self.action not in FAULT_ACTIONS:
            raise ValueError(f"action must be one of {sorted(FAULT_STATUS)}, "
                             f"{sorted(FAULT_ACTIONS)}")

    def spent(self):
        return ((self.count is not None and self.hits >= self.count)
                or (self.until is not None and time.monotonic() > self.until))

    def takes(self, operation, session_id, names):
        return (not self.spent() and self.match in ("*", operation)
                and self.session in (None, session_id)
                and (self.track is None or any(n.startswith(self.track) for n in names)))

    def describe(self):
        return {"id": self.id, "match": self.match, "action": self.action, "hits": self.hits,
                "left": None if self.count is None else self.count - self.hits}


class Sfu:
    """The service: engines, sessions, faults, calls."""

    def __init__(self, options):
        self.options = options
        self.shim = build_shim(options.cache)
        self.engine = None                 # the one that new sessions get
        self.engines = []
        self.sessions = {}
        self.faults = []
        self.calls = collections.deque(maxlen=CALLS_KEPT)
        self.call_numbers = itertools.count(1)
        self.loss = 0.0

    # ---- engines

    async def start_engine(self):
        self.engine = None
        engine = Janus(self.shim, self.options.srtp, self.options.janus_debug, self.options.audio_codecs)
        self.engines.append(engine)
        await engine.start()
        engine.set_loss(self.loss)
        self.engine = engine

    async def retire(self, engine, why):
        """Forget a dead engine; its sessions are gone."""
        for session in self.sessions.values():
            if session.engine is engine:
                session.end(why)
        self.engines.remove(engine)
        await engine.close()

    async def close(self):
        for engine in self.engines:
            await engine.close()

    # ---- upkeep

    async def upkeep(self):
        """Every now and then: count packets, drop silent tracks, forget what never connected."""
        interval = min(2.0, max(0.2, self.options.track_idle / 5))
        while True:
            await asyncio.sleep(interval)
            try:
                await self.sweep()
            except Exception:  # upkeep must outlive whatever one round meets
                LOG.exception("upkeep")

    async def sweep(self):
        for engine in [e for e in self.engines if e.process and not e.alive]:
            LOG.warning("janus died by itself")
            await self.retire(engine, "media server lost")
            await self.start_engine()
        live = [s for s in self.sessions.values() if not s.dead and not s.engine.stopped]
        await asyncio.gather(*(self.sweep_session(s) for s in live))

    async def sweep_session(self, session):
        age = time.monotonic() - session.created
        if not session.connected:
            if age > self.options.unconnected_ttl:
                await session.drop("never connected")
            return
        if session.role != "publisher" or await session.counters() is None:
            return
        quiet = min((time.monotonic() - t.last_rtp for t in session.tracks.values()), default=0)
        if quiet > 2 * self.options.track_idle:
            await session.drop("connectivity lost")
        for track in session.published():
            idle = time.monotonic() - max(track.last_rtp, track.created)
            if idle > self.options.track_idle:
                LOG.info("track %s/%s idle for %.1f s: dropped", session.id, track.name, idle)
                await session.mute(track)

    # ---- the API's operations: each returns (status, body)

    def live(self, session_id):
        session = self.sessions.get(session_id)
        if session is None:
            raise session_gone("no such session")
        if session.dead:
            raise session_gone(session.dead)
        if not session.engine.alive:
            session.end("media server lost")
            raise session_gone(session.dead)
        return session

    async def sessions_new(self, _session, body):
        if self.engine is None:
            raise ApiError(503, "temporarily_unavailable_error", "No media server")
        session = Session(self.engine)
        self.sessions[session.id] = session
        answer = {"sessionId": session.id}
        if body is not None:
            offer = description(body, "offer")
            answer["sessionDescription"] = await self.publish(session, offer, {})
        return 201, answer

    async def session_get(self, session, _body):
        return 200, {"tracks": [t.describe() for t in session.tracks.values()], "dataChannels": []}

    async def tracks_new(self, session, body):
        need_object(body)
        if body.get("autoDiscover"):
            return await self.push_discovered(session, body)
        wanted = track_list(body)
        locations = {t.get("location") for t in wanted}
        if locations == {"local"}:
            return await self.push(session, body, wanted)
        if locations == {"remote"}:
            return await self.pull(session, body, wanted)
        raise invalid_params("tracks must be all local or all remote")

    async def push_discovered(self, session, body):
        offer = description(body, "offer")
        names = {sdp_shape.attribute(m, "mid"): secrets.token_hex(8) for m in offer.media
                 if sdp_shape.direction(m) in ("sendonly", "sendrecv")
                 and sdp_shape.attribute(m, "mid") not in session.tracks}
        return await self.push_named(session, offer, names)

    async def push(self, session, body, wanted):
        if "sessionDescription" not in body:
            raise ApiError(500, "backend_error", "Push without an offer failed")
        offer = description(body, "offer")
        names = {}
        for item in wanted:
            mid, name = text(item, "mid"), text(item, "trackName")
            if mid in names or mid not in offer.by_mid():
                raise invalid_params(f"mid {mid!r} is not, or not once, in the offer")
            if name in names.values() or any(t.name == name for t in session.published()):
                raise invalid_params(f"trackName {name!r} is taken")
            names[mid] = name
        return await self.push_named(session, offer, names)

    async def push_named(self, session, offer, names):
        answer = await self.publish(session, offer, names)
        return 200, {"requiresImmediateRenegotiation": False,
                     "tracks": [{"trackName": name, "mid": mid} for mid, name in names.items()],
                     "sessionDescription": answer}

    async def publish(self, session, offer, names):
        """Give a publisher's offer to Janus; returns the answer in Cloudflare's shape."""
        if session.role == "viewer":
            raise ApiError(501, "sim_not_supported", "The stand-in's sessions push or pull")
        if len(offer.media) > self.options.m_sections:
            # Undocumented: the m-section budget of a connection, seen as 410.
            await session.drop("too many m-sections")
            raise session_gone(session.dead)
        first = session.handle is None
        if first:
            await session.attach("publisher")
        else:
            await self.wait_connected(session)
        passive = self.options.dtls_role == "passive"
        jsep = {"type": "offer", "sdp": sdp_shape.offer_for_janus(offer, passive)}
        request = ({"request": "joinandconfigure", "ptype": "publisher", "room": ROOM,
                    "id": session.id} if first else {"request": "configure", "update": True})
        try:
            _, reply = await session.handle.message(request, jsep)
            answer = sdp_shape.shape_answer(offer, reply["sdp"], passive)
        except (JanusError, sdp_shape.BadSdp) as error:
            raise bad_description(str(error)) from error
        for mid, name in names.items():
            kind = offer.by_mid()[mid][0].split()[0][2:]
            session.tracks[mid] = Track(session, mid, name, kind)
            session.tracks[mid].poisoned = mid in session.used_mids
        session.used_mids.update(names)
        return {"type": "answer", "sdp": answer}

    async def wait_connected(self, session):
        """Operations on a connected transport wait for it, then give up."""
        if session.handle is not None and session.connected:
            return
        try:
            await asyncio.wait_for(session.handle.up.wait(), self.options.connect_wait)
        except asyncio.TimeoutError as error:
            raise ApiError(425, "session_error", "Session is not ready yet") from error
        if session.dead:
            raise session_gone(session.dead)

    async def pull(self, session, body, wanted):
        if session.role == "publisher":
            raise ApiError(501, "sim_not_supported", "The stand-in's sessions push or pull")
        if session.taken or ("sessionDescription" in body and session.handle):
            raise ApiError(501, "sim_not_supported", "The stand-in takes one offer of a viewer per session")
        if session.offer_pending:
            raise bad_description("The previous offer has not been answered")
        if session.handle is not None:
            await self.wait_connected(session)
        sources = [self.find_source(item) for item in wanted]
        failures = await asyncio.gather(*(self.source_failure(s) for s in sources))
        good = [s for s, failure in zip(sources, failures) if failure is None]
        described, mids = await self.negotiate(session, body, good) if good else (None, {})
        items = []
        for item, source, failure in zip(wanted, sources, failures):
            shown = {"sessionId": item["sessionId"], "trackName": item["trackName"]}
            if failure:
                items.append({**track_failure(failure), "mid": "", **shown})
            else:
                self.note_pulled(session, mids[source], source)
                items.append({**shown, "mid": mids[source]})
        answer = {"requiresImmediateRenegotiation": session.offer_pending, "tracks": items}
        if described is not None:
            answer["sessionDescription"] = described
        return 200, answer

    def note_pulled(self, session, mid, source):
        session.tracks[mid] = Track(session, mid, source.name, source.kind, (source.session.id, source.name))

    async def negotiate(self, session, body, sources):
        """The description for the viewer, our offer or the answer to its own, and {source: mid}."""
        if "sessionDescription" not in body:
            offer, mids = await self.subscribe(session, sources)
            session.offer_pending = True
            return {"type": "offer", "sdp": offer}, dict(zip(sources, mids))
        offer = description(body, "offer")
        session.taken = Taken(session)
        try:
            answer, mids = await session.taken.open(offer, sources)
        except (JanusError, sdp_shape.BadSdp) as error:
            await session.drop("its offer was bad")
            raise bad_description(str(error)) from error
        return {"type": "answer", "sdp": answer}, mids

    async def tracks_update(self, session, body):
        """Other tracks in the place of pulled ones. VideoRoom and forwarders switch without SDP."""
        wanted = track_list(need_object(body))
        if session.role != "viewer":
            raise invalid_params("nothing is pulled in this session")
        await self.wait_connected(session)
        return 200, {"requiresImmediateRenegotiation": False,
                     "tracks": [await self.update_track(session, item) for item in wanted]}

    async def update_track(self, session, item):
        shown = {key: text(item, key) for key in ("sessionId", "trackName", "mid")}
        was, source = session.tracks.get(shown["mid"]), self.find_source(item)
        failure = await self.source_failure(source)
        if was is None or not was.active or (source and source.kind != was.kind):
            failure = "update_track_error"
        if failure:
            return {**track_failure(failure), **shown}
        if session.taken:
            await session.taken.forward(was.mid, source)
        else:
            await session.handle.message({"request": "switch", "streams": [
                {"feed": source.session.id, "mid": source.mid, "sub_mid": was.mid}]})
        self.note_pulled(session, was.mid, source)
        return shown

    def find_source(self, item):
        publisher = self.sessions.get(text(item, "sessionId"))
        name = text(item, "trackName")
        tracks = publisher.published() if publisher and publisher.connected else []
        return next((t for t in tracks if t.name == name), None)

    async def source_failure(self, track):
        """Why a track cannot be pulled, or None. Waits for its first packet."""
        if track is None:
            return "not_found_track_error"
        deadline = time.monotonic() + self.options.pull_wait
        while time.monotonic() < deadline:
            if not track.poisoned:
                await track.session.counters()
                if track.packets and time.monotonic() - track.last_rtp < self.options.pull_wait:
                    return None
            await asyncio.sleep(0.05)
        return "empty_track_error"

    async def subscribe(self, session, sources):
        """Returns the offer for the viewer, and the mids of the sources in it, in order."""
        streams = [{"feed": t.session.id, "mid": t.mid} for t in sources]
        request = {"request": "subscribe", "streams": streams}
        if session.handle is None:
            await session.attach("viewer")
            request = {"request": "join", "ptype": "subscriber", "room": ROOM, "streams": streams}
        try:
            data, jsep = await session.handle.message(request)
        except JanusError as error:
            raise ApiError(500, "backend_error", str(error)) from error
        mids = {(s["feed_id"], s["feed_mid"]): s["mid"] for s in data["streams"]
                if "feed_id" in s}
        if jsep is None:
            raise ApiError(500, "backend_error", "janus made no offer")
        return (sdp_shape.shape_offer(jsep["sdp"]),
                [mids[t.session.id, t.mid] for t in sources])

    async def renegotiate(self, session, body):
        answer = description(body, "answer")
        if not session.offer_pending:
            raise bad_description("There is no offer to answer")
        try:
            await session.handle.message({"request": "start"},
                                         {"type": "answer", "sdp": answer.text()})
        except JanusError as error:
            raise bad_description(str(error)) from error
        session.offer_pending = False
        return 200, {}

    async def tracks_close(self, session, body):
        need_object(body)
        items = body.get("tracks")
        if not isinstance(items, list) or not isinstance(body.get("force"), bool):
            raise decoding_error("tracks and force are required")
        if len(items) > TRACKS_PER_CALL:
            raise invalid_params("too many tracks")
        mids = [text(need_object(item), "mid") for item in items]
        answer = {"requiresImmediateRenegotiation": False}
        if not body["force"]:
            if "sessionDescription" not in body or session.role == "viewer":
                raise bad_description("a close without force needs an offer (publishers only)")
            await self.wait_connected(session)
            offer = description(body, "offer")
            answer["sessionDescription"] = await self.publish(session, offer, {})
        answer["tracks"] = [await self.close_track(session, mid) for mid in mids]
        return 200, answer

    async def close_track(self, session, mid):
        track = session.tracks.get(mid)
        if track is None or not track.active:
            return {"mid": mid, **track_failure("close_track_error")}
        if track.source and session.taken:
            track.active = False
            await session.taken.stop(mid)
        elif track.source:
            track.active = False
            await session.handle.message({"request": "configure",
                                          "streams": [{"mid": mid, "send": False}]})
        else:
            try:
                await session.mute(track)
            except JanusError as error:  # the publisher left while we were at it
                raise session_gone(str(error)) from error
        return {"mid": mid}

    # ---- what tests see

    def published(self):
        """Tracks a viewer may ask for; the newest of each name last."""
        tracks = [t for s in self.sessions.values() if s.connected for t in s.published()]
        return [{"sessionId": t.session.id, "trackName": t.name, "mid": t.mid, "kind": t.kind,
                 "since": t.created_unix}
                for t in sorted(tracks, key=lambda t: t.created)]

    async def state(self, light):
        out = {"published": self.published()}
        if light:
            return out
        out["janus"] = [{"pid": e.process.pid, "alive": e.alive, "stopped": e.stopped,
                         "current": e is self.engine} for e in self.engines if e.process]
        out["sessions"] = await asyncio.gather(
            *(self.session_state(s) for s in self.sessions.values()))
        return out

    async def session_state(self, session):
        alive = not session.dead and not session.engine.stopped
        info = await session.counters() if alive else None
        webrtc = (info or {}).get("webrtc", {})
        dtls, ice = webrtc.get("dtls", {}), webrtc.get("ice", {})
        return {"id": session.id, "role": session.role, "connected": session.connected,
                "dead": session.dead, "age_s": round(time.monotonic() - session.created, 3),
                "janus_pid": session.engine.process.pid,
                "dtls_role_of_sfu": dtls.get("dtls-role"), "srtp_profile": dtls.get("srtp-profile"),
                "dtls_ms": milliseconds(dtls.get("handshake-started"), dtls.get("connected")),
                "ice_pair": ice.get("selected-pair"),
                "tracks": [self.track_state(session, t, webrtc) for t in session.tracks.values()]}

    def track_state(self, session, track, webrtc):
        media = webrtc.get("media", {}).get(track.mid, {})
        way = media.get("stats", {}).get("out" if track.source else "in", {})
        ssrc = media.get("ssrc", {}).get("ssrc-peer") or 0
        out = dict(track.describe(), kind=track.kind, packets=way.get("packets", track.packets),
                   bytes=way.get("bytes"), codec=media.get("codecs", {}).get("codec"),
                   pt=media.get("codecs", {}).get("pt"))
        if not track.source:
            out.update(ssrc=ssrc, idle_ms=int(1000 * (time.monotonic() - track.last_rtp)),
                       retransmissions=way.get("retransmissions"), poisoned=track.poisoned,
                       rtcp=media.get("rtcp", {}).get("main"))
            with contextlib.suppress(ValueError):   # the engine may just have been closed
                out.update(session.engine.feedback(ssrc))
        return out

    async def media(self, spec):
        """freeze, thaw, kill, failover, end_session, loss."""
        action = spec.get("action")
        if action == "freeze":
            self.engine.signal(signal.SIGSTOP)
        elif action == "thaw":
            for engine in self.engines:
                engine.signal(signal.SIGCONT)
        elif action == "kill":
            engine = self.engine
            engine.signal(signal.SIGKILL)
            await self.retire(engine, "media server lost")
            await self.start_engine()
        elif action == "failover":
            self.engine.signal(signal.SIGSTOP)
            await self.start_engine()
        elif action == "end_session":
            await self.live(spec.get("session")).drop("ended by the test")
        elif action == "loss":
            self.loss = float(spec["ratio"])
            for engine in self.engines:
                engine.set_loss(self.loss)
        else:
            raise ValueError("action: freeze, thaw, kill, failover, end_session, loss")

    async def keyframe(self, spec):
        """PLI to the publisher of each track with this name (all when there is none)."""
        name, asked = spec.get("trackName"), []
        for session in [s for s in self.sessions.values() if s.connected]:
            for track in session.published():
                if track.kind == "video" and name in (None, track.name):
                    await session.handle.message({"request": "configure", "keyframe": True})
                    asked.append({"sessionId": session.id, "trackName": track.name})
        return asked


# ---- reading requests

def need_object(value):
    if not isinstance(value, dict):
        raise decoding_error("an object was expected")
    return value


def text(item, key):
    """A name or an id of a track entry."""
    value = item.get(key)
    if not isinstance(value, str):
        raise decoding_error(f"{key} must be a string")
    if not NAME.match(value):
        raise invalid_params(f"{key} {value!r} is not valid")
    return value


def track_list(body):
    tracks = body.get("tracks")
    if not isinstance(tracks, list) or not all(isinstance(t, dict) for t in tracks):
        raise decoding_error("tracks must be a list of objects")
    if not 1 <= len(tracks) <= TRACKS_PER_CALL:
        raise invalid_params(f"1 to {TRACKS_PER_CALL} tracks in a call")
    return tracks


def description(body, wanted):
    """The sessionDescription of a body, parsed and checked."""
    value = need_object(body).get("sessionDescription")
    if not isinstance(value, dict) or not isinstance(value.get("sdp"), str):
        raise decoding_error("sessionDescription must have type and sdp")
    if value.get("type") != wanted:
        raise bad_description(f"type {wanted} was expected")
    try:
        if wanted == "offer":
            return sdp_shape.check_offer(value["sdp"])
        return sdp_shape.Sdp(value["sdp"])
    except sdp_shape.BadSdp as error:
        raise bad_description(str(error)) from error


def track_failure(code):
    texts = {"not_found_track_error": "Track not found on remote peer. Is the remote peer "
                                      "connected and sending?",
             "empty_track_error": "Track has no media",
             "update_track_error": "Track cannot be updated",
             "close_track_error": "Track doesn't exist or was already closed"}
    return {"errorCode": code, "errorDescription": texts.get(code, "Scripted fault")}


def milliseconds(start_us, end_us):
    return round((end_us - start_us) / 1000, 1) if start_us and end_us else None


def names_in(body, session):
    """Track names a call is about, for faults and the call log."""
    tracks = body.get("tracks") if isinstance(body, dict) else None
    tracks = [t for t in tracks if isinstance(t, dict)] if isinstance(tracks, list) else []
    names = [t["trackName"] for t in tracks if isinstance(t.get("trackName"), str)]
    if not names and session:
        names = [t.name for t in session.tracks.values()]
    return names


# ---- HTTP

MUTATIONS = {"tracks_new", "renegotiate", "tracks_update", "tracks_close"}


class Api:
    """Routes of the service: authorisation, call log, faults, one mutation at a time."""

    def __init__(self, sfu):
        self.sfu = sfu

    def routes(self):
        base = "/v1/apps/{app}/sessions"
        one = base + "/{session}"
        return [web.post(base + "/new", functools.partial(self.call, "sessions_new")),
                web.get(one, functools.partial(self.call, "session_get")),
                web.post(one + "/tracks/new", functools.partial(self.call, "tracks_new")),
                web.put(one + "/tracks/update", functools.partial(self.call, "tracks_update")),
                web.put(one + "/tracks/close", functools.partial(self.call, "tracks_close")),
                web.put(one + "/renegotiate", functools.partial(self.call, "renegotiate"))]

    async def call(self, operation, request):
        started = time.time()
        entry = {"n": next(self.sfu.call_numbers), "t": started, "op": operation,
                 "session": request.match_info.get("session"), "status": None, "error": None,
                 "tracks": [], "fault": None}
        self.sfu.calls.append(entry)
        try:
            return await self.answer(operation, request, entry)
        except ApiError as error:
            entry["status"], entry["error"] = error.status, error.code
            return error_response(error)
        except JanusGone as error:
            entry["status"], entry["error"] = 503, "transport_unavailable_error"
            return error_response(ApiError(503, entry["error"], str(error)))
        finally:
            entry["ms"] = round(1000 * (time.time() - started), 1)
            LOG.info("%s %s -> %s %s%s", operation, entry["session"] or "", entry["status"],
                     entry["error"] or "", f" fault={entry['fault']}" if entry["fault"] else "")

    async def answer(self, operation, request, entry):
        self.authorise(request)
        body = await read_body(request, operation)
        session = None
        if entry["session"] is not None:
            session = self.sfu.live(entry["session"])
            check_rate(session)
        entry["tracks"] = names_in(body, session)
        fault = self.fault_for(operation, entry)
        if fault:
            return await self.faulty(fault, operation, request, session, body, entry)
        status, reply = await self.perform(operation, session, body)
        return respond(entry, status, reply)

    def authorise(self, request):
        options = self.sfu.options
        if request.headers.get("Authorization") != f"Bearer {options.secret}":
            raise ApiError(401, "unauthorized", "Unauthorized")
        if request.match_info["app"] != options.app_id:
            raise ApiError(404, "not_found", "App not found")

    def fault_for(self, operation, entry):
        for fault in self.sfu.faults:
            if fault.takes(operation, entry["session"], entry["tracks"]):
                fault.hits += 1
                entry["fault"] = fault.action
                return fault
        return None

    async def perform(self, operation, session, body):
        handler = getattr(self.sfu, operation)
        if operation not in MUTATIONS:
            return await handler(session, body)
        if session.busy:
            raise bad_description("Another operation on this session is under way")
        session.busy = True
        try:
            return await handler(session, body)
        finally:
            session.busy = False

    async def faulty(self, fault, operation, request, session, body, entry):
        """Answer as a fault says."""
        if fault.action in FAULT_STATUS:
            return await self.fault_status(fault, session, entry)
        if fault.action in ("html", "malformed"):
            return fault_garbage(fault, entry)
        if fault.action == "per_track":
            return respond(entry, 200, {
                "requiresImmediateRenegotiation": False,
                "tracks": [{**track_failure(fault.error), **item}
                           for item in plain_items(body)]})
        if fault.action == "hang":
            await asyncio.sleep(fault.seconds)
        status, reply = await self.perform(operation, session, body)
        if fault.action == "lost_reply":
            entry["status"] = status
            reset_connection(request)
        if fault.action == "no_sdp":
            reply.pop("sessionDescription", None)
        return respond(entry, status, reply)

    async def fault_status(self, fault, session, entry):
        if fault.action == 410 and session:   # the service means it: the session is gone
            await session.drop("scripted fault")
        entry["status"], entry["error"] = fault.action, FAULT_STATUS[fault.action]
        response = error_response(ApiError(fault.action, entry["error"], "Scripted fault"))
        if fault.retry_after is not None:
            response.headers["Retry-After"] = str(fault.retry_after)
        return response


def plain_items(body):
    """trackName, mid and sessionId of each track entry."""
    tracks = body.get("tracks", []) if isinstance(body, dict) else []
    return [{k: t[k] for k in ("trackName", "mid", "sessionId") if k in t} for t in tracks]


def fault_garbage(fault, entry):
    entry["status"] = 502 if fault.action == "html" else 200
    if fault.action == "html":
        return web.Response(status=502, content_type="text/html",
                            text="<html><head><title>502 Bad Gateway</title></head>"
                                 "<body><center><h1>502 Bad Gateway</h1></center></body></html>")
    return web.Response(text='{"requiresImmediateRenegotiation": false, "tracks": [{"tra',
                        content_type="application/json")


def reset_connection(request):
    """The reply is lost: the client sees a reset."""
    sock = request.transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()


def respond(entry, status, reply):
    entry["status"] = status
    errors = [t["errorCode"] for t in reply.get("tracks", []) if "errorCode" in t]
    entry["error"] = ",".join(errors) or None
    if status == 201:
        entry["session"] = reply["sessionId"]
    return web.json_response(reply, status=status)


def error_response(error):
    body = {} if error.code is None else {"errorCode": error.code,
                                          "errorDescription": error.description}
    return web.json_response(body, status=error.status)


def check_rate(session):
    now = time.monotonic()
    requests = session.requests
    if len(requests) == requests.maxlen and now - requests[0] < 1:
        raise ApiError(429, None, "too many requests")
    requests.append(now)


async def read_body(request, operation):
    """The JSON of a request. None when there is none and none is needed."""
    try:
        raw = await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise ApiError(413, "payload_too_large", "Request body is too large") from error
    if not raw and operation in ("sessions_new", "session_get"):
        return None
    try:
        return json.loads(raw)
    except ValueError as error:
        raise decoding_error(str(error)) from error


class Control:
    """/sim/...: what tests use to look and to disturb. Not part of the service; no bearer."""

    def __init__(self, sfu):
        self.sfu = sfu

    def routes(self):
        return [web.get("/sim/state", self.state), web.get("/sim/calls", self.calls),
                web.get("/sim/faults", self.faults), web.post("/sim/faults", self.add_faults),
                web.delete("/sim/faults", self.clear_faults), web.post("/sim/media", self.media),
                web.post("/sim/keyframe", self.keyframe)]

    async def state(self, request):
        return web.json_response(await self.sfu.state("light" in request.query))

    async def calls(self, request):
        since = int(request.query.get("since", 0))
        return web.json_response([c for c in self.sfu.calls if c["n"] > since])

    async def faults(self, _request):
        return web.json_response([f.describe() for f in self.sfu.faults])

    async def add_faults(self, request):
        spec = await request.json()
        try:
            added = [Fault(s) for s in (spec if isinstance(spec, list) else [spec])]
        except (ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        self.sfu.faults += added
        return web.json_response({"ids": [f.id for f in added]})

    async def clear_faults(self, _request):
        self.sfu.faults.clear()
        return web.json_response({})

    async def media(self, request):
        try:
            await self.sfu.media(await request.json())
        except (ValueError, KeyError, ApiError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({})

    async def keyframe(self, request):
        spec = await request.json() if request.can_read_body else {}
        return web.json_response({"asked": await self.sfu.keyframe(spec)})


# ---- main

def parse_arguments():
    parser = argparse.ArgumentParser(description="Cloudflare Realtime SFU stand-in over Janus")
    add = parser.add_argument
    add("--port", type=int, default=0, help="of the API on 127.0.0.1; 0 = a free one")
    add("--app-id", default="sim-app")
    add("--secret", default="sim-secret", help="the app's bearer")
    add("--secret-file", help="read the bearer from this file instead")
    add("--tls-cert", help="PEM; HTTPS when given, with --tls-key")
    add("--tls-key")
    add("--dtls-role", choices=["passive", "active"], default="passive",
        help="of the SFU towards publishers; Cloudflare is passive (default)")
    add("--srtp", metavar="PROFILES", help="the SFU's SRTP profiles in OpenSSL's notation, such as "
        "SRTP_AES128_CM_SHA1_80 (default: Janus' own, AEAD_AES_256_GCM first)")
    add("--track-idle", type=float, default=30, metavar="S", help="drop a track without RTP")
    add("--pull-wait", type=float, default=8, metavar="S", help="before empty_track_error")
    add("--connect-wait", type=float, default=5, metavar="S", help="before 425")
    add("--unconnected-ttl", type=float, default=60, metavar="S",
        help="end a session that never connected")
    add("--m-sections", type=int, default=8, help="budget of a session, then 410")
    add("--audio-codecs", default="opus,pcmu,pcma", help="that the SFU takes (opus,pcmu,pcma)")
    add("--loss", type=float, default=0, metavar="P", help="share of incoming RTP to lose, 0 to 1")
    add("--cache", default=os.path.join(HERE, "..", "..", "build", "sim-cache"),
        help="where the shim is compiled")
    add("--janus-debug", type=int, default=2, help="Janus' debug level on stderr")
    add("-v", "--verbose", action="store_true", help="log every call")
    options = parser.parse_args()
    if bool(options.tls_cert) != bool(options.tls_key):
        parser.error("--tls-cert and --tls-key go together")
    if options.secret_file:
        with open(options.secret_file, encoding="utf-8") as file:
            options.secret = file.read().strip()
    return options


async def serve(options, stop):
    """Run until stop is set."""
    sfu = Sfu(options)
    sfu.loss = options.loss
    app = web.Application(client_max_size=2**20)
    app.add_routes(Api(sfu).routes() + Control(sfu).routes())
    runner = web.AppRunner(app, access_log=None)
    upkeep = None
    try:
        await sfu.start_engine()
        await runner.setup()
        context = None
        if options.tls_cert:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(options.tls_cert, options.tls_key)
        site = web.TCPSite(runner, "127.0.0.1", options.port, shutdown_timeout=1,
                           ssl_context=context)
        await site.start()
        announce(options, runner.addresses[0][1], sfu)
        upkeep = asyncio.create_task(sfu.upkeep())
        await stop.wait()
    finally:
        if upkeep:
            upkeep.cancel()
        await sfu.close()
        await runner.cleanup()


def announce(options, port, sfu):
    base = f"{'https' if options.tls_cert else 'http'}://127.0.0.1:{port}"
    print(json.dumps({"api": base + "/v1", "sim": base + "/sim", "app_id": options.app_id,
                      "port": port, "pid": os.getpid(),
                      "janus_pid": sfu.engine.process.pid}), flush=True)


async def main():
    options = parse_arguments()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO if options.verbose
                        else logging.WARNING, format="%(name)s %(message)s")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(options, stop)


if __name__ == "__main__":
    asyncio.run(main())
