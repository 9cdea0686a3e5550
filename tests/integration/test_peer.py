"""test_peer.py - the worker's WebRTC transport against other people's: aiortc, Janus, GStreamer.

peer_probe makes a peer, sends a clip's pictures and says what happens; here are the other ends.
"""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import time

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("CAMRELAY_BUILD", os.path.join(ROOT, "build"))
PROBE = os.path.join(BUILD, "tests", "integration", "peer_probe")
FPS = 30
DEADLINE_S = 60
PHASES = ["offered", "answered", "ice", "dtls", "first-packet"]
ERR_EOF, ERR_UNTRUSTED, ERR_UNREACHABLE = -4, -11, -13

sys.path.insert(0, os.path.join(ROOT, "tests", "sim"))


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    """Two seconds of constrained baseline, one slice a picture, a key frame a second."""
    path = tmp_path_factory.mktemp("peer") / "clip.h264"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"testsrc2=s=640x360:r={FPS}", "-t", "2",
                    "-c:v", "libx264", "-profile:v", "baseline", "-preset", "ultrafast", "-b:v", "3M", "-g", str(FPS),
                    "-pix_fmt", "yuv420p", "-x264-params", "sliced-threads=0:slices=1:repeat-headers=1", path],
                   check=True, timeout=60)
    return str(path)


class Probe:
    """peer_probe: its offer, and then what it says happens."""

    def __init__(self, process):
        self.process = process
        self.phases, self.details, self.stats, self.end = {}, {}, {}, None
        self.changed = asyncio.Condition()
        self.reader = None

    @classmethod
    async def start(cls, clip):
        return cls(await asyncio.create_subprocess_exec(PROBE, clip, str(FPS), stdin=subprocess.PIPE,
                                                        stdout=subprocess.PIPE))

    async def line(self):
        return (await asyncio.wait_for(self.process.stdout.readline(), DEADLINE_S)).decode()

    async def offer(self):
        lines = []
        while not lines or lines[-1] != ".\n":
            lines.append(await self.line())
        return "".join(line for line in lines[:-1] if not line.startswith("phase"))

    def answer(self, sdp):
        self.process.stdin.write((sdp + ".\n").encode())
        self.reader = asyncio.create_task(self.read())

    async def read(self):
        async for line in self.process.stdout:
            word, *rest = line.decode().split(maxsplit=3)
            async with self.changed:
                if word == "phase":
                    self.phases[rest[0]] = int(rest[1]) / 1000
                    self.details[rest[0]] = rest[2].strip() if len(rest) > 2 else ""
                elif word == "stats":
                    self.stats = {k: int(v) for k, v in re.findall(r"(\w+)=(\d+)", line.decode())}
                elif word in ("failed", "refused"):
                    self.end = (int(rest[0]), " ".join(rest[1:]).strip())
                self.changed.notify_all()

    async def until(self, condition, seconds=DEADLINE_S):
        async with self.changed:
            await asyncio.wait_for(self.changed.wait_for(condition), seconds)

    async def stop(self):
        self.process.stdin.close()
        await asyncio.wait_for(self.process.wait(), DEADLINE_S)
        if self.reader:
            await self.reader

    def report(self, who):
        times = " ".join(f"{k}={v:.1f}ms" for k, v in self.phases.items())
        print(f"\n{who}: {times} | {self.details.get('ice')} | {self.details.get('dtls')} | {self.stats}")


@contextlib.asynccontextmanager
async def probe_for(clip):
    probe = await Probe.start(clip)
    try:
        yield probe
    finally:
        if probe.process.returncode is None:
            with contextlib.suppress(asyncio.TimeoutError):
                await probe.stop()
        if probe.process.returncode is None:
            probe.process.kill()
            await probe.process.wait()


async def until(condition, seconds=DEADLINE_S):
    """condition() is polled: the other ends have no event for it."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "not within the deadline"
        await asyncio.sleep(0.05)


def run(coroutine):
    asyncio.run(coroutine)


# ---- aiortc: full ICE, decodes ------------------------------------------------------------------

class Aiortc:
    """A viewer. Its answer is active by itself; aiortc takes no offer but actpass."""

    def __init__(self, passive=False):
        import aioice.ice
        from aiortc import RTCPeerConnection
        # aioice leaves loopback out.
        aioice.ice.get_host_addresses = lambda use_ipv4=True, use_ipv6=True: ["127.0.0.1"]
        self.pc = RTCPeerConnection()
        self.passive = passive
        self.frames = 0
        self.readers = []
        self.pc.on("track", lambda track: self.readers.append(asyncio.create_task(self.read(track))))

    async def read(self, track):
        from aiortc.mediastreams import MediaStreamError
        with contextlib.suppress(MediaStreamError):
            while True:
                await track.recv()
                self.frames += 1

    async def answer(self, offer):
        from aiortc import RTCSessionDescription
        await self.pc.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        if self.passive:
            for transceiver in self.pc.getTransceivers():
                transceiver.receiver.transport._set_role("server")
        await self.pc.setLocalDescription(await self.pc.createAnswer())
        return self.pc.localDescription.sdp

    async def lost(self):
        return sum(s.packetsLost for s in (await self.pc.getStats()).values() if s.type == "inbound-rtp")

    async def close(self):
        for reader in self.readers:
            reader.cancel()
        await self.pc.close()


@pytest.mark.parametrize("answer", ["active", "passive"])
def test_aiortc_decodes_every_picture(clip, answer):
    async def scene():
        viewer = Aiortc(answer == "passive")
        async with probe_for(clip) as probe:
            sdp = await viewer.answer(await probe.offer())
            assert f"a=setup:{answer}" in sdp
            probe.answer(sdp)
            await until(lambda: viewer.frames >= 3 * FPS)
            await probe.until(lambda: list(probe.phases) == PHASES[1:])
            await probe.until(lambda: probe.stats.get("rtcp", 0) > 0)
            assert await viewer.lost() == 0
            await probe.stop()
            assert probe.process.returncode == 0
            assert probe.stats["dropped"] == 0
            assert probe.stats["packets"] > 2 * probe.stats["batches"]
            assert probe.details["dtls"].startswith("server" if answer == "active" else "client")
            probe.report(f"aiortc {answer}")
        await viewer.close()
    run(scene())


def test_the_viewers_goodbye_ends_it(clip):
    async def scene():
        viewer = Aiortc()
        async with probe_for(clip) as probe:
            probe.answer(await viewer.answer(await probe.offer()))
            await until(lambda: viewer.frames > 0)
            await viewer.close()
            await probe.until(lambda: probe.end)
            assert probe.end[0] == ERR_EOF
    run(scene())


def test_a_wrong_fingerprint_is_untrusted(clip):
    async def scene():
        viewer = Aiortc()
        async with probe_for(clip) as probe:
            sdp = await viewer.answer(await probe.offer())
            probe.answer(re.sub(r"(a=fingerprint:sha-256 )..", r"\g<1>00", sdp))
            await probe.until(lambda: probe.end)
            assert probe.end[0] == ERR_UNTRUSTED
            assert "dtls" not in probe.phases
            assert viewer.frames == 0
        await viewer.close()
    run(scene())


def test_a_peer_that_takes_its_consent_back_gets_nothing_more(clip):
    """RFC 7675 5.2: an error 403 to a check of consent ends it at once, though others end only by silence."""
    async def scene():
        viewer, forbidden = Aiortc(), []
        async with probe_for(clip) as probe:
            probe.answer(await viewer.answer(await probe.offer()))
            await until(lambda: viewer.frames > 10)
            ice = viewer.pc.getTransceivers()[0].receiver.transport.transport._connection

            def forbid(message, addr, protocol, _):
                forbidden.append(message)
                ice.respond_error(message, addr, protocol, (403, "Forbidden"))
            ice.request_received = forbid
            await probe.until(lambda: probe.end)
            assert probe.end[0] == ERR_UNREACHABLE
            assert "consent" in probe.end[1]
            assert len(forbidden) == 1, "it asked no second time"
            await viewer.close()
    run(scene())


def test_a_peers_own_checks_of_consent_are_answered(clip):
    """RFC 8445 7.3: what it asks rightly is answered, and what it asks wrongly is refused with the code that says why."""
    async def scene():
        from aioice import stun
        viewer = Aiortc()
        async with probe_for(clip) as probe:
            probe.answer(await viewer.answer(await probe.offer()))
            await until(lambda: viewer.frames > 10)
            ice = viewer.pc.getTransceivers()[0].receiver.transport.transport._connection
            pair = next(iter(ice._nominated.values()))

            async def ask(key=ice.remote_password, name=None):
                """The error that the answer has, or None."""
                request = ice.build_request(pair, nominate=False)
                if name:
                    request.attributes["USERNAME"] = name
                try:
                    answer, address = await pair.protocol.request(
                        request, pair.remote_addr, integrity_key=key.encode(), retransmissions=2)
                except stun.TransactionFailed as failed:
                    return failed.response.attributes["ERROR-CODE"][0]
                assert address == pair.remote_addr
                mine = pair.protocol.transport.get_extra_info("sockname")
                assert answer.attributes["XOR-MAPPED-ADDRESS"] == tuple(mine[:2])
                return None

            # libnice answers first, then whoever keeps the path without it: 3 s later.
            until_s = time.monotonic() + 6
            while time.monotonic() < until_s:
                assert await ask() is None
                await asyncio.sleep(0.2)
            assert await ask(key="x" * 22) == 401
            assert await ask(name="who:knows") == 401
            assert await ask() is None
            frames = viewer.frames
            await until(lambda: viewer.frames > frames + 10)
            assert probe.end is None
        await viewer.close()
    run(scene())


# ---- Janus: an SFU, ice-lite --------------------------------------------------------------------

@contextlib.asynccontextmanager
async def janus_handle():
    import cloudflare_janus as sfu
    janus = sfu.Janus(sfu.build_shim(os.path.join(ROOT, "build", "sim-cache")))
    await janus.start()
    try:
        yield janus, await janus.attach()
    finally:
        await janus.close()


async def publish(handle, offer):
    import cloudflare_janus as sfu
    body = {"request": "joinandconfigure", "ptype": "publisher", "room": sfu.ROOM, "id": "probe"}
    _, jsep = await handle.message(body, {"type": "offer", "sdp": offer})
    return jsep["sdp"]


def packets_in(info):
    """All counters of received packets in Janus' handle_info."""
    medias = info["webrtc"]["media"]
    return sum(m["stats"]["in"]["packets"] for m in medias.values())


@pytest.mark.parametrize("answer", ["active", "passive"])
def test_janus_as_ice_lite_sfu_gets_every_packet(clip, answer):
    async def scene():
        async with janus_handle() as (janus, handle), probe_for(clip) as probe:
            offer = await probe.offer()
            if answer == "passive":
                offer = offer.replace("a=setup:actpass", "a=setup:active")
            sdp = await publish(handle, offer)
            assert "a=ice-lite" in sdp and f"a=setup:{answer}" in sdp
            assert len(re.findall("^a=candidate", sdp, re.M)) == 1
            probe.answer(sdp)
            await asyncio.wait_for(handle.up.wait(), DEADLINE_S)
            await probe.until(lambda: probe.stats.get("packets", 0) > 500)
            assert await probe_and_janus_agree(probe, handle)
            probe.report(f"janus {answer}")
            assert probe.stats["dropped"] == 0
            await probe.stop()
            await until(lambda: handle.hung_up)
    run(scene())


async def probe_and_janus_agree(probe, handle):
    """What the probe sent by now, Janus has received a moment later."""
    sent = probe.stats["packets"]
    for _ in range(600):
        if packets_in(await handle.info()) >= sent:
            return True
        await asyncio.sleep(0.05)
    return False


async def stand_still(janus, probe, seconds):
    """It answers nothing for so long, or until the session is given up: after how many seconds; None if it is not."""
    stopped = time.monotonic()
    janus.signal(signal.SIGSTOP)
    try:
        await probe.until(lambda: probe.end, seconds)
        return time.monotonic() - stopped
    except asyncio.TimeoutError:
        return None
    finally:
        janus.signal(signal.SIGCONT)


def test_a_silent_sfu_loses_consent_within_half_a_minute(clip):
    """RFC 7675 5.1: consent expires 30 s after the last answer, not after two of them that were lost."""
    async def scene():
        async with janus_handle() as (janus, handle), probe_for(clip) as probe:
            probe.answer(await publish(handle, await probe.offer()))
            await probe.until(lambda: probe.stats.get("packets", 0) > 0)
            took = await stand_still(janus, probe, 60)
            print(f"\nconsent: lost after {took:.1f} s: {probe.end[1]}")
            assert probe.end[0] == ERR_UNREACHABLE
            assert "consent" in probe.end[1]
            assert 24 < took < 32
    run(scene())


def test_silence_of_twelve_seconds_ends_no_session(clip):
    """What happens when there are more of them takes hours: tests/unit/test_consent.c."""
    async def scene():
        async with janus_handle() as (janus, handle), probe_for(clip) as probe:
            probe.answer(await publish(handle, await probe.offer()))
            await probe.until(lambda: probe.stats.get("packets", 0) > 0)
            assert await stand_still(janus, probe, 12) is None
            sent = probe.stats["batches"]
            await probe.until(lambda: probe.stats["batches"] > sent + 12 * FPS)  # it was asked again, and answered
            assert await probe_and_janus_agree(probe, handle)
            assert probe.end is None
    run(scene())


# ---- GStreamer webrtcbin: full ICE by libnice, DTLS by OpenSSL, its own RTP stack ----------------

class Webrtcbin:
    """Counts RTP packets, and sequence numbers that are missing; decodes nothing."""

    def __init__(self):
        gi = pytest.importorskip("gi")
        try:
            gi.require_version("Gst", "1.0")
            gi.require_version("GstWebRTC", "1.0")
            gi.require_version("GstSdp", "1.0")
        except ValueError as missing:
            pytest.skip(f"{missing} (gir1.2-gst-plugins-bad-1.0)")
        from gi.repository import Gst, GstSdp, GstWebRTC
        Gst.init(None)
        self.gst, self.sdp, self.webrtc = Gst, GstSdp, GstWebRTC
        self.packets, self.gaps, self.last = 0, 0, None
        self.pipeline = Gst.Pipeline.new()
        self.bin = Gst.ElementFactory.make("webrtcbin")
        self.bin.set_property("latency", 0)
        self.pipeline.add(self.bin)
        # Kept: PyGObject takes the only reference, which floats, and would free it under webrtcbin.
        self.ice = self.bin.get_property("ice-agent")
        self.ice.emit("add-local-ip-address", "127.0.0.1")
        self.ice.set_property("ice-tcp", False)
        self.bin.connect("pad-added", self.on_pad)
        self.pipeline.set_state(Gst.State.PLAYING)

    def on_pad(self, _, pad):
        sink = self.gst.ElementFactory.make("fakesink")
        sink.set_property("async", False)
        self.pipeline.add(sink)
        sink.sync_state_with_parent()
        pad.add_probe(self.gst.PadProbeType.BUFFER, self.on_buffer)
        pad.link(sink.get_static_pad("sink"))

    def on_buffer(self, _, info):
        seq = int.from_bytes(info.get_buffer().extract_dup(2, 2), "big")
        if self.last is not None and seq != (self.last + 1) % 65536:
            self.gaps += 1
        self.last = seq
        self.packets += 1
        return self.gst.PadProbeReturn.OK

    def call(self, signal, *arguments):
        promise = self.gst.Promise.new()
        self.bin.emit(signal, *arguments, promise)
        promise.wait()
        return promise.get_reply()

    def answer(self, offer):
        _, message = self.sdp.SDPMessage.new_from_text(offer)
        self.call("set-remote-description", self.webrtc.WebRTCSessionDescription.new(
            self.webrtc.WebRTCSDPType.OFFER, message))
        reply = self.call("create-answer", None)  # lives longer than the answer, which is inside it
        self.call("set-local-description", reply.get_value("answer"))
        end = time.monotonic() + DEADLINE_S
        while not self.gathered() and time.monotonic() < end:
            time.sleep(0.02)
        return self.bin.get_property("local-description").sdp.as_text()

    def gathered(self):
        return self.bin.get_property("ice-gathering-state") == self.webrtc.WebRTCICEGatheringState.COMPLETE

    def close(self):
        self.pipeline.set_state(self.gst.State.NULL)


def test_webrtcbin_receives_without_a_gap(clip):
    async def scene():
        viewer = Webrtcbin()
        async with probe_for(clip) as probe:
            offer = await probe.offer()
            probe.answer(await asyncio.get_running_loop().run_in_executor(None, viewer.answer, offer))
            await until(lambda: viewer.packets > 1000)
            assert viewer.gaps == 0
            await probe.until(lambda: probe.stats.get("rtcp", 0) > 0)
            probe.report("webrtcbin")
        viewer.close()
    run(scene())
