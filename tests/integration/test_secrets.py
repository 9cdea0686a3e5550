"""No secret is ever shown, and no token is sent to a camera server that is not who it says it is."""
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../sim"))
from lab import BUILD, Lab, http, until  # noqa: E402

QUICK = {"start_stagger": "100ms", "failed_retry_first": "300ms", "failed_retry_cap": "1s"}


def make_lab(**more):
    supervisor = {**QUICK, **more.pop("supervisor", {})}
    return Lab(**{"cameras": 1, "lifetime": 10, "window": 2, "qpm": 20, "supervisor": supervisor, **more})


# ---- the camera server's certificate ----------------------------------------------------------------------------

ROGUES = {
    "unknown-ca": "certificate",
    "wrong-name": "127.0.0.1",
    "expired": "expired",
}


@pytest.mark.parametrize("rogue", ROGUES)
def test_a_camera_server_is_refused_before_a_token_is_sent_whose_certificate_is(rogue):
    with make_lab(camera_args=("--tls", rogue), camera={"publish": "none"}) as lab:
        lab.start()
        row = until(lambda: lab.rows()["cam1"] if lab.rows()["cam1"].get("error") else None, "an error is shown")
        assert ROGUES[rogue] in row["error"], row["error"]
        assert row["phase"] != "running"
        assert "certificate" in lab.camctl("show", "cam1")
        # camera.py counts who asked for the camera, token or not: nobody did.
        state = lab.camera_state("cam1")
        assert state["connections"] == 0 and state["describes"] == {}, state
        assert http("GET", lab.cam["control"] + "/state")["unknown_paths"] == 0
        assert lab.close() == 0


def test_tls_verify_no_takes_what_would_be_refused():
    with make_lab(camera_args=("--tls", "unknown-ca"),
                  camera={"publish": "none", "tls_verify": "no", "ca_file": None}) as lab:
        lab.start()
        lab.until_running()
        assert lab.close() == 0


def test_google_is_refused_before_a_secret_is_sent_if_its_certificate_is_a_rogue():
    with make_lab(google_args=("--https", "--tls", "unknown-ca"), camera={"publish": "none"}) as lab:
        lab.account_keys["ca_file"] = lab.cam["ca"]
        lab.write_config()
        lab.start()
        row = until(lambda: [a for a in lab.status()["accounts"] if a.get("error")], "the account says why")[0]
        assert "certificate" in row["error"], row
        assert row["state"] == "no token yet"


# ---- what is shown ----------------------------------------------------------------------------------------------

COMMANDS = ("status", "show cam1", "queue", "extend cam1", "regenerate cam1", "restart cam1", "stop cam1", "start cam1",
            "restart all", "reload", "ping", "version")


PASSWORD, WRONG, WRONG_ENCODED, QUERY = "hunter2hunter2hunter2", "wrong:wrong@wrong", "wrong%3awrong%40wrong", "query5query5"


class Watch(threading.Thread):
    """Reads everything that others can read of camrelayd and its workers, again and again."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.seen, self.over = pid, set(), threading.Event()
        self.processes = set()

    def look(self):
        pids = [self.pid, *children(self.pid)]
        self.processes.update(pids)
        for pid in pids:
            for name in ("cmdline", "environ", "comm"):
                self.seen.add(read(f"/proc/{pid}/{name}"))
        listed = ",".join(map(str, pids))
        self.seen.add(subprocess.run(["ps", "ewww", "-p", listed], capture_output=True, check=False).stdout)

    def run(self):
        while not self.over.wait(0.1):
            self.look()

    def text(self):
        self.over.set()
        self.join()
        return b"\n".join(self.seen).decode(errors="replace")


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def children(pid):
    return [int(child) for child in read(f"/proc/{pid}/task/{pid}/children").split()]


class Eavesdropper(threading.Thread):
    """Passes bytes between google.py and camrelayd, and keeps every token that it sees."""

    def __init__(self, url):
        super().__init__(daemon=True)
        host, port = url.split("//")[1].split("/")[0].split(":")
        self.target = (host, int(port))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.heard = []

    def run(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(self.target)
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self.carry, args=(one, other), daemon=True).start()

    def carry(self, source, sink):
        try:
            while data := source.recv(65536):
                self.heard.append(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def secrets(self):
        """Bearer tokens, stream tokens, extension tokens and URLs that went by."""
        found = set()
        for data in list(self.heard):
            for line in data.decode(errors="replace").splitlines():
                found.update(self.of_line(line.strip().rstrip(",")))
        return {text for text in found if len(text) > 20}

    @staticmethod
    def of_line(line):
        if line.lower().startswith("authorization: bearer "):
            yield line.split()[-1]
        key, _, value = line.partition(": ")
        if key in ('"access_token"', '"streamToken"', '"streamExtensionToken"', '"rtspUrl"'):
            yield json.loads(value)
        if key == '"rtspUrl"':
            yield json.loads(value).split("?auth=")[-1]
            yield json.loads(value).split("/")[-1].split("?")[0]


@pytest.fixture(name="shown", scope="module")
def everything_that_was_shown():
    """A run of everything; -> ({what: text that was shown}, {secrets that were in use}, the lab)"""
    with (make_lab(cameras=2, camera_args=("--static", "--user", f"viewer:{PASSWORD}")) as lab,
          contextlib.ExitStack() as stack):
        ear = Eavesdropper(lab.google["api_url"])
        ear.start()
        for key in ("api_url", "token_url"):
            lab.google[key] = lab.google[key].replace(f":{ear.target[1]}", f":{ear.port}")
        url = lab.cam["static"]["cam2"]
        lab.write_config()
        with open(lab.config, "a", encoding="utf-8") as file:
            file.write(f'[camera "fixed"]\nurl = {url}\nca_file = {lab.cam["ca"]}\npublish = none\n')
            file.write(f'[camera "wrong"]\nurl = {url.replace(PASSWORD, WRONG_ENCODED)}?auth={QUERY}\n'
                       f'ca_file = {lab.cam["ca"]}\npublish = none\n')
        lab.names.append("fixed")
        lab.start()
        watch = Watch(lab.daemon.process.pid)
        watch.start()
        events = subprocess.Popen([os.path.join(BUILD, "camctl"), "-r", lab.run_dir, "--json", "events", "--follow"],
                                  stdout=subprocess.PIPE, text=True)
        stack.callback(events.kill)
        lab.until_running()
        shown = {}
        for command in COMMANDS:
            for flags in ((), ("--json",)):
                done = lab.camctl(*flags, *command.split(), check=False)
                shown[" ".join((*flags, *command.split()))] = done.stdout + done.stderr
        lab.camera_fault("cam1", "describe", status=401, count=1)
        lab.camera_fault("cam2", "drop")
        lab.google_fault(match={"kind": "extend"}, action="500")
        lab.until_running()
        until(lambda: lab.calls(kind="extend", fault=None), "an Extend")
        until(lambda: "401" in (lab.rows()["wrong"].get("error") or ""), "the wrong password is refused")
        shown["show wrong"] = lab.camctl("show", "wrong") + lab.camctl("--json", "show", "wrong")
        shown["--json status later"] = lab.camctl("--json", "status")
        shown["/proc and ps"] = watch.text()
        shown["log"] = lab.log()
        events.terminate()
        shown["events"] = events.communicate()[0]
        secrets = ear.secrets() | {lab.google["client_secret"], lab.google["refresh_token"], "sim-secret",
                                   PASSWORD, WRONG, WRONG_ENCODED, QUERY}
        assert len(watch.processes) >= 4
        shown["-T"] = subprocess.run([os.path.join(BUILD, "camrelayd"), "-T", "-c", lab.config], capture_output=True,
                                     text=True, check=True).stdout
        assert lab.close() == 0
        ear.listener.close()
    yield shown, secrets


def test_enough_secrets_were_in_use_and_enough_was_shown_for_this_to_mean_something(shown):
    texts, secrets = shown
    assert len(secrets) >= 4 + 1 + 2 * 3, "access token, and per camera URL, stream token, extension token"
    assert any(s.startswith("ya29.") for s in secrets) and any(s.startswith("rtsps://") for s in secrets)
    assert "camrelay-worker: cam1 [" in texts["/proc and ps"]
    assert "google call" in texts["log"] and "debug" in texts["log"]
    assert "running" in texts["events"]
    assert "401" in texts["show wrong"] and "***" in texts["-T"]


def test_no_secret_is_in_anything_that_was_shown(shown):
    texts, secrets = shown
    found = [(what, secret[:12]) for what, text in texts.items() for secret in secrets if secret in text]
    assert not found, found


# ---- the environment --------------------------------------------------------------------------------------------

def test_secrets_that_came_by_the_environment_are_gone_from_it():
    with make_lab(camera={"publish": "none"}, account=dict.fromkeys(
            ("project_id", "client_id", "client_secret_file", "refresh_token_file"))) as lab:
        given = {"GOOGLE_PROJECT_ID": lab.google["project_id"], "GOOGLE_CLIENT_ID": lab.google["client_id"],
                 "GOOGLE_CLIENT_SECRET": lab.google["client_secret"],
                 "GOOGLE_REFRESH_TOKEN": lab.google["refresh_token"]}
        lab.start(**given)
        lab.until_running()
        pids = [lab.daemon.process.pid, *children(lab.daemon.process.pid)]
        assert len(pids) == 2
        assert b"PATH=" in read(f"/proc/{pids[0]}/environ")
        for pid in pids:
            text = read(f"/proc/{pid}/environ").decode(errors="replace")
            assert not [name for name, value in given.items() if name in text or value in text]
        assert lab.camctl("reload") == "nothing changed\n"
        assert lab.close() == 0


def test_secrets_of_the_environment_that_the_configuration_makes_needless_are_wiped_too():
    with make_lab(camera={"publish": "none"}) as lab:
        lab.start(GOOGLE_CLIENT_SECRET="spare-secret", GOOGLE_REFRESH_TOKEN="spare-token")
        assert b"spare-" not in read(f"/proc/{lab.daemon.process.pid}/environ")
        assert lab.close() == 0
