"""The Debian package in a Debian 12 of its own: installed, started by its init script, upgraded while streams run,
removed, purged. make test-deb builds it first. Needs root; the first time debootstrap needs the network.

The tests are one life, in order. Cameras, Google and SFU are the stand-ins of tests/sim, on this machine's loopback.
"""
import contextlib
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys

import pytest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/sim"))
from lab import Lab, until  # noqa: E402

PACKAGES = os.path.join(TOP, "build-deb")
CACHE = os.path.join(TOP, "build-deb/base")
MIRROR = os.environ.get("DEBIAN_MIRROR", "http://deb.debian.org/debian")


def run(*words, **options):
    """Its standard output; a failure shows all it said."""
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=900, check=False, **options)
    assert done.returncode == 0, f"{words}: {done.returncode}\n{done.stdout}"
    return done.stdout


def package():
    found = glob.glob(f"{PACKAGES}/camrelay_*.deb")
    assert len(found) == 1, f"make deb gives one package, here are {found}"
    return found[0]


def base():
    """A minimal Debian 12 with what the package depends on; made once for each set of dependencies."""
    depends = run("dpkg-deb", "-f", package(), "Pre-Depends", "Depends").replace("\n", ",")
    depends = re.sub(r"(Pre-)?Depends:", "", depends).strip(", ")
    path = os.path.join(CACHE, hashlib.sha256(depends.encode()).hexdigest()[:12])
    if not os.path.isdir(path):
        half = path + ".half"
        shutil.rmtree(half, ignore_errors=True)
        os.makedirs(CACHE, exist_ok=True)
        run("debootstrap", "--variant=minbase", "bookworm", half, MIRROR)
        apt = ["chroot", half, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", "--no-install-recommends"]
        run(*apt, "satisfy", f"{depends}, logrotate, systemd-sysv")
        run(*apt, "clean")
        shutil.rmtree(f"{half}/var/lib/apt/lists")
        os.rename(half, path)
    return path


class Machine:
    """A root directory with processes of its own, and this machine's network."""

    def __init__(self, root):
        self.root = str(root)
        run("cp", "-a", base() + "/.", self.root)
        # invoke-rc.d starts nothing where init says no runlevel; the first process here is no init.
        os.unlink(f"{self.root}/sbin/runlevel")
        self.write("/sbin/runlevel", "#!/bin/sh\necho N 2\n", 0o755)
        self.before = self.paths()
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            ["unshare", "--pid", "--fork", "--kill-child", "--mount", f"--mount-proc={self.root}/proc", "chroot", self.root,
             "sleep", "infinity"])
        try:
            self.init = until(self.first_process, "the first process")
        except AssertionError:
            self.close()
            raise

    def first_process(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
            children = file.read().split()
        # Its name says that the root has changed.
        if children:
            with open(f"/proc/{children[0]}/comm", encoding="ascii") as file:
                return children[0] if file.read() == "sleep\n" else None
        return None

    def words(self, words):
        return ["nsenter", "--target", self.init, "--mount", "--pid", "--root", "--wd", *words]

    def __call__(self, *words):
        return run(*self.words(words), env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive"})

    def code(self, *words):
        return subprocess.run(self.words(words), capture_output=True, timeout=120, check=False).returncode

    def path(self, path):
        """Where that is for us. Not what a symbolic link would make of it: an absolute one leads to our own files."""
        found = self.root + path
        assert os.path.realpath(found).startswith(os.path.realpath(self.root) + "/"), f"{path} leads out of {self.root}"
        return found

    def read(self, path):
        with open(self.path(path), encoding="utf-8") as file:
            return file.read()

    def write(self, path, text, mode=None):
        """A file that is there already keeps its owner, and its mode unless one is given."""
        with open(self.path(path), "w", encoding="utf-8") as file:
            file.write(text)
            if mode:
                os.fchmod(file.fileno(), mode)

    def owner(self, path):
        """user:group mode, by the names of that machine."""
        return self("stat", "-c", "%U:%G %a", path).strip()

    def paths(self):
        """All files and directories but those of the kernel."""
        found = set()
        for folder, names, files in os.walk(self.root):
            if folder == self.root:
                names[:] = [name for name in names if name not in ("proc", "sys", "dev")]
            found.update(os.path.join(folder, name)[len(self.root):] for name in names + files)
        return found

    def users(self, user):
        """The processes of that user, as {pid: command}, by the numbers of that machine."""
        found = {}
        for folder in glob.glob(f"/proc/{self.init}/root/proc/[0-9]*"):
            try:
                status, command = (open(f"{folder}/{name}", encoding="utf-8").read() for name in ("status", "cmdline"))
            except OSError:  # it has ended
                continue
            uid = int(re.search(r"^Uid:\t(\d+)", status, re.M).group(1))
            if command and uid == user:
                found[int(os.path.basename(folder))] = command.replace("\0", " ").strip()
        return found

    def close(self):
        self.process.kill()
        self.process.wait()


class InstalledLab(Lab):
    """The world, with a camrelayd that is started by others and a camctl that is installed."""

    machine = None

    def camctl(self, *arguments, check=True):
        done = subprocess.run(self.machine.words(["camctl", *arguments]), capture_output=True, text=True, timeout=90,
                              check=False)
        assert not check or done.returncode == 0, f"camctl {arguments}: {done.returncode} {done.stderr}"
        return done.stdout if check else done

    def install_config(self):
        """Our configuration, with the files that it names, as an administrator would put them."""
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        for path in set(re.findall(r"= (/\S+)", text)):
            if os.path.isfile(path):
                inside = f"/etc/camrelay/{os.path.basename(path)}"
                shutil.copy(path, self.machine.path(inside))
                self.machine("chown", "root:camrelay", inside)
                self.machine("chmod", "0640", inside)
                text = text.replace(path, inside)
        self.machine.write("/etc/camrelay/camrelay.conf", text)


@pytest.fixture(name="machine", scope="module")
def a_debian(tmp_path_factory):
    assert os.geteuid() == 0, "this test needs root: chroot, mounts, and files of several users"
    machine = Machine(tmp_path_factory.mktemp("root"))
    yield machine
    machine.close()
    shutil.rmtree(machine.root)


@pytest.fixture(name="lab", scope="module")
def the_world(machine):
    with InstalledLab(cameras=2, supervisor={"run_dir": "/run/camrelay", "state_dir": "/var/lib/camrelay",
                                             "start_stagger": "100ms"}) as lab:
        lab.machine = machine
        yield lab


@pytest.fixture(name="newer", scope="module")
def the_same_with_a_higher_version(tmp_path_factory):
    folder = tmp_path_factory.mktemp("newer")
    run("dpkg-deb", "-R", package(), folder / "tree")
    control = folder / "tree/DEBIAN/control"
    control.write_text(re.sub(r"^(Version: .*)$", r"\1+upgrade", control.read_text(), flags=re.M))
    run("dpkg-deb", "--root-owner-group", "-b", folder / "tree", folder / "newer.deb")
    return str(folder / "newer.deb")


@contextlib.contextmanager
def copied(machine, deb):
    """The package where that machine finds it."""
    shutil.copy(deb, machine.path("/tmp/camrelay.deb"))
    try:
        yield "/tmp/camrelay.deb"
    finally:
        os.unlink(machine.path("/tmp/camrelay.deb"))


def install(machine, deb):
    with copied(machine, deb) as path:
        return machine("dpkg", "-i", path)


OWNERS = {"/etc/camrelay": "root:camrelay 750", "/etc/camrelay/camrelay.conf": "root:camrelay 640",
          "/var/lib/camrelay": "camrelay:camrelay 700", "/var/lib/camrelay/recordings": "camrelay:camrelay 750",
          "/var/log/camrelay": "camrelay:adm 750", "/run/camrelay": "camrelay:camrelay 750"}


def owners(machine):
    return {path: machine.owner(path) for path in OWNERS}


def user_of(machine):
    return int(machine("id", "-u", "camrelay"))


def daemon_pid(machine):
    return int(machine.read("/run/camrelay/camrelayd.pid"))


def until_arriving(lab):
    """Each camera's packets at the SFU have become more since now."""
    start = {name: lab.sfu_packets(name) for name in lab.names}
    until(lambda: all(lab.sfu_packets(name) not in (0, start[name]) for name in lab.names), "packets at the SFU")


def until_stopped(machine):
    until(lambda: not machine.users(user_of(machine)), f"nothing runs: {machine.users(user_of(machine))}")


def test_lintian_finds_no_error_and_nothing_to_warn_of():
    changes = glob.glob(f"{PACKAGES}/camrelay_*.changes")
    done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", *changes], capture_output=True, text=True,
                          timeout=300, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_it_installs_and_runs_as_a_user_of_its_own(machine):
    install(machine, package())
    assert machine("dpkg-query", "-W", "-f", "${db:Status-Status}", "camrelay") == "installed"
    assert machine("/etc/init.d/camrelay", "status")
    running = machine.users(user_of(machine))
    assert list(running) == [daemon_pid(machine)]
    assert machine("camctl", "ping") == "pong\n"
    assert glob.glob(machine.path("/etc/rc2.d/S*camrelay")) and glob.glob(machine.path("/etc/rc0.d/K*camrelay"))
    for path in ("/lib/systemd/system/camrelay.service", "/usr/share/man/man1/camctl.1.gz",
                 "/usr/share/bash-completion/completions/camctl",
                 "/usr/share/zsh/vendor-completions/_camctl", "/usr/libexec/camrelay/camrelay-worker"):
        assert os.path.exists(machine.path(path)), path


def test_what_alerts_and_the_configuration_name_can_be_opened(machine):
    """As it is named: not compressed."""
    doc = "/usr/share/doc/camrelay"
    rules = machine.read(f"{doc}/prometheus/camrelay.rules.yml")
    pages = set(re.findall(r"runbook_url: file://([^#\s]+)#", rules))
    assert len(pages) == 1 and rules.count("runbook_url: ") == len(re.findall(r"runbook_url: file:///", rules))
    named = re.search(r"example in (\S+)\.$", machine.read("/etc/camrelay/camrelay.conf"), re.M).group(1)
    for path in (*pages, named, f"{doc}/prometheus/prometheus.yml", f"{doc}/grafana/camrelay-overview.json"):
        assert os.path.isfile(machine.path(path)), path


def test_who_may_read_what(machine):
    assert owners(machine) == OWNERS
    assert machine.code("runuser", "-u", "nobody", "--", "camctl", "ping") == 69, "who is not of the group"
    assert machine.code("runuser", "-u", "nobody", "-G", "camrelay", "--", "camctl", "ping") == 0


def test_cameras_run_with_a_configuration(machine, lab):
    lab.install_config()
    machine("/usr/sbin/camrelayd", "-t")
    machine("/etc/init.d/camrelay", "restart")
    lab.until_running()
    commands = machine.users(user_of(machine)).values()
    assert any(re.match(r"camrelay-worker: cam1 \[running", command) for command in commands), commands
    assert machine.owner("/etc/camrelay/camrelay.conf") == "root:camrelay 640"


def test_the_log_is_rotated_and_goes_on_in_another_file(machine, lab):
    assert "supervisor started" in machine.read("/var/log/camrelay/camrelay.log")
    machine("logrotate", "--force", "/etc/logrotate.d/camrelay")
    assert "supervisor started" in machine.read("/var/log/camrelay/camrelay.log.1")
    until(lambda: os.path.exists(machine.path("/var/log/camrelay/camrelay.log")), "another file")
    lab.camctl("--wait", "restart", "cam2")
    assert "cam=cam2" in machine.read("/var/log/camrelay/camrelay.log")
    assert machine.owner("/var/log/camrelay/camrelay.log") == "camrelay:camrelay 640"


def test_an_upgrade_keeps_configuration_and_streams(machine, lab, newer):
    """Its only pause is that of one restart, once the new files are there: until then the old camrelayd and its workers go on."""
    lab.until_running()
    config, running = machine.read("/etc/camrelay/camrelay.conf"), machine.users(user_of(machine))
    commands = {name: lab.commands(name) for name in lab.names}
    started = {name: lab.rows()[name]["ever_workers"] for name in lab.names}
    with copied(machine, newer) as path:
        machine("dpkg", "--unpack", path)
    assert set(machine.users(user_of(machine))) == set(running)
    until_arriving(lab)
    machine("dpkg", "--configure", "camrelay")
    lab.until_running()
    until_arriving(lab)
    assert machine("dpkg-query", "-W", "-f", "${Version}", "camrelay").endswith("+upgrade")
    assert not set(machine.users(user_of(machine))) & set(running)
    assert machine.read("/etc/camrelay/camrelay.conf") == config
    assert machine.owner("/etc/camrelay/camrelay.conf") == "root:camrelay 640"
    for name in lab.names:
        assert lab.rows()[name]["ever_workers"] == started[name] + 1, f"{name}: one worker more"
        since = lab.commands(name)[len(commands[name]):]
        assert "generate" not in since and "stop" not in since, f"{name} had its stream before: {since}"


def test_a_configuration_that_is_wrong_does_not_end_what_runs(machine, lab):
    config, pid = machine.read("/etc/camrelay/camrelay.conf"), daemon_pid(machine)
    try:
        with open(machine.path("/etc/camrelay/camrelay.conf"), "a", encoding="utf-8") as file:
            file.write("nonsense = 1\n")
        assert machine.code("/etc/init.d/camrelay", "restart") == 6
        assert daemon_pid(machine) == pid and lab.running()
    finally:
        machine.write("/etc/camrelay/camrelay.conf", config)


def test_removed_and_installed_again_all_belongs_to_whom_it_did(machine, newer):
    """What dpkg -r takes away because it is empty is made anew, by a configuration that is not the first."""
    machine("/etc/init.d/camrelay", "stop")
    machine("find", "/var/log/camrelay", "-type", "f", "-delete")
    machine("dpkg", "-r", "camrelay")
    for path in ("/var/lib/camrelay/recordings", "/var/log/camrelay"):
        assert not os.path.exists(machine.path(path)), path
    install(machine, newer)
    assert owners(machine) == OWNERS


def test_removed_it_stops_and_leaves_what_is_the_administrators(machine):
    machine.write("/var/lib/camrelay/recordings/one.mp4", "a recording\n")
    user = user_of(machine)
    machine("dpkg", "-r", "camrelay")
    assert not machine.users(user)
    left = machine.paths() - machine.before
    assert not [path for path in left if path.startswith(("/usr", "/lib", "/run"))], left
    assert {"/etc/camrelay/camrelay.conf", "/etc/camrelay/sfu.secret", "/var/lib/camrelay/state.db"} <= left


def test_purged_it_leaves_recordings_their_user_and_nothing_else(machine):
    assert "recordings are kept" in machine("dpkg", "-P", "camrelay")
    assert ours(machine) == {"/var/lib/camrelay", "/var/lib/camrelay/recordings", "/var/lib/camrelay/recordings/one.mp4"}
    assert machine("id", "-un", "camrelay") == "camrelay\n"


def test_installed_anew_and_purged_without_recordings_it_leaves_nothing(machine):
    os.unlink(machine.path("/var/lib/camrelay/recordings/one.mp4"))
    install(machine, package())
    assert machine("camctl", "ping") == "pong\n"
    machine("dpkg", "-P", "camrelay")
    until_stopped(machine)
    assert ours(machine) == set()


def ours(machine):
    """What was not there before, but for what dpkg, adduser and logrotate note down of everybody."""
    noted = re.compile(r"/var/lib/(dpkg|logrotate)/|/var/log/|/etc/(passwd|group|shadow|gshadow|subuid|subgid)-$")
    return {path for path in machine.paths() - machine.before if not noted.match(path) or "camrelay" in path}
