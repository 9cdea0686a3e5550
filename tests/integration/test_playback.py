"""Recordings by HTTP: days, hours, gaps, what players fetch, and whole files; judged by ffprobe and ffmpeg."""
import datetime
import fcntl
import json
import os
import subprocess
import threading

import pytest

from lab import SIM, Lab, until
from openapi_client import fetch
from recordings import playlists
from test_http_api import token_add, waits_for_locks


def slow_disk(directory):
    """What the environment needs for it; the disk is slow while somebody has flock on the gate."""
    shim, gate = directory / "slow_disk.so", directory / "gate"
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", shim, os.path.join(SIM, "slow_disk.c"), "-ldl"], check=True)
    gate.touch()
    asan = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"]))
    return {"LD_PRELOAD": str(shim), "CAMRELAY_SIM_GATE": str(gate), "ASAN_OPTIONS": asan}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    disk = tmp_path_factory.mktemp("recordings")
    with Lab(cameras=2, state=True, recording={"dir": str(disk), "min_free": "1%"}, camera={"record": "yes"}) as lab:
        lab.start(**slow_disk(tmp_path_factory.mktemp("slow")))
        lab.until_running()
        until(lambda: len(segments(lab)) >= 2, "two segments", 60)
        lab.camctl("stop", "cam1")
        until(lambda: lab.rows()["cam1"]["pid"] == 0, "no worker")
        stopped = len(segments(lab))
        lab.camctl("start", "cam1")
        until(lambda: len(segments(lab)) >= stopped + 2, "two segments after the gap", 90)
        yield lab


@pytest.fixture(scope="module")
def url(lab):
    return lab.url()


def segments(lab, camera="cam1"):
    """Of all hours, in the order of time."""
    return [s for p in playlists(os.path.join(lab.recording_keys["dir"], camera)) for s in p.segments]


def gate_of(lab):
    with open(f"/proc/{lab.daemon.process.pid}/environ", encoding="utf-8") as file:
        return dict(line.split("=", 1) for line in file.read().split("\0") if line)["CAMRELAY_SIM_GATE"]


def get(url, path, **headers):
    status, headers, body = fetch("GET", url + path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    return status, headers, body


def get_json(url, path):
    status, _, body = get(url, path)
    assert status == 200, body
    return json.loads(body)


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def all_days(url):
    return [get_json(url, f"/v2/recordings/cam1/{day['day']}") for day in get_json(url, "/v2/recordings/cam1")["days"][::-1]]


def test_days_and_hours_are_those_on_the_disk(lab, url):
    days = get_json(url, "/v2/recordings/cam1")["days"]
    folder = os.path.join(lab.recording_keys["dir"], "cam1")
    assert [d["day"] for d in days] == sorted(os.listdir(folder), reverse=True)
    for day in days:
        hours = get_json(url, f"/v2/recordings/cam1/{day['day']}")["hours"]
        assert [h["hour"] for h in hours] == sorted(os.listdir(os.path.join(folder, day["day"])))
        assert day["hours"] == len(hours) and day["protected_hours"] == 0
        assert all(h["size_mb"] > 0 and not h["protected"] for h in hours)


def test_a_gap_parts_two_spans(lab, url):
    before = segments(lab)
    spans = [s for day in all_days(url) for s in day["spans"]]
    breaks = [i for i in range(1, len(before)) if before[i].start - before[i - 1].start - before[i - 1].duration >= 1]
    assert breaks and len(spans) == len(breaks) + 1
    starts = [before[0].start] + [before[i].start for i in breaks]
    for span, start in zip(spans, starts):
        assert abs(seconds(span["start"]) - start) < 0.002 and seconds(span["end"]) > seconds(span["start"])
    assert seconds(spans[1]["start"]) - seconds(spans[0]["end"]) >= 1


def test_a_protected_hour_says_so(lab, url):
    day = all_days(url)[0]
    hour = f"{day['day']}T{day['hours'][0]['hour']}"
    lab.camctl("protect", "cam1", hour)
    assert get_json(url, f"/v2/recordings/cam1/{day['day']}")["hours"][0]["protected"]
    assert any(d["protected_hours"] == 1 for d in get_json(url, "/v2/recordings/cam1")["days"])
    lab.camctl("unprotect", "cam1", hour)


def test_what_the_playlist_names_can_be_fetched_and_in_parts(lab, url):
    hour = all_days(url)[0]["hours"][0]
    status, headers, text = get(url, hour["playlist"])
    assert (status, headers["Content-Type"]) == (200, "application/vnd.apple.mpegurl")
    names = [line for line in text.decode().splitlines() if line and not line.startswith("#")]
    folder = hour["playlist"].rsplit("/", 1)[0]
    segment = segments(lab)[0]
    assert names[0] == os.path.basename(segment.path)
    status, headers, body = get(url, f"{folder}/{names[0]}", Range="bytes=10-29")
    with open(segment.path, "rb") as file:
        whole = file.read()
    assert (status, body) == (206, whole[10:30]) and headers["Content-Range"] == f"bytes 10-29/{len(whole)}"
    assert get(url, f"{folder}/{os.path.basename(segment.init)}")[0] == 200


def probe(path, *arguments):
    done = subprocess.run(["ffprobe", "-v", "error", "-of", "json", *arguments, path], capture_output=True, text=True, timeout=60,
                          check=True)
    assert done.stderr == "", done.stderr
    return json.loads(done.stdout)


def pictures_of(path):
    streams = probe(str(path), "-show_streams", "-count_packets")["streams"]
    assert {s["codec_name"] for s in streams} == {"h264", "aac"}
    return int(next(s for s in streams if s["codec_type"] == "video")["nb_read_packets"])


def pictures_in(found, folder):
    """What these segments have, each looked at by itself."""
    total = 0
    for i, s in enumerate(found):
        path = folder / f"{i}.mp4"
        path.write_bytes(b"".join(open(p, "rb").read() for p in (s.init, s.path)))
        total += pictures_of(path)
    return total


def test_an_hour_can_be_kept_as_one_file(lab, url, tmp_path):
    """The worker was another one after the gap, and made an init segment of its own: of the same bytes, so it is one file."""
    hour = all_days(url)[0]["hours"][0]
    assert hour["downloads"] == [hour["playlist"].replace("index.m3u8", "part-0.mp4")]
    known = [s for s in segments(lab) if os.path.dirname(s.path) == os.path.dirname(segments(lab)[0].path)]
    assert len({s.init for s in known}) >= 2
    status, headers, body = get(url, hour["downloads"][0])
    assert (status, headers["Content-Type"]) == (200, "video/mp4") and len(body) == int(headers["Content-Length"])
    assert headers["Content-Disposition"].startswith('attachment; filename="cam1-20')
    path = tmp_path / "hour.mp4"
    path.write_bytes(body)
    size = os.path.getsize(known[0].init)
    whole = []
    while size < len(body):
        size += os.path.getsize(segments(lab)[len(whole)].path)
        whole.append(segments(lab)[len(whole)])
    assert size == len(body) and len(whole) >= len(known) - 1
    assert pictures_of(path) == pictures_in(whole, tmp_path)
    done = subprocess.run(["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:v", "-enc_time_base", "-1", "-f", "null", "-"],
                          capture_output=True, text=True, timeout=120, check=True)
    assert done.stderr == ""


def test_a_range_may_begin_in_any_of_its_files(lab, url):
    path = all_days(url)[0]["hours"][0]["downloads"][0]
    first = os.path.getsize(segments(lab)[0].init) + os.path.getsize(segments(lab)[0].path)
    begin = first - 7
    part = get(url, path, Range=f"bytes={begin}-{begin + 99}")
    assert part[0] == 206 and len(part[2]) == 100
    whole = b"".join(open(p, "rb").read() for p in (segments(lab)[0].init, segments(lab)[0].path, segments(lab)[1].path))
    assert part[2] == whole[begin:begin + 100]
    assert get(url, path, Range="bytes=99999999999-")[0] == 416


def test_a_change_of_format_is_another_file(lab, url):
    """An init segment of other bytes: what belongs to it cannot be in one file with the rest."""
    day = all_days(url)[0]
    hour = day["hours"][0]
    folder = os.path.join(lab.recording_keys["dir"], "cam2", "2020-01-02", "03")
    os.makedirs(folder)
    source = segments(lab)[0]
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-TARGETDURATION:10"]
    for i, salt in enumerate((b"", b"", b"\0\0\0\x08free")):
        stem = f"20200102T03000{i}.000Z"
        with open(os.path.join(folder, stem + ".init.mp4"), "wb") as file:
            file.write(open(source.init, "rb").read() + salt)
        with open(os.path.join(folder, stem + ".m4s"), "wb") as file:
            file.write(open(source.path, "rb").read())
        lines += ["#EXT-X-DISCONTINUITY"] * (i > 0)
        lines += [f'#EXT-X-MAP:URI="{stem}.init.mp4"', f"#EXT-X-PROGRAM-DATE-TIME:2020-01-02T03:00:0{i}.000Z", "#EXTINF:1.000,",
                  stem + ".m4s"]
    with open(os.path.join(folder, "index.m3u8"), "w", encoding="ascii") as file:
        file.write("\n".join(lines + ["#EXT-X-ENDLIST", ""]))
    told = get_json(url, "/v2/recordings/cam2/2020-01-02")
    assert told["spans"] == [{"start": "2020-01-02T03:00:00.000Z", "end": "2020-01-02T03:00:03.000Z"}]
    hour = told["hours"][0]
    assert hour["ended"] and len(hour["downloads"]) == 2
    sizes = [len(get(url, path)[2]) for path in hour["downloads"]]
    init, segment = os.path.getsize(source.init), os.path.getsize(source.path)
    assert sizes == [init + 2 * segment, init + 8 + segment]
    assert get(url, hour["downloads"][0].replace("part-0", "part-2"))[0] == 404


def test_a_slow_disk_holds_up_who_wants_its_files_and_nobody_else(lab, url):
    hour = all_days(url)[0]["hours"][0]
    paths = [hour["downloads"][0], f"{hour['playlist'].rsplit('/', 1)[0]}/{os.path.basename(segments(lab)[0].path)}"]
    whole = [get(url, path)[2] for path in paths]
    gate = os.open(gate_of(lab), os.O_RDONLY)
    fcntl.flock(gate, fcntl.LOCK_EX)
    answers = {}
    threads = [threading.Thread(target=lambda path=path: answers.update({path: get(url, path)})) for path in paths]
    try:
        for thread in threads:
            thread.start()
        until(lambda: waits_for_locks(lab.daemon.process.pid) == len(paths), "both wait for the disk")
        assert get(url, "/healthz")[0] == 200
        head = fetch("HEAD", url + paths[0])
        assert head[0] == 200 and int(head[1]["Content-Length"]) >= len(whole[0])
        assert answers == {}
    finally:
        os.close(gate)
    for thread in threads:
        thread.join()
    # More may have been recorded of the hour meanwhile.
    assert [answers[path][0] for path in paths] == [200, 200]
    assert [answers[path][2][:len(body)] == body for path, body in zip(paths, whole)] == [True, True]


@pytest.mark.parametrize("path", [
    "nobody", "nobody/2026-11-21", "..", "%2e%2e", "cam1/2026-11-2", "cam1/2026-11-21/..%2f", "cam1/2026-11-21/06/..%2findex.m3u8",
    "cam1/2026-11-21/06/protected", "cam1/2026-11-21/6/index.m3u8", "cam1/2026-11-21/06/part-.mp4", "cam1/2026-11-21/06/part--1.mp4",
    "cam1/2026-11-21/06/part-0.mp4x", "cam1/1999-01-01/06/index.m3u8", "cam1/1999-01-01/06/part-0.mp4",
])
def test_what_is_no_recording_is_not_found(url, path):
    status, _, body = get(url, "/v2/recordings/" + path)
    assert status == 404 and json.loads(body)["error"]["message"]


def test_a_token_for_a_camera_plays_no_other(lab, url):
    token = token_add(lab, "one", "--role", "view", "--camera", "cam2")
    try:
        path = "/v2/recordings/cam1"
        assert fetch("GET", url + path)[0] == 401
        assert fetch("GET", url + path, token)[0] == 403
        assert fetch("GET", url + path + "/2026-11-21/06/index.m3u8", token)[0] == 403
        assert fetch("GET", url + "/v2/recordings/cam2", token)[0] == 200
    finally:
        lab.camctl("token", "remove", "one")
