"""clips.py - the moving pictures and the sound of the stand-in cameras.

Encodes each camera's clip once with ffmpeg into a cache folder, and cuts it into access units, so that a running
camera server encodes and parses nothing. Knows nothing of RTSP.

The picture: a moving test pattern, the camera's name, clock and frame number of the clip, and along the lower edge a
strip of 24 cells that a program can read:  1 0 | camera number, 8 bits | frame number, 12 bits | 0 1
(white = 1, most significant bit first; cell = width/24 rounded down to even, starting at the left edge).
Closed GOPs, no B-frames, so the clip can be looped and entered at every IDR.
Or, to measure lip sync: black and silent, but once a second a white picture and a beep begin at the same moment.
"""

import fcntl
import hashlib
import math
import os
import re
import subprocess
from dataclasses import dataclass

CLIP_SECONDS = 8  # a whole number of AAC frames at 8, 16 and 48 kHz
AAC_FRAME = 1024  # samples
ADTS_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
STRIP_CELLS = 24
FLASH_S, FLASH_HZ = 0.2, 1000
FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"
HUM_HZ, HUM_STEP_HZ, BEEP_FACTOR = 220, 20, 4
START_CODE = re.compile(b"\x00\x00\x01")


@dataclass(frozen=True)
class Codec:
    """How NAL units are told apart, and who makes and packetizes them. Types are nal_unit_type of table 7-1."""
    name: str
    shift: int  # of the type in a NAL unit's first byte
    mask: int
    header: int  # bytes
    slices: tuple  # of pictures that need others
    keys: tuple  # of pictures that need none
    sets: tuple  # parameter sets, in their order
    delimiter: int
    sei: bytes  # a NAL unit's header
    encoder: tuple  # ffmpeg's options
    parameters: str  # the option of the encoder's own parameters
    container: str
    caps: str  # GStreamer's
    payloader: str
    aggregate: int  # types of RTP payloads: RFC 6184 5.2, RFC 7798 4.4
    fragment: int

    def kind(self, nal):
        return nal[0] >> self.shift & self.mask

    def starts_picture(self, nal):
        """The first slice of a picture: its header begins with a 1 bit (first_mb_in_slice is ue(v) 0, or the flag itself)."""
        return self.kind(nal) in self.slices + self.keys and nal[self.header] & 0x80 != 0


H264 = Codec("h264", 0, 31, 1, (1,), (5,), (7, 8), 9, b"\x06", ("-c:v", "libx264", "-preset", "veryfast"), "-x264-params",
             "h264", "video/x-h264,stream-format=avc", "rtph264pay", 24, 28)
H265 = Codec("h265", 1, 63, 2, tuple(range(10)), (19, 20, 21), (32, 33, 34), 35, b"\x4e\x01",
             ("-c:v", "libx265", "-preset", "ultrafast"), "-x265-params", "hevc", "video/x-h265,stream-format=hvc1",
             "rtph265pay", 48, 49)
CODECS = {codec.name: codec for codec in (H264, H265)}


@dataclass(frozen=True)
class Spec:
    """What a clip is encoded to."""
    width: int = 640
    height: int = 360
    fps: int = 15
    bitrate: int = 500  # kbit/s
    gop: float = 1.0  # seconds
    profile: str = "main"
    slices: int = 1
    audio_rate: int = 16000  # Hz; 0 = no sound
    still: bool = False  # a scene in which nothing moves, without noise
    bframes: int = 0  # in a row
    pyramid: bool = False  # B-frames that others refer to
    flash: bool = False  # a white picture and a beep instead of test pattern and hum
    codec: Codec = H264

    @property
    def gop_frames(self):
        return max(1, round(self.gop * self.fps))

    @property
    def frames(self):
        """A whole number of GOPs."""
        return math.ceil(CLIP_SECONDS * self.fps / self.gop_frames) * self.gop_frames


@dataclass
class AccessUnit:
    nals: list  # without parameter sets
    idr: bool
    order: int = 0  # its place among the pictures as they are shown, against its place here


@dataclass
class Video:
    spec: Spec
    sets: list  # VPS (of H.265), SPS, PPS
    units: list  # of AccessUnit

    @property
    def sps(self):
        return self.sets[-2]

    @property
    def pps(self):
        return self.sets[-1]

    def codec_data(self):
        """The decoder configuration record with NAL lengths of 4 bytes."""
        return self.hvcc() if self.spec.codec is H265 else self.avcc()

    def hvcc(self):
        """HEVCDecoderConfigurationRecord, ISO/IEC 14496-15 8.3.3.1: 4:2:0 of 8 bits, one sub-layer."""
        profile = self.sps.replace(b"\x00\x00\x03", b"\x00\x00")[3:15]  # general_profile_space to general_level_idc
        out = b"\x01" + profile + bytes([0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f, len(self.sets)])
        for nal in self.sets:
            out += bytes([0x80 | H265.kind(nal), 0, 1]) + len(nal).to_bytes(2, "big") + nal
        return out

    def avcc(self):
        """AVCDecoderConfigurationRecord, ISO/IEC 14496-15 5.3.3.1."""
        return (bytes([1]) + self.sps[1:4] + bytes([0xff, 0xe1]) + len(self.sps).to_bytes(2, "big") + self.sps
                + bytes([1]) + len(self.pps).to_bytes(2, "big") + self.pps)


@dataclass
class Audio:
    rate: int
    config: bytes  # AudioSpecificConfig
    frames: list  # of raw AAC frames


def avc(nals):
    return b"".join(len(n).to_bytes(4, "big") + n for n in nals)


def split_nals(data):
    marks = [m.end() for m in START_CODE.finditer(data)]
    ends = [m - 3 for m in marks[1:]] + [len(data)]
    return [data[a:b].rstrip(b"\x00") for a, b in zip(marks, ends)]


def group_units(nals, codec=H264):
    """NAL units -> access units. What precedes a picture's first slice belongs to it."""
    units, pending = [], []
    for nal in nals:
        kind = codec.kind(nal)
        if kind not in codec.slices + codec.keys:
            if kind not in codec.sets + (codec.delimiter,):
                pending.append(nal)
        elif codec.starts_picture(nal):
            units.append(AccessUnit(pending + [nal], kind in codec.keys))
            pending = []
        else:
            units[-1].nals.append(nal)
    return units


def cut_video(data, spec):
    nals = split_nals(data)
    sets = [next(n for n in nals if spec.codec.kind(n) == kind) for kind in spec.codec.sets]
    video = Video(spec, sets, group_units(nals, spec.codec))
    check_video(video)
    return video


def check_video(video):
    """The loop is only clean if the clip is what was asked for."""
    spec = video.spec
    if len(video.units) != spec.frames:
        raise ValueError(f"clip has {len(video.units)} pictures, wanted {spec.frames}")
    wrong = [i for i, u in enumerate(video.units) if u.idr != (i % spec.gop_frames == 0)]
    if wrong:
        raise ValueError(f"pictures {wrong[:5]} are not (or are wrongly) IDR")


def cut_adts(data):
    """ADTS -> raw AAC frames. The first is the encoder's priming and is dropped, so is a last short one."""
    frames, at = [], 0
    profile, index, channels = data[2] >> 6, data[2] >> 2 & 15, (data[2] & 1) << 2 | data[3] >> 6
    while at + 7 <= len(data):
        size = (data[at + 3] & 3) << 11 | data[at + 4] << 3 | data[at + 5] >> 5
        header = 7 if data[at + 1] & 1 else 9
        frames.append(data[at + header:at + size])
        at += size
    config = ((profile + 1) << 11 | index << 7 | channels << 3).to_bytes(2, "big")
    rate = ADTS_RATES[index]
    return Audio(rate, config, frames[1:1 + CLIP_SECONDS * rate // AAC_FRAME])


def cell(spec):
    return spec.width // STRIP_CELLS // 2 * 2


def strip_filters(spec, number):
    """Black band, then a white box for every 1: fixed bits as they are, frame bits by the frame's number."""
    size = cell(spec)
    box = lambda i: f"drawbox=x={i * size}:y=ih-{size}:w={size}:h={size}:color=white:t=fill"
    filters = [f"drawbox=x=0:y=ih-{size}:w=iw:h={size}:color=black:t=fill"]
    fixed = [1, 0] + [number >> (7 - i) & 1 for i in range(8)]
    filters += [box(i) for i, bit in enumerate(fixed) if bit]
    filters += [box(10 + i) + f":enable='gte(mod(n,{2 ** (12 - i)}),{2 ** (11 - i)})'" for i in range(12)]
    return filters + [box(STRIP_CELLS - 1)]


def text_filter(text, size, y):
    return (f"drawtext=fontfile={FONT}:text='{text}':fontsize={size}:fontcolor=white:box=1:boxcolor=black@0.7:"
            f"boxborderw=8:x=(w-tw)/2:y={y}")


def filters(spec, name, number):
    if spec.still:
        return text_filter(re.sub(r"[^A-Za-z0-9 _.-]", "_", name), spec.height // 8, "h/4-th/2")
    noise = "noise=alls=12:allf=t"  # without it x264 cannot use the bit rate that was asked for
    label = text_filter(re.sub(r"[^A-Za-z0-9 _.-]", "_", name), spec.height // 8, "h/4-th/2")
    clock = text_filter("%{pts\\:hms}  %{frame_num}", spec.height // 12, "h*0.7")
    return ",".join([noise, label, clock] + strip_filters(spec, number))


def b_frames(spec):
    """The encoder's parameters: always as many in a row as were asked for."""
    if not spec.bframes:
        return "bframes=0"
    pyramid = {H264: ("none", "normal"), H265: (0, 1)}[spec.codec][spec.pyramid]
    return f"bframes={spec.bframes}:b-adapt=0:b-pyramid={pyramid}"


def flash_filters(spec, number):
    white = f"drawbox=w=iw:h=ih:color=white:t=fill:enable='lt(mod(n,{spec.fps}),{round(FLASH_S * spec.fps)})'"
    return ",".join([white] + strip_filters(spec, number))


def picture_source(spec, name, number):
    """What ffmpeg is to encode: (input, filters)."""
    size = f"size={spec.width}x{spec.height}:rate={spec.fps}"
    if spec.flash:
        return f"color=color=black:{size}", flash_filters(spec, number)
    return f"{'smptebars' if spec.still else 'testsrc2'}={size}", filters(spec, name, number)


def encoder_parameters(spec):
    closed = f"keyint={spec.gop_frames}:min-keyint={spec.gop_frames}:scenecut=0:open-gop=0:{b_frames(spec)}:"
    if spec.codec is H265:  # its picture of several slices would need as many rows of 64 lines for each
        return closed + f"slices={spec.slices}:log-level=error"
    return closed + f"sliced-threads=0:slices={spec.slices}"


def video_command(spec, name, number, out):
    source, drawn = picture_source(spec, name, number)
    return ["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", source, "-vf", drawn,
            "-frames:v", str(spec.frames), *spec.codec.encoder, "-pix_fmt", "yuv420p",
            "-profile:v", spec.profile if spec.codec is H264 else "main", "-b:v", f"{spec.bitrate}k", "-maxrate", f"{spec.bitrate}k",
            "-bufsize", f"{spec.bitrate}k", spec.codec.parameters, encoder_parameters(spec), "-f",
            spec.codec.container, out]


def hum_hz(number):
    """Each camera hums a tone of its own, and beeps once a second BEEP_FACTOR times as high."""
    return HUM_HZ + HUM_STEP_HZ * number


def audio_command(spec, number, out):
    beep = f"aevalsrc='if(lt(mod(t,1),{FLASH_S}),0.8*sin(2*PI*{FLASH_HZ}*t),0)':sample_rate={spec.audio_rate}"
    tone = beep if spec.flash else f"sine=frequency={hum_hz(number)}:sample_rate={spec.audio_rate}:beep_factor={BEEP_FACTOR}"
    return ["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", tone, "-t", str(CLIP_SECONDS + 1),
            "-c:a", "aac", "-b:a", "32k", "-ac", "1", "-f", "adts", out]


def cached(folder, suffix, command):
    """The output of a command whose last word is the file; runs it unless the folder has it. Safe for several processes."""
    key = hashlib.sha256("\0".join(command[:-1]).encode()).hexdigest()[:20]
    path = os.path.join(folder, key + suffix)
    with open(os.path.join(folder, "." + key + ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(path):
            part = path + ".part"
            subprocess.run(command[:-1] + [part], check=True)
            os.rename(part, path)
    with open(path, "rb") as f:
        return f.read()


def load_video(folder, spec, name, number):
    os.makedirs(folder, exist_ok=True)
    command = video_command(spec, name, number, "")
    video = cut_video(cached(folder, "." + spec.codec.name, command), spec)
    if spec.bframes:
        # The same once more, since the bare stream has no times: "stream, dts, pts, duration, size, hash" for each picture.
        lines = cached(folder, ".times", [*command[:-3], "-f", "framecrc", ""]).decode().splitlines()
        for here, line in enumerate(line for line in lines if not line.startswith("#")):
            video.units[here].order = int(line.split(",")[2]) - here
    return video


def load_audio(folder, spec, number):
    if not spec.audio_rate:
        return None
    os.makedirs(folder, exist_ok=True)
    return cut_adts(cached(folder, ".aac", audio_command(spec, number, "")))
