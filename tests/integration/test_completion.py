"""Completion of camctl's command line by bash and by zsh; names come from a camrelayd that runs."""
import contextlib
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
import time

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../sim"))
from lab import BUILD, TOP, Lab  # noqa: E402

SCRIPT = os.path.join(TOP, "etc/completion/camctl.bash")
ZSH_FUNCTIONS = os.path.join(TOP, "etc/completion")
# Whatever is offered goes to the file $OFFERED too, but what zsh's own functions only look at; then a line "done".
ZSH_SETUP = """
PROMPT='> ' fpath=(%s $fpath)
autoload -Uz compinit && compinit -u -D
compadd() {
	local -a hits
	if [[ -z $argv[(r)-[ADO]] ]]; then
		builtin compadd -A hits "$@"
		print -rl -- $hits >>$OFFERED
	fi
	builtin compadd "$@"
}
tell() { zle complete-word; print done >>$OFFERED }
zle -N tell; bindkey '^T' tell
print rea''dy
"""
CAMCTL = os.path.join(BUILD, "camctl")


@pytest.fixture(name="lab", scope="module")
def one_of_google_and_a_plain_one():
    with Lab(cameras=1, state=True) as lab:
        with open(lab.config, "a", encoding="utf-8") as file:
            file.write('[camera "a-camera-with-a-very-long-name-indeed"]\nurl = rtsp://127.0.0.1:1/\npublish = none\n')
        yield lab.start()
        assert lab.close() == 0


class Bash:
    """The file sourced, and its function called as bash calls it."""

    def close(self):
        pass

    def __call__(self, line, run_dir="/nonexistent", program=CAMCTL):
        """What is offered for the line's last word, which is cut at = as bash cuts it."""
        words = [program, *re.findall(r"=|[^= ]+", line)] + ([""] if line.endswith(" ") or not line else [])
        word = "" if words[-1] == "=" else words[-1]
        code = (f'. {SCRIPT}; COMP_WORDS=({shlex.join(words)}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); '
                f'_camctl {shlex.join([words[0], word, words[-2]])}; printf "%s\n" "${{COMPREPLY[@]}}"')
        done = subprocess.run(["bash", "--norc", "-c", code], capture_output=True, text=True, timeout=60, check=True,
                              env={**os.environ, "CAMRELAY_RUN_DIR": run_dir})
        assert done.stderr == ""
        return done.stdout.splitlines() if done.stdout.strip() else []


class Zsh:
    """zsh itself in a terminal, which finds the function by its name; one for each run_dir, since it takes a while."""

    def __init__(self, directory):
        self.directory, self.shells = directory, {}

    def close(self):
        for pid, fd, _ in self.shells.values():
            end(pid, fd)

    def shell(self, run_dir):
        if run_dir not in self.shells:
            offered = os.path.join(self.directory, f"offered{len(self.shells)}")
            setup = os.path.join(self.directory, "setup")
            with open(setup, "w", encoding="utf-8") as file:
                file.write(ZSH_SETUP % ZSH_FUNCTIONS)
            pid, fd = terminal("zsh", "-f", "-i", CAMRELAY_RUN_DIR=run_dir, OFFERED=offered)
            os.write(fd, f". {setup}\n".encode())
            read_until(fd, b"ready\r\n")
            self.shells[run_dir] = pid, fd, offered
        return self.shells[run_dir]

    def __call__(self, line, run_dir="/nonexistent", program=CAMCTL):
        _, fd, offered = self.shell(run_dir)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(offered)
        os.write(fd, b"\x15" + f"{program} {line}\x14".encode())
        end_at = time.monotonic() + 60
        told = []
        while told[-1:] != ["done"]:
            assert time.monotonic() < end_at, told
            with contextlib.suppress(BlockingIOError):
                os.read(fd, 65536)
            with contextlib.suppress(FileNotFoundError), open(offered, encoding="utf-8") as file:
                told = file.read().split("\n")[:-1]
            time.sleep(0.02)
        return [one for one in told[:-1] if one]


@pytest.fixture(name="complete", scope="module", params=["bash", "zsh"])
def both_shells(request, tmp_path_factory):
    shell = Bash() if request.param == "bash" else Zsh(str(tmp_path_factory.mktemp("zsh")))
    yield shell
    shell.close()


def of_help(pattern):
    text = subprocess.run([CAMCTL, "--help"], capture_output=True, text=True, check=True).stdout
    return set(re.findall(pattern, text, re.M))


def test_an_empty_line_offers_every_command_of_the_help(complete):
    assert set(complete("")) == of_help(r"^  ([a-z]+) ")
    assert complete("rest") == ["restart"]
    assert sorted(complete("re")) == ["record", "regenerate", "reload", "remove", "restart"]


def test_a_dash_offers_every_option_of_the_help_before_and_after_the_command(complete):
    options = {word for names in of_help(r"^  (-.*?)(?:  |$)") for word in re.findall(r"--?[a-zA-Z]+", names)}
    assert {"-r", "--role", "--camera", "-h", "--help"} < options
    assert set(complete("-")) == options
    assert complete("restart cam1 --w") == ["--wait"]


def test_names_are_those_of_the_camrelayd_that_runs(complete, lab):
    both = ["cam1", "a-camera-with-a-very-long-name-indeed"]
    assert complete("show ", lab.run_dir) == both
    assert complete("restart ", lab.run_dir) == [*both, "all"]
    assert complete("restart c", lab.run_dir) == ["cam1"]
    assert complete("--json --wait restart c", lab.run_dir) == ["cam1"]
    assert complete("login ", lab.run_dir) == ["home"]
    assert complete("discover h", lab.run_dir) == ["home"]
    assert complete("events ", lab.run_dir) == both
    assert complete(f"-r {lab.run_dir} show c") == ["cam1"], "that of -r"


def test_what_follows_the_name(complete, lab):
    assert complete("record cam1 ", lab.run_dir) == ["on", "off"]
    assert complete("snapshot cam1 ", lab.run_dir) == ["-o"]
    assert complete("list ", lab.run_dir) == ["cameras", "accounts"]
    assert complete("show cam1 ", lab.run_dir) == [], "a second name is taken by no command"
    assert complete("status ", lab.run_dir) == []


def test_token_offers_roles_cameras_and_the_names_that_can_be_removed(complete, lab):
    assert complete("token ", lab.run_dir) == ["add", "list", "remove"]
    refused = lab.camctl("token", "add", "anna", check=False)
    assert complete("token add anna --role ", lab.run_dir) == re.findall(r"view|operate|admin", refused.stderr)
    assert complete("token add anna --role o", lab.run_dir) == ["operate"]
    assert complete("token add anna --role view --camera c", lab.run_dir) == ["cam1"]
    assert complete("token --role view remove ", lab.run_dir) == [], "there is none"
    for name in ("anna", "grafana"):
        lab.camctl("token", "add", name, "--role", "view", "--camera", "cam1")
    try:
        assert complete("token remove ", lab.run_dir) == ["anna", "grafana"]
        assert complete("token --role view --camera cam1 remove g", lab.run_dir) == ["grafana"]
        assert complete("token --role=view remove g", lab.run_dir) == ["grafana"]
        assert complete("token add ", lab.run_dir) == [] and complete("token list ", lab.run_dir) == []
    finally:
        for name in ("anna", "grafana"):
            lab.camctl("token", "remove", name)


def test_add_offers_the_keys_of_a_camera_whatever_was_given_before(complete):
    manual = subprocess.run([os.path.join(BUILD, "camrelayd"), "-M"], capture_output=True, text=True, check=True).stdout
    section = manual.split('.Ss [camera "name"]')[1].split(".Ss ")[0]
    keys = set(re.findall(r"^\.It Cm (\S+)", section, re.M)) - {"whip_token_file"}  # which is refused
    assert complete("add new ") == [f"{key}=" for key in sorted(keys)]
    assert complete("add new url=rtsp://h/ publ") == ["publish="]
    assert complete("add new url=") == [], "no value is known"
    assert complete("add new url=rt") == []


def test_without_a_camrelayd_no_names_are_offered_and_nothing_is_said(complete):
    assert complete("show ") == []
    assert complete("restart ") == ["all"]


def test_a_camrelayd_that_does_not_answer_costs_a_second(complete, lab):
    complete("", lab.run_dir)
    lab.daemon.process.send_signal(signal.SIGSTOP)
    try:
        begin = time.monotonic()
        assert complete("show ", lab.run_dir) == []
        assert time.monotonic() - begin < 2.9, "camctl alone waits for three"
    finally:
        lab.daemon.process.send_signal(signal.SIGCONT)


def test_a_name_is_a_word_and_no_program(complete, tmp_path, monkeypatch):
    """Whatever answers as camctl: what it says is not expanded; zsh quotes what it puts on the line."""
    monkeypatch.setenv("MARK", str(tmp_path / "mark"))
    fake = tmp_path / "camctl"
    fake.write_text('#!/bin/sh\ncase $* in *list*) echo \'$(touch "$MARK")\' ;;\n'
                    '*) printf \'  show       CAMERA               all of one camera\\n\' ;; esac\n')
    fake.chmod(0o755)
    assert complete("show ", str(tmp_path), str(fake)) in (['$(touch "$MARK")'], [r'\$\(touch\ \"\$MARK\"\)'])
    assert not (tmp_path / "mark").exists()


def read_until(fd, wanted):
    """Reads what the terminal shows until that came. zsh steps back over the blank behind a word, and writes it again."""
    text = b""
    os.set_blocking(fd, False)
    end = time.monotonic() + 30
    while wanted not in text:
        assert time.monotonic() < end, text
        try:
            text = re.sub(rb"[^\x08]\x08", b"", text + os.read(fd, 4096))
        except BlockingIOError:
            time.sleep(0.02)


def terminal(*command, **environment):
    """(pid, descriptor) of a shell in a terminal of its own."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, {**os.environ, "PS1": "> ", "INPUTRC": "/dev/null", "TERM": "dumb",
                                         "HISTFILE": "/dev/null", "PATH": f"{BUILD}:{os.environ['PATH']}", **environment})
    return pid, fd


def end(pid, fd):
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(fd)


@pytest.mark.parametrize("command, setup", [
    (("bash", "--norc", "--noprofile", "-i"), f". {SCRIPT}; echo rea''dy"),
    (("zsh", "-f", "-i"), f"PROMPT='> ' fpath=({ZSH_FUNCTIONS} $fpath); autoload -Uz compinit; compinit -u -D; echo rea''dy")],
    ids=["bash", "zsh"])
def test_the_shell_completes_at_the_tab(lab, command, setup):
    """The same by the shell alone, in a terminal: its own words, its own cutting."""
    pid, fd = terminal(*command, CAMRELAY_RUN_DIR=lab.run_dir)
    try:
        os.write(fd, f"{setup}\n".encode())
        read_until(fd, b"ready\r\n")
        os.write(fd, b"camctl sho\ta-ca\t")
        read_until(fd, b"camctl show a-camera-with-a-very-long-name-indeed ")
        os.write(fd, b"\x15camctl add new url=rtsp://h/ publ\t")
        read_until(fd, b"url=rtsp://h/ publish=")
    finally:
        end(pid, fd)
