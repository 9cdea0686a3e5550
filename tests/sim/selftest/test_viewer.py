"""test_viewer.py - both viewers decode what a publisher that is not camrelay pushes."""
import json
import signal

import pytest

from sfu_lab import Process, Sfu, alive, publishing, running, until

VIEWERS = ["viewer.py", "viewer_aiortc.py"]
FRAMES = 45


@pytest.fixture(scope="module")
def sfu():
    with running(Sfu("--pull-wait", "2")) as process:
        yield process


def decoded(count, name="check"):
    return lambda line: line["cameras"].get(name, {}).get("framesDecoded", 0) >= count


@pytest.mark.parametrize("name", VIEWERS)
def test_a_viewer_that_was_there_first_decodes_and_follows_a_new_session(sfu, name, tmp_path):
    picture = tmp_path / "picture.png"
    with running(Process(name, "--api", sfu.api, "--discover", "ch", "--camera", "check",
                         "--screenshot", str(picture))) as viewer:
        first = viewer.line()["cameras"]["check"]
        assert (first["framesDecoded"], first["first_frame_ms"]) == (0, None)
        with publishing(sfu) as publisher:
            line = viewer.line_with(decoded(FRAMES), "frames")["cameras"]["check"]
            assert (line["width"], line["height"]) == (320, 180)
            assert line["sessionId"] == publisher.session and line["packetsLost"] == 0
            assert line["longest_gap_ms"] >= 30
            viewer.line_with(lambda line: line["cameras"]["check"]["gap_since_line_ms"] < 300, "smooth video")
            publisher.signal(signal.SIGKILL)
        with publishing(sfu) as publisher:
            line = viewer.line_with(decoded(line["framesDecoded"] + FRAMES), "frames again")
            camera = line["cameras"]["check"]
            # aiortc now and then gives a connection up while it is made, and pulls again.
            assert camera["sessionId"] == publisher.session and camera["pulls"] >= 2
            assert camera["longest_gap_ms"] > 100
            assert viewer.stop() == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    frames = [entry["cameras"]["check"]["framesDecoded"] for entry in viewer.lines]
    assert frames == sorted(frames)


@pytest.mark.parametrize("name", VIEWERS)
def test_a_viewer_may_make_the_offer(sfu, name):
    with publishing(sfu) as publisher, running(Process(name, "--api", sfu.api, "--discover", "check", "--offer")) as viewer:
        line = viewer.line_with(decoded(FRAMES), "frames")["cameras"]["check"]
        assert (line["width"], line["height"]) == (320, 180)
        session = next(s for s in sfu.sim("/state")["sessions"] if s["role"] == "viewer" and not s["dead"])
        assert session["connected"] and session["dtls_role_of_sfu"] == "passive", session
        track, = session["tracks"]
        assert (track["location"], track["sessionId"], track["trackName"]) == ("remote", publisher.session, "check")
        assert viewer.stop() == 0


@pytest.mark.parametrize("name", VIEWERS)
def test_a_viewer_ends_by_itself_with_a_summary(sfu, name, tmp_path):
    with publishing(sfu) as publisher:
        tracks = tmp_path / "tracks.json"
        tracks.write_text(json.dumps([{"camera": "porch", "sessionId": publisher.session,
                                       "trackName": "check"}]))
        with running(Process(name, "--api", sfu.api, "--tracks", str(tracks), "--frames",
                             "20")) as viewer:
            last = viewer.line_with(lambda line: line.get("summary"), "the summary")
            assert decoded(20, "porch")(last)
            assert viewer.stop() == 0


def test_a_silent_media_server_shows_as_a_gap_and_the_video_comes_back(sfu):
    with publishing(sfu), running(Process("viewer_aiortc.py", "--api", sfu.api, "--discover",
                                          "check")) as viewer:
        viewer.line_with(decoded(5), "frames")
        sfu.sim("/media", {"action": "freeze"})
        viewer.line_with(lambda line: line["cameras"]["check"]["gap_since_line_ms"] > 700, "a gap")
        sfu.sim("/media", {"action": "thaw"})
        line = viewer.line_with(lambda line: line["cameras"]["check"]["gap_since_line_ms"] < 300,
                                "frames again")
        assert line["cameras"]["check"]["longest_gap_ms"] > 700


def test_no_browser_is_left_when_the_viewer_is_killed(sfu):
    with running(Process("viewer.py", "--api", sfu.api, "--discover", "")) as viewer:
        viewer.line()
        with open(f"/proc/{viewer.process.pid}/task/{viewer.process.pid}/children",
                  encoding="ascii") as file:
            children = [int(pid) for pid in file.read().split()]
        assert children
        viewer.signal(signal.SIGKILL)
        until(lambda: not any(alive(pid) for pid in children), "the browser ended")
