"""person.py - somebody who sits before the dashboard: headless Chromium, asked what it shows, with a mouse and keys.

For tests. Everything is done as a person does it: clicks go where an element is, keys to what has the focus. What the browser
complains of, and whom it talks to, is noted.
"""
import asyncio
import json
import os
import re
import time

from lab import DEADLINE_S, TOP, until
from viewer import Chromium

PICTURES = os.path.join(TOP, "build", "dashboard")
DESK, PHONE = (1440, 1000), (360, 740)
REFUSAL = re.compile(r"Failed to load resource: the server responded with a status of (404|409|503) .*/(v2/consumers|snapshot)")
KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, "End": 35, "Home": 36, "ArrowLeft": 37, "ArrowRight": 39}

# What tests ask of a page: a camera's tile, the value of one of its fields, what its <video> has decoded, and what it hears.
ASK = """
window.tile = (camera) => document.querySelector(`[data-camera="${camera}"].camera`);
window.shown = (camera, field) => tile(camera)?.querySelector(`[data-field="${field}"]`)?.textContent;
window.frames = (camera) => tile(camera).querySelector('video').getVideoPlaybackQuality().totalVideoFrames;
window.loudest = async (camera) => {
    window.ears ??= {};
    const track = tile(camera).querySelector('video').srcObject?.getAudioTracks()[0];
    if (!track) return null;
    if (ears[camera]?.track !== track) {
        const context = new AudioContext({sampleRate: 48000}), ear = context.createAnalyser();
        ear.fftSize = 16384;
        ear.smoothingTimeConstant = 0;
        context.createMediaStreamSource(new MediaStream([track])).connect(ear);
        ears[camera] = {track, ear};
    }
    const bins = new Float32Array(ears[camera].ear.frequencyBinCount);
    ears[camera].ear.getFloatFrequencyData(bins);
    const best = bins.indexOf(Math.max(...bins));
    return Math.max(...bins) > -80 ? best * 48000 / 16384 : null;
};
"""


class Browser(Chromium):
    """Keeps what it complains of, and the addresses that it asks."""

    def __init__(self):
        super().__init__()
        self.complaints, self.asked = [], []

    def on_event(self, method, parameters):
        if method == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            self.complaints.append(details.get("exception", details).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
            self.complaints.append(" ".join(str(a.get("value", a.get("description"))) for a in parameters["args"]))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            entry = parameters["entry"]
            self.complaints.append(f"{entry['text']} {entry.get('url', '')}")
        elif method == "Network.requestWillBeSent":
            self.asked.append(parameters["request"]["url"])
        elif method == "Network.webSocketCreated":
            self.asked.append(parameters["url"])


class Person:
    """One page of one browser; every method waits for what it does."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.browser = self.run(Browser.open())
        for domain in ("Runtime", "Log", "Network", "Page"):
            self.command(f"{domain}.enable")
        self.command("Page.addScriptToEvaluateOnNewDocument", source=ASK)
        self.command("Emulation.setFocusEmulationEnabled", enabled=True)
        self.sit(DESK)

    def run(self, task):
        return self.loop.run_until_complete(task)

    def command(self, method, **parameters):
        return self.run(self.browser.command(method, **parameters))

    def close(self):
        self.js("window.pulls = {}; 0")
        self.run(self.browser.close())
        self.loop.close()

    # ---- what it sees ----

    def js(self, expression):
        return self.run(self.browser.evaluate(expression))

    def until(self, expression, what=None, deadline_s=DEADLINE_S):
        """The first true value of an expression; a failure shows its last, and what the page says of itself."""
        end, value = time.monotonic() + deadline_s, None
        while time.monotonic() < end:
            value = self.js(expression)
            if value:
                return value
            self.run(asyncio.sleep(0.1))
        page = self.js("document.body.innerText")
        raise AssertionError(f"not within {deadline_s} s: {what or expression}; last {value!r}\n{self.complaints()}\n{page}")

    def shown(self, camera, field):
        return self.js(f"shown({json.dumps(camera)}, {json.dumps(field)})")

    def frames(self, camera):
        return self.js(f"frames({json.dumps(camera)})")

    def until_decoding(self, camera, more=10):
        start = self.frames(camera)

        def grown():
            nonlocal start
            now = self.frames(camera)
            start = min(start, now)  # another connection may count from the beginning
            return now >= start + more
        until(grown, f"{camera} decoded")
        self.until(f"shown('{camera}', 'live') === 'Live'", f"{camera} live")

    def complaints(self):
        """But for refusals by camrelayd, which the page bears and tells of: the browser notes each in its log."""
        return [c for c in self.browser.complaints if not REFUSAL.match(c)]

    def forgive(self):
        """What was complained of so far was to be expected."""
        self.browser.complaints.clear()

    def foreign(self, url):
        """Whom it asked besides camrelayd."""
        own = (url + "/", url.replace("http", "ws", 1) + "/", "blob:" + url, "data:", "file:")
        return [asked for asked in self.browser.asked if not asked.startswith(own)]

    def picture(self, name):
        os.makedirs(PICTURES, exist_ok=True)
        path = os.path.join(PICTURES, f"{name}.png")
        self.run(self.browser.screenshot(path))
        print(path)
        return path

    # ---- what it does ----

    def visit(self, url):
        self.command("Page.navigate", url=url + "/")
        self.until(f"location.href === {json.dumps(url + '/')} && document.readyState === 'complete'", "the page")

    def sit(self, size):
        self.command("Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1,
                     mobile=size == PHONE)

    def prefer(self, scheme):
        """The system is dark or light."""
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def click(self, selector, at=0.5):
        """at: how far from the element's left edge."""
        place = f"""(() => {{
            const node = document.querySelector({json.dumps(selector)});
            node.scrollIntoView({{block: 'center', behavior: 'instant'}});
            const box = node.getBoundingClientRect(), x = box.left + {at} * box.width, y = box.top + box.height / 2;
            return node.contains(document.elementFromPoint(x, y)) && [x, y];
        }})()"""
        x, y = self.until(place, f"{selector} can be clicked")
        for kind in ("mousePressed", "mouseReleased"):
            self.command("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def click_of(self, camera, action):
        self.click(f'[data-camera="{camera}"] [data-action="{action}"]')

    def press(self, key):
        more = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.command("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=KEYS[key], **more)
            more = {}

    def type(self, text):
        self.command("Input.insertText", text=text)

    def choose(self, selector, value):
        """Of a list: the browser draws it outside the page, where no mouse of ours comes."""
        self.js(f"""(() => {{
            const list = document.querySelector({json.dumps(selector)});
            list.value = {json.dumps(value)};
            list.dispatchEvent(new Event('change', {{bubbles: true}}));
        }})()""")
