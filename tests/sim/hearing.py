"""hearing.py - whether a viewer hears a camera: decoded sound, in the camera's own tone.

Of rows as viewer.py --sound reports them. Pure; knows the tones of clips.py and nothing else.
"""
from clips import BEEP_FACTOR, hum_hz

# The page looks at steps of 3 Hz.
OFF_HZ = 8


def tones(name):
    """What camN hums, and what it beeps each second."""
    hum = hum_hz(int(name.removeprefix("cam")))
    return hum, BEEP_FACTOR * hum


def decoded(row):
    """Samples that came and were decoded: those that the browser made up for lost ones are not."""
    sound = row.get("sound") or {"samples": 0, "concealed": 0}
    return sound["samples"] - sound["concealed"]


def hears(row, name):
    sound = row.get("sound")
    return bool(sound) and decoded(row) > 0 and any(abs(sound["hz"] - hz) <= OFF_HZ for hz in tones(name))
