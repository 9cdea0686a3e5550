"""recordings.py - what a test can say of recordings: playlists read, ffmpeg and ffprobe as judges, small disks.

Knows the layout of docs/recording.md and HLS (RFC 8216), and none of our code.
"""
import contextlib
import datetime
import glob
import os
import re
import subprocess
from dataclasses import dataclass


@dataclass
class Segment:
    path: str
    init: str
    start: float  # wall time, seconds
    duration: float
    discontinuity: bool


class Playlist:
    """An hour's playlist as it is now."""

    def __init__(self, path):
        self.path, self.folder = path, os.path.dirname(path)
        with open(path, encoding="ascii") as file:
            self.text = file.read()
        assert self.text.startswith("#EXTM3U\n") and self.text.endswith("\n"), self.text
        self.ended = self.text.endswith("#EXT-X-ENDLIST\n")
        self.target = int(re.search(r"#EXT-X-TARGETDURATION:(\d+)\n", self.text).group(1))
        self.sequence = int(re.search(r"#EXT-X-MEDIA-SEQUENCE:(\d+)\n", self.text).group(1))
        self.segments = list(self._segments())

    def _segments(self):
        init, start, duration, discontinuity = None, None, None, False
        for line in self.text.splitlines():
            tag, _, value = line.partition(":")
            if tag == "#EXT-X-MAP":
                init = os.path.join(self.folder, value.removeprefix('URI="').removesuffix('"'))
            elif tag == "#EXT-X-PROGRAM-DATE-TIME":
                start = datetime.datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()
            elif tag == "#EXTINF":
                duration = float(value.rstrip(","))
            elif tag == "#EXT-X-DISCONTINUITY":
                discontinuity = True
            elif not line.startswith("#"):
                yield Segment(os.path.join(self.folder, line), init, start, duration, discontinuity)
                start, duration, discontinuity = None, None, False

    def check(self):
        """What RFC 8216 asks for, and that all is there."""
        for s in self.segments:
            assert os.path.getsize(s.path) > 0 and os.path.getsize(s.init) > 0, s
            assert s.start and 0 < s.duration and round(s.duration) <= self.target, (s, self.target)
        return self


def playlists(camera_dir):
    """Of a camera, the oldest first."""
    return [Playlist(p).check() for p in sorted(glob.glob(f"{camera_dir}/*/*/index.m3u8"))]


def segments(camera_dir):
    return [s for p in playlists(camera_dir) for s in p.segments]


def decode(source, *arguments, stdin=None):
    """ffmpeg decodes all of it, and stops at the first thing that is wrong. Returns what it said."""
    done = subprocess.run(["ffmpeg", "-nostdin" if stdin is None else "-y", "-v", "repeat+warning", "-xerror", "-err_detect", "explode",
                           # Times as they are: in pictures of the guessed rate two may fall into one after a gap.
                           *arguments, "-i", source, "-enc_time_base:v", "1:90000", "-f", "null", "-"], input=stdin, capture_output=True, timeout=120, check=False)
    said = done.stderr.decode()
    assert done.returncode == 0, said
    # FFmpeg's HLS demuxer says so of each further init segment, which it does not look at.
    return [line for line in said.splitlines() if "duplicated MOOV" not in line]


def decode_segment(segment):
    """With nothing but its init segment before it."""
    with open(segment.init, "rb") as init, open(segment.path, "rb") as media:
        assert decode("pipe:0", stdin=init.read() + media.read()) == [], segment


def probe(source, *arguments):
    done = subprocess.run(["ffprobe", "-v", "error", "-of", "csv=p=0", *arguments, source], capture_output=True, text=True,
                          timeout=60, check=True)
    return done.stdout.split()


def packet_times(source, stream):
    return [float(t.rstrip(",")) for t in probe(source, "-select_streams", stream, "-show_entries", "packet=pts_time")]


def codecs(source):
    return probe(source, "-show_entries", "format=:program=:stream=codec_name")


class SmallDisk:
    """A tmpfs of a few megabytes for camrelayd: mounted here where that is allowed, else in a user namespace of the daemon's
    own. `prefix` is what the daemon is to be started with; path(pid) is where we see the disk."""

    def __init__(self, directory, megabytes):
        self.directory, self.pid = directory, None
        os.makedirs(directory, exist_ok=True)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "camrelay-test", directory]
        self.mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
        script = f"mount -t tmpfs -o size={megabytes}m camrelay-test {directory} && exec \"$@\""
        self.prefix = [] if self.mounted else ["unshare", "-rm", "sh", "-c", script, "sh"]

    @staticmethod
    def possible():
        """Whether the one or the other works."""
        return os.geteuid() == 0 or subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode == 0

    @property
    def path(self):
        """Where we see it; self.pid is the daemon's."""
        return self.directory if self.mounted else f"/proc/{self.pid}/root{self.directory}"

    def remount(self, options):
        enter = [] if self.mounted else ["nsenter", "-t", str(self.pid), "-U", "-m", "--preserve-credentials"]
        subprocess.run([*enter, "mount", "-o", f"remount,{options}", self.directory], check=True)

    def free_percent(self):
        disk = os.statvfs(self.path)
        return 100 * disk.f_bavail / disk.f_blocks

    def close(self):
        if self.mounted:
            subprocess.run(["umount", "-l", self.directory], check=False)
        with contextlib.suppress(OSError):
            os.rmdir(self.directory)
