"""The manual pages: sound for both formatters, and each says all that its program does, and nothing else."""
import glob
import os
import re
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("CAMRELAY_BUILD", os.path.join(ROOT, "build"))
PAGES = sorted(glob.glob(f"{ROOT}/docs/man/*.[158]"))


def said_by_page(name, of):
    """What the page's list items begin with: of is Fl for options, Cm for commands."""
    with open(f"{ROOT}/docs/man/{name}", encoding="utf-8") as file:
        items = re.findall(rf"^\.It ({of} .*)$", file.read(), re.M)
    if of == "Cm":
        return {item.split()[1] for item in items}
    return {f"-{flag}" for item in items for flag in re.findall(r"Fl (\S+)", item)}


def help_of(program):
    return subprocess.run([f"{BUILD}/{program}", "--help"], capture_output=True, text=True, check=True).stdout


def said_by_help(program):
    """(options, commands) of --help: its lines of two blanks, and what is an option's synonym after a comma."""
    firsts = re.findall(r"^  (?! )(.*?)(?:  |$)", help_of(program), re.M)
    options = {word for first in firsts if first.startswith("-") for word in re.findall(r"--?[\w-]+", first)}
    return options, {first.split()[0] for first in firsts if not first.startswith("-")}


@pytest.mark.parametrize("page", PAGES, ids=os.path.basename)
def test_both_formatters_find_nothing_wrong(page):
    mandoc = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True, check=False)
    assert (mandoc.returncode, mandoc.stdout) == (0, "")
    groff = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", page], capture_output=True, text=True, check=False,
                           env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80"})
    assert (groff.returncode, groff.stderr) == (0, "")


def test_there_is_a_page_for_every_program_and_for_the_configuration():
    assert [os.path.basename(page) for page in PAGES] == ["camctl.1", "camrelay-worker.8", "camrelay.conf.5", "camrelayd.8"]


@pytest.mark.parametrize("program, page", [("camctl", "camctl.1"), ("camrelayd", "camrelayd.8")])
def test_every_option_of_the_help_is_in_the_page_and_no_other(program, page):
    options, _ = said_by_help(program)
    assert {"-h", "--help"} <= options
    assert said_by_page(page, "Fl") == options


def test_every_command_of_camctl_is_in_its_page_and_no_other():
    _, commands = said_by_help("camctl")
    assert {"status", "version"} <= commands
    assert said_by_page("camctl.1", "Cm") == commands


@pytest.mark.parametrize("program", ["camctl", "camrelayd"])
def test_the_help_names_every_option_that_the_program_takes(program):
    """An option that getopt knows and the help does not is found by its source."""
    source = {"camctl": "control/main.c", "camrelayd": "supervisor/main.c"}[program]
    with open(f"{ROOT}/{source}", encoding="utf-8") as file:
        text = file.read()
    assert text.count(".val = ") == len(re.findall(r'\.name = "\w+",.* \.val = ', text))
    long_options = {f"--{name}" for name in re.findall(r'\.name = "(\w+)",(?: \.has_arg = \w+,)? \.val = ', text)}
    assert long_options and long_options <= said_by_help(program)[0]


def test_the_page_of_the_worker_names_its_arguments_as_its_contract_does():
    with open(f"{ROOT}/proto/contract.h", encoding="utf-8") as file:
        contract = re.search(r"camrelay-worker ([A-Z_ ]+)\n", file.read()).group(1).lower().split()
    with open(f"{ROOT}/docs/man/camrelay-worker.8", encoding="utf-8") as file:
        synopsis = re.search(r"^\.Sh SYNOPSIS\n(.*?)^\.Sh", file.read(), re.M | re.S).group(1)
    assert re.findall(r"^\.Ar (\w+)$", synopsis, re.M) == contract


def test_make_install_brings_every_page():
    with open(f"{ROOT}/Makefile", encoding="utf-8") as file:
        makefile = file.read()
    assert [page for page in PAGES if os.path.basename(page) not in makefile] == []
