"""camera_site.py - who may watch which stand-in camera, connection by connection.

Owns the two RTSP ports, all connections, the leases and the scripted faults. Called from gst-rtsp-server's threads,
one per client, from the control API's loop, and from a timer.
"""

import contextlib
import ctypes
import fcntl
import itertools
import json
import logging
import math
import os
import socket
import struct
import termios
import threading
import time
from urllib.parse import parse_qs

import gi
for _name in ("Gst", "GstRtsp", "GstRtspServer"):
    gi.require_version(_name, "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

import leases  # noqa: E402
from camera_media import Feed, Pacer, launch_line  # noqa: E402

log = logging.getLogger("camera")

HOST = "127.0.0.1"
READ_OK_BYTES = 16384  # a reader whose unacknowledged bytes fall below this keeps up


class Connection:
    """One TCP connection to the server. Asks the site whether it may."""

    ids = itertools.count(1)

    def __init__(self, site, client, tls):
        self.site, self.client, self.tls = site, client, tls
        self.id = next(self.ids)
        self.since = self.read_at = time.monotonic()
        self.camera = self.lease = self.feed = None
        self.admitted = None  # path that DESCRIBE was granted for
        self.playing = False
        connection = client.get_connection()
        self.socket = connection.get_write_socket()
        self.socket.set_option(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.peer = connection.get_ip()
        for name, method in (("pre-describe-request", self.on_pre_describe), ("describe-request", self.on_describe),
                             ("pre-setup-request", self.on_pre_setup), ("setup-request", self.on_setup),
                             ("play-request", self.on_play), ("closed", self.on_closed)):
            client.connect(name, method)

    def on_pre_describe(self, _client, ctx):
        return guarded(self.site.describe, self, ctx.uri.abspath, token_of(ctx.uri))

    def on_describe(self, _client, ctx):
        self.feed = self.site.feeds.get(ctx.media)
        self.site.described(self)

    def on_pre_setup(self, _client, ctx):
        return guarded(self.site.setup, self, ctx.uri.abspath, token_of(ctx.uri))

    def on_setup(self, _client, ctx):
        self.feed = self.site.feeds.get(ctx.media)

    def on_play(self, _client, _ctx):
        self.site.play(self)

    def on_closed(self, _client):
        self.site.closed(self)

    def unsent(self):
        """Bytes in the kernel that the peer has not acknowledged."""
        try:
            return struct.unpack("i", fcntl.ioctl(self.socket.get_fd(), termios.TIOCOUTQ, bytes(4)))[0]
        except (OSError, ValueError):
            return 0

    def reads(self, now, timeout):
        if self.unsent() < READ_OK_BYTES:
            self.read_at = now
        return now - self.read_at < timeout

    def cut(self, reset=False):
        """Closes at TCP level: the RTSP library sees the end of file and cleans up in its own thread."""
        with contextlib.suppress(GLib.Error, OSError, ValueError):
            if reset:
                self.reset()
            else:
                self.socket.shutdown(True, True)

    def reset(self):
        """RST: the connection is dissolved by connect(AF_UNSPEC), see connect(2), whatever threads hold the socket."""
        fd = os.dup(self.socket.get_fd())
        with socket.socket(fileno=fd) as s:
            unspec = struct.pack("H14x", socket.AF_UNSPEC)
            libc_connect(s.fileno(), unspec)

    def state(self, now):
        return {"id": self.id, "peer": self.peer, "tls": self.tls, "lease": self.lease and self.lease.id,
                "playing": self.playing, "age_s": round(now - self.since, 3), "unsent_bytes": self.unsent(),
                "frames": self.feed.frames if self.feed else 0}


def libc_connect(fd, address):
    ctypes.CDLL(None, use_errno=True).connect(fd, address, len(address))


def token_of(uri):
    return parse_qs(uri.query or "").get("auth", [""])[0]


def guarded(decide, *args):
    """A bug of ours in a callback must show as a refusal, never as an admission."""
    try:
        return GstRtsp.RTSPStatusCode(decide(*args))
    except Exception:
        log.exception("callback failed")
        return GstRtsp.RTSPStatusCode.INTERNAL_SERVER_ERROR


class Site:
    """All cameras, connections and leases behind the two ports. Called from the RTSP threads, the control loop and
    the tick, so everything in it is under one lock; no callback sleeps with it."""

    def __init__(self, args, cameras):
        self.args = args
        self.cameras = {camera.name: camera for camera in cameras}
        self.lock = threading.RLock()
        self.leases = leases.Leases(args.path_length, args.token_length)
        self.connections = set()
        self.feeds = {}  # media -> Feed
        self.unknown_paths = 0
        self.pacer = Pacer()
        self.mounts = GstRtspServer.RTSPMountPoints.new()
        self.factories = {name: self.make_factory(camera, False) for name, camera in self.cameras.items()}

    # -- media factories

    def make_factory(self, camera, private):
        factory = GstRtspServer.RTSPMediaFactory.new()
        factory.set_launch(launch_line(camera, self.args.mtu))
        factory.set_shared(False)
        protocols = GstRtsp.RTSPLowerTrans.TCP
        factory.set_protocols(protocols | GstRtsp.RTSPLowerTrans.UDP if self.args.udp else protocols)
        factory.set_permissions(permissions(private))
        factory.connect("media-configure", lambda _f, media: self.configure(camera, media))
        return factory

    def configure(self, camera, media):
        feed = Feed(camera, media.get_element(), self.args.join)
        self.feeds[media] = feed
        media.connect("unprepared", self.unprepared)

    def unprepared(self, media):
        feed = self.feeds.pop(media, None)
        if feed:
            feed.closed = True

    def mount_static(self):
        for name, camera in self.cameras.items():
            self.mounts.add_factory("/" + name, self.make_factory(camera, self.asks_password(None)))

    # -- decisions: an RTSP status

    def resolve(self, path):
        """-> (camera, lease); lease None for a permanent path, camera None for an unknown one."""
        lease = self.leases.find(path)
        if lease:
            return self.cameras[lease.camera], lease
        name = path.split("/")[1]
        return (self.cameras.get(name), None) if self.args.static else (None, None)

    def describe(self, conn, path, token):
        with self.lock:
            camera, lease = self.resolve(path)
            if camera is None:
                self.unknown_paths += 1
                return 404
            self.assign(conn, camera, lease)
            fault = camera.take_fault()
        if fault["kind"] == "delay":
            time.sleep(fault["seconds"])
        with self.lock:
            status = self.verdict(conn, token, fault)
            conn.admitted = path if status == 200 else conn.admitted
            if status != 200 or not self.asks_password(lease):
                camera.describes[status] += 1
            log.info("cam=%s describe status=%d conn=%d", camera.name, status, conn.id)
            return status

    def asks_password(self, lease):
        """The library itself then decides after us; only its 200 is counted, once it is known."""
        return lease is None and bool(self.args.user)

    def verdict(self, conn, token, fault):
        if fault["kind"] == "refuse":
            conn.cut()
            return 503  # never seen by anyone
        if not conn.camera.online:
            return 404
        if fault["kind"] == "status":
            return fault["status"]
        return self.authorize(conn.lease, token)

    def authorize(self, lease, token):
        if lease is None or self.leases.admits(lease, token, time.monotonic()):
            return 200
        return 404 if lease.revoked else self.args.denied_status

    def assign(self, conn, camera, lease):
        if conn.camera is None:
            camera.connections += 1
        conn.camera, conn.lease = camera, lease

    def described(self, conn):
        with self.lock:
            if self.asks_password(conn.lease):
                conn.camera.describes[200] += 1

    def setup(self, conn, path, token):
        """SETUP comes without the token: good if this very connection was admitted, else it must bring one."""
        with self.lock:
            camera, lease = self.resolve(path)
            if camera is None or not camera.online:
                return 404
            admitted = conn.admitted and (path == conn.admitted or path.startswith(conn.admitted.rstrip("/") + "/"))
            if admitted and (lease is None or lease.alive(time.monotonic())):
                return 200
            self.assign(conn, camera, lease)
            status = self.authorize(lease, token)
            if status == 200:
                conn.admitted = lease.path if lease else "/" + camera.name
            return status

    def play(self, conn):
        with self.lock:
            if conn.feed is None or conn.camera is None:
                return
            for other in self.of_lease(conn.lease):
                if other is not conn and other.playing:
                    log.info("cam=%s takeover conn=%d by=%d", conn.camera.name, other.id, conn.id)
                    other.cut()
            conn.playing = True
            conn.read_at = time.monotonic()
            conn.camera.plays += 1
            conn.feed.play(self.pacer)
            log.info("cam=%s play conn=%d tls=%s", conn.camera.name, conn.id, conn.tls)

    # -- connections

    def opened(self, client, tls):
        with self.lock:
            self.connections.add(Connection(self, client, tls))

    def closed(self, conn):
        with self.lock:
            self.connections.discard(conn)
            if conn.camera:
                log.info("cam=%s closed conn=%d after=%.3fs frames=%d", conn.camera.name, conn.id,
                         time.monotonic() - conn.since, conn.feed.frames if conn.feed else 0)

    def of_lease(self, lease):
        return [c for c in self.connections if lease is not None and c.lease is lease]

    def of_camera(self, camera):
        return [c for c in self.connections if c.camera is camera]

    def tick(self):
        """Cuts what has expired and who does not read."""
        with self.lock:
            now = time.monotonic()
            for lease in self.leases.ended(now - self.args.grace):
                log.info("cam=%s lease ended id=%s", lease.camera, lease.id)
                self.end_lease(lease)
            for lease in self.leases.forget_old(now):
                self.mounts.remove_factory(lease.path)
            for conn in self.connections:
                if conn.playing and not conn.reads(now, self.args.reader_timeout):
                    log.warning("cam=%s reader too slow conn=%d unsent=%d", conn.camera.name, conn.id, conn.unsent())
                    conn.cut()
        return True

    def end_lease(self, lease):
        lease.cut = True
        for conn in self.of_lease(lease):
            if conn.admitted:  # who is being refused gets his answer
                conn.cut()

    # -- what the control API asks for

    def create_lease(self, name, lifetime):
        with self.lock:
            if not self.cameras[name].online:
                raise Conflict("camera is offline")
            lease = self.leases.create(name, lifetime, time.monotonic(), time.time())
            self.mounts.add_factory(lease.path, self.factories[name])
            return lease

    def extend_lease(self, lease, lifetime):
        with self.lock:
            if not lease.alive(time.monotonic()) or not self.cameras[lease.camera].online:
                raise Gone("lease has ended")
            self.leases.extend(lease, lifetime, time.monotonic(), time.time())
            return lease

    def revoke_lease(self, lease):
        with self.lock:
            lease.revoked = True
            self.end_lease(lease)

    def inject(self, camera, fault):
        """Performs one fault of the control API; see the top of this file."""
        with self.lock:
            self.FAULTS[fault.get("kind")](self, camera, fault)
            log.info("cam=%s fault %s", camera.name, json.dumps(fault))

    def fault_drop(self, camera, fault):
        for conn in self.of_camera(camera):
            conn.cut(reset=bool(fault.get("reset")))

    def fault_stall(self, camera, fault):
        camera.stalled_until = time.monotonic() + float(fault.get("seconds", math.inf))

    def fault_resume(self, camera, _fault):
        camera.stalled_until = 0.0
        camera.frozen = False

    def fault_freeze(self, camera, _fault):
        camera.frozen = True

    def fault_describe(self, camera, fault):
        status = int(GstRtsp.RTSPStatusCode(int(fault["status"])))
        self.queue(camera, fault, {"kind": "status", "status": status})

    def fault_refuse(self, camera, fault):
        self.queue(camera, fault, {"kind": "refuse"})

    def fault_delay(self, camera, fault):
        self.queue(camera, fault, {"kind": "delay", "seconds": float(fault["seconds"])})

    def queue(self, camera, fault, entry):
        camera.describe_faults.extend([entry] * int(fault.get("count", 1)))

    def fault_offline(self, camera, _fault):
        camera.online = False
        for lease in self.leases.by_id.values():
            lease.revoked |= lease.camera == camera.name
        self.fault_drop(camera, {})

    def fault_online(self, camera, _fault):
        camera.online = True

    def fault_jump(self, camera, fault):
        for conn in self.of_camera(camera):
            if conn.feed:
                conn.feed.jump(float(fault["seconds"]))

    def fault_switch(self, camera, _fault):
        camera.clip = camera.alt if camera.clip is camera.main else camera.main

    def fault_clear(self, camera, _fault):
        camera.describe_faults.clear()
        camera.stalled_until = 0.0

    FAULTS = {"drop": fault_drop, "stall": fault_stall, "freeze": fault_freeze, "resume": fault_resume, "describe": fault_describe,
              "refuse": fault_refuse, "delay": fault_delay, "offline": fault_offline, "online": fault_online,
              "jump": fault_jump, "switch": fault_switch, "clear": fault_clear}

    def state(self):
        with self.lock:
            now = time.monotonic()
            return {"cameras": {name: self.camera_state(camera, now) for name, camera in self.cameras.items()},
                    "connections": len(self.connections), "feeds": len(self.feeds),
                    "unknown_paths": self.unknown_paths}

    def camera_state(self, camera, now):
        mine = [x for x in self.leases.by_id.values() if x.camera == camera.name]
        return dict(camera.state(now), connected=[c.state(now) for c in self.of_camera(camera)],
                    leases=[{"id": x.id, "alive": x.alive(now), "generation": x.generation, "stale": x.stale,
                             "expires_in_s": round(x.expires - now, 3)} for x in mine])


class Conflict(Exception):
    pass


class Gone(Exception):
    pass


def permissions(private):
    """Role anonymous sees and constructs public factories; it only sees private ones, which makes the server ask (401)."""
    result = GstRtspServer.RTSPPermissions.new()
    for role, construct in (("anonymous", not private), ("viewer", True)):
        fields = Gst.Structure.new_empty(role)
        fields.set_value(GstRtspServer.RTSP_PERM_MEDIA_FACTORY_ACCESS, True)
        fields.set_value(GstRtspServer.RTSP_PERM_MEDIA_FACTORY_CONSTRUCT, construct)
        result.add_role_from_structure(fields)
    return result


def role_token(role):
    token = GstRtspServer.RTSPToken.new()
    token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, role)
    return token


class Port:
    """One listening RTSP port that can be closed and opened again."""

    def __init__(self, site, pool, args, tls):
        self.server = GstRtspServer.RTSPServer.new()
        self.server.set_address(HOST)
        self.server.set_service("0")
        self.server.set_mount_points(site.mounts)
        self.server.set_thread_pool(pool)
        self.server.set_auth(make_auth(args, tls))
        self.server.connect("client-connected", lambda _s, client: site.opened(client, tls is not None))
        self.source = 0
        self.listen(True)
        self.number = self.server.get_bound_port()
        self.server.set_service(str(self.number))

    def listen(self, on):
        if on and not self.source:
            self.source = self.server.attach(None)
            if not self.source:
                raise RuntimeError("cannot listen")
        elif not on and self.source:
            GLib.source_remove(self.source)
            self.source = 0


def make_auth(args, tls):
    """tls: (certificate, key) or None. Who sends no credentials is 'anonymous'."""
    auth = GstRtspServer.RTSPAuth.new()
    auth.set_default_token(role_token("anonymous"))
    if tls:
        auth.set_tls_certificate(Gio.TlsCertificate.new_from_files(*tls))
    if args.user:
        name, password = args.user.split(":", 1)
        digest = args.auth == "digest"
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST if digest else GstRtsp.RTSPAuthMethod.BASIC)
        if digest:
            auth.add_digest(name, password, role_token("viewer"))
        else:
            auth.add_basic(GstRtspServer.RTSPAuth.make_basic(name, password), role_token("viewer"))
    return auth
