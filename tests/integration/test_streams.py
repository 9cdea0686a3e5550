"""Three cameras, ten stream lifetimes: nobody who watches notices that Google's streams die.

Google's five minutes are LIFETIME_S here, and its minute is shorter by the same factor; the product is told so by its
configuration and by expiresAt only.
"""
import time

import pytest

from lab import Lab, until

LIFETIME_S, LIFETIMES = 15, 10
WINDOW_S, QPM = 60 * LIFETIME_S / 300, 10
GAP_MS = 1000
CAMERAS = 3


def fullest_window(calls):
    """The most of these calls that were ever within one window, counted by us from the times in the record."""
    times = sorted(c["mono"] for c in calls)
    return max(sum(start <= t < start + WINDOW_S for t in times) for start in times)


@pytest.fixture(name="watched", scope="module")
def watched_for_ten_lifetimes():
    """(lab, viewer) after ten lifetimes of which the browser saw all."""
    with Lab(cameras=CAMERAS, lifetime=LIFETIME_S, window=WINDOW_S, qpm=QPM, log_level="info",
             supervisor={"start_stagger": "300ms"}) as lab:
        lab.start()
        viewer = lab.view("viewer")
        lab.until_decoding(viewer, deadline_s=60)
        end = time.monotonic() + LIFETIME_S * LIFETIMES
        until(lambda: time.monotonic() > end or max(lab.seen(viewer, n)["longest_gap_ms"] for n in lab.names) > GAP_MS,
              "ten lifetimes", LIFETIME_S * LIFETIMES + 10)
        yield lab, viewer
        assert lab.close() == 0


def test_decoded_pictures_never_stop_for_a_second_in_ten_lifetimes(watched):
    lab, viewer = watched
    lab.until_decoding(viewer)
    for name in lab.names:
        seen = lab.seen(viewer, name)
        assert seen["longest_gap_ms"] <= GAP_MS, seen
        # Of one pull: the viewer was never sent elsewhere. 15 pictures a second, less what a busy machine skips.
        assert seen["pulls"] == 1
        assert seen["framesDecoded"] > 0.9 * 15 * LIFETIME_S * LIFETIMES


def test_every_stream_is_extended_and_none_generated_again(watched):
    lab, _ = watched
    for name in lab.names:
        commands = lab.commands(name)
        assert commands[0] == "generate" and set(commands[1:]) == {"extend"}, commands
        assert len(commands) > LIFETIMES
        assert all(c["status"] == 200 for c in lab.calls(name=name))
        row = lab.rows()[name]
        assert (row["state"], row["generates"], row["restarts"], row["failures"]) == ("running", 1, 0, 0)


def test_the_first_rtsp_connection_is_the_one_still_used(watched):
    lab, _ = watched
    for name in lab.names:
        state = lab.camera_state(name)
        assert (state["connections"], state["plays"]) == (1, 1)
        connection, = state["connected"]
        assert connection["tls"] and connection["age_s"] > LIFETIME_S * LIFETIMES


def test_no_window_ever_holds_more_calls_than_the_quota(watched):
    lab, _ = watched
    commands = [c for c in lab.calls() if c["kind"] in ("generate", "extend", "stop")]
    assert len(commands) > CAMERAS * LIFETIMES
    assert fullest_window(commands) <= QPM
    assert lab.over_quota() == {}


def test_no_packet_is_lost_dropped_or_asked_for_again_on_the_way(watched):
    lab, _ = watched
    for name, row in lab.rows().items():
        assert (row["dropped"], row["nacks"], row["reconnects"]) == (0, 0, 0), name
        assert lab.sfu_track(name)["rtcp"]["lost"] == 0
