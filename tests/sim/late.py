"""late.py - viewers who come late: one browser, in which each pull is a viewer more.

Owns the list that viewer.py follows. A pull begins when its entry is read; how long it took to a picture is the browser's
own word (first_picture_ms).
"""
import json
import os

import hearing
from lab import until

# A status is of the last second: of a GOP of 4 s this is neither its begin nor its end.
MID_GOP_MS = (300, 2000)


def until_mid_gop(lab, name):
    """The camera's newest IDR is some time ago, and its next one is not due yet."""
    low, high = MID_GOP_MS
    until(lambda: low < lab.rows()[name]["keyframe_age_ms"] < high, f"{name} in mid-GOP")


class LateViewers:
    def __init__(self, lab, sound=True):
        self.lab, self.sound = lab, sound
        self.entries = []
        self.path = os.path.join(lab.directory, "late.json")
        self._write()
        self.viewer = lab.view_listed(self.path)
        self.viewer.ready()

    def _write(self):
        with open(self.path + ".part", "w", encoding="utf-8") as file:
            json.dump(self.entries, file)
        os.rename(self.path + ".part", self.path)

    def row(self, key):
        return (self.viewer.last or {"cameras": {}})["cameras"].get(key, {})

    def join(self, name):
        """One viewer more of that camera: ms from the start of its pull to its first picture."""
        key = f"late{len(self.entries) + 1}"
        sound = {"soundName": f"{name}-audio"} if self.sound else {}
        self.entries.append({"camera": key, "sessionId": self.lab.sfu_track(name)["session"],
                             "trackName": f"{name}-video", **sound})
        self._write()
        until(lambda: self.row(key).get("first_picture_ms") is not None, f"{key} sees {name}; last {self.row(key)}")
        if self.sound:
            until(lambda: hearing.hears(self.row(key), name), f"{key} hears {name}; last {self.row(key)}")
        return self.row(key)["first_picture_ms"]
