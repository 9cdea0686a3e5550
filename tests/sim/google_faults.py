"""google_faults.py - the record of every call, and the faults that a test has scripted."""

import datetime
import json
import time
from dataclasses import dataclass, field

EXECUTE_KINDS = ("generate", "extend", "stop", "command")


def rfc3339(wall, digits):
    moment = datetime.datetime.utcfromtimestamp(wall)
    fraction = f".{moment.microsecond // 10 ** (6 - digits):0{digits}d}" if digits else ""
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z"


class Calls:
    """The record of every call, in memory and as JSON lines."""

    def __init__(self, path):
        self.all = []
        self.file = open(path, "w", buffering=1) if path else None

    def begin(self, kind, device, method, path):
        call = {"n": len(self.all), "mono": time.monotonic(), "wall": rfc3339(time.time(), 3), "kind": kind,
                "device": device and device.id, "name": device and device.name, "user": None, "method": method,
                "path": path, "status": None, "answer_ms": None, "error": None, "bucket": None, "fault": None}
        self.all.append(call)
        return call

    def end(self, call, status, error=None):
        call["status"], call["error"] = status, error
        call["answer_ms"] = round((time.monotonic() - call["mono"]) * 1000, 1)
        self.write(call)

    def write(self, call):
        if self.file:
            self.file.write(json.dumps(call) + "\n")

    def close(self):
        for call in self.all:
            if call["status"] is None:
                self.write(call)
        if self.file:
            self.file.close()


ACTIONS = ("429", "500", "503", "504", "401", "403", "404", "409", "failed_precondition", "invalid_argument",
           "invalid_grant", "invalid_client", "html", "malformed", "without", "hang", "slow", "reset")
FAULT_KINDS = ("token", "list", "get", "structures", "execute", "sdm") + EXECUTE_KINDS
EXECUTED_BY_DEFAULT = ("malformed", "without", "slow")


@dataclass
class Fault:
    id: int
    action: str
    kind: str = None
    device: str = None
    left: float = 1
    until: float = None  # monotonic
    hits: int = 0
    options: dict = field(default_factory=dict)

    @staticmethod
    def of(number, body):
        action, match = str(body["action"]), body.get("match", {})
        if action not in ACTIONS:
            raise ValueError("action must be one of " + " ".join(ACTIONS))
        if match.get("kind") not in FAULT_KINDS + (None, "any"):
            raise ValueError("kind must be one of " + " ".join(FAULT_KINDS))
        if action in ("hang", "slow"):
            float(body["seconds"])
        until = time.monotonic() + float(body["for_s"]) if "for_s" in body else None
        left = int(body["count"]) if "count" in body else 1 if until is None else float("inf")
        kind = None if match.get("kind") == "any" else match.get("kind")
        return Fault(number, action, kind, match.get("device"), left, until, 0, body)

    def matches(self, call):
        kinds = {None: True, "execute": call["kind"] in EXECUTE_KINDS, "sdm": call["kind"] != "token"}
        return (kinds.get(self.kind, self.kind == call["kind"])
                and self.device in (None, call["device"], call["name"]))

    def over(self, now):
        return self.left < 1 or (self.until is not None and now >= self.until)

    @property
    def executed(self):
        return self.options.get("executed", self.action in EXECUTED_BY_DEFAULT)

    @property
    def counted(self):
        return self.options.get("counted", self.action != "reset")

    def state(self):
        until = None if self.until is None else round(self.until - time.monotonic(), 3)
        return {"id": self.id, "hits": self.hits, "left": None if self.left == float("inf") else self.left,
                "ends_in_s": until, "fault": self.options}


class Faults:
    def __init__(self):
        self.list = []
        self.made = 0

    def add(self, body):
        self.made += 1
        self.list.append(Fault.of(self.made, body))
        return self.made

    def take(self, call):
        now = time.monotonic()
        self.list = [f for f in self.list if not f.over(now)]
        fault = next((f for f in self.list if f.matches(call)), None)
        if fault:
            fault.left -= 1
            fault.hits += 1
        return fault
