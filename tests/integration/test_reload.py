"""A configuration that changes while camrelayd runs: what is different is applied, what is the same does not notice.

The judges are the stand-ins: the SFU's and a viewer's packet counters, the camera server's connections, Google's record of
every call.
"""
import grp
import json
import os
import re
import signal
import stat
import subprocess
import time

import pytest

from lab import BUILD, Lab, until
from pace import Pace
from test_restart import Watch, is_there

DONE, REFUSED, USAGE = 0, 1, 64


@pytest.fixture(name="lab", scope="module")
def three_nest_cameras_of_five():
    """cam1 to cam3 are configured; cam4 and cam5 wait to be added, by Google or by their plain URLs."""
    with Lab(cameras=5, camera_args=("--profile", "baseline", "--static", "--url-scheme", "rtsp"), lifetime=3600, window=6, qpm=30,
             supervisor={"start_stagger": "100ms"}, reference=True) as lab:
        lab.names = lab.names[:3]
        lab.write_config()
        lab.start()
        lab.until_running()
        yield lab
        assert lab.close() == 0


@pytest.fixture(name="viewer", scope="module")
def viewer_of_all(lab):
    viewer = lab.view()
    lab.until_decoding(viewer)
    lab.until_witnessed(viewer)
    return viewer


@pytest.fixture(autouse=True)
def as_it_was(request):
    """Whatever a test did to the file is taken back, and applied."""
    if "lab" not in request.fixturenames:
        yield
        return
    lab = request.getfixturevalue("lab")
    text = read(lab)
    yield
    write(lab, text)
    lab.camctl("reload")
    rows = lab.until_running()
    workers = {row["pid"] for row in rows.values()}
    until(lambda: children(lab.daemon.process.pid) == workers, "those that leave have left")


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return {int(child) for child in file.read().split()}


def read(lab):
    with open(lab.config, encoding="utf-8") as file:
        return file.read()


def write(lab, text):
    with open(lab.config, "w", encoding="utf-8") as file:
        file.write(text)


def edit(lab, old, new):
    text = read(lab)
    assert old in text, text
    write(lab, text.replace(old, new, 1))


def append(lab, text):
    write(lab, read(lab) + text)


def section(lab, name):
    """The text of a camera's section."""
    found = re.search(rf'\[camera "{name}"\]\n(?:[^\[\n]+\n)*', read(lab))
    return found.group()


def nest(lab, name, device=None, more=""):
    return (f'[camera "{name}"]\ngoogle = home\ndevice = {device or lab.google["devices"][name]}\n'
            f'ca_file = {lab.cam["ca"]}\n{more}')


def plain(lab, name="plain", number=5, more="publish = none\n"):
    return f'[camera "{name}"]\nurl = {lab.cam["static"][f"cam{number}"]}\n{more}'


def refused(lab, *arguments, **options):
    """The sentences of a command that must be refused."""
    done = lab.camctl(*arguments, check=False, **options)
    assert (done.returncode, done.stdout) == (REFUSED, ""), done
    assert done.stderr.startswith("camctl: ")
    return done.stderr.removeprefix("camctl: ").rstrip("\n")


def answer(lab, *arguments):
    return json.loads(lab.camctl("--json", *arguments))


def begin_watch(lab, viewer, names):
    """What must not notice, once the viewer has what is published now."""
    lab.until_running(names)
    until(lambda: all(lab.seen(viewer, n).get("sessionId") == lab.sfu_track(n)["session"] for n in names), "all are viewed")
    lab.until_decoding(viewer, names)
    return Watch(lab, viewer, names)


def leases(lab, name):
    return [lease for lease in lab.camera_state(name)["leases"] if lease["alive"]]


# ---- the difference, and nothing else ---------------------------------------------------------------------------------

def test_one_comes_one_goes_one_changes_and_the_others_lose_no_packet(lab, viewer):
    append(lab, plain(lab))
    lab.camctl("reload")
    lab.until_running(["plain"])
    watch = begin_watch(lab, viewer, ["cam1", "cam2", "cam3"])
    write(lab, read(lab).replace(plain(lab), plain(lab, more="publish = none\nmedia_stall = 4s\n") + plain(lab, "other", 4)))
    assert lab.camctl("reload").splitlines() == [
        "changed camera plain: media_stall (connects anew)", "added camera other", "3 cameras untouched"]
    lab.until_running(["plain", "other"])
    write(lab, read(lab).replace(plain(lab, "other", 4), ""))
    pid = lab.pid("other")
    assert lab.camctl("reload").splitlines() == ["removed camera other", "4 cameras untouched"]
    until(lambda: not is_there(pid), "its worker ends")
    lab.until_decoding(viewer)
    watch.check()


def test_a_new_nest_camera_takes_one_generate_and_the_others_lose_no_packet(lab, viewer):
    watch = begin_watch(lab, viewer, ["cam1", "cam2", "cam3"])
    append(lab, nest(lab, "cam4"))
    assert lab.camctl("reload").splitlines() == ["added camera cam4", "3 cameras untouched"]
    lab.until_running(["cam4"])
    until(lambda: lab.sfu_packets("cam4") > 0, "cam4 is published")
    pid = lab.pid("cam4")
    edit(lab, nest(lab, "cam4"), "")
    assert lab.camctl("reload").splitlines() == ["removed camera cam4", "3 cameras untouched"]
    assert "cam4" not in lab.rows()
    until(lambda: not is_there(pid), "its worker ends")
    until(lambda: lab.sfu_track("cam4") is None, "its track is closed")
    until(lambda: lab.commands("cam4")[-2:] == ["generate", "stop"], "its stream is stopped")
    until(lambda: lab.camera_state("cam4")["connected"] == [], "no RTSP connection")
    lab.until_decoding(viewer)
    assert all(call["name"] == "cam4" for call in lab.calls()[watch.calls:])
    watch.calls = len(lab.calls())
    watch.check()


def test_order_comments_and_written_defaults_change_nothing(lab, viewer):
    watch = begin_watch(lab, viewer, ["cam1", "cam2", "cam3"])
    edit(lab, section(lab, "cam2"), "")
    append(lab, "; the second\n" + nest(lab, "cam2", more="publish = cloudflare ; as ever\ntls_verify = yes\n"))
    assert lab.camctl("reload") == "nothing changed\n"
    assert answer(lab, "reload") == {"v": 1, "ok": True, "text": "nothing changed", "data": {"changes": []}}
    assert [row["name"] for row in lab.status()["cameras"]] == ["cam1", "cam3", "cam2"]
    lab.until_decoding(viewer)
    watch.check()


def test_sighup_does_and_logs_the_same(lab):
    append(lab, plain(lab))
    lab.daemon.process.send_signal(signal.SIGHUP)
    lab.until_running(["plain"])
    assert re.search(r'info supervisor reload text="added camera plain"\n.*info supervisor reload text="3 cameras untouched"',
                     lab.log())
    edit(lab, "publish = none", "publish = maybe")
    lab.daemon.process.send_signal(signal.SIGHUP)
    until(lambda: re.search(r"error supervisor reload text=.*publish = maybe: item 1 must be cloudflare, whip:NAME,", lab.log()),
          "the mistake is logged")
    assert lab.rows()["plain"]["phase"] == "running"


def test_json_says_what_changed(lab):
    append(lab, plain(lab, more="publish = none\n"))
    lab.camctl("reload")
    edit(lab, "publish = none\n", "publish = none\nmedia_stall = 3s\n")
    assert answer(lab, "reload")["data"]["changes"] == [
        {"change": "changed", "section": "camera", "name": "plain", "keys": ["media_stall"], "effect": "connects anew",
         "pending": False}]


def test_events_tell_it(lab):
    with subprocess.Popen([os.path.join(BUILD, "camctl"), "-r", lab.run_dir, "--json", "events", "--follow"],
                          stdout=subprocess.PIPE, text=True) as process:
        os.set_blocking(process.stdout.fileno(), False)
        seen = []

        def events():
            seen.extend(json.loads(line) for line in process.stdout.readlines())
            return seen

        until(lambda: lab.camctl("restart", "cam1") and events(), "the first event")
        append(lab, plain(lab))
        lab.camctl("reload")
        until(lambda: {"added"} <= {e["event"] for e in events() if e.get("camera") == "plain"}, "added")
        edit(lab, plain(lab), "")
        lab.camctl("reload")
        until(lambda: {"added", "removed"} <= {e["event"] for e in events() if e.get("camera") == "plain"}, "removed")
        process.terminate()


# ---- refused, and nothing changed -------------------------------------------------------------------------------------

def test_a_broken_file_is_refused_as_camrelayd_t_does_and_nothing_changes(lab, viewer):
    watch = begin_watch(lab, viewer, ["cam1", "cam2", "cam3"])
    edit(lab, "[supervisor]\n", "[supervisor]\nkill_timeout = soon\nnonsense = 1\n")
    append(lab, plain(lab))
    said = refused(lab, "reload")
    tested = subprocess.run([os.path.join(BUILD, "camrelayd"), "-t", "-c", lab.config], capture_output=True, text=True,
                            check=False)
    assert tested.returncode == 78 and said == tested.stderr.rstrip("\n")
    assert f"{lab.config}:2: [supervisor] kill_timeout = soon: must be a duration from 100ms to 1m" in said
    assert ":3: [supervisor] nonsense: no such key" in said
    done = lab.camctl("--json", "reload", check=False)
    assert (done.returncode, json.loads(done.stdout)) == (REFUSED, {"v": 1, "ok": False, "text": said})
    assert "plain" not in lab.rows()
    lab.until_decoding(viewer)
    watch.check()


def test_a_file_that_is_gone_is_refused(lab):
    text = read(lab)
    os.rename(lab.config, lab.config + ".away")
    try:
        assert refused(lab, "reload") == f"{lab.config}: cannot be read: No such file or directory"
    finally:
        os.rename(lab.config + ".away", lab.config)
    assert read(lab) == text


def test_what_takes_a_restart_refuses_the_whole_and_names_the_keys(lab):
    edit(lab, "[supervisor]\n", "[supervisor]\nstate_dir = /nowhere\nkill_timeout = 3s\n")
    edit(lab, "[cloudflare]\n", "[cloudflare]\ncall_timeout = 7s\n")
    append(lab, plain(lab))
    assert refused(lab, "reload") == ("nothing was changed, since this takes a restart: [supervisor] state_dir, "
                                      "[cloudflare] call_timeout")
    assert "plain" not in lab.rows()


def test_a_secret_that_cannot_be_read_refuses_the_whole(lab):
    token = os.path.join(lab.directory, "home.token")
    append(lab, plain(lab))
    os.chmod(token, 0o644)
    try:
        assert refused(lab, "reload").startswith(f"{token}: holds a secret that every user can read")
        assert "plain" not in lab.rows()
    finally:
        os.chmod(token, 0o600)


def test_a_socket_that_cannot_be_bound_refuses_the_whole(lab):
    path = os.path.join(lab.run_dir, "worker", "plain.ipc")
    os.mkdir(path)
    append(lab, plain(lab, "aaa", 4) + plain(lab))
    try:
        assert refused(lab, "reload").startswith(path)
        assert not {"plain", "aaa"} & set(lab.rows())
    finally:
        os.rmdir(path)
    lab.camctl("reload")
    lab.until_running(["plain", "aaa"])


# ---- what is changed, by as little as possible ------------------------------------------------------------------------

def test_another_url_keeps_the_worker(lab):
    append(lab, plain(lab, number=4))
    lab.camctl("reload")
    pid = lab.until_running(["plain"])["plain"]["pid"]
    before = lab.camera_state("cam5")["connections"]
    edit(lab, lab.cam["static"]["cam4"], lab.cam["static"]["cam5"])
    assert "changed camera plain: url (another stream)" in lab.camctl("reload")
    until(lambda: lab.camera_state("cam5")["connections"] > before, "it connects to the other camera")
    row = lab.until_running(["plain"])["plain"]
    assert (row["pid"], row["state"]) == (pid, "running")


def test_a_camera_that_was_degraded_is_tried_with_its_new_url_at_once(lab):
    append(lab, '[camera "plain"]\nurl = rtsp://127.0.0.1:9/none\npublish = none\n')
    lab.camctl("reload")
    until(lambda: lab.rows()["plain"].get("error"), "it cannot be reached")
    edit(lab, "rtsp://127.0.0.1:9/none", lab.cam["static"]["cam5"])
    with Pace() as pace:
        start = time.monotonic()
        lab.camctl("reload")
        lab.until_running(["plain"])
        took = time.monotonic() - start
    assert took < pace.allowed(5)


def test_publish_goes_on_and_off(lab):
    append(lab, plain(lab))
    lab.camctl("reload")
    # Not by its phase alone: the worker of the camera that an earlier test removed may still be leaving.
    until(lambda: lab.rows()["plain"]["state"] == "running", "plain runs")
    pid = lab.until_running(["plain"])["plain"]["pid"]
    edit(lab, "publish = none", "publish = cloudflare")
    assert "changed camera plain: publish (published anew)" in lab.camctl("reload")
    until(lambda: lab.sfu_packets("plain") > 0, "the SFU has its packets")
    assert lab.pid("plain") == pid
    edit(lab, plain(lab, more="publish = cloudflare\n"), plain(lab))
    lab.camctl("reload")
    until(lambda: lab.sfu_track("plain") is None, "its track is closed")
    row = until(lambda: (lab.running(["plain"]) or {}).get("plain"), "it runs on")
    assert row["publication"] == "none"


def test_another_device_is_another_stream_and_the_same_worker(lab, viewer):
    watch = begin_watch(lab, viewer, ["cam1", "cam2"])
    pid, session = lab.pid("cam3"), lab.sfu_track("cam3")["session"]
    old, new = lab.google["devices"]["cam3"], lab.google["devices"]["cam4"]
    before = lab.camera_state("cam4")["connections"]
    edit(lab, old, new)
    assert "changed camera cam3: device (another stream)" in lab.camctl("reload")
    until(lambda: lab.camera_state("cam4")["connections"] > before, "it shows the other device")
    until(lambda: lab.rows()["cam3"]["state"] == "running" and lab.running(["cam3"]), "it runs")
    assert (lab.pid("cam3"), lab.sfu_track("cam3")["session"]) == (pid, session)
    until(lambda: lab.commands("cam3")[-1] == "stop" and not leases(lab, "cam3"), "the old stream is stopped")
    lab.until_decoding(viewer)
    watch.calls = len(lab.calls())
    watch.check()


def test_two_cameras_that_swap_their_devices_take_each_others_streams(lab):
    devices = lab.google["devices"]
    calls = len(lab.calls())
    text = read(lab)
    write(lab, text.replace(devices["cam1"], "{}").replace(devices["cam2"], devices["cam1"]).replace("{}", devices["cam2"]))
    lab.camctl("reload")
    until(lambda: lab.log().count("google stream resumed") >= 2, "both are resumed")
    lab.until_running()
    assert [call for call in lab.calls()[calls:] if call["name"] in ("cam1", "cam2")] == []


def test_a_camera_that_is_renamed_keeps_its_stream(lab):
    calls = len(lab.calls())
    edit(lab, '[camera "cam3"]', '[camera "porch"]')
    assert lab.camctl("reload").splitlines() == ["removed camera cam3", "added camera porch", "2 cameras untouched"]
    lab.until_running(["porch"])
    until(lambda: lab.sfu_packets("porch") > 0, "it is published by its new name")
    assert [call for call in lab.calls()[calls:] if call["name"] == "cam3"] == []


def test_a_nest_camera_becomes_a_url_and_back(lab):
    old = section(lab, "cam3")
    edit(lab, old, plain(lab, "cam3", 5, ""))
    assert "changed camera cam3: google, device, url, ca_file (another stream)" in lab.camctl("reload")
    row = until(lambda: (lab.running(["cam3"]) or {}).get("cam3"), "cam3 runs by its URL")
    assert "account" not in row
    until(lambda: lab.commands("cam3")[-1] == "stop", "its stream is stopped")
    edit(lab, plain(lab, "cam3", 5, ""), old)
    lab.camctl("reload")
    until(lambda: lab.commands("cam3")[-1] == "generate", "another is generated")
    row = lab.until_running(["cam3"])["cam3"]
    assert (row["account"], row["state"]) == ("home", "running")


def test_a_stopped_camera_stays_stopped(lab):
    lab.camctl("--wait", "stop", "cam3")
    edit(lab, section(lab, "cam3"), section(lab, "cam3") + "media_stall = 4s\n")
    lab.camctl("reload")
    assert (lab.rows()["cam3"]["state"], lab.pid("cam3")) == ("stopped", 0)
    lab.camctl("--wait", "start", "cam3")


def test_limits_log_level_and_defaults_are_applied_at_once(lab):
    edit(lab, "qpm = 30\n", "qpm = 20\n")
    edit(lab, "log_level = debug\n", "log_level = warn\nkill_timeout = 2s\nfailed_retry_first = 1s\n")
    assert lab.camctl("reload").splitlines() == [
        "changed [supervisor]: log_level, kill_timeout, failed_retry_first", 'changed [google "home"]: qpm',
        "3 cameras untouched"]
    assert lab.status()["accounts"][0]["qpm"] == 20
    size = len(lab.log())
    lab.camctl("--wait", "restart", "cam1")
    assert not re.search(r" (info|debug) (cam=\S+ )?(camera|worker|link) ", lab.log()[size:])


# ---- camctl add and remove --------------------------------------------------------------------------------------------

COMMENTED = """; camrelay on the shelf
; nothing here is generated

[camera "plain"]   # the first
url = {url}
    publish=none ; not yet

; the last word
"""


def test_add_and_remove_leave_the_file_as_it_was(lab, viewer):
    watch = begin_watch(lab, viewer, ["cam1", "cam2", "cam3"])
    append(lab, COMMENTED.format(url=lab.cam["static"]["cam5"]))
    lab.camctl("reload")
    os.chmod(lab.config, 0o640)
    group = max(g.gr_gid for g in grp.getgrall()) if os.getuid() == 0 else os.getgid()
    os.chown(lab.config, -1, group)
    text, inode = read(lab), os.stat(lab.config).st_ino
    assert lab.camctl("--wait", "add", "more", f"url={lab.cam['static']['cam4']}", "publish=none").splitlines() == [
        "added camera more", "4 cameras untouched"]
    assert lab.rows()["more"]["phase"] == "running"
    assert read(lab) == text + f'\n[camera "more"]\nurl = {lab.cam["static"]["cam4"]}\npublish = none\n'
    after = os.stat(lab.config)
    assert (stat.S_IMODE(after.st_mode), after.st_gid, after.st_uid) == (0o640, group, os.getuid()) and after.st_ino != inode
    assert lab.camctl("remove", "more").splitlines() == ["removed camera more", "4 cameras untouched"]
    assert read(lab) == text
    assert lab.camctl("remove", "plain").splitlines() == ["removed camera plain", "3 cameras untouched"]
    assert read(lab).endswith("\n\n; the last word\n") and "camrelay on the shelf" in read(lab)
    assert [name for name in os.listdir(lab.directory) if name.startswith("camrelay.conf")] == ["camrelay.conf"]
    lab.until_decoding(viewer)
    watch.check()


def test_a_symbolic_link_stays_one(lab):
    target = lab.config + "-real"
    os.rename(lab.config, target)
    os.symlink(target, lab.config)
    try:
        lab.camctl("add", "more", f"url={lab.cam['static']['cam4']}", "publish=none")
        assert os.path.islink(lab.config) and '[camera "more"]' in read(lab)
        lab.camctl("remove", "more")
    finally:
        os.replace(target, lab.config)


@pytest.mark.parametrize("arguments, words", [
    (("cam1", "url=rtsp://h/"), "camera cam1 is already in "),
    (("new", "urll=rtsp://h/"), "urll: no such key; did you mean url?"),
    (("new", "url=ftp://h/"), "url = ***: must be a URL that begins with rtsp://"),
    (("new", "publish=none"), '[camera "new"]: needs google and device, or url'),
    (("new", "url=rtsp://h/", "url=rtsp://h/"), "is already set at line"),
    (("new", "google=house", "device=D"), 'there is no section [google "house"]'),
    (("new", "url=rtsp://h/\n[camera \"evil\"]"), "url: cannot be written into the file"),
    (("New", "url=rtsp://h/"), "a camera's name must be 1 to 63 of a-z"),
    (("n\"]\nx", "url=rtsp://h/"), "a camera's name must be 1 to 63 of a-z"),
])
def test_add_refuses_with_a_sentence_and_leaves_the_file(lab, arguments, words):
    text, inode = read(lab), os.stat(lab.config).st_ino
    assert words in refused(lab, "add", *arguments)
    assert (read(lab), os.stat(lab.config).st_ino) == (text, inode)
    assert set(lab.rows()) == {"cam1", "cam2", "cam3"}


def test_remove_of_nobody_is_refused(lab):
    assert refused(lab, "remove", "nobody") == f"there is no camera nobody in {lab.config}"


def test_add_and_remove_refuse_a_file_that_was_broken_meanwhile(lab):
    append(lab, "[camera broken]\n")
    text = read(lab)
    for arguments in (("add", "new", "url=rtsp://h/"), ("remove", "cam1")):
        assert "must be [section] or [section" in refused(lab, *arguments)
    assert read(lab) == text and len(lab.rows()) == 3


def test_a_file_that_cannot_be_written_is_refused_and_nothing_is_applied(lab):
    """As root every directory can be written to: a name that leaves no room for the temporary file cannot."""
    long = os.path.join(lab.directory, "c" * 250)
    os.rename(lab.config, long)
    os.symlink(long, lab.config)
    try:
        said = refused(lab, "add", "new", f"url={lab.cam['static']['cam4']}", "publish=none")
        assert said == f"{long}: a file beside it cannot be made: File name too long"
        assert "new" not in lab.rows() and '"new"' not in read(lab)
    finally:
        os.replace(long, lab.config)
    lab.camctl("add", "new", f"url={lab.cam['static']['cam4']}", "publish=none")


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written_is_refused(lab):
    os.chmod(lab.directory, 0o500)
    try:
        assert "a file beside it cannot be made: Permission denied" in refused(lab, "remove", "cam3")
    finally:
        os.chmod(lab.directory, 0o700)


def test_what_was_edited_and_not_reloaded_is_applied_and_said(lab):
    append(lab, plain(lab))
    said = lab.camctl("add", "more", f"url={lab.cam['static']['cam4']}", "publish=none").splitlines()
    assert said == ["added camera more", "also applied, since the file had been edited and not reloaded:",
                    "added camera plain", "3 cameras untouched"]
    edit(lab, plain(lab), "")
    changes = answer(lab, "remove", "more")["data"]["changes"]
    assert [(c["change"], c["name"], c["pending"]) for c in changes] == [("removed", "plain", True), ("removed", "more", False)]


def test_a_password_comes_by_stdin_and_is_shown_nowhere(lab):
    url = lab.cam["static"]["cam5"].replace("rtsp://", "rtsp://me:hunter2@")
    done = subprocess.run([os.path.join(BUILD, "camctl"), "-r", lab.run_dir, "add", "new", "url=-", "publish=none"],
                          input=url + "\n", capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (DONE, "added camera new\n3 cameras untouched\n", "")
    assert f"url = {url}\n" in read(lab)
    bad = subprocess.run([os.path.join(BUILD, "camctl"), "-r", lab.run_dir, "add", "worse", "url=-"],
                         input="ftp://me:hunter2@h/", capture_output=True, text=True, timeout=60, check=False)
    assert bad.returncode == REFUSED and "hunter2" not in bad.stderr
    assert "hunter2" not in lab.camctl("--json", "show", "new") + lab.log()
    seen = lab.camctl("add", "argv", f"url={url}", "publish=none", check=False)
    assert "was visible in ps" in seen.stderr and "hunter2" not in seen.stderr + seen.stdout + lab.log()


@pytest.mark.parametrize("arguments", [("add",), ("add", "new"), ("add", "new", "url"), ("add", "new", "=x"),
                                       ("remove",), ("remove", "a", "b"), ("reload", "cam1")])
def test_wrong_usage_is_64(lab, arguments):
    done = lab.camctl(*arguments, check=False)
    assert done.returncode == USAGE and done.stdout == ""


# ---- at the wrong moment ----------------------------------------------------------------------------------------------

def test_a_camera_that_is_removed_with_its_generate_on_the_way_gives_the_stream_back(lab):
    lab.google_fault(action="slow", seconds=2, match={"kind": "generate"})
    lab.camctl("add", "cam4", "google=home", f"device={lab.google['devices']['cam4']}")
    count = len(lab.commands("cam4"))
    until(lambda: len(lab.calls(kind="generate", name="cam4")) > count or lab.camera_state("cam4")["leases"],
          "Generate has left")
    lab.camctl("remove", "cam4")
    assert "cam4" not in lab.rows()
    until(lambda: lab.commands("cam4") and lab.commands("cam4")[-1] == "stop" and not leases(lab, "cam4"),
          "what came all the same is stopped")


def test_a_camera_that_comes_back_at_once_gets_its_stream_and_its_socket_back(lab, viewer):
    watch = begin_watch(lab, viewer, ["cam1", "cam2"])
    device = lab.google["devices"]["cam3"]
    for _ in range(5):
        lab.camctl("remove", "cam3")
        assert lab.camctl("--wait", "add", "cam3", "google=home", f"device={device}",
                          f"ca_file={lab.cam['ca']}").splitlines()[0] == "added camera cam3"
    until(lambda: lab.sfu_packets("cam3") > 0, "it is published")
    assert not lab.over_quota()
    lab.until_decoding(viewer)
    watch.calls = len(lab.calls())
    watch.check()


def test_a_hundred_reloads_with_everything_in_flight_end_well(lab):
    """Nothing to assert but that it lives and ends as it began: the sanitizers watch."""
    whole = read(lab)
    without = whole.replace(section(lab, "cam3"), "")
    other = whole.replace(lab.google["devices"]["cam3"], lab.google["devices"]["cam4"])
    lab.google_fault(action="slow", seconds=0.3, match={"kind": "generate"}, count=20)
    for number in range(100):
        write(lab, (whole, without, other, whole + plain(lab))[number * 7 % 4])
        lab.camctl("reload")
    write(lab, whole)
    lab.camctl("reload")
    lab.until_running(deadline_s=60)
    assert set(lab.rows()) == {"cam1", "cam2", "cam3"}


def test_a_stop_that_comes_while_a_camera_leaves_is_a_stop(make_lab):
    lab = make_lab(cameras=2, window=6, supervisor={"start_stagger": "100ms"}).start()
    lab.until_running()
    workers = [row["pid"] for row in lab.rows().values()]
    lab.sfu_fault(match="tracks_close", action="hang", seconds=30, count=10)
    os.kill(workers[1], signal.SIGSTOP)
    lab.camctl("remove", "cam2")
    assert lab.daemon.stop() == 0
    assert not any(is_there(pid) for pid in workers)


# ---- accounts ---------------------------------------------------------------------------------------------------------

def test_a_second_account_is_added_and_taking_one_out_takes_a_restart(make_lab):
    lab = make_lab(cameras=2, accounts=2, window=6, supervisor={"start_stagger": "100ms"})
    both = read(lab)
    second = re.search(r'\[google "home2"\]\n(?:[^\[]+\n)*', both).group()
    camera = re.search(r'\[camera "cam2"\]\n(?:[^\[]+\n)*', both).group()
    write(lab, both.replace(second, "").replace(camera, ""))
    lab.start()
    lab.until_running(["cam1"])
    write(lab, both)
    assert lab.camctl("reload").splitlines() == ['added [google "home2"]', "added camera cam2", "1 camera untouched"]
    lab.until_running()
    assert [account["name"] for account in lab.status()["accounts"]] == ["home", "home2"]
    write(lab, both.replace(second, "").replace(camera, ""))
    assert refused(lab, "reload") == 'nothing was changed, since this takes a restart: [google "home2"] is gone'
    assert lab.running()


def test_a_new_refresh_token_is_read_and_wakes_the_account(make_lab):
    lab = make_lab(cameras=1, window=6)
    token = os.path.join(lab.directory, "home.token")
    with open(token, encoding="ascii") as file:
        good = file.read()
    with open(token, "w", encoding="ascii") as file:
        file.write("revoked\n")
    lab.start()
    until(lambda: lab.status()["accounts"][0]["state"] == "needs login", "the account is refused")
    with open(token, "w", encoding="ascii") as file:
        file.write(good)
    assert lab.camctl("reload").splitlines() == ['new secrets for [google "home"]', "1 camera untouched"]
    lab.until_running()
    assert lab.camctl("reload") == "nothing changed\n"


def test_what_was_added_outlives_a_restart_and_what_was_removed_does_not(make_lab):
    lab = make_lab(cameras=2, window=6, supervisor={"start_stagger": "100ms"}, state=True).start()
    lab.until_running()
    lab.camctl("remove", "cam2")
    until(lambda: lab.commands("cam2")[-1] == "stop", "its stream is stopped")
    os.kill(lab.daemon.process.pid, signal.SIGKILL)
    lab.daemon.process.wait()
    lab.start()
    lab.until_running(["cam1"])
    assert set(lab.rows()) == {"cam1"}
    assert lab.commands("cam1") == ["generate"]
