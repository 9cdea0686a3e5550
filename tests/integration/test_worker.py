"""What a worker promises of one camera's media, seen from outside: at the camera, at the SFU, at a viewer, in ps."""
import os
import re
import subprocess

import pytest

import clips
from lab import BUILD, CACHE, Lab, http, until
from pace import Pace
from rtp_capture import Capture, access_units

FPS, TICKS = 15, 90000 // 15
IDR, SPS, PPS = 5, 7, 8
STAP_A, FU_A = 24, 28
# At most 1200 bytes of RTP per packet: worker/rtp.h.
RTP_BYTES_MAX = 1200
# What any start may take is 2 s and one GOP, which has 1 s here.
START_MS = 3000


@pytest.fixture(name="one", scope="module")
def one_camera():
    """A world with one camera that is sending, for the tests that leave it as it was."""
    with Lab(cameras=1) as lab:
        with Pace() as lab.pace:
            lab.start()
            lab.until_running()
        yield lab
        assert lab.close() == 0


@pytest.fixture(name="start")
def start_one_camera(make_lab):
    """start(...): a world with one camera that is sending."""

    def start(**options):
        lab = make_lab(cameras=1, **options).start()
        lab.until_running()
        return lab

    return start


def clip_of(profile, **more):
    """The camera's clip: what it sends, in a circle."""
    return clips.load_video(CACHE, clips.Spec(profile=profile, **more), "cam1", 1)


def without_sets(unit):
    return [nal for nal in unit.nals if nal[0] & 31 not in (SPS, PPS)]


def capture_units(capture, count=2 * FPS):
    """So many access units that came one after the other."""
    return until(lambda: len(capture.units()) >= count and capture.units(), f"{count} access units")


def check_is_the_clip(units, clip):
    """Every access unit is the next one of the clip, NAL unit by NAL unit."""
    sent = [unit.nals for unit in clip.units]
    at = sent.index(without_sets(units[0]))
    for number, unit in enumerate(units):
        assert without_sets(unit) == sent[(at + number) % len(sent)], f"access unit {number}"


def check_sets(units, clip):
    """SPS and PPS before each IDR, and nowhere else. (x264's own SEI is in the clip's first picture, and may precede them.)"""
    for unit in units:
        wanted = [clip.sps, clip.pps] if IDR in unit.types else []
        assert [nal for nal in unit.nals if nal[0] & 31 in (SPS, PPS)] == wanted
        assert not wanted or unit.types.index(PPS) < unit.types.index(IDR)


def check_pace(units):
    """One picture's time between two pictures, of the RTP clock that began at random."""
    steps = [(b.timestamp - a.timestamp) & 0xffffffff for a, b in zip(units, units[1:])]
    assert all(abs(step - TICKS) <= TICKS / 4 for step in steps), steps


# ---- the media --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("profile, profile_idc", [("baseline", "42"), ("main", "4d"), ("high", "64")])
def test_h264_of_every_profile_arrives_byte_by_byte_under_its_own_name(start, profile, profile_idc):
    lab = start(camera_args=("--profile", profile))
    with Capture(lab, "cam1") as capture:
        units, offer = capture_units(capture), capture.offer
    clip = clip_of(profile)
    check_is_the_clip(units, clip)
    check_sets(units, clip)
    check_pace(units)
    assert max(p.rtp_bytes for u in units for p in u.packets) <= RTP_BYTES_MAX
    assert any(p.kind == FU_A for u in units for p in u.packets)
    assert all(STAP_A in [p.kind for p in u.packets] for u in units if IDR in u.types), "the parameter sets go together"
    level_id = clip.sps[1:4].hex()
    assert level_id.startswith(profile_idc)
    assert level_id in re.findall("profile-level-id=([0-9a-f]{6})", offer), offer


def test_parameter_sets_that_are_in_the_sdp_only_stand_before_every_idr(start):
    lab = start(camera_args=("--sprop-only",))
    with Capture(lab, "cam1") as capture:
        units = capture_units(capture)
    check_is_the_clip(units, clip_of("main"))
    check_sets(units, clip_of("main"))


def test_pictures_of_several_slices_stay_whole(start):
    lab = start(camera_args=("--slices", 4))
    with Capture(lab, "cam1") as capture:
        units = capture_units(capture)
    assert len(without_sets(units[0])) == 4
    check_is_the_clip(units, clip_of("main", slices=4))
    check_pace(units)


def test_timestamps_keep_their_pace_when_the_cameras_clock_jumps(one):
    with Capture(one, "cam1") as capture:
        capture_units(capture, FPS)
        for seconds in (3600, -7200):
            one.camera_fault("cam1", "jump", seconds=seconds)
            capture_units(capture, len(capture.units()) + FPS)
        units = capture.units()
    check_is_the_clip(units, clip_of("main"))
    steps = [(b.timestamp - a.timestamp) & 0xffffffff for a, b in zip(units, units[1:])]
    # At a jump the time between two pictures is the time between their arrivals, on a machine that is busy.
    assert all(0 < step <= 10 * TICKS for step in steps), steps
    assert sum(abs(step - TICKS) > TICKS / 4 for step in steps) <= 2
    assert one.camera_state("cam1")["connections"] == 1


def test_parameter_sets_are_replaced_when_the_camera_changes_them(start):
    lab = start()
    small = clip_of("baseline", width=480, height=270)
    with Capture(lab, "cam1") as capture:
        capture_units(capture, FPS)
        lab.camera_fault("cam1", "switch")
        until(lambda: small.sps in [nal for unit in capture.units() for nal in unit.nals], "the other SPS")
        units = capture_units(capture, len(capture.units()) + 2 * FPS)
    first = next(i for i, unit in enumerate(units) if small.sps in unit.nals)
    check_is_the_clip(units[:first], clip_of("main"))
    check_is_the_clip(units[first:], small)
    check_sets(units[first:], small)
    until(lambda: lab.rows()["cam1"]["width"] == 480, "the new size in the status")
    assert lab.camera_state("cam1")["connections"] == 1


def longest_run(packets):
    """The longest stretch without a hole."""
    runs = [[]]
    for packet in packets:
        if runs[-1] and packet.seq != runs[-1][-1].seq + 1:
            runs.append([])
        runs[-1].append(packet)
    return max(runs, key=len)


def settled(capture):
    """The packets so far, but for the newest, of which what was lost may still come."""
    return capture.in_order()[:capture.settled()]


def holes(packets):
    """How many are missing for good. Janus gives one up whose resend was lost as well: one in thirty of those."""
    return packets[-1].seq - packets[0].seq + 1 - len(packets) if packets else 0


def whole_units(packets):
    """The access units of the longest stretch; None while they are too few to compare."""
    units = access_units(longest_run(packets))
    return units if len(units) > FPS / 2 else None


def test_what_the_network_loses_is_sent_again(start):
    lab = start(sfu_args=("--loss", 0.03))
    with Capture(lab, "cam1") as capture:
        until(lambda: lab.rows()["cam1"]["resent"] >= 10, "NACKs answered")
        until(lambda: holes(settled(capture)) * 5 <= lab.rows()["cam1"]["resent"], "what was lost comes late")
        units = until(lambda: whole_units(settled(capture)), "pictures without a hole")
    check_is_the_clip(units, clip_of("main"))
    assert lab.sfu_track("cam1")["lost"] > 0
    assert re.search(r"peer track .*codec=H264 pt=106 rtx=107 transport_cc=1", lab.log()), "Janus takes both"
    assert 0 < lab.rows()["cam1"]["path_loss"] < 0.1


def test_a_path_that_does_not_carry_the_stream_is_an_event(start):
    lab = start(sfu_args=("--loss", 0.25))
    until(lambda: "the path to the receiver does not carry the stream" in lab.log(), "it is told")
    row = lab.rows()["cam1"]
    assert row["path_loss"] > 0.1 and row["path_bitrate"] > 0


# ---- the connections --------------------------------------------------------------------------------------------------


def test_an_url_of_2000_characters_is_opened(start):
    lab = start(camera_args=("--path-length", 850, "--token-length", 1100))
    lease = http("POST", lab.cam["control"] + "/leases", {"camera": "cam1"})
    assert 1990 <= len(lease["url"]) <= 2000
    state = lab.camera_state("cam1")
    assert (state["connections"], state["describes"]) == (1, {"200": 1})


# Who is the DTLS server chooses: our order counts where the SFU is the client.
@pytest.mark.parametrize("sfu_role, our_role, sfu_offers, chosen", [
    ("passive", "client", "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80", "SRTP_AEAD_AES_128_GCM"),
    ("active", "server", "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM", "SRTP_AEAD_AES_128_GCM"),
    ("passive", "client", "SRTP_AES128_CM_SHA1_80", "SRTP_AES128_CM_SHA1_80")])
def test_dtls_works_in_both_roles_and_srtp_by_both_ciphers(start, sfu_role, our_role, sfu_offers, chosen):
    lab = start(sfu_args=("--dtls-role", sfu_role, "--srtp", sfu_offers))
    session, = lab.sfu_state()["sessions"]
    assert (session["dtls_role_of_sfu"], session["srtp_profile"]) == (sfu_role, chosen)
    assert re.search(rf'phase=dtls detail="{our_role} .*{chosen}"', lab.log())
    until(lambda: lab.sfu_packets("cam1") > 50, "packets at the SFU")


def test_a_request_for_a_picture_is_counted(one):
    before = one.rows()["cam1"]["plis"]
    http("POST", one.cf["sim"] + "/keyframe", {})
    until(lambda: one.rows()["cam1"]["plis"] > before, "a PLI in the status")


# ---- the process ------------------------------------------------------------------------------------------------------


def test_ps_shows_the_camera_and_how_it_is(one):
    until(lambda: re.fullmatch(r"camrelay-worker: cam1 \[running 640x360 1[3-7]fps 0\.[3-7]Mbit/s\]", one.title("cam1")),
          f"the title; it is {one.title('cam1')}")


def test_ldd_of_the_supervisor_shows_nothing_that_parses_media():
    ldd = lambda program: subprocess.run(["ldd", os.path.join(BUILD, program)], capture_output=True, text=True,
                                         check=True).stdout
    media = re.compile("libav|libnice|libsrtp|libswscale|libgst")
    assert not media.search(ldd("camrelayd")) and not media.search(ldd("camctl"))
    assert media.search(ldd("camrelay-worker"))


def test_the_phases_of_a_start_are_logged_once_with_their_durations(one):
    up = [line for line in one.log().splitlines() if " session up " in line]
    assert len(up) == 1, up
    phases = dict(re.findall(r"(\w+)_ms=(\d+)", up[0]))
    assert list(phases) == ["rtsp", "offer", "answer", "ice", "dtls", "first_packet"]
    assert sum(map(int, phases.values())) < one.pace.allowed(START_MS)
    row = one.rows()["cam1"]
    assert {key: str(row[f"{key}_ms"]) for key in phases} == phases


def test_a_worker_may_take_no_more_than_it_needs(one):
    with open(f"/proc/{one.pid('cam1')}/limits", encoding="ascii") as file:
        limits = {line[:26].strip(): line[26:].split()[:2] for line in file}
    assert limits["Max core file size"] == ["0", "0"]
    assert limits["Max open files"] == ["256", "256"]
    with open(f"/proc/{one.pid('cam1')}/status", encoding="ascii") as file:
        assert "NoNewPrivs:\t1\n" in file.read()


def test_the_smaller_stream_is_taken_while_the_path_does_not_carry_the_main_one():
    with Lab(cameras=2, camera_args=("--static", "--url-scheme", "rtsp"), sfu_args=("--loss", 0.25)) as lab:
        lab.camera_keys = {"substream": lab.cam["static"]["cam2"]}
        lab.names = ["cam1"]
        lab.write_config()
        lab.start()
        lab.until_running()
        until(lambda: (lab.rows()["cam1"].get("url") or "").startswith("substream rtsp://"), "the smaller stream")
        until(lambda: lab.camera_state("cam2")["plays"] == 1 and not lab.camera_state("cam1")["connected"], "it is pulled")
        until(lambda: lab.rows()["cam1"]["state"] == "running" and lab.rows()["cam1"]["fps"] > 0, "and runs")
        assert "source other url from=url to=substream" in lab.log()
        assert lab.rows()["cam1"]["restarts"] == 0
        assert lab.close() == 0
