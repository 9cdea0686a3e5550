"""The dashboard by axe-core, which knows what people with screen readers and weak eyes cannot use.

npm has axe-core; its archive is checked against the hash below. Without it, or the net, this is skipped.
"""
import base64
import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile

import pytest

import lab as harness
from lab import Lab, until
from person import PHONE, Person

VERSION = "4.10.3"
SHA512 = "Xm7bpRXnDSX2YE2YFfBk2FnF0ep6tmG7xPh8iHee8MIcrgq762Nkce856dYtJYLkuIoYZvGfTs/PbZhideTcEg=="
RUN = "axe.run(document, {resultTypes: ['violations']}).then(({violations}) => JSON.stringify(violations))"


@pytest.fixture(name="axe", scope="module")
def axe_core():
    """axe-core as text, from the cache or npm."""
    path = os.path.join(harness.CACHE, f"axe-{VERSION}.min.js")
    if not os.path.exists(path):
        if not shutil.which("npm"):
            pytest.skip("there is no npm to get axe-core by")
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(["npm", "pack", "--silent", f"axe-core@{VERSION}"], cwd=folder, capture_output=True, text=True,
                                  timeout=120, check=False)
            archive = os.path.join(folder, f"axe-core-{VERSION}.tgz")
            if done.returncode != 0 or not os.path.exists(archive):
                pytest.skip(f"npm does not get axe-core: {done.stderr[-200:]}")
            with open(archive, "rb") as file:
                assert base64.b64encode(hashlib.sha512(file.read()).digest()).decode() == SHA512
            os.makedirs(harness.CACHE, exist_ok=True)
            with tarfile.open(archive) as tar, open(path + ".part", "wb") as file:
                file.write(tar.extractfile("package/axe.min.js").read())
        os.rename(path + ".part", path)
    with open(path, encoding="utf-8") as file:
        return file.read()


@pytest.fixture(name="lab", scope="module")
def one_camera(tmp_path_factory):
    with Lab(cameras=1, lifetime=60, recording={"dir": str(tmp_path_factory.mktemp("recordings")), "min_free": "1%"},
             camera={"record": "yes"}, camera_args=("--profile", "baseline")) as lab:
        lab.start()
        lab.until_running()
        yield lab
        assert lab.close() == 0


@pytest.fixture(name="person")
def before_the_page(lab):
    person = Person()
    person.visit(lab.url())
    person.until("shown('cam1', 'state') === 'RUNNING'")
    yield person
    person.close()


def check(person, axe, where):
    person.js(axe + "; 0")
    bad = [v for v in json.loads(person.js(RUN)) if v["impact"] in ("serious", "critical", "moderate")]
    assert not bad, where + "\n" + "\n".join(f"{v['impact']} {v['id']}: {v['help']}: {n['html'][:150]} {n['failureSummary']}"
                                             for v in bad for n in v["nodes"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_keeps_anybody_out(lab, person, axe, scheme):
    person.prefer(scheme)
    harness.until(lambda: harness.http("GET", lab.url() + "/v2/recordings/cam1")["days"], "a recording")
    person.click_of("cam1", "watch")
    person.until_decoding("cam1")
    person.click_of("cam1", "recordings")
    person.until("!!document.querySelector('#hours button')", "hours")
    person.js("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    check(person, axe, "the page")
    person.sit(PHONE)
    check(person, axe, "on a phone")
    person.click_of("cam1", "snapshot")
    person.until("document.querySelector('#snapshot img').naturalWidth")
    check(person, axe, "a snapshot")
    person.press("Escape")
    person.js("document.querySelector('#login').showModal()")
    check(person, axe, "the login")


def test_the_names_that_are_read_aloud(person):
    """What a screen reader is given by the browser, rather than what stands in the HTML."""
    person.command("Accessibility.enable")
    tree = lambda: person.command("Accessibility.getFullAXTree")["nodes"]
    known = {(n["role"]["value"], n.get("name", {}).get("value")) for n in tree() if not n.get("ignored")}
    for wanted in (("main", ""), ("heading", "Cameras"), ("article", "cam1"), ("button", "Watch cam1"), ("button", "Restart cam1"),
                   ("region", "Recordings"), ("region", "Events"), ("list", "What happened, newest first"),
                   ("meter", "Commands to Google")):
        assert wanted in known, (wanted, sorted(map(str, known)))
    live = lambda: {n["role"]["value"] for n in tree() for p in n.get("properties", [])
                    if (p["name"], p["value"].get("value")) == ("live", "polite")}
    # What was there before is not read aloud: the list is silent while it is filled.
    until(lambda: {"status", "list"} <= live(), "what is new is read aloud")
