"""Completion of camctl's command line: bash sources the file and completes, names come from a camrelayd that runs."""
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
CAMCTL = os.path.join(BUILD, "camctl")


@pytest.fixture(name="lab", scope="module")
def one_of_google_and_a_plain_one():
    with Lab(cameras=1) as lab:
        with open(lab.config, "a", encoding="utf-8") as file:
            file.write('[camera "a-camera-with-a-very-long-name-indeed"]\nurl = rtsp://127.0.0.1:1/\npublish = none\n')
        yield lab.start()
        assert lab.close() == 0


def complete(line, run_dir="/nonexistent"):
    """What bash offers for the line's last word, which is cut at = as bash cuts it."""
    words = [CAMCTL, *re.findall(r"=|[^= ]+", line)] + ([""] if line.endswith(" ") or not line else [])
    word = "" if words[-1] == "=" else words[-1]
    program = (f'. {SCRIPT}; COMP_WORDS=({shlex.join(words)}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); '
               f'_camctl {shlex.join([words[0], word, words[-2]])}; printf "%s\\n" "${{COMPREPLY[@]}}"')
    done = subprocess.run(["bash", "--norc", "-c", program], capture_output=True, text=True, timeout=60, check=True,
                          env={**os.environ, "CAMRELAY_RUN_DIR": run_dir})
    assert done.stderr == ""
    return done.stdout.split()


def of_help(pattern):
    text = subprocess.run([CAMCTL, "--help"], capture_output=True, text=True, check=True).stdout
    return set(re.findall(pattern, text, re.M))


def test_an_empty_line_offers_every_command_of_the_help():
    assert set(complete("")) == of_help(r"^  ([a-z]+) ")
    assert complete("rest") == ["restart"]
    assert sorted(complete("re")) == ["record", "regenerate", "reload", "remove", "restart"]


def test_a_dash_offers_every_option_of_the_help_before_and_after_the_command():
    options = set(complete("-"))
    assert {"-r", "-o", "--json", "--wait", "--follow", "-V", "--version", "-h", "--help"} == options
    assert complete("restart cam1 --w") == ["--wait"]


def test_names_are_those_of_the_camrelayd_that_runs(lab):
    both = ["cam1", "a-camera-with-a-very-long-name-indeed"]
    assert complete("show ", lab.run_dir) == both
    assert complete("restart ", lab.run_dir) == [*both, "all"]
    assert complete("restart c", lab.run_dir) == ["cam1"]
    assert complete("--json --wait restart c", lab.run_dir) == ["cam1"]
    assert complete("login ", lab.run_dir) == ["home"]
    assert complete("discover h", lab.run_dir) == ["home"]
    assert complete("events ", lab.run_dir) == both
    assert complete(f"-r {lab.run_dir} show c") == ["cam1"], "that of -r"


def test_what_follows_the_name(lab):
    assert complete("record cam1 ", lab.run_dir) == ["on", "off"]
    assert complete("snapshot cam1 ", lab.run_dir) == ["-o"]
    assert complete("list ", lab.run_dir) == ["cameras", "accounts"]
    assert complete("show cam1 ", lab.run_dir) == [], "a second name is taken by no command"
    assert complete("status ", lab.run_dir) == []


def test_add_offers_the_keys_of_a_camera_whatever_was_given_before():
    manual = subprocess.run([os.path.join(BUILD, "camrelayd"), "-M"], capture_output=True, text=True, check=True).stdout
    section = manual.split('.Ss [camera "name"]')[1].split(".Ss ")[0]
    assert complete("add new ") == [f"{key}=" for key in sorted(re.findall(r"^\.It Cm (\S+)", section, re.M))]
    assert complete("add new url=rtsp://h/ publ") == ["publish="]
    assert complete("add new url=") == [], "no value is known"
    assert complete("add new url=rt") == []


def test_without_a_camrelayd_no_names_are_offered_and_nothing_is_said():
    assert complete("show ") == []
    assert complete("restart ") == ["all"]


def test_a_camrelayd_that_does_not_answer_costs_a_second(lab):
    lab.daemon.process.send_signal(signal.SIGSTOP)
    try:
        begin = time.monotonic()
        assert complete("show ", lab.run_dir) == []
        assert time.monotonic() - begin < 2.9, "camctl alone waits for three"
    finally:
        lab.daemon.process.send_signal(signal.SIGCONT)


def test_a_name_is_a_word_and_no_program(tmp_path):
    """Whatever answers as camctl: what it says is not expanded."""
    fake = tmp_path / "camctl"
    fake.write_text('#!/bin/sh\ncase $* in *list*) echo \'$(touch "$MARK")\' ;;\n'
                    '*) printf \'  show       CAMERA               all of one camera\\n\' ;; esac\n')
    fake.chmod(0o755)
    program = (f'. {SCRIPT}; COMP_WORDS=({fake} show ""); COMP_CWORD=2; _camctl {fake} "" show; '
               'printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "--norc", "-c", program], capture_output=True, text=True, check=True,
                          env={**os.environ, "MARK": str(tmp_path / "mark")})
    assert done.stdout == '$(touch "$MARK")\n'
    assert not (tmp_path / "mark").exists()


def read_until(fd, wanted):
    """Reads what the terminal shows until that came."""
    text = b""
    os.set_blocking(fd, False)
    end = time.monotonic() + 30
    while wanted not in text:
        assert time.monotonic() < end, text
        try:
            text += os.read(fd, 4096)
        except BlockingIOError:
            time.sleep(0.02)


def test_bash_completes_at_the_tab(lab):
    """The same by bash itself, in a terminal: its own words, its own cutting."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"],
                   {**os.environ, "PS1": "> ", "INPUTRC": "/dev/null", "PATH": f"{BUILD}:{os.environ['PATH']}",
                    "CAMRELAY_RUN_DIR": lab.run_dir, "TERM": "dumb", "HISTFILE": "/dev/null"})
    try:
        os.write(fd, f". {SCRIPT}; echo rea''dy\n".encode())
        read_until(fd, b"ready\r\n")
        os.write(fd, b"camctl sho\ta-ca\t")
        read_until(fd, b"camctl show a-camera-with-a-very-long-name-indeed ")
        os.write(fd, b"\x15camctl add new url=rtsp://h/ publ\t")
        read_until(fd, b"url=rtsp://h/ publish=")
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(fd)
