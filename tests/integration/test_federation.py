"""google = auto: two users of one project who see the same cameras, each with a budget of his own.

The judge is google.py's record: whose token each Generate came with.
"""
import collections
import os
import signal

import pytest

from lab import Lab, until
from ports import free_port
from test_login import Browser, Login

FIRST = {"cam1": "home", "cam2": "home2", "cam3": "home", "cam4": "home2"}


@pytest.fixture(name="lab")
def four_cameras_that_both_see():
    with Lab(cameras=4, accounts=2, lifetime=300, window=6, qpm=30, state=True, camera={"google": "auto"},
             camera_args=("--profile", "baseline"), google_args=("--list-qpm", "60"),
             supervisor={"start_stagger": "100ms"},
             account={"list_qpm": "60", "discover_every": "300ms", "redirect_uri": f"http://127.0.0.1:{free_port()}/"}) as lab:
        lab.start()
        lab.until_running()
        yield lab
        assert not lab.over_quota()
        assert lab.close() == 0


def accounts(lab):
    return {name: row["account"] for name, row in lab.rows().items()}


def generates(lab, name):
    """Whose they were."""
    return [call["user"] for call in lab.calls(kind="generate", name=name)]


def test_cameras_are_dealt_out_and_the_choice_outlives_a_restart(lab):
    assert accounts(lab) == FIRST
    assert [generates(lab, name) for name in sorted(FIRST)] == [["user1"], ["user2"], ["user1"], ["user2"]]
    assert "  google = auto  home2 has the fewest cameras of those that list the device\n" in lab.camctl("show", "cam2")
    assert collections.Counter(row["unconfigured"] for row in lab.status()["accounts"]) == {0: 2}
    os.kill(lab.daemon.process.pid, signal.SIGKILL)
    lab.daemon.process.wait()
    lab.start()
    lab.until_running()
    assert accounts(lab) == FIRST
    assert "  google = auto  home2 had its stream before the restart\n" in lab.camctl("show", "cam2")
    # And once there are lists, too.
    lists = len(lab.calls(kind="list", status=200))
    until(lambda: len(lab.calls(kind="list", status=200)) >= lists + 4, "both have listed")
    assert accounts(lab) == FIRST and all(len(generates(lab, name)) == 1 for name in FIRST)


def test_an_account_that_needs_a_login_loses_its_cameras_to_the_other_and_does_not_get_them_back(lab):
    pids = {name: row["pid"] for name, row in lab.rows().items()}
    lab.google_sim("invalid_grant", on=True, user="user1")
    lab.google_sim("revoke_access", user="user1")
    until(lambda: set(accounts(lab).values()) == {"home2"}, "all are home2's")
    until(lambda: lab.running() and all(generates(lab, n)[-1] == "user2" for n in FIRST), "all are streamed by user2")
    assert "  google = auto  home2, since home needs a login\n" in lab.camctl("show", "cam3")
    assert [len(generates(lab, name)) for name in sorted(FIRST)] == [2, 1, 2, 1]
    assert {name: row["pid"] for name, row in lab.rows().items()} == pids
    lab.google_sim("invalid_grant", on=False)
    login = Login(lab)
    login.type(Browser(login.url).press(devices=FIRST))
    assert login.end()[0] == 0
    lists = len(lab.calls(kind="list", user="user1", status=200))
    until(lambda: len(lab.calls(kind="list", user="user1", status=200)) >= lists + 2, "home lists again")
    assert set(accounts(lab).values()) == {"home2"}


def test_a_camera_that_its_account_lists_no_more_goes_to_the_one_that_does(lab):
    login = Login(lab)
    login.type(Browser(login.url).press(devices=("cam1",)))
    assert login.end()[0] == 0
    until(lambda: accounts(lab)["cam3"] == "home2", "cam3 is home2's")
    until(lambda: lab.running() and generates(lab, "cam3") == ["user1", "user2"], "cam3 is streamed by user2")
    assert accounts(lab) == {**FIRST, "cam3": "home2"} and len(generates(lab, "cam1")) == 1
    assert "home2, since home does not list the device for RTSP any more" in lab.camctl("show", "cam3")


def test_a_camera_that_is_added_comes_to_the_account_with_fewer_and_one_that_nobody_lists_waits(lab):
    lab.camctl("remove", "cam1")
    lab.camctl("--wait", "add", "again", "google=auto", f"device={lab.google['devices']['cam1']}", f"ca_file={lab.cam['ca']}")
    assert lab.rows()["again"]["account"] == "home"
    lab.camctl("add", "ghost", "google=auto", "device=AVPHwE-nobody", "publish=none")
    row = lab.rows()["ghost"]
    assert (row["account"], row["state"], row["notice"]) == ("auto", "starting", "no account lists the device yet")
    done = lab.camctl("regenerate", "ghost", check=False)
    assert (done.returncode, done.stderr) == (1, "camctl: ghost has no account yet: none lists its device\n")
    assert "camera ghost" in lab.camctl("remove", "ghost") and "ghost" not in lab.rows()
