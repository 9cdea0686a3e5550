"""What Prometheus is told by a running camrelayd: well formed, true, and what the alerts and the dashboard ask for.

promtool and the parsers of Prometheus' Python client judge the text, a Prometheus scrapes it.
"""
import asyncio
import glob
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import aiohttp
import prometheus_client.openmetrics.parser
import prometheus_client.parser
import pytest
import yaml

from lab import Lab, Process, TOP, until
from ports import free_port

OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
# Streams of 40 s: they are extended while the tests run.
LIFETIME_S = 40


@pytest.fixture(name="lab", scope="module")
def two_recorded_cameras(tmp_path_factory):
    recordings = tmp_path_factory.mktemp("recordings")
    old = recordings / "cam1" / time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400)) / "06"
    os.makedirs(old)
    (old / "20261120T060000.000Z.m4s").write_bytes(bytes(100000))
    with socket.socket() as free:  # bound, and nobody listens
        free.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{free.getsockname()[1]}/"
    with Lab(cameras=2, state=True, lifetime=LIFETIME_S, window=12, camera_args=("--profile", "baseline"),
             supervisor={"start_stagger": "100ms"}, recording={"dir": str(recordings), "max_age": "30d", "min_free": "3%"},
             camera={"record": "yes"}) as lab:
        with open(lab.config, "a", encoding="utf-8") as file:
            file.write(f'[notify "pager"]\nurl = {nobody}\nevents = offline\n[notify "desk"]\nurl = {nobody}\nevents = running\n')
        lab.start()
        lab.until_running()
        until(lambda: value(lab, "camrelay_recording_written_segments_total", camera="cam2"), "a segment")
        yield lab
        assert lab.close() == 0


def fetch(lab, accept=None, path="/metrics"):
    request = urllib.request.Request(lab.url() + path, headers={"Accept": accept} if accept else {})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.headers["Content-Type"], answer.read().decode()


def samples(text):
    """{(name, labels as a frozenset): value}"""
    families = prometheus_client.parser.text_string_to_metric_families(text)
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def value(lab, name, **labels):
    return samples(fetch(lab)[1]).get((name, frozenset(labels.items())))


def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as file:
        return file.read()


def documented():
    return re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]*) \|", read("docs", "metrics.md"), re.M)


# ---- the text ----

def test_promtool_finds_nothing_wrong(lab):
    done = subprocess.run(["promtool", "check", "metrics"], input=fetch(lab)[1], capture_output=True, text=True,
                          timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_text_is_what_others_read(lab):
    kind, text = fetch(lab)
    assert kind == "text/plain; version=0.0.4; charset=utf-8" and "# EOF" not in text
    families = list(prometheus_client.parser.text_string_to_metric_families(text))
    assert all(family.documentation and family.type in ("gauge", "counter") for family in families)


def test_openmetrics_is_what_others_read(lab):
    kind, text = fetch(lab, OPENMETRICS)
    assert kind == "application/openmetrics-text; version=1.0.0; charset=utf-8" and text.endswith("\n# EOF\n")
    families = list(prometheus_client.openmetrics.parser.text_string_to_metric_families(text))
    assert {family.type for family in families} == {"gauge", "counter", "info"}
    assert all(family.unit == "seconds" for family in families if family.name.endswith("_timestamp_seconds"))


def test_both_formats_and_both_paths_and_camctl_tell_the_same_families(lab):
    text = samples(fetch(lab)[1])
    others = prometheus_client.openmetrics.parser.text_string_to_metric_families(fetch(lab, OPENMETRICS)[1])
    assert {s.name for family in others for s in family.samples} == {name for name, _ in text}
    assert set(samples(fetch(lab, path="/v2/metrics")[1])) == set(text)
    assert set(samples(lab.camctl("metrics"))) == set(text)


def test_each_documented_metric_is_there_with_its_labels_and_no_other(lab):
    there = {}
    for name, labels in samples(fetch(lab)[1]):
        there.setdefault(name, set()).add(frozenset(key for key, _ in labels))
    for name, _, labels in documented():
        assert there.pop(name, None) == {frozenset(filter(None, labels.split(", ")))}, name
    assert not there


def test_rules_and_dashboard_name_only_what_is_exported(lab):
    there = {name for name, _ in samples(fetch(lab)[1])}
    rules = [rule["expr"] for group in yaml.safe_load(read("etc", "prometheus", "camrelay.rules.yml"))["groups"]
             for rule in group["rules"]]
    boards = [json.loads(read(path)) for path in glob.glob(os.path.join(TOP, "etc", "grafana", "*.json"))]
    asked = [target["expr"] for board in boards for panel in board["panels"] for target in panel.get("targets", [])]
    asked += [variable.get("definition", "") for board in boards for variable in board["templating"]["list"]]
    for expression in rules + asked:
        for name in re.findall(r"\b(?:camrelay|process)_\w+", expression):
            assert name in there, (name, expression)


# ---- what it says ----

def test_states_are_the_words_that_camctl_shows(lab):
    status, told = lab.status(), samples(fetch(lab)[1])

    def is_one(name, **labels):
        return told[(name, frozenset(labels.items()))] == 1

    for row in status["cameras"]:
        name = row["name"]
        assert is_one("camrelay_camera_state", camera=name, state=row["state"])
        assert is_one("camrelay_camera_health", camera=name, health=row["health"])
        assert is_one("camrelay_recording_state", camera=name, state=row["recording"].replace(" ", "_"))
        assert is_one("camrelay_camera_info", camera=name, account="home")
        assert is_one("camrelay_output_sending", camera=name, output="cloudflare")
    assert is_one("camrelay_account_state", account="home", state=status["accounts"][0]["state"].replace(" ", "_"))
    assert is_one("camrelay_build_info", version=status["version"])
    for family in ("camrelay_camera_state", "camrelay_camera_health", "camrelay_recording_state"):
        ones = [labels for (name, labels), v in told.items() if name == family and v == 1]
        assert len(ones) == 2, (family, ones)


def test_media_are_those_of_the_camera(lab):
    first, at = samples(fetch(lab)[1]), time.time()
    cam = frozenset({("camera", "cam1")})
    frames = ("camrelay_media_received_frames_total", cam)
    second = until(lambda: (now := samples(fetch(lab)[1]))[frames] >= first[frames] + 60 and now, "60 frames more")
    took = time.time() - at
    row = lab.rows()["cam1"]

    def rate(name):
        return (second[(name, cam)] - first[(name, cam)]) / took

    # The stand-in's clip has 15 pictures a second and a key picture each second.
    assert rate("camrelay_media_received_frames_total") == pytest.approx(15, rel=0.4)
    assert rate("camrelay_media_received_keyframes_total") == pytest.approx(1, rel=0.5)
    assert rate("camrelay_media_sent_bytes_total") > rate("camrelay_media_received_bytes_total") > 10000
    assert rate("camrelay_media_sent_packets_total") > 15
    assert rate("camrelay_media_received_packets_total") > rate("camrelay_media_received_frames_total")
    assert 0 < rate("camrelay_worker_cpu_seconds_total") < 2
    assert second[("camrelay_media_width_pixels", cam)] == row["width"] > 0
    assert at - 5 < second[("camrelay_media_last_keyframe_timestamp_seconds", cam)] < time.time()
    assert second[("camrelay_worker_resident_memory_bytes", cam)] > 1e7
    assert 0 < second[("camrelay_media_round_trip_seconds", cam)] < 1


def test_streams_are_those_of_google(lab):
    until(lambda: lab.calls(kind="extend", name="cam1"), "an extend")
    told = samples(fetch(lab)[1])
    cam = frozenset({("camera", "cam1")})
    assert 0 < told[("camrelay_stream_expiry_timestamp_seconds", cam)] - time.time() < LIFETIME_S + 1
    assert told[("camrelay_stream_generations_total", cam)] == len(lab.calls(kind="generate", name="cam1"))
    assert abs(told[("camrelay_stream_extensions_total", cam)] - len(lab.calls(kind="extend", name="cam1"))) <= 1
    commands = frozenset({("account", "home"), ("bucket", "commands")})
    bucket = {name: told[(f"camrelay_account_quota_{name}_calls", commands)] for name in ("limit", "used", "left")}
    assert bucket["limit"] == 10 and bucket["used"] + bucket["left"] == 10
    assert told[("camrelay_queue_waits_total", frozenset({("account", "home")}))] == len(lab.calls(kind="generate"))


def test_a_failed_extend_is_counted_by_its_reason(lab):
    def failures(reason):
        return value(lab, "camrelay_stream_extension_failures_total", camera="cam1", reason=reason)

    before = {reason: failures(reason) for reason in ("server", "rate_limited")}
    assert None not in before.values()
    lab.google_fault(match={"kind": "extend", "device": "cam1"}, action="500", count=1)
    until(lambda: failures("server") == before["server"] + 1, "the failure")
    assert failures("rate_limited") == before["rate_limited"]


def test_recordings_are_those_on_the_disk(lab):
    told = samples(fetch(lab)[1])
    cam = frozenset({("camera", "cam1")})
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400))
    assert abs(told[("camrelay_recording_oldest_timestamp_seconds", cam)] - time.time()) < 3 * 86400
    oldest = time.gmtime(told[("camrelay_recording_oldest_timestamp_seconds", cam)])
    assert time.strftime("%Y-%m-%d %H:%M", oldest) == f"{day} 06:00"
    assert told[("camrelay_recording_stored_bytes", cam)] >= 100000
    assert told[("camrelay_recording_written_bytes_total", cam)] > 10000
    disk = os.statvfs(lab.directory)
    size = told[("camrelay_recording_disk_size_bytes", frozenset())]
    assert size == disk.f_blocks * disk.f_frsize
    free = told[("camrelay_recording_disk_free_bytes", frozenset())]
    assert free == pytest.approx(disk.f_bavail * disk.f_frsize, abs=0.2 * size)
    wanted = told[("camrelay_recording_disk_min_free_bytes", frozenset())]
    assert wanted == pytest.approx(0.03 * size, rel=0.001)


def test_the_process_is_camrelayd(lab):
    told = samples(fetch(lab)[1])
    pid = lab.daemon.process.pid
    assert told[("process_open_fds", frozenset())] == pytest.approx(len(os.listdir(f"/proc/{pid}/fd")), abs=3)
    assert time.time() - 600 < told[("process_start_time_seconds", frozenset())] < time.time()
    assert told[("process_cpu_seconds_total", frozenset())] > 0
    assert value(lab, "process_start_time_seconds") == told[("process_start_time_seconds", frozenset())]
    assert told[("camrelay_log_lines_total", frozenset({("level", "info")}))] > 0
    assert told[("camrelay_store_writes_total", frozenset())] > 0


def test_viewers_are_counted_by_camera_and_by_their_ends(lab):
    def call(method, path, body=None):
        request = urllib.request.Request(lab.url() + path, json.dumps(body).encode() if body else None,
                                         {"Content-Type": "application/json"} if body else {}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or "null")

    def counts():
        told = samples(fetch(lab)[1])
        return (*(told[("camrelay_consumers", frozenset({("camera", cam)}))] for cam in ("cam1", "cam2")),
                told[("camrelay_consumers_ended_total", frozenset({("reason", "closed")}))],
                told[("camrelay_consumer_pulls_total", frozenset())])

    assert counts() == (0, 0, 0, 0)
    viewer = call("POST", "/v2/consumers", {"camera": "cam1"})
    assert counts() == (1, 0, 0, 1)
    call("POST", f"/v2/consumers/{viewer['id']}/pull")
    assert counts() == (1, 0, 0, 2)
    call("DELETE", f"/v2/consumers/{viewer['id']}")
    assert counts() == (0, 0, 1, 2)
    ends = {dict(labels)["reason"] for name, labels in samples(fetch(lab)[1]) if name == "camrelay_consumers_ended_total"}
    assert ends == {"closed", "lapsed", "failed", "left", "revoked", "no-camera", "stopped", "interrupted"}


def test_webhooks_that_nobody_takes_wait_and_their_tries_fail(lab):
    desk, pager = frozenset({("webhook", "desk")}), frozenset({("webhook", "pager")})
    told = until(lambda: (now := samples(fetch(lab)[1]))[("camrelay_webhook_failed_tries_total", desk)] > 0 and now, "a try")
    assert told[("camrelay_webhook_queue_depth", desk)] >= 2, "both cameras run"
    for name in ("deliveries", "deliveries_refused", "deliveries_dropped"):
        assert told[(f"camrelay_webhook_{name}_total", desk)] == 0
    assert told[("camrelay_webhook_queue_depth", pager)] == told[("camrelay_webhook_failed_tries_total", pager)] == 0


def test_requests_are_counted(lab):
    before = value(lab, "camrelay_http_requests_total", code="4xx")
    with pytest.raises(urllib.error.HTTPError):
        fetch(lab, path="/nothing")
    assert value(lab, "camrelay_http_requests_total", code="4xx") == before + 1


def test_a_websocket_is_a_request_that_was_answered_with_101(lab):
    async def listen():
        async with aiohttp.ClientSession() as session, session.ws_connect(lab.url() + "/events") as ws:
            assert (await ws.receive()).type == aiohttp.WSMsgType.TEXT
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await session.ws_connect(lab.url() + "/healthz")
            return refused.value.status

    before = [value(lab, "camrelay_http_requests_total", code=code) for code in ("1xx", "4xx")]
    assert asyncio.run(listen()) == 400
    after = [value(lab, "camrelay_http_requests_total", code=code) for code in ("1xx", "4xx")]
    assert after == [before[0] + 1, before[1] + 1]


def test_once_there_are_tokens_a_scrape_needs_one_for_all_cameras(lab):
    def answers(token):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(lab.url() + "/metrics", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    assert answers(None) == 200
    scraper = lab.camctl("token", "add", "scraper", "--role", "view").strip()
    try:
        one = lab.camctl("token", "add", "one", "--role", "view", "--camera", "cam1").strip()
        assert (answers(None), answers(one), answers(scraper)) == (401, 403, 200)
    finally:
        lab.camctl("token", "remove", "scraper")
        lab.camctl("token", "remove", "one", check=False)
    assert answers(None) == 200


# ---- over the death of a worker ----

COUNTERS = ("camrelay_media_received_frames_total", "camrelay_media_received_packets_total",
            "camrelay_media_received_bytes_total", "camrelay_media_sent_packets_total",
            "camrelay_worker_cpu_seconds_total", "camrelay_recording_written_bytes_total")


@pytest.mark.parametrize("reason", ["crashed", "asked", "hung"])
def test_counters_go_on_and_the_restart_has_its_reason(lab, reason):
    cam = frozenset({("camera", "cam2")})
    before, pid = samples(fetch(lab)[1]), lab.pid("cam2")
    if reason == "asked":
        lab.camctl("restart", "cam2", "--wait")
    else:
        os.kill(pid, signal.SIGKILL if reason == "crashed" else signal.SIGSTOP)
    until(lambda: lab.pid("cam2") not in (0, pid), "another worker")
    seen = []

    def goes_on():
        seen.append(samples(fetch(lab)[1]))
        return all(seen[-1][(name, cam)] > before[(name, cam)] for name in COUNTERS)

    until(goes_on, "the counters go on")
    for name in COUNTERS:
        values = [before[(name, cam)], *(told[(name, cam)] for told in seen)]
        assert values == sorted(values), name
    for other in ("asked", "exited", "crashed", "hung", "unstartable"):
        key = ("camrelay_worker_restarts_total", cam | {("reason", other)})
        assert seen[-1][key] == before[key] + (other == reason), other


# ---- Prometheus ----

class Prometheus:
    """Debian's, with the scrape configuration and the rules of etc/prometheus, once a second."""

    def __init__(self, lab, directory):
        self.url = f"http://127.0.0.1:{free_port()}"
        config = yaml.safe_load(read("etc", "prometheus", "prometheus.yml"))
        config["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
        config["rule_files"] = [os.path.join(TOP, "etc", "prometheus", "camrelay.rules.yml")]
        config["scrape_configs"][0]["static_configs"][0]["targets"] = [urllib.parse.urlsplit(lab.url()).netloc]
        path = os.path.join(directory, "prometheus.yml")
        with open(path, "w", encoding="utf-8") as file:
            yaml.safe_dump(config, file)
        arguments = [f"--config.file={path}", f"--storage.tsdb.path={directory}/data",
                     f"--web.listen-address={self.url.removeprefix('http://')}"]
        self.process = Process("prometheus", ["prometheus", *arguments], str(directory))

    def get(self, path, **query):
        """The data of an answer; None before it listens."""
        try:
            url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(query)}"
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            assert error.code == 503, f"{path} {query}: {error.read().decode()}"  # it is starting
            return None
        except (ConnectionError, urllib.error.URLError):
            assert self.process.process.poll() is None, self.process.log_tail()
            return None

    def query(self, expression):
        """{(name, labels without job and instance): value}"""
        found = {}
        for one in self.get("query", query=expression)["result"]:
            labels = dict(one["metric"])
            name = labels.pop("__name__", "")
            assert labels.pop("job") == "camrelay" and labels.pop("instance")
            found[(name, frozenset(labels.items()))] = float(one["value"][1])
        return found


@pytest.fixture(name="prometheus", scope="module")
def a_prometheus(lab, tmp_path_factory):
    server = Prometheus(lab, tmp_path_factory.mktemp("prometheus"))
    try:
        until(lambda: (server.get("targets") or {"activeTargets": []})["activeTargets"], "the target")
        until(lambda: server.get("targets")["activeTargets"][0]["health"] != "unknown", "the first scrape")
        yield server
    finally:
        server.process.stop()


def test_prometheus_scrapes_it_without_an_error(prometheus):
    target = prometheus.get("targets")["activeTargets"][0]
    assert (target["health"], target["lastError"]) == ("up", "")
    assert prometheus.get("query", query="scrape_samples_scraped")["result"][0]["value"][1] != "0"
    assert not re.search(r"level=(warn|error)", prometheus.process.log())


# Gauges that come back to a value meanwhile.
MOVING = {"camrelay_media_frames_per_second", "camrelay_media_jitter_seconds", "camrelay_media_round_trip_seconds",
          "camrelay_media_path_queue_seconds", "camrelay_media_loss_ratio", "camrelay_media_path_loss_ratio"}


def test_a_query_for_each_family_of_a_camera_gives_the_cameras_value(lab, prometheus):
    kinds = {name: kind for name, kind, _ in documented()}
    before = samples(fetch(lab)[1])
    at = time.time()
    scraped = 'timestamp(camrelay_worker_running{camera="cam1"})'
    until(lambda: max(prometheus.query(scraped).values()) > at, "a scrape after that")
    between = prometheus.query('{camera="cam1"}')
    after = samples(fetch(lab)[1])
    families = {name for name, _, labels in documented() if "camera" in labels.split(", ")}
    assert {name for name, _ in between if not name.startswith("ALERTS")} == families and len(families) > 50
    for key, found in between.items():
        if kinds.get(key[0]) == "counter":
            assert before[key] <= found <= after[key], key
        elif key in before and before[key] == after.get(key):
            # A gauge that stands still; a moment is a sum of two clocks of milliseconds.
            assert found == pytest.approx(before[key], abs=0.005) or key[0] in MOVING, key


def test_prometheus_evaluates_every_rule(prometheus):
    rules = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
    until(lambda: all(rule["health"] == "ok" for group in prometheus.get("rules")["groups"] for rule in group["rules"]),
          "every rule was evaluated")
    assert len(rules) == len(yaml.safe_load(read("etc", "prometheus", "camrelay.rules.yml"))["groups"][0]["rules"])


def test_an_account_whose_grant_is_gone_is_an_alert(lab, prometheus):
    def alerts():
        return {alert["labels"]["alertname"] for alert in prometheus.get("alerts")["alerts"]}

    assert "CamrelayAccountNeedsLogin" not in alerts()
    lab.google_sim("invalid_grant", on=True)
    lab.google_sim("revoke_access")
    until(lambda: "CamrelayAccountNeedsLogin" in alerts(), "the alert is pending or fires")
