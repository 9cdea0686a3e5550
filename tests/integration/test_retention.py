"""Retention on real disks: nothing but the oldest goes, the disk never fills, and the relay never notices."""
import json
import os
import shutil
import time

import pytest

import recordings
from lab import Lab, until
from recordings import SmallDisk, decode, playlists, segments

HOUR_S = 3600
MEGABYTE = 1 << 20


def make_lab(disk, prefix=(), record="yes", camera_args=(), **recording):
    return Lab(cameras=1, recording={"dir": disk, **recording}, camera={"record": record}, state=True, prefix=prefix,
               supervisor={"start_stagger": "0s"}, camera_args=camera_args)


def hour_dir(disk, camera, hours_ago):
    return os.path.join(disk, camera, time.strftime("%Y-%m-%d/%H", time.gmtime(time.time() - hours_ago * HOUR_S)))


def make_hour(disk, camera, hours_ago, megabytes=1, protected=False):
    """An hour as the recorder leaves it, but for what is in the files."""
    folder = hour_dir(disk, camera, hours_ago)
    os.makedirs(folder)
    stem = time.strftime("%Y%m%dT%H0000.000Z", time.gmtime(time.time() - hours_ago * HOUR_S))
    files = {f"{stem}.m4s": b"x" * (megabytes * MEGABYTE), f"{stem}.init.mp4": b"x", "index.m3u8": b"#EXTM3U\n#EXT-X-ENDLIST\n"}
    if protected:
        files["protected"] = b""
    for name, content in files.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)
    return folder


def events(lab, wanted):
    said = [json.loads(line) for line in lab.camctl("--json", "events").splitlines()]
    return [e.get("text") for e in said if e["event"] == wanted]


@pytest.fixture(name="disk")
def directory(tmp_path):
    return str(tmp_path / "recordings")


@pytest.fixture(name="small")
def small_disk(tmp_path):
    if not SmallDisk.possible():
        pytest.skip("neither root nor a user namespace here: a small disk cannot be mounted")
    disk = SmallDisk(str(tmp_path / "disk"), 12)
    yield disk
    disk.close()


def test_what_is_too_old_goes_and_what_is_protected_stays(disk):
    old = make_hour(disk, "cam1", 30)
    older = make_hour(disk, "cam1", 60, protected=True)
    young = make_hour(disk, "cam1", 20)
    gone_camera = make_hour(disk, "was-here-once", 40)
    foreign = os.path.join(disk, "notes")
    os.makedirs(foreign)
    with open(os.path.join(foreign, "2001-01-01"), "w", encoding="ascii") as file:
        file.write("not a recording")
    with make_lab(disk, record="no", max_age="24h", min_free="1%") as lab:
        lab.start()
        until(lambda: not os.path.exists(old), "the old hour is gone")
        until(lambda: not os.path.exists(os.path.dirname(gone_camera)), "and its day, of a camera that is no more")
        assert os.path.exists(older) and os.path.exists(young)
        assert os.path.exists(os.path.join(foreign, "2001-01-01"))
        until(lambda: events(lab, "recordings deleted"), "the event")
        # It may go once nothing protects it; a reload sweeps.
        hour = "T".join(older.split("/")[-2:])
        assert lab.camctl("unprotect", "cam1", hour) == "no longer protected\n"
        assert lab.camctl("protect", "cam1", "T".join(young.split("/")[-2:])) == "protected\n"
        lab.recording_keys["max_age"] = "10h"
        lab.write_config()
        lab.camctl("reload")
        until(lambda: not os.path.exists(older), "the older one is gone")
        assert os.path.exists(young)
        refused = lab.camctl("protect", "cam1", "2001-01-01T00", check=False)
        assert refused.returncode == 1 and "no recording of that hour" in refused.stderr
        refused = lab.camctl("protect", "cam1", "yesterday", check=False)
        assert refused.returncode == 1 and "is no hour" in refused.stderr


def test_too_much_takes_the_oldest_of_a_camera_and_of_all(disk):
    first = [make_hour(disk, "cam1", h) for h in (9, 8, 7)]
    second = [make_hour(disk, "other", h) for h in (6, 5)]
    with make_lab(disk, record="no", max_bytes_per_camera="2200K", min_free="1%") as lab:
        lab.start()
        until(lambda: not os.path.exists(first[0]), "the oldest of the camera that has three")
        assert all(map(os.path.exists, first[1:] + second))
        lab.recording_keys.update(max_bytes="2200K")
        lab.write_config()
        lab.camctl("reload")
        until(lambda: not os.path.exists(first[1]) and not os.path.exists(first[2]), "the oldest of all")
        assert all(map(os.path.exists, second))


def fill(path, megabytes):
    """What others leave on the disk."""
    with open(path, "wb") as file:
        file.write(b"x" * (megabytes * MEGABYTE))


def start_on(small, **recording):
    disk = os.path.join(small.directory, "recordings")
    lab = make_lab(disk, prefix=small.prefix, camera_args=("--bitrate", "2000"), **recording)
    lab.start()
    small.pid = lab.daemon.process.pid
    return lab


def test_a_small_disk_never_fills(small):
    with start_on(small, min_free="30%") as lab:
        lab.until_running()
        camera = os.path.join(small.path, "recordings", "cam1")
        until(lambda: small.free_percent() < 30 or playlists(camera) and playlists(camera)[-1].sequence > 0, "it gets short", 60)
        lowest = 100
        deadline = time.monotonic() + 60

        def wrapped():
            nonlocal lowest
            lowest = min(lowest, small.free_percent())
            lists = playlists(camera)
            return lists and lists[-1].sequence >= 3

        until(wrapped, "three segments made room", max(1, deadline - time.monotonic()))
        assert lowest > 5
        row = lab.rows()["cam1"]
        assert row["recording"] == "recording" and row["dropped"] == 0 and row["recording_gaps"] == 0
        assert decode(playlists(camera)[-1].path, "-live_start_index", "0", "-t", "5") == []
        assert events(lab, "disk full") == []
        assert lab.close() == 0


def test_a_full_disk_stops_recording_and_never_the_relay(small):
    with start_on(small, min_free="20%") as lab:
        lab.until_running()
        camera = os.path.join(small.path, "recordings", "cam1")
        until(lambda: len(segments(camera)) >= 1, "a segment")
        lab.camctl("protect", "cam1", time.strftime("%Y-%m-%dT%H", time.gmtime(segments(camera)[0].start)))
        before = lab.sfu_packets("cam1")
        fill(os.path.join(small.path, "others"), 8)
        until(lambda: lab.rows()["cam1"]["recording"] == "disk full", "it stops", 60)
        until(lambda: events(lab, "disk full"), "the event")
        assert "less than 10 %" in events(lab, "disk full")[-1]
        assert "less than 10 %" in lab.camctl("show", "cam1")
        # Every picture still goes to the viewers.
        packets = lab.sfu_packets("cam1")
        until(lambda: lab.sfu_packets("cam1") > packets + 200, "packets at the SFU")
        assert packets > before and lab.rows()["cam1"]["dropped"] == 0
        os.unlink(os.path.join(small.path, "others"))
        until(lambda: lab.rows()["cam1"]["recording"] == "recording", "it begins again", 60)
        count = len(segments(camera))
        until(lambda: len(segments(camera)) > count, "and there is more", 60)
        assert lab.rows()["cam1"]["dropped"] == 0
        for segment in segments(camera):
            recordings.decode_segment(segment)


def test_a_read_only_disk_is_told_and_tried_again(small):
    with start_on(small, record="events", min_free="1%") as lab:
        lab.until_running()
        camera = os.path.join(small.path, "recordings", "cam1")
        lab.camctl("record", "cam1", "on")
        until(lambda: len(segments(camera)) >= 1, "a segment")
        # A file system with an open file is not made read-only by anybody but the kernel.
        lab.camctl("record", "cam1", "off")
        until(lambda: lab.rows()["cam1"]["recording"] == "off", "off")
        small.remount("ro")
        lab.camctl("record", "cam1", "on")
        until(lambda: lab.rows()["cam1"]["recording"] == "failed", "it fails", 60)
        assert "Read-only file system" in until(lambda: events(lab, "recording failed"), "the event")[-1]
        packets = lab.sfu_packets("cam1")
        until(lambda: lab.sfu_packets("cam1") > packets + 200, "packets at the SFU")
        small.remount("rw")
        count = len(segments(camera))
        until(lambda: len(segments(camera)) > count, "it goes on", 60)
        assert lab.rows()["cam1"]["dropped"] == 0


def test_the_recordings_folder_may_vanish(disk):
    with make_lab(disk, min_free="1%") as lab:
        lab.start()
        lab.until_running()
        until(lambda: os.path.exists(disk) and segments(os.path.join(disk, "cam1")), "a segment")
        shutil.rmtree(disk)
        until(lambda: os.path.exists(disk) and segments(os.path.join(disk, "cam1")), "another", 60)
        assert lab.rows()["cam1"]["dropped"] == 0
