"""lab.py - the whole of camrelay's world on loopback: cameras, Google, SFU, camrelayd, viewer.

Used by the integration tests and by scripts/demo. Every part is a process that a person could start by hand
(README.md); here they are only wired together: free ports, a temporary directory, one configuration file.
"""
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import urllib.request

SIM = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(SIM))
BUILD = os.environ.get("CAMRELAY_BUILD", os.path.join(TOP, "build"))
CACHE = os.path.join(TOP, "build", "sim-cache")
DEADLINE_S = 60
REFERENCE = "reference"
# What gcc's sanitizers write before a program that was built with SAN= ends.
SANITIZER = re.compile(r"(ERROR: (Address|Leak)Sanitizer|WARNING: ThreadSanitizer|runtime error:)")
# What ThreadSanitizer says of libraries that were built without it.
os.environ.setdefault("TSAN_OPTIONS", f"suppressions={TOP}/tests/tsan.supp")


def until(condition, what, deadline_s=DEADLINE_S):
    """The first true value of condition(), or a failure that says what did not come."""
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {deadline_s} s: {what}")


def http(method, url, body=None, timeout=10):
    """JSON in, JSON out."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        text = answer.read()
    return json.loads(text) if text else None


class Process:
    """A program whose standard output is JSON lines; stderr goes to a file of the lab."""

    def __init__(self, name, arguments, directory, env=None):
        self.name = name
        self.log_path = os.path.join(directory, f"{name}.log")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=log, cwd=TOP, env=env)
        self.lines = queue.Queue()
        self.last = None
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            if line.startswith(b"{"):
                self.last = json.loads(line)
                self.lines.put(self.last)

    def ready(self, deadline_s=DEADLINE_S):
        """The first line, which says where things are."""
        end = time.monotonic() + deadline_s
        while time.monotonic() < end:
            try:
                return self.lines.get(timeout=0.1)
            except queue.Empty:
                if self.process.poll() is not None:
                    break
        raise AssertionError(f"{self.name} is not ready; its log ends:\n{self.log_tail()}")

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def log_tail(self, lines=15):
        try:
            return "\n".join(self.log().splitlines()[-lines:])
        except OSError as error:  # a report of one failure must not become another
            return str(error)

    def stop(self, deadline_s=DEADLINE_S):
        """SIGTERM and the exit code; SIGKILL when that takes too long."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
        try:
            code = self.process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = None
        self.reader.join(5)
        self.process.stdout.close()
        return code


class Lab:
    """Everything, started in order. cameras: how many. lifetime, window, qpm: Google's, compressed.

    supervisor, account, cloudflare, recording, consumers, camera: {key: value} added to the sections of the configuration; a value of
    None takes the key out. accounts: how many Google users; the cameras are dealt to them in turn. reference: one camera more,
    which camrelay is not told of and publisher_check.py publishes: the witness of viewers (witness.py). prefix: of camrelayd's
    command line, as unshare.
    whips: {name: {key: value}}, a [whip] section each.
    CAMRELAY_KEEP in the environment: the directory with configuration and logs stays.
    """
    alive = []  # those not closed yet, for who reports a failure

    def __init__(self, cameras=3, lifetime=300, window=60, qpm=10, camera_args=(), google_args=(), sfu_args=(),
                 supervisor=None, account=None, cloudflare=None, recording=None, camera=None, accounts=1, log_level="debug",
                 state=False, reference=False, prefix=(), whips=None, consumers=None):
        # Short: unix sockets allow 108 bytes.
        self.directory = tempfile.mkdtemp(prefix="camrelay-")
        self.processes = []
        self.names = [f"cam{i + 1}" for i in range(cameras)]
        self.supervisor_keys = {"log_level": log_level, **(supervisor or {})}
        if state:
            self.supervisor_keys["state_dir"] = os.path.join(self.directory, "state")
        self.account_keys = {"qpm": qpm, "window": f"{int(window * 1000)}ms",
                             "long_window": f"{int(window * 60000)}ms", **(account or {})}
        self.cloudflare_keys = cloudflare or {}
        self.recording_keys = recording or {}
        self.camera_keys = camera or {}
        self.prefix = list(prefix)
        self.whips = whips or {}
        self.own_keys = {}  # {camera: {key: value}}, of its section only
        self.consumers_keys = consumers or {}
        self.accounts = ["home", *(f"home{i}" for i in range(2, accounts + 1))]
        self.config = os.path.join(self.directory, "camrelay.conf")
        self.run_dir = os.path.join(self.directory, "run")
        self.daemon = self.reference = None
        Lab.alive.append(self)
        try:
            self._start_world(cameras + reference, lifetime, window, qpm, camera_args, google_args, sfu_args)
            self.write_config()
            if reference:
                self._start_reference(f"cam{cameras + 1}")
        except BaseException:
            self.close()
            raise

    def _spawn(self, name, *arguments):
        process = Process(name, [os.path.join(SIM, f"{name}.py"), *map(str, arguments)], self.directory)
        self.processes.append(process)
        return process

    def _start_world(self, cameras, lifetime, window, qpm, camera_args, google_args, sfu_args):
        self.cams = self._spawn("camera", "--cameras", cameras, "--cache", CACHE, *camera_args)
        self.sfu = self._spawn("cloudflare", "--cache", CACHE, *sfu_args)
        self.cam = self.cams.ready(120)
        self.google_process = self._spawn("google", "--camera", self.cam["control"], "--lifetime", lifetime, "--window",
                                          window, "--qpm", qpm, "--users", len(self.accounts), "--cache", CACHE,
                                          *google_args)
        self.google = self.google_process.ready()
        self.cf = self.sfu.ready()

    def _start_reference(self, camera):
        """Its lease never ends; and it runs before anything is measured."""
        lease = http("POST", self.cam["control"] + "/leases", {"camera": camera, "lifetime_s": 1000000})
        self.reference = self._spawn("publisher_check", "--api", self.cf["api"], "--name", REFERENCE, "--source",
                                     lease["rtsp_url"])
        self.reference.ready()

    # ---- camrelayd ----

    def _secret(self, name, text):
        path = os.path.join(self.directory, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(text + "\n")
        return path

    def sections(self):
        """The configuration as [(header, {key: value})]."""
        google = self.google
        yield "supervisor", {"run_dir": self.run_dir, "http": "127.0.0.1:0", **self.supervisor_keys}
        for account, token in zip(self.accounts, google["refresh_tokens"]):
            yield f'google "{account}"', {
                "project_id": google["project_id"], "client_id": google["client_id"],
                "client_secret_file": self._secret("client.secret", google["client_secret"]),
                "refresh_token_file": self._secret(f"{account}.token", token),
                "api_url": google["api_url"], "token_url": google["token_url"], "login_url": google["login_url"],
                **self.account_keys}
        yield "cloudflare", {"app_id": self.cf["app_id"], "api_url": self.cf["api"],
                             "app_secret_file": self._secret("sfu.secret", "sim-secret"), **self.cloudflare_keys}
        if self.recording_keys:
            yield "recording", self.recording_keys
        if self.consumers_keys:
            yield "consumers", self.consumers_keys
        for name, keys in self.whips.items():
            yield f'whip "{name}"', keys
        for number, name in enumerate(self.names):
            yield f'camera "{name}"', {"google": self.accounts[number % len(self.accounts)],
                                       "device": google["devices"][name], "publish": "cloudflare",
                                       "ca_file": self.cam["ca"], **self.camera_keys, **self.own_keys.get(name, {})}

    def write_config(self):
        with open(self.config, "w", encoding="utf-8") as file:
            for header, keys in self.sections():
                file.write(f"[{header}]\n")
                file.writelines(f"{key} = {value}\n" for key, value in keys.items() if value is not None)

    def start(self, **environment):
        """camrelayd in the foreground; environment is added to ours."""
        self.daemon = Process("camrelayd", [*self.prefix, os.path.join(BUILD, "camrelayd"), "-f", "-c", self.config], self.directory,
                              {**os.environ, **environment})
        self.processes.append(self.daemon)
        until(self.pings, "camrelayd answers")
        return self

    def camctl(self, *arguments, check=True):
        """camctl's standard output; its exit code must be 0 if check."""
        done = subprocess.run([os.path.join(BUILD, "camctl"), "-r", self.run_dir, *arguments], capture_output=True,
                              text=True, timeout=90, check=False)
        assert not check or done.returncode == 0, f"camctl {arguments}: {done.returncode} {done.stderr}"
        return done.stdout if check else done

    def pings(self):
        assert self.daemon.process.poll() is None, f"camrelayd ended:\n{self.daemon.log_tail()}"
        return self.camctl("ping", check=False).returncode == 0

    def status(self):
        return json.loads(self.camctl("--json", "status"))

    def rows(self):
        """{camera: its row of the status}"""
        return {row["name"]: row for row in self.status()["cameras"]}

    def running(self, names=None):
        """The rows, once all of them are sending media."""
        rows = self.rows()
        return rows if all(rows[n]["phase"] == "running" for n in names or self.names) else None

    def url(self):
        """Where camrelayd serves HTTP: http://127.0.0.1:PORT"""
        return self.status()["http"]

    def until_running(self, names=None, deadline_s=DEADLINE_S):
        return until(lambda: self.running(names), f"{names or self.names} running", deadline_s)

    def log(self):
        return self.daemon.log()

    def pid(self, name):
        """Of the camera's worker; 0 without one."""
        return self.rows()[name]["pid"]

    def title(self, name):
        """What ps shows of the camera's worker."""
        done = subprocess.run(["ps", "-o", "args=", "-p", str(self.pid(name))], capture_output=True, text=True,
                              check=False)
        return done.stdout.strip()

    # ---- the others ----

    def calls(self, **wanted):
        """Google's record of every call, those with these values: calls(kind="extend", name="cam1")."""
        return [c for c in http("GET", self.google["sim"] + "/calls") if all(c.get(k) == v for k, v in wanted.items())]

    def google_state(self):
        """What google.py tells of itself: streams, buckets with their peaks."""
        return http("GET", self.google["sim"] + "/state")

    def google_sim(self, path, **body):
        """google.py's control API: google_sim("revoke_access")."""
        return http("POST", f"{self.google['sim']}/{path}", body)

    def commands(self, name):
        """What Google was told to do with this camera, in order: ["generate", "extend", ...]."""
        return [c["kind"] for c in self.calls(name=name) if c["kind"] in ("generate", "extend", "stop")]

    def over_quota(self):
        """Google's buckets of which any window ever held more calls than allowed: {name: bucket}."""
        buckets = http("GET", self.google["sim"] + "/state")["buckets"]
        return {name: b for name, b in buckets.items() if b["peak"] > b["limit"]}

    def google_fault(self, **fault):
        return self.google_sim("faults", **fault)

    def camera_fault(self, name, kind, **fault):
        return http("POST", f"{self.cam['control']}/cameras/{name}/faults", {"kind": kind, **fault})

    def camera_state(self, name):
        return http("GET", self.cam["control"] + "/state")["cameras"][name]

    def sfu_sim(self, path, **body):
        """cloudflare.py's control API: sfu_sim("media", action="failover")."""
        return http("POST", f"{self.cf['sim']}/{path}", body, timeout=30)

    def sfu_fault(self, **fault):
        return self.sfu_sim("faults", **fault)

    def sfu_calls(self, since=0, **wanted):
        """The SFU's record of every API call, those with these values: sfu_calls(op="tracks_new")."""
        calls = http("GET", f"{self.cf['sim']}/calls?since={since}")
        return [c for c in calls if all(c.get(k) == v for k, v in wanted.items())]

    def sfu_state(self):
        return http("GET", self.cf["sim"] + "/state")

    def sfu_track(self, name, kind="video"):
        """What the SFU knows of the camera's track, the newest if there are several; None without one."""
        state = self.sfu_state()
        wanted = [p for p in state["published"] if p["trackName"] == f"{name}-{kind}"]
        for session in state["sessions"]:
            for track in session["tracks"]:
                if wanted and session["id"] == wanted[-1]["sessionId"] and track["mid"] == wanted[-1]["mid"]:
                    return {"session": session["id"], **track}
        return None

    def sfu_packets(self, name):
        """Packets that the SFU received in the camera's present session."""
        track = self.sfu_track(name)
        return (track or {}).get("packets") or 0

    def view(self, kind="viewer_aiortc", names=None, *arguments):
        """A viewer of these cameras' video tracks, which follows them when they are published anew."""
        tracks = [f"{name}-video" for name in names or self.names]
        viewer = self._spawn(kind, "--api", self.cf["api"], "--sim", self.cf["sim"],
                             *(a for track in tracks for a in ("--discover", track)),
                             *(("--reference", REFERENCE) if self.reference else ()), *arguments)
        return viewer

    def view_directly(self, *arguments):
        """A browser that the cameras are sent to by WHIP, with no SFU between, from start() on. It takes others at
        viewer.base + name. What is said of viewers holds for it."""
        return self.publish_to("whip_browser", *arguments)

    def publish_to(self, server, *arguments):
        """That WHIP server gets the cameras, from start() on, and no SFU."""
        process = self._spawn(server, *arguments)
        process.base = process.ready()["base"]
        for name in self.names:
            self.own_keys.setdefault(name, {})["publish"] = f"whip:{process.base}{name}"
        self.write_config()
        return process

    def view_listed(self, path, kind="viewer"):
        """A viewer of the tracks in a file, which it follows."""
        return self._spawn(kind, "--api", self.cf["api"], "--sim", self.cf["sim"], "--tracks", path)

    def seen(self, viewer, name):
        """The viewer's last word on a camera."""
        line = viewer.last or {"cameras": {}}
        return line["cameras"].get(f"{name}-video", {})

    def frames(self, viewer, name):
        """Decoded so far."""
        return self.seen(viewer, name).get("framesDecoded", 0)

    def witness(self, viewer):
        """What the viewer says of the machine, and of the reference."""
        return (viewer.last or {}).get("witness", {})

    def until_decoding(self, viewer, names=None, more=5, deadline_s=DEADLINE_S):
        """Every camera's decoded frames have grown by `more` since now."""
        names = names or self.names
        start = {name: self.frames(viewer, name) for name in names}
        until(lambda: all(self.frames(viewer, n) >= start[n] + more for n in names),
              f"{names} decoded; last {viewer.last}", deadline_s)

    def until_witnessed(self, viewer, more=5):
        """The reference's too."""
        decoded = lambda: (self.witness(viewer).get("reference") or {}).get("framesDecoded", 0)
        start = decoded()
        until(lambda: decoded() >= start + more, f"the reference decoded; last {viewer.last}")

    def log_tails(self):
        """[(title, the end of the log)] of every part."""
        return [(f"log of {p.name}", p.log_tail(40)) for p in self.processes]

    def sanitizer_report(self):
        """What a sanitizer found in camrelayd or a worker, "" if nothing."""
        text = self.log() if self.daemon else ""
        found = SANITIZER.search(text)
        return text[found.start():][:4000] if found else ""

    def close(self):
        """Ends everything, camrelayd first; its exit code. Fails if a sanitizer found something."""
        if self not in Lab.alive:
            return None
        Lab.alive.remove(self)
        code = None
        for process in reversed(self.processes):
            result = process.stop()
            if process is self.daemon:
                code = result
        report = self.sanitizer_report()
        if "CAMRELAY_KEEP" not in os.environ:
            shutil.rmtree(self.directory, ignore_errors=True)
        assert not report, report
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Events:
    """camctl events --follow, from its connection on."""

    def __init__(self, lab, poked="cam2"):
        self.lab, self.poked = lab, poked
        self.process = subprocess.Popen([os.path.join(BUILD, "camctl"), "-r", lab.run_dir, "--json", "events", "--follow"],
                                        stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        # A subscriber hears what comes after it has connected: something must happen until it does.
        os.set_blocking(self.process.stdout.fileno(), False)
        self.seen = []
        until(self.poke, "the first event", 20)
        return self

    def poke(self):
        self.lab.camctl("--wait", "restart", self.poked)
        return self.all()

    def all(self):
        self.seen += [json.loads(line) for line in self.process.stdout.readlines()]
        return self.seen

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()
