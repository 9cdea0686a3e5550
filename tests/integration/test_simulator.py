"""camrelay-sim: what people see of it. What it computes is tests/unit/test_scheduler_day.c's."""
import json
import os
import subprocess
import sys

import pytest

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
BUILD = os.environ.get("CAMRELAY_BUILD", os.path.join(TOP, "build"))
SCENARIOS = os.path.join(TOP, "tests", "sim", "scheduler", "scenarios")


def simulate(*arguments):
    return subprocess.run([os.path.join(BUILD, "camrelay-sim"), *arguments], capture_output=True, text=True, timeout=60)


@pytest.fixture
def short_day(tmp_path):
    path = tmp_path / "short.json"
    path.write_text(json.dumps({"hours": 0.5, "cameras": 3, "events": [{"at_s": 900, "outage_s": 400}]}))
    return str(path)


def test_a_run_prints_every_counter_of_the_issue(short_day):
    run = simulate(short_day, "--json")
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    for name in ["deaths", "downtime_camera_s", "calls", "calls_by_kind", "max_calls_in_any_60s",
                 "max_calls_per_camera_in_any_hour", "refused_429", "worst_extension_margin_s",
                 "time_to_all_running_s"]:
        assert name in report
    assert report["deaths"] == 3, "an outage longer than a life"
    assert report["calls"] == sum(report["calls_by_kind"].values())
    assert "cameras" not in report


def test_the_text_says_the_same(short_day):
    run = simulate(short_day)
    lines = dict(line.split(None, 1) for line in run.stdout.splitlines() if len(line.split()) > 1)
    report = json.loads(simulate(short_day, "--json").stdout)
    assert int(lines["deaths"]) == report["deaths"]
    assert int(lines["calls_by_kind.extend"]) == report["calls_by_kind"]["extend"]


def test_rows_of_cameras_and_a_trace_come_on_request(short_day):
    report = json.loads(simulate(short_day, "--json", "--cameras", "--trace", "60").stdout)
    assert [row["camera"] for row in report["cameras"]] == [0, 1, 2]
    assert sum(row["deaths"] for row in report["cameras"]) == report["deaths"]
    assert len(report["trace"]) >= 28
    assert min(row["living"] for row in report["trace"]) == 0


def test_the_same_seed_gives_the_same_run_and_another_another(short_day):
    runs = [simulate(short_day, "--json", "--seed", seed).stdout for seed in ("5", "5", "6")]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_the_classic_rule_is_there_to_compare_with(short_day):
    report = json.loads(simulate(short_day, "--json", "--policy", "fixed60").stdout)
    assert report["policy"] == "fixed60"


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["x.json", "--policy", "best"], ["x.json", "--seed", "-1"],
                                       ["x.json", "--what"]])
def test_wrong_usage_is_64_with_the_usage(arguments):
    run = simulate(*arguments)
    assert run.returncode == 64
    assert "usage: camrelay-sim SCENARIO.json" in run.stderr


def test_a_bad_scenario_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "bad.json"
    path.write_text('{"cameras": 3, "events": [{"at_s": 5, "camera": 7, "offline_s": 60}]}')
    run = simulate(str(path))
    assert run.returncode == 1
    assert run.stderr == f"camrelay-sim: {path}: events[0]: camera 7 does not exist, they are 0 to 2\n"
    assert run.stdout == ""


@pytest.mark.parametrize("name", sorted(os.listdir(SCENARIOS)))
def test_every_scenario_of_the_table_is_played(name):
    run = simulate(os.path.join(SCENARIOS, name), "--json")
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    with open(os.path.join(SCENARIOS, name), encoding="utf-8") as file:
        shared = any("other_qpm" in event for event in json.load(file).get("events", []))
    # What another program leaves of the quota is found by being refused only; Google counts the calls of both.
    assert (report["refused_for_a_full_bucket"] > 0) == shared
    assert report["max_calls_in_any_60s"] <= 10 or shared


@pytest.mark.skipif("address" in BUILD, reason="of the build that people run")
def test_a_day_of_48_cameras_takes_less_than_two_seconds():
    before = os.times()
    assert simulate(os.path.join(SCENARIOS, "09-48.json")).returncode == 0
    after = os.times()
    assert after.children_user - before.children_user < 2


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))
