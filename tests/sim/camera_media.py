"""camera_media.py - what a stand-in camera shows, and the clock by which it leaves.

Owns one camera's clips, orders and counters (Camera), the media of one connection (Feed), and the one thread that
sends every picture when it is due (Pacer). Knows GStreamer, but no RTSP: camera_site.py does.
"""

import heapq
import itertools
import threading
import time
from collections import Counter, deque
from fractions import Fraction

import gi
for _name in ("Gst", "GstApp"):
    gi.require_version(_name, "1.0")
from gi.repository import Gst, GstApp  # noqa: E402,F401

import clips  # noqa: E402

NS = 10 ** 9
LATE_S = 3.0  # a feeder this late (process was stopped, not just busy) leaves frames out instead of sending a burst
SEI_UUID = b"camrelay-latency"  # 16 bytes


# ---- one connection's media -------------------------------------------------------------------------------------

class Track:
    """One appsrc and its frames. Frame n has PTS n/rate for ever; due at t0 + n/rate + delay_s."""

    def __init__(self, feed, appsrc, rate, delay_s):
        self.feed, self.appsrc, self.rate, self.delay_s = feed, appsrc, Fraction(rate), delay_s
        self.n = 0
        self.handler = appsrc.connect("need-data", self.on_first_need)

    def on_first_need(self, appsrc, _size):
        """Frame 0 goes out before PLAY, because the SDP needs the payloader's caps; the rest waits for PLAY."""
        appsrc.disconnect(self.handler)
        appsrc.set_property("emit-signals", False)
        self.push(0)
        self.n = 1

    def pts(self, n):
        return n * NS * self.rate.denominator // self.rate.numerator

    def due(self):
        return self.feed.t0 + self.pts(self.n) / NS + self.delay_s

    def step(self, now):
        """Sends the frame that is due, or lets it pass while the camera stalls."""
        late = now - self.due()
        if late > LATE_S:
            self.n += int(late * self.rate)
            self.lose()
        if self.feed.camera.stalled(now):
            self.lose()
        elif self.ready():
            self.push(self.n)
        self.n += 1

    def lose(self):
        pass

    def ready(self):
        return True

    def send(self, template, n, order=0):
        buffer = template.copy_region(Gst.BufferCopyFlags.MEMORY | Gst.BufferCopyFlags.FLAGS, 0, template.get_size())
        buffer.dts = self.pts(n)
        buffer.pts = self.pts(n + order)
        buffer.duration = self.pts(n + 1) - self.pts(n)
        self.appsrc.push_buffer(buffer)


class VideoTrack(Track):
    def __init__(self, feed, appsrc, join):
        self.clip = feed.camera.clip
        super().__init__(feed, appsrc, self.clip.fps, feed.camera.picture_delay_s)
        self.start = feed.camera.position(time.monotonic(), join)
        self.whole = True  # False: a picture was left out, nothing is sent before the next IDR
        self.sent = None  # the picture before
        self.announce = False  # the next IDR carries parameter sets whatever the mode
        appsrc.set_caps(self.clip.caps)

    def position(self):
        return (self.start + self.n) % len(self.clip.pictures)

    def lose(self):
        self.whole = False

    def ready(self):
        if self.clip.pictures[self.position()].idr:
            self.whole = True
            self.follow_switch()
        return self.whole

    def follow_switch(self):
        if self.clip is not self.feed.camera.clip:
            self.clip = self.feed.camera.clip
            self.appsrc.set_caps(self.clip.caps)
            self.announce = True

    def push(self, n):
        picture = self.clip.pictures[self.position()]
        template = picture.with_sets if self.announce and picture.idr else picture.plain
        self.announce = False
        if self.feed.camera.frozen and self.sent:
            template = self.sent
        self.sent = template
        self.send(stamped(template, self.clip.codec) if self.feed.camera.sei else template, n, picture.order)
        self.feed.frames += 1
        self.feed.camera.frames += 1


class AudioTrack(Track):
    def __init__(self, feed, appsrc, sound):
        self.sound = sound
        super().__init__(feed, appsrc, Fraction(sound.rate, clips.AAC_FRAME), sound.delay_s)
        appsrc.set_caps(sound.caps)

    def push(self, n):
        self.send(self.sound.buffers[n % len(self.sound.buffers)], n)


def stamped(template, codec):
    """The picture behind an SEI (user data) with the time of sending: CLOCK_MONOTONIC ns, 20 ASCII digits."""
    body = codec.sei + bytes([5, 36]) + SEI_UUID + b"%020d" % time.monotonic_ns() + b"\x80"
    buffer = Gst.Buffer.new_wrapped(clips.avc([body]))
    if template.has_flags(Gst.BufferFlags.DELTA_UNIT):
        buffer.set_flags(Gst.BufferFlags.DELTA_UNIT)
    return buffer.append(template.copy_region(Gst.BufferCopyFlags.MEMORY, 0, template.get_size()))


class RtpShift:
    """Adds an offset to the RTP time stamps that leave one payloader. Costs nothing until it is first used.

    From one picture to the next: the packets of one picture have one time stamp, whenever the jump was asked for.
    """

    def __init__(self, pad, clock_rate):
        self.pad, self.clock_rate = pad, clock_rate
        self.ticks = self.asked = 0  # in force; and from the next picture on
        self.between = False  # the packet before was the last of a picture
        self.probe = None
        self.pushing = False  # our own pushes pass through the probe too

    def add(self, seconds):
        self.asked += round(seconds * self.clock_rate)
        if self.probe is None:
            kinds = Gst.PadProbeType.BUFFER | Gst.PadProbeType.BUFFER_LIST
            self.probe = self.pad.add_probe(kinds, self.on_packets)

    def on_packets(self, pad, info):
        if self.pushing:
            return Gst.PadProbeReturn.OK
        self.pushing = True
        for packet in packets_of(info):
            if self.between:
                self.ticks = self.asked
            self.between = bool(packet.extract_dup(1, 1)[0] & 0x80)
            pad.push(self.shifted(packet))
        self.pushing = False
        return Gst.PadProbeReturn.DROP

    def shifted(self, packet):
        packet = packet.copy_deep()
        stamp = int.from_bytes(packet.extract_dup(4, 4), "big") + self.ticks
        packet.fill(4, (stamp & 0xffffffff).to_bytes(4, "big"))
        return packet


def packets_of(info):
    if info.type & Gst.PadProbeType.BUFFER_LIST:
        packets = info.get_buffer_list()
        return [packets.get(i) for i in range(packets.length())]
    return [info.get_buffer()]


class Feed:
    """The media of one connection: its tracks, its clock, its time stamp shifts."""

    def __init__(self, camera, element, join):
        self.camera = camera
        self.t0 = None  # monotonic; set by PLAY
        self.frames = 0
        self.closed = False
        self.tracks = [VideoTrack(self, element.get_by_name("video"), join)]
        self.shifts = [RtpShift(element.get_by_name("pay0").get_static_pad("src"), 90000)]
        if camera.sound:
            self.tracks.append(AudioTrack(self, element.get_by_name("audio"), camera.sound))
            self.shifts.append(RtpShift(element.get_by_name("pay1").get_static_pad("src"), camera.sound.rate))
        self.muted = element.get_by_name("pay1").get_static_pad("src") if camera.mute else None

    def play(self, pacer):
        if self.t0 is None:
            if self.muted:
                kinds = Gst.PadProbeType.BUFFER | Gst.PadProbeType.BUFFER_LIST
                self.muted.add_probe(kinds, lambda _pad, _info: Gst.PadProbeReturn.DROP)
            self.t0 = time.monotonic()
            pacer.add(self.tracks)

    def jump(self, seconds):
        for shift in self.shifts:
            shift.add(seconds)


class Pacer(threading.Thread):
    """One thread that sends every frame of every feed when it is due."""

    def __init__(self):
        super().__init__(daemon=True, name="pacer")
        self.changed = threading.Condition()
        self.heap = []  # (due, tie, track)
        self.tie = itertools.count()

    def add(self, tracks):
        with self.changed:
            for track in tracks:
                heapq.heappush(self.heap, (track.due(), next(self.tie), track))
            self.changed.notify()

    def next_due(self):
        """The next track whose time has come, or None after a wait."""
        with self.changed:
            wait = self.heap[0][0] - time.monotonic() if self.heap else None
            if wait is None or wait > 0:
                self.changed.wait(wait)
                return None
            return heapq.heappop(self.heap)[2]

    def run(self):
        while True:
            track = self.next_due()
            if track and not track.feed.closed:
                track.step(time.monotonic())
                self.add([track])


# ---- one camera -------------------------------------------------------------------------------------------------

class Picture:
    """One access unit as GStreamer buffers, ready to be shared by every connection."""

    def __init__(self, unit, video, in_band):
        self.idr = unit.idr
        self.order = unit.order + video.spec.bframes
        self.with_sets = wrap(video.sets + unit.nals, unit.idr)
        self.plain = self.with_sets if unit.idr and in_band else wrap(unit.nals, unit.idr)


def wrap(nals, idr):
    buffer = Gst.Buffer.new_wrapped(clips.avc(nals))
    if not idr:
        buffer.set_flags(Gst.BufferFlags.DELTA_UNIT)
    return buffer


class Clip:
    def __init__(self, video, in_band):
        self.codec = video.spec.codec
        self.fps = video.spec.fps
        self.gop = video.spec.gop_frames
        self.size = f"{video.spec.width}x{video.spec.height}"
        self.pictures = [Picture(unit, video, in_band) for unit in video.units]
        self.caps = Gst.Caps.from_string(f"{self.codec.caps},alignment=au,codec_data=(buffer){video.codec_data().hex()}")


class Sound:
    """delay_s: it is sent so much later than its time stamps and the sender reports say."""

    def __init__(self, audio, delay_s=0.0):
        self.delay_s = delay_s
        self.rate = audio.rate
        self.buffers = [Gst.Buffer.new_wrapped(frame) for frame in audio.frames]
        channels = audio.config[1] >> 3 & 15
        self.caps = Gst.Caps.from_string(
            f"audio/mpeg,mpegversion=4,stream-format=raw,rate={audio.rate},channels={channels},"
            f"codec_data=(buffer){audio.config.hex()}")


class Camera:
    """What one camera is told to do and what it has done. Guarded by the site's lock, except counters of frames."""

    def __init__(self, name, number, main, alt, sound, sei):
        self.name, self.number = name, number
        self.main, self.alt, self.sound, self.sei = main, alt, sound, sei
        self.picture_delay_s = 0.0  # pictures are sent so much later than their time stamps and the sender reports say
        self.live_sound = None
        self.mute = False  # its live sound stands in the SDP and is not sent
        self.clip = main
        self.online = True
        self.stalled_until = 0.0
        self.frozen = False  # sends the last picture again and again
        self.describe_faults = deque()  # of {"kind":"status"|"refuse"|"delay", ...}, taken from the left
        self.connections = 0  # TCP connections that ever asked for this camera
        self.plays = 0
        self.frames = 0
        self.describes = Counter()  # by status

    def hum(self, codec, hz, mute):
        """Sound of that codec, made by GStreamer as it goes, instead of the clip's."""
        self.sound, self.mute = None, mute
        self.live_sound = f"audiotestsrc is-live=true wave=sine freq={hz} ! {LIVE_SOUND[codec]} name=pay1"

    def position(self, now, join):
        """Where in the clip a new connection starts: the live picture, or the IDR of its GOP."""
        live = int(now * self.clip.fps) + self.number * self.clip.gop
        return live if join == "live" else live - live % self.clip.gop

    def stalled(self, now):
        return now < self.stalled_until

    def take_fault(self):
        return self.describe_faults.popleft() if self.describe_faults else {"kind": "none"}

    def state(self, now):
        return {"number": self.number, "online": self.online, "stalled": self.stalled(now), "size": self.clip.size,
                "fps": self.clip.fps, "frames": self.frames, "connections": self.connections, "plays": self.plays,
                "describes": {str(k): v for k, v in self.describes.items()}, "pending": list(self.describe_faults)}


LIVE_SOUND = {"pcmu": "audio/x-raw,rate=8000,channels=1 ! mulawenc ! rtppcmupay pt=0",
              "pcma": "audio/x-raw,rate=8000,channels=1 ! alawenc ! rtppcmapay pt=8",
              "l16": "audio/x-raw,rate=16000,channels=1 ! audioconvert ! rtpL16pay max-ptime=20000000 pt=98",
              "opus": "audio/x-raw,rate=48000,channels=2 ! opusenc ! rtpopuspay pt=98"}


def launch_line(camera, mtu):
    source = ("is-live=true format=time do-timestamp=false block=false max-bytes=0 max-buffers=200 "
              "leaky-type=downstream")  # a track that the client does not set up must not fill the memory
    line = (f"appsrc name=video {source} ! {camera.main.codec.payloader} name=pay0 pt=96 config-interval=0 "
            f"aggregate-mode=zero-latency mtu={mtu} ")
    if camera.sound:
        line += f"appsrc name=audio {source} ! rtpmp4gpay name=pay1 pt=97 mtu={mtu} "
    elif camera.live_sound:
        line += f"{camera.live_sound} mtu={mtu} "
    return f"( {line})"
