"""camrelayd -t: every mistake is a sentence that names file, line, key, value and what is allowed; exit 78."""
import os
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("CAMRELAY_BUILD", os.path.join(ROOT, "build"))

GOOGLE = """[google "home"]
project_id = p-1
client_id = c-1
client_secret_file = /etc/camrelay/s
refresh_token_file = /etc/camrelay/t
"""
CLOUDFLARE = """[cloudflare]
app_id = a1
app_secret_file = /etc/camrelay/c
"""
PORCH = """[camera "porch"]
google = home
device = D1
"""
GOOD = GOOGLE + CLOUDFLARE + PORCH
URL = '[camera "x"]\nurl = rtsp://127.0.0.1/s\npublish = none\n'

# Text of the file -> what must follow the file's name.
BROKEN = {
    "not a number": ('[google "home"]\nqpm = ten\n' + GOOGLE.split("\n", 1)[1],
                     ':2: [google "home"] qpm = ten: must be a whole number from 1 to 100000'),
    "number out of range": ("[supervisor]\ndegraded_after = 0\n",
                            ":2: [supervisor] degraded_after = 0: must be a whole number from 1 to 100"),
    "duration without unit": ("[supervisor]\nkill_timeout = 30\n",
                              ":2: [supervisor] kill_timeout = 30: must be a duration from 100ms to 1m"),
    "duration out of range": ("[supervisor]\nkill_timeout = 2h\n",
                              ":2: [supervisor] kill_timeout = 2h: must be a duration from 100ms to 1m"),
    "not a choice": ("[supervisor]\nlog = xml\n", ":2: [supervisor] log = xml: must be one of logfmt, json"),
    "not yes or no": (URL + "tls_verify = maybe\n", ':4: [camera "x"] tls_verify = maybe: must be yes or no'),
    "relative path": ("[supervisor]\nrun_dir = run\n", ":2: [supervisor] run_dir = run: must be an absolute path"),
    "wrong scheme": (CLOUDFLARE + "api_url = ftp://x\n",
                     ":4: [cloudflare] api_url = ftp://x: must be a URL that begins with https:// or http://"),
    "secret over plain http": (CLOUDFLARE + "api_url = http://example.net/v1\n",
                               ":4: [cloudflare] api_url = http://example.net/v1: must be https://"),
    "quoted value": (GOOGLE + CLOUDFLARE + '[camera "porch"]\ngoogle = home\ndevice = "D1"\n',
                     ':11: [camera "porch"] device = "D1": must be letters, digits and . _ -'),
    "misspelt key": (GOOD + "devise = D2\n", ':12: [camera "porch"] devise: no such key; did you mean device?'),
    "key of another section": (GOOD + "qpm = 5\n", ':12: [camera "porch"] qpm: no such key here; it belongs to [google]'),
    "misspelt section": (GOOD + '[camra "y"]\n', ':12: [camra "y"]: no such section; did you mean [camera]?'),
    "key twice": (GOOD + "device = D2\n", ':12: [camera "porch"] device = D2: is already set at line 11'),
    "section twice": (GOOD + PORCH, ':12: [camera "porch"]: is already at line 9'),
    "bad camera name": ('[camera "Front Door"]\n', ':1: [camera "Front Door"]: the name must be 1 to 63 of a-z, 0-9'),
    "camera without name": ("[camera]\n", ':1: [camera]: needs a name: [camera "name"]'),
    "key before any section": ("qpm = 5\n", ":1: qpm: stands before the first [section]"),
    "neither key nor section": ("[supervisor]\nhello\n", ":2: hello: must be [section], key = value, or ; comment"),
    "unclosed section": ("[supervisor\n", ":1: [supervisor: must be [section]"),
    "no source": ('[camera "x"]\npublish = none\n', ':1: [camera "x"]: needs google and device, or url'),
    "two sources": (GOOD + "url = rtsp://h/\n", ':12: [camera "porch"] url = ***: a camera has either'),
    "no such account": (CLOUDFLARE + PORCH, ':5: [camera "porch"] google = home: there is no section [google "home"]'),
    "the same device twice": (GOOD + '[camera "b"]\ngoogle = home\ndevice = D1\n',
                              ':14: [camera "b"] device = D1: is already [camera "porch"]\'s'),
    "nowhere to publish": (GOOGLE + PORCH, ':6: [camera "porch"] publish: there is no section [cloudflare]'),
    "required key missing": ("[cloudflare]\napp_secret_file = /s\n", ":1: [cloudflare] app_id: is missing"),
    "run_dir too long": ("[supervisor]\nrun_dir = /" + "d" * 100 + "\n" + URL,
                         ':3: [camera "x"]: /ddd'),
    "line too long": ('[camera "x"]\npublish = none\nurl = rtsp://h/' + "x" * 9000 + "\n", ":3: url = rtsp://h/xxx"),
    "bytes that are no text": ("[supervisor]\nlog = json\0\n", ":2: holds a zero byte"),
}


def camrelayd(*options):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("GOOGLE_", "CREDENTIALS_"))}
    return subprocess.run([f"{BUILD}/camrelayd", *options], capture_output=True, text=True, timeout=60, env=env,
                          check=False)


def check(tmp_path, text):
    path = tmp_path / "camrelay.conf"
    path.write_bytes(text.encode())
    return path, camrelayd("-t", "-c", str(path))


@pytest.mark.parametrize("what", BROKEN)
def test_a_mistake_is_a_sentence_and_78(tmp_path, what):
    text, sentence = BROKEN[what]
    path, done = check(tmp_path, text)
    assert f"{path}{sentence}" in done.stderr
    assert done.returncode == 78
    assert done.stdout == ""


def test_all_mistakes_are_told_at_once(tmp_path):
    _, done = check(tmp_path, "[supervisor]\nlog = xml\nkill_timeout = 9\nfoo = bar\n[camera]\n")
    assert done.returncode == 78
    assert [line.split(":")[1] for line in done.stderr.splitlines()] == ["2", "3", "4", "5"]


def test_a_right_file_passes(tmp_path):
    _, done = check(tmp_path, GOOD)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_url_of_2000_bytes_passes(tmp_path):
    _, done = check(tmp_path, '[camera "x"]\npublish = none\nurl = rtsps://h/' + "x" * 2000 + "\n")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_example_passes():
    done = camrelayd("-t", "-c", f"{ROOT}/etc/camrelay.conf")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_file_that_is_not_there_is_named(tmp_path):
    done = camrelayd("-t", "-c", str(tmp_path / "none.conf"))
    assert done.returncode == 78
    assert "none.conf: cannot be read: No such file or directory" in done.stderr


def test_what_is_effective_is_itself_valid_and_without_secrets(tmp_path):
    first = tmp_path / "first.conf"
    second = tmp_path / "second.conf"
    first.write_text(GOOD + '[camera "y"]\nurl = rtsps://me:hunter2@h/s?auth=hunter3\n')
    shown = camrelayd("-T", "-c", str(first))
    assert shown.returncode == 0
    assert "hunter" not in shown.stdout
    assert "kill_timeout = 5s" in shown.stdout
    second.write_text(shown.stdout)
    assert camrelayd("-T", "-c", str(second)).stdout == shown.stdout


def test_a_wrong_option_is_a_usage_error():
    done = camrelayd("-x")
    assert done.returncode == 64
    assert "usage:" in done.stderr
