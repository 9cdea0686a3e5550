"""Webhooks: a real HTTP server (aiohttp) is told, in order and once, whatever happens on the way.

The judge of signatures is Python's hmac, by the words of docs/webhooks.md.
"""
import base64
import collections
import contextlib
import glob
import hashlib
import hmac
import json
import os
import re
import sqlite3
import subprocess
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "sim"))
import certs  # noqa: E402
from alone import NOWHERE, Alone  # noqa: E402
from lab import BUILD, SIM, Process, http, until  # noqa: E402

SECRET = "correct-horse-battery-staple"


class Receiver:
    def __init__(self, directory):
        self.directory = directory
        self.process = None
        self.start(0)

    def start(self, port, *arguments):
        self.process = Process("receiver", [os.path.join(SIM, "receiver.py"), "--port", str(port), *arguments], self.directory)
        ready = self.process.ready()
        self.url, self.port = ready["url"], ready["port"]

    def answer(self, name, **how):
        http("POST", f"{self.url}/sim/{name}", how)

    def came(self, name):
        return http("GET", f"{self.url}/sim/{name}")

    def told(self, name):
        """The events that it has taken, in the order in which they came."""
        return [json.loads(d["body"]) for d in self.came(name) if d["status"] == 200]

    def stop(self):
        self.process.stop()


@pytest.fixture(name="receiver")
def a_receiver(tmp_path):
    made = Receiver(str(tmp_path))
    yield made
    made.stop()


@pytest.fixture(name="relay")
def a_relay():
    with Alone() as relay:
        yield relay


def camera(name="porch"):
    return f'camera "{name}"', {"url": NOWHERE, "publish": "none"}


def target(url, name="pager", **keys):
    return f'notify "{name}"', {"url": url, "events": "stopped", **keys}


def happen(relay, count, name="porch"):
    """So many events `stopped` of the camera."""
    for _ in range(count):
        relay.camctl("stop", name)
        relay.camctl("start", name)


def webhook(relay, name="pager"):
    return next(row for row in relay.json("health")["webhooks"] if row["name"] == name)


def verify(delivery, secret):
    """As docs/webhooks.md says."""
    headers = delivery["headers"]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{delivery['body']}".encode()
    key = base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return hmac.compare_digest(expected, headers["webhook-signature"]) and abs(time.time() - int(headers["webhook-timestamp"])) < 300


# ---- what is told -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("secret", [SECRET, "whsec_" + base64.b64encode(bytes(range(200, 232))).decode()], ids=["word", "whsec"])
def test_an_event_is_told_signed_and_as_camctl_shows_it(relay, receiver, secret):
    relay.write([target(receiver.url + "/pager", secret_file=relay.file("secret", secret + "\n")), camera()])
    relay.start()
    happen(relay, 3)
    until(lambda: len(receiver.told("pager")) == 3, "three are delivered")
    deliveries = receiver.came("pager")
    assert receiver.told("pager") == relay.events("stopped")
    assert all(verify(d, secret) for d in deliveries)
    assert not verify({**deliveries[0], "body": deliveries[0]["body"] + " "}, secret)
    assert len({d["headers"]["webhook-id"] for d in deliveries}) == 3
    assert all(re.fullmatch("msg_[0-9a-f]{32}", d["headers"]["webhook-id"]) for d in deliveries)
    assert all(d["headers"]["content-type"] == "application/json" for d in deliveries)
    until(lambda: webhook(relay)["state"] == "idle", "nothing more to do")
    row = webhook(relay)
    assert (row["queued"], row["delivered"], row["refused"], row["dropped"]) == (0, 3, 0, 0)
    assert f"webhook pager {receiver.url}/: idle, 0 waiting, 3 delivered" in relay.camctl("health")


def test_only_what_is_asked_for_of_the_cameras_that_are_asked_for(relay, receiver):
    relay.write([target(receiver.url + "/one", "one", cameras="yard"), target(receiver.url + "/all", "all", events="all"),
                 target(receiver.url + "/group", "group", events="config"), camera(), camera("yard")])
    relay.start()
    happen(relay, 1)
    happen(relay, 1, "yard")
    relay.camctl("add", "shed", f"url={NOWHERE}", "publish=none")
    until(lambda: receiver.told("group"), "the group's is told")
    until(lambda: webhook(relay, "all")["state"] == "idle", "all is told")
    assert [(e["camera"], e["event"]) for e in receiver.told("one")] == [("yard", "stopped")]
    assert [(e["camera"], e["event"]) for e in receiver.told("group")] == [("shed", "added")]
    told = receiver.told("all")
    assert told == relay.events()[:len(told)]
    assert {("porch", "stopped"), ("yard", "stopped")} <= {(e.get("camera"), e["event"]) for e in told}


def test_by_tls_it_must_be_whom_the_file_of_authorities_says(relay, receiver):
    folder = os.path.join(relay.directory, "certs")
    files = certs.ensure(folder)
    receiver.stop()
    receiver.start(0, "--cert", files["server"][0], "--key", files["server"][1])
    relay.write([target(receiver.url + "/pager", "strict"), camera()])
    relay.start()
    happen(relay, 1)
    until(lambda: webhook(relay, "strict")["failures"] > 0, "the system's authorities do not know it")
    assert "certificate" in webhook(relay, "strict")["error"]
    relay.write([target(receiver.url + "/pager", "strict", ca_file=files["ca"]), camera()])
    relay.camctl("reload")
    until(lambda: webhook(relay, "strict")["delivered"] == 1, "it is delivered")


# ---- trouble ----------------------------------------------------------------------------------------------------------

def test_what_fails_is_tried_again_in_order_with_a_fresh_timestamp(relay, receiver):
    relay.write([target(receiver.url + "/pager", secret_file=relay.file("secret", SECRET)), camera()])
    receiver.answer("pager", status=500, times=2)
    relay.start()
    happen(relay, 4)
    until(lambda: len(receiver.told("pager")) == 4, "all are delivered")
    assert receiver.told("pager") == relay.events("stopped")
    deliveries = receiver.came("pager")
    assert [d["status"] for d in deliveries] == [500, 500, 200, 200, 200, 200]
    assert len({d["headers"]["webhook-id"] for d in deliveries[:3]}) == 1
    assert int(deliveries[2]["headers"]["webhook-timestamp"]) > int(deliveries[0]["headers"]["webhook-timestamp"])
    assert all(verify(d, SECRET) for d in deliveries)


def test_retry_after_is_kept(relay, receiver):
    relay.write([target(receiver.url + "/pager"), camera()])
    receiver.answer("pager", status=429, times=1, headers={"Retry-After": "5"})
    relay.start()
    happen(relay, 1)
    until(lambda: len(receiver.came("pager")) == 1, "the first try")
    until(lambda: webhook(relay)["state"] == "waiting", "it waits")
    assert 3000 < webhook(relay)["next_try_ms"] <= 5000
    until(lambda: len(receiver.told("pager")) == 1, "the second")
    first, second = (int(d["headers"]["webhook-timestamp"]) for d in receiver.came("pager"))
    assert second - first >= 4


def test_a_slow_receiver_is_given_up_on_and_tried_again(relay, receiver):
    relay.write([target(receiver.url + "/pager", call_timeout="300ms"), camera()])
    receiver.answer("pager", status=200, times=1, delay_s=1)
    relay.start()
    happen(relay, 1)
    until(lambda: webhook(relay)["delivered"] == 1, "the second try is in time")
    assert "webhook tried in vain" in relay.log() and "no answer in time" in relay.log()
    assert len({d["headers"]["webhook-id"] for d in receiver.came("pager")}) == 1


@pytest.mark.parametrize("kill", [True, False], ids=["kill-9", "stop"])
def test_nothing_is_lost_over_a_restart(relay, receiver, kill):
    relay.write([target(receiver.url + "/pager"), camera()])
    relay.start()
    receiver.answer("pager", status=200, delay_s=0.1)
    happen(relay, 5)
    until(lambda: len(receiver.told("pager")) >= 2, "some are delivered, one is on its way")
    if kill:
        relay.kill()
    else:
        relay.daemon.stop()
    relay.start()
    happen(relay, 1)
    until(lambda: webhook(relay)["state"] == "idle", "all are delivered")
    wanted = relay.events("stopped")
    assert len(wanted) >= 6
    # What was on its way may come twice, by the same name; but for that it is all of it, in order.
    by_id = collections.OrderedDict((d["headers"]["webhook-id"], json.loads(d["body"])) for d in receiver.came("pager"))
    assert list(by_id.values()) == wanted
    assert len(receiver.came("pager")) <= len(wanted) + 1


def test_a_receiver_that_was_away_gets_all_when_it_is_back(relay, receiver):
    port = receiver.port
    relay.write([target(receiver.url + "/pager"), target(f"http://127.0.0.1:{port}/other", "other", events="webhook"), camera()])
    relay.start()
    receiver.stop()
    happen(relay, 3)
    until(lambda: webhook(relay)["failures"] >= 2, "it is tried in vain")
    receiver.start(port)
    until(lambda: webhook(relay)["delivered"] == 3, "all are delivered")
    assert receiver.told("pager") == relay.events("stopped")


@pytest.mark.parametrize("status, count, max_age, tried_ms", [
    (200, "delivered", "1d", 3000), (400, "refused", "1d", 10000), (500, "dropped", "1s", 1500)], ids=["taken", "refused", "aged"])
def test_what_the_store_cannot_delete_is_not_sent_again(relay, receiver, status, count, max_age, tried_ms):
    relay.write([target(receiver.url + "/pager", max_age=max_age), camera()])
    receiver.answer("pager", status=500, times=1)
    relay.start()
    happen(relay, 1)
    until(lambda: receiver.came("pager"), "the first try")
    receiver.answer("pager", status=status)
    with contextlib.closing(sqlite3.connect(os.path.join(relay.directory, "state", "state.db"))) as other:
        other.execute("BEGIN IMMEDIATE")  # nobody else writes, and everybody reads
        until(lambda: webhook(relay)[count], "it is done with")
        tries = len(receiver.came("pager"))
        until(lambda: webhook(relay)["next_try_ms"] > tried_ms or len(receiver.came("pager")) > tries, "it cannot be deleted, twice")
        assert (len(receiver.came("pager")), webhook(relay)[count], webhook(relay)["queued"]) == (tries, 1, 1)
    until(lambda: webhook(relay)["queued"] == 0, "it is deleted")
    receiver.answer("pager", status=200)
    happen(relay, 1)
    until(lambda: webhook(relay)["state"] == "idle" and receiver.told("pager")[-1:] == relay.events("stopped")[-1:], "the next one is told")
    assert len(receiver.came("pager")) == tries + 1


# ---- the end of patience ----------------------------------------------------------------------------------------------

def test_what_is_refused_is_tried_three_times_and_counted_and_told_once(relay, receiver):
    relay.write([target(receiver.url + "/pager"), target(receiver.url + "/other", "other", events="webhook"), camera()])
    receiver.answer("pager", status=400, times=6)
    relay.start()
    happen(relay, 3)
    until(lambda: webhook(relay)["delivered"] == 1, "the third is taken")
    row = webhook(relay)
    assert (row["refused"], row["dropped"], row["queued"]) == (2, 0, 0)
    assert [d["status"] for d in receiver.came("pager")] == 6 * [400] + [200]
    assert receiver.told("pager") == relay.events("stopped")[2:]
    until(lambda: len(receiver.told("other")) == 2, "the other one hears of it")
    assert [(e["event"], e["text"]) for e in receiver.told("other")] == [
        ("webhook failing", "pager: a delivery was refused for good: it answered 400"),
        ("webhook works again", "pager: 2 refused and 0 dropped so far")]


def test_redirects_are_refused(relay, receiver):
    relay.write([target(receiver.url + "/pager"), camera()])
    receiver.answer("pager", status=307, headers={"Location": receiver.url + "/elsewhere"})
    relay.start()
    happen(relay, 1)
    until(lambda: webhook(relay)["refused"] == 1, "it is refused")
    assert webhook(relay)["error"] == "it answered 307, and redirects are not followed"
    assert receiver.came("elsewhere") == []


def test_410_stops_the_target_until_its_section_changes(relay, receiver):
    relay.write([target(receiver.url + "/pager"), camera()])
    receiver.answer("pager", status=410)
    relay.start()
    happen(relay, 1)
    until(lambda: webhook(relay)["state"] == "gone", "it is gone")
    happen(relay, 2)
    assert len(receiver.came("pager")) == 1
    assert webhook(relay)["queued"] == 0 and webhook(relay)["dropped"] == 3
    assert [e["text"] for e in relay.events("webhook gone")] == [
        "pager: it answered 410: nothing is sent there until its section changes"]
    receiver.answer("pager", status=200)
    relay.write([target(receiver.url + "/again"), camera()])
    assert 'changed [notify "pager"]: url' in relay.camctl("reload")
    happen(relay, 1)
    until(lambda: len(receiver.told("again")) == 1, "it is told again")


def test_a_queue_that_is_full_drops_the_oldest(relay, receiver):
    relay.write([target(receiver.url + "/pager", max_queue="10"), camera()])
    receiver.stop()
    relay.start()
    happen(relay, 14)
    until(lambda: webhook(relay)["dropped"] == 4, "four are dropped")
    assert webhook(relay)["queued"] == 10
    assert "its queue is full, the oldest is dropped" in relay.events("webhook failing")[0]["text"]
    receiver.start(receiver.port)
    until(lambda: webhook(relay)["delivered"] == 10, "ten are delivered")
    told, wanted = receiver.told("pager"), relay.events("stopped")
    # The one that was on its way when the queue was full stays the first.
    assert told[1:] == wanted[5:] and told[0] in wanted[:5]


def test_what_is_too_old_is_dropped(relay, receiver):
    relay.write([target(receiver.url + "/pager", max_age="1s"), camera()])
    receiver.stop()
    relay.start()
    happen(relay, 2)
    until(lambda: webhook(relay)["dropped"] == 2, "they are too old")
    assert webhook(relay)["queued"] == 0


def test_every_event_of_the_source_is_one_that_can_be_asked_for(relay):
    top = os.path.dirname(os.path.dirname(SIM))
    calls = []
    for path in glob.glob(f"{top}/supervisor/*.c") + glob.glob(f"{top}/worker/*.c"):
        with open(path, encoding="utf-8") as file:
            calls += re.findall(r"\b(?:events_publish(?:_account)?|on_news|announce)\((?:[^;\"]*?)\"([^\"]+)\"", file.read())
    names = {name for name in calls if "%" not in name}
    assert {"worker died", "given up", "webhook gone", "recording started"} <= names
    relay.write([target("http://127.0.0.1:1/", events=", ".join(sorted(names))), camera()])
    done = subprocess.run([os.path.join(BUILD, "camrelayd"), "-t", "-c", relay.config], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 0, done.stderr


# ---- settings ---------------------------------------------------------------------------------------------------------

def test_targets_come_and_go_by_reload(relay, receiver):
    relay.write([camera()])
    relay.start()
    relay.write([target(receiver.url + "/pager", secret_file=relay.file("secret", SECRET)), camera()])
    assert relay.camctl("reload").splitlines()[0] == 'added [notify "pager"]'
    happen(relay, 1)
    until(lambda: len(receiver.told("pager")) == 1, "it is told")
    relay.file("secret", "another")
    assert relay.camctl("reload").splitlines()[0] == 'new secret for [notify "pager"]'
    happen(relay, 1)
    until(lambda: len(receiver.told("pager")) == 2, "it is told")
    assert verify(receiver.came("pager")[1], "another")
    receiver.answer("pager", status=503)
    happen(relay, 1)
    until(lambda: webhook(relay)["queued"] == 1, "one waits")
    relay.write([camera()])
    assert relay.camctl("reload").splitlines()[0] == 'removed [notify "pager"]'
    assert relay.json("health")["webhooks"] == []
    relay.write([target(receiver.url + "/pager"), camera()])
    relay.camctl("reload")
    assert webhook(relay)["queued"] == 0


@pytest.mark.parametrize("keys, sentence", [
    ({"events": "offline, ofline"}, r'\[notify "pager"\] events = offline, ofline: item 2, ofline, is no event: there are the '
                                    r'groups all, camera, .*, and the events starting, .*worker died'),
    ({"cameras": "porch, proch"}, "there is no camera proch"),
    ({"url": None}, r'\[notify "pager"\] url: is missing'),
    ({"url": "ftp://h/"}, "url = .*: must be a URL"),
    ({"max_queue": "1"}, "must be .*10"),
], ids=["event", "camera", "no-url", "scheme", "queue"])
def test_mistakes_are_named(relay, keys, sentence):
    relay.write([target(**{"url": "http://127.0.0.1:1/", **keys}), camera()])
    done = subprocess.run([os.path.join(BUILD, "camrelayd"), "-t", "-c", relay.config], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 78 and re.search(sentence, done.stderr), done.stderr


def test_it_needs_a_place_to_keep_them(relay):
    relay.supervisor_keys["state_dir"] = None
    relay.write([target("http://127.0.0.1:1/"), camera()])
    done = subprocess.run([os.path.join(BUILD, "camrelayd"), "-t", "-c", relay.config], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 78 and "needs [supervisor] state_dir" in done.stderr


def test_a_secret_that_cannot_be_read_refuses_the_reload(relay, receiver):
    relay.write([camera()])
    relay.start()
    relay.write([target(receiver.url + "/pager", secret_file=relay.file("secret", "whsec_no")), camera()])
    done = relay.camctl("reload", check=False)
    assert done.returncode == 1 and "secret: what follows whsec_ must be base64" in done.stderr
    relay.write([target(receiver.url + "/pager", secret_file=relay.file("secret", SECRET, 0o644)), camera()])
    assert "every user can read" in relay.camctl("reload", check=False).stderr


def test_no_secret_is_logged_or_shown(relay, receiver):
    relay.write([target(receiver.url + "/hidden-path", secret_file=relay.file("secret", SECRET)), camera()])
    receiver.answer("hidden-path", status=500, times=1)
    relay.start()
    happen(relay, 2)
    until(lambda: webhook(relay)["delivered"] == 2, "both are delivered")
    shown = relay.log() + relay.camctl("health") + relay.camctl("--json", "status") + relay.camctl("events")
    assert SECRET not in shown and "hidden-path" not in shown
