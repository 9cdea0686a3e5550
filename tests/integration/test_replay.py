"""Viewers who come late to a camera with a long GOP: they see a picture before the camera sends one that they could
begin with, and who watched already goes on watching."""
import time

import pytest

from lab import Lab, until

GOP_S = 10
# The status is of the last second, and a poll takes a little.
STALE_S = 1.5


@pytest.fixture(name="lab", scope="module")
def cameras_with_a_long_gop():
    with Lab(cameras=2, camera_args=("--gop", GOP_S), supervisor={"start_stagger": "100ms"}) as lab:
        lab.start()
        lab.until_running()
        yield lab
        assert lab.close() == 0


def late_viewer(lab, name="cam1"):
    """Comes a second or more into a GOP. (viewer, s into that GOP when it had its first picture, at least)."""
    age = until(lambda: 1000 < (a := lab.rows()[name]["keyframe_age_ms"]) < 3000 and a, "mid-GOP", 2 * GOP_S + 10)
    start, before = time.monotonic(), lab.rows()[name]["plis"]
    viewer = lab.view("viewer", [name])
    until(lambda: lab.frames(viewer, name) > 0, "a picture")
    then = age / 1000 + time.monotonic() - start
    until(lambda: lab.rows()[name]["plis"] > before, "the SFU asked for a key picture")
    return viewer, then


def test_a_late_viewer_is_shown_the_gop_so_far(lab):
    replays = lab.rows()["cam1"]["replays"]
    viewer, then = late_viewer(lab)
    assert then + STALE_S < GOP_S, "before the camera's next key picture"
    until(lambda: lab.rows()["cam1"]["replays"] > replays, "it is counted")
    lab.until_decoding(viewer, ["cam1"], more=30)


def test_who_watched_already_goes_on_and_loses_nothing(lab):
    first = lab.view("viewer", ["cam2"])
    lab.until_decoding(first, ["cam2"])
    replays = lab.rows()["cam2"]["replays"]
    late_viewer(lab, "cam2")
    until(lambda: lab.rows()["cam2"]["replays"] > replays, "a replay")
    # The whole GOP is decoded once more, so more pictures than the camera has sent.
    lab.until_decoding(first, ["cam2"], more=60)
    seen = lab.seen(first, "cam2")
    assert seen["packetsLost"] == 0 and seen["pulls"] == 1
    row = lab.rows()["cam2"]
    assert (row["dropped"], row["reconnects"]) == (0, 0)


def test_without_replay_a_late_viewer_waits_for_the_next_key_picture():
    with Lab(cameras=1, camera_args=("--gop", GOP_S), camera={"gop_replay": "off"}) as lab:
        lab.start()
        lab.until_running()
        _, then = late_viewer(lab)
        assert then + STALE_S >= GOP_S, "it came of the camera's next key picture"
        assert lab.rows()["cam1"]["replays"] == 0


def test_a_short_gop_is_not_replayed_by_itself():
    with Lab(cameras=1, camera_args=("--gop", 0.5)) as lab:
        lab.start()
        lab.until_running()
        viewer = lab.view("viewer")
        lab.until_decoding(viewer)
        until(lambda: lab.rows()["cam1"]["plis"] > 0, "the SFU asked for one")
        assert lab.rows()["cam1"]["replays"] == 0
