"""More cameras than Google's budget can hold: those that live go on living, the others are named."""
import json

from lab import until

# A fifth of Google's time: 12 s of life and 6 slots in 6 s hold 11 or 12 streams.
LIFETIME_S, WINDOW_S, QPM, CAMERAS = 12, 6, 6, 15


def overloaded_lab(make_lab, **account):
    return make_lab(cameras=CAMERAS, lifetime=LIFETIME_S, window=WINDOW_S, qpm=QPM, camera={"publish": "none"},
                    supervisor={"start_stagger": "100ms"}, account=account,
                    camera_args=("--profile", "baseline", "--size", "320x180", "--fps", "5")).start()


def test_every_camera_has_its_turn_if_so_configured(make_lab):
    lab = overloaded_lab(make_lab, rotate="6s")
    served = lambda: {c["name"] for c in lab.calls(kind="generate", status=200)}
    until(lambda: served() == set(lab.names), "each had a stream", 80)
    assert not lab.over_quota()


def test_those_that_can_be_held_are_held_and_the_others_are_named(make_lab):
    lab = overloaded_lab(make_lab)

    def overloaded():
        account = lab.status()["accounts"][0]
        return account if account["state"] == "overloaded" else None
    account = until(overloaded, "the account says so", 60)
    assert account["turned_away"] >= CAMERAS - 12
    rows = lab.rows()
    away = {name for name, row in rows.items() if "others need all of Google" in (row.get("notice") or "")}
    assert len(away) == account["turned_away"]
    assert all(rows[name]["state"] == "starting" for name in away)
    assert "waits for a stream" in lab.camctl("show", min(away))

    # Two lives later it is still so: nobody died for another.
    held = {name for name in lab.names if rows[name]["state"] == "running"}
    spent = len(lab.calls())
    until(lambda: len(lab.calls()) > spent + 2 * LIFETIME_S * QPM // WINDOW_S, "two lives", 60)
    assert all(lab.rows()[name]["state"] == "running" for name in held)
    assert not [c for c in lab.calls()[spent:] if c["kind"] == "generate" and c["name"] in held]
    assert "expired" not in lab.log()
    assert not lab.over_quota()
    assert json.loads(lab.camctl("--json", "queue"))[0]["cameras"]
