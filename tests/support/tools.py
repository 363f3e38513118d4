"""Tools that a test needs on the machine: absent means skipped here, and a failure where every tool is promised."""

import os
import shutil

import pytest


def need(tool: str) -> str:
    """Return the path of the program `tool`; skip the test with the reason when it is missing, fail it when CI=true."""
    found = shutil.which(tool)
    if found is not None:
        return found
    reason = f"{tool} is not on PATH; install it to run this test"
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    pytest.skip(reason)
