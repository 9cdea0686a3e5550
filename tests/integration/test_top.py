"""camctl top in a terminal: what the screen shows, keys, sizes, a supervisor that goes and comes, and what is left after it."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading

import pyte
import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../sim"))
from lab import BUILD, Lab, until  # noqa: E402

CAMCTL = os.path.join(BUILD, "camctl")
COLOUR = re.compile(rb"\x1b\[[0-9;]*m")


@pytest.fixture(name="lab", scope="module")
def two_cameras_and_one_that_is_not_there():
    with Lab(cameras=2, supervisor={"start_stagger": "100ms"}) as lab:
        with open(lab.config, "a", encoding="utf-8") as file:
            file.write('[camera "void"]\nurl = rtsp://127.0.0.1:1/\npublish = none\n')
        lab.start().until_running()
        yield lab
        assert lab.close() == 0


class Terminal:
    """A program in a terminal of our own, with the screen that it has drawn."""

    def __init__(self, *arguments, rows=24, columns=100, **environment):
        self.screen = pyte.Screen(columns, rows)
        self.stream = pyte.ByteStream(self.screen)
        self.written = b""
        self.master, self.slave = pty.openpty()
        self.resize(rows, columns)
        self.modes = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(  # pylint: disable=consider-using-with
            arguments, stdin=self.slave, stdout=self.slave, stderr=self.slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env={**{k: v for k, v in os.environ.items() if k != "NO_COLOR"}, "TERM": "xterm", **environment})
        self.lock, self.ended = threading.Lock(), threading.Event()
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        while not self.ended.is_set():
            if select.select([self.master], [], [], 0.05)[0]:
                data = os.read(self.master, 65536)
                with self.lock:
                    self.written += data
                    self.stream.feed(data)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def lines(self):
        with self.lock:
            return [line.rstrip() for line in self.screen.display]

    def shows(self, words):
        return any(words in line for line in self.lines())

    def until_shows(self, words):
        until(lambda: self.shows(words), f"{words!r} on {self.lines()}")

    def order(self):
        """The cameras, from above."""
        return [line.split()[0] for line in self.lines() if re.match(r"(cam\d|void) ", line)]

    def colour_of(self, word):
        """The colour of the first such word on the screen."""
        for row, line in enumerate(self.lines()):
            if word in line:
                return self.screen.buffer[row][line.index(word)].fg
        return None

    def press(self, keys):
        os.write(self.master, keys)

    def wait(self):
        code = self.process.wait(30)
        until(lambda: b"\x1b[?1049l" in self.written or b"\x1b[?1049h" not in self.written, "the screen is given back")
        return code

    def is_as_before(self):
        """The terminal's modes, its own screen, its cursor."""
        gone, back = (self.written.rfind(code) for code in (b"\x1b[?1049h", b"\x1b[?1049l"))
        return termios.tcgetattr(self.slave) == self.modes and gone < back and b"\x1b[?25h" in self.written[gone:]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.ended.set()
        self.reader.join()
        os.close(self.master)
        os.close(self.slave)


def top(lab, **options):
    return Terminal(CAMCTL, "-r", lab.run_dir, "top", **options)


def test_it_shows_the_table_of_status_again_and_again_with_trouble_first(lab):
    with top(lab) as terminal:
        terminal.until_shows("cam2")
        lines = terminal.lines()
        assert re.match(r"camrelayd \d+\.\d+\.\d+, pid \d+, up \d+:\d\d$", lines[0])
        assert re.match(r"CAMERA +STATE +HEALTH +EXPIRY", lines[2])
        assert terminal.order() == ["void", "cam1", "cam2"]
        assert terminal.shows("q quit")
        first = lines[0]
        until(lambda: terminal.lines()[0] not in ("", first), "a second later")
        pid = lab.pid("cam1")
        lab.camctl("--wait", "restart", "cam1")
        assert lab.pid("cam1") != pid
        terminal.until_shows(f" {lab.pid('cam1')} ")


@pytest.mark.parametrize("key", [b"q", b"\x03"], ids=["q", "Ctrl-C"])
def test_q_and_ctrl_c_give_the_terminal_back(lab, key):
    with top(lab) as terminal:
        terminal.until_shows("cam2")
        assert termios.tcgetattr(terminal.slave) != terminal.modes
        terminal.press(key)
        assert terminal.wait() == 0
        assert terminal.is_as_before()


def test_so_does_sigterm(lab):
    with top(lab) as terminal:
        terminal.until_shows("cam2")
        terminal.process.terminate()
        assert terminal.wait() == 0
        assert terminal.is_as_before()


def test_ctrl_z_gives_the_terminal_back_and_fg_takes_it_again(lab):
    with top(lab) as terminal:
        terminal.until_shows("cam2")
        # The kernel stops no process of a group that has no shell: the signal that Ctrl-Z is, and SIGSTOP itself.
        terminal.process.send_signal(signal.SIGTSTP)
        until(lambda: state_of(terminal.process.pid) == "T", "it has stopped")
        until(terminal.is_as_before, "the terminal is given back")
        terminal.process.send_signal(signal.SIGCONT)
        until(lambda: terminal.written.count(b"\x1b[?1049h") == 2, "it draws again")
        terminal.press(b"q")
        assert terminal.wait() == 0
        assert terminal.is_as_before()


def state_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return file.read().rsplit(")", 1)[1].split()[0]


def test_keys_choose_the_order(lab):
    with top(lab) as terminal:
        terminal.until_shows("by health;")
        terminal.press(b"n")
        terminal.until_shows("by name;")
        until(lambda: terminal.order() == ["cam1", "cam2", "void"], "by name")
        terminal.press(b"e")
        terminal.until_shows("by expiry;")
        assert terminal.order()[-1] == "void", "it does not expire"
        terminal.press(b"f")
        terminal.until_shows("by fps;")
        assert terminal.order()[-1] == "void"


def test_it_fits_the_window_and_follows_its_size(lab):
    with top(lab, rows=6, columns=40) as terminal:
        terminal.until_shows("void")
        assert terminal.order() == ["void", "cam1"], "what does not fit is left out, the last line stays"
        assert terminal.lines()[5].startswith("by health;")
        with terminal.lock:
            terminal.screen.resize(30, 120)
        terminal.resize(30, 120)
        terminal.process.send_signal(signal.SIGWINCH)
        terminal.until_shows("q quit")
        assert terminal.order() == ["void", "cam1", "cam2"]


def test_a_line_as_wide_as_the_window_is_whole(lab):
    with top(lab, columns=27) as terminal:
        terminal.until_shows("cam2")
        assert [line for line in terminal.lines() if line.startswith("CAMERA")] == ["CAMERA           STATE    H"[:27]]
        assert any(len(line) == 27 for line in terminal.lines())


def test_colours_are_on_a_terminal_and_no_color_takes_them_away(lab):
    with top(lab) as terminal:
        terminal.until_shows("healthy")
        assert terminal.colour_of("healthy") == "green"
        assert terminal.colour_of("offline") == "red" or terminal.colour_of("reconnecting") == "brown"
    with top(lab, NO_COLOR="1") as terminal:
        terminal.until_shows("healthy")
        assert not COLOUR.search(terminal.written)


def test_so_they_are_in_status(lab):
    for environment, coloured in (({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)):
        with Terminal(CAMCTL, "-r", lab.run_dir, "status", **environment) as terminal:
            assert terminal.process.wait(30) == 0
            terminal.until_shows("cam2")
            assert bool(COLOUR.search(terminal.written)) == coloured, environment
    assert "\x1b" not in lab.camctl("status") + lab.camctl("show", "cam1")


def test_without_a_terminal_it_says_so(lab):
    done = lab.camctl("top", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "camctl: top draws on a terminal, and this is none; try camctl status\n"
    done = lab.camctl("--json", "top", check=False)
    assert (done.returncode, done.stderr) == (1, "camctl: top draws on a terminal, not as JSON; try camctl --json status\n")


def test_a_supervisor_that_hangs_costs_no_key(lab):
    with top(lab) as terminal:
        terminal.until_shows("cam2")
        lab.daemon.process.send_signal(signal.SIGSTOP)
        try:
            terminal.until_shows("no camrelayd at")
            assert terminal.order() == ["void", "cam1", "cam2"], "the last table stays"
            assert terminal.shows(" s old; camctl: no camrelayd at")
            terminal.press(b"q")
            assert terminal.wait() == 0
        finally:
            lab.daemon.process.send_signal(signal.SIGCONT)


def test_a_supervisor_that_goes_is_said_and_found_again_when_it_is_back(lab):
    """The last test: camrelayd is another one after it."""
    with top(lab) as terminal:
        terminal.until_shows("cam2")
        old = lab.daemon.process.pid
        assert lab.daemon.stop() == 0
        terminal.until_shows("no camrelayd at")
        lab.start()
        terminal.until_shows(f"pid {lab.daemon.process.pid}, up")
        assert not terminal.shows("no camrelayd") and not terminal.shows(f"pid {old},")
        terminal.press(b"q")
        assert terminal.wait() == 0
