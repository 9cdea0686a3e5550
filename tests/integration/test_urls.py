"""A camera of several URLs: which is in use, when it changes, and that it is said."""
import contextlib
import itertools
import json
import os
import re
import subprocess
import sys
import time

import pytest

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__))]
from lab import BUILD, Events, Lab, until
from rtsp_stub import IDR, PPS, SDP, SLICE, SPS, Stub, open_session

QUICK = {"start_stagger": "100ms", "failed_retry_first": "300ms", "failed_retry_cap": "1s", "media_stall": "2s"}
SECRET = "secretsecret"


class Away:
    """An RTSP server in front of a camera that is switched off, or on: it says 503, or plays the stub's pictures."""

    def __init__(self):
        self.status, self.connections, self.plays = "503 Service Unavailable", 0, 0

    def __call__(self, c):
        self.connections += 1
        open_session(c, DESCRIBE=self.status)
        self.plays += 1
        c.drain()


def write(lab, **keys):
    lab.write_config()
    with open(lab.config, "a", encoding="utf-8") as file:
        file.write('[camera "yard"]\npublish = none\n' + "".join(f"{k} = {v}\n" for k, v in keys.items()))


@pytest.fixture(name="lab")
def one_lab():
    with Lab(cameras=1, camera_args=("--static",), supervisor=QUICK, camera={"publish": "none"}) as lab:
        lab.good = f"rtsp://viewer:{SECRET}@127.0.0.1:{lab.cam['rtsp']}/cam1"
        yield lab
        assert SECRET not in lab.log()
        assert lab.close() == 0


def row_of(lab):
    return lab.rows()["yard"]


def plays(lab, number):
    row = row_of(lab)
    wanted = "url " if number == 1 else f"url{number} "
    return row if row["phase"] == "running" and row["url"].startswith(wanted) else None


def switches(events):
    return [e["text"] for e in events.all() if e.get("camera") == "yard" and e["event"] == "other url"]


def test_a_url_that_fails_twice_gives_way_and_is_taken_again_when_it_answers(lab):
    away = Away()
    with Stub(away) as first, contextlib.ExitStack() as stack:
        write(lab, url=first.url(f"/x?auth={SECRET}"), url2=lab.good, url_return="1s")
        lab.start()
        events = stack.enter_context(Events(lab, "cam1"))
        row = until(lambda: plays(lab, 2), "url2 plays")
        assert row["url"] == f"url2 rtsp://***@127.0.0.1:{lab.cam['rtsp']}/cam1"
        assert row["url"] in lab.camctl("show", "yard")
        asked = away.connections
        until(lambda: away.connections >= asked + 2, "the first is asked again and again")
        assert plays(lab, 2), "which url2 does not feel"
        reconnects = row_of(lab)["reconnects"]
        away.status = "200 OK"
        until(lambda: away.plays == 1, "the first is opened")
        assert row_of(lab)["reconnects"] >= reconnects
        told = until(lambda: [t for t in switches(events) if "answers again" in t] and switches(events), "events of both")
        assert "url instead of url2: it answers again" in told
        assert SECRET not in json.dumps(events.all()) + lab.camctl("--json", "status")


def test_a_first_url_that_fails_is_tried_twice_before_the_next(lab):
    away = Away()
    with Stub(away) as first:
        write(lab, url=first.url(), url2=lab.good, url_return="0s")
        lab.start()
        until(lambda: plays(lab, 2), "url2 plays")
        assert away.connections == 2
        assert "source other url from=url to=url2" in lab.log()
        # It is lost: the first has one try.
        lab.camera_fault("cam1", "drop")
        until(lambda: away.connections == 3 and plays(lab, 2), "one try more, then url2 again")
        assert away.connections == 3


def test_a_url_whose_codec_is_no_good_gives_way_at_once_and_the_list_goes_round(lab):
    tries = {"vp8": 0, "jpeg": 0}

    def offers(codec, clock=90000):
        def script(c):
            tries[codec] += 1
            open_session(c, sdp=SDP.replace("H264/90000", f"{codec.upper()}/{clock}"))
        return script

    with Stub(offers("vp8")) as one, Stub(offers("jpeg")) as two:
        write(lab, url=one.url(), url2=two.url(), url3=lab.good)
        lab.start()
        until(lambda: plays(lab, 3), "url3 plays")
        assert tries == {"vp8": 1, "jpeg": 1}


@pytest.mark.parametrize("rtpmap,name", [("JPEG/90000", "JPEG"), ("VP8/90000", "VP8"),
                                         ("x-odd/90000", "x-odd")])
def test_a_codec_that_is_not_ours_is_named_to_people(lab, rtpmap, name):
    with Stub(lambda c: open_session(c, sdp=SDP.replace("H264/90000", rtpmap))) as camera:
        write(lab, url=camera.url())
        lab.start()
        until(lambda: f"the camera offers {name} video, not H264 or H265" in lab.camctl("show", "yard"), "camctl show names it")
        assert "the camera offers" in lab.camctl("status")


def test_a_camera_without_video_is_said_to_be_one(lab):
    with Stub(lambda c: open_session(c, sdp="v=0\r\nm=audio 0 RTP/AVP 0\r\n")) as camera:
        write(lab, url=camera.url())
        lab.start()
        until(lambda: "the camera offers no video" in lab.camctl("show", "yard"), "camctl show says so")


def without_way_in(*head, every=()):
    """A camera that sends head, then pictures at 10 a second of which none is one to begin with; every: before each."""
    def script(c):
        open_session(c, sdp=re.sub(r";sprop-parameter-sets=\S+", "", SDP))
        c.send(*(c.frame(nal, 0) for nal in head))
        for timestamp in itertools.count(0, 9000):
            c.send(*(c.frame(nal, timestamp) for nal in every), c.frame(SLICE, timestamp, True))
            time.sleep(0.1)
    return script


@pytest.mark.parametrize("script,why", [
    (without_way_in(SPS, PPS), "pictures come, but no key picture for 30 s"),
    (without_way_in(every=[IDR]), "key pictures come without their parameter sets")])
def test_a_url_whose_pictures_nobody_can_begin_with_gives_way(lab, script, why):
    with Stub(script) as one, Stub(script) as alone:
        write(lab, url=one.url(), url2=lab.good)
        with open(lab.config, "a", encoding="utf-8") as file:
            file.write(f'[camera "alley"]\npublish = none\nurl = {alone.url()}\n')
        lab.start()
        until(lambda: plays(lab, 2), "url2 plays", 90)
        assert f"source other url from=url to=url2 why=\"{why}\"" in lab.log().replace("cam=yard ", "")
        until(lambda: why in lab.camctl("show", "alley"), "camctl show says why", 90)
        assert lab.rows()["alley"]["phase"] == "reconnecting"


def test_a_url_without_the_one_before_it_is_a_mistake(lab):
    write(lab, url=lab.good, url3=lab.good)
    done = subprocess.run([os.path.join(BUILD, "camrelayd"), "-t", "-c", lab.config], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 78 and "is tried after url2, which is missing here" in done.stderr
    assert SECRET not in done.stderr
    write(lab, url=lab.good)
    lab.start()
