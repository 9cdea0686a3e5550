"""camctl: every command, as text and as JSON, its exit codes, --wait, the table's width, and the events."""
import json
import os
import re
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../sim"))
from lab import BUILD, Events, Lab, until  # noqa: E402

DONE, REFUSED, USAGE, UNAVAILABLE = 0, 1, 64, 69
SECONDS_OF_A_LEASE = 60


@pytest.fixture(name="lab", scope="module")
def two_cameras_and_a_plain_one():
    with Lab(cameras=2, lifetime=SECONDS_OF_A_LEASE, window=3, qpm=10, camera_args=("--static", "--url-scheme", "rtsp"),
             supervisor={"start_stagger": "100ms"}) as lab:
        with open(lab.config, "a", encoding="utf-8") as file:
            file.write(f'[camera "a-camera-with-a-very-long-name-indeed"]\nurl = {lab.cam["static"]["cam1"]}\n'
                       "publish = none\n")
        lab.names.append("a-camera-with-a-very-long-name-indeed")
        lab.start()
        lab.until_running()
        until(lambda: all(row["fps"] > 10 for row in lab.rows().values()), "a second of statistics")
        yield lab
        assert lab.close() == 0


def run(lab, *arguments):
    return lab.camctl(*arguments, check=False)


def as_json(lab, *arguments):
    return json.loads(lab.camctl("--json", *arguments))


# ---- what is shown ----------------------------------------------------------------------------------------------

def test_status_is_a_table_of_at_most_100_columns_with_a_row_per_camera(lab):
    lines = lab.camctl("status").splitlines()
    assert max(map(len, lines)) <= 100, "\n".join(lines)
    assert re.match(r"camrelayd \d+\.\d+\.\d+, pid \d+, up \d+:\d\d$", lines[0])
    assert re.match(r"account home: ok, 2 streams, \d+ of 10 commands used", lines[1])
    head = lines[2].split()
    assert head == ["CAMERA", "STATE", "HEALTH", "EXPIRY", "FPS", "MBIT", "VIDEO", "PID", "LAST", "ERROR"]
    rows = {line.split()[0]: line.split() for line in lines[3:]}
    assert len(rows) == 3
    name, state, health, expiry, fps, mbit, video, pid, *_ = rows["cam1"]
    assert (state, health, video) == ("running", "healthy", "640x360")
    assert re.fullmatch(r"[01]:\d\d", expiry) and float(fps) > 10 and float(mbit) > 0.05
    assert int(pid) == lab.pid(name)
    assert rows["a-camera-with-a-"][3] == "-", "a plain RTSP camera does not expire"


def test_the_table_stays_within_100_columns_whatever_the_error_says(lab):
    lab.camera_fault("cam1", "offline")
    try:
        until(lambda: lab.rows()["cam1"].get("error"), "an error is shown")
        assert max(map(len, lab.camctl("status").splitlines())) <= 100
    finally:
        lab.camera_fault("cam1", "online")
    until(lambda: lab.running(["cam1"]), "cam1 runs again", 60)


def test_status_as_json_has_what_the_table_has_and_more(lab):
    status = as_json(lab, "status")
    assert status["pid"] == lab.daemon.process.pid
    assert [a["name"] for a in status["accounts"]] == ["home"]
    row = next(r for r in status["cameras"] if r["name"] == "cam1")
    assert row["session"] in {s["id"] for s in lab.sfu_state()["sessions"]}
    assert row["track"] == "cam1-video" and row["publication"] == "live"
    assert 0 < row["expires_ms"] <= SECONDS_OF_A_LEASE * 1000


def test_show_tells_everything_of_one_camera(lab):
    text = lab.camctl("show", "cam1")
    for words in ("state", "running", "account", "home", "worker", "pid", "publication", "video", "640x360",
                  "last start", "DTLS"):
        assert words in text
    assert as_json(lab, "show", "cam1")["name"] == "cam1"


def test_list_tells_names_alone_and_whole(lab):
    assert lab.camctl("list").splitlines() == lab.names == as_json(lab, "list")
    assert lab.camctl("list", "accounts").splitlines() == ["home"] == as_json(lab, "list", "accounts")
    done = run(lab, "list", "dogs")
    assert done.returncode == USAGE and done.stderr == "camctl: list dogs: must be cameras or accounts\n"


def test_queue_shows_the_next_calls(lab):
    text = lab.camctl("queue")
    assert re.search(r"account home: one command every \d+\.\d\d s, commands \d+/10, lists \d/5\n", text)
    assert re.search(r"in +\d+\.\d s  extend +cam1", text)
    plan = as_json(lab, "queue")
    calls = plan[0]["calls"]
    assert {call["camera"] for call in calls[:2]} == {"cam1", "cam2"}
    assert all(call["call"] == "extend" and call["in_ms"] < SECONDS_OF_A_LEASE * 1000 for call in calls[:2]), calls
    assert [call["in_ms"] for call in calls] == sorted(call["in_ms"] for call in calls)


def test_queue_shows_what_is_left_in_every_bucket(lab):
    account = as_json(lab, "queue")[0]
    assert {b["bucket"]: b["limit"] for b in account["buckets"]} == {"commands": 10, "lists": 5}
    limits = {"extend": 5, "generate": 5, "stop": 5, "minute": 30, "hour": 100}
    for camera in account["cameras"]:
        assert {b["bucket"]: b["limit"] for b in camera["buckets"]} == limits
        used = {b["bucket"]: b["used"] for b in camera["buckets"]}
        assert used["hour"] == len(lab.commands(camera["camera"])), "as Google counts"
        assert re.search(rf"{camera['camera']} .* {used['hour']}/100", lab.camctl("queue"))


@pytest.mark.parametrize("command", ["ping", "version", "reload"])
def test_the_short_ones_answer_a_sentence(lab, command):
    wanted = {"ping": "pong", "version": r"camrelayd \d+\.\d+\.\d+", "reload": "nothing changed"}[command]
    assert re.fullmatch(wanted + "\n", lab.camctl(command))
    answer = as_json(lab, command)
    assert answer["ok"] is True and re.fullmatch(wanted, answer["text"])


# ---- what is done -----------------------------------------------------------------------------------------------

def test_extend_takes_one_call(lab):
    before = len(lab.calls(kind="extend", name="cam1"))
    assert run(lab, "--wait", "extend", "cam1").returncode == DONE
    assert len(lab.calls(kind="extend", name="cam1")) == before + 1
    assert lab.rows()["cam1"]["expires_ms"] > (SECONDS_OF_A_LEASE - 5) * 1000


def test_restart_waits_for_another_worker_and_takes_no_call(lab):
    old, calls = lab.pid("cam1"), len(lab.calls())
    assert run(lab, "--wait", "restart", "cam1").returncode == DONE
    row = lab.rows()["cam1"]
    assert row["pid"] not in (0, old) and row["phase"] == "running"
    assert len(lab.calls()) == calls


def test_restart_of_all_replaces_every_worker(lab):
    old = {name: row["pid"] for name, row in lab.rows().items()}
    assert run(lab, "--wait", "restart", "all").returncode == DONE
    assert not set(old.values()) & {row["pid"] for row in lab.rows().values()}


def test_regenerate_brings_another_stream(lab):
    before = len(lab.calls(kind="generate", name="cam1"))
    assert run(lab, "--wait", "regenerate", "cam1").returncode == DONE
    assert len(lab.calls(kind="generate", name="cam1")) == before + 1
    assert lab.rows()["cam1"]["generates"] == before + 1


def test_stop_ends_the_worker_and_gives_the_stream_back_and_start_begins_anew(lab):
    generates = len(lab.calls(kind="generate", name="cam2"))
    assert run(lab, "--wait", "stop", "cam2").returncode == DONE
    row = lab.rows()["cam2"]
    assert (row["state"], row["pid"], row["health"]) == ("stopped", 0, "offline")
    assert "session" not in row
    until(lambda: lab.calls(kind="stop", name="cam2", status=200), "the stream was stopped at Google")
    assert run(lab, "stop", "cam2").returncode == DONE, "what is stopped can be stopped"
    for command in ("restart", "regenerate"):
        done = run(lab, "--wait", command, "cam2")
        assert (done.returncode, done.stderr) == (REFUSED, "camctl: cam2 is stopped: camctl start cam2\n")
    others = {name: row["pid"] for name, row in lab.rows().items() if name != "cam2"}
    assert lab.camctl("--wait", "restart", "all") == \
        "restart: 2 of 3 cameras, the others are stopped or wait for an account\n"
    assert not set(others.values()) & {row["pid"] for row in lab.rows().values()}
    assert (lab.rows()["cam2"]["state"], lab.pid("cam2")) == ("stopped", 0)
    assert run(lab, "--wait", "start", "cam2").returncode == DONE
    assert lab.rows()["cam2"]["state"] == "running"
    assert len(lab.calls(kind="generate", name="cam2")) == generates + 1
    assert run(lab, "start", "cam2").returncode == DONE, "what runs can be started"
    assert len(lab.calls(kind="generate", name="cam2")) == generates + 1


def test_what_takes_a_restart_is_refused_with_a_sentence_and_a_broken_file_with_every_mistake(lab):
    """What a reload applies is in test_reload.py."""
    with open(lab.config, encoding="utf-8") as file:
        text = file.read()
    try:
        for change, words in (("[supervisor]\nlog = json\n", "this takes a restart: [supervisor] log"),
                              ("[supervisor]\nmedia_stall = soon\nnonsense = 1\n", "media_stall = soon")):
            with open(lab.config, "w", encoding="utf-8") as file:
                file.write(text.replace("[supervisor]\n", change))
            done = run(lab, "reload")
            assert done.returncode == REFUSED and words in done.stderr, done
            assert as_json_refused(lab, "reload")
        assert "nonsense" in done.stderr
    finally:
        with open(lab.config, "w", encoding="utf-8") as file:
            file.write(text)
    assert lab.camctl("reload") == "nothing changed\n"


def as_json_refused(lab, *arguments):
    done = run(lab, "--json", *arguments)
    assert done.returncode == REFUSED
    return json.loads(done.stdout)["ok"] is False


# ---- what is refused --------------------------------------------------------------------------------------------

@pytest.mark.parametrize("command", ["show", "extend", "regenerate", "restart", "stop", "start"])
def test_a_camera_that_does_not_exist_is_named(lab, command):
    for flags in ((), ("--wait",)):
        done = run(lab, *flags, command, "nobody")
        assert (done.returncode, done.stderr) == (REFUSED, "camctl: there is no camera nobody\n")
        assert done.stdout == ""


def test_a_plain_camera_cannot_be_extended(lab):
    done = run(lab, "extend", "a-camera-with-a-very-long-name-indeed")
    assert done.returncode == REFUSED and "nothing expires" in done.stderr


def test_regenerate_of_all_is_refused(lab):
    assert run(lab, "regenerate", "all").returncode == REFUSED


@pytest.mark.parametrize("arguments", [(), ("dance",), ("show",), ("status", "cam1"), ("restart", "cam1", "cam2"),
                                       ("--loud", "status"), ("-r",)])
def test_wrong_usage_is_64_and_shows_the_right_one(lab, arguments):
    done = subprocess.run([os.path.join(BUILD, "camctl"), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == USAGE
    assert "usage: camctl" in done.stderr and done.stdout == ""


def test_help_is_no_error():
    done = subprocess.run([os.path.join(BUILD, "camctl"), "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == DONE and done.stdout.startswith("usage: camctl")
    assert max(map(len, done.stdout.splitlines())) <= 100


@pytest.mark.parametrize("command", ["status", "list", "ping", "events", "queue", "stop cam1", "--wait restart cam1", "reload",
                                     "remove cam1", "add new url=rtsp://h/"])
def test_without_a_supervisor_it_is_69(tmp_path, command):
    done = subprocess.run([os.path.join(BUILD, "camctl"), "-r", str(tmp_path), *command.split()], capture_output=True,
                          text=True, check=False, timeout=60)
    assert done.returncode == UNAVAILABLE
    assert done.stderr.startswith(f"camctl: no camrelayd at {tmp_path}")


# ---- events -----------------------------------------------------------------------------------------------------

def test_events_tell_what_happens_in_its_order(lab):
    with Events(lab) as events:
        start = len(events.all())
        lab.camctl("--wait", "stop", "cam1")
        lab.camctl("--wait", "start", "cam1")
        mine = lambda: [e["event"] for e in events.all()[start:] if e["camera"] == "cam1"]
        until(lambda: "HEALTHY" in mine(), "cam1 is healthy again")
        order = [e for e in mine() if e in ("stopped", "worker died", "starting", "running", "HEALTHY")]
        assert order == ["stopped", "worker died", "starting", "running", "HEALTHY"], order
        assert all(re.fullmatch(r"2\d\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", e["time"]) for e in events.all())


def test_without_a_store_there_is_no_history_of_events(lab):
    done = run(lab, "events")
    assert done.returncode == REFUSED
    assert "state_dir is not set" in done.stderr
