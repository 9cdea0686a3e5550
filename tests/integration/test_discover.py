"""Discovery: devices.list by itself and by camctl discover, what it tells of cameras, and that its bucket is kept.

The judge is google.py: its call log, and the peak of its bucket of devices.list.
"""
import json
import os
import re
import subprocess
import sys
import threading

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../sim"))
from lab import BUILD, Lab, http, until  # noqa: E402
from test_restart import Watch  # noqa: E402

LIST_QPM = 5
SECTION = re.compile(r'((?:^; .*\n)?^\[camera "(.+)"\]\n(?:\w+ = .+\n)+)', re.M)


def make_lab(**more):
    """Cameras that are not streamed: what is listed is all that matters."""
    account = {"discover_every": "200ms", **more.pop("account", {})}
    return Lab(**{"cameras": 2, "lifetime": 60, "window": 3, "qpm": 20, "camera": {"publish": "none"},
                  "google_args": ("--list-qpm", "60"), "account": {"list_qpm": "60", **account},
                  "supervisor": {"start_stagger": "100ms"}, **more})


def device(lab, name, **more):
    return lab.google_sim("devices", name=name, **more)["id"]


def rows(lab, *arguments):
    """{custom name: its row} of one account."""
    found = json.loads(lab.camctl("--json", "discover", *arguments))
    assert len(found) == 1, found
    return {row["name"]: row for row in found[0]["devices"]}


class Events:
    """What camctl events --follow has told since the first event that it heard."""

    def __init__(self, lab):
        self.seen = []
        self.process = subprocess.Popen([os.path.join(BUILD, "camctl"), "-r", lab.run_dir, "--json", "events", "--follow"],
                                        stdout=subprocess.PIPE, text=True)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        until(lambda: self.poke(lab), "an event is heard")

    def poke(self, lab):
        """A subscriber hears what comes after it has connected: a device comes and goes until it does."""
        device(lab, "poke")
        lab.camctl("discover", check=False)
        http("DELETE", lab.google["sim"] + "/devices/poke")
        lab.camctl("discover", check=False)
        return self.seen

    def read(self):
        for line in self.process.stdout:
            self.seen.append(json.loads(line))

    def of(self, event, ident):
        return [e for e in self.seen if e["event"] == event and ident in e.get("text", "")]

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.reader.join(5)
        self.process.stdout.close()


@pytest.fixture(name="lab", scope="module")
def two_cameras_of_which_one_is_configured():
    with make_lab() as lab:
        lab.names.remove("cam2")
        lab.write_config()
        lab.start()
        yield lab
        assert not lab.over_quota()
        assert lab.close() == 0


@pytest.fixture(name="events")
def events_from_now_on(lab):
    events = Events(lab)
    yield events
    events.close()


# ---- what is shown ----------------------------------------------------------------------------------------------

def test_discover_shows_every_camera_with_its_protocol_and_whether_it_is_configured(lab):
    device(lab, "hall", protocols=["WEB_RTC"], custom_name="Hall")
    device(lab, "heating", type="THERMOSTAT", protocols=[])
    found = rows(lab)
    assert found["cam1"] == {"device": lab.google["devices"]["cam1"], "name": "cam1", "protocol": "RTSP",
                             "type": "sdm.devices.types.CAMERA", "camera": "cam1"}
    assert found["Hall"]["protocol"] == "WEB_RTC" and not {"camera", "section"} & set(found["Hall"])
    assert "camera" not in found["cam2"] and "heating" not in found
    text = lab.camctl("discover", "home")
    assert re.match(r"account home: listed just now, \d cameras\n  NAME +PROTOCOL CAMERA +DEVICE\n", text)
    assert re.search(rf"^  cam1 +RTSP +cam1 +{lab.google['devices']['cam1']}$", text, re.M)
    assert re.search(r"^  Hall +WEB_RTC +- +AVPHwE", text, re.M)


def test_a_camera_without_a_custom_name_has_its_room_s_and_slugs_are_unique(lab):
    for number in (1, 2):
        device(lab, f"garage{number}", custom_name="", room="Garage")
    device(lab, "kitchen", custom_name="Küche \x1b[31m\n(unten)")
    sections = {name for _, name in SECTION.findall(lab.camctl("discover"))}
    assert {"cam2", "garage", "garage-2", "kuche-31m-unten"} <= sections
    text = lab.camctl("discover")
    assert "Küche [31m (unten)" in text and "\x1b" not in text


def test_the_sections_are_a_sound_configuration_and_then_every_camera_is_configured(lab, tmp_path):
    with open(lab.config, encoding="utf-8") as file:
        text = file.read()
    printed = lab.camctl("discover")
    sections = SECTION.findall(printed)
    assert len(sections) >= 3
    whole = tmp_path / "camrelay.conf"
    whole.write_text(text + "".join(section for section, _ in sections), encoding="utf-8")
    done = subprocess.run([os.path.join(BUILD, "camrelayd"), "-t", "-c", whole], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr


def test_status_counts_the_cameras_that_have_no_section(lab):
    wanted = sum("section" in row for row in json.loads(lab.camctl("--json", "discover"))[0]["devices"])
    assert lab.status()["accounts"][0]["unconfigured"] == wanted > 0
    assert f"  {wanted} more at Google that no section is for: camctl discover\n" in lab.camctl("status")


def test_an_unknown_section_is_named(lab):
    done = lab.camctl("discover", "nowhere", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == 'camctl: there is no section [google "nowhere"]\n'


# ---- what changes -----------------------------------------------------------------------------------------------

def test_a_camera_that_comes_and_goes_is_an_event(lab, events):
    ident = device(lab, "shed")
    told = until(lambda: events.of("device added", ident), "the new camera was told")
    assert told[0]["text"] == f"account home: shed ({ident}) is listed by Google now, protocol RTSP"
    assert "camera" not in told[0]
    http("DELETE", lab.google["sim"] + "/devices/shed")
    told = until(lambda: events.of("device vanished", ident), "that it went was told")
    assert told[0]["text"] == f"account home: shed ({ident}) is no longer listed by Google"
    assert len(events.of("device added", ident)) == len(events.of("device vanished", ident)) == 1


def test_a_camera_that_moves_to_webrtc_is_an_event_and_a_sentence(lab, events):
    ident = lab.google["devices"]["cam1"]
    assert "notice" not in lab.rows()["cam1"]
    device(lab, "cam1", protocols=["WEB_RTC"])
    try:
        told = until(lambda: events.of("device changed", ident), "the change was told")
        assert told[0]["camera"] == "cam1" and "from RTSP to WEB_RTC" in told[0]["text"]
        assert "WEB_RTC only" in lab.rows()["cam1"]["notice"]
        assert re.search(r"notice +Google serves this device by WEB_RTC only", lab.camctl("show", "cam1"))
        lines = lab.camctl("status").splitlines()
        row = next(line for line in lines if line.startswith("cam1 "))
        assert "Google serves this device by"[:20] in row and max(map(len, lines)) <= 100, row
    finally:
        device(lab, "cam1", protocols=["RTSP"])
    until(lambda: "notice" not in lab.rows()["cam1"], "all is well again")


def test_a_configured_camera_that_google_does_not_list_says_so(lab, events):
    ident = lab.google["devices"]["cam1"]
    http("DELETE", lab.google["sim"] + "/devices/cam1")
    try:
        told = until(lambda: events.of("device vanished", ident), "that it went was told")
        assert told[0]["camera"] == "cam1"
        assert "does not list this device" in lab.camctl("show", "cam1")
    finally:
        device(lab, "cam1")
    told = until(lambda: events.of("device added", ident), "that it is back was told")
    assert told[0]["camera"] == "cam1"


def test_a_list_that_fails_leaves_the_last_one_and_says_why(lab):
    known = set(rows(lab))
    for action, words in (("503", "UNAVAILABLE"), ("malformed", "malformed"), ("html", "HTML page")):
        # Lists are made by themselves too: each fails until we say otherwise.
        lab.google_fault(match={"kind": "list"}, action=action, count=1000)
        answer = json.loads(lab.camctl("--json", "discover"))[0]
        assert words in answer["why"], answer
        assert {row["name"] for row in answer["devices"]} == known
        assert words in lab.camctl("discover")
        http("DELETE", lab.google["sim"] + "/faults")
        until(lambda: "; " not in lab.camctl("discover").splitlines()[0], "a list that works")


# ---- the first list ---------------------------------------------------------------------------------------------

def test_what_changed_while_camrelayd_was_down_is_in_the_log_of_the_start():
    with make_lab(cameras=3) as lab:
        http("DELETE", lab.google["sim"] + "/devices/cam1")
        device(lab, "cam2", protocols=["WEB_RTC"])
        device(lab, "new")
        lab.start()
        until(lambda: lab.rows()["cam2"].get("notice"), "the first list")
        log = lab.log()
        assert re.search(r"warn google=home device vanished cam=cam1 ", log)
        assert re.search(r"warn google=home device changed cam=cam2 ", log)
        assert "device added" not in log, "what the first list has is not news"
        assert lab.close() == 0


def test_without_an_interval_nobody_lists_until_camctl_asks():
    with make_lab(account={"discover_every": "0s"}) as lab:
        lab.start()
        until(lambda: lab.calls(kind="generate", status=200), "the account works")
        assert lab.calls(kind="list") == []
        assert set(rows(lab)) == {"cam1", "cam2"}
        assert len(lab.calls(kind="list")) == 1
        assert lab.close() == 0


def test_devices_are_listed_per_account():
    with make_lab(accounts=2) as lab:
        lab.start()
        found = {a["account"]: {row["device"]: row.get("camera") for row in a["devices"]}
                 for a in json.loads(lab.camctl("--json", "discover"))}
        ids = lab.google["devices"]
        # Both users see both cameras, each is configured for one of them.
        assert found == {name: {ids["cam1"]: "cam1", ids["cam2"]: "cam2"} for name in ("home", "home2")}
        assert list(rows(lab, "home2")) == ["cam1", "cam2"]
        assert {c["user"] for c in lab.calls(kind="list")} == {"user1", "user2"}
        assert lab.close() == 0


def test_a_reload_reaches_what_discovery_does_and_says():
    with make_lab(account={"discover_every": "0s"}) as lab:
        lab.names.remove("cam2")
        lab.write_config()
        lab.start()
        lab.camctl("discover")
        lab.camctl("add", "second", "google=home", f"device={lab.google['devices']['cam2']}", "publish=none")
        assert rows(lab)["cam2"]["camera"] == "second" and lab.status()["accounts"][0]["unconfigured"] == 0
        asked = len(lab.calls(kind="list"))
        with open(lab.config, encoding="utf-8") as file:
            text = file.read()
        with open(lab.config, "w", encoding="utf-8") as file:
            file.write(text.replace("discover_every = 0s", "discover_every = 200ms"))
        assert lab.camctl("reload").startswith('changed [google "home"]: discover_every\n')
        until(lambda: len(lab.calls(kind="list")) >= asked + 2, "it is listed again and again")
        assert lab.close() == 0


# ---- auto_add ---------------------------------------------------------------------------------------------------

def read(lab):
    with open(lab.config, encoding="utf-8") as file:
        return file.read()


def make_adding_lab(**more):
    """Three cameras of which cam1 is configured; lists are made at the start and when a test asks for one."""
    lab = make_lab(cameras=3, camera_args=("--profile", "baseline", "--url-scheme", "rtsp"),
                   account={"auto_add": "yes", "discover_every": "1h", **more.pop("account", {})}, **more)
    lab.names = ["cam1"]
    lab.write_config()
    return lab


def added(lab, name):
    return f"cam={name} camera added" in lab.log()


def not_added(lab, name):
    """The sentences that said so."""
    return re.findall(rf'cam={name} camera not added text="(.*)"', lab.log())


def section_of(lab, name, ident):
    return f'[camera "{name}"]\ngoogle = home\ndevice = {lab.google["devices"].get(ident, ident)}\n'


def test_auto_add_writes_the_sections_and_starts_the_cameras_and_nobody_else_notices():
    with make_adding_lab(camera={"publish": "cloudflare"}) as lab:
        before = read(lab)
        lab.start()
        lab.until_running(["cam1", "cam2", "cam3"])
        assert read(lab) == before + "".join("\n" + section_of(lab, n, n) for n in ("cam2", "cam3"))
        viewer = lab.view(names=["cam1", "cam2"])
        until(lambda: all(lab.seen(viewer, n).get("sessionId") == lab.sfu_track(n)["session"] for n in ("cam1", "cam2")),
              "both are viewed")
        lab.until_decoding(viewer, ["cam1", "cam2"])
        watch = Watch(lab, viewer, ["cam1", "cam2"])
        yard = device(lab, "yard", camera="cam3", custom_name="The Yard")
        device(lab, "hall", protocols=["WEB_RTC"])
        lab.camctl("discover")
        lab.until_running(["the-yard"])
        assert read(lab).endswith("\n\n" + section_of(lab, "the-yard", yard))
        lab.until_decoding(viewer, ["cam1", "cam2"])
        assert [c["kind"] for c in lab.calls()[watch.calls:]] == ["list", "generate"]
        watch.calls = len(lab.calls())
        watch.check()
        assert added(lab, "the-yard") and not re.search("cam=hall|not added", lab.log())
        assert lab.status()["accounts"][0]["unconfigured"] == 0 and lab.camctl("reload") == "nothing changed\n"
        assert lab.close() == 0


def test_auto_add_tells_it_as_an_event():
    with make_adding_lab() as lab:
        lab.start()
        until(lambda: added(lab, "cam2") and added(lab, "cam3"), "the first list")
        events = Events(lab)
        ident = device(lab, "yard", camera="cam3")
        lab.camctl("discover")
        event = until(lambda: events.of("camera added", ident), "the event")[0]
        assert (event["camera"], event["text"]) == ("yard", f"account home: {ident}")
        events.close()
        assert lab.close() == 0


def test_auto_add_without_an_sfu_publishes_nothing():
    with make_adding_lab() as lab:
        text = read(lab)
        with open(lab.config, "w", encoding="utf-8") as file:
            file.write(re.sub(r"\[cloudflare\]\n(?:\w+ = .*\n)+", "", text))
        lab.start()
        lab.until_running(["cam2", "cam3"])
        assert read(lab).endswith(section_of(lab, "cam3", "cam3") + "publish = none\n")
        assert lab.close() == 0


def test_a_camera_that_was_removed_stays_away_and_comes_back_by_hand():
    with make_adding_lab(state=True) as lab:
        lab.start()
        until(lambda: added(lab, "cam2") and added(lab, "cam3"), "the first list")
        lab.camctl("remove", "cam3")
        lab.camctl("discover")
        assert "cam3" not in lab.rows() and not not_added(lab, "cam3")
        assert lab.daemon.stop() == 0
        # While nobody looks the other one goes, too.
        text = read(lab)
        with open(lab.config, "w", encoding="utf-8") as file:
            file.write(text.replace(section_of(lab, "cam2", "cam2"), ""))
        lab.start()
        for name in ("cam2", "cam3"):
            said = until(lambda: not_added(lab, name), f"{name} was met")  # pylint: disable=cell-var-from-loop
            assert said == [f"account home: {lab.google['devices'][name]}: it was configured once and was removed; "
                            "camctl discover has its section"]
        assert list(lab.rows()) == ["cam1"]
        lab.camctl("add", "cam3", "google=home", f"device={lab.google['devices']['cam3']}")
        assert lab.daemon.stop() == 0
        lab.start()
        assert sorted(lab.rows()) == ["cam1", "cam3"]
        assert lab.close() == 0


def test_a_file_that_cannot_be_written_is_said_once_and_tried_again_when_the_camera_comes_anew():
    """As root every directory can be written to: a name that leaves no room for the temporary file cannot."""
    with make_adding_lab() as lab:
        long = os.path.join(lab.directory, "c" * 250)
        os.rename(lab.config, long)
        os.symlink(long, lab.config)
        text = read(lab)
        lab.start()
        said = until(lambda: not_added(lab, "cam2"), "cam2 was met")
        assert said == [f"account home: {lab.google['devices']['cam2']}: {long}: a file beside it cannot be made: "
                        "File name too long"]
        lab.camctl("discover")
        assert len(not_added(lab, "cam2")) == len(not_added(lab, "cam3")) == 1
        assert read(lab) == text and list(lab.rows()) == ["cam1"]
        os.replace(long, lab.config)
        http("DELETE", lab.google["sim"] + "/devices/cam2")
        lab.camctl("discover")
        lab.google["devices"]["cam2"] = device(lab, "cam2", camera="cam2")
        lab.camctl("discover")
        until(lambda: added(lab, "cam2"), "it is added")
        assert read(lab) == text + "\n" + section_of(lab, "cam2", "cam2") and sorted(lab.rows()) == ["cam1", "cam2"]
        assert lab.close() == 0


def test_what_was_edited_and_not_reloaded_is_not_applied_by_auto_add():
    with make_adding_lab() as lab:
        lab.start()
        until(lambda: added(lab, "cam2") and added(lab, "cam3"), "the first list")
        text = read(lab) + "\n; half-way\n" + section_of(lab, "other", "AVPHwE-other")
        with open(lab.config, "w", encoding="utf-8") as file:
            file.write(text)
        device(lab, "yard", camera="cam3")
        lab.camctl("discover")
        said = until(lambda: not_added(lab, "yard"), "yard was met")
        assert said[0].endswith(": the file was edited and has not been reloaded")
        assert read(lab) == text and not {"yard", "other"} & set(lab.rows())
        assert lab.close() == 0


# ---- the bucket -------------------------------------------------------------------------------------------------

def bucket(lab):
    return lab.google_state()["buckets"]["list"]


def test_twenty_questions_in_a_row_keep_the_bucket_and_all_are_answered():
    """Google's own window of 60 s and 5 lists in it; the lists that camrelayd makes by itself count too."""
    with make_lab(window=60, google_args=(), account={"list_qpm": str(LIST_QPM), "discover_every": "1s"}) as lab:
        lab.start()
        until(lambda: lab.calls(kind="list", status=200), "the first list by itself")
        answers = [lab.camctl("--json", "discover") for _ in range(20)]
        for answer in answers:
            assert [row["name"] for row in json.loads(answer)[0]["devices"]] == ["cam1", "cam2"]
        assert len(lab.calls(kind="list")) == LIST_QPM
        assert bucket(lab)["peak"] == LIST_QPM and bucket(lab)["refused"] == 0
        text = lab.camctl("discover")
        assert re.match(r"account home: listed (just now|0:\d\d ago), 2 cameras; Google's quota allows the next list "
                        r"in \d+ s\n", text), text
        assert f"lists {LIST_QPM}/{LIST_QPM}" in lab.camctl("queue")
        assert lab.close() == 0


def test_the_bucket_is_kept_over_a_restart():
    with make_lab(window=60, google_args=(), account={"list_qpm": str(LIST_QPM), "discover_every": "1s"},
                  state=True) as lab:
        for _ in range(3):
            lab.start()
            for _ in range(3):
                lab.camctl("discover", check=False)
            assert lab.daemon.stop() == 0
        assert len(lab.calls(kind="list")) == LIST_QPM
        assert bucket(lab)["peak"] == LIST_QPM and bucket(lab)["refused"] == 0


def test_lists_by_themselves_keep_the_bucket_too():
    """Windows of 8 s: the guard of 1.5 % must be more than what a busy machine delays a call by."""
    with make_lab(window=8, google_args=(), account={"list_qpm": str(LIST_QPM), "discover_every": "10ms"}) as lab:
        lab.start()
        until(lambda: len(lab.calls(kind="list")) > 2 * LIST_QPM, "a third window of lists")
        assert bucket(lab)["refused"] == 0 and bucket(lab)["peak"] == LIST_QPM
        assert lab.close() == 0


def test_a_429_is_not_answered_with_another_question():
    with make_lab(account={"discover_every": "50ms"}) as lab:
        lab.google_fault(match={"kind": "list"}, action="429", retry_after=2)
        lab.start()
        first = until(lambda: lab.calls(kind="list", status=429), "the 429")[0]
        assert lab.camctl("discover", check=False).returncode == 1, "there is no list to show"
        second = until(lambda: lab.calls(kind="list", status=200), "the next list")[0]
        assert second["mono"] - first["mono"] >= 2
        assert "Rate limited for the ListDevices API" in lab.log()
        assert lab.close() == 0
