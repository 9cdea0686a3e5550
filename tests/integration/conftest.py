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
