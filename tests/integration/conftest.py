"""What the tests of the whole chain share: tests/sim/lab.py is the harness, and a failure shows its logs."""
import contextlib
import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "sim"))
import lab as harness  # noqa: E402


@pytest.fixture
def make_lab():
    """Lab(...), closed when the test is over."""
    with contextlib.ExitStack() as made:
        yield lambda **options: made.enter_context(harness.Lab(**options))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport():
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        report.sections += [section for one in harness.Lab.alive for section in one.log_tails()]


# Minutes each: begun first, lest the last of them runs on alone when all others are through.
LONG = ("streams", "recording", "retention", "metrics", "dashboard", "webhooks", "whip", "resume", "worker", "consumers",
        "health", "recording_browser", "http_api", "urls", "source")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    place = {f"test_{name}.py": i for i, name in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path.name, len(LONG)))
