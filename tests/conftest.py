"""What all tests share: where the project and the shared test data are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.random_cases import SETTING, cases

ROOT = Path(__file__).parents[1]

settings.register_profile("house", deadline=None, print_blob=True)  # no test is timed; a failing example can be had again
settings.load_profile("house")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real models, suites and telemetry, which is not part of the project."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        reason = f"the shared test data is not at {folder}: place it beside the checkout"
        pytest.fail(reason) if os.environ.get("CI", "").lower() == "true" else pytest.skip(reason)
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Where the number of random cases is set, which properties were tried on so many, and for how long."""
    if SETTING not in os.environ:
        return
    seconds, outcome = dict[str, float](), dict[str, str]()
    for kind in ("passed", "failed"):
        for report in terminalreporter.stats.get(kind, []):
            if report.when == "call" and "random" in report.keywords:
                name = report.nodeid.partition("[")[0]
                seconds[name], outcome[name] = seconds.get(name, 0.0) + report.duration, kind
    terminalreporter.section(f"{len(seconds)} properties, {cases(0):,} random cases each")
    for name in sorted(seconds):
        terminalreporter.write_line(f"{outcome[name]}  {seconds[name]:8.1f} s  {name}")
