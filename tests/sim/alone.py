"""alone.py - camrelayd with nothing around it: no Google, no SFU, cameras that cannot be reached. For tests of what it does by
itself."""
import json
import os
import shutil
import subprocess
import tempfile

from lab import BUILD, Process, until

# Nobody listens on the discard port of this machine.
NOWHERE = "rtsp://127.0.0.1:9/none"


class Alone:
    """A camrelayd with these sections: [(header, {key: value})] after [supervisor], whose further keys are supervisor."""

    def __init__(self, sections=(), supervisor=None, prefix=()):
        self.directory = tempfile.mkdtemp(prefix="camrelay-")
        self.run_dir = os.path.join(self.directory, "run")
        self.config = os.path.join(self.directory, "camrelay.conf")
        self.prefix = list(prefix)
        self.supervisor_keys = {"run_dir": self.run_dir, "state_dir": os.path.join(self.directory, "state"), "log_level": "debug",
                                **(supervisor or {})}
        self.daemon = None
        self.write(sections)

    def write(self, sections):
        with open(self.config, "w", encoding="utf-8") as file:
            for header, keys in [("supervisor", self.supervisor_keys), *sections]:
                file.write(f"[{header}]\n")
                file.writelines(f"{key} = {value}\n" for key, value in keys.items() if value is not None)

    def file(self, name, text, mode=0o600):
        """A file of that text in its directory; its path."""
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def start(self):
        self.daemon = Process("camrelayd", [*self.prefix, os.path.join(BUILD, "camrelayd"), "-f", "-c", self.config],
                              self.directory)
        until(lambda: self.camctl("ping", check=False).returncode == 0, f"camrelayd answers; its log: {self.daemon.log_tail()}")
        return self

    def camctl(self, *arguments, check=True):
        done = subprocess.run([os.path.join(BUILD, "camctl"), "-r", self.run_dir, *arguments], capture_output=True, text=True,
                              timeout=60, check=False)
        assert not check or done.returncode == 0, f"camctl {arguments}: {done.returncode} {done.stderr}"
        return done.stdout if check else done

    def json(self, *arguments):
        return json.loads(self.camctl("--json", *arguments))

    def events(self, name=None):
        """The history's, of that name."""
        lines = self.camctl("--json", "events").splitlines()
        return [e for e in map(json.loads, lines) if name in (None, e["event"])]

    def kill(self):
        self.daemon.process.kill()
        self.daemon.process.wait()

    def log(self):
        return self.daemon.log()

    def close(self):
        code = self.daemon.stop() if self.daemon else None
        if "CAMRELAY_KEEP" not in os.environ:
            shutil.rmtree(self.directory, ignore_errors=True)
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
