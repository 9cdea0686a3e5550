"""scripts/check-layers refuses each kind of trespass, and nothing else."""
import os
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# A tree that is right: every layer, and one wrapped library.
GOOD = {
    "common/log.h": "void log_it(void);\n",
    "common/json.c": '#include <json-c/json.h>\n#include "common/log.h"\n',
    "proto/msg.h": '#include "common/log.h"\n',
    "supervisor/main.c": '#include <uv.h>\n#include "proto/msg.h"\n',
    "supervisor/camera.h": "struct camera;\n",
    "supervisor/camera.c": '#include <stdlib.h>\n#include "supervisor/camera.h"\n',
    "worker/rtp.c": '#include "common/log.h"\n',
    "worker/dtls_identity.c": "#include <openssl/ssl.h>\n",
    "control/main.c": '#include "proto/msg.h"\n',
    "tests/unit/test_camera.c": '#include <uv.h>\n#include "supervisor/camera.h"\n',
}

BROKEN = {
    "common includes proto": ("common/log.c", '#include "proto/msg.h"\n', "common must not include proto/msg.h"),
    "proto includes supervisor": ("proto/msg.c", '#include "supervisor/camera.h"\n', "proto must not include"),
    "supervisor includes worker": ("supervisor/x.c", '#include "worker/rtp.c"\n', "supervisor must not include"),
    "worker includes supervisor": ("worker/x.c", '# include "supervisor/camera.h"\n', "worker must not include"),
    "control includes supervisor": ("control/x.c", '#include "supervisor/camera.h"\n', "control must not include"),
    "no folder": ("common/x.c", '#include "log.h"\n', "with its folder"),
    "upwards": ("common/x.c", '#include "../proto/msg.h"\n', "with its folder"),
    "no such header": ("common/x.c", '#include "common/nothing.h"\n', "does not exist"),
    "a second user of json-c": ("proto/x.c", "#include <json-c/json.h>\n", "belongs to common/json.c"),
    "a second user of curl": ("supervisor/oauth.c", "#include <curl/curl.h>\n", "supervisor/http_client.c"),
    "libav in the supervisor": ("supervisor/x.c", "#include <libavformat/avformat.h>\n", "belongs to worker"),
    "inih elsewhere": ("supervisor/config.c", "#include <ini.h>\n", "belongs to common/ini_file.c"),
    "bsd elsewhere": ("worker/main.c", "#include <bsd/unistd.h>\n", "belongs to common/proctitle.c"),
    "the loop in a pure module": ("supervisor/camera.c", "#include <uv.h>\n", "in a pure module"),
    "a socket in a pure module": ("worker/rtp.c", "#include <sys/socket.h>\n", "in a pure module"),
    "a system call in what says it is pure": ("worker/x.c", "/* x.c - x.\n * Pure. */\n#include <poll.h>\n",
                                              "<poll.h> in a pure module"),
    "the loop in common": ("common/x.c", "#include <uv.h>\n", "belongs to supervisor/"),
    "a second clock": ("worker/x.c", "void\nf(void)\n{\n\tclock_gettime(0, 0);\n}\n", "only for common/clock.c"),
    "an unbounded copy": ("worker/x.c", "void\nf(char *a)\n{\n\tstrcpy(a, a);\n}\n", "strcpy is not used"),
    "a long header": ("common/x.h", "int x;\n" * 121, "a header of 121 lines"),
    "a long function": ("worker/x.c", "void\nf(void)\n{\n" + "\tg();\n" * 61 + "}\n", "a function of 61 lines"),
}


def write(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def check(root):
    return subprocess.run([f"{ROOT}/scripts/check-layers", "--root", root], capture_output=True, text=True,
                          timeout=30, check=False)


def test_a_right_tree_passes(tmp_path):
    write(tmp_path, GOOD)
    done = check(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "10 files, 0 errors" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("what", BROKEN)
def test_a_trespass_is_named(tmp_path, what):
    path, text, sentence = BROKEN[what]
    write(tmp_path, GOOD)
    write(tmp_path, {path: text})
    done = check(tmp_path)
    assert done.returncode == 1
    assert f"{path}:" in done.stderr
    assert sentence in done.stderr


def test_words_in_comments_and_strings_are_no_trespass(tmp_path):
    write(tmp_path, GOOD)
    write(tmp_path, {"worker/x.c": '/* clock_gettime( */\nchar *s = "strcpy(a, b)"; // sprintf(\n'})
    assert check(tmp_path).returncode == 0


def test_a_function_of_sixty_lines_passes(tmp_path):
    write(tmp_path, GOOD)
    write(tmp_path, {"worker/x.c": "void\nf(void)\n{\n" + "\tg();\n" * 60 + "}\n"})
    assert check(tmp_path).returncode == 0


def test_a_header_of_120_lines_passes(tmp_path):
    write(tmp_path, GOOD)
    write(tmp_path, {"common/x.h": "int x;\n" * 120})
    done = check(tmp_path)
    assert done.returncode == 0
    assert done.stderr == ""


def test_long_sources_are_warned_of(tmp_path):
    write(tmp_path, GOOD)
    write(tmp_path, {"common/long.c": "int x;\n" * 501})
    done = check(tmp_path)
    assert done.returncode == 0
    assert "common/long.c: warning: 501 lines" in done.stderr


def test_an_empty_tree_is_an_error(tmp_path):
    assert check(tmp_path).returncode == 1
