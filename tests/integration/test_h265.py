"""H.265 from the camera to a viewer, a file and a JPEG, and what is said where it is not taken. x265 makes it, GStreamer sends
it, Janus passes it on, aiortc brings it to us and FFmpeg decodes it."""
import contextlib
import hashlib
import json
import os
import re
import subprocess

import pytest

import clips
import recordings
from lab import BUILD, CACHE, Lab, http, until
from rtp_capture import Capture
from rtsp_stub import SDP, Stub, open_session

FPS, TICKS = 15, 90000 // 15
VPS, SPS, PPS = clips.H265.sets
RTP_BYTES_MAX = 1200
REFUSED = "cloudflare does not take H265, which the camera sends"
QUICK = {"start_stagger": "0s"}
CHANGES = {"start_stagger": "0s", "failed_retry_first": "300ms", "failed_retry_cap": "1s", "media_stall": "2s"}


def clip_of(**more):
    return clips.load_video(CACHE, clips.Spec(codec=clips.H265, **more), "cam1", 1)


def start(make_lab, *camera_args, **options):
    return make_lab(cameras=1, camera_args=("--codec", "h265", *camera_args), supervisor=QUICK,
                    **options).start()


def sending(make_lab, *camera_args, **options):
    lab = start(make_lab, *camera_args, **options)
    lab.until_running()
    return lab


def capture_units(capture, count=2 * FPS):
    return until(lambda: len(capture.units()) >= count and capture.units(), f"{count} access units")


def without_sets(unit):
    return [nal for nal in unit.nals if clips.H265.kind(nal) not in clips.H265.sets]


def digests(units):
    return [hashlib.sha256(b"\0\0\0\1".join(nals)).hexdigest() for nals in units]


def check_is_the_clip(units, clip):
    """Every access unit is the next one of the clip, byte by byte."""
    sent = digests(unit.nals for unit in clip.units)
    came = digests(without_sets(unit) for unit in units)
    at = sent.index(came[0])
    wrong = [i for i, one in enumerate(came) if one != sent[(at + i) % len(sent)]]
    assert not wrong, f"access unit {wrong[0]} of {len(came)} is not the camera's"


def check_sets(units, clip):
    """VPS, SPS and PPS before each key picture, and nowhere else."""
    for number, unit in enumerate(units):
        key = any(kind in clips.H265.keys for kind in unit.types)
        sets = [nal for nal in unit.nals if clips.H265.kind(nal) in clips.H265.sets]
        assert sets == (clip.sets if key else []), f"access unit {number}: {unit.types}"
        assert not key or unit.types.index(PPS) < next(i for i, k in enumerate(unit.types) if k in clips.H265.keys)


def decoded(stream):
    """Digests of the pictures that FFmpeg makes of Annex B bytes, and no word of complaint."""
    done = subprocess.run(["ffmpeg", "-nostdin", "-v", "warning", "-xerror", "-f", "hevc", "-i", "-", "-f", "framehash", "-"],
                          input=stream, capture_output=True, check=True, timeout=120)
    assert not done.stderr, done.stderr.decode()[:500]
    return [line.split()[-1] for line in done.stdout.decode().splitlines() if not line.startswith("#")]


def annexb(units):
    return b"".join(b"\0\0\0\1" + nal for nals in units for nal in nals)


def test_it_arrives_byte_by_byte_and_decodes_to_the_cameras_pictures(make_lab):
    lab, clip = sending(make_lab), clip_of()
    with Capture(lab, "cam1", clips.H265) as capture:
        units, offer = capture_units(capture, 3 * FPS), capture.offer
    check_is_the_clip(units, clip)
    check_sets(units, clip)
    steps = [(b.timestamp - a.timestamp) & 0xffffffff for a, b in zip(units, units[1:])]
    assert all(abs(step - TICKS) <= TICKS / 4 for step in steps), steps
    assert max(p.rtp_bytes for u in units for p in u.packets) <= RTP_BYTES_MAX
    kinds = {p.kind for u in units for p in u.packets}
    assert {clips.H265.aggregate, clips.H265.fragment} <= kinds
    assert re.search(r"a=rtpmap:\d+ H265/90000", offer)
    # general_level_idc of the SPS.
    level = clip.sps.replace(b"\0\0\3", b"\0\0")[14]
    assert lab.sfu_track("cam1")["fmtp"][0] == f"106 level-id={level};profile-id=1;tier-flag=0;tx-mode=SRST"
    assert re.search(r"peer track .*codec=H265 pt=106 rtx=107 transport_cc=1", lab.log()), "Janus takes it with RTX"
    # From the first key picture on: the same pictures as those of the clip itself.
    first = next(i for i, unit in enumerate(units) if VPS in unit.types)
    seen = decoded(annexb(unit.nals for unit in units[first:]))
    whole = decoded(annexb([*clip.sets, *unit.nals] if unit.idr else unit.nals for unit in clip.units))
    at = digests(unit.nals for unit in clip.units).index(digests([without_sets(units[first])])[0])
    assert len(seen) == len(units) - first
    assert seen == [whole[(at + i) % len(whole)] for i in range(len(seen))]


@pytest.mark.parametrize("camera", [("--sprop-only",), ("--slices", 2, "--size", "640x384")])
def test_sets_of_the_sdp_and_pictures_of_several_slices(make_lab, camera):
    lab = sending(make_lab, *camera)
    clip = clip_of(slices=2, height=384) if "--slices" in camera else clip_of()
    with Capture(lab, "cam1", clips.H265) as capture:
        units = capture_units(capture)
    check_is_the_clip(units, clip)
    check_sets(units, clip)
    if "--slices" in camera:
        assert len([k for k in units[0].types if k in clips.H265.slices + clips.H265.keys]) == 2


def test_parameter_sets_are_replaced_when_the_camera_changes_them(make_lab):
    lab = sending(make_lab)
    small = clip_of(width=480, height=270)
    with Capture(lab, "cam1", clips.H265) as capture:
        capture_units(capture, FPS)
        lab.camera_fault("cam1", "switch")
        until(lambda: any(small.sps in unit.nals for unit in capture.units()), "the other SPS")
        units = capture_units(capture, len(capture.units()) + 2 * FPS)
    first = next(i for i, unit in enumerate(units) if small.sps in unit.nals)
    check_is_the_clip(units[:first], clip_of())
    check_is_the_clip(units[first:], small)
    check_sets(units[first:], small)
    until(lambda: lab.rows()["cam1"]["width"] == 480, "the new size in the status")


def test_it_is_recorded_and_shown_as_jpeg_bit_by_bit(make_lab, tmp_path):
    disk = str(tmp_path / "disk")
    lab = sending(make_lab, recording={"dir": disk}, camera={"record": "yes"})
    until(lambda: lab.rows()["cam1"]["recorded_segments"] >= 2, "two segments")
    lab.camctl("snapshot", "cam1", "-o", str(tmp_path / "cam.jpg"))
    assert lab.close() == 0
    jpeg = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=codec_name,width,height", "-of", "csv=p=0",
                           str(tmp_path / "cam.jpg")], capture_output=True, text=True, check=True)
    assert jpeg.stdout.strip() == "mjpeg,640,360"
    clip = clip_of()
    whole = decoded(annexb([*clip.sets, *unit.nals] if unit.idr else unit.nals for unit in clip.units))
    (playlist,) = [os.path.join(folder, name) for folder, _, names in os.walk(disk) for name in names if name == "index.m3u8"]
    assert sorted(set(recordings.codecs(playlist))) == ["aac", "hevc"]
    probe = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", playlist, "-map", "0:v", "-f", "framehash", "-"],
                           capture_output=True, text=True, check=True)
    kept = [line.split()[-1] for line in probe.stdout.splitlines() if not line.startswith("#")]
    at = whole.index(kept[0])
    wrong = [i for i, one in enumerate(kept) if one != whole[(at + i) % len(whole)]]
    assert len(kept) > 8 * FPS and not wrong, f"picture {wrong[:1]} of {len(kept)} is not the camera's"


def test_a_camera_that_hangs_is_told_from_one_that_shows_nothing_new(make_lab):
    lab = sending(make_lab)
    lab.camera_fault("cam1", "freeze")
    until(lambda: lab.rows()["cam1"]["frozen_ms"] > 1000, "the same picture again and again")
    lab.camera_fault("cam1", "resume")
    until(lambda: lab.rows()["cam1"]["frozen_ms"] == 0, "another one")


def events(lab, wanted):
    said = [json.loads(line) for line in lab.camctl("--json", "events").splitlines()]
    return [e.get("text") for e in said if e["event"] == wanted]


def test_a_receiver_that_does_not_take_it_is_named_once_and_left_alone(make_lab):
    lab = start(make_lab, sfu_args=("--video-codecs", "h264"), state=True)
    until(lambda: REFUSED in lab.camctl("show", "cam1"), "camctl show says so")
    assert "cloudflare does not take" in lab.camctl("status"), "as much of it as the column holds"
    until(lambda: [text for text in events(lab, "codec-refused") if text.startswith(REFUSED)], "an event says so")
    # Longer than the pauses after other failures would be: 0, 1, 2 and 4 s.
    camera = lab.camera_state("cam1")["frames"]
    until(lambda: lab.camera_state("cam1")["frames"] > camera + 8 * FPS, "the camera is read on")
    assert lab.log().count("peer codec refused") == 1 and lab.log().count("phase=offered") == 1
    assert len(events(lab, "codec-refused")) == 1
    # Another connection to the camera is no reason to ask again.
    lab.camera_fault("cam1", "drop")
    until(lambda: lab.camera_state("cam1")["plays"] == 2, "the camera is opened again")
    until(lambda: lab.log().count("source playing") == 2, "and plays")
    assert lab.log().count("phase=offered") == 1


def test_an_answer_without_anything_left_is_the_same(make_lab):
    lab = start(make_lab, "--audio-rate", 0, sfu_args=("--video-codecs", "h264"))
    until(lambda: REFUSED + ": every m-section is rejected" in lab.camctl("show", "cam1"), "camctl show says so")


def test_an_offer_that_is_refused_for_no_reason_says_what_it_was(make_lab):
    lab = make_lab(cameras=1, camera_args=("--codec", "h265"), supervisor=QUICK)
    lab.sfu_fault(match="tracks_new", count=3, action="406")
    lab.start()
    lab.until_running()
    assert re.search(r"peer failed .*\(H265 was offered\)", lab.log()), "the log says so"


# ---- B-frames, which are told by the order of the pictures ---------------------------------------------------------------


def test_b_slices_in_order_are_no_b_frames(make_lab):
    """x265 makes every P picture of B slices, which refer to the past twice."""
    lab = sending(make_lab, camera={"bframes": "refuse"})
    until(lambda: lab.rows()["cam1"]["frames"] > 3 * FPS, "pictures")
    assert lab.rows()["cam1"]["b_frames"] == 0


@pytest.mark.parametrize("pyramid", [False, True])
def test_b_frames_that_nobody_refers_to_are_left_out(make_lab, pyramid):
    more = ("--pyramid",) if pyramid else ()
    lab = sending(make_lab, "--bframes", 3, *more, camera={"bframes": "drop"})
    with Capture(lab, "cam1", clips.H265) as capture:
        units = capture_units(capture)
    clip = clip_of(bframes=3, pyramid=pyramid)
    disposable = [clips.H265.kind(unit.nals[-1]) in (0, 8) for unit in clip.units]
    shown = [here + unit.order for here, unit in enumerate(clip.units)]
    early = [at < max(shown[:here + 1]) for here, at in enumerate(shown)]
    assert any(disposable) and all(e for d, e in zip(disposable, early) if d)
    assert pyramid == any(e and not d for d, e in zip(disposable, early)), "a pyramid has B-frames that stay"
    left = clips.Video(clip.spec, clip.sets, [unit for unit, d in zip(clip.units, disposable) if not d])
    check_is_the_clip_without_sei(units, left)
    first = next(i for i, unit in enumerate(units) if VPS in unit.types)
    assert len(decoded(annexb(unit.nals for unit in units[first:]))) == len(units) - first
    row = lab.rows()["cam1"]
    assert row["b_dropped"] > 0 and pyramid == (row["b_frames"] > row["b_dropped"])


def check_is_the_clip_without_sei(units, clip):
    bare = lambda unit: [nal for nal in unit.nals if clips.H265.kind(nal) in clips.H265.slices + clips.H265.keys]
    sent, came = digests(bare(unit) for unit in clip.units), digests(bare(unit) for unit in units)
    at = sent.index(came[0])
    wrong = [i for i, one in enumerate(came) if one != sent[(at + i) % len(sent)]]
    assert not wrong, f"access unit {wrong[0]} of {len(came)} is not the camera's"


# ---- a camera that changes its codec -----------------------------------------------------------------------------------


class Changing:
    """A camera of two URLs: one is H.264's, one H.265's; which of them answers is told."""

    def __init__(self, lab):
        self.lab = lab
        self.other = lab._spawn("camera", "--cameras", 1, "--cache", CACHE, "--static", "--codec", "h265").ready(120)

    def write(self, *order):
        urls = {"h264": f"rtsp://127.0.0.1:{self.lab.cam['rtsp']}/cam1", "h265": f"rtsp://127.0.0.1:{self.other['rtsp']}/cam1"}
        with open(self.lab.config, "a", encoding="utf-8") as file:
            file.write(f'[camera "yard"]\npublish = cloudflare\nurl = {urls[order[0]]}\nurl2 = {urls[order[1]]}\n'
                       'url_return = 1s\n')
        self.lab.start()

    def switch(self, codec, kind):
        control = (self.other if codec == "h265" else self.lab.cam)["control"]
        http("POST", f"{control}/cameras/cam1/faults", {"kind": kind})

    def tracks(self):
        return re.findall(r"cam=yard peer track output=0 mid=0 codec=(\S+)", self.lab.log())


@pytest.fixture(name="changing")
def make_changing():
    """changing(...): options of Lab."""
    with contextlib.ExitStack() as made:
        def make(**options):
            return Changing(made.enter_context(Lab(cameras=1, camera_args=("--static",), supervisor=CHANGES,
                                                   camera={"publish": "none"}, **options)))
        yield make


def test_a_camera_that_comes_with_another_codec_is_offered_anew(changing):
    camera = changing()
    camera.write("h264", "h265")
    until(lambda: camera.tracks() == ["H264"], "H.264 is sent")
    camera.switch("h264", "offline")
    until(lambda: camera.tracks() == ["H264", "H265"], "then H.265")
    assert "the camera has pictures of another codec" in camera.lab.log()
    with Capture(camera.lab, "yard", clips.H265) as capture:
        check_is_the_clip(capture_units(capture), clip_of())
    camera.switch("h264", "online")
    until(lambda: camera.tracks() == ["H264", "H265", "H264"], "and H.264 again")
    with Capture(camera.lab, "yard") as capture:
        assert 5 in [kind for unit in capture_units(capture) for kind in unit.types]


def test_who_refused_h265_is_asked_at_once_when_the_camera_comes_with_h264(changing):
    camera = changing(sfu_args=("--video-codecs", "h264"))
    camera.write("h265", "h264")
    until(lambda: "peer codec refused" in camera.lab.log(), "H.265 is refused")
    camera.switch("h265", "offline")
    until(lambda: camera.tracks() == ["H264"], "H.264 is sent")
    row = camera.lab.rows()["yard"]
    assert row["phase"] == "running" and not row.get("error")


# ---- what is refused from the start ------------------------------------------------------------------------------------


def test_packets_that_are_not_in_the_order_of_decoding_are_refused_by_name():
    sdp = SDP.replace("H264/90000", "H265/90000") + "a=fmtp:96 sprop-max-don-diff=2\r\n"
    with Stub(lambda c: open_session(c, sdp=sdp)) as stub:
        done = subprocess.run([os.path.join(BUILD, "tests/integration/source_probe"), stub.url()], capture_output=True,
                              text=True, timeout=30, check=False)
    assert "the camera offers interleaved H265 video, not H264 or H265" in done.stdout + done.stderr
