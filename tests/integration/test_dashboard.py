"""The dashboard, as a person with headless Chromium sees it: texts, decoded pictures, heard sound, keys, a phone."""
import json
import os
import re
import shutil
import signal
import subprocess
import urllib.request

import pytest

import hearing
from lab import Lab, http, until
from person import DESK, PHONE, Person
from ports import free_port

HEARTBEAT_S = 1
QPM = 20
SIZE = (640, 360)
# A view is told in two ways that it must pull again; each must do without the other.
DEAF = {
    "to the event": """const parse = JSON.parse;
        JSON.parse = (text) => {
            const value = parse(text);
            return value?.event?.event === 'consumer must pull' ? {} : value;
        }; 0""",
    "to heartbeats": """const ask = fetch;
        fetch = (path, ...more) => (path.endsWith('/heartbeat') ? new Promise(() => {}) : ask(path, ...more)); 0""",
}


@pytest.fixture(name="lab", scope="module")
def three_cameras(tmp_path_factory):
    # Of streams that live a minute a call is planned at any moment.
    with Lab(cameras=3, lifetime=60, qpm=QPM, state=True,
             supervisor={"http": f"127.0.0.1:{free_port()}", "start_stagger": "100ms"},
             recording={"dir": str(tmp_path_factory.mktemp("recordings")), "min_free": "1%"}, camera={"record": "yes"},
             camera_args=("--profile", "baseline", "--audio-codec", "aac"),
             consumers={"heartbeat": f"{HEARTBEAT_S}s", "heartbeat_timeout": "10s"}) as lab:
        lab.start()
        lab.until_running()
        yield lab
        assert lab.close() == 0


@pytest.fixture(name="somebody", scope="module")
def one_browser():
    person = Person()
    yield person
    person.close()


@pytest.fixture(name="person")
def before_the_page(lab, somebody):
    """The page, loaded anew; at the end nothing was complained of, and nobody else asked."""
    url = lab.url()
    somebody.sit(DESK)
    somebody.prefer("light")
    somebody.visit(url)
    somebody.until("document.querySelectorAll('.camera').length === 3", "three tiles")
    somebody.forgive()
    yield somebody
    assert somebody.complaints() == []
    assert somebody.foreign(url) == []
    somebody.js("document.querySelector('#stop-all').click()")


def watchers(lab, camera=None):
    """Those who watch, as the API has them."""
    return [c for c in http("GET", lab.url() + "/v2/health/consumers")["consumers"]
            if c["state"] != "ended" and camera in (None, c["camera"])]


# ---- cameras ----

def test_it_shows_every_camera_and_how_it_is(lab, person):
    assert person.js("document.title") == "camrelay"
    person.until("document.querySelector('#connection').textContent === 'Connected'")
    assert person.js("[...document.querySelectorAll('.camera h3')].map(h => h.textContent)") == lab.names
    for name in lab.names:
        person.until(f"shown('{name}', 'state') === 'RUNNING' && shown('{name}', 'health') === 'HEALTHY'")
        person.until(f"Number(shown('{name}', 'fps')) > 5", "pictures")
        assert person.shown(name, "picture") == f"{SIZE[0]}×{SIZE[1]}"
        assert re.fullmatch(r"[\d.]+ [kM]bit/s", person.shown(name, "bitrate"))
        assert re.fullmatch(r"[01]:\d\d", person.shown(name, "expires"))
        person.until(f"/^−\\d+ dB$/.test(shown('{name}', 'sound'))", "sound")
        assert person.shown(name, "pid") == str(lab.pid(name))
    assert person.js("document.querySelector('#summary').textContent") == "3 of 3 cameras running"


def test_a_click_shows_live_pictures_and_another_lets_it_be_heard(lab, person):
    person.click_of("cam1", "watch")
    person.until_decoding("cam1")
    assert person.js("tile('cam1').querySelector('video').videoWidth") == SIZE[0]
    assert person.js("tile('cam1').querySelector('video').muted")
    person.click_of("cam1", "sound")
    assert not person.js("tile('cam1').querySelector('video').muted")
    tones = hearing.tones("cam1")
    until(lambda: any(abs((person.js("loudest('cam1')") or 0) - hz) <= hearing.OFF_HZ for hz in tones), f"{tones} heard")
    # Others are not watched, and what this one received is told.
    assert [c["camera"] for c in watchers(lab)] == ["cam1"]
    told = until(lambda: [c["stats"] for c in watchers(lab) if (c.get("stats") or {}).get("frames", 0) > 10], "what it received")
    assert (told[0]["width"], told[0]["height"]) == SIZE and told[0]["packets"] > 0 and told[0]["bytes"] > 0
    person.click_of("cam1", "watch")
    until(lambda: not watchers(lab), "nobody watches")
    assert person.shown("cam1", "live") == ""


def test_a_browser_without_the_codec_is_told_so_and_asks_no_more(lab, person):
    """As Firefox without its plugin for H.264: it takes the sound and rejects the pictures."""
    person.js("""const set = RTCPeerConnection.prototype.setRemoteDescription;
        RTCPeerConnection.prototype.setRemoteDescription = function ({type, sdp}) {
            return set.call(this, {type, sdp: sdp.replaceAll('H264', 'H266')});
        }; 0""")
    person.click_of("cam1", "watch")
    person.until("shown('cam1', 'live') === 'This browser does not play H264, which the camera sends'", "why")
    assert person.js("tile('cam1').querySelector('.screen').dataset.live") == "failed"
    until(lambda: not watchers(lab), "nobody watches")


def test_all_are_watched_at_once_and_none_is_left_when_the_page_goes(lab, person):
    person.click("#watch-all")
    for name in lab.names:
        person.until_decoding(name)
    assert sorted(c["camera"] for c in watchers(lab)) == lab.names
    person.picture("live")
    person.click("#stop-all")
    until(lambda: not watchers(lab), "nobody watches")
    person.click("#watch-all")
    person.until_decoding("cam3")
    person.visit(lab.url())
    until(lambda: not watchers(lab), "nobody watches any more")
    assert {c["end"] for c in http("GET", lab.url() + "/v2/health/consumers")["consumers"]} == {"closed"}


@pytest.mark.parametrize("deaf", DEAF)
def test_restart_makes_another_process_and_the_video_goes_on(lab, person, deaf):
    person.js(DEAF[deaf])
    person.click_of("cam1", "watch")
    person.until_decoding("cam1")
    pid, view = lab.pid("cam1"), watchers(lab, "cam1")[0]
    person.click_of("cam1", "restart")
    person.until("shown('cam1', 'said').length > 0", "an answer")
    person.until(f"!['{pid}', '–'].includes(shown('cam1', 'pid')) && shown('cam1', 'state') === 'RUNNING'", "another process")
    assert person.shown("cam1", "pid") == str(lab.pid("cam1"))
    # The same view, of another session.
    session = view["session"]
    until(lambda: [c for c in watchers(lab, "cam1") if c["id"] == view["id"] and c.get("session", session) != session],
          "pulled again")
    person.until_decoding("cam1")


def test_extend_is_a_call_to_google(lab, person):
    before = len(lab.calls(kind="extend", name="cam2"))
    person.click_of("cam2", "extend")
    person.until("shown('cam2', 'said').length > 0", "an answer")
    until(lambda: len(lab.calls(kind="extend", name="cam2")) > before, "extended")


def test_a_snapshot_is_the_cameras_picture(lab, person):
    person.click_of("cam2", "snapshot")
    size = "[...document.querySelectorAll('#snapshot img')].map(i => [i.naturalWidth, i.naturalHeight])[0]"
    person.until(f"document.querySelector('#snapshot').open && {size}[0] > 0", "a picture")
    assert tuple(person.js(size)) == SIZE
    with urllib.request.urlopen(lab.url() + "/v2/cameras/cam2/snapshot", timeout=30) as answer:
        assert (answer.headers["Content-Type"], answer.read(2)) == ("image/jpeg", b"\xff\xd8")
    assert person.js("document.querySelector('#snapshot a').download").startswith("cam2-2")
    person.press("Escape")
    person.until("!document.querySelector('#snapshot').open")


def test_a_snapshot_that_comes_too_late_is_not_shown_as_another_cameras(person):
    person.js("""const ask = fetch, late = new Promise((resolve) => { window.letGo = resolve; });
        fetch = async (path, ...more) => {
            const answer = await ask(path, ...more);
            if (!path.includes('/cam1/snapshot')) return answer;
            await late;
            const blob = answer.blob.bind(answer);
            answer.blob = async () => {
                const picture = await blob();
                setTimeout(() => { window.came = true; });
                return picture;
            };
            return answer;
        }; 0""")
    person.click_of("cam1", "snapshot")
    person.until("document.querySelector('#snapshot').open")
    person.press("Escape")
    person.until("!document.querySelector('#snapshot').open")
    person.click_of("cam2", "snapshot")
    seen = "[document.querySelector('#snapshot img').src, document.querySelector('#snapshot a').download, " \
           "document.querySelector('#snapshot-title').textContent]"
    person.until(f"{seen}[0].startsWith('blob:')", "cam2's picture")
    before = person.js(seen)
    person.js("letGo()")
    person.until("window.came", "cam1's picture has come")
    assert person.js(seen) == before and before[1].startswith("cam2-") and before[2] == "Snapshot of cam2"
    person.press("Escape")
    person.until("!document.querySelector('#snapshot').open")


def test_cameras_come_and_go_and_others_play_on(lab, person):
    person.click_of("cam1", "watch")
    person.until_decoding("cam1")
    person.js("window.kept = tile('cam1').querySelector('video'); window.stops = 0; kept.addEventListener('pause', () => stops++)")
    lab.camctl("remove", "cam3")
    try:
        person.until("!tile('cam3')", "cam3 gone")
    finally:
        lab.write_config()
        lab.camctl("reload")
    person.until("tile('cam3') && shown('cam3', 'state') === 'RUNNING'", "cam3 back")
    assert person.js("kept === tile('cam1').querySelector('video') && kept.isConnected && stops === 0")
    person.until_decoding("cam1")


# ---- events, quota, the last hour ----

def test_what_happens_is_told_as_it_happens(lab, person):
    person.until("document.querySelectorAll('#events-list li').length > 3", "what happened before")
    died = "document.querySelectorAll('#events-list li[data-camera=cam2][data-event=\"worker died\"]').length"
    before = person.js(died)
    os.kill(lab.pid("cam2"), signal.SIGKILL)
    person.until(f"{died} > {before}", "the death")
    person.until("shown('cam2', 'state') === 'RUNNING'")
    person.choose("#events-camera", "cam3")
    shown = "[...document.querySelectorAll('#events-list li')].filter(li => li.checkVisibility()).map(li => li.dataset.camera)"
    assert set(person.js(shown)) == {"cam3"}
    person.choose("#events-camera", "")
    assert "cam2" in person.js(shown)


def test_the_quota_and_the_next_calls_are_shown(lab, person):
    gauge = "document.querySelector('[data-account=home] .gauge')"
    person.until(f"{gauge}.getAttribute('aria-valuemax') === '{QPM}'")

    def same():
        used = next(b["used"] for b in lab.status()["accounts"][0]["buckets"] if b["name"] == "commands")
        return person.js(f"{gauge}.getAttribute('aria-valuenow')") == str(used)
    until(same, "what camctl says")
    assert re.match(rf"\d+ of {QPM} commands used in the last minute", person.js(f"{gauge}.getAttribute('aria-valuetext')"))
    slots = person.until("[...document.querySelectorAll('[data-field=slots] li')].map(li => li.textContent)", "slots")
    assert slots and all(re.fullmatch(r"\w+ (cam[123] )?in \d+ s", slot) for slot in slots), slots
    rows = "[...document.querySelectorAll('[data-field=queue] tr')].map(tr => tr.innerText)"
    assert len(person.until(rows)) >= len(slots)


def test_the_last_hour_is_a_curve(person):
    for field in ("fps-history", "bitrate-history"):
        curve = f"tile('cam1').querySelector('[data-field={field}]')"
        person.until(f"Number({curve}.dataset.points) >= 2 && {curve}.querySelector('path').getAttribute('d').includes('L')",
                     "two points", 120)
        assert "last hour" in person.js(f"{curve}.getAttribute('aria-label')")


# ---- recordings ----

# What the hour's line draws: [[start, width]] in seconds.
SPANS = """[...document.querySelectorAll('[data-timeline=hour] rect')]
    .map(span => ['x', 'width'].map(name => Number(span.getAttribute(name))))"""
BEFORE_END_S = 5  # timeline.js
NEAR_S = 5  # a pixel of the line is 4 s, and a mouse is at whole ones


def make_gap(lab, camera):
    """Until there is a recording on both sides of it."""
    def spans():
        days = http("GET", f"{lab.url()}/v2/recordings/{camera}")["days"]
        return [s for d in days for s in http("GET", f"{lab.url()}/v2/recordings/{camera}/{d['day']}")["spans"]]
    until(spans, "a recording", 90)
    before = len(spans())
    lab.camctl("stop", camera)
    # Less than a second is shown as none (recording_day.c).
    until(lambda: lab.rows()[camera]["pid"] == 0 and lab.rows()[camera]["state_ms"] > 2000, "stopped for two seconds")
    lab.camctl("start", camera)
    lab.until_running([camera])
    until(lambda: len(spans()) > before, "a gap", 90)


def test_a_recording_is_found_by_its_day_played_from_a_click_and_kept(lab, person, tmp_path):
    make_gap(lab, "cam3")
    person.click_of("cam3", "recordings")
    person.until("document.querySelector('#recordings-camera').value === 'cam3'")
    day = person.until("document.querySelector('#days button[aria-pressed=true]')?.dataset.day", "a day")
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", day)
    assert person.js("document.querySelectorAll('[data-timeline=day] rect').length") >= 1
    recorded = lambda: sum(width for _, width in person.js(SPANS))
    until(lambda: recorded() > 3 * BEFORE_END_S, "more of this hour")
    person.until("/\\d gap/.test(document.querySelector('#day').innerText)", "a gap in words")
    # From the first picture on, by key.
    person.js("document.querySelector('[data-timeline=hour]').focus()")
    person.press("Home")
    seen = "(({currentTime, webkitAudioDecodedByteCount: sound, videoWidth, ...v}) => [currentTime, sound, videoWidth])(" \
           "document.querySelector('#playback'))"
    decoded = "document.querySelector('#playback').getVideoPlaybackQuality().totalVideoFrames"
    person.until(f"{decoded} > 20 && {seen}[0] > 0.5 && {seen}[1] > 1000", "pictures and sound of the recording")
    assert person.js(f"{seen}[2]") == SIZE[0]
    person.until("document.querySelector('#day [data-field=at-text]').textContent.includes('UTC')", "where it is")
    # To the end, behind the gap, by a key; then into the middle of the longest stretch by a click.
    spans, length = person.js(SPANS), recorded()
    start, width = max(spans, key=lambda span: span[1])
    middle = sum(w for s, w in spans if s < start) + width / 2
    person.js("window.seeks = []; playback.addEventListener('seeked', () => seeks.push(playback.currentTime))")
    person.press("End")
    person.until("seeks.length === 1", "the end")
    person.click("[data-timeline=hour]", at=(start + width / 2) / 3600)
    person.until("seeks.length === 2", "the middle")
    seeks = person.js("seeks")
    assert abs(seeks[0] - (length - BEFORE_END_S)) < NEAR_S and abs(seeks[1] - middle) < NEAR_S, (seeks, spans)
    frames = person.js(decoded)
    person.until(f"{decoded} > {frames} + 10", "and on")
    person.picture("recordings")
    link = person.js("[...document.querySelectorAll('#hours a[download]')].at(-1).href")
    path = tmp_path / "part.mp4"
    with urllib.request.urlopen(link, timeout=30) as answer:
        path.write_bytes(answer.read())
    done = subprocess.run(["ffprobe", "-v", "error", "-of", "json", "-show_streams", path], capture_output=True, text=True,
                          check=True)
    assert {s["codec_type"] for s in json.loads(done.stdout)["streams"]} == {"video", "audio"}


def test_recordings_of_one_camera_are_never_shown_as_anothers(lab, person):
    hours = "[...document.querySelectorAll('#hours a[download]')].filter(a => a.checkVisibility()).map(a => new URL(a.href).pathname)"
    folder = os.path.join(lab.recording_keys["dir"], "cam2")
    person.click_of("cam1", "recordings")
    person.until(f"{hours}.length && {hours}.every(path => path.startsWith('/v2/recordings/cam1/'))", "hours of cam1")
    lab.camctl("--wait", "stop", "cam2")
    shutil.rmtree(folder)
    person.click_of("cam2", "recordings")
    person.until("document.querySelector('#recordings-text').textContent === 'Nothing of cam2 is on the disk.'")
    assert person.js(hours) == []
    person.js("document.querySelector('#recordings').scrollIntoView()")  # it asks again while somebody can see it
    lab.camctl("start", "cam2")
    until(lambda: http("GET", lab.url() + "/v2/recordings/cam2")["days"], "a recording", 90)
    person.until(f"{hours}.length", "hours of cam2", 120)
    assert all(path.startswith("/v2/recordings/cam2/") for path in person.js(hours))
    assert person.js("document.querySelector('#days button[aria-pressed=true]').dataset.day")
    assert person.js("document.querySelectorAll('[data-timeline=hour] rect').length") >= 1
    lab.until_running()


# ---- the connection ----

def test_it_says_that_camrelayd_is_gone_and_comes_back_by_itself(lab, person):
    person.click_of("cam1", "watch")
    person.until_decoding("cam1")
    lab.daemon.stop()
    person.until("/reconnecting/.test(document.querySelector('#connection').textContent)", "reconnecting")
    lab.start()
    person.until("document.querySelector('#connection').textContent === 'Connected'")
    lab.until_running()
    for name in lab.names:
        person.until(f"shown('{name}', 'state') === 'RUNNING' && shown('{name}', 'pid') === '{lab.pid(name)}'")
    person.until_decoding("cam1")
    person.forgive()  # a browser complains of every connection that is refused


# ---- phone and desk, dark and light, keys ----

def test_keys_alone_are_enough_to_watch(person):
    person.press("Tab")
    assert person.js("document.activeElement.textContent") == "Skip to the cameras"
    for _ in range(40):
        person.press("Tab")
        if person.js("document.activeElement.getAttribute('aria-label')") == "Watch cam1":
            break
    assert person.js("getComputedStyle(document.activeElement).outlineStyle") != "none"
    person.press("Enter")
    person.until_decoding("cam1")
    assert person.js("document.activeElement.getAttribute('aria-label')") == "Stop watching cam1"
    person.press("Enter")
    person.until("shown('cam1', 'live') === ''")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE, (3840, 2160)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_nothing_is_wider_than_the_screen(person, size, scheme):
    person.sit(size)
    person.prefer(scheme)
    person.until("[...document.querySelectorAll('.still')].some(i => i.naturalWidth)", "a picture")
    person.js("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    assert person.js("document.documentElement.scrollWidth") <= size[0]
    wide = "[...document.querySelectorAll('body *')].filter(e => e.checkVisibility() && !e.matches('.unseen, .skip') && " \
           f"e.getBoundingClientRect().right > {size[0] + 1}).map(e => e.outerHTML.slice(0, 80))"
    assert person.js(wide) == []
    light = person.js("Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]) > 128")
    assert light == (scheme == "light")
    person.js("document.querySelectorAll('details').forEach(d => { d.open = false; }); scrollTo(0, 0)")
    person.picture(f"{scheme}-{size[0]}x{size[1]}")


def test_the_theme_is_kept(lab, person):
    person.click("#theme")
    ground = "Number(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])"
    assert person.js(ground) < 128
    person.visit(lab.url())
    assert person.js(ground) < 128
    for _ in range(2):
        person.click("#theme")
    assert person.js("document.querySelector('#theme').textContent") == "Theme: automatic"
    assert person.js(ground) > 128
