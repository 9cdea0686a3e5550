"""google_streams.py - devices, streams, and where the streams come from.

Owns the form of a device in JSON, and the conversation with camera.py's control API (CameraServer), or what stands for
it when there is none (NoCameras).
"""

import asyncio
import hashlib
import logging
import time
from dataclasses import dataclass, field

import aiohttp

import leases
from google_auth import ApiError, failed_precondition

log = logging.getLogger("google")

HOST = "127.0.0.1"
NOT_STREAMING = "The camera is not available for streaming."


@dataclass
class Device:
    name: str
    camera: str  # its name in camera.py
    id: str
    type: str = "CAMERA"
    protocols: list = field(default_factory=lambda: ["RTSP"])
    custom_name: str = None  # None: its name
    room: str = "Lab"

    def json(self, enterprise):
        room = f"{enterprise}/structures/AVPHwEstructure/rooms/AVPHwEroom"
        return {"name": f"{enterprise}/devices/{self.id}", "type": f"sdm.devices.types.{self.type}", "assignee": room,
                "traits": {"sdm.devices.traits.Info": {"customName": self.label()},
                           "sdm.devices.traits.CameraLiveStream": {
                               "maxVideoResolution": {"width": 640, "height": 480}, "videoCodecs": ["H264"],
                               "audioCodecs": ["AAC"], "supportedProtocols": self.protocols},
                           "sdm.devices.traits.CameraImage": {"maxImageResolution": {"width": 1280, "height": 960}},
                           "sdm.devices.traits.CameraMotion": {}, "sdm.devices.traits.CameraPerson": {},
                           "sdm.devices.traits.CameraSound": {}, "sdm.devices.traits.CameraEventImage": {}},
                "parentRelations": [{"parent": room, "displayName": self.room}]}

    def label(self):
        return self.name if self.custom_name is None else self.custom_name


def device_id(project, name):
    """Opaque, but the same in every run."""
    digest = hashlib.sha512(f"{project}/{name}".encode()).digest()
    return "AVPHwE" + leases.b64(digest)


@dataclass
class Stream:
    device: Device
    lease: str
    extension_token: str
    expires: float  # monotonic
    generated: float
    extends: int = 0


class CameraServer:
    """The leases of a running camera.py."""

    def __init__(self, url):
        self.url = url.rstrip("/")
        self.session = None

    async def open(self):
        """-> the names of its cameras"""
        self.session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
        return list((await self.ask("GET", "/state"))["cameras"])

    async def close(self):
        await self.session.close()

    async def ask(self, method, path, body=None):
        try:
            async with self.session.request(method, self.url + path, json=body) as answer:
                found = await answer.json()
                status = answer.status
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as e:
            log.error("camera server does not answer: %s", e)
            raise ApiError(500) from e
        if status == 409:
            raise failed_precondition(NOT_STREAMING)
        if status in (404, 410):
            raise failed_precondition("Precondition check failed.")
        if status != 200:
            log.error("camera server: %s %s -> %d %s", method, path, status, found)
            raise ApiError(500)
        return found

    async def create(self, device, lifetime):
        return await self.ask("POST", "/leases", {"camera": device.camera, "lifetime_s": lifetime})

    async def extend(self, lease, lifetime):
        return await self.ask("POST", f"/leases/{lease}/extend", {"lifetime_s": lifetime})

    async def revoke(self, lease):
        await self.ask("DELETE", f"/leases/{lease}")


class NoCameras:
    """Leases that lead nowhere: right in form and time, but nobody serves them."""

    def __init__(self, count):
        self.count = count
        self.leases = leases.Leases()

    async def open(self):
        return [f"cam{i}" for i in range(1, self.count + 1)]

    async def close(self):
        pass

    async def create(self, device, lifetime):
        return self.answer(self.leases.create(device.camera, lifetime, time.monotonic(), time.time()))

    async def extend(self, lease_id, lifetime):
        lease = self.find(lease_id)
        self.leases.extend(lease, lifetime, time.monotonic(), time.time())
        return self.answer(lease)

    async def revoke(self, lease_id):
        self.find(lease_id).revoked = True

    def find(self, lease_id):
        self.leases.forget_old(time.monotonic())
        lease = self.leases.by_id.get(lease_id)
        if lease is None or not lease.alive(time.monotonic()):
            raise failed_precondition("Precondition check failed.")
        return lease

    @staticmethod
    def answer(lease):
        return {"id": lease.id, "token": lease.token, "expires_wall": lease.expires_wall,
                "expires_in_s": lease.expires - time.monotonic(),
                "url": f"rtsps://{HOST}:9{lease.path}?auth={lease.token}"}
