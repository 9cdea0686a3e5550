"""cloudflare_janus.py - one real Janus (VideoRoom) as the media engine behind cloudflare.py.

Owns the child process, its generated configuration and its two unix sockets (API and admin, both
WebSocket). Knows Janus' messages; knows nothing of Cloudflare's API. One asyncio loop.
"""
import asyncio
import contextlib
import ctypes
import itertools
import logging
import mmap
import os
import random
import shutil
import signal
import struct
import subprocess
import tempfile

import aiohttp

LOG = logging.getLogger("janus")
LIBDIR = "/usr/lib/x86_64-linux-gnu/janus"
SHIM_SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "loopback_ifaddrs.c")
ROOM = "sfu"
PLUGIN = "janus.plugin.videoroom"
NOSIP = "janus.plugin.nosip"
START_TIMEOUT_S = 15
PR_SET_PDEATHSIG = 1

# struct shared of loopback_ifaddrs.c
SHM_SLOTS = 1024
SHM_HEADER = struct.Struct("=II")
SHM_SLOT = struct.Struct("=6I")
SHM_FIELDS = ("pli", "fir", "nack_packets", "nacked_seqs", "lost")

JANUS_JCFG = """
general: {{
    configs_folder = "{dir}"
    plugins_folder = "{lib}/plugins"
    transports_folder = "{lib}/transports"
    events_folder = "{dir}/none"
    loggers_folder = "{dir}/none"
    debug_level = {debug}
    debug_colors = false
    admin_secret = "sim"
    session_timeout = 0
    server_name = "camrelay-sim"
}}
certificates: {{ }}
media: {{ no_media_timer = 1 }}
nat: {{
    nice_debug = false
    ice_lite = true
    ice_enforce_list = "127.0.0.1"
    ignore_mdns = true
}}
plugins: {{ disable = "{other_plugins}" }}
transports: {{ disable = "{other_transports}" }}
events: {{ broadcast = false }}
"""

WEBSOCKETS_JCFG = """
general: {{ json = "compact", ws = true, ws_unix = "{dir}/api.sock", wss = false }}
admin: {{ admin_ws = true, admin_ws_unix = "{dir}/admin.sock", admin_wss = false }}
"""

VIDEOROOM_JCFG = """
general: {{ string_ids = true, events = false }}
room-{room}: {{
    description = "sfu"
    publishers = 1000
    bitrate = 0
    fir_freq = 0
    audiocodec = "{audio}"
    videocodec = "h264,vp8,vp9,av1,h265"
    notify_joining = false
    audiolevel_ext = false
    videoorient_ext = false
    playoutdelay_ext = false
    transport_wide_cc_ext = true
}}
"""


NOSIP_JCFG = """
general: {{ local_ip = "127.0.0.1", events = false }}
"""


class JanusError(Exception):
    """Janus refused a request."""


class JanusGone(Exception):
    """Janus is dead, or does not answer (stopped)."""


def build_shim(cache):
    """Compile loopback_ifaddrs.c into cache, unless the one there is newer."""
    os.makedirs(cache, exist_ok=True)
    target = os.path.join(os.path.abspath(cache), "loopback_ifaddrs.so")
    if not os.path.exists(target) or os.path.getmtime(target) < os.path.getmtime(SHIM_SOURCE):
        # Two stand-ins may start at once: each compiles its own, the last rename wins.
        own = f"{target}.{os.getpid()}"
        subprocess.run(["cc", "-O2", "-Wall", "-fPIC", "-shared", "-o", own, SHIM_SOURCE, "-ldl"],
                       check=True, stdout=2)
        os.replace(own, target)
    return target


def others(folder, *wanted):
    """The libraries of a Janus folder but the wanted ones, as Janus' `disable` wants them."""
    names = os.listdir(os.path.join(LIBDIR, folder))
    return ",".join(n for n in names if n.endswith(".so") and n not in wanted)


class Handle:
    """One VideoRoom handle: one PeerConnection."""

    def __init__(self, janus, ident):
        self.janus = janus
        self.id = ident
        self.up = asyncio.Event()    # ICE and DTLS are done
        self.hung_up = None          # reason, once Janus has ended the PeerConnection
        self.on_hangup = None

    async def message(self, body, jsep=None):
        """Send a VideoRoom request; returns (plugin data, jsep or None)."""
        reply = await self.janus.request("message", handle=self.id, body=body, jsep=jsep)
        data = reply["plugindata"]["data"]
        if "error_code" in data:
            raise JanusError(f"{data['error_code']} {data.get('error')}")
        return data, reply.get("jsep")

    async def info(self):
        """Admin's view: counters, ICE and DTLS state."""
        reply = await self.janus.admin("handle_info", session_id=self.janus.session,
                                       handle_id=self.id)
        return reply["info"]

    async def hangup(self):
        await self.janus.request("hangup", handle=self.id)

    async def detach(self):
        self.janus.handles.pop(self.id, None)
        await self.janus.request("detach", handle=self.id)

    def on_event(self, event):
        kind = event["janus"]
        if kind == "webrtcup":
            self.up.set()
        elif kind in ("hangup", "detached") and self.hung_up is None:
            self.hung_up = event.get("reason", kind)
            if self.on_hangup:
                self.on_hangup(self.hung_up)


class Janus:
    """A Janus child process and the conversation with it."""

    def __init__(self, shim, srtp=None, debug=3, audio="opus,pcmu,pcma"):
        self.shim = shim
        self.srtp = srtp             # OpenSSL's list of SRTP profiles; None = Janus' own
        self.debug = debug
        self.audio = audio
        self.dir = tempfile.mkdtemp(prefix="sim-janus-")
        self.process = None
        self.http = None
        self.sockets = {}
        self.readers = []
        self.waiting = {}            # transaction -> future
        self.counter = itertools.count(1)
        self.handles = {}
        self.session = None
        self.stopped = False         # by SIGSTOP
        self.shm = None
        self.request_timeout_s = 5

    # ---- the child

    async def start(self):
        self._write_configuration()
        self._open_shm()
        env = dict(os.environ, LD_PRELOAD=self.shim, CAMRELAY_SIM_SHM=self.dir + "/shm")
        if self.srtp:
            env["CAMRELAY_SIM_SRTP"] = self.srtp
        self.process = subprocess.Popen(
            ["janus", "-F", self.dir, "-C", self.dir + "/janus.jcfg"],
            env=env, stdin=subprocess.DEVNULL, stdout=2, stderr=2, preexec_fn=die_with_parent)
        self.http = aiohttp.ClientSession()
        await self._connect("api", "janus-protocol")
        await self._connect("admin", "janus-admin-protocol")
        reply = await self.request("create")
        self.session = reply["data"]["id"]

    def _write_configuration(self):
        values = {"dir": self.dir, "lib": LIBDIR, "debug": self.debug, "room": ROOM, "audio": self.audio,
                  "other_plugins": others("plugins", "libjanus_videoroom.so", "libjanus_nosip.so"),
                  "other_transports": others("transports", "libjanus_websockets.so")}
        for name, text in (("janus", JANUS_JCFG), ("janus.transport.websockets", WEBSOCKETS_JCFG),
                           ("janus.plugin.videoroom", VIDEOROOM_JCFG), ("janus.plugin.nosip", NOSIP_JCFG)):
            with open(f"{self.dir}/{name}.jcfg", "w", encoding="utf-8") as out:
                out.write(text.format(**values))

    def _open_shm(self):
        with open(self.dir + "/shm", "w+b") as file:
            file.truncate(SHM_HEADER.size + SHM_SLOTS * SHM_SLOT.size)
            self.shm = mmap.mmap(file.fileno(), 0)

    async def _connect(self, name, protocol):
        deadline = asyncio.get_running_loop().time() + START_TIMEOUT_S
        path = f"{self.dir}/{name}.sock"
        while True:
            try:
                connector = aiohttp.UnixConnector(path)
                http = aiohttp.ClientSession(connector=connector)
                socket = await http.ws_connect("http://janus/", protocols=[protocol],
                                               max_msg_size=0)
                break
            except (OSError, aiohttp.ClientError) as error:
                await http.close()
                if self.process.poll() is not None:
                    raise JanusGone(f"janus ended with {self.process.returncode}") from error
                if asyncio.get_running_loop().time() > deadline:
                    raise JanusGone("janus did not start") from error
                await asyncio.sleep(0.05)
        self.sockets[name] = (http, socket)
        self.readers.append(asyncio.create_task(self._read(socket)))

    @property
    def alive(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        """SIGSTOP, SIGCONT or SIGKILL."""
        if self.alive:
            self.process.send_signal(number)
        self.stopped = number == signal.SIGSTOP
        if number == signal.SIGKILL:
            self.process.wait()
            self._fail_waiting()

    async def close(self):
        """End the child, whatever its state, and forget its files."""
        for reader in self.readers:
            reader.cancel()
        if self.alive:
            self.process.kill()
            self.process.wait()
        for http, socket in self.sockets.values():
            with contextlib.suppress(Exception):
                await asyncio.wait_for(socket.close(), 0.1)
            await http.close()
        if self.http:
            await self.http.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    # ---- messages

    async def attach(self, plugin=PLUGIN):
        reply = await self.request("attach", plugin=plugin)
        handle = Handle(self, reply["data"]["id"])
        self.handles[handle.id] = handle
        return handle

    async def request(self, kind, handle=None, body=None, jsep=None, **more):
        message = dict(more, janus=kind)
        if self.session is not None:
            message["session_id"] = self.session
        if handle is not None:
            message["handle_id"] = handle
        if body is not None:
            message["body"] = body
        if jsep is not None:
            message["jsep"] = jsep
        return await self._ask("api", message)

    async def admin(self, kind, **more):
        return await self._ask("admin", dict(more, janus=kind, admin_secret="sim"))

    async def _ask(self, name, message):
        transaction = f"{next(self.counter)}-{random.getrandbits(32):x}"
        message["transaction"] = transaction
        future = asyncio.get_running_loop().create_future()
        self.waiting[transaction] = future
        try:
            if not self.alive:
                raise JanusGone("janus is dead")
            await self.sockets[name][1].send_json(message)
            return await asyncio.wait_for(future, self.request_timeout_s)
        except asyncio.TimeoutError as error:
            raise JanusGone(f"no answer to {message['janus']}") from error
        except (ConnectionError, aiohttp.ClientError) as error:
            raise JanusGone(str(error)) from error
        finally:
            self.waiting.pop(transaction, None)

    async def _read(self, socket):
        async for frame in socket:
            if frame.type == aiohttp.WSMsgType.TEXT:
                self._on_message(frame.json())
        self._fail_waiting()

    def _fail_waiting(self):
        for future in list(self.waiting.values()):
            if not future.done():
                future.set_exception(JanusGone("janus is gone"))

    def _on_message(self, message):
        if message["janus"] == "ack":
            return
        future = self.waiting.get(message.get("transaction"))
        if future is None:
            handle = self.handles.get(message.get("sender"))
            if handle:
                handle.on_event(message)
        elif future.done():
            return
        elif message["janus"] == "error":
            error = message["error"]
            future.set_exception(JanusError(f"{error['code']} {error['reason']}"))
        else:
            future.set_result(message)

    # ---- the shim's page

    def set_loss(self, ratio):
        """Lose this share of the incoming RTP packets."""
        self.shm[0:SHM_HEADER.size] = SHM_HEADER.pack(int(ratio * 1e6), 0)

    def feedback(self, ssrc):
        """How many PLI, FIR, NACK Janus has sent to a publisher's SSRC."""
        for i in range(SHM_SLOTS):
            slot = (ssrc + i) % SHM_SLOTS
            values = SHM_SLOT.unpack_from(self.shm, SHM_HEADER.size + slot * SHM_SLOT.size)
            if values[0] == ssrc:
                return dict(zip(SHM_FIELDS, values[1:]))
            if values[0] == 0:
                break
        return dict.fromkeys(SHM_FIELDS, 0)


def die_with_parent():
    """In the child, before exec: SIGKILL when cloudflare.py dies, and no Ctrl-C of its own."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setsid()
