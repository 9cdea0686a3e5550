"""What the packages, the container and the machine that builds need is said in three places, which say the same."""
import os
import pathlib
import re
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("CAMRELAY_BUILD", os.path.join(ROOT, "build"))


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def libraries(text):
    return set(re.findall(r"\blib[\w.+-]+-dev\b", text))


def stages():
    """The Dockerfile's two images."""
    return read("Dockerfile").split("\nFROM ")[1:]


def test_all_three_name_the_same_libraries_to_build_with():
    of_script = libraries(re.search(r"^build='(.*?)'", read("scripts/install-deps"), re.M | re.S).group(1))
    assert len(of_script) > 10
    assert libraries(read("debian/control")) == of_script
    assert libraries(stages()[0]) == of_script


def test_the_container_has_every_library_that_the_programs_are_linked_with():
    needed = set()
    for program in ("camrelayd", "camrelay-worker", "camctl"):
        table = subprocess.run(["objdump", "-p", os.path.join(BUILD, program)], capture_output=True, text=True, check=True).stdout
        needed.update(re.findall(r"NEEDED +(\S+)", table))
    needed -= {name for name in needed if re.match(r"lib(a|t|ub)san\.", name)}
    packages = set(re.findall(r"\blib[\w.+-]+", stages()[1])) | {"libc6", "libgcc-s1"}
    missing = []
    for name in needed:
        path = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
        path = re.search(rf"^\s*{re.escape(name)} .* => (\S+)", path, re.M).group(1)
        owner = subprocess.run(["dpkg-query", "-S", f"*{os.path.basename(os.path.realpath(path))}"], capture_output=True,
                               text=True, check=True).stdout
        if not packages & set(re.findall(r"^([\w.+-]+)(?::\w+)?: ", owner, re.M)):
            missing.append(owner)
    assert not missing


def test_package_and_container_have_the_plugin_that_the_daemon_loads():
    plugin = re.search(rb"/[\w./+-]+/libwebsockets-evlib_\w+\.so", (pathlib.Path(BUILD) / "camrelayd").read_bytes()).group().decode()
    owner = subprocess.run(["dpkg-query", "-S", plugin], capture_output=True, text=True, check=True).stdout
    package = re.match(r"[\w.+-]+", owner).group()
    assert re.search(rf"^ {re.escape(package)},$", read("debian/control").partition("\nDepends:")[2], re.M)
    assert package in stages()[1].split()


def test_the_container_runs_as_a_user_and_asks_camctl_for_its_health():
    last = stages()[1]
    assert last.rindex("\nUSER camrelay\n") < last.index("\nENTRYPOINT ")
    command = re.search(r'^HEALTHCHECK .*CMD \["/usr/bin/camctl", "(\w+)"\]$', last, re.M).group(1)
    done = subprocess.run([os.path.join(BUILD, "camctl"), "-r", "/nonexistent", command], capture_output=True, check=False)
    assert done.returncode == 69, "a health check must fail where there is no camrelayd"


def test_the_package_has_the_makefiles_version():
    version = re.search(r"^VERSION = (\S+)", read("Makefile"), re.M).group(1)
    assert re.match(rf"camrelay \({re.escape(version)}\) ", read("debian/changelog"))


@pytest.mark.parametrize("script", ["debian/camrelay.postinst", "debian/camrelay.postrm", "etc/init.d/camrelay"])
def test_a_script_is_one(script):
    assert subprocess.run(["dash", "-n", os.path.join(ROOT, script)], check=False).returncode == 0


def test_the_configuration_of_the_package_is_sound():
    done = subprocess.run([os.path.join(BUILD, "camrelayd"), "-t", "-c", os.path.join(ROOT, "debian/camrelay.conf")],
                          capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
