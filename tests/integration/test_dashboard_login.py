"""The dashboard where tokens are needed: whoever has none, a wrong one, one that may look, and one that was removed."""
import pytest

from lab import Lab
from person import Person
from watching import write_tokens

DIALOG = "document.querySelector('#login')"
TILES = "[...document.querySelectorAll('.camera')].map(tile => tile.dataset.camera)"


@pytest.fixture(name="world", scope="module")
def two_cameras():
    """(lab, {token's name: its text})"""
    with Lab(cameras=2, state=True, supervisor={"start_stagger": "100ms"}, camera_args=("--profile", "baseline")) as lab:
        tokens = write_tokens(lab, {"visitor": ("view", "cam2"), "operator": ("operate", "*"), "leaver": ("view", "*")})
        lab.start()
        lab.until_running()
        yield lab, tokens
        assert lab.close() == 0


@pytest.fixture(name="person")
def before_the_page(world):
    person = Person()
    person.visit(world[0].url())
    yield person
    assert person.foreign(world[0].url()) == []
    person.close()


def log_in(person, token):
    person.until(f"{DIALOG}.open", "a question")
    person.click("#token")
    person.js("document.querySelector('#token').select()")
    person.type(token)
    person.press("Enter")


def test_nothing_is_shown_to_whoever_has_no_token(person):
    person.until(f"{DIALOG}.open", "a question")
    for _ in range(2):
        person.press("Escape")
        person.until(f"{DIALOG}.open", "the question again")
    log_in(person, "camrelay_" + "z" * 43)
    person.until("document.querySelector('#login-text').textContent === 'That token is not known.'")
    assert person.js(TILES) == []
    # The browser's own word of the 401, and nothing else.
    assert all("401" in complaint for complaint in person.complaints())


def test_who_may_look_sees_his_camera_and_can_change_nothing(world, person):
    lab, tokens = world
    log_in(person, tokens["visitor"])
    person.until(f"JSON.stringify({TILES}) === '[\"cam2\"]'", "his camera alone")
    assert not person.js(f"{DIALOG}.open")
    buttons = "[...document.querySelectorAll('.camera button')].map(b => b.dataset.action)"
    assert set(person.js(buttons)) == {"watch", "sound", "fullscreen", "snapshot", "recordings"}
    assert not person.js("document.querySelector('#quota').checkVisibility()")
    person.until("[...document.querySelectorAll('#events-list li')].every(li => li.dataset.camera === 'cam2')")
    person.click_of("cam2", "watch")
    person.until_decoding("cam2")
    # No script has the token: it is not in the page, and the cookie is not to be read.
    kept = person.js("document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage) + document.body.innerHTML")
    assert tokens["visitor"] not in kept
    assert person.complaints() == []
    # It is known again after a reload, until he logs out.
    person.visit(lab.url())
    person.until(f"JSON.stringify({TILES}) === '[\"cam2\"]'")
    person.click("#logout")
    person.until(f"{DIALOG}.open && {TILES}.length === 0", "logged out")


def test_who_may_operate_has_the_buttons(world, person):
    lab, tokens = world
    log_in(person, tokens["operator"])
    person.until(f"{TILES}.length === 2")
    person.until("shown('cam1', 'state') === 'RUNNING'")
    assert person.js("document.querySelector('#quota').checkVisibility()")
    pid = lab.pid("cam1")
    person.click_of("cam1", "restart")
    person.until(f"!['{pid}', '–'].includes(shown('cam1', 'pid')) && shown('cam1', 'state') === 'RUNNING'", "another process")
    assert person.shown("cam1", "pid") == str(lab.pid("cam1"))
    assert person.complaints() == []


def test_whose_token_is_removed_is_asked_for_another(world, person):
    lab, tokens = world
    log_in(person, tokens["leaver"])
    person.until(f"{TILES}.length === 2")
    # By the WebSocket alone: every other request would be refused too.
    person.js("""const ask = fetch;
        fetch = (path, ...more) => (path === '/v2/session' ? ask(path, ...more) : new Promise(() => {})); 0""")
    lab.camctl("token", "remove", "leaver")
    person.until(f"{DIALOG}.open && {TILES}.length === 0", "a question")
