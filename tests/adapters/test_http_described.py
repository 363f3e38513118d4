"""The description of the HTTP wire is true: whatever it allows is answered as it says, and never with an error of ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.http_wire import POWER, wire
from tests.support.wired import wall_clock

EXAMPLES, SEED = 12, 6
"""Requests that are made up for each address, beside those that are worked out from its description; the same each time."""

RULES = """
[[operations]]
include-name = "GET /history"
checks.positive_data_acceptance.expected-statuses = ["2xx", 404, 422, 503]
"""
"""What a description cannot say of two parameters together: `since` is before `until`, and one of those that choose points is given."""


def test_what_is_described_is_what_is_answered(tmp_path: Path) -> None:
    """schemathesis tries every address with what the description allows and with what it forbids."""
    now = int(wall_clock().timestamp() * 1000)
    (tmp_path / "schemathesis.toml").write_text(RULES, encoding="utf-8")
    with wire(tmp_path) as one:
        one.tell(*((POWER, float(row), now - 1000 * row) for row in range(100)))
        address = f"{str(one.client.base_url).rstrip('/')}/api/v1/openapi.json"
        tool = Path(sys.executable).with_name("schemathesis")
        words = ["run", address, "--max-examples", str(EXAMPLES), "--no-color", "--workers", "1", "--seed", str(SEED)]
        answer = subprocess.run([tool, *words], cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False)

    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert " failed" not in answer.stdout


def test_every_address_parameter_and_answer_is_described(tmp_path: Path) -> None:
    """Each says in words what it is; each error is problem details."""
    with wire(tmp_path) as one:
        description = one.get("/api/v1/openapi.json")

    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert len(operation["description"]) > 40, where
            assert all(parameter.get("description") for parameter in operation.get("parameters", [])), where
            errors = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
            assert "405" in errors, where
            assert all(list(answer["content"]) == ["application/problem+json"] for answer in errors.values()), where
