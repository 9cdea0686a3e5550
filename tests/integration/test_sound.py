"""What a person hears: each camera's own tone in a real browser, by way of a real SFU."""
import asyncio

import pytest

import hearing
import watching
from lab import Lab, until


def hears(lab, viewer, name):
    return hearing.hears(lab.seen(viewer, name), name)


def sound_of(lab, viewer, name):
    return lab.seen(viewer, name).get("sound") or {"samples": 0, "energy": 0, "concealed": 0}


@pytest.fixture(name="heard", scope="module", params=[8000, 16000, 48000])
def cameras_that_hum(request):
    """(lab, viewer), of cameras whose AAC has this rate."""
    with Lab(cameras=2, camera_args=("--audio-rate", request.param)) as lab:
        lab.start()
        viewer = lab.view("viewer", None, "--sound")
        lab.until_decoding(viewer)
        yield lab, viewer
        assert lab.close() == 0


def test_each_camera_is_heard_with_its_own_tone(heard):
    lab, viewer = heard
    for name in lab.names:
        until(lambda name=name: hears(lab, viewer, name), f"{name} hums: {lab.seen(viewer, name)}")


def test_sound_has_energy_and_goes_on(heard):
    lab, viewer = heard
    for name in lab.names:
        before = sound_of(lab, viewer, name)
        later = until(lambda name=name, before=before: (sound := sound_of(lab, viewer, name))
                      and sound["samples"] >= before["samples"] + 2 * 48000 and sound, "two more seconds of sound")
        assert later["energy"] > before["energy"]


def test_the_status_shows_the_sound(heard):
    lab, _ = heard
    row = until(lambda: (r := lab.rows()["cam1"])["sound_level"] < -3 and r, "a level")
    assert row["sound_level"] > -60 and row["sound_packets"] > 0
    until(lambda: abs(lab.rows()["cam1"]["sound_drift"]) < 1000, "the camera's clock is found to be as ours")
    assert "dBFS" in lab.camctl("show", "cam1")


def test_nothing_is_put_in_while_sound_comes(heard):
    lab, _ = heard
    before = lab.rows()["cam1"]
    after = until(lambda: (r := lab.rows()["cam1"])["sound_packets"] >= before["sound_packets"] + 150 and r,
                  "three seconds of sound")
    assert after["sound_silence_ms"] == before["sound_silence_ms"]


def answered(lab, codec):
    """The codec that the SFU took, as the worker logs it."""
    return f"mid=1 codec={codec} " in lab.log()


@pytest.mark.parametrize("codec, sent", [("pcmu", "PCMU"), ("pcma", "PCMA"), ("opus", "opus")])
def test_sound_that_the_sfu_takes_as_it_is_is_handed_on(codec, sent):
    with Lab(cameras=1, camera_args=("--audio-codec", codec)) as lab:
        lab.start()
        viewer = lab.view("viewer", None, "--sound")
        until(lambda: hears(lab, viewer, "cam1"), f"the camera hums: {lab.seen(viewer, 'cam1')}")
        assert answered(lab, sent)
        assert lab.sfu_track("cam1", "audio")["codec"] == codec
        assert lab.rows()["cam1"]["sound_packets"] == 0, "nothing was encoded"


@pytest.mark.parametrize("codec", ["pcma", "opus"])
def test_a_camera_that_is_muted_is_seen(codec):
    """The SFU lets nobody pull a track that has had no packet."""
    with Lab(cameras=1, camera_args=("--audio-codec", codec, "--mute")) as lab:
        lab.start()
        lab.until_running()

        async def scenario():
            async with watching.watching(lab, None, "chromium") as (api, backend):
                viewer = await watching.Viewer(api, backend, "cam1").open()
                await viewer.decode()
                await watching.until(viewer.heard, 48000, what="a second of silence")
        asyncio.run(scenario())
        assert lab.sfu_track("cam1", "audio")["codec"] == codec
        assert [c["error"] for c in lab.sfu_calls() if c["op"] == "tracks_new"] == [None, None]


@pytest.mark.parametrize("codec", ["pcma", "l16"])
def test_sound_that_the_sfu_does_not_take_becomes_opus(codec):
    with Lab(cameras=1, camera_args=("--audio-codec", codec), sfu_args=("--audio-codecs", "opus")) as lab:
        lab.start()
        viewer = lab.view("viewer", None, "--sound")
        until(lambda: hears(lab, viewer, "cam1"), f"the camera hums: {lab.seen(viewer, 'cam1')}")
        assert answered(lab, "opus")


def published(lab):
    return {t["trackName"]: t["kind"] for t in lab.sfu_state()["published"]}


def test_a_camera_without_sound_is_published_with_pictures_only():
    with Lab(cameras=1, camera_args=("--audio-rate", 0)) as lab:
        lab.start()
        viewer = lab.view("viewer", None, "--sound")
        lab.until_decoding(viewer)
        assert published(lab) == {"cam1-video": "video"}
        assert lab.seen(viewer, "cam1")["sound"] is None
        assert lab.rows()["cam1"]["sound_level"] == 0


def test_sound_that_is_not_wanted_is_left_out_and_comes_back():
    with Lab(cameras=1, camera={"audio": "no"}) as lab:
        lab.start()
        lab.until_running()
        assert published(lab) == {"cam1-video": "video"}
        lab.camera_keys = {"audio": "yes"}
        lab.write_config()
        lab.camctl("reload")
        until(lambda: published(lab).get("cam1-audio") == "audio", "sound is published")
        viewer = lab.view("viewer", None, "--sound")
        until(lambda: hears(lab, viewer, "cam1"), "and heard")


def test_sound_goes_on_when_the_camera_drops_the_connection(heard):
    lab, viewer = heard
    before = sound_of(lab, viewer, "cam2")
    lab.camera_fault("cam2", "drop")
    until(lambda: sound_of(lab, viewer, "cam2")["samples"] >= before["samples"] + 4 * 48000, "four more seconds")
    until(lambda: hears(lab, viewer, "cam2"), "and it hums")
    assert lab.seen(viewer, "cam2")["pulls"] == 1
