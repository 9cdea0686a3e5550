"""Three cameras, ten stream lifetimes: nobody who watches notices that Google's streams die.

Google's five minutes are LIFETIME_S here, and its minute is shorter by the same factor; the product is told so by its
configuration and by expiresAt only.
"""
import time

import pytest

from lab import REFERENCE, Lab, until

LIFETIME_S, LIFETIMES = 15, 10
WINDOW_S, QPM = 60 * LIFETIME_S / 300, 10
GAP_MS = 1000
CAMERAS, FPS = 3, 15


def fullest_window(calls):
    """The most of these calls that were ever within one window, counted by us from the times in the record."""
    times = sorted(c["mono"] for c in calls)
    return max(sum(start <= t < start + WINDOW_S for t in times) for start in times)


class Watched:
    """The world after ten lifetimes, and what the browser has decoded in them."""

    def __init__(self, lab, viewer):
        self.lab, self.viewer = lab, viewer
        self.first = self.decoded()
        end = time.monotonic() + LIFETIME_S * LIFETIMES
        until(lambda: time.monotonic() > end, "ten lifetimes", LIFETIME_S * LIFETIMES + 60)
        self.last, self.line = self.decoded(), viewer.last

    def decoded(self):
        """{track: pictures}, the reference among them."""
        line = self.viewer.last
        rows = {**line["cameras"], REFERENCE: line["witness"]["reference"]}
        return {name: row["framesDecoded"] for name, row in rows.items()}

    def pictures(self, track):
        return self.last[track] - self.first[track]


@pytest.fixture(name="watched", scope="module")
def watched_for_ten_lifetimes():
    with Lab(cameras=CAMERAS, lifetime=LIFETIME_S, window=WINDOW_S, qpm=QPM, log_level="info",
             supervisor={"start_stagger": "300ms"}, reference=True) as lab:
        lab.start()
        viewer = lab.view("viewer")
        lab.until_decoding(viewer)
        lab.until_witnessed(viewer)
        yield Watched(lab, viewer)
        assert lab.close() == 0


def test_decoded_pictures_never_stop_for_a_second_in_ten_lifetimes(watched):
    """But for the time in which the machine stood still, which is when the reference stopped too (witness.py)."""
    for name, seen in watched.line["cameras"].items():
        assert seen["longest_own_gap_ms"] <= GAP_MS, (name, seen, watched.line["witness"])
        # Of one pull: the viewer was never sent elsewhere.
        assert seen["pulls"] == 1
        # What a busy machine skips, it skips of all.
        assert watched.pictures(name) > 0.9 * watched.pictures(REFERENCE)
    assert watched.pictures(REFERENCE) > 0.5 * FPS * LIFETIME_S * LIFETIMES, "the witness was there"
    watched.lab.until_decoding(watched.viewer)


def test_every_stream_is_extended_and_none_generated_again(watched):
    lab = watched.lab
    for name in lab.names:
        commands = lab.commands(name)
        assert commands[0] == "generate" and set(commands[1:]) == {"extend"}, commands
        assert len(commands) > LIFETIMES
        assert all(c["status"] == 200 for c in lab.calls(name=name))
        row = lab.rows()[name]
        assert (row["state"], row["generates"], row["restarts"], row["failures"]) == ("running", 1, 0, 0)


def test_the_first_rtsp_connection_is_the_one_still_used(watched):
    lab = watched.lab
    for name in lab.names:
        state = lab.camera_state(name)
        assert (state["connections"], state["plays"]) == (1, 1)
        connection, = state["connected"]
        assert connection["tls"] and connection["age_s"] > LIFETIME_S * LIFETIMES


def test_no_window_ever_holds_more_calls_than_the_quota(watched):
    lab = watched.lab
    commands = [c for c in lab.calls() if c["kind"] in ("generate", "extend", "stop")]
    assert len(commands) > CAMERAS * LIFETIMES
    assert fullest_window(commands) <= QPM
    assert lab.over_quota() == {}


def test_no_packet_is_lost_dropped_or_asked_for_again_on_the_way(watched):
    lab = watched.lab
    for name, row in lab.rows().items():
        assert (row["dropped"], row["nacks"], row["reconnects"]) == (0, 0, 0), name
        assert lab.sfu_track(name)["rtcp"]["lost"] == 0
