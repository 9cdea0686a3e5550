"""The health checker of a real camrelayd: what the machine is, and what is told when it changes."""
import os
import shutil
import socket
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "sim"))
from alone import NOWHERE, Alone  # noqa: E402
from lab import until  # noqa: E402
from openapi_client import Client  # noqa: E402


@pytest.fixture(name="relay")
def a_relay():
    with Alone() as relay:
        yield relay


@pytest.fixture(name="server")
def a_service():
    """Where somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def health(**keys):
    return "health", {"interval": "200ms", **keys}


def camera():
    return 'camera "porch"', {"url": NOWHERE, "publish": "none"}


def check(relay, name):
    """Its row; None before it was read."""
    return next((row for row in relay.json("status")["checks"] if row["name"] == name), None)


def until_status(relay, name, status):
    return until(lambda: (check(relay, name) or {}).get("status") == status and check(relay, name), f"{name} is {status}")


def told(relay, check_name):
    """The events about it."""
    return [e["event"] for e in relay.events() if e["event"].startswith("health ") and e["text"].startswith(check_name + ": ")]


def test_what_is_read_is_what_the_machine_is(relay):
    relay.write([health(), camera()])
    relay.start()
    until(lambda: check(relay, "cpu"), "the second reading")
    disk = check(relay, "disk state")
    usage = shutil.disk_usage(relay.directory)
    percent = 100 * usage.used / (usage.used + usage.free)
    assert abs(disk["value"] - percent) < 2
    with open("/proc/meminfo", encoding="ascii") as file:
        lines = dict(line.split(":") for line in file)
    used = 100 * (1 - int(lines["MemAvailable"].split()[0]) / int(lines["MemTotal"].split()[0]))
    assert abs(check(relay, "memory")["value"] - used) < 10
    assert 0 <= check(relay, "cpu")["value"] <= 100
    assert check(relay, "permissions")["status"] == "ok"
    assert {c["name"] for c in relay.json("status")["checks"]} == {"disk state", "disk run", "memory", "cpu", "permissions"}


def test_limits_are_settings_and_the_whole_is_as_its_worst_part(relay):
    relay.write([health(disk_warn="1%", disk_error="100%", memory_warn="100%", memory_error="100%", cpu_warn="100%",
                        cpu_error="100%"), camera()])
    relay.start()
    until_status(relay, "disk state", "warn")
    until_status(relay, "memory", "ok")
    # A busy machine has other parts that are bad.
    now = relay.json("status")
    assert now["health"] == max((c["status"] for c in now["checks"]), key=["ok", "warn", "error"].index) != "ok"
    assert "\nwarn  disk state: " in relay.camctl("health")
    assert told(relay, "disk state") == ["health warning"]
    relay.write([health(disk_warn="1%", disk_error="1%", memory_warn="100%", memory_error="100%", cpu_warn="100%",
                        cpu_error="100%"), camera()])
    assert "changed [health]: disk_error" in relay.camctl("reload")
    until_status(relay, "disk state", "error")
    assert 'camrelay_health_check{check="disk state",status="error"} 1\n' in relay.camctl("metrics")
    relay.write([health(disk_warn="100%", disk_error="100%", memory_warn="100%", memory_error="100%", cpu_warn="100%",
                        cpu_error="100%"), camera()])
    relay.camctl("reload")
    until_status(relay, "disk state", "ok")
    assert told(relay, "disk state") == ["health warning", "health error", "health ok"]


def test_checks_and_limits_are_told_by_http():
    quiet = {"memory_warn": "100%", "memory_error": "100%", "cpu_warn": "100%", "cpu_error": "100%"}
    with Alone(supervisor={"http": "127.0.0.1:0"}) as relay:
        relay.write([health(disk_warn="1%", disk_error="100%", **quiet), camera()])
        relay.start()
        relay.camctl("stop", "porch")
        client = Client(relay.json("status")["http"])

        def system():
            status, told = client.call("get", "/v2/health/system")
            assert status == 200
            return told

        def whole(told):
            """As its worst check; no camera is unwell."""
            return {"ok": "healthy", "warn": "degraded", "error": "unhealthy"}[
                max((c["status"] for c in told["checks"].values()), key=["ok", "warn", "error"].index)]

        until_status(relay, "disk state", "warn")
        told = system()
        assert set(told["checks"]) >= {"disk state", "disk run", "memory", "permissions"}
        disk = told["checks"]["disk state"]
        assert disk["status"] == "warn" and disk["text"] == check(relay, "disk state")["text"]
        assert told["status"] == whole(told) != "healthy"
        until(lambda: "porch" in system()["limits"], "the guard's first look")
        assert system()["limits"] == {"porch": {"step": "none", "why": None}}
        relay.write([health(disk_warn="1%", disk_error="1%", **quiet), camera()])
        relay.camctl("reload")
        until_status(relay, "disk state", "error")
        assert system()["status"] == "unhealthy"
        relay.write([health(disk_warn="100%", disk_error="100%", **quiet), camera()])
        relay.camctl("reload")
        until_status(relay, "disk state", "ok")
        told = system()
        assert told["checks"]["disk state"]["status"] == "ok" and told["status"] == whole(told)


def test_a_service_that_goes_away_and_comes_back(relay, server):
    port = server.getsockname()[1]
    name = f"network 127.0.0.1:{port}"
    relay.write([health(), ('whip "edge"', {"url": f"http://127.0.0.1:{port}/live"}), camera()])
    relay.start()
    until_status(relay, name, "ok")
    server.close()
    until_status(relay, name, "error")
    assert "it is not reached: Connection refused" in check(relay, name)["text"]
    with socket.create_server(("127.0.0.1", port)):
        until_status(relay, name, "ok")
    assert told(relay, name) == ["health error", "health ok"]


def test_a_name_that_is_not_resolved(relay):
    relay.write([health(), ('whip "edge"', {"url": "https://nobody.invalid/live"}), camera()])
    relay.start()
    row = until_status(relay, "network nobody.invalid:443", "error")
    assert row["text"].startswith("its name is not resolved: ")


def test_a_secret_that_everybody_can_read(relay):
    secret = relay.file("token", "word")
    relay.write([health(), ('notify "pager"', {"url": "http://127.0.0.1:1/", "secret_file": secret}), camera()])
    relay.start()
    until_status(relay, "permissions", "ok")
    os.chmod(secret, 0o644)
    row = until_status(relay, "permissions", "error")
    assert row["text"] == f"{secret}: every user can read or write the secret"
    os.chmod(secret, 0o600)
    until_status(relay, "permissions", "ok")
    os.unlink(secret)
    assert "No such file" in until_status(relay, "permissions", "error")["text"]


def test_the_token_of_an_account_that_waits_for_its_login_may_lack(relay):
    """The quick start starts camrelayd before the first login: that is no error of permissions."""
    secret = relay.file("secret", "word")
    token = secret + ".token"
    relay.write([health(), ('google "home"', {"project_id": "p", "client_id": "c", "client_secret_file": secret, "refresh_token_file": token,
                                              "api_url": "http://127.0.0.1:1", "token_url": "http://127.0.0.1:1/"}), camera()])
    relay.start()
    assert until_status(relay, "permissions", "ok")["text"] == "directories and secrets are as they should be"
    with open(token, "w", encoding="ascii", opener=lambda path, flags: os.open(path, flags, 0o644)) as file:
        file.write("word")
    assert until_status(relay, "permissions", "error")["text"] == f"{token}: every user can read or write the secret"


def test_the_newest_thousand_results_are_kept(relay):
    relay.write([health(interval="100ms"), camera()])
    relay.start()
    until(lambda: len(relay.json("health")["history"]) == 1000, "a thousand", 120)
    history = relay.json("health")["history"]
    until(lambda: relay.json("health")["history"][0]["time"] > history[0]["time"], "the oldest go")
    history = relay.json("health")["history"]
    assert len(history) == 1000
    assert history == sorted(history, key=lambda r: r["time"])
    assert {"time", "check", "status", "value", "text"} == set(history[0])


def test_the_clock_is_held_against_what_services_say(make_lab):
    lab = make_lab(cameras=1)
    with open(lab.config, "a", encoding="utf-8") as file:
        file.write("[health]\ninterval = 200ms\n")
    lab.start()
    lab.until_running()

    def clock():
        return next((c for c in lab.status()["checks"] if c["name"] == "clock"), None)

    row = until(clock, "an answer told the time")
    assert row["status"] == "ok" and row["value"] < 5000
    assert all(c["status"] == "ok" for c in lab.status()["checks"] if c["name"].startswith("network "))


def test_limits_that_contradict_each_other_are_refused(relay):
    relay.write([camera()])
    relay.start()
    relay.write([health(disk_warn="90%", disk_error="80%"), camera()])
    assert "[health] disk_error = 80%: must not be less than disk_warn" in relay.camctl("reload", check=False).stderr
