"""RTP by UDP: from gst-rtsp-server, through a network that loses and reorders, and from cameras that refuse TCP."""
import contextlib
import itertools
import os
import socket
import struct
import sys
import threading

import pytest

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__))]
import clips
from lab import CACHE, Lab, until
from rtsp_stub import SDP, Stub, play
from test_source import (REFUSED, assert_failed, camera, clip_slices, lab as certificates,  # noqa: F401
                         probe, slices, tls_context)

QUICK = {"start_stagger": "100ms", "failed_retry_first": "300ms", "failed_retry_cap": "1s"}


@pytest.fixture(name="cam", scope="module")
def udp_camera():
    with camera("--udp", "--sprop-only") as c:
        c["plain"] = f"rtsp://127.0.0.1:{c['rtsp']}/cam1"
        yield c


class Network:
    """An RTSP server's way to its client: passes the session on, and every datagram through pass_on(seq, is_idr) ->
    how many others may overtake it (0: none), or None: it is lost. beside(data) is sent before each."""

    def __init__(self, port, pass_on, beside=None):
        self.target, self.pass_on, self.beside = ("127.0.0.1", port), pass_on, beside
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.lost = self.passed = self.reports = 0
        self.sockets, self.threads = [self.listener], []
        self.start(self.accept)

    def start(self, run, *args):
        thread = threading.Thread(target=run, args=args, daemon=True)
        self.threads.append(thread)
        thread.start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.target)
                self.sockets += [client, server]
                state = {}
                self.start(self.carry, client, server, self.up, state)
                self.start(self.carry, server, client, self.down, state)

    def carry(self, source, sink, change, state):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(change(data, state))
            sink.shutdown(socket.SHUT_WR)

    def pair(self):
        """Two sockets on an even port and the next."""
        while True:
            first = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            second = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            with contextlib.suppress(OSError):
                if port % 2 == 0:
                    second.bind(("127.0.0.1", port + 1))
                    self.sockets += [first, second]
                    return port, (first, second)
            first.close()
            second.close()

    @staticmethod
    def number(data, key):
        return int(data.split(key)[1].split(b"-")[0])

    @staticmethod
    def with_ports(data, key, port):
        head, tail = data.split(key)
        return head + key + f"{port}-{port + 1}".encode() + tail[len(tail.split(b";")[0].split(b"\r")[0]):]

    def up(self, data, state):
        """The client's ports become ours."""
        if b"client_port=" in data:
            state["client"] = self.number(data, b"client_port=")
            state["port"], state["pair"] = self.pair()
            data = self.with_ports(data, b"client_port=", state["port"])
        return data

    def down(self, data, state):
        """And the server's."""
        if b"server_port=" in data:
            server, port = self.number(data, b"server_port="), state["port"]
            for i, ours in enumerate(state["pair"]):
                self.start(self.datagrams, ours, ("127.0.0.1", server + i), ("127.0.0.1", state["client"] + i), i == 0)
            data = self.with_ports(data, b"server_port=", port)
            data = self.with_ports(data, b"client_port=", state["client"]) if b"client_port=" in data else data
        return data

    def datagrams(self, ours, server, client, is_rtp):
        held = []
        with contextlib.suppress(OSError):
            while True:
                data, source = ours.recvfrom(65536)
                if source == client:
                    self.reports += not is_rtp and data[1] == 201
                    ours.sendto(data, server)
                    continue
                # The server, too, opens its way through a firewall: with less than a header.
                is_packet = is_rtp and len(data) >= 12
                wait = self.pass_on(struct.unpack(">H", data[2:4])[0], data) if is_packet else 0
                if wait is None:
                    self.lost += 1
                    continue
                if is_packet and self.beside:
                    ours.sendto(self.beside(data), client)
                held = [(n - 1, d) for n, d in held]
                if wait:
                    held.append((wait, data))
                else:
                    ours.sendto(data, client)
                for _, late in [h for h in held if h[0] <= 0]:
                    ours.sendto(late, client)
                held = [h for h in held if h[0] > 0]
                self.passed += 1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for sock in self.sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


def test_every_slice_arrives_by_udp_as_it_was_encoded(cam, tmp_path):
    dump = tmp_path / "out.h264"
    r = probe(cam["plain"], "--udp", "--seconds", 3, "--dump", dump)
    assert r.end["err"] == 0, r.text
    got = slices(dump.read_bytes())
    clip = clip_slices()
    at = clip.index(got[0])
    assert got == clip[at:at + len(got)] and len(got) > 20
    assert not any(n["gap"] for n in r.nals)


def test_what_overtook_is_put_in_order(cam, tmp_path):
    dump = tmp_path / "out.h264"
    with Network(cam["rtsp"], lambda seq, _: 2 if seq % 5 == 0 else 0) as network:
        r = probe(f"rtsp://127.0.0.1:{network.port}/cam1", "--udp", "--seconds", 3, "--dump", dump)
    got = slices(dump.read_bytes())
    clip = clip_slices()
    at = clip.index(got[0])
    assert network.passed > 50 and network.lost == 0
    # Who comes 50 ms late is lost: at 15 pictures a second the last packet of one waits for the next picture.
    assert set(got) <= set(clip) and len(got) > 10
    indexes = [clip.index(g, at) for g in got[:10]]
    assert indexes == sorted(indexes)


def test_packets_of_another_payload_type_take_nobodys_place(cam, tmp_path):
    def comfort_noise(data):
        return data[:1] + bytes([13]) + data[2:12] + b"\x65\x88" + bytes(20)
    dump = tmp_path / "out.h264"
    with Network(cam["rtsp"], lambda *_: 0, comfort_noise) as network:
        r = probe(f"rtsp://127.0.0.1:{network.port}/cam1", "--udp", "--seconds", 3, "--dump", dump)
    assert r.end["err"] == 0 and network.passed > 50
    assert not any(n["gap"] for n in r.nals)
    got, clip = slices(dump.read_bytes()), clip_slices()
    at = clip.index(got[0])
    assert len(got) > 20 and next((i for i, pair in enumerate(zip(got, clip[at:])) if pair[0] != pair[1]), None) is None


def test_a_lost_packet_is_told_and_nothing_half_is_handed_on(cam, tmp_path):
    dump = tmp_path / "out.h264"
    with Network(cam["rtsp"], lambda seq, _: None if seq % 11 == 0 else 0) as network:
        r = probe(f"rtsp://127.0.0.1:{network.port}/cam1", "--udp", "--seconds", 4, "--dump", dump)
    assert r.end["err"] == 0 and network.lost > 3
    assert any(n["gap"] for n in r.nals)
    got = slices(dump.read_bytes())
    clip = set(clip_slices())
    assert len(got) > 10 and all(g in clip for g in got), "whole NAL units only"


def test_the_camera_gets_receiver_reports(cam):
    with Network(cam["rtsp"], lambda *_: 0) as network:
        probe(f"rtsp://127.0.0.1:{network.port}/cam1", "--udp", "--seconds", 6)
    assert network.reports >= 2, "at the start, and each 5 s"


def test_a_tls_url_never_goes_by_udp(certificates):  # noqa: F811
    with Stub(lambda c: c.more(), tls_context(certificates, "server")) as s:
        r = probe(s.url("/x", "rtsps"), "--udp", "--ca-file", f"{certificates}/ca.pem")
    assert "nothing would be encrypted" in r.end["text"]
    assert not s.connections


# ---- transport = auto -------------------------------------------------------------------------------------------

class UdpOnly:
    """A camera that refuses to interleave (with that status), answers with ports of UDP ("ports"), or says it does and
    sends nothing (None); by UDP it plays."""

    def __init__(self, refuses):
        self.refuses, self.asked = refuses, []
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.over = threading.Event()

    def session(self, c):
        """Until PLAY: the client's port, or None."""
        port = None
        while True:
            method, uri, headers = c.read_request()
            if method == "SETUP":
                transport = headers["Transport"]
                self.asked.append(transport)
                udp = "client_port=" in transport
                if not udp and self.refuses == "ports":
                    c.answer(headers, Session="1", Transport="RTP/AVP;unicast;client_port=0-1;server_port=6970-6971")
                    continue
                if not udp and self.refuses:
                    c.answer(headers, self.refuses)
                    continue
                port = int(transport.split("client_port=")[1].split("-")[0]) if udp else None
                c.answer(headers, Session="1", Transport=transport)
            elif method == "DESCRIBE":
                c.answer(headers, body=SDP, Content_Base=uri + "/")
            else:
                c.answer(headers, Session="1")
            if method == "PLAY":
                return port

    def __call__(self, c):
        port = self.session(c)
        drain = threading.Thread(target=c.drain, daemon=True)
        drain.start()
        clip = clips.load_video(CACHE, clips.Spec(), "cam1", 1)
        pictures = enumerate(itertools.cycle([[clip.sps, clip.pps, *unit.nals] for unit in clip.units]))
        while port and drain.is_alive():
            at, nals = next(pictures)
            for nal in nals:
                last = nal is nals[-1]
                frames = c.fragments(nal, at * 6000, marker=last) if len(nal) > 1000 else [c.frame(nal, at * 6000, last)]
                for frame in frames:
                    self.sock.sendto(frame[4:], ("127.0.0.1", port))
            self.over.wait(1 / 15)
        drain.join()


@pytest.mark.parametrize("refuses", ["461 Unsupported Transport", "406 Not Acceptable", "ports", None])
def test_auto_goes_to_udp_when_tcp_brings_nothing(refuses):
    cam = UdpOnly(refuses)
    with Stub(cam) as s, Lab(cameras=1, supervisor={**QUICK, "media_stall": "1s"}, camera={"publish": "none"}) as lab:
        lab.write_config()
        with open(lab.config, "a", encoding="utf-8") as file:
            file.write(f'[camera "yard"]\npublish = none\nurl = {s.url()}\n')
        lab.start()
        until(lambda: lab.rows()["yard"]["phase"] == "running", "the camera runs")
        assert ["client_port=" in t for t in cam.asked] == [False, True]
        assert "cam=yard source tries udp" in lab.log()
        assert lab.close() == 0


@pytest.mark.parametrize(("refuses", "why"), [("400 Bad Request", "SETUP answered 400"), ("ports", "the camera sends by UDP only")])
def test_tcp_is_tcp(refuses, why):
    cam = UdpOnly(refuses)
    with Stub(cam) as s:
        assert_failed(probe(s.url()), REFUSED, why)
    assert ["client_port=" in t for t in cam.asked] == [False]


@pytest.mark.parametrize("how", [(), ("--udp",)])
def test_multicast_is_refused_by_name(how):
    """Some cameras answer so whatever they are asked."""
    answer = "RTP/AVP;multicast;destination=239.1.2.3;port=5000-5001;ttl=1"
    with Stub(play(lambda c: None, transport=lambda asked: answer)) as s:
        assert_failed(probe(s.url(), *how), REFUSED, "the camera sends by multicast")
