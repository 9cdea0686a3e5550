"""A supervisor that is killed and started again: what it had granted goes on, and Google is asked for nothing new."""
import os
import signal
import time

from lab import until


def kill(lab):
    os.kill(lab.daemon.process.pid, signal.SIGKILL)
    lab.daemon.process.wait()


def state_dir(lab):
    return os.path.join(lab.directory, "state")


def first_of_each(calls):
    """The cameras in the order of their first call."""
    return list(dict.fromkeys(call["name"] for call in calls))


def test_living_streams_are_resumed_without_a_generate(make_lab):
    lab = make_lab(cameras=3, lifetime=30, window=6, supervisor={"start_stagger": "300ms"}, state=True).start()
    lab.until_running()
    expires = {name: row["expires_ms"] for name, row in lab.rows().items()}
    assert min(expires.values()) > 20000
    kill(lab)
    lab.start()
    lab.until_running()
    assert len(lab.calls(kind="generate")) == 3
    assert lab.log().count("google stream resumed") == 3
    until(lambda: all(lab.calls(kind="extend", name=name) for name in lab.names), "each is extended in its turn")
    assert len(lab.calls(kind="generate")) == 3
    assert {row["state"] for row in lab.rows().values()} == {"running"}


def test_streams_that_ended_meanwhile_are_generated_anew(make_lab):
    lab = make_lab(cameras=1, lifetime=3, window=3, state=True).start()
    lab.until_running()
    kill(lab)
    until(lambda: not any(lease["alive"] for lease in lab.camera_state("cam1")["leases"]), "the stream ends")
    lab.start()
    lab.until_running()
    assert len(lab.calls(kind="generate")) == 2
    assert "google stream resumed" not in lab.log()


def test_the_calls_of_the_former_process_count(make_lab):
    lab = make_lab(cameras=3, lifetime=60, window=12, qpm=3, supervisor={"start_stagger": "0ms"}, state=True).start()
    until(lambda: len(lab.calls(kind="generate")) == 3, "three Generates")
    for _ in range(2):
        kill(lab)
        lab.start()
        lab.camctl("regenerate", "cam1")
    until(lambda: len(lab.calls(kind="generate")) >= 4, "the fourth")
    buckets = lab.google_state()["buckets"]
    assert buckets["execute"]["peak"] <= 3 and not buckets["execute"]["refused"]


def test_without_a_store_a_slot_passes_before_the_first_call(make_lab):
    """Nobody knows when the former process has called."""
    lab = make_lab(cameras=3, lifetime=60, window=12, qpm=3, supervisor={"start_stagger": "0ms"}).start()
    until(lambda: len(lab.calls(kind="generate")) == 3, "three Generates")
    kill(lab)
    lab.start()
    until(lambda: len(lab.calls(kind="generate")) >= 4, "the fourth")
    buckets = lab.google_state()["buckets"]
    assert buckets["execute"]["peak"] <= 3 and not buckets["execute"]["refused"]


def test_the_calls_for_a_camera_that_left_meanwhile_count_too(make_lab):
    lab = make_lab(cameras=3, lifetime=60, window=12, qpm=3, supervisor={"start_stagger": "0ms"}, state=True).start()
    until(lambda: len(lab.calls(kind="generate")) == 3, "three Generates")
    kill(lab)
    last = lab.calls(kind="generate")[-1]["name"]
    lab.names = [name for name in lab.names if name != last]
    lab.write_config()
    lab.start()
    lab.camctl("regenerate", lab.names[0])
    until(lambda: len(lab.calls(kind="generate")) >= 4, "the fourth")
    buckets = lab.google_state()["buckets"]
    assert buckets["execute"]["peak"] <= 3 and not buckets["execute"]["refused"]


def test_events_are_kept(make_lab):
    lab = make_lab(cameras=2, state=True, supervisor={"start_stagger": "100ms"}).start()
    lab.until_running()
    lab.google_fault(action="429", count=1, match={"kind": "extend"})
    lab.camctl("extend", "cam1")
    until(lambda: lab.status()["accounts"][0]["state"] == "held by 429", "the account is held")
    kill(lab)
    lab.start()
    lines = lab.camctl("events").splitlines()
    assert any(" cam1 running" in line for line in lines) and any(" cam2 running" in line for line in lines)
    assert any(" - held by 429: account home" in line for line in lines)
    assert [line[:24] for line in lines] == sorted(line[:24] for line in lines), "the newest last"
    assert all(" cam2 " in line for line in lab.camctl("events", "cam2").splitlines())


def test_counters_go_on_where_they_were(make_lab):
    lab = make_lab(cameras=1, state=True).start()
    lab.until_running()
    lab.camctl("--wait", "extend", "cam1")
    kill(lab)
    lab.start()
    lab.until_running()
    lab.camctl("--wait", "extend", "cam1")
    row = lab.rows()["cam1"]
    assert [row[f"ever_{what}"] for what in ("generated", "extended", "lost", "workers")] == [1, 2, 0, 2]
    assert "1 streams, 2 extensions, 0 streams lost, 2 workers" in lab.camctl("show", "cam1")


def test_the_file_is_for_its_owner_alone(make_lab):
    lab = make_lab(cameras=1, state=True).start()
    lab.until_running()
    for name in os.listdir(state_dir(lab)):
        assert os.stat(os.path.join(state_dir(lab), name)).st_mode & 0o077 == 0, name


def test_a_damaged_file_is_set_aside_and_said(make_lab):
    lab = make_lab(cameras=1, state=True)
    os.mkdir(state_dir(lab), 0o750)
    with open(os.path.join(state_dir(lab), "state.db"), "wb") as file:
        file.write(b"no database at all" * 1000)
    lab.start()
    lab.until_running()
    assert any("damaged" in name for name in os.listdir(state_dir(lab)))
    assert "damaged" in lab.log()


def test_forty_cameras_come_back_after_twenty_seconds_without_a_generate(make_lab):
    """Each stream lives a minute: when camrelayd is back, all forty are to be extended at the pace of the slots."""
    lab = make_lab(cameras=40, lifetime=60, window=60, qpm=100, supervisor={"start_stagger": "100ms"}, state=True,
                   camera={"publish": "none"}, camera_args=("--profile", "baseline", "--size", "320x180", "--fps", "5"))
    lab.start()
    until(lambda: len(lab.calls(kind="generate", status=200)) == 40, "forty streams", 60)
    kill(lab)
    time.sleep(20)  # the scenario: nobody extends meanwhile
    spent = len(lab.calls())
    lab.start()
    until(lambda: all(lab.commands(name)[-1] == "extend" for name in lab.names), "each is extended")
    calls = [call for call in lab.calls()[spent:] if call["kind"] not in ("token", "list")]
    assert {call["kind"] for call in calls} == {"extend"}
    assert len(lab.calls(kind="generate")) == 40
    assert {row["state"] for row in lab.rows().values()} == {"running"}
    assert "expired" not in lab.log()
    # Whose stream ends first is extended first: in the order of the Generates.
    assert first_of_each(calls) == first_of_each(lab.calls(kind="generate"))
    assert not lab.over_quota()
