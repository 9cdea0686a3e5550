"""camctl login: from a configuration without a refresh token, or with one that Google refuses, to streams - no restart.

The browser is urllib against google.py's consent page; the judge is google.py, who takes no code twice, from no stranger
and for no other redirect.
"""
import json
import os
import re
import socket
import stat
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../sim"))
from lab import BUILD, Lab, until  # noqa: E402
from ports import free_port  # noqa: E402

DONE, REFUSED, USAGE, UNAVAILABLE = 0, 1, 64, 69


def make_lab(token=False, **more):
    """Two cameras that nobody watches; token: the account has logged in already."""
    account = {"redirect_uri": f"http://127.0.0.1:{free_port()}/", **more.pop("account", {})}
    lab = Lab(**{"cameras": 2, "lifetime": 60, "window": 3, "qpm": 20, "camera": {"publish": "none"}, "account": account,
                 "google_args": ("--list-qpm", "60"), "supervisor": {"start_stagger": "100ms"}, **more})
    if not token:
        os.unlink(token_file(lab))
    return lab


def token_file(lab):
    return os.path.join(lab.directory, "home.token")


def account(lab):
    return lab.status()["accounts"][0]


# ---- the browser ------------------------------------------------------------------------------------------------

class Browser(urllib.request.HTTPRedirectHandler):
    """Opens the page, ticks, presses, and is sent back; it does not go there by itself."""

    def __init__(self, url):
        super().__init__()
        self.url = url
        self.opener = urllib.request.build_opener(self)
        with self.opener.open(url, timeout=60) as page:
            assert "checkbox" in page.read().decode()

    def redirect_request(self, *_):
        return None

    def press(self, decision="allow", devices=("cam1", "cam2")):
        """-> the address that it is sent to"""
        form = urlencode([("decision", decision), ("user", "user1"), *(("device", d) for d in devices)]).encode()
        try:
            self.opener.open(self.url, form, timeout=60)
        except urllib.error.HTTPError as answer:
            assert answer.code == 302, answer.read()
            answer.close()
            return answer.headers["Location"]
        raise AssertionError("the page sent nobody back")


def visit(address):
    """-> (status, page)"""
    try:
        with urllib.request.urlopen(address, timeout=60) as page:
            return page.status, page.read().decode()
    except urllib.error.HTTPError as page:
        with page:
            return page.code, page.read().decode()


class Login:
    """A running camctl login."""
    alive = []  # those that no test has ended yet

    def __init__(self, lab, *arguments, typed=True):
        stdin = subprocess.PIPE if typed else subprocess.DEVNULL
        self.process = subprocess.Popen([os.path.join(BUILD, "camctl"), "-r", lab.run_dir, *arguments, "login", "home"],
                                        stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        Login.alive.append(self)
        self.out, self.err = [], []
        self.readers = [threading.Thread(target=self.read, args=pair, daemon=True)
                        for pair in ((self.process.stdout, self.out), (self.process.stderr, self.err))]
        for reader in self.readers:
            reader.start()
        self.url = until(self.address, f"the address of the page; {self.err}")
        until(lambda: "here:" in self.said(), "the invitation to paste")

    def read(self, stream, into):
        for line in stream:
            into.append(line)

    def said(self):
        return "".join(self.out + self.err)

    def address(self):
        found = re.search(r"^  (https?://\S+)$", self.said(), re.M)
        return found and found.group(1)

    def type(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def end(self):
        """-> (exit code, stdout, stderr)"""
        code = self.process.wait(60)
        Login.alive.remove(self)
        for reader in self.readers:
            reader.join(5)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()
        return code, "".join(self.out), "".join(self.err)

    def kill(self):
        self.process.kill()
        return self.end()


@pytest.fixture(autouse=True)
def no_login_outlives_its_test():
    yield
    for login in list(Login.alive):
        login.kill()


# ---- without a token --------------------------------------------------------------------------------------------

def test_without_a_refresh_token_camrelayd_starts_says_so_and_asks_google_nothing():
    with make_lab() as lab:
        lab.start()
        row = account(lab)
        assert row["state"] == "needs login" and row["error"] == "there is no refresh token yet: camctl login home"
        cameras = lab.rows()
        assert {c["state"] for c in cameras.values()} == {"starting"}
        assert {c["error"] for c in cameras.values()} == {"there is no refresh token yet: camctl login home"}
        assert re.search("error google=home oauth has no refresh token: log in", lab.log())
        done = lab.camctl("discover", check=False)
        assert done.returncode == REFUSED and "camctl login home" in done.stdout
        assert lab.calls() == []
        assert lab.close() == 0


def test_a_refresh_token_that_cannot_be_read_still_stops_the_start():
    with make_lab() as lab:
        with open(token_file(lab), "w", encoding="ascii"):
            pass
        os.chmod(token_file(lab), 0o600)
        done = subprocess.run([os.path.join(BUILD, "camrelayd"), "-f", "-c", lab.config], capture_output=True, text=True,
                              check=False, timeout=60)
        assert done.returncode == 78 and "home.token: is empty" in done.stderr


def test_a_login_by_the_browser_starts_everything():
    with make_lab() as lab:
        lab.start()
        login = Login(lab, typed=False)
        query = parse_qs(urlsplit(login.url).query)
        assert login.url.startswith(f"{lab.google['login_url']}/{lab.google['project_id']}/auth?")
        assert {k: v[0] for k, v in query.items() if k != "state"} == {
            "redirect_uri": lab.account_keys["redirect_uri"], "access_type": "offline", "prompt": "consent",
            "client_id": lab.google["client_id"], "response_type": "code",
            "scope": "https://www.googleapis.com/auth/sdm.service"}
        assert re.fullmatch("[0-9a-f]{32}", query["state"][0])
        status, page = visit(Browser(login.url).press())
        assert status == 200 and "Go back to the terminal" in page
        code, out, err = login.end()
        assert (code, err) == (DONE, ""), (out, err)
        assert "Google has granted: https://www.googleapis.com/auth/sdm.service\n" in out
        assert f"The refresh token is in {token_file(lab)};" in out and "7 days" in out
        assert re.search(r"^account home: listed just now, 2 cameras$", out, re.M)
        assert re.search(r"^  cam1 +RTSP +cam1 ", out, re.M)
        lab.until_running()
        assert account(lab)["state"] == "ok" and "error" not in account(lab)
        check_token_file(lab)
        # One exchange brought both tokens: nothing was refreshed, and one list was asked for.
        assert [(c["kind"], c["status"]) for c in lab.calls() if c["kind"] in ("token", "list")] == [
            ("token", 200), ("list", 200)]
        # And it is there for the next start.
        assert lab.daemon.stop() == 0
        lab.start()
        lab.until_running()
        assert lab.close() == 0


def check_token_file(lab):
    """Private, one word, no leftovers beside it."""
    path = token_file(lab)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with open(path, encoding="ascii") as file:
        assert re.fullmatch(r"1//0lab\S+\n", file.read())
    assert [name for name in os.listdir(lab.directory) if name.startswith("home.token")] == ["home.token"]


# ---- a reload in the midst of it --------------------------------------------------------------------------------

def change(lab, **keys):
    """Settings of the account, and what camctl reload says of them."""
    lab.account_keys.update(keys)
    present = os.path.exists(token_file(lab))
    lab.write_config()  # with a token's file
    if not present:
        os.unlink(token_file(lab))
    return lab.camctl("reload")


def test_an_account_that_needs_a_login_keeps_nobody_from_reloading():
    with make_lab() as lab:
        lab.start()
        assert lab.camctl("reload") == "nothing changed\n"
        lab.names.remove("cam2")
        assert change(lab).startswith("removed camera cam2\n")
        with open(os.path.join(lab.directory, "client.secret"), "w", encoding="ascii") as file:
            file.write("another\n")
        assert lab.camctl("reload").splitlines()[0] == 'new secrets for [google "home"]'
        assert account(lab)["state"] == "needs login" and lab.calls() == []
        assert lab.close() == 0


def test_another_redirect_uri_is_for_the_next_login_and_the_one_that_is_open_ends_well():
    with make_lab() as lab:
        lab.start()
        old, new = lab.account_keys["redirect_uri"], f"http://127.0.0.1:{free_port()}/"
        login = Login(lab)
        address = Browser(login.url).press()
        assert change(lab, redirect_uri=new).startswith('changed [google "home"]: redirect_uri')
        login.type(address)
        code, out, err = login.end()
        assert code == DONE and address.startswith(old), (out, err)
        lab.until_running()
        login = Login(lab)
        assert parse_qs(urlsplit(login.url).query)["redirect_uri"] == [new]
        login.kill()
        assert lab.close() == 0


# ---- the ways to bring the answer -------------------------------------------------------------------------------

@pytest.fixture(name="lab", scope="module")
def one_that_is_logged_into_again_and_again():
    with make_lab(token=True) as lab:
        lab.start()
        lab.until_running()
        yield lab
        assert not lab.over_quota()
        assert lab.close() == 0


def stored(lab):
    with open(token_file(lab), encoding="ascii") as file:
        return file.read()


@pytest.mark.parametrize("pasted", ["the address", "the code", "the code as the address has it", "after nonsense"])
def test_what_is_pasted_is_as_good_as_the_browser(lab, pasted):
    before = stored(lab)
    login = Login(lab)
    address = Browser(login.url).press()
    code = dict(parse_qsl(urlsplit(address).query))["code"]
    assert "/" in code
    login.type({"the address": address, "the code": code, "after nonsense": "what?\n\nhttp://localhost/",
                "the code as the address has it": urlsplit(address).query.split("code=")[1].split("&")[0]}[pasted])
    if pasted == "after nonsense":
        until(lambda: login.said().count("There is no code in that") == 2, "it says so")
        login.type(f"   {address}  ")
    code, out, err = login.end()
    assert (code, err) == (DONE, ""), (out, err)
    assert stored(lab) != before
    check_token_file(lab)


def test_as_json_it_is_one_object_on_stdout(lab):
    login = Login(lab, "--json")
    visit(Browser(login.url).press())
    code, out, _ = login.end()
    answer = json.loads(out)
    assert code == DONE and answer["state"] == "granted" and answer["file"] == token_file(lab)
    assert [d["name"] for d in answer["accounts"][0]["devices"]] == ["cam1", "cam2"]


def test_a_device_that_was_not_ticked_is_not_listed_and_said_of_its_camera(lab):
    login = Login(lab)
    visit(Browser(login.url).press(devices=["cam1"]))
    code, out, _ = login.end()
    assert code == DONE and "1 cameras" in out and "cam2" not in out
    assert "not ticked at the login" in lab.rows()["cam2"]["notice"]
    login = Login(lab)
    visit(Browser(login.url).press())
    assert login.end()[0] == DONE
    assert "notice" not in lab.rows()["cam2"]


def test_strangers_at_the_redirect_are_sent_away_and_the_login_goes_on(lab):
    login = Login(lab, typed=False)
    address = Browser(login.url).press()
    base, query = address.split("?")
    tokens = len(lab.calls(kind="token"))
    for stranger, status in ((f"{base}favicon.ico", 404), (base, 404), (f"{base}other?{query}", 404),
                             (f"{base}?code=4/0x&state=guessed", 400), (f"{base}?error=access_denied", 400),
                             (f"{base}?{query.replace('state=', 'stat=')}", 400)):
        assert visit(stranger)[0] == status, stranger
    with socket.create_connection(("127.0.0.1", urlsplit(base).port)) as silent:
        # A browser's spare connection, which never says a word, holds nobody up for long.
        assert visit(address)[0] == 200
        silent.close()
    assert login.end()[0] == DONE
    assert len(lab.calls(kind="token")) == tokens + 1


def test_the_answer_to_another_login_is_not_taken(lab):
    old = Login(lab, typed=False)
    address = Browser(old.url).press()
    old.kill()
    login = Login(lab)
    tokens = len(lab.calls(kind="token"))
    login.type(address)
    until(lambda: "answer to another login" in login.said(), "it says so")
    assert visit(address)[0] == 400
    assert len(lab.calls(kind="token")) == tokens
    login.kill()


# ---- what goes wrong --------------------------------------------------------------------------------------------

def test_a_user_who_says_no_ends_it(lab):
    before = stored(lab)
    login = Login(lab)
    visit(Browser(login.url).press("deny"))
    code, _, err = login.end()
    assert (code, err) == (REFUSED, "camctl: Google has not granted it: access_denied\n")
    assert stored(lab) == before and account(lab)["state"] == "ok"


def test_a_code_that_google_refuses_changes_nothing(lab):
    before = stored(lab)
    login = Login(lab)
    login.type("4/0nonsense")
    code, _, err = login.end()
    assert (code, err) == (REFUSED, "camctl: not logged in: invalid_grant: Malformed auth code.\n")
    assert stored(lab) == before and account(lab)["state"] == "ok"
    assert lab.calls(kind="token")[-1]["status"] == 400


def test_a_code_is_used_once(lab):
    login = Login(lab)
    address = Browser(login.url).press()
    visit(address)
    assert login.end()[0] == DONE
    login = Login(lab)
    login.type(dict(parse_qsl(urlsplit(address).query))["code"])
    code, _, err = login.end()
    assert code == REFUSED and "invalid_grant" in err
    assert account(lab)["state"] == "ok"


@pytest.mark.parametrize("action, words", [("500", "scripted fault"), ("html", "HTML page"), ("reset", "transport")])
def test_a_token_endpoint_that_fails_is_named_and_the_next_login_works(lab, action, words):
    login = Login(lab)
    address = Browser(login.url).press()
    lab.google_fault(match={"kind": "token"}, action=action)
    login.type(address)
    code, _, err = login.end()
    assert code == REFUSED and err.startswith("camctl: not logged in: "), err
    assert words in err or action == "reset"
    login = Login(lab)
    visit(Browser(login.url).press())
    assert login.end()[0] == DONE


def test_a_grant_without_a_refresh_token_is_no_login(lab):
    before = stored(lab)
    login = Login(lab)
    lab.google_fault(match={"kind": "token"}, action="without", field="refresh_token", executed=True)
    visit(Browser(login.url).press())
    code, _, err = login.end()
    assert (code, err) == (REFUSED, "camctl: not logged in: Google granted no refresh token\n")
    assert stored(lab) == before


def test_without_an_answer_anywhere_it_ends(lab):
    """Standard input is over, and the redirect's port is somebody else's."""
    port = urlsplit(lab.account_keys["redirect_uri"]).port
    with socket.create_server(("127.0.0.1", port)):
        login = Login(lab, typed=False)
        code, out, err = login.end()
    assert code == REFUSED and err == "camctl: no answer of Google's came\n"
    assert "Address already in use" in out


@pytest.mark.parametrize("arguments, code, words", [(("login",), USAGE, "usage"), (("login", "a", "b"), USAGE, "usage"),
                                                    (("login", "nowhere"), REFUSED, 'no section [google "nowhere"]')])
def test_wrong_usage_is_told(lab, arguments, code, words):
    done = lab.camctl(*arguments, check=False)
    assert done.returncode == code and words in done.stderr and done.stdout == ""


def test_without_a_supervisor_it_is_69(tmp_path):
    done = subprocess.run([os.path.join(BUILD, "camctl"), "-r", str(tmp_path), "login", "home"], capture_output=True,
                          text=True, check=False, timeout=60)
    assert done.returncode == UNAVAILABLE


@pytest.mark.parametrize("file, words", [("/nowhere/home.token", "/nowhere/home.token: camrelayd cannot store"),
                                         (None, "no path in refresh_token_file")])
def test_a_token_that_could_not_be_stored_is_known_before_anybody_logs_in(file, words):
    with make_lab(token=True, account={"refresh_token_file": file}) as lab:
        lab.start(**({} if file else {"GOOGLE_REFRESH_TOKEN": lab.google["refresh_token"]}))
        done = lab.camctl("login", "home", check=False)
        assert done.returncode == REFUSED and words in done.stderr
        assert lab.close() == 0


# ---- what it is for ---------------------------------------------------------------------------------------------

def test_invalid_grant_ends_by_a_login_without_a_restart():
    with make_lab(token=True, lifetime=8, window=2) as lab:
        lab.start()
        lab.until_running()
        pid = lab.daemon.process.pid
        lab.google_sim("invalid_grant", on=True)
        lab.google_sim("revoke_access")
        until(lambda: account(lab)["state"] == "needs login", "the account needs login")
        assert account(lab)["error"].startswith("invalid_grant")
        until(lambda: all(r["state"] != "running" for r in lab.rows().values()), "the streams have ended")
        login = Login(lab)
        visit(Browser(login.url).press())
        assert login.end()[0] == DONE
        lab.until_running()
        assert account(lab)["state"] == "ok" and lab.status()["pid"] == pid
        # The old token is still refused: what runs runs on the new one.
        lab.google_sim("revoke_access")
        until(lambda: lab.calls(kind="token")[-1]["status"] == 200 and lab.calls(status=401), "a refresh")
        lab.until_running()
        assert lab.close() == 0


# ---- secrets ----------------------------------------------------------------------------------------------------

def read(path):
    try:
        with open(path, "rb") as file:
            return file.read().decode(errors="replace")
    except OSError:
        return ""


def test_no_code_no_token_and_no_secret_is_shown_anywhere():
    with make_lab() as lab:
        lab.start()
        login = Login(lab, typed=False)
        address = Browser(login.url).press()
        pids = (lab.daemon.process.pid, login.process.pid)
        shown = "".join(read(f"/proc/{pid}/{name}") for pid in pids for name in ("cmdline", "environ"))
        visit(address)
        code, out, err = login.end()
        assert code == DONE
        lab.until_running()
        shown += out + err + lab.log() + lab.camctl("--json", "status") + lab.camctl("--json", "discover")
        shown += subprocess.run([os.path.join(BUILD, "camrelayd"), "-T", "-c", lab.config], capture_output=True, text=True,
                                check=True).stdout
        authorization = dict(parse_qsl(urlsplit(address).query))["code"]
        for secret in (authorization, authorization.split("/")[1], stored(lab).strip(), lab.google["client_secret"], "ya29."):
            assert secret not in shown, secret[:8]
        assert "login granted" in lab.log() and "debug" in lab.log()
        assert lab.close() == 0
