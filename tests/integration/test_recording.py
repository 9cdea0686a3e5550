"""Recordings of the whole chain: whole, on time, playable while they are written, and there after kill -9.

ffmpeg and ffprobe are the judges. The relay must not notice: not a packet that is not sent.
"""
import array
import json
import os
import random
import signal
import subprocess
import time

import pytest

import clips
import recordings
from lab import Lab, until
from recordings import Playlist, decode, decode_segment, playlists, segments

SEGMENT_S = 6


@pytest.fixture(name="disk")
def directory(tmp_path):
    return str(tmp_path / "recordings")


def start(disk, cameras=1, record="yes", camera_args=(), **more):
    lab = Lab(cameras=cameras, camera_args=camera_args, recording={"dir": disk, "min_free": "1%"}, camera={"record": record, **more}, state=True,
              supervisor={"start_stagger": "0s", "media_stall": "1s"})
    try:
        lab.start()
        lab.until_running()
    except BaseException:
        lab.close()
        raise
    return lab


def events(lab, wanted):
    """The texts of the events of that name, the newest last."""
    said = [json.loads(line) for line in lab.camctl("--json", "events").splitlines()]
    return [e.get("text") for e in said if e["event"] == wanted]


def until_segments(lab, disk, count, name="cam1", deadline_s=60):
    """The recording, once so many segments of it are finished."""
    camera = os.path.join(disk, name)
    until(lambda: len(segments(camera)) >= count, f"{count} segments of {name}; {lab.rows()[name]}", deadline_s)
    return segments(camera)


def assert_continuous(found):
    """Where nothing is missing, each begins on the wall's clock when the one before has ended."""
    for before, after in zip(found, found[1:]):
        if not after.discontinuity:
            assert abs(before.start + before.duration - after.start) < 0.1, (before, after)


def assert_relayed(lab):
    """The relay did not notice."""
    assert all(row["dropped"] == 0 for row in lab.rows().values())


def test_a_recording_is_whole_and_on_time(disk):
    begun = time.time()
    with start(disk, cameras=2) as lab:
        for name in lab.names:
            until_segments(lab, disk, 3, name)
        assert_relayed(lab)
        # A second later it is told.
        until(lambda: all(r["recorded_segments"] >= 3 for r in lab.rows().values()), "the segments are counted")
        rows = lab.rows()
        assert all(r["recording"] == "recording" and r["recording_gaps"] == 0 for r in rows.values())
        assert all(r["recorded_bytes"] > sum(os.path.getsize(s.path) for s in segments(os.path.join(disk, name))[:3])
                   for name, r in rows.items())
        assert "recording      recording, " in lab.camctl("show", "cam1")
        assert len(events(lab, "recording started")) == 2
        assert events(lab, "recording gap") == []
        assert lab.close() == 0
    ended = time.time()
    for name in ("cam1", "cam2"):
        lists = playlists(os.path.join(disk, name))
        assert all(p.ended for p in lists)
        found = [s for p in lists for s in p.segments]
        for segment in found:
            decode_segment(segment)
        for playlist in lists:
            assert decode(playlist.path) == []
            # The camera's own: H.264 and AAC, of which a frame is 64 ms long.
            assert sorted(set(recordings.codecs(playlist.path))) == ["aac", "h264"]
            sound = recordings.packet_times(playlist.path, "a:0")
            assert all(abs(b - a - 0.064) < 0.001 for a, b in zip(sound, sound[1:]))
            assert abs(len(sound) * 0.064 - sum(s.duration for s in playlist.segments)) < 0.3
            times = recordings.packet_times(playlist.path, "v:0")
            total = sum(s.duration for s in playlist.segments)
            steps = [b - a for a, b in zip(times, times[1:])]
            assert all(0 < step < 0.5 for step in steps), max(steps)
            # 15 pictures a second: none is missing, none is twice there. A first one that comes late is made up for.
            made_up = sum(1 / 15 - step for step in steps[:2] if step < 0.05)
            assert abs(len(times) - (total + made_up) * 15) <= 1, (len(times), total, made_up)
            # Where sound and pictures are put right against each other at the start there is a step.
            assert len([step for step in steps if not 0.05 < step < 0.085]) <= 2, steps
        assert_continuous(found)
        assert begun < found[0].start and found[-1].start + found[-1].duration < ended + 0.5
        assert all(abs(s.duration - SEGMENT_S) < 0.2 for s in found[:-1] if len(lists) == 1)


def tone_hz(path):
    """Of the sound in a playlist: how often it rises through zero in a second, of the seconds that are whole."""
    done = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", path, "-map", "a:0", "-ac", "1", "-ar", "8000", "-f", "s16le", "-"],
                          capture_output=True, timeout=120, check=True)
    samples = array.array("h", done.stdout)[8000:]
    samples = samples[:len(samples) // 8000 * 8000]
    rises = sum(a < 0 <= b for a, b in zip(samples, samples[1:]))
    return rises / (len(samples) / 8000)


# G.711 and L16 as AAC of their own 8 and 16 kHz, 1024 samples a packet; Opus as the camera sends it.
@pytest.mark.parametrize("codec, recorded, packet_s", [("pcmu", "aac", 0.128), ("pcma", "aac", 0.128), ("l16", "aac", 0.064),
                                                       ("opus", "opus", 0.020)])
def test_sound_of_other_codecs_is_recorded(disk, codec, recorded, packet_s):
    with start(disk, camera_args=("--audio-codec", codec)) as lab:
        until_segments(lab, disk, 2)
        assert lab.close() == 0
    # Two, if an hour has ended meanwhile.
    playlist = max(playlists(os.path.join(disk, "cam1")), key=lambda p: len(p.segments))
    for segment in playlist.segments:
        decode_segment(segment)
    assert decode(playlist.path) == []
    assert sorted(set(recordings.codecs(playlist.path))) == sorted([recorded, "h264"])
    sound = recordings.packet_times(playlist.path, "a:0")
    assert abs(len(sound) * packet_s - sum(s.duration for s in playlist.segments)) < 0.5
    # Where sound and pictures are put right against each other at the start there is a step.
    steps = [b - a for a, b in zip(sound, sound[1:])]
    assert len([step for step in steps if abs(step - packet_s) > 0.001]) <= 2, steps
    assert abs(tone_hz(playlist.path) - clips.hum_hz(1)) < 5


def test_it_plays_while_it_is_written(disk):
    with start(disk) as lab:
        until_segments(lab, disk, 2)
        path = playlists(os.path.join(disk, "cam1"))[-1].path
        assert not Playlist(path).ended
        # From its beginning and on beyond what is there now: ffmpeg loads the playlist again and again.
        before = len(Playlist(path).segments)
        known = sum(s.duration for s in Playlist(path).segments)
        assert decode(path, "-live_start_index", "0", "-t", str(known + 3)) == []
        assert len(Playlist(path).segments) > before
        assert_relayed(lab)


def test_a_camera_that_was_away_leaves_a_gap(disk):
    with start(disk) as lab:
        until_segments(lab, disk, 1)
        lab.camera_fault("cam1", "stall", seconds=4)
        until(lambda: lab.rows()["cam1"]["recording_gaps"] == 1, "the gap is counted", 60)
        found = segments(os.path.join(disk, "cam1"))
        assert [s.discontinuity for s in found].count(True) == 1
        missing = next((a.start - b.start - b.duration) for b, a in zip(found, found[1:]) if a.discontinuity)
        assert 0.5 < missing < 20  # media_stall is 1 s: then it is connected anew
        until(lambda: events(lab, "recording gap"), "the event")
        assert lab.close() == 0
    for playlist in playlists(os.path.join(disk, "cam1")):
        assert decode(playlist.path) == []


def until_played(lab):
    """Some GOPs have come: what is to be recorded is."""
    until(lambda: lab.rows()["cam1"]["sound_packets"] > 200, "four seconds of sound")


def test_events_are_switched_by_hand(disk):
    with start(disk, record="events") as lab:
        assert lab.rows()["cam1"]["recording"] == "off"
        assert not os.path.exists(disk)
        assert lab.camctl("record", "cam1", "on") == "recording\n"
        until(lambda: lab.rows()["cam1"]["recording"] == "recording", "recording")
        # A worker's death does not switch it off, nor does a restart, whether asked for or not.
        os.kill(lab.pid("cam1"), signal.SIGKILL)
        lab.until_running()
        until_segments(lab, disk, 2)
        lab.daemon.process.kill()
        lab.daemon.process.wait()
        lab.start()
        until(lambda: lab.rows()["cam1"]["recording"] == "recording", "recording after kill -9")
        assert lab.daemon.stop() == 0
        lab.start()
        until(lambda: lab.rows()["cam1"]["recording"] == "recording", "recording after a restart")
        assert lab.camctl("record", "cam1", "off") == "no longer recording\n"
        until(lambda: lab.rows()["cam1"]["recording"] == "off", "off")
        until(lambda: events(lab, "recording stopped"), "the event")
        assert all(p.ended for p in playlists(os.path.join(disk, "cam1")))
        assert lab.daemon.stop() == 0
        until_played(lab.start())
        assert lab.rows()["cam1"]["recording"] == "off"
        refused = lab.camctl("record", "cam1", "perhaps", check=False)
        assert (refused.returncode, refused.stderr) == (1, "camctl: record takes on or off\n")


def test_a_camera_that_comes_back_is_recorded_when_that_is_asked_for_again(disk):
    with start(disk, cameras=2, record="events") as lab:
        lab.camctl("record", "cam1", "on")
        until(lambda: lab.rows()["cam1"]["recording"] == "recording", "recording")
        worker = lab.pid("cam1")
        lab.names = ["cam2"]
        lab.write_config()
        lab.camctl("reload")
        until(lambda: "cam1" not in lab.rows(), "it has left")
        lab.names = ["cam1", "cam2"]
        lab.write_config()
        lab.camctl("reload")
        # The worker that it left with may still be ending its recording.
        until(lambda: lab.rows()["cam1"].get("pid") not in (None, worker), "another worker")
        until_played(lab)
        assert lab.rows()["cam1"]["recording"] == "off"


def test_record_is_changed_by_a_reload(disk):
    with start(disk, record="no") as lab:
        refused = lab.camctl("record", "cam1", "on", check=False)
        assert refused.returncode == 1 and "must be events" in refused.stderr
        worker = lab.pid("cam1")
        lab.camera_keys["record"] = "yes"
        lab.write_config()
        lab.camctl("reload")
        until_segments(lab, disk, 1)
        lab.camera_keys["record"] = "no"
        lab.write_config()
        lab.camctl("reload")
        until(lambda: playlists(os.path.join(disk, "cam1"))[-1].ended, "its end")
        assert lab.pid("cam1") == worker
        assert_relayed(lab)


def test_kill_9_costs_the_last_segment_at_most(disk):
    kills = 6
    camera = os.path.join(disk, "cam1")
    draw = random.Random(4)
    with start(disk) as lab:
        kept = []
        for _ in range(kills):
            # Somewhere within a segment, or while one is finished.
            until_segments(lab, disk, len(kept) + 1)
            time.sleep(draw.random() * 0.5)
            kept = segments(camera)
            worker = lab.pid("cam1")
            os.kill(worker, signal.SIGKILL)
            until(lambda old=worker: lab.pid("cam1") not in (0, old), "another worker")
            lab.until_running()
            now = segments(camera)
            assert [s.path for s in now[:len(kept)]] == [s.path for s in kept]
            for playlist in playlists(camera):
                assert decode(playlist.path, "-live_start_index", "0", "-t", "1") == []
        until_segments(lab, disk, len(kept) + 1)
        assert lab.close() == 0
    lists = playlists(camera)
    assert all(p.ended for p in lists)
    found = [s for p in lists for s in p.segments]
    assert [s.discontinuity for s in found].count(True) >= kills - (len(lists) - 1)
    for segment in found:
        decode_segment(segment)
    for playlist in lists:
        assert decode(playlist.path) == []
    names = {os.path.basename(p) for s in found for p in (s.path, s.init)} | {"index.m3u8"}
    left = {name for _, _, files in os.walk(camera) for name in files}
    assert left == names


def test_an_hour_that_was_never_ended_is_ended_by_the_next_worker(disk):
    camera = os.path.join(disk, "cam1")
    with start(disk) as lab:
        until_segments(lab, disk, 2)
        assert lab.close() == 0
    # As if it had been another hour, and power had gone.
    new = os.path.join(camera, "2001-02-03", "04")
    os.makedirs(os.path.dirname(new))
    os.rename(os.path.dirname(segments(camera)[0].path), new)
    with open(os.path.join(new, "index.m3u8"), encoding="ascii") as file:
        text = file.read()
    with open(os.path.join(new, "index.m3u8"), "w", encoding="ascii") as file:
        file.write(text.replace("#EXT-X-ENDLIST\n", ""))
    lost = Playlist(os.path.join(new, "index.m3u8")).segments[1].path
    with open(lost, "w", encoding="ascii"):
        pass  # empty
    # Protected, or retention would take what is that old.
    with open(os.path.join(new, "protected"), "w", encoding="ascii"):
        pass
    with start(disk):
        until(lambda: Playlist(os.path.join(new, "index.m3u8")).ended, "repaired")
        repaired = Playlist(os.path.join(new, "index.m3u8")).check()
        assert lost not in [s.path for s in repaired.segments]
        assert decode(repaired.path) == []
