"""The camera stand-in does what it says, seen with ffmpeg, ffprobe, openssl and a bare RTSP client."""

import re
import socket
import subprocess
import time

import pytest

import standins
from pace import Pace

# One stand-in serves all of these, and on a busy machine it now and then did not answer for 20 s.
pytestmark = pytest.mark.alone

FPS, FRAMES = 15, 120
CELLS, CELL = 24, 640 // 24 // 2 * 2


@pytest.fixture(scope="module")
def server():
    standin = standins.Standin("camera.py", "--cameras", "3", "--static", "--reader-timeout", "1")
    yield Server(standin)
    assert standin.stop() == 0


class Server:
    def __init__(self, standin):
        self.standin, self.ready = standin, standin.ready
        self.control = self.ready["control"]

    def lease(self, name="cam1", lifetime=60):
        return self.post("/leases", {"camera": name, "lifetime_s": lifetime})

    def extend(self, lease, lifetime=60):
        return self.post(f"/leases/{lease['id']}/extend", {"lifetime_s": lifetime})

    def post(self, path, body, expected=200):
        status, answer, _ = standins.http("POST", self.control + path, body)
        assert status == expected, answer
        return answer

    def fault(self, name, kind, **more):
        self.post(f"/cameras/{name}/faults", dict(more, kind=kind))

    def camera(self, name):
        return standins.http("GET", self.control + "/state")[1]["cameras"][name]

    def static(self, name, scheme="rtsp"):
        return f"{scheme}://127.0.0.1:{self.ready[scheme]}/{name}"


@pytest.fixture(autouse=True)
def quiet_afterwards(server):
    yield
    for name in server.ready["cameras"]:
        server.fault(name, "clear")
        server.fault(name, "online")


@pytest.fixture(scope="module", autouse=True)
def over_the_loop_point(server):
    """Runs beside the other tests: longer than the clip of 8 s, so that its end is passed once."""
    return standins.ffmpeg("-v", "error", "-rtsp_transport", "tcp", "-i", server.static("cam3", "rtsps"), "-t", "10",
                      "-map", "0", "-c", "copy", "-f", "framecrc", "-", "-t", "10", "-map", "0:v", "-f", "null", "-")


def describe(url):
    client = standins.Rtsp(url)
    status = client.describe()[0]
    client.close()
    return status


def with_token(url, token):
    return url.split("?")[0] + "?auth=" + token


@pytest.mark.parametrize("scheme", ["rtsp", "rtsps"])
def test_ffprobe_sees_h264_main_and_aac_behind_the_token(server, scheme):
    lease = server.lease()
    streams, error = standins.probe(lease[scheme + "_url"])
    assert error == ""
    assert (streams["video"]["codec_name"], streams["video"]["profile"]) == ("h264", "Main")
    assert (streams["video"]["width"], streams["video"]["height"]) == (640, 360)
    assert (streams["audio"]["codec_name"], streams["audio"]["sample_rate"]) == ("aac", "16000")


def test_the_url_is_as_long_as_google_s(server):
    url = server.lease()["url"]
    assert url.startswith("rtsps://127.0.0.1:") and 880 < len(url) < 1000


def test_content_base_drops_the_token_and_setup_works_without_it(server):
    lease = server.lease()
    client = standins.Rtsp(lease["rtsp_url"])
    _, headers, _ = client.describe()
    assert headers["content-base"] == lease["rtsp_url"].split("?")[0] + "/"
    assert client.setup(0, 0) == 200


@pytest.mark.parametrize("token", ["", "wrong", "g.0.x.y.z", "é"])
def test_a_missing_or_wrong_token_is_401(server, token):
    assert describe(with_token(server.lease()["rtsp_url"], token)) == 401


def test_the_token_of_another_stream_is_401(server):
    one, other = server.lease("cam1"), server.lease("cam2")
    assert describe(with_token(one["rtsp_url"], other["token"])) == 401


def test_an_unknown_path_is_404(server):
    assert describe(server.static("sdm_live_stream/nothing?auth=x")) == 404


def test_setup_without_describe_and_token_is_401(server):
    url = server.lease()["rtsp_url"].split("?")[0]
    assert standins.Rtsp(url).setup(0, 0, url + "/stream=0") == 401


def test_after_an_extension_only_the_new_token_opens(server):
    old = server.lease()
    new = server.extend(old)
    assert new["token"] != old["token"] and new["path"] == old["path"]
    assert (describe(old["rtsp_url"]), describe(new["rtsp_url"])) == (401, 200)


def test_an_extension_keeps_the_connection_and_expiry_cuts_it(server):
    lease = server.lease("cam2", lifetime=6)
    old_expiry = time.monotonic() + 6
    process = standins.reader(lease["url"])
    first = standins.until(lambda: playing(server, "cam2"), what="playing")
    with Pace() as pace:
        earliest = time.monotonic() + 9
        server.extend(lease, 9)
        latest = time.monotonic() + 9
        standins.until(lambda: time.monotonic() > old_expiry)
        assert process.poll() is None and playing(server, "cam2") == first
        process.wait(60)
        assert earliest - 0.2 < time.monotonic() < latest + pace.allowed(1)
    assert describe(lease["rtsp_url"]) == 401


def playing(server, name):
    return [c["id"] for c in server.camera(name)["connected"] if c["playing"] and c["frames"] > 2]


def test_an_ended_lease_cannot_be_extended(server):
    lease = server.lease("cam2", lifetime=0.05)
    standins.until(lambda: describe(lease["rtsp_url"]) == 401)
    server.post(f"/leases/{lease['id']}/extend", {}, expected=410)


def test_a_second_client_takes_over(server):
    lease = server.lease("cam2")
    first = standins.Rtsp(lease["rtsp_url"]).start()
    second = standins.Rtsp(lease["rtsp_url"]).start()
    assert ends(first)
    assert second.rtp()


def ends(client):
    """True when the server closes the connection."""
    try:
        while True:
            client.packet()
    except (EOFError, ConnectionError):
        return True


def test_a_revoked_lease_is_cut_and_404(server):
    lease = server.lease("cam2")
    client = standins.Rtsp(lease["rtsp_url"]).start()
    assert standins.http("DELETE", f"{server.control}/leases/{lease['id']}")[0] == 200
    assert ends(client)
    assert describe(lease["rtsp_url"]) == 404


# ---- faults

@pytest.mark.parametrize("status", [404, 401, 403, 503])
def test_the_next_two_describes_fail_and_then_it_works(server, status):
    url = server.lease()["rtsp_url"]
    before = server.camera("cam1")["describes"]
    server.fault("cam1", "describe", status=status, count=2)
    assert [describe(url) for _ in range(3)] == [status, status, 200]
    after = server.camera("cam1")["describes"]
    assert after[str(status)] - before.get(str(status), 0) == 2 and after["200"] - before.get("200", 0) == 1


def test_a_drop_closes_the_connection_of_that_camera_only(server):
    one, other = standins.Rtsp(server.static("cam1")).start(), standins.Rtsp(server.static("cam2")).start()
    server.fault("cam1", "drop")
    assert ends(one)
    assert all(other.rtp() for _ in range(20))


def test_a_drop_with_reset_is_a_reset(server):
    client = standins.Rtsp(server.static("cam1")).start()
    server.fault("cam1", "drop", reset=True)
    with pytest.raises(ConnectionResetError):
        while True:
            client.packet()


def test_a_stall_sends_nothing_closes_nothing_and_resumes_at_an_idr(server):
    client = standins.Rtsp(server.static("cam1")).start()
    stamp = client.rtp()[1]
    begun = time.monotonic()
    server.fault("cam1", "stall")
    client.socket.settimeout(1)
    with pytest.raises(socket.timeout):
        while True:
            stamp = client.rtp()[1]
    client.socket.settimeout(20)
    assert client.request("OPTIONS", client.base)[0] == 200
    server.fault("cam1", "resume")
    _, later, types, _ = client.rtp()
    assert 7 in types
    assert 0.9 < (later - stamp) / 90000 < time.monotonic() - begun + 1


def test_a_stall_for_seconds_ends_by_itself(server):
    client = standins.Rtsp(server.static("cam1")).start()
    server.fault("cam1", "stall", seconds=0.5)
    stamps = [client.rtp()[1] for _ in range(60)]
    gaps = [(b - a) / 90000 for a, b in zip(stamps, stamps[1:])]
    assert 0.4 < max(gaps) < 2.0


def test_refuse_closes_without_an_answer(server):
    server.fault("cam1", "refuse")
    with pytest.raises((EOFError, ConnectionError)):
        describe(server.static("cam1"))
    assert describe(server.static("cam1")) == 200


def test_a_delayed_describe_delays_nobody_else(server):
    server.fault("cam1", "delay", seconds=3)
    slow = standins.ffmpeg("-v", "error", "-rtsp_transport", "tcp", "-i", server.static("cam1"), "-t", "0.1", "-f", "null", "-")
    standins.until(lambda: not server.camera("cam1")["pending"])
    assert describe(server.static("cam2")) == 200 and describe(server.static("cam1")) == 200
    assert slow.poll() is None
    assert slow.wait(60) == 0


def test_an_offline_camera_drops_refuses_and_comes_back(server):
    lease = server.lease("cam1")
    client = standins.Rtsp(lease["rtsp_url"]).start()
    server.fault("cam1", "offline")
    assert ends(client)
    server.post("/leases", {"camera": "cam1"}, expected=409)
    assert describe(lease["rtsp_url"]) == 404 and describe(server.static("cam1")) == 404
    server.fault("cam1", "online")
    assert describe(server.static("cam1")) == 200
    assert describe(lease["rtsp_url"]) == 404


@pytest.mark.parametrize("seconds", [100, -50])
def test_time_stamps_jump(server, seconds):
    client = standins.Rtsp(server.static("cam1")).start()
    stamp = client.rtp()[1]
    server.fault("cam1", "jump", seconds=seconds)
    jumps = set()
    for _ in range(40):
        marker, later, _, _ = client.rtp()
        step = (later - stamp + 2 ** 31) % 2 ** 32 - 2 ** 31
        stamp = later
        jumps.add(round(step / 90000))
    assert jumps == {0, seconds}


def test_the_sender_report_follows_a_jump(server):
    client = standins.Rtsp(server.static("cam1"), timeout=10).start(tracks=2)
    server.fault("cam1", "jump", seconds=1000)
    assert abs(report_minus_media(client)) < 2 * 90000


def report_minus_media(client):
    """Ticks between the RTP time of the next sender report and of the packet before it."""
    stamp = None
    while True:
        channel, data = client.packet()
        if channel == 0:
            stamp = int.from_bytes(data[4:8], "big")
        elif channel == 1 and data[1] == 200:
            return int.from_bytes(data[16:20], "big") - stamp


def test_a_switch_changes_resolution_and_parameter_sets_in_the_stream(server):
    process = standins.ffmpeg("-v", "info", "-rtsp_transport", "tcp", "-i", server.static("cam2"), "-map", "0:v",
                         "-t", "2.5", "-vf", "showinfo", "-autoscale", "0", "-f", "null", "-")
    standins.until(lambda: playing(server, "cam2"))
    server.fault("cam2", "switch")
    text = process.communicate(timeout=60)[1].decode()
    server.fault("cam2", "switch")
    sizes = re.findall(r"\bs:(\d+x\d+)", text)
    assert sizes[0] == "640x360" and sizes[-1] == "480x270" and len(sizes) > 30
    assert "error" not in text.lower()


def test_closed_ports_refuse_and_open_again_with_the_same_numbers(server):
    server.post("/server", {"listening": False})
    with pytest.raises(ConnectionRefusedError):
        describe(server.static("cam1"))
    server.post("/server", {"listening": True})
    assert describe(server.static("cam1")) == 200


def test_a_client_that_does_not_read_is_closed(server):
    client = standins.Rtsp(server.static("cam1"), receive_buffer=4096).start()
    mine = lambda: [c for c in server.camera("cam1")["connected"] if c["playing"]]
    standins.until(mine)
    standins.until(lambda: not mine(), what="closing")
    client.close()


# ---- media

def test_time_stamps_and_pictures_are_clean_over_the_loop_point(over_the_loop_point):
    out, errors = over_the_loop_point.communicate(timeout=60)
    assert errors.decode() == ""
    rows = [line.split(",") for line in out.decode().splitlines() if line[0] != "#"]
    video, audio = ([int(r[2]) for r in rows if r[0] == kind] for kind in "01")
    odd = lambda stamps, step, most: [(a, b) for a, b in zip(stamps, stamps[1:]) if abs(b - a - step) > most]
    # A sender report moves FFmpeg's clock by some hundredths of a millisecond.
    assert len(video) >= 10 * FPS and not odd(video, 6000, 45)
    assert len(audio) > 150 and not odd(audio, 1024, 8)


def test_the_strip_tells_camera_and_consecutive_frames(server):
    process = standins.reader(server.static("cam2"), "-an", "-frames:v", "30", "-f", "rawvideo", "-pix_fmt", "gray", "-")
    data = process.communicate(timeout=60)[0]
    pictures = [data[i:i + 640 * 360] for i in range(0, len(data), 640 * 360)]
    seen = [strip(p) for p in pictures]
    assert len(seen) == 30 and {camera for camera, _ in seen} == {2}
    assert all((b - a) % FRAMES == 1 for (_, a), (_, b) in zip(seen, seen[1:]))


def strip(picture):
    row = 360 - CELL // 2
    bits = [int(picture[row * 640 + i * CELL + CELL // 2] > 128) for i in range(CELLS)]
    assert (bits[:2], bits[-2:]) == ([1, 0], [0, 1])
    number = lambda part: int("".join(map(str, part)), 2)
    return number(bits[2:10]), number(bits[10:22])


def test_single_slices_stap_a_and_fu_a_and_one_idr_per_second(server):
    client = standins.Rtsp(server.static("cam1")).start()
    pictures, kinds, idr = 0, set(), []
    while pictures < 31:
        marker, _, types, _ = client.rtp()
        kinds.update(types)
        idr += [pictures] * (5 in types)
        pictures += marker
    assert {1, 5, 7, 8, 24, 28} <= kinds
    assert idr == [0, 15, 30]


def test_sprop_only_and_digest_and_long_urls():
    standin = standins.Standin("camera.py", "--cameras", "1", "--static", "--user", "joe:s3cret", "--sprop-only",
                          "--path-length", "1200", "--token-length", "700", "--profile", "baseline")
    try:
        lease = standins.http("POST", standin.ready["control"] + "/leases", {"camera": "cam1"})[1]
        assert 1900 < len(lease["rtsp_url"]) <= 2000
        client = standins.Rtsp(lease["rtsp_url"]).start()
        seen = {kind for _ in range(60) for kind in client.rtp()[2]}
        assert 5 in seen and not seen & {7, 8}
        plain = f"rtsp://127.0.0.1:{standin.ready['rtsp']}/cam1"
        assert describe(plain) == 401
        assert "401" in standins.probe(plain.replace("//", "//joe:wrong@"))[1]
        streams, error = standins.probe(plain.replace("//", "//joe:s3cret@"))
        assert error == "" and streams["video"]["profile"] == "Constrained Baseline"
        standins.http("POST", standin.ready["control"] + "/cameras/cam1/faults", {"kind": "switch"})
        # At a switch the new ones must come in the stream, once; before it there is what was not read yet.
        while 7 not in client.rtp()[2]:
            pass
        assert not any(7 in client.rtp()[2] for _ in range(100))
    finally:
        assert standin.stop() == 0


def test_the_certificate_verifies_and_the_rogue_ones_do_not(server):
    folder = server.ready["ca"].rsplit("/", 1)[0]
    verify = lambda name: subprocess.run(["openssl", "verify", "-CAfile", server.ready["ca"], "-verify_ip", "127.0.0.1",
                                          f"{folder}/{name}.pem"], capture_output=True, text=True)
    assert verify("server").returncode == 0
    for name, reason in (("expired", "expired"), ("wrong-name", "IP address mismatch"), ("unknown-ca", "issuer")):
        done = verify(name)
        assert done.returncode != 0 and reason in done.stderr, done.stderr
    shake = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.ready['rtsps']}", "-verify_ip",
                            "127.0.0.1", "-CAfile", server.ready["ca"], "-verify_return_error"],
                           stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    assert "Verify return code: 0 (ok)" in shake.stdout


def test_bad_control_requests_are_told_in_words(server):
    assert "drop" in server.post("/cameras/cam1/faults", {"kind": "nonsense"}, expected=400)["error"]
    assert "cam9" in server.post("/leases", {"camera": "cam9"}, expected=404)["error"]
    server.post("/cameras/cam1/faults", {"kind": "delay"}, expected=400)


def test_nothing_is_kept_of_connections_that_ended(server):
    standins.until(lambda: standins.http("GET", server.control + "/state")[1]["feeds"] == 0, what="feeds of closed connections gone")
