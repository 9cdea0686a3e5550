"""The worker's RTSP input (worker/source.h), through tests/integration/source_probe.

Media come from gst-rtsp-server (tests/sim/camera.py), misbehaviour from rtsp_stub.py. Both are not ours: what our
code believes about RTSP is tested against somebody else's.
"""

import base64
import contextlib
import hashlib
import json
import os
import re
import signal
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import time

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(TOP, "tests/sim")]
import certs  # noqa: E402
import clips  # noqa: E402
from rtsp_stub import (EPOCH, IDR, PPS, SDP, SECOND_SLICE, SLICE, SPS, StrictDigest, Stub, open_session,
                       play)  # noqa: E402

BUILD = os.environ.get("CAMRELAY_BUILD", os.path.join(TOP, "build"))
PROBE = os.path.join(BUILD, "tests/integration/source_probe")
# Machines are shared and sanitizers slow: bounds are this many times what they should be. They tell "in time" from never.
SLOW = 10
TOKEN = "g.0.eyJsecretsecret"

EOF, TIMEOUT, PARSE, RANGE, UNSUPPORTED = -4, -5, -6, -7, -8
REFUSED, UNTRUSTED, CLOSED, UNREACHABLE = -10, -11, -12, -13


class Result:
    """What a probe told."""

    def __init__(self, text, returncode):
        self.text = text
        self.returncode = returncode
        self.lines = [json.loads(line) for line in text.splitlines()]
        self.nals = [e for e in self.lines if e["event"] == "nal"]
        self.end = next(e for e in self.lines if e["event"] == "end")
        self.freed_us = next(e["us"] for e in self.lines if e["event"] == "freed")
        self.open = next((e for e in self.lines if e["event"] == "open"), None)

    @property
    def shape(self):
        """[(type, last), ...]"""
        return [(n["type"], n["last"]) for n in self.nals]


def probe(url, *options, timeout=30):
    """Runs the probe to its end. Its exit code says error or not; a sanitizer's or a signal's is a failure."""
    done = subprocess.run([PROBE, *map(str, options), url], capture_output=True, text=True, timeout=timeout * SLOW)
    assert done.returncode in (0, 1), (done.returncode, done.stderr)
    assert "ERROR" not in done.stderr and "WARNING" not in done.stderr, done.stderr
    return Result(done.stdout, done.returncode)


def assert_failed(result, err, text):
    assert result.end["err"] == err, result.text
    assert text in result.end["text"], result.text


# ---- real media -----------------------------------------------------------------------------------------------------

@contextlib.contextmanager
def camera(*options):
    """camera.py, ready, as its JSON line."""
    server = subprocess.Popen(["/usr/bin/python3", os.path.join(TOP, "tests/sim/camera.py"), "--static", "--quiet",
                               "--cameras", "1", *options], stdout=subprocess.PIPE, text=True)
    try:
        yield json.loads(server.stdout.readline())
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(20) == 0


@pytest.fixture(scope="module")
def cam():
    with camera("--sprop-only") as c:
        c["plain"] = f"rtsp://127.0.0.1:{c['rtsp']}/cam1"
        c["tls"] = f"rtsps://127.0.0.1:{c['rtsps']}/cam1"
        yield c


def digest(nal):
    """What stands for a NAL unit in a comparison: its end may have lost zeros, and nobody can read a slice."""
    return hashlib.sha256(nal.rstrip(b"\0")).hexdigest()[:16]


def slices(annex_b):
    """The NAL units of types 1 and 5 in a file, as digests."""
    nals = annex_b.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")
    return [digest(n) for n in nals if n and n[0] & 0x1f in (1, 5)]


def clip_slices():
    """Those of the camera's clip, twice, as camera.py loops it."""
    video = clips.load_video(os.path.join(TOP, "build/sim-cache"), clips.Spec(), "cam1", 1)
    return [digest(nal) for unit in video.units for nal in unit.nals if nal[0] & 0x1f in (1, 5)] * 2


def offsets(units, media_ms):
    """[(ms since the first unit came, what its time on the timeline is ahead of its media time)]"""
    return [((u["us"] - units[0]["us"]) / 1000, u["at_us"] / 1000 - media_ms(u)) for u in units]


@pytest.mark.parametrize("late", ["--sound-delay", "--picture-delay"])
def test_sound_and_pictures_are_in_step_before_there_are_two_sender_reports(late):
    """By RTP-Info, though one is 300 ms late: the two first frames are of one moment, whenever they come."""
    with camera(late, "300") as c:
        r = probe(f"rtsp://127.0.0.1:{c['rtsp']}/cam1", "--sound", "--seconds", 5)
    sounds = [e for e in r.lines if e["event"] == "sound"]
    heard = offsets(sounds, lambda e: (e["rtp"] - sounds[0]["rtp"]) % 2**32 / 16)
    seen = offsets([n for n in r.nals if n["last"]], lambda e: e["ts"] / 90)
    early = lambda found: [ms for after, ms in found if 500 < after < 4000]
    assert len(early(heard)) > 30 and len(early(seen)) > 30
    off = max(early(heard)) - min(early(seen)), min(early(heard)) - max(early(seen))
    assert max(map(abs, off)) <= 40, off


@pytest.mark.parametrize("scheme", ["plain", "tls"])
def test_every_slice_arrives_as_it_was_encoded(cam, scheme, tmp_path):
    dump = tmp_path / "out.h264"
    r = probe(cam[scheme], "--ca-file", cam["ca"], "--seconds", 3, "--dump", dump)
    assert r.end["err"] == 0, r.text
    got = slices(dump.read_bytes())
    clip = clip_slices()
    at = clip.index(got[0])
    assert got == clip[at:at + len(got)]
    assert len(got) >= 3 * 15 - 5
    assert all(n["last"] for n in r.nals if n["type"] in (1, 5)), "one slice a picture: each is the last"
    pictures = [n["ts"] for n in r.nals if n["type"] in (1, 5)]
    steps = [b - a for a, b in zip(pictures, pictures[1:])]
    assert all(abs(s - 6000) <= 1 for s in steps), str(steps)
    assert not any(n["gap"] for n in r.nals)


def test_the_parameter_sets_of_the_sdp_are_handed_on(cam):
    sets = bytes.fromhex(probe(cam["plain"], "--nals", 1).open["parameter_sets"])
    assert [n[0] & 0x1f for n in sets.split(b"\0\0\0\1")[1:]] == [7, 8]


def test_pictures_of_several_slices_end_once():
    with camera("--slices", "4") as c:
        r = probe(f"rtsp://127.0.0.1:{c['rtsp']}/cam1", "--nals", 60)
    by_picture = {}
    for n in r.nals:
        by_picture.setdefault(n["ts"], []).append(n)
    by_picture.pop(r.nals[-1]["ts"])
    assert len(by_picture) > 10
    for nals in by_picture.values():
        assert len([n for n in nals if n["type"] in (1, 5)]) == 4
        assert [n["last"] for n in nals] == [False] * (len(nals) - 1) + [True]


# ---- who we are ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("auth", ["basic", "digest"])
def test_user_and_password_of_the_url_are_used(auth):
    with camera("--user", "me:pass%word", "--auth", auth) as c:
        good = probe(f"rtsp://me:pass%25word@127.0.0.1:{c['rtsp']}/cam1", "--nals", 3)
        bad = probe(f"rtsp://me:wrongword@127.0.0.1:{c['rtsp']}/cam1", "--nals", 3)
    assert good.end["err"] == 0, good.text
    assert_failed(bad, REFUSED, "401")
    assert bad.end["rtsp_status"] == 401
    assert "wrongword" not in bad.text and "pass" not in good.text.replace('"', "")


def strict(guard, url_user, path="/x?auth=tok"):
    """What a probe gets from a camera that asks every request for its digest."""
    with Stub(play(lambda c: [c.picture(t * 6000) for t in range(5)], guard=guard)) as s:
        return probe(f"rtsp://{url_user}@127.0.0.1:{s.port}{path}", "--nals", 4), s.connections[0].requests


@pytest.mark.parametrize("algorithm,qop", [("MD5", ""), ("MD5", "auth"), ("MD5", "auth-int,auth"), ("MD5-sess", "auth"),
                                           ("SHA-256", "auth"), ("SHA-256-sess", "auth")])
def test_a_strict_camera_takes_our_digest(algorithm, qop):
    guard = StrictDigest("me", "pass", algorithm, qop)
    r, requests = strict(guard, "me:pass")
    assert r.end["err"] == 0, r.text
    assert (guard.refused, guard.stale) == (0, 0)
    assert guard.admitted >= 4, "OPTIONS, DESCRIBE, SETUP, PLAY"
    assert sum("Authorization" not in headers for _, _, headers in requests) == 1, "asked once, told ever after"


def test_a_nonce_that_grows_stale_is_renewed():
    guard = StrictDigest("me", "pass", uses=1)
    r, _ = strict(guard, "me:pass")
    assert r.end["err"] == 0, r.text
    assert guard.stale >= 3 and guard.refused == 0


def test_user_and_password_are_decoded_and_of_any_length():
    password = 'p@ss:/%"\\' + "x" * 300
    encoded = "p%40ss:%2F%25%22%5c" + "x" * 300
    guard = StrictDigest("m@e", password)
    r, _ = strict(guard, f"m%40e:{encoded}")
    assert r.end["err"] == 0 and guard.refused == 0, r.text
    assert password not in r.text and encoded not in r.text


def test_a_wrong_password_is_tried_once():
    """Cameras lock out who guesses."""
    guard = StrictDigest("me", "pass")
    r, requests = strict(guard, "me:wrongword")
    assert_failed(r, REFUSED, "OPTIONS answered 401 Unauthorized")
    assert guard.refused == 1 and len([m for m, _, _ in requests if m != "TEARDOWN"]) == 2
    assert "wrongword" not in r.text


def test_who_is_not_named_is_not_asked_twice():
    with Stub(play(lambda c: None, guard=StrictDigest("me", "pass"))) as s:
        r = probe(s.url())
    assert_failed(r, REFUSED, "401")
    assert len(s.connections[0].requests) == 1


@pytest.mark.parametrize("user", ["a%0d%0aX-Evil:%201:b", "a:%00", "a:b%1f"])
def test_a_password_that_would_write_headers_is_refused(user):
    assert_failed(probe(f"rtsp://{user}@127.0.0.1:1/"), RANGE, "control character")


def test_the_camera_is_told_that_we_leave(cam):
    assert probe(cam["plain"], "--nals", 3).freed_us < 200000
    assert probe(cam["tls"], "--ca-file", cam["ca"], "--interrupt-ms", 800).freed_us < 200000


# ---- certificates ---------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("certs"))
    subprocess.run(["/usr/bin/python3", os.path.join(TOP, "tests/sim/certs.py"), folder], check=True,
                   stdout=subprocess.DEVNULL)
    return folder


def tls_context(lab, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(lab, name + ".pem"), os.path.join(lab, name + ".key"))
    return context


ROGUES = [("unknown-ca", "self-signed certificate|unable to get local issuer certificate"),
          ("wrong-name", "IP address mismatch"), ("expired", "certificate has expired")]


@pytest.mark.parametrize("name,reason", ROGUES)
def test_a_rogue_certificate_gets_no_byte(lab, name, reason):
    with Stub(lambda c: c.more(), tls_context(lab, name)) as s:
        r = probe(s.url(f"/x?auth={TOKEN}", "rtsps"), "--ca-file", f"{lab}/ca.pem")
    assert r.end["err"] == UNTRUSTED, r.text
    assert any(x in r.end["text"] for x in reason.split("|")), r.text
    assert [c.received for c in s.connections] == [b""]
    assert TOKEN not in r.text


def test_a_name_that_the_certificate_lacks_is_refused(lab):
    with Stub(lambda c: c.more(), tls_context(lab, "wrong-name")) as s:
        r = probe(f"rtsps://localhost:{s.port}/x", "--ca-file", f"{lab}/ca.pem")
    assert_failed(r, UNTRUSTED, "hostname mismatch")


def test_the_systems_store_does_not_trust_the_lab(lab):
    with Stub(lambda c: c.more(), tls_context(lab, "server")) as s:
        r = probe(s.url("/x", "rtsps"))
    assert r.end["err"] == UNTRUSTED, r.text


@pytest.mark.parametrize("name", ["unknown-ca", "wrong-name", "expired", "server"])
def test_without_verification_every_certificate_will_do(lab, name):
    with Stub(play(lambda c: c.picture(0)), tls_context(lab, name)) as s:
        r = probe(s.url("/x", "rtsps"), "--no-verify", "--nals", 1)
    assert r.end["err"] == 0, r.text


def weak_context(folder):
    """As cameras of ten years ago: RSA and Diffie-Hellman of 1024 bits, SHA-1."""
    key, cert, dh = (os.path.join(folder, name) for name in ("weak.key", "weak.pem", "weak.dh"))
    openssl("req", "-x509", "-newkey", "rsa:1024", "-nodes", "-sha1", "-subj", "/CN=cam", "-keyout", key, "-out", cert)
    openssl("dhparam", "-dsaparam", "-out", dh, "1024")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(cert, key)
    context.load_dh_params(dh)
    return context


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, capture_output=True)


def test_weak_keys_are_taken_only_without_verification(tmp_path):
    context = weak_context(tmp_path)
    with Stub(play(lambda c: c.picture(0)), context) as s:
        assert probe(s.url("/x", "rtsps"), "--no-verify", "--nals", 1).end["err"] == 0
        r = probe(s.url("/x", "rtsps"), "--ca-file", tmp_path / "weak.pem")
    assert r.end["err"] in (UNTRUSTED, -14), r.text


def test_a_server_without_tls_is_told_apart(lab):
    with Stub(lambda c: c.sock.sendall(b"RTSP/1.0 400 Bad Request\r\n\r\n")) as s:
        r = probe(s.url("/x", "rtsps"), "--ca-file", f"{lab}/ca.pem")
    assert_failed(r, -14, "no TLS with 127.0.0.1")


def test_old_tls_is_refused(lab):
    context = tls_context(lab, "server")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with Stub(lambda c: c.more(), context) as s:
        r = probe(s.url("/x", "rtsps"), "--ca-file", f"{lab}/ca.pem")
    assert r.end["err"] not in (0, UNTRUSTED), r.text


# ---- URLs -----------------------------------------------------------------------------------------------------------

def opened(s, url):
    r = probe(url, "--nals", 1)
    assert r.end["err"] == 0, r.text
    return [(method, uri) for method, uri, _ in s.connections[0].requests]


def test_2000_characters_arrive():
    path = "/sdm_live_stream/" + "p" * 1300 + "?auth=" + "t" * 700
    with Stub(play(lambda c: c.picture(0))) as s:
        asked = opened(s, s.url(path))
    assert len(s.url(path)) > 2000
    assert asked[:2] == [("OPTIONS", s.url(path)), ("DESCRIBE", s.url(path))]
    base = s.url(path.split("?")[0]) + "/"
    assert asked[2:4] == [("SETUP", base + "trackID=0"), ("PLAY", base)]


@pytest.mark.parametrize("path,between", [("/a?b=c", "/"), ("/live/", ""), ("/", "")])
def test_without_content_base_the_control_follows_the_url(path, between):
    with Stub(play(lambda c: c.picture(0), base=None)) as s:
        asked = opened(s, s.url(path))
    assert asked[2:][:2] == [("SETUP", s.url(f"{path}{between}trackID=0")), ("PLAY", s.url(path))]


@pytest.mark.parametrize("base", ["127.0.0.1:554/a/", "/a/", "/", ""])
def test_a_content_base_that_is_no_url_is_none(base):
    with Stub(play(lambda c: c.picture(0), base=" " + base)) as s:
        asked = opened(s, s.url("/a"))
    assert asked[2:][:2] == [("SETUP", s.url("/a/trackID=0")), ("PLAY", s.url("/a"))]


def test_absolute_controls_are_asked_for_as_given():
    sdp = SDP.replace("a=control:trackID=0", "a=control:rtsp://cam.example/x/track1")
    with Stub(play(lambda c: c.picture(0), sdp=sdp)) as s:
        asked = opened(s, s.url("/a"))
    assert asked[2] == ("SETUP", "rtsp://cam.example/x/track1")


def test_only_what_is_read_is_set_up():
    """Neither a second stream, nor the camera's loudspeaker, which some describe unasked and which one client has."""
    other = "m=video 0 RTP/AVP 98\r\na=rtpmap:98 H264/90000\r\na=control:trackID=8\r\n"
    speaker = "m=audio 0 RTP/AVP 0\r\na=control:trackID=9\r\na=sendonly\r\n"
    with Stub(play(lambda c: c.picture(0), sdp=SDP + other + speaker + WITH_SOUND[len(SDP):])) as s:
        r = probe(s.url(), "--sound", "--nals", 1)
    assert r.end["err"] == 0, r.text
    assert [uri[-9:] for method, uri, _ in s.connections[0].requests if method == "SETUP"] == ["trackID=0", "trackID=1"]


def test_audio_is_not_set_up():
    sdp = SDP + "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/16000\r\na=control:trackID=1\r\n"
    with Stub(play(lambda c: c.picture(0), sdp=sdp)) as s:
        asked = opened(s, s.url())
    assert [m for m, _ in asked].count("SETUP") == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1/x", "rtsp://", "rtsp://h:0/", "rtsp://h:99999/", "rtsp://[::1/",
                                 "rtsp://h/a b", "rtsp://h/a\nb", ""])
def test_what_is_no_rtsp_url_is_refused(url):
    assert probe(url).end["err"] == RANGE


# ---- refusals and ends ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("method,status", [("DESCRIBE", "401 Unauthorized"), ("DESCRIBE", "403 Forbidden"),
                                           ("DESCRIBE", "404 Not Found"), ("OPTIONS", "503 Service Unavailable"),
                                           ("SETUP", "461 Unsupported Transport"), ("PLAY", "454 Session Not Found"),
                                           ("DESCRIBE", "599 Odd")])
def test_the_status_is_told(method, status):
    with Stub(play(lambda c: None, **{method: status})) as s:
        r = probe(s.url(f"/x?auth={TOKEN}"))
    assert_failed(r, REFUSED, f"{method} answered {status[:3]}")
    assert r.end["rtsp_status"] == int(status[:3])
    assert TOKEN not in r.text


@pytest.mark.parametrize("status", ["400 Bad Request", "404 Not Found", "405 Method Not Allowed", "454 Session Not Found",
                                    "501 Not Implemented", "551 Option not supported"])
def test_a_camera_need_not_know_options(status):
    with Stub(play(lambda c: c.picture(0), OPTIONS=status)) as s:
        assert [method for method, _ in opened(s, s.url())][:4] == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]


WITH_SOUND = SDP + "m=audio 0 RTP/AVP 8\r\na=control:trackID=1\r\n"
SOUND_FIRST = SDP.replace("m=video", "m=audio 0 RTP/AVP 8\r\na=control:trackID=1\r\nm=video")


@pytest.mark.parametrize("sdp", [WITH_SOUND, SOUND_FIRST], ids=["behind", "before"])
@pytest.mark.parametrize("status", ["404 Not Found", "454 Session Not Found", "461 Unsupported transport", "503 Service Unavailable"])
def test_a_camera_that_refuses_its_sound_is_seen(status, sdp):
    def media(c):
        c.send(c.frame(IDR, EPOCH, True, channel=video_channel(c)))

    with Stub(play(media, sdp=sdp, **{"trackID=1": status})) as s:
        r = probe(s.url(), "--sound", "--nals", 1)
    assert r.open, r.text
    assert [n["type"] for n in r.nals] == [5], r.text


def video_channel(c):
    """The one that the pictures' SETUP asked for."""
    transport = next(headers["Transport"] for method, uri, headers in c.requests if method == "SETUP" and uri.endswith("trackID=0"))
    return int(re.search(r"interleaved=(\d+)", transport).group(1))


@pytest.mark.parametrize(("answer", "channel"), [
    (lambda asked: None, 2), (lambda asked: "RTP/AVP/TCP;unicast", 2), (lambda asked: "RTP/AVP;unicast;interleaved=2-3", 2),
    (lambda asked: "RTP/AVP/TCP;unicast;interleaved=0-1", 0), (lambda asked: asked.replace("2-3", "6-7"), 6)],
    ids=["nothing", "no-channel", "no-tcp", "one-channel-for-all", "another-channel"])
def test_a_camera_may_answer_what_it_likes_to_setup(answer, channel):
    """It is read, and libavformat reads its answers, for longer than a silence may last."""
    def media(c):
        end, i = time.monotonic() + 3, 0
        while time.monotonic() < end:
            c.send(c.frame(IDR, 3000 * i, True, channel=channel), c.frame(b"", 8000 * i, pt=8, channel=channel))
            time.sleep(0.05)
            i += 1

    with Stub(play(media, sdp=SOUND_FIRST, transport=answer)) as s:
        r = probe(s.url(), "--sound", "--stall-ms", 1000, "--seconds", 2)
    assert r.end["err"] == 0 and r.nals, r.text


def test_pictures_that_are_refused_are_not_spared():
    with Stub(play(lambda c: None, sdp=SOUND_FIRST, **{"trackID=0": "454 Session Not Found"})) as s:
        assert_failed(probe(s.url(), "--sound"), REFUSED, "SETUP answered 454")


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "303 See Other", "305 Use Proxy",
                                    "307 Temporary Redirect", "308 Permanent Redirect"])
def test_a_redirect_is_not_followed(status):
    with Stub(lambda c: c.more()) as other:
        def script(c):
            _, _, headers = c.wait_for("OPTIONS")
            c.answer(headers)
            _, _, headers = c.wait_for("DESCRIBE")
            c.answer(headers, status, Location=other.url("/elsewhere"))
            c.drain()
        with Stub(script) as s:
            r = probe(s.url())
        assert_failed(r, REFUSED, f"DESCRIBE answered {status[:3]} (a redirect, not followed)")
        assert not other.connections


@pytest.mark.parametrize("behind", ["\r\n", "\n", "\r\n\r\n"])
def test_blank_lines_behind_answers_are_no_part_of_the_next(behind):
    with Stub(play(lambda c: c.picture(0), behind=behind)) as s:
        assert [method for method, _ in opened(s, s.url())][:4] == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]


def test_a_description_need_not_say_its_length():
    def script(c):
        _, _, headers = c.wait_for("OPTIONS")
        c.answer(headers)
        _, uri, headers = c.wait_for("DESCRIBE")
        c.answer(headers, behind=SDP, Content_Base=uri + "/", Content_Type="application/sdp")
        open_session(c)
        c.picture(0)
        c.drain()
    with Stub(script) as s:
        assert [method for method, _ in opened(s, s.url())][:4] == ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"]


@pytest.mark.parametrize("codec,name", [("MPV/90000", "MPV"), ("VP8/90000", "VP8")])
def test_other_codecs_are_named(codec, name):
    with Stub(play(lambda c: None, sdp=SDP.replace("H264/90000", codec))) as s:
        assert_failed(probe(s.url()), UNSUPPORTED, f"the camera offers {name} video")


def test_motion_jpeg_and_no_video_are_named():
    jpeg = SDP.split("m=")[0] + "m=video 0 RTP/AVP 26\r\na=control:0\r\n"
    with Stub(play(lambda c: None, sdp=jpeg)) as s:
        assert_failed(probe(s.url()), UNSUPPORTED, "JPEG")
    with Stub(play(lambda c: None, sdp=SDP.split("m=")[0])) as s:
        assert_failed(probe(s.url()), UNSUPPORTED, "no video")


def test_nobody_listens():
    with socket.create_server(("127.0.0.1", 0)) as s:
        port = s.getsockname()[1]
    assert_failed(probe(f"rtsp://127.0.0.1:{port}/?auth={TOKEN}"), UNREACHABLE, "Connection refused")


def test_a_name_that_does_not_exist():
    r = probe("rtsp://no-such-host.invalid/")
    assert_failed(r, UNREACHABLE, "cannot resolve no-such-host.invalid")


def test_the_camera_closes():
    for where in ("OPTIONS", "DESCRIBE", "SETUP", "PLAY"):
        with Stub(lambda c, m=where: close_at(c, m)) as s:
            assert_failed(probe(s.url()), EOF, "ended the stream")


def close_at(c, method):
    """Answers until that request, and closes instead."""
    with contextlib.suppress(StopIteration):
        real = c.read_request

        def read():
            request = real()
            if request[0] == method:
                raise StopIteration
            return request
        c.read_request = read
        open_session(c)


def test_pictures_before_the_end_are_all_handed_on():
    def media(c):
        c.send(*[c.frame(SLICE, 3000 * i, True) for i in range(500)])
        c.sock.shutdown(socket.SHUT_WR)
    with Stub(play(media)) as s:
        r = probe(s.url())
    assert_failed(r, EOF, "ended the stream")
    assert len(r.nals) == 500


def test_a_reset_is_told_apart():
    def media(c):
        c.picture(0)
        time.sleep(0)
        c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        c.sock.close()
    with Stub(play(media)) as s:
        assert probe(s.url()).end["err"] in (UNREACHABLE, EOF)


def test_a_bye_of_who_sends_ends_the_stream():
    def media(c):
        for timestamp, source in ((0, 0x4321), (3000, 0x1234)):
            c.picture(timestamp)
            bye = struct.pack(">BBHI", 0x81, 203, 1, source)
            c.send(b"$\1" + struct.pack(">H", len(bye)) + bye)
    with Stub(play(media)) as s:
        r = probe(s.url(), "--stall-ms", 30000)
    assert_failed(r, EOF, "ended the stream")
    assert len(r.nals) == 2


# ---- time -----------------------------------------------------------------------------------------------------------

def test_a_stall_is_told_in_time():
    with Stub(play(lambda c: c.picture(0))) as s:
        r = probe(s.url(), "--stall-ms", 700)
    assert_failed(r, TIMEOUT, "no picture for 0.7 s")
    assert 0.65 < r.end["wall"] < 1.0 * SLOW, r.text


def test_rtcp_does_not_hide_a_stall():
    def media(c):
        c.picture(0)
        report = struct.pack(">BBHIIIIII", 0x80, 200, 6, 0x1234, 1, 2, 3, 4, 5)
        for _ in range(200):
            c.send(b"$\1" + struct.pack(">H", len(report)) + report)
            time.sleep(0.02)
    with Stub(play(media)) as s:
        assert_failed(probe(s.url(), "--stall-ms", 600), TIMEOUT, "no picture")


@pytest.mark.parametrize("method", ["OPTIONS", "DESCRIBE", "SETUP", "PLAY"])
def test_a_missing_answer_is_told_in_time(method):
    def script(c):
        real = c.answer
        c.answer = lambda headers, *a, **k: c.requests[-1][0] == method or real(headers, *a, **k)
        open_session(c)
        c.drain()
    with Stub(script) as s:
        r = probe(s.url(), "--answer-ms", 500)
    assert_failed(r, TIMEOUT, "no answer for 0.5 s")
    assert 0.45 < r.end["wall"] < 0.9 * SLOW, r.text


def test_slow_answers_each_get_their_time():
    def script(c):
        real = c.answer
        c.answer = lambda *a, **k: (time.sleep(0.3), real(*a, **k))
        open_session(c)
        c.picture(0)
        c.drain()
    with Stub(script) as s:
        r = probe(s.url(), "--answer-ms", 20000, "--nals", 1)
    assert r.end["err"] == 0, r.text
    assert r.open["play_us"] > 1150000


@contextlib.contextmanager
def black_hole():
    """A port whose accept queue is full, so that the kernel drops what knocks."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    waiting = []
    for _ in range(8):
        s = socket.socket()
        s.setblocking(False)
        s.connect_ex(listener.getsockname())
        waiting.append(s)
    yield listener.getsockname()[1]
    for s in [listener, *waiting]:
        s.close()


def assert_interrupted(r):
    assert_failed(r, CLOSED, "")
    assert 0 <= r.end["after_interrupt_us"] < 100000 * SLOW, r.text
    assert r.freed_us < 250000 * SLOW, r.text


def test_interrupted_while_connecting():
    with black_hole() as port:
        assert_interrupted(probe(f"rtsp://127.0.0.1:{port}/", "--interrupt-ms", 300))


def test_a_black_hole_is_given_up():
    with black_hole() as port:
        r = probe(f"rtsp://127.0.0.1:{port}/", "--answer-ms", 400)
    assert_failed(r, TIMEOUT, "cannot connect")


def silent(c):
    """Takes everything, says nothing."""
    with contextlib.suppress(Exception):
        while True:
            c.more()


def test_interrupted_in_the_tls_handshake():
    with Stub(silent) as s:
        assert_interrupted(probe(s.url("/", "rtsps"), "--interrupt-ms", 300))


def test_a_silent_tls_server_is_given_up():
    with Stub(silent) as s:
        assert_failed(probe(s.url("/", "rtsps"), "--answer-ms", 400), TIMEOUT, "no TLS with")


def test_interrupted_while_an_answer_is_awaited():
    with Stub(silent) as s:
        assert_interrupted(probe(s.url(), "--interrupt-ms", 300))


def test_interrupted_while_reading_and_teardown_is_sent(lab):
    for tls in (None, tls_context(lab, "server")):
        with Stub(play(lambda c: c.picture(0)), tls) as s:
            assert_interrupted(probe(s.url("/", "rtsps" if tls else "rtsp"), "--no-verify", "--interrupt-ms", 3000))
        assert s.connections[0].requests[-1][0] == "TEARDOWN"


def test_interrupted_before_it_began():
    with Stub(silent) as s:
        r = probe(s.url(), "--interrupt-ms", 1)
    assert r.end["err"] == CLOSED, r.text


def test_teardown_reaches_a_camera_that_keeps_sending():
    def media(c):
        for i in range(2000):
            c.send(*c.fragments(b"\x41\x9a" + bytes(30000), 3000 * i))
            c.sock.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                c.more()
            c.sock.setblocking(True)
            if b"TEARDOWN" in c.received:
                return
    with Stub(play(media)) as s:
        r = probe(s.url(), "--nals", 20, "--quiet")
    assert r.end["err"] == 0, r.text
    assert b"TEARDOWN" in s.connections[0].received
    assert r.freed_us < 300000 * SLOW


@pytest.mark.parametrize(("session", "pause"), [("77;timeout=2", 0), ("77;timeout=2", 20), ("77 ; timeout=2", 0),
                                                ("77;foo=1;timeout=2", 0)])
def test_the_session_is_kept_alive(session, pause):
    asked = []

    def media(c):
        end = time.monotonic() + 4
        i = 0
        c.sock.settimeout(0.02)
        while time.monotonic() < end:
            c.picture(3000 * i)
            i += 1
            with contextlib.suppress(TimeoutError):
                method, uri, headers = c.read_request()
                c.answer(headers)
                asked.append((method, uri, headers["Session"]))
        c.sock.settimeout(None)
    with Stub(play(media, session=session, base=None)) as s:
        r = probe(s.url("/x?t=1"), "--seconds", 3, "--pause-ms", pause)
    assert r.end["err"] == 0, r.text
    asked = [a for a in asked if a[0] != "TEARDOWN"]
    assert len(asked) >= 2
    assert set(asked) == {("GET_PARAMETER", s.url("/x?t=1"), "77")}


@pytest.mark.parametrize("status", ["401 Unauthorized", "404 Not Found", "454 Session Not Found"])
def test_what_keeps_the_session_may_be_refused_and_is_not_why_it_ends(status):
    def media(c):
        c.picture(0)
        _, _, headers = c.wait_for("GET_PARAMETER")
        c.answer(headers, status)
        for i in range(5):
            c.picture(3000 * (i + 1))
            time.sleep(0.05)
        c.sock.shutdown(socket.SHUT_WR)
    with Stub(play(media, session="77;timeout=2")) as s:
        r = probe(s.url())
    assert_failed(r, EOF, "ended the stream")
    assert len(r.nals) == 6 and r.end["rtsp_status"] == 0, r.text


# ---- pictures and marks ---------------------------------------------------------------------------------------------

def media_result(media, *options):
    """What the probe makes of this media, till their end."""
    def to_the_end(c):
        media(c)
        c.sock.shutdown(socket.SHUT_WR)
    with Stub(play(to_the_end)) as s:
        return probe(s.url(), *options)


def test_parameter_sets_do_not_end_a_picture():
    """Some cameras set the marker bit on SPS and PPS."""
    def media(c):
        for i in range(3):
            for nal in (SPS, PPS, IDR):
                c.send(c.frame(nal, 3000 * i, True))
    assert media_result(media).shape == [(7, False), (8, False), (5, True)] * 3


def test_a_camera_that_marks_every_slice_is_found_out():
    def media(c):
        for i in range(4):
            c.send(c.frame(SLICE, 3000 * i, True))
            time.sleep(0.01)
            c.send(c.frame(SECOND_SLICE, 3000 * i, True))
            time.sleep(0.01)
    got = media_result(media).shape
    assert got[2:] == [(1, False), (1, True)] * 2 + [(1, False)], "from the second picture on, whole"


def test_a_camera_that_never_marks_ends_pictures_with_the_next():
    def media(c):
        for i in range(4):
            c.send(c.frame(SLICE, 3000 * i), c.frame(SECOND_SLICE, 3000 * i))
    assert media_result(media).shape == [(1, False), (1, True)] * 3 + [(1, False)]


def test_fragments_aggregates_padding_and_extensions():
    def media(c):
        stap = b"\x18" + b"".join(struct.pack(">H", len(n)) + n for n in (SPS, PPS, IDR))
        c.send(c.frame(stap, 0, True))
        c.send(c.frame(SLICE, 3000, True, first=0xa0, tail=b"\0\0\0\4"))
        c.send(c.frame(SLICE, 6000, True, first=0x90, extra=b"\xbe\xde\0\1" + b"x" * 4))
        c.send(c.frame(SLICE, 9000, True, first=0x82, extra=b"12345678"))
        c.send(*c.fragments(b"\x41\x9a" + b"z" * 200000, 12000))
        c.send(*c.fragments(b"\x41\x9a" + b"z" * 2000, 15000, size=1999))
    r = media_result(media)
    assert r.shape == [(7, False), (8, False), (5, True)] + [(1, True)] * 5
    sizes = [n["len"] for n in r.nals]
    assert sizes == [len(SPS), len(PPS), len(IDR), len(SLICE), len(SLICE), len(SLICE), 200002, 2002]


def test_a_hole_in_the_numbers_drops_the_broken_nal_unit_only():
    def media(c):
        broken = c.fragments(b"\x41\x9a" + b"z" * 3000, 3000)
        c.send(c.frame(SLICE, 0, True), broken[0], broken[-1])
        c.send(c.frame(SLICE, 6000, True), c.frame(SLICE, 9000, True))
    r = media_result(media)
    c = [(n["ts"], n["last"], n["gap"]) for n in r.nals]
    assert c == [(0, True, False), (6000, True, True), (9000, True, False)]


def test_numbers_that_start_again_do_not_stop_the_stream():
    def media(c):
        for i in range(10):
            c.send(c.frame(SLICE, 3000 * i, True, seq=60000 if i == 5 else None))
        for i in range(10, 15):
            c.send(c.frame(SLICE, 3000 * i, True, seq=7 if i == 10 else None))
    assert len(media_result(media).nals) == 15


def test_a_session_that_the_camera_forgot_to_end_is_left_out():
    """Some go on sending to who has the connection now what is for one that broke, on the same channel."""
    def media(c):
        c.send(*[of_another(f) for f in c.fragments(b"\x41\x9a" + b"y" * 3000, 0)])
        for i in range(20):
            frames = c.fragments(b"\x41\x9a" + b"z" * 3000, 3000 * i)
            others = [of_another(c.frame(b"\x1c\1" + b"y" * 300, 777 * i, seq=9 * i + k)) for k in range(len(frames))]
            c.seq = struct.unpack(">H", frames[-1][6:8])[0] + 1
            c.send(*[f for pair in zip(frames, others) for f in pair])
            c.send(b"$\1\0\x08\x81\xcb\0\1\0\0\x56\x78")  # a BYE of the other
    r = media_result(media)
    got = [(n["len"], n["gap"]) for n in r.nals]
    assert got[-19:] == [(3002, False)] * 19 and len(got) <= 21, got


def of_another(frame):
    """The same of another SSRC."""
    return frame[:12] + b"\0\0\x56\x78" + frame[16:]


def test_packets_that_nobody_understands_are_skipped_without_delay():
    def media(c):
        for i in range(20):
            c.send(c.frame(b"\x1e\1\2\3", 3000 * i), c.frame(b"\x9d\1\2\3", 3000 * i), c.frame(SLICE, 1, pt=33),
                   c.frame(b"", 3000 * i), b"$\0\0\4abcd", b"$\7\0\x0aabcdefghij", c.frame(SLICE, 3000 * i, True))
            time.sleep(0.01)
    r = media_result(media)
    assert len(r.nals) == 20
    waits = [b["us"] - a["us"] for a, b in zip(r.nals, r.nals[1:])]
    assert max(waits) < 60000 * SLOW, waits


def test_timestamps_go_over_their_end_and_jump():
    def media(c):
        for ts in (-3000, 0, 3000, 3000 + 90000 * 60, 3000):
            c.send(c.frame(SLICE, ts - EPOCH, True))
    ts = [n["ts"] for n in media_result(media).nals]
    assert [b - a for a, b in zip(ts, ts[1:])] == [3000, 3000, 90000 * 60, -90000 * 60]


def test_annex_b_inside_a_packet_is_taken_apart():
    """Some cameras put SPS, PPS and picture with start codes into one NAL unit."""
    def media(c):
        c.send(c.frame(SPS + b"\0\0\0\1" + PPS + b"\0\0\1" + IDR, 0, True))
    assert media_result(media).shape == [(7, False), (8, False), (5, True)]


def test_the_end_of_a_picture_is_known_when_its_last_packet_is_there():
    """With marks most are handed on before the next picture begins, without none can be. Prints the latency."""
    early = {}
    for marked in (True, False):
        begun, sent = {}, {}

        def media(c):
            for i in range(60):
                frames = c.fragments(b"\x41\x9a" + b"z" * 8000, 3000 * i, marker=marked)
                begun[3000 * i] = c.send(*frames[:-1])
                sent[3000 * i] = c.send(frames[-1])
                time.sleep(0.033)
        r = media_result(media)
        waits = sorted(n["handed_us"] - sent[n["ts"]] for n in r.nals)
        early[marked] = sum(n["handed_us"] < begun.get(n["ts"] + 3000, 0) for n in r.nals)
        print(f"\nend of access unit, marker bit {'set' if marked else 'never set'}: "
              f"p50 {statistics.median(waits)} us, p95 {waits[int(len(waits) * 0.95)]} us")
    assert early[True] > 30 and early[False] == 0


# ---- bytes of ill will ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("text,err", [
    (b"\x16\3\1\0\5hello", PARSE), (b"HTTP/1.1 400 Bad Request\r\n\r\n", PARSE), (b"garbage\r\n\r\n" * 9, PARSE),
    (b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: 999999999\r\n\r\n", PARSE),
    (b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: -5\r\n\r\n", PARSE),
    (b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nX: " + b"y" * 20000 + b"\r\n\r\n", PARSE), (b"\r\n" * 20000, PARSE),
    (b"\0" * 100, PARSE)])
def test_an_answer_that_makes_no_sense(text, err):
    def script(c):
        c.read_request()
        c.sock.sendall(text)
        c.drain()
    with Stub(script) as s:
        r = probe(s.url(), "--answer-ms", 20000)
    assert r.end["err"] in (err, EOF), r.text


def test_a_camera_that_loses_its_place_is_found_again():
    """It leaves out the rest of packets, as some do when their connection is slow."""
    def media(c):
        for i in range(40):
            frames = c.fragments(b"\x41\x9a" + bytes([i + 100]) * 3000, 3000 * i)
            if i % 10 == 5:
                frames[1] = frames[1][:300]
            if i % 10 == 7:
                frames.insert(1, bytes(range(37, 256)))
            c.send(*frames)
    r = media_result(media)
    whole = [n for n in r.nals if n["len"] == 3002]
    assert [n["ts"] // 3000 for n in whole] == [i for i in range(40) if i % 10 != 5], r.text
    assert sum(n["gap"] for n in r.nals) == 4 and len(whole) == len(r.nals)


def test_garbage_without_end_ends_the_stream():
    def media(c):
        c.picture(0)
        c.send(b"\xff" * 100000)
    with Stub(play(media)) as s:
        assert_failed(probe(s.url()), PARSE, "no RTSP")


def test_memory_stays_bounded_when_nobody_reads():
    sizes = []

    def media(c):
        c.sock.settimeout(1)
        big = b"".join(c.fragments(b"\x41\x9a" + bytes(60000), 0))
        with contextlib.suppress(TimeoutError):
            for _ in range(4000):
                c.sock.sendall(big)
                sizes.append(len(big))
        c.sock.settimeout(None)
    with Stub(play(media)) as s:
        p = subprocess.Popen([PROBE, "--pause-ms", "4000", "--nals", "1", "--quiet", s.url()], stdout=subprocess.PIPE,
                             text=True)
        out, _ = p.communicate(timeout=60)
        assert p.returncode == 0, out
    assert sum(sizes) < 40 << 20, "the rest waits at the camera"


def test_a_reader_that_is_late_gets_everything():
    """20 MB at once, more than all buffers on the way hold, to one who reads 30 kB every 4 ms."""
    def media(c):
        for i in range(700):
            c.send(*c.fragments(b"\x41\x9a" + bytes([i % 255 + 1]) * 30000, 3000 * i))
        c.sock.shutdown(socket.SHUT_WR)
    with Stub(play(media)) as s:
        r = probe(s.url(), "--pause-ms", 4, "--stall-ms", 30000)
    assert_failed(r, EOF, "ended the stream")
    assert [n["len"] for n in r.nals] == [30002] * 700
    assert all(n["last"] and not n["gap"] for n in r.nals)


def test_split_at_every_byte():
    def media(c):
        data = c.frame(SPS, 0) + c.frame(PPS, 0) + b"".join(c.fragments(IDR, 0, size=20)) + \
            b"".join(c.fragments(SLICE, 3000, size=20))
        c.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(len(data)):
            c.sock.sendall(data[i:i + 1])
            time.sleep(0.0005)
    assert media_result(media).shape == [(7, False), (8, False), (5, True), (1, True)]


def test_base64_of_the_sdp_is_what_the_stub_sends():
    """Keeps rtsp_stub.SPS and its SDP in step."""
    assert base64.b64encode(SPS).decode() in SDP and base64.b64encode(PPS).decode() in SDP
